"""What answers to one document earn, by rules alone and with the label, as bars."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from rlnotes.explorers.invoice_exploits import ABOVE, AS_MUCH, EXPLOITS, Scored
from rlnotes.plotting.bars import bar_path
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import GREEN, GREY, VERMILION, label

THICKNESS = 0.38
ROWS = np.arange(len(EXPLOITS))
BY_RULES, WITH_LABEL = ROWS - THICKNESS / 2, ROWS + THICKNESS / 2  # heights of the bars
PLAIN = {"edgecolor": "white", "linewidth": 0.8}
HATCHED = {"edgecolor": "white", "linewidth": 0.8, "hatch": "xxx"}
KEYS = {"by rules alone": VERMILION, "with the label": GREEN}


class EarnedBars:
    """Bars in the order of `EXPLOITS`; hatched is what earns at least as the truth.

    Attributes:
        plain, hatched: bars by rules alone below the truth, and at least as high.
        labelled: bars with the label.
        truth: a line at what the truth earns by rules alone.
        texts: rewards by rules alone, in words as well; with the label; amounts.
    """

    def __init__(self, axes: Axes):
        label(axes, heading="What answers to this document earn", x="reward", y="")
        axes.set(xlim=(0, 1.06), ylim=(len(ROWS) + 0.3, -1.4), xticks=[0, 0.25, 0.5, 0.75, 1])
        axes.set_yticks(ROWS, EXPLOITS, fontsize=9)
        axes.grid(visible=False, axis="y")
        for x, (words, color) in zip((0.0, 0.36), KEYS.items(), strict=True):
            axes.add_patch(Rectangle((x, -1.15), 0.04, 0.36, facecolor=color))
            axes.text(x + 0.055, -0.97, words, fontsize=8.5, va="center")
        axes.add_patch(Rectangle((0.69, -1.15), 0.04, 0.36, facecolor=VERMILION, **HATCHED))
        axes.text(0.745, -0.97, "not below the truth", fontsize=8.5, va="center")
        self.plain, self.hatched, self.labelled = (
            axes.add_patch(PathPatch(Path([(0, 0)]), facecolor=color, zorder=10, **look))
            for color, look in ((VERMILION, PLAIN), (VERMILION, HATCHED), (GREEN, PLAIN))
        )
        (self.truth,) = axes.plot([], [], "--", color=GREY, linewidth=1.2, zorder=11)
        places = [(0.78, y) for y in BY_RULES] + [(0.97, y) for y in WITH_LABEL]
        self.texts = Labels(axes, [*places, (0.5, len(ROWS) - 0.1)], size=8.5, zorder=12)

    @property
    def artists(self) -> list[Artist]:
        """All that `show` changes."""
        return [self.plain, self.hatched, self.labelled, self.truth, self.texts]

    def show(self, rows: tuple[Scored, ...], printed: str) -> None:
        """Draw the rewards of all answers, the truth first; write what is printed."""
        by_rules, with_label = (
            np.array([getattr(row, name) for row in rows]) for name in ("by_rules", "with_label")
        )
        high = np.array([row.word in (ABOVE, AS_MUCH) for row in rows])
        for patch, chosen in ((self.plain, ~high), (self.hatched, high)):
            patch.set_path(_bars(by_rules[chosen], BY_RULES[chosen]))
        self.labelled.set_path(_bars(with_label, WITH_LABEL))
        self.truth.set_data([by_rules[0]] * 2, [-0.5, len(ROWS) - 0.5])
        words = [f"{number(row.by_rules, 3)} {row.word}" for row in rows]
        self.texts.set_texts([*words, *(number(row.with_label, 3) for row in rows), printed])


def _bars(ends: np.ndarray, rows: np.ndarray) -> Path:
    return bar_path(np.zeros(len(ends)), ends, rows, thickness=THICKNESS)
