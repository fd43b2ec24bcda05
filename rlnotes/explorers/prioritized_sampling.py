"""Prioritized replay on eight transitions: who is drawn, and what weights repair."""

from collections.abc import Sequence

import ipywidgets
import numpy as np
from matplotlib.patches import Rectangle

from rlnotes.data.prioritized_replay import importance_weights, sampling_probs
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    EXACT,
    FURTHER,
    GREY,
    INK,
    VERMILION,
    WRONG,
    label,
    new_figure,
)

TD_ERRORS = np.array([0.1, -0.2, 0.3, -0.4, 0.6, 1.0, -1.2, 0.05])
NUM_STORED = len(TD_ERRORS)
MARGIN = 1e-2
BETAS = np.linspace(0, 1, 21)
PLACES = np.arange(1, NUM_STORED + 1)
ERROR_ROW = -0.08  # height at which the TD errors are written


class PrioritizedSampling(Explorer):
    """Sampling probabilities, weights, and the mean step against that of all eight."""

    title = f"Prioritized sampling from {NUM_STORED} stored transitions"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "alpha": slider(value=0.6, min=0, max=1, step=0.01, description="alpha"),
            "beta": slider(value=0.4, min=0, max=1, step=0.01, description="beta"),
            "transition": ipywidgets.Dropdown(
                options=PLACES.tolist(), value=8, description="transition to edit (frame)"
            ),
            "td_error": slider(
                value=2, min=-3, max=3, step=0.05, description="TD error of that transition"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading="Drawn how often, counted how much", x="transition", y="fraction")
        left.set(xlim=(0.4, NUM_STORED + 0.6), ylim=(-0.16, 1.3), xticks=PLACES)
        left.set_yticks([0, 0.25, 0.5, 0.75, 1])
        left.axhline(1 / NUM_STORED, color=GREY, linewidth=0.8)
        zeros, style = np.zeros(NUM_STORED), {"width": 0.36, "zorder": 10}
        prob_bars = left.bar(PLACES - 0.19, zeros, color=BLUE, **style)
        effect_bars = left.bar(
            PLACES + 0.19, zeros, color="white", edgecolor=INK, hatch="///", **style
        )
        (self.weights,) = left.plot(
            PLACES, zeros, "D", color=FURTHER[0], markeredgecolor=INK, markersize=6, zorder=11
        )
        row_below = [(place, ERROR_ROW) for place in PLACES]
        self.errors = Labels(left, row_below, size=9, zorder=12)
        self.edited = left.add_patch(
            Rectangle((0, ERROR_ROW - 0.05), 0.9, 0.1, fill=False, edgecolor=INK, zorder=12)
        )
        notes = {
            "full: P, probability of a draw": BLUE,
            "hatched: P times w, how much it counts": INK,
            "diamond: w / largest w; below: TD error": FURTHER[0],
        }
        for row, (note, color) in enumerate(notes.items()):
            left.text(0.5, 1.25 - 0.075 * row, note, color=color, va="center", fontsize=9)

        label(right, heading="Mean step against beta", x="beta", y="mean TD error, weighted")
        right.set(xlim=(0, 1), ylim=(-2, 2))
        place = {"transform": right.transAxes, "va": "top", "fontsize": 9}
        right.text(0.02, 0.98, "ink: mean over all eight", color=INK, **place)
        right.text(0.02, 0.915, "thick: drawn by P, weighted by w", color=BLUE, **place)
        right.text(0.02, 0.85, "dotted: weights scaled to at most 1", color=VERMILION, **place)
        (self.uniform,) = right.plot([], [], **{**EXACT, "zorder": 11})
        (self.scaled,) = right.plot([], [], **{**WRONG, "zorder": 12})
        (self.weighted,) = right.plot([], [], **{**CURRENT, "marker": "", "zorder": 13})
        (self.now,) = right.plot([], [], **{**CURRENT, "zorder": 14})
        self.bars = [*prob_bars, *effect_bars]
        changing = [*self.bars, self.weights, self.errors, self.edited]
        return figure, [*changing, self.uniform, self.scaled, self.weighted, self.now]

    def update(self, alpha, beta, transition, td_error):
        td_errors = stored_errors(transition, td_error)
        probs = sampling_probs(np.abs(td_errors) + MARGIN, alpha=alpha)
        weights = importance_weights(probs, beta=beta)
        steps, scaled = mean_steps(td_errors, probs, BETAS)
        (step,), (scaled_step,) = mean_steps(td_errors, probs, [beta])
        uniform = td_errors.mean()
        share = probs[transition - 1]

        for bar, height in zip(self.bars, [*probs, *(probs * weights)], strict=True):
            bar.set_height(height)
        self.weights.set_ydata(weights / weights.max())
        self.errors.set_texts([number(error) for error in td_errors])
        self.edited.set_x(transition - 0.45)
        self.uniform.set_data([0, 1], [uniform, uniform])
        self.weighted.set_data(BETAS, steps)
        self.scaled.set_data(BETAS, scaled)
        self.now.set_data([beta], [step])
        return (
            f"Transition {transition} is drawn with probability {share:.4f} and weighs "
            f"{weights[transition - 1]:.4f}, so it counts {share * weights[transition - 1]:.4f}; "
            f"uniform would be {1 / NUM_STORED:g}. Mean step: uniform {number(uniform, 4)}, "
            f"prioritized and weighted {number(step, 4)}, divided by the largest weight "
            f"{weights.max():.4f}: {number(scaled_step, 4)}."
        )


def stored_errors(transition: int, td_error: float) -> np.ndarray:
    """[N] stored TD errors, one of them edited."""
    td_errors = TD_ERRORS.copy()
    td_errors[transition - 1] = td_error
    return td_errors


def mean_steps(
    td_errors: np.ndarray, probs: np.ndarray, betas: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean weighted TD error of a draw, one per beta; the same for scaled weights."""
    weights = np.array([importance_weights(probs, beta=beta) for beta in betas])
    steps = (probs * weights * td_errors).sum(axis=1)
    return steps, steps / weights.max(axis=1)
