"""Monte Carlo against the exact value: one running mean, and the error of many."""

from functools import lru_cache
from typing import ClassVar

import ipywidgets
import numpy as np

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.envs.rollouts import PaidRewards, sample_paid_rewards
from rlnotes.exact.mdp import policy_values, return_variances
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import CURRENT, ESTIMATE, EXACT, SHADE, label, new_figure

MAX_EPISODES = 400
NUM_RUNS = 40
COUNTS = np.arange(1, MAX_EPISODES + 1)
MDP = Maze(picture=PICTURE_2X3).mdp()
UNIFORM = np.full((MDP.num_states, MDP.num_actions), 1 / MDP.num_actions)


class MonteCarlo(Explorer):
    """Average sampled returns of the uniform policy from (0,0), beside the exact V."""

    title = "Monte Carlo against the exact value at (0,0), uniform policy"
    in_page: ClassVar = {
        "num_episodes": (5, 10, 15, 20, 25, 35, 50, 70, 100, 150, 200, 250, 300, 350, 400),
        "gamma": (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0),
        "seed": (0, 1, 2, 3),
    }

    def make_controls(self):
        return {
            "num_episodes": ipywidgets.IntSlider(
                value=100, min=5, max=MAX_EPISODES, step=5, description="episodes n"
            ),
            "gamma": ipywidgets.FloatSlider(
                value=0.9, min=0, max=1, step=0.01, description="gamma"
            ),
            "seed": ipywidgets.IntSlider(value=0, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading="One run: the mean settles", x="episodes n", y="discounted reward")
        left.set(xlim=(0, MAX_EPISODES), ylim=(-10.5, 10.5))
        label(
            right, heading=f"Error of {NUM_RUNS} runs", x="episodes n", y="root mean square error"
        )
        right.set(xscale="log", yscale="log", xlim=(1, MAX_EPISODES), ylim=(0.05, 20))
        style = {**EXACT, "zorder": 12}
        self.band = left.fill_between(COUNTS, 0 * COUNTS, 1, color=SHADE, zorder=10)
        (self.exact,) = left.plot([], [], **style)
        (self.mean,) = left.plot([], [], **{**ESTIMATE, "zorder": 13, "markevery": 0.1})
        (self.theory,) = right.plot([], [], **style)
        (self.errors,) = right.plot([], [], **{**ESTIMATE, "zorder": 13, "markevery": 0.1})
        (self.now,) = right.plot([], [], **{**CURRENT, "zorder": 14})
        left.text(
            0.98,
            0.95,
            "line: exact V; grey: V \N{PLUS-MINUS SIGN} 2 sigma / sqrt(n)",
            transform=left.transAxes,
            ha="right",
            va="top",
        )
        right.text(
            0.98,
            0.95,
            "line: sigma / sqrt(n), exact",
            transform=right.transAxes,
            ha="right",
            va="top",
        )
        return figure, [self.band, self.exact, self.mean, self.theory, self.errors, self.now]

    def update(self, num_episodes, gamma, seed):
        value = policy_values(MDP, UNIFORM, gamma=gamma)[0]
        sigma = np.sqrt(return_variances(MDP, UNIFORM, gamma=gamma)[0])
        means = running_means(seed, gamma)
        rms = np.sqrt(((means - value) ** 2).mean(axis=0))
        shown = slice(0, num_episodes)
        half_width = 2 * sigma / np.sqrt(COUNTS)

        self.band.set_data(COUNTS, value - half_width, value + half_width)
        self.exact.set_data([0, MAX_EPISODES], [value, value])
        self.mean.set_data(COUNTS[shown], means[0, shown])
        self.theory.set_data(COUNTS, sigma / np.sqrt(COUNTS))
        self.errors.set_data(COUNTS[shown], rms[shown])
        self.now.set_data([num_episodes], [rms[num_episodes - 1]])
        return (
            f"Exact V = {value:.3f}, sigma of one episode = {sigma:.3f}. After n episodes: "
            f"mean of the run {means[0, num_episodes - 1]:.3f}, error of {NUM_RUNS} runs "
            f"{rms[num_episodes - 1]:.3f}, sigma / sqrt(n) = {sigma / np.sqrt(num_episodes):.3f}."
        )


@lru_cache(maxsize=2)
def _paid_rewards(seed: int) -> PaidRewards:
    return sample_paid_rewards(
        MDP,
        UNIFORM,
        num_episodes=NUM_RUNS * MAX_EPISODES,
        max_steps=200,
        rng=np.random.default_rng(seed),
    )


@lru_cache(maxsize=2)
def running_means(seed: int, gamma: float) -> np.ndarray:
    """[NUM_RUNS, MAX_EPISODES] mean of the first n sampled returns, n = 1, 2, ..."""
    returns = _paid_rewards(seed).returns(gamma=gamma).reshape(NUM_RUNS, MAX_EPISODES)
    return returns.cumsum(axis=1) / COUNTS
