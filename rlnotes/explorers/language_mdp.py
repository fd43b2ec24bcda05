"""One task as two MDPs: credit token by token, and for the completion as a whole."""

import ipywidgets
import numpy as np

from rlnotes.envs.token_tree import (
    LENGTH,
    PROMPT,
    VOCABULARY,
    all_completions,
    all_prefixes,
    bigram_policy,
    completion_level_mdp,
    completion_probs,
    token_level_mdp,
    verifier_reward,
)
from rlnotes.exact.mdp import policy_values, q_values
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    CURRENT,
    EXACT,
    FURTHER,
    GREEN,
    GREY,
    REFERENCE,
    SIGNED,
    label,
    new_figure,
)

COMPLETIONS = all_completions()
STATE = {prefix: state for state, prefix in enumerate(all_prefixes())}
AXIS = (5e-4, 1.0)  # holds all probabilities at the lowest temperature
TEXT_PLACES = (2e-3, 0.25)  # centres of texts that stay within the axis
TOKEN_MDP, COMPLETION_MDP = token_level_mdp(), completion_level_mdp()


class LanguageMDP(Explorer):
    """Values along one completion (token level) beside all 27 (completion level)."""

    title = f"The prompt {PROMPT!r} as two MDPs"

    def make_controls(self):
        return {
            "completion": ipywidgets.Dropdown(
                options=COMPLETIONS, value="12.", description="completion"
            ),
            "temperature": ipywidgets.FloatSlider(
                value=1.0, min=0.5, max=3.0, step=0.05, description="temperature"
            ),
            "gamma": ipywidgets.FloatSlider(
                value=1.0, min=0, max=1, step=0.01, description="gamma"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2, width_ratios=[1, 1.15])
        label(
            left,
            heading="Token level: V before each token, then r",
            x="tokens written",
            y="value V (reward)",
        )
        left.set(xlim=(-0.3, LENGTH + 0.3), ylim=(-0.22, 1.2), xticks=range(LENGTH + 1))
        label(right, heading="Completion level: 27 actions", x="probability", y="reward")
        right.set(xscale="log", xlim=AXIS, ylim=(-0.22, 1.2), yticks=[0, 0.5, 1])
        (self.values,) = left.plot([], [], **{**EXACT, "zorder": 12, "marker": "o"})
        self.advantages = left.bar(
            np.arange(LENGTH) + 0.5, np.zeros(LENGTH), width=0.5, edgecolor=GREY, zorder=10
        )
        places = [(t + 0.5, -0.13) for t in range(LENGTH)]
        self.texts = Labels(left, places, size=11, zorder=13)
        left.axhline(0, **REFERENCE)
        (self.others,) = right.plot([], [], "s", color=FURTHER[2], markersize=5, zorder=10)
        (self.chosen,) = right.plot([], [], **{**CURRENT, "zorder": 13, "color": GREEN})
        (self.objective,) = right.plot([], [], **{**EXACT, "zorder": 11})
        self.chosen_text = right.text(1, 0, "", ha="center", zorder=14)
        right.text(0.02, 0.98, "line: J, the mean reward", transform=right.transAxes, va="top")
        changing = [self.values, *self.advantages, self.texts, self.others, self.chosen]
        return figure, [*changing, self.objective, self.chosen_text]

    def update(self, completion, temperature, gamma):
        policy = bigram_policy(temperature=temperature)
        path, token_advantages = credit_along(completion, policy, gamma=gamma)
        probs = completion_probs(policy)
        objective = policy_values(COMPLETION_MDP, np.tile(probs, (2, 1)), gamma=gamma)[0]
        reward = verifier_reward(completion)
        prob = probs[COMPLETIONS.index(completion)]

        self.values.set_data(range(LENGTH + 1), [*path, reward])
        for bar, value, advantage in zip(self.advantages, path, token_advantages, strict=True):
            bar.set(y=value, height=advantage, facecolor=SIGNED(0.5 + advantage))
        self.texts.set_texts(
            [
                f"{token!r}: A {number(advantage)}"
                for token, advantage in zip(completion, token_advantages, strict=True)
            ]
        )
        self.others.set_data(probs, [verifier_reward(text) for text in COMPLETIONS])
        self.chosen.set_data([prob], [reward])
        self.objective.set_data(AXIS, [objective, objective])
        self.chosen_text.set(
            text=f"{completion!r}: A {number(reward - objective)}",
            position=(np.clip(prob, *TEXT_PLACES), reward + 0.06),
        )
        tokens = ", ".join(
            f"{token!r} {number(advantage)}"
            for token, advantage in zip(completion, token_advantages, strict=True)
        )
        return (
            f"Token level: V of the prompt {number(path[0], 4)}, advantages {tokens}, sum "
            f"{number(sum(token_advantages), 4)}. Completion level: probability {prob:.7f}, "
            f"reward {reward:g}, J = {number(objective, 4)}, "
            f"advantage {number(reward - objective, 4)}."
        )


def credit_along(
    completion: str, policy: np.ndarray, *, gamma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Values before each token [LENGTH] and the advantage of each token [LENGTH]."""
    values = policy_values(TOKEN_MDP, policy, gamma=gamma)
    advantages = q_values(TOKEN_MDP, values, gamma=gamma) - values[:, None]
    states = [STATE[completion[:t]] for t in range(LENGTH)]
    actions = [VOCABULARY.index(token) for token in completion]
    return values[states], advantages[states, actions]
