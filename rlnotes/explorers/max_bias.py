"""Maximization bias: what a max over noisy estimates adds, and what Double leaves."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.exact.max_bias import estimator_biases
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import (
    BLUE,
    EXACT,
    GREY,
    INK,
    REFERENCE,
    VERMILION,
    label,
    new_figure,
)

MAX_ACTIONS = 20
NUM_ACTIONS = np.arange(2, MAX_ACTIONS + 1)
MAX_SAMPLES = 2000
NUM_DOTS = range(2, MAX_ACTIONS + 1, 2)  # numbers of actions with simulated dots
SECOND, BOUND = "second: values the pick", "noise * sqrt(2 ln n)"


class MaxBias(Explorer):
    """One draw of estimates, and the bias of max and of Double over many draws."""

    title = "Maximization bias against the number of actions"

    def make_controls(self):
        slider, whole = ipywidgets.FloatSlider, ipywidgets.IntSlider
        return {
            "num_actions": whole(value=8, min=2, max=MAX_ACTIONS, description="actions n"),
            "noise_std": slider(
                value=1, min=0, max=1.5, step=0.05, description="noise of each estimate"
            ),
            "spread": slider(
                value=0, min=0, max=3, step=0.1, description="true values: best - worst"
            ),
            "num_samples": whole(
                value=200, min=20, max=MAX_SAMPLES, step=20, description="simulated draws"
            ),
            "seed": whole(value=6, min=0, max=20, description="seed"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading="One draw: who is picked", x="action", y="value")
        left.set(xlim=(0.3, MAX_ACTIONS + 0.7), ylim=(-8, 7.6), xticks=range(2, 21, 2))
        (self.true_values,) = left.plot(
            [], [], color=INK, linestyle="", marker="_", markersize=10, markeredgewidth=2, zorder=10
        )
        (self.first,) = left.plot([], [], "o", color=VERMILION, markersize=6, zorder=11)
        (self.second,) = left.plot([], [], "s", color=BLUE, markersize=5, zorder=11)
        (self.picked,) = left.plot(
            [], [], color=INK, marker="o", markersize=14, markerfacecolor="none", zorder=12
        )
        key = {"loc": "upper left", "ncols": 2, "fontsize": 9, "borderaxespad": 0.1}
        key |= {"columnspacing": 1.2, "handletextpad": 0.4, "handlelength": 1.2}
        drawn = [self.true_values, self.first, self.second]
        left.legend(drawn, ["true value", "first estimate: picks (ring)", SECOND], **key)

        label(right, heading="Bias: mean estimate minus best value", x="actions n", y="bias")
        right.set(xlim=(1.5, MAX_ACTIONS + 0.5), ylim=(-1.2, 4.9), xticks=range(2, 21, 2))
        right.axhline(0, color=GREY, linewidth=0.8)
        style = {**EXACT, "zorder": 11}
        (self.bound,) = right.plot([], [], **{**REFERENCE, "zorder": 10})
        (self.max_curve,) = right.plot([], [], **style)
        (self.double_curve,) = right.plot([], [], **style)
        (self.max_dots,) = right.plot([], [], "o", color=VERMILION, markersize=5, zorder=12)
        (self.double_dots,) = right.plot([], [], "s", color=BLUE, markersize=5, zorder=12)
        (self.now,) = right.plot(
            [], [], color=INK, marker="o", linestyle="", markersize=13, zorder=13
        )
        self.now.set(markerfacecolor="none", markeredgewidth=1.8)
        drawn = [self.max_dots, self.double_dots, self.max_curve, self.bound]
        names = ["max, simulated", "Double, simulated", "exact; ring: now", BOUND]
        right.legend(drawn, names, **key)
        draw = [self.true_values, self.first, self.second, self.picked]
        curves = [self.bound, self.max_curve, self.double_curve, self.max_dots, self.double_dots]
        return figure, [*draw, *curves, self.now]

    def update(self, num_actions, noise_std, spread, num_samples, seed):
        exact = exact_biases(spread, noise_std)
        draws = (spread, noise_std, num_samples, seed)
        dots = np.array([simulated_biases(n, *draws)[0] for n in NUM_DOTS])
        means, errors = simulated_biases(num_actions, *draws)
        values = true_values(num_actions, spread)
        first, second = values + noise_std * standard_noise(seed)[:, 0, :num_actions]
        pick, index = first.argmax(), num_actions - 2
        bound = noise_std * np.sqrt(2 * np.log(NUM_ACTIONS))
        actions = np.arange(1, num_actions + 1)

        self.true_values.set_data(actions, values)
        self.first.set_data(actions, first)
        self.second.set_data(actions, second)
        self.picked.set_data([pick + 1, pick + 1], [first[pick], second[pick]])
        self.bound.set_data(NUM_ACTIONS, bound)
        self.max_curve.set_data(NUM_ACTIONS, exact[0])
        self.double_curve.set_data(NUM_ACTIONS, exact[1])
        self.max_dots.set_data(NUM_DOTS, dots[:, 0])
        self.double_dots.set_data(NUM_DOTS, dots[:, 1])
        self.now.set_data([num_actions, num_actions], exact[:, index])
        return (
            f"Exact bias of max {exact[0, index]:.4f} (at most {bound[index]:.4f}), of Double "
            f"{exact[1, index]:.4f}. Simulated: max {means[0]:.4f} with standard error "
            f"{errors[0]:.4f}, Double {means[1]:.4f} with {errors[1]:.4f}. "
            f"This draw: action {pick + 1} looks best at {first[pick]:.4f}, the second estimate "
            f"says {second[pick]:.4f}, the truth is {values[pick]:.4f}."
        )


def true_values(num_actions: int, spread: float) -> np.ndarray:
    """[n] equally spaced true values from 0, the best, down to -spread."""
    return 0.0 - np.linspace(0, spread, num_actions)


@lru_cache(maxsize=8)
def exact_biases(spread: float, noise_std: float) -> np.ndarray:
    """[2, counts] exact bias of max, then of Double, for each number of actions."""
    return estimator_biases([true_values(n, spread) for n in NUM_ACTIONS], noise_std=noise_std)


@lru_cache(maxsize=2)
def standard_noise(seed: int) -> np.ndarray:
    """[2, draws, actions] noise of unit size: two independent sets of estimates."""
    return np.random.default_rng(seed).standard_normal((2, MAX_SAMPLES, MAX_ACTIONS))


@lru_cache(maxsize=64)
def simulated_biases(
    num_actions: int, spread: float, noise_std: float, num_samples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Means and their standard errors, [2], over the first draws of a seed."""
    values, rows = true_values(num_actions, spread), np.arange(num_samples)
    noise = standard_noise(seed)[:, :num_samples, :num_actions]
    picks = (values + noise_std * noise[0]).argmax(axis=1)
    samples = values[picks] + noise_std * noise[:, rows, picks]
    return samples.mean(axis=1), samples.std(axis=1, ddof=1) / np.sqrt(num_samples)
