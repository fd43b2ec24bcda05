"""Prioritized replay of eight outcomes of one action: its bias, and the weights."""

import ipywidgets
import numpy as np

from rlnotes.data.prioritized_replay import importance_weights, sampling_probs
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    EXACT,
    GREY,
    INK,
    WRONG,
    label,
    new_figure,
)

FREQUENT = np.array([-0.1, -0.2, -0.3, -0.4, -0.2, -0.3, -0.5])  # they sum to -2
NUM_STORED = len(FREQUENT) + 1
MARGIN = 1e-2
ALPHAS = np.linspace(0, 1, 11)
PLACES = np.arange(1, NUM_STORED + 1)
ERROR_ROW = -0.045  # height at which the TD errors are written


class PrioritizedSampling(Explorer):
    """Sampling probabilities, and the mean step uniform, prioritized and weighted."""

    title = f"Prioritized replay of {NUM_STORED} stored outcomes of one action"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "alpha": slider(value=0.6, min=0, max=1, step=0.01, description="alpha"),
            "beta": slider(value=0.4, min=0, max=1, step=0.01, description="beta"),
            "td_error": slider(
                value=2, min=0, max=2.5, step=0.05, description="TD error of the rare outcome, 8"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(
            left,
            heading="Drawn how often, counted how much",
            x="stored outcome; above it: its TD error",
            y="fraction",
        )
        left.set(xlim=(0.4, NUM_STORED + 0.6), ylim=(-0.09, 0.72), xticks=PLACES)
        left.set_yticks([0, 1 / 8, 1 / 4, 1 / 2], ["0", "1/8", "1/4", "1/2"])
        left.axhline(1 / NUM_STORED, color=GREY, linewidth=0.8)
        zeros, style = np.zeros(NUM_STORED), {"width": 0.36, "zorder": 10}
        probs = left.bar(PLACES - 0.19, zeros, color=BLUE, **style)
        effects = left.bar(PLACES + 0.19, zeros, color="white", edgecolor=INK, hatch="///", **style)
        self.bars = [*probs, *effects]
        self.errors = Labels(left, [(place, ERROR_ROW) for place in PLACES], size=9, zorder=12)
        key = {"transform": left.transAxes, "va": "top", "fontsize": 9}
        left.text(0.02, 0.98, "full: P, probability of a draw", color=BLUE, **key)
        left.text(0.02, 0.915, "hatched: P times w, how much it counts", **key)

        label(right, heading="Mean step against alpha", x="alpha", y="mean TD error of a draw")
        right.set(xlim=(-0.02, 1.02), ylim=(-0.45, 1.4))
        right.axhline(0, color=GREY, linewidth=0.8)
        styles = {"uniform": EXACT, "without": WRONG, "weighted": CURRENT}
        key["transform"] = right.transAxes
        self.lines, self.marks, self.keys = {}, {}, {}
        for row, (name, look) in enumerate(styles.items()):
            look, color = {**look, "zorder": 11 + row}, look["color"]
            (self.lines[name],) = right.plot([], [], **{**look, "marker": ""})
            (self.marks[name],) = right.plot([], [], "o", color=color, markersize=9, zorder=15)
            self.marks[name].set(markeredgecolor="white")
            self.keys[name] = right.text(0.02, 0.98 - 0.065 * row, "", color=color, **key)
        on_the_right = [*self.lines.values(), *self.marks.values(), *self.keys.values()]
        return figure, [*self.bars, self.errors, *on_the_right]

    def update(self, alpha, beta, td_error):
        td_errors = np.append(FREQUENT, td_error)
        probs = sampling_probs(np.abs(td_errors) + MARGIN, alpha=alpha)
        weights = importance_weights(probs, beta=beta)
        curves = {
            "uniform": np.full(len(ALPHAS), td_errors.mean()),
            "without": [mean_step(td_errors, alpha=a, beta=0.0) for a in ALPHAS],
            "weighted": [mean_step(td_errors, alpha=a, beta=beta) for a in ALPHAS],
        }
        steps = {
            "uniform": td_errors.mean(),
            "without": mean_step(td_errors, alpha=alpha, beta=0.0),
            "weighted": mean_step(td_errors, alpha=alpha, beta=beta),
        }
        for bar, height in zip(self.bars, [*probs, *(probs * weights)], strict=True):
            bar.set_height(height)
        self.errors.set_texts([number(error) for error in td_errors])
        for name, step in steps.items():
            self.lines[name].set_data(ALPHAS, curves[name])
            self.marks[name].set_data([alpha], [step])
            self.keys[name].set_text(f"{KEYS[name]}: {number(step)}")
        return (
            f"Outcome {NUM_STORED} is drawn with probability {probs[-1]:.4f} and weighs "
            f"{weights[-1]:.4f}, so it counts {probs[-1] * weights[-1]:.4f}; uniform would be "
            f"{1 / NUM_STORED:g}. Mean step: uniform {number(steps['uniform'], 4)}, prioritized "
            f"without weights {number(steps['without'], 4)}, with weights "
            f"{number(steps['weighted'], 4)}; divided by the largest weight {weights.max():.4f}: "
            f"{number(steps['weighted'] / weights.max(), 4)}."
        )


KEYS = {
    "uniform": "black, all eight alike",
    "without": "dotted, drawn by P, no weights",
    "weighted": "blue, drawn by P, weighted by w",
}


def mean_step(td_errors: np.ndarray, *, alpha: float, beta: float) -> float:
    """Mean weighted TD error of a prioritized draw: the mean step of the one value."""
    probs = sampling_probs(np.abs(td_errors) + MARGIN, alpha=alpha)
    return float((probs * importance_weights(probs, beta=beta) * td_errors).sum())
