"""The policy-gradient derivation as a ladder: break one assumption, see what fails."""

import ipywidgets
import numpy as np

from rlnotes.exact.derivation import policy_gradient_ladder
from rlnotes.exact.mdp import occupancy
from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.exact.rungs import Rung
from rlnotes.explorers.ladder import Ladder, side
from rlnotes.functional.finite_mdp import FiniteMDP

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


class DerivationLadder(Ladder):
    """Both sides of every line on a world of two steps, and how far they are apart."""

    title = "The policy-gradient derivation, line by line"
    equations = EQUATIONS
    note = "in the grey zone, below 1e-7, a line counts as holding"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "saboteur": ipywidgets.Dropdown(options=list(SABOTEURS), description="saboteur"),
            "theta": slider(value=0.5, min=-2, max=2, step=0.1, description="theta (logit)"),
            "gamma": slider(value=0.9, min=0.5, max=1, step=0.01, description="gamma"),
        }

    def update(self, saboteur, theta, gamma):
        rungs = sabotaged_ladder(theta, gamma=gamma, saboteur=saboteur)
        verdict = self.show(rungs)
        nothing = saboteur == "gamma^t is dropped" and gamma == 1
        reason = " At gamma = 1 nothing is dropped." if nothing else ""
        return f"Exact gradient of J = {side(rungs[1].left)}. {verdict}{reason}"
