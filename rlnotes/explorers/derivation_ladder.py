"""The policy-gradient derivation as a ladder: break one assumption, see what fails."""

import ipywidgets
import numpy as np

from rlnotes.exact.derivation import RUNGS, Rung, policy_gradient_ladder
from rlnotes.exact.mdp import occupancy
from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.explorers.base import Explorer
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, GREY, SHADE, VERMILION, house_style, label, new_figure

LIT = 1e-7  # a residual above this is no rounding error
FLOOR = 1e-16
# Each saboteur, and the rung whose assumption it breaks.
SABOTEURS = {
    "none": None,
    "reward depends on theta": 2,
    "support is missing": 3,
    "dynamics depend on theta": 4,
    "gamma^t is dropped": 5,
    "baseline looks at the action": 6,
    "state distribution normalized": 7,
}
EQUATIONS = (
    r"$J = \sum_\tau p(\tau)\,R(\tau)$",
    r"$\nabla J = \sum_\tau \nabla p(\tau)\,R(\tau)$",
    r"$\sum_\tau \nabla p\,R = E[\nabla \log p(\tau)\,R]$",
    r"$\nabla \log p(\tau) = \sum_t \nabla \log \pi(a_t|s_t)$",
    r"$R(\tau) \;\rightarrow\; \gamma^t G_t$",
    r"$G_t \;\rightarrow\; G_t - b(s_t)$",
    r"$= \sum_s d(s) \sum_a \nabla\pi(a|s)\,Q(s,a)$",
)
# Logit of action 1 is theta plus this; of action 0 it is 0.
OFFSETS = np.array([0.0, 0.5, -0.5, 0.0])
ROWS = np.arange(len(RUNGS))


def two_step_world(theta: float = 0.0, saboteur: str = "none") -> FiniteMDP:
    """Two steps with random landings; theta enters only if a saboteur lets it."""
    tilt = theta if saboteur == "dynamics depend on theta" else 0.0
    lucky = softmax_policy(np.array([[0.4, 0.0], [-0.4 - 0.5 * tilt, 0.5 * tilt]]))
    transition_probs = np.zeros((4, 2, 4))
    transition_probs[0, :, [2, 1]] = lucky.T
    transition_probs[1:, :, 3] = 1
    rewards = np.array([[0.0, 0.5], [1.0, 3.0], [0.5, 0.0], [0.0, 0.0]])
    if saboteur == "reward depends on theta":
        rewards[:3] += 0.2 * theta
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=rewards,
        start_probs=[1, 0, 0, 0],
        terminal=[False, False, False, True],
    )


def one_logit_policy(theta: float) -> np.ndarray:
    """[4, 2] softmax policy with the same theta in every state, plus fixed offsets."""
    return softmax_policy(np.stack([0 * OFFSETS, theta + OFFSETS], axis=1))


def sabotaged_ladder(theta: float, *, gamma: float, saboteur: str) -> list[Rung]:
    """All rungs, with one assumption broken."""
    policy, broken = one_logit_policy(theta), {}
    if saboteur == "support is missing":
        broken["sampled"] = np.array([[True, False]] + [[True, True]] * 3)
    elif saboteur == "gamma^t is dropped":
        broken["step_discount"] = 1.0
    elif saboteur == "baseline looks at the action":
        broken["baseline"] = np.array([[0.0, 1.0]] * 4)
    elif saboteur == "state distribution normalized":
        visits = occupancy(two_step_world(), policy, gamma=gamma)
        broken["visits"] = visits / visits.sum()
    return policy_gradient_ladder(
        lambda x: two_step_world(x, saboteur),
        one_logit_policy,
        theta,
        gamma=gamma,
        max_steps=2,
        **broken,
    )


class DerivationLadder(Explorer):
    """Both sides of every line on a world of two steps, and how far they are apart."""

    title = "The policy-gradient derivation, line by line"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "saboteur": ipywidgets.Dropdown(options=list(SABOTEURS), description="saboteur"),
            "theta": slider(value=0.5, min=-2, max=2, step=0.1, description="theta (logit)"),
            "gamma": slider(value=0.9, min=0.5, max=1, step=0.01, description="gamma"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(9.0, 4.2), width_ratios=[1.75, 1])
        label(left, heading="Line, its left side and its right side", x="", y="")
        left.set(xlim=(0, 1), ylim=(len(RUNGS) - 0.4, -0.9), xticks=[], yticks=[])
        left.spines[:].set_visible(False)
        left.grid(False)
        with house_style():
            for row, equation in enumerate(EQUATIONS):
                left.text(0, row, f"{row + 1}", va="center", weight="bold")
                left.text(0.045, row, equation, va="center")
            for x, head in ((0.64, "left"), (0.80, "right"), (0.95, "verdict")):
                left.text(x, -0.75, head, ha="center", va="center", color=GREY)
            right.axvspan(FLOOR / 3, LIT, color=SHADE, zorder=0)
            right.text(2e-16, 6.45, "rounding", va="center", fontsize=9)
        label(right, heading="Residual", x="|left - right|", y="")
        right.set(xscale="log", xlim=(FLOOR / 3, 10), xticks=[1e-15, 1e-10, 1e-5, 1])
        right.set(ylim=(len(RUNGS) - 0.4, -0.9), yticks=ROWS, yticklabels=ROWS + 1)
        (self.holding,) = right.plot([], [], "o", color=BLUE, markersize=7, zorder=11)
        (self.broken,) = right.plot([], [], "X", color=VERMILION, markersize=12, zorder=12)
        self.light = left.axhspan(0, 0.1, color=VERMILION, alpha=0.18, linewidth=2, zorder=10)
        places = [(x, row) for row in ROWS for x in (0.64, 0.80, 0.95)]
        self.texts = Labels(left, places, size=11, zorder=13)
        return figure, [self.light, self.holding, self.broken, self.texts]

    def update(self, saboteur, theta, gamma):
        rungs = sabotaged_ladder(theta, gamma=gamma, saboteur=saboteur)
        residuals = np.array([rung.residual for rung in rungs])
        lit = residuals > LIT
        shown = np.maximum(residuals, FLOOR)

        self.holding.set_data(shown[~lit], ROWS[~lit])
        self.broken.set_data(shown[lit], ROWS[lit])
        self.light.set(visible=bool(lit.any()), y=np.argmax(lit) - 0.45, height=0.9)
        self.texts.set_texts(
            [
                text
                for rung, is_lit in zip(rungs, lit, strict=True)
                for text in (
                    number(rung.left, 5),
                    number(rung.right, 5),
                    "FAILS" if is_lit else "holds",
                )
            ]
        )
        return _sentence(rungs, lit, saboteur)


def _sentence(rungs: list[Rung], lit: np.ndarray, saboteur: str) -> str:
    gradient = f"Exact gradient of J = {number(rungs[1].left, 5)}."
    if lit.any():
        failing = "; ".join(
            f"line {row + 1} ({rungs[row].name}) fails: {number(rungs[row].left, 5)} against "
            f"{number(rungs[row].right, 5)}"
            for row in np.flatnonzero(lit)
        )
        return f"{gradient} With this saboteur {failing}. All other lines hold."
    reason = " At gamma = 1 nothing is dropped." if saboteur == "gamma^t is dropped" else ""
    return f"{gradient} All seven lines hold, every residual below {LIT:.0e}.{reason}"
