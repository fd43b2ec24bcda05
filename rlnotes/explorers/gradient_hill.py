"""REINFORCE on a hill that is known exactly: one logit, two summits, noisy steps."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.envs.small_tasks import two_goal_corridor
from rlnotes.exact.gradient_estimators import (
    discounted_total,
    gamma_powers,
    trajectory_rewards_to_go,
)
from rlnotes.exact.mdp import policy_values
from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.exact.trajectories import enumerate_trajectories, estimator_moments
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    ESTIMATE,
    EXACT,
    GREY,
    REFERENCE,
    SHADE,
    VERMILION,
    label,
    new_figure,
)

GAMMA, MAX_STEPS = 0.95, 12
LIMIT = 4.0  # of theta in the picture
LOWER = 0.4  # how far the exact path is drawn below the hill, to be seen
THETAS = np.linspace(-LIMIT, LIMIT, 81)
MAX_EPISODES, MAX_UPDATES, NUM_CLOUD = 64, 25, 300
EDGES = np.linspace(-20, 20, 41)

MDP = two_goal_corridor()
EPISODES = enumerate_trajectories(MDP, max_steps=MAX_STEPS)
TOTALS = discounted_total(EPISODES, gamma=GAMMA)
TO_GO = trajectory_rewards_to_go(EPISODES, gamma=GAMMA)
POWERS = np.where(EPISODES.mask, gamma_powers(EPISODES, gamma=GAMMA), 0.0)
# The score a - pi(right) leaves two sums over the steps: of all, and of those to the
# right. Weighted by what followed [2, N], and apart for every cell [2, N, S].
STEPS = np.stack([POWERS, POWERS * EPISODES.actions])
BY_REWARDS = (STEPS * TO_GO).sum(axis=-1)
BY_CELL = np.einsum("knt,nts->kns", STEPS, np.eye(MDP.num_states)[EPISODES.states])


def corridor_policy(theta: float) -> np.ndarray:
    """[6, 2] the same probability of going right in every cell, a logistic of theta."""
    return np.tile(softmax_policy([0.0, theta]), (MDP.num_states, 1))


@lru_cache(maxsize=128)
def corridor_objective(theta: float) -> float:
    """Exact J of the task: at most 12 steps, gamma 0.95."""
    return float(EPISODES.probs(corridor_policy(theta)) @ TOTALS)


HILL = np.array([corridor_objective(theta) for theta in THETAS])


def one_episode_gradients(theta: float, *, baseline: str) -> tuple[np.ndarray, np.ndarray]:
    """Probability of every episode, and the gradient that REINFORCE gets from it."""
    policy = corridor_policy(theta)
    every, right = BY_REWARDS
    if baseline == "V(s)":
        every, right = BY_REWARDS - BY_CELL @ policy_values(MDP, policy, gamma=GAMMA)
    return EPISODES.probs(policy), right - policy[0, 1] * every


def ascend(theta: float, noise: np.ndarray, *, learning_rate: float, baseline: str) -> np.ndarray:
    """[K + 1] theta before and after K updates; noise [K, m] draws the episodes."""
    path = [theta]
    for uniforms in noise:
        probs, gradients = one_episode_gradients(path[-1], baseline=baseline)
        drawn = gradients[_draw(probs, uniforms)]
        path.append(float(np.clip(path[-1] + learning_rate * drawn.mean(), -30, 30)))
    return np.array(path)


@lru_cache(maxsize=64)
def ascend_exactly(theta: float, num_updates: int, *, learning_rate: float) -> np.ndarray:
    """[K + 1] the same with the exact gradient."""
    path = [theta]
    for _ in range(num_updates):
        probs, gradients = one_episode_gradients(path[-1], baseline="none")
        path.append(float(np.clip(path[-1] + learning_rate * (probs @ gradients), -30, 30)))
    return np.array(path)


def _draw(probs: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    return np.minimum(np.searchsorted(np.cumsum(probs), uniforms), len(probs) - 1)


def _on_the_hill(thetas: np.ndarray, lower: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    inside = np.clip(thetas, -LIMIT, LIMIT)
    return inside, np.interp(inside, THETAS, HILL) - lower


class GradientHill(Explorer):
    """A climb by sampled gradients beside the exact one, and the cloud of gradients."""

    title = "REINFORCE on the exact hill of a corridor with two goals"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "theta": slider(value=-0.6, min=-3, max=3, step=0.1, description="start theta"),
            "learning_rate": slider(value=0.2, min=0, max=4, step=0.05, description="alpha"),
            "num_episodes": ipywidgets.IntSlider(
                value=8, min=1, max=MAX_EPISODES, description="episodes m per update"
            ),
            "num_updates": ipywidgets.IntSlider(
                value=15, min=0, max=MAX_UPDATES, description="updates"
            ),
            "baseline": ipywidgets.Dropdown(options=["none", "V(s)"], description="baseline"),
            "seed": ipywidgets.IntSlider(value=0, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, width_ratios=[1.25, 1])
        label(
            left,
            heading="J: two summits and a valley",
            x="theta (logit of going right)",
            y="J, discounted reward",
        )
        left.set(xlim=(-LIMIT - 0.1, LIMIT + 0.1), ylim=(2.8, 8.4))
        left.plot(THETAS, HILL, **EXACT)
        label(
            right,
            heading="Cloud of gradients at the start",
            x="gradient, reward per nat",
            y="share",
        )
        right.set(xlim=(EDGES[0], EDGES[-1]), ylim=(0, 1))
        (self.exact_path,) = left.plot(
            [], [], **{**REFERENCE, "zorder": 10, "marker": "d", "markersize": 5}
        )
        (self.path,) = left.plot([], [], **{**ESTIMATE, "zorder": 11})
        (self.start,) = left.plot([], [], "o", mfc="white", mec=BLUE, mew=2, ms=10, zorder=12)
        (self.end,) = left.plot([], [], **{**CURRENT, "zorder": 13})
        self.outside = [
            left.plot([], [], marker, color=VERMILION, markersize=12, clip_on=False, zorder=14)[0]
            for marker in "<>"
        ]
        self.exact_outside = [
            left.plot(
                [],
                [],
                marker,
                **{"mfc": "white", "mec": GREY, "mew": 1.8, "ms": 11, "clip_on": False},
                zorder=14,
            )[0]
            for marker in "<>"
        ]
        for line in (*self.outside, *self.exact_outside):
            line.set_in_layout(False)
        self.spread = right.axvspan(0, 1, ymax=0.85, color=SHADE, zorder=10)
        self.cloud = right.stairs(
            np.zeros(len(EDGES) - 1), EDGES, fill=True, color=BLUE, alpha=0.7, zorder=11
        )
        self.exact = right.axvline(0, ymax=0.85, **{**EXACT, "zorder": 12})
        left.text(
            0.02,
            0.97,
            "ring: start; blue: sampled\ngrey, set lower: exact gradient\n"
            "triangle: goes on outside\n(full: sampled; hollow: exact)",
            va="top",
            transform=left.transAxes,
            fontsize=9,
        )
        left.text(
            0.98,
            0.03,
            "gamma 0.95, at most 12 steps",
            ha="right",
            transform=left.transAxes,
            fontsize=9,
        )
        right.text(
            0.98,
            0.97,
            "line: exact gradient\ngrey: \N{PLUS-MINUS SIGN} sigma / sqrt(m)",
            ha="right",
            va="top",
            transform=right.transAxes,
            fontsize=9,
        )
        return figure, [
            self.exact_path,
            self.path,
            self.start,
            self.end,
            *self.outside,
            *self.exact_outside,
            self.spread,
            self.cloud,
            self.exact,
        ]

    def update(self, theta, learning_rate, num_episodes, num_updates, baseline, seed):
        rng = np.random.default_rng(seed)
        noise = rng.random((MAX_UPDATES, MAX_EPISODES))[:num_updates, :num_episodes]
        path = ascend(theta, noise, learning_rate=learning_rate, baseline=baseline)
        exact_path = ascend_exactly(theta, num_updates, learning_rate=learning_rate)
        probs, gradients = one_episode_gradients(theta, baseline=baseline)
        mean, variance = estimator_moments(probs, gradients)
        sigma, num_outside = np.sqrt(variance / num_episodes), int((abs(path) > LIMIT).sum())
        uniforms = rng.random((NUM_CLOUD, MAX_EPISODES))[:, :num_episodes]
        cloud = gradients[_draw(probs, uniforms)].mean(axis=1)
        shares = np.histogram(np.clip(cloud, *EDGES[[0, -1]]), EDGES)[0] / NUM_CLOUD

        for line, thetas in ((self.path, path), (self.start, path[:1]), (self.end, path[-1:])):
            line.set_data(*_on_the_hill(thetas))
        self.exact_path.set_data(*_on_the_hill(exact_path, LOWER))
        for markers, thetas, lower in (
            (self.outside, path, 0.0),
            (self.exact_outside, exact_path, LOWER),
        ):
            for marker, sign in zip(markers, (-1, 1), strict=True):
                marker.set_data(*_on_the_hill(thetas[sign * thetas > LIMIT][:1], lower))
        self.cloud.set_data(shares)
        self.spread.set(x=mean - sigma, width=2 * sigma)
        self.exact.set_xdata([mean, mean])
        return (
            f"Exact gradient at the start {number(mean, 4)}; sigma of one episode "
            f"{number(np.sqrt(variance), 3)}, of the mean of m {number(sigma, 3)}. "
            f"J at the start {number(corridor_objective(path[0]), 3)}; after {num_updates} "
            f"updates theta {number(path[-1], 2)} and J {number(corridor_objective(path[-1]), 3)}, "
            f"by exact gradients theta {number(exact_path[-1], 2)} and J "
            f"{number(corridor_objective(exact_path[-1]), 3)}. Outside the picture: "
            f"{num_outside} of {len(path)} sampled thetas. Always left: "
            f"J {number(corridor_objective(-30.0), 3)}, always right: "
            f"{number(corridor_objective(30.0), 3)}."
        )
