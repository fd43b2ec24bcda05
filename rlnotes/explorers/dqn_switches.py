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
RETURN_LIMIT, VALUE_LIMITS = 500.0, (0.0, 1e12)
LINEAR_TO, LINEAR_SHARE = 130.0, 0.5  # values up to here fill this share of the height
MEASURES = ("return", "value", "achieved")
LATE_FROM = 16_000  # first step of the late mean of a run


class DQNSwitches(Explorer):
    """Medians and ranges over five recorded runs; nothing is trained here."""

    title = "DQN on CartPole with one part changed, five recorded runs of each setting"

    def make_controls(self):
        parts = [part for loss, part in recording() if loss == LOSSES[0]]
        return {
            "part": ipywidgets.Dropdown(options=parts, value=parts[1], description="changed part"),
            "loss": ipywidgets.Dropdown(options=LOSSES, description="loss"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading=" ", x="environment steps", y="return (steps, at most 500)")
        label(right, heading=" ", x="environment steps", y="discounted reward (log above 130)")
        last_step = recording()[LOSSES[0], BASE]["step"][-1]
        left.set(xlim=(0, 1.09 * last_step), ylim=(0, 1.4 * RETURN_LIMIT))
        right.set_yscale("function", functions=(to_height, to_value))
        ticks = [0, 50, 100, 1e4, 1e6, 1e8]
        names = ["0", "50", "100", "$10^4$", "$10^6$", "$10^8$"]
        right.set(xlim=(0, 1.02 * last_step), ylim=VALUE_LIMITS, yticks=ticks, yticklabels=names)
        left.set(yticks=range(0, 501, 100))
        self.headings = title(left, " "), title(right, " ")
        for heading in self.headings:
            heading.set_fontsize(10)
        self.ceiling = right.axhline(CEILING, **{**EXACT, "linewidth": 1.6, "zorder": 11})
        self.curves = {"return": Curve(left), "value": Curve(right)}
        run = {"linestyle": "", "markersize": 6, "zorder": 14}
        base = {**run, "color": REFERENCE["color"], "marker": "o", "markerfacecolor": "white"}
        places = np.full(5, 1.03 * last_step)
        (self.base_runs,) = left.plot(places, late_means(recording()[LOSSES[0], BASE]), **base)
        now = {**run, "color": ESTIMATE["color"], "marker": "s"}
        (self.runs,) = left.plot(places + 0.03 * last_step, np.zeros(5), **now)
        achieved = {"color": GREEN, "marker": "^", "markersize": 5, "markevery": 3}
        (self.achieved,) = right.plot([], [], **achieved, linewidth=1.2, zorder=13)
        place = {"x": 0.02, "va": "top", "fontsize": 9, "zorder": 15}
        notes = [left.text(y=0.98, s=KEYS, transform=left.transAxes, **place)]
        place["transform"] = right.transAxes
        for row, (note, color) in enumerate(VALUE_KEYS.items()):
            notes.append(right.text(y=0.98 - 0.065 * row, s=note, color=color, **place))
        curves = [artist for curve in self.curves.values() for artist in curve.artists]
        runs = self.base_runs, self.runs
        return figure, [*self.headings, self.ceiling, *curves, self.achieved, *runs, *notes]

    def update(self, part, loss):
        shown, base = recording()[loss, part], recording()[loss, BASE]
        for name, curve in self.curves.items():
            curve.update(shown, base, name)
        self.achieved.set_data(shown["step"], np.median(shown["achieved"], axis=0))
        late = late_means(shown), late_means(base)
        value, achieved = (readable(np.median(shown[name][:, -1])) for name in MEASURES[1:])
        self.runs.set_ydata(late[0])
        self.base_runs.set_ydata(late[1])
        numbers = ("{:.0f} ({:.0f} to {:.0f})".format(*three(means)) for means in late)
        self.headings[0].set_text("Late mean {}; unchanged {}".format(*numbers))
        self.headings[1].set_text(f"Predicted {value}, achieved {achieved}")
        now, unchanged = (
            {name: spread(columns[name][:, -1]) for name in MEASURES} for columns in (shown, base)
        )
        return (
            f"Mean return of a run over steps {LATE_FROM:,} to {shown['step'][-1]:,.0f}, median "
            f"of five runs (range): {spread(late[0])}, with nothing changed {spread(late[1])}. "
            f"At the last step: return {now['return']}, with nothing changed "
            f"{unchanged['return']}; value predicted for the upright pole {now['value']}, "
            f"with nothing changed {unchanged['value']}; discounted return achieved "
            f"{now['achieved']}; no value can exceed {CEILING:g}."
        )


KEYS = (
    "blue: median of each step, band: range\ndashed grey: nothing changed, median\n"
    "right edge: each run's mean from step 16,000\n(rings: nothing changed)"
)
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
        runs = shown[name]
        self.band.set_data(shown["step"], runs.min(axis=0), runs.max(axis=0))
        self.median.set_data(shown["step"], np.median(runs, axis=0))
        self.base.set_data(base["step"], np.median(base[name], axis=0))


@lru_cache(maxsize=1)
def recording() -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """Steps [K] and measures [runs, K] of each setting, by loss and changed part."""
    settings: dict[tuple[str, str], dict[float, list[dict]]] = {}
    names = {loss.lower(): loss for loss in LOSSES}
    for row in load("dqn_parts"):
        runs = settings.setdefault((names[row["loss"]], row["part"]), {})
        runs.setdefault(row["seed"], []).append(row)
    return {
        setting: {"step": np.array([row["step"] for row in next(iter(runs.values()))])}
        | {
            name: np.array([[row[name] for row in run] for run in runs.values()])
            for name in MEASURES
        }
        for setting, runs in settings.items()
    }


def to_height(value: np.ndarray) -> np.ndarray:
    """Height in the right panel: proportional up to `LINEAR_TO`, logarithmic above."""
    value = np.asarray(value, dtype=float)
    decades = np.log10(np.maximum(value, LINEAR_TO) / LINEAR_TO)
    above = np.log10(VALUE_LIMITS[1] / LINEAR_TO)
    share = LINEAR_SHARE * np.minimum(value, LINEAR_TO) / LINEAR_TO
    return share + (1 - LINEAR_SHARE) * decades / above


def to_value(height: np.ndarray) -> np.ndarray:
    """The inverse of `to_height`."""
    height = np.asarray(height, dtype=float)
    above = np.log10(VALUE_LIMITS[1] / LINEAR_TO)
    decades = np.maximum(height - LINEAR_SHARE, 0) / (1 - LINEAR_SHARE) * above
    return LINEAR_TO * np.minimum(height, LINEAR_SHARE) / LINEAR_SHARE * 10**decades


def late_means(columns: dict[str, np.ndarray]) -> np.ndarray:
    """[runs] mean return of each run over its steps from `LATE_FROM` on."""
    return columns["return"][:, columns["step"] >= LATE_FROM].mean(axis=1)


def three(numbers: np.ndarray) -> tuple[float, float, float]:
    """Median, smallest and largest."""
    return np.median(numbers), numbers.min(), numbers.max()


def readable(value: float) -> str:
    """One decimal, thousands with commas, or millions.

    Example:
        >>> readable(9.62), readable(236_300.0), readable(3.57e7)
        ('9.6', '236,300', '36 million')
    """
    if abs(value) < 1_000:
        return f"{value:.1f}"
    return f"{value:,.0f}" if abs(value) < 1e6 else f"{value / 1e6:,.0f} million"


def spread(numbers: np.ndarray) -> str:
    """Median and range over the runs, in words."""
    return "{} ({} to {})".format(*map(readable, three(numbers)))
