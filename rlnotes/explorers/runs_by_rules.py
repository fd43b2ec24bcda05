"""Recorded training without labels: which runs there are, and curves over updates."""

from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from rlnotes.explorers.base import BadSetting
from rlnotes.explorers.invoice_exploits import PATCHED
from rlnotes.training.recordings import load

RUNS = {  # what missing rows count, and beta: how the run is called where it is recorded
    ("pass", 0.0): "missing passes",
    ("half", 0.0): "missing is half",
    ("fail", 0.0): "missing fails",
    (PATCHED, 0.0): "missing fails, tax > 0",
    ("pass", 0.1): "missing passes, KL",
    ("half", 0.1): "missing is half, KL",
}
LAST, EVERY = 125, 5
UPDATES = np.arange(0, LAST + 1, EVERY)
SHARES = ("keeps_rules", "gives_subtotal", "gives_tax", "has_subtotal", "has_tax")


@lru_cache(maxsize=1)
def recorded() -> dict[str, dict[str, np.ndarray]]:
    """Run -> column -> [seeds, updates]; counts as shares of the documents."""
    rows: dict[str, dict[float, list[dict]]] = {}
    for row in load("invoice_rules"):
        rows.setdefault(row["run"], {}).setdefault(row["seed"], []).append(row)
    return {name: _columns(list(seeds.values())) for name, seeds in rows.items()}


def _columns(seeds: list[list[dict]]) -> dict[str, np.ndarray]:
    def column(name):
        return np.array([[row[name] for row in rows] for rows in seeds])

    documents = column("documents")
    return {
        "documents": documents,
        "macro_f1": column("macro_f1"),
        **{name: column(name) / documents for name in SHARES},
    }


def run_of(missing_rows: str, beta: float) -> dict[str, np.ndarray]:
    """The run of this setting.

    Raises:
        BadSetting: if there is none.
    """
    if (missing_rows, beta) not in RUNS:
        others = " and ".join(f"{rows!r}" for rows, price in RUNS if price == beta)
        raise BadSetting(
            f"No run with missing rows as {missing_rows!r} at beta {beta:g} was recorded; "
            f"at this beta there are {others}."
        )
    return recorded()[RUNS[missing_rows, beta]]


def shares_of_truth() -> dict[str, float]:
    """Share of the documents that have a subtotal, and a tax."""
    (run, *_) = recorded().values()
    return {name: float(run[name][0, 0]) for name in ("has_subtotal", "has_tax")}


class Curve:
    """The mean of the seeds, and a band from the lowest to the highest."""

    def __init__(self, axes: Axes, *, color: str, linestyle: str, marker: str):
        look = {"facecolor": color, "linewidth": 0, "alpha": 0.18, "zorder": 10}
        self.band = axes.add_patch(PathPatch(Path([(0, 0)]), **look))
        look = {"color": color, "linestyle": linestyle, "marker": marker, "markevery": 5}
        (self.line,) = axes.plot([], [], **look, markersize=5, linewidth=1.8, zorder=12)

    def show(self, values: np.ndarray) -> None:
        """Draw [seeds, updates] values."""
        self.line.set_data(UPDATES, values.mean(axis=0))
        edge = np.concatenate([values.min(axis=0), values.max(axis=0)[::-1]])
        there_and_back = np.concatenate([UPDATES, UPDATES[::-1]])
        self.band.set_path(Path(np.column_stack([there_and_back, edge])))
