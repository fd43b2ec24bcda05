"""One part of DQN changed at a time: what it returns, and what it predicts."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import (
    ESTIMATE,
    EXACT,
    GREEN,
    INK,
    REFERENCE,
    SHADE,
    label,
    new_figure,
    title,
)
from rlnotes.training.recordings import load

BASE = "nothing"  # what is changed in the base itself
LOSSES = ["Huber", "squared"]
CEILING = 100.0  # 1 / (1 - gamma) with gamma = 0.99: reward 1 for ever
RETURN_LIMIT, VALUE_LIMITS = 500.0, (0.3, 1e10)
MEASURES = ("return", "value", "achieved")


class DQNSwitches(Explorer):
    """Medians and ranges over five recorded seeds; nothing is trained here."""

    title = "DQN on CartPole with one part changed, five recorded seeds for each setting"

    def make_controls(self):
        parts = [part for loss, part in recording() if loss == LOSSES[0]]
        return {
            "part": ipywidgets.Dropdown(options=parts, value=parts[1], description="changed part"),
            "loss": ipywidgets.Dropdown(options=LOSSES, description="loss"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading=" ", x="environment steps", y="return (steps, at most 500)")
        label(right, heading=" ", x="environment steps", y="discounted reward (log scale)")
        last_step = recording()[LOSSES[0], BASE]["step"][-1]
        left.set(xlim=(0, 1.02 * last_step), ylim=(0, 1.16 * RETURN_LIMIT))
        right.set(xlim=(0, 1.02 * last_step), ylim=VALUE_LIMITS, yscale="log")
        self.headings = title(left, " "), title(right, " ")
        self.ceiling = right.axhline(CEILING, **{**EXACT, "linewidth": 1.6, "zorder": 11})
        self.curves = {"return": Curve(left), "value": Curve(right)}
        achieved = {"color": GREEN, "marker": "^", "markersize": 5, "markevery": 3}
        (self.achieved,) = right.plot([], [], **achieved, linewidth=1.2, zorder=13)
        place = {"x": 0.02, "va": "top", "fontsize": 9, "zorder": 15}
        notes = [left.text(y=0.98, s=KEYS, transform=left.transAxes, **place)]
        place["transform"] = right.transAxes
        for row, (note, color) in enumerate(VALUE_KEYS.items()):
            notes.append(right.text(y=0.98 - 0.065 * row, s=note, color=color, **place))
        curves = [artist for curve in self.curves.values() for artist in curve.artists]
        return figure, [*self.headings, self.ceiling, *curves, self.achieved, *notes]

    def update(self, part, loss):
        shown, base = recording()[loss, part], recording()[loss, BASE]
        for name, curve in self.curves.items():
            curve.update(shown, base, name)
        self.achieved.set_data(shown["step"], shown["achieved_median"])
        ends = {name: shown[f"{name}_median"][-1] for name in MEASURES}
        best = shown["return_median"].max()
        value, achieved = readable(ends["value"]), readable(ends["achieved"])
        self.headings[0].set_text(f"Return: best {best:.0f}, at the end {ends['return']:.0f}")
        self.headings[1].set_text(f"Predicted {value}, achieved {achieved}")
        said = f"After {shown['step'][-1]:.0f} steps, median of five seeds (range): "
        return said + (
            f"return {_spread(shown, 'return')}, with nothing changed {_spread(base, 'return')}. "
            f"Best median on the way {best:.1f}. Value predicted for the upright pole "
            f"{_spread(shown, 'value')}, with nothing changed {_spread(base, 'value')}; discounted "
            f"return achieved {_spread(shown, 'achieved')}; no value can exceed {CEILING:g}."
        )


KEYS = "blue: median, band: range of five seeds\ndashed grey: nothing changed"
VALUE_KEYS = {
    "blue: predicted for the upright pole": ESTIMATE["color"],
    "green triangles: achieved, median": GREEN,
    "black: ceiling, 1 / (1 - gamma) = 100": INK,
}


class Curve:
    """Median and range of one measure, and the median of the base, dashed."""

    def __init__(self, axes):
        self.band = axes.fill_between([0, 1], [1, 1], [2, 2], color=SHADE, zorder=10)
        (self.base,) = axes.plot([], [], **{**REFERENCE, "zorder": 11})
        (self.median,) = axes.plot([], [], **{**ESTIMATE, "zorder": 12, "markevery": 3})
        self.artists = [self.band, self.base, self.median]

    def update(self, shown: dict, base: dict, name: str) -> None:
        self.band.set_data(shown["step"], shown[f"{name}_low"], shown[f"{name}_high"])
        self.median.set_data(shown["step"], shown[f"{name}_median"])
        self.base.set_data(base["step"], base[f"{name}_median"])


@lru_cache(maxsize=1)
def recording() -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """Columns of each setting, by loss and changed part, in the order of the file."""
    settings: dict[tuple[str, str], list[dict]] = {}
    names = {loss.lower(): loss for loss in LOSSES}
    for row in load("dqn_parts"):
        settings.setdefault((names[row.pop("loss")], row.pop("part")), []).append(row)
    return {
        setting: {column: np.array([row[column] for row in rows]) for column in rows[0]}
        for setting, rows in settings.items()
    }


def readable(value: float) -> str:
    """One decimal, thousands with commas, or millions.

    Example:
        >>> readable(9.62), readable(236_300.0), readable(3.57e7)
        ('9.6', '236,300', '36 million')
    """
    if abs(value) < 1_000:
        return f"{value:.1f}"
    return f"{value:,.0f}" if abs(value) < 1e6 else f"{value / 1e6:,.0f} million"


def _spread(columns: dict[str, np.ndarray], name: str) -> str:
    median, low, high = (readable(columns[f"{name}_{of}"][-1]) for of in ("median", "low", "high"))
    return f"{median} ({low} to {high})"
