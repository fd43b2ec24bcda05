"""What gamma weighs, and how it flips a choice between a near and a far reward."""

import ipywidgets
import numpy as np

from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import CURRENT, EXACT, REFERENCE, SHADE, label, new_figure

NEAR_REWARD = 1.0
STEPS = np.arange(31)
GAMMAS = np.linspace(0, 1, 201)


class Discounting(Explorer):
    """Take 1 now, or walk `delay` steps for `far_reward`? Gamma decides."""

    title = "Discounting: 1 now, or more later"

    def make_controls(self):
        return {
            "gamma": ipywidgets.FloatSlider(
                value=0.9, min=0, max=1, step=0.01, description="gamma"
            ),
            "delay": ipywidgets.IntSlider(
                value=5, min=1, max=30, description="steps to the far reward"
            ),
            "far_reward": ipywidgets.FloatSlider(
                value=10, min=0.5, max=20, step=0.5, description="far reward"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading="Weight of a reward t steps away", x="t (steps)", y="weight")
        left.set(xlim=(-0.7, 30.7), ylim=(0, 1.25), yticks=np.arange(6) / 5)
        label(
            right,
            heading="Value of each choice now",
            x="gamma",
            y="discounted reward (root scale)",
        )
        right.set_yscale("function", functions=(signed_root, signed_square))  # room for 1 and 2
        right.set(xlim=(0, 1.03), ylim=(0, 26), yticks=[0, 1, 2, 5, 10, 20])
        style = {**EXACT, "zorder": 11}
        (self.weights,) = left.plot([], [], marker="o", markersize=4, **style)
        (self.far_weight,) = left.plot([], [], **{**CURRENT, "zorder": 13})
        self.horizon = left.axvspan(0, 1, color=SHADE, zorder=10)
        self.horizon_text = left.text(
            0.98, 0.97, "", transform=left.transAxes, ha="right", va="top", zorder=14
        )
        right.axhline(NEAR_REWARD, **REFERENCE)
        right.text(1.04, NEAR_REWARD, "1 now", va="center")
        (self.far_curve,) = right.plot([], [], **style)
        (self.now,) = right.plot([], [], **{**CURRENT, "zorder": 13})
        (self.break_even,) = right.plot([], [], color=EXACT["color"], linestyle=":", zorder=10)
        self.verdict = right.text(
            0.03,
            0.97,
            "",
            transform=right.transAxes,
            va="top",
            weight="bold",
            zorder=14,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
        )
        changing = [self.weights, self.far_weight, self.horizon, self.horizon_text]
        return figure, [*changing, self.far_curve, self.now, self.break_even, self.verdict]

    def update(self, gamma, delay, far_reward):
        weight, horizon = gamma**delay, effective_horizon(gamma)
        flip = break_even_gamma(far_reward, delay)
        far_value = weight * far_reward
        choice = "wait" if far_value > NEAR_REWARD else "take 1 now"
        if np.isclose(far_value, NEAR_REWARD, rtol=1e-12):
            choice = "indifferent"
        horizon_words = f"{horizon:.1f} steps" if np.isfinite(horizon) else "no end"
        flip_title = f"break-even at {flip:.3f}" if flip <= 1 else "no break-even"
        flip_words = f"gamma = {flip:.3f}" if flip <= 1 else "no gamma up to 1"

        self.weights.set_data(STEPS, gamma**STEPS)
        self.far_weight.set_data([delay], [weight])
        self.horizon.set_width(min(horizon, 31))
        self.horizon_text.set_text(f"effective horizon 1/(1 - gamma): {horizon_words}")
        self.far_curve.set_data(GAMMAS, far_reward * GAMMAS**delay)
        self.now.set_data([gamma], [far_value])
        self.break_even.set_data([flip, flip], [0, 21])
        self.verdict.set_text(f"{choice}; {flip_title}")
        return (
            f"Weight of the far reward {weight:.4f}, its value now {far_value:.4f} against "
            f"{NEAR_REWARD:g}: {choice}. Break-even: {flip_words}. "
            f"Effective horizon: {horizon_words}."
        )


def signed_root(values: np.ndarray) -> np.ndarray:
    """Square root that keeps the sign: also margins below 0 get a place on the axis."""
    return np.sign(values) * np.sqrt(np.abs(values))


def signed_square(roots: np.ndarray) -> np.ndarray:
    """Inverse of `signed_root`."""
    return np.sign(roots) * np.square(roots)


def effective_horizon(gamma: float) -> float:
    """1 / (1 - gamma) in steps: the sum of all weights; infinite at gamma = 1."""
    return np.inf if gamma == 1 else 1 / (1 - gamma)


def break_even_gamma(far_reward: float, delay: int) -> float:
    """The gamma at which gamma^delay * far_reward = 1; above 1 there is none to use."""
    return (NEAR_REWARD / far_reward) ** (1 / delay)
