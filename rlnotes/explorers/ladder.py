"""What the ladders of derivations share: the lines, their two sides, the residuals."""

from collections.abc import Sequence

import numpy as np

from rlnotes.exact.rungs import Rung
from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, GREY, SHADE, VERMILION, house_style, label, new_figure

LIT = 1e-7  # a residual above this is no rounding error
FLOOR = 1e-16
COUNT_WORDS = {7: "seven", 8: "eight"}


class Ladder(Explorer):
    """Left: each line with both sides. Right: how far they are apart.

    Subclasses set `equations`, one for each line, and may set the others.
    """

    equations: tuple[str, ...] = ()
    size = (9.0, 4.2)
    width_ratios = (1.75, 1.0)
    columns = (0.64, 0.80, 0.95)  # where left side, right side and verdict stand
    largest = 10.0  # residual
    note = ""  # below the lines

    def build(self):
        figure, (left, right) = new_figure(2, size=self.size, width_ratios=list(self.width_ratios))
        rows = np.arange(len(self.equations))
        limits = {"ylim": (len(rows) - 0.4, -0.9)}
        label(left, heading="Line, its left side and its right side", x=self.note, y="")
        left.set(xlim=(0, 1), **limits, xticks=[], yticks=[])
        left.spines[:].set_visible(False)
        left.grid(False)
        with house_style():
            for row, equation in enumerate(self.equations):
                left.text(0, row, f"{row + 1}", va="center", weight="bold")
                left.text(0.045, row, equation, va="center")
            for x, head in zip(self.columns, ("left", "right", "verdict"), strict=True):
                left.text(x, -0.75, head, ha="center", va="center", color=GREY)
            right.axvspan(FLOOR / 3, LIT, color=SHADE, zorder=0)
            right.text(2e-16, len(rows) - 0.55, "rounding", va="center", fontsize=9)
        label(right, heading="Residual", x="|left - right|", y="")
        right.set(xscale="log", xlim=(FLOOR / 3, self.largest), xticks=[1e-15, 1e-10, 1e-5, 1])
        right.set(**limits, yticks=rows, yticklabels=rows + 1)
        (self.holding,) = right.plot([], [], "o", color=BLUE, markersize=7, zorder=11)
        (self.broken,) = right.plot([], [], "X", color=VERMILION, markersize=12, zorder=12)
        self.light = left.axhspan(0, 0.1, color=VERMILION, alpha=0.18, linewidth=2, zorder=10)
        places = [(x, row) for row in rows for x in self.columns]
        self.texts = Labels(left, places, size=11, zorder=13)
        return figure, [self.light, self.holding, self.broken, self.texts]

    def show(self, rungs: Sequence[Rung]) -> str:
        """Set the artists; say which lines fail, with both sides, or that all hold."""
        residuals = np.array([rung.residual for rung in rungs])
        rows, lit = np.arange(len(rungs)), residuals > LIT
        shown = np.maximum(residuals, FLOOR)
        self.holding.set_data(shown[~lit], rows[~lit])
        self.broken.set_data(shown[lit], rows[lit])
        self.light.set(visible=bool(lit.any()), y=np.argmax(lit) - 0.45, height=0.9)
        self.texts.set_texts(
            [
                text
                for rung, is_lit in zip(rungs, lit, strict=True)
                for text in (side(rung.left), side(rung.right), "FAILS" if is_lit else "holds")
            ]
        )
        if not lit.any():
            return f"All {COUNT_WORDS[len(rungs)]} lines hold, every residual below {LIT:.0e}."
        failing = "; ".join(
            f"line {row + 1} ({rungs[row].name}) fails{_at(rungs[row])}: "
            f"{side(rungs[row].left)} against {side(rungs[row].right)}"
            for row in np.flatnonzero(lit)
        )
        return f"With this saboteur {failing}. All other lines hold."


def side(value: float) -> str:
    """Five decimals, or none where the whole part is long."""
    return number(value, 5 if abs(value) < 1e4 else 0)


def _at(rung: Rung) -> str:
    return f" at {rung.place}" if rung.place else ""
