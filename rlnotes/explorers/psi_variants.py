"""Which Psi_t: exact mean and noise of every variant of the policy gradient."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from rlnotes.envs.small_tasks import keep_going, now_and_later
from rlnotes.envs.token_tree import bigram_policy, token_level_mdp
from rlnotes.exact.gradient_estimators import (
    discounted_total,
    gamma_powers,
    standardized_per_episode,
    trajectory_rewards_to_go,
    trajectory_td_errors,
    weighted_scores,
)
from rlnotes.exact.mdp import policy_values, q_values
from rlnotes.exact.policy_gradients import policy_gradient
from rlnotes.exact.trajectories import enumerate_trajectories, estimator_moments
from rlnotes.explorers.base import BadSetting, Explorer
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.plotting.bars import bar_path
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.scales import round_top
from rlnotes.plotting.style import BLUE, GREY, INK, VERMILION, house_style, label, new_figure

VARIANTS = ("R", "G", "G - V", "Q", "A", "TD", "standardized")
LABELS = (
    r"$R(\tau)$",
    r"$G_t$",
    r"$G_t - V(s_t)$",
    r"$Q(s_t, a_t)$",
    r"$A(s_t, a_t)$",
    r"$r_t + \gamma V(s_{t+1}) - V(s_t)$",
    r"$G_t$ standardized per episode",
)
ROWS = np.arange(len(VARIANTS))
MEAN_LIMITS = (-1.6, 2.6)
PARTS = 4  # of the noise axis, between zero and its top


@dataclass(frozen=True)
class Task:
    """A world, a policy, all its episodes, and the scores of its parameters."""

    mdp: FiniteMDP
    policy: np.ndarray  # [S, A]
    one_logit: bool  # one parameter for action 1 in every state, or one per (s, a)

    @cached_property
    def episodes(self):
        return enumerate_trajectories(self.mdp, max_steps=3)

    @cached_property
    def probs(self):
        return self.episodes.probs(self.policy)

    @cached_property
    def scores(self):
        return self.as_parameters(self.episodes.scores(self.policy))

    def as_parameters(self, table: np.ndarray) -> np.ndarray:
        """A gradient in the logits [..., S, A] as one in the parameters [..., D]."""
        if self.one_logit:
            return table[..., 1].sum(axis=-1, keepdims=True)
        return table.reshape(*table.shape[:-2], -1)


def tree_with_opening() -> FiniteMDP:
    """The token tree, where the first token pays as well: 2 for "1", 1 for a stop."""
    tree = token_level_mdp()
    rewards = np.array(tree.expected_rewards)
    rewards[0] += [2.0, 0.0, 1.0]
    return FiniteMDP(
        transition_probs=tree.transition_probs,
        expected_rewards=rewards,
        start_probs=tree.start_probs,
        terminal=tree.terminal,
    )


@lru_cache(maxsize=1)
def tasks() -> dict[str, Task]:
    """The worlds of the drop-down."""
    bigram = bigram_policy(temperature=1.0)
    return {
        "tree, reward at the end": Task(token_level_mdp(), bigram, one_logit=False),
        "tree, first token pays": Task(tree_with_opening(), bigram, one_logit=False),
        "keep going": Task(keep_going(3), np.tile([0.4, 0.6], (4, 1)), one_logit=True),
        "now and later": Task(now_and_later(), np.full((3, 2), 0.5), one_logit=True),
    }


def variant_moments(
    task: Task, *, gamma: float, critic_error: float, gamma_power: str
) -> tuple[np.ndarray, dict[str, tuple[np.ndarray, float]]]:
    """Exact gradient [D], and (mean [D], variance) of each variant's estimate.

    The critic is V plus the error, in reward, in states of even number and V minus it
    in those of odd number; terminal states keep 0. With gamma_power "dropped" the
    factor gamma^t is left out; R has it inside.
    """
    mdp, episodes = task.mdp, task.episodes
    exact = task.as_parameters(policy_gradient(mdp, np.log(task.policy), gamma=gamma))
    wave = np.where(np.arange(mdp.num_states) % 2 == 0, critic_error, -critic_error)
    critic = policy_values(mdp, task.policy, gamma=gamma) + np.where(mdp.terminal, 0.0, wave)
    q = q_values(mdp, critic, gamma=gamma)[episodes.states, episodes.actions]
    v, to_go = critic[episodes.states], trajectory_rewards_to_go(episodes, gamma=gamma)
    powers = gamma_powers(episodes, gamma=gamma if gamma_power == "kept" else 1.0)
    weights = {
        "R": discounted_total(episodes, gamma=gamma)[:, None] * episodes.mask,
        "G": powers * to_go,
        "G - V": powers * (to_go - v),
        "Q": powers * q,
        "A": powers * (q - v),
        "TD": powers * trajectory_td_errors(episodes, critic, gamma=gamma),
        "standardized": powers * standardized_per_episode(episodes, to_go),
    }
    return exact, {
        name: estimator_moments(task.probs, weighted_scores(task.scores, weight))
        for name, weight in weights.items()
    }


class PsiVariants(Explorer):
    """Left: does the mean point along the gradient? Right: how noisy is one episode?"""

    title = "Which weight for the score? Exact mean and noise of one episode's gradient"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "task": ipywidgets.Dropdown(
                options=list(tasks()), value="tree, first token pays", description="task"
            ),
            "gamma": slider(value=0.9, min=0.5, max=1, step=0.01, description="gamma"),
            "critic_error": slider(
                value=0.0, min=0, max=1, step=0.05, description="V off by +/-, reward"
            ),
            "gamma_power": ipywidgets.Dropdown(
                options=["kept", "dropped"], description="factor gamma^t"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(9.6, 4.0), width_ratios=[1.35, 1])
        label(left, heading="Mean, along the exact gradient", x="share of the exact gradient", y="")
        label(right, heading="Noise of one episode", x="sigma / length of the gradient", y="")
        with house_style():  # to the right of the bars is room for words
            left.set(xlim=(MEAN_LIMITS[0] - 0.3, 5.4), ylim=(len(ROWS) - 0.4, -0.8), yticks=ROWS)
            left.set(xticks=[-1, 0, 1, 2], yticklabels=LABELS)
            ticks = np.arange(PARTS + 1) / PARTS  # of the top, which follows the data
            right.set(xlim=(0, 1.4), ylim=(len(ROWS) - 0.4, -0.8), yticks=ROWS, yticklabels=[])
            right.set(xticks=ticks, xticklabels=[" "] * len(ticks))
            left.axvline(0, color=GREY, linewidth=1)
            left.axvline(1, color=INK, linewidth=2.2)
            left.text(1.1, -0.55, "exact", va="center", fontsize=9)
        self.bars = _patch(left, BLUE, alpha=0.35)
        (self.right_ones,) = left.plot([], [], "o", color=BLUE, markersize=8, zorder=11)
        (self.wrong_ones,) = left.plot(
            [], [], "X", color=VERMILION, markersize=10, clip_on=False, zorder=12
        )
        self.beyond = [
            axes.plot([], [], marker, color=VERMILION, markersize=11, clip_on=False, zorder=13)[0]
            for axes, marker in ((left, "<"), (left, ">"))
        ]
        for line in (self.wrong_ones, *self.beyond):
            line.set_in_layout(False)
        self.noise, self.wrong_noise = (_patch(right, c, alpha=0.6) for c in (BLUE, VERMILION))
        self.words = Labels(left, [(4.2, row) for row in ROWS], size=9, zorder=13)
        self.texts = Labels(right, [(1.22, row) for row in ROWS], size=10, zorder=13)
        below = len(ROWS) - 0.4 + 0.36
        self.ticks = Labels(right, [(tick, below) for tick in ticks], size=11, zorder=13)
        bars = [self.bars, self.noise, self.wrong_noise]
        changing = [*bars, self.right_ones, self.wrong_ones, *self.beyond]
        return figure, [*changing, self.words, self.texts, self.ticks]

    def update(self, task, gamma, critic_error, gamma_power):
        exact, moments = variant_moments(
            tasks()[task], gamma=gamma, critic_error=critic_error, gamma_power=gamma_power
        )
        length = np.linalg.norm(exact)
        if length < 1e-9:
            raise BadSetting("the exact gradient is zero here, so nothing can be a share of it.")
        means = np.array([moments[name][0] for name in VARIANTS])
        shares = means @ exact / length**2
        biased = np.linalg.norm(means - exact, axis=1) > 1e-9
        noise = np.sqrt([moments[name][1] for name in VARIANTS]) / length

        shown = np.clip(shares, *MEAN_LIMITS)
        self.bars.set_path(_bars(0.0, shown, ROWS))
        top = round_top(noise.max())
        for patch, rows in ((self.noise, ~biased), (self.wrong_noise, biased)):
            patch.set_path(_bars(0.0, noise[rows] / top, ROWS[rows]))
        self.ticks.set_texts([f"{top * part / PARTS:g}" for part in range(PARTS + 1)])
        low, high = shares < MEAN_LIMITS[0], shares > MEAN_LIMITS[1]
        crosses = biased & ~low & ~high
        self.right_ones.set_data(shown[~biased], ROWS[~biased])
        self.wrong_ones.set_data(shown[crosses], ROWS[crosses])
        for marker, outside in zip(self.beyond, (low, high), strict=True):
            marker.set_data(shown[outside], ROWS[outside])
        self.words.set_texts(
            [
                f"{number(share)} {'biased' if wrong else 'unbiased'}"
                for share, wrong in zip(shares, biased, strict=True)
            ]
        )
        self.texts.set_texts([f"{value:.2f}" for value in noise])
        listed = "; ".join(
            f"{name}: share {number(share, 3)}, noise {number(value, 3)}, "
            f"{'biased' if wrong else 'unbiased'}"
            for name, share, value, wrong in zip(VARIANTS, shares, noise, biased, strict=True)
        )
        return f"Length of the exact gradient {number(length, 4)}. {listed}."


def _patch(axes: Axes, color: str, *, alpha: float) -> PathPatch:
    """Bars of one colour as one artist."""
    patch = PathPatch(
        _bars(0.0, np.zeros(0), np.zeros(0)), facecolor=color, alpha=alpha, linewidth=0, zorder=10
    )
    axes.add_artist(patch)
    return patch


def _bars(start: float, ends: np.ndarray, rows: np.ndarray) -> Path:
    return bar_path(np.full(len(ends), start), ends, rows, thickness=0.5)
