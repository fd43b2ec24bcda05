"""Numbers as text, and many short texts as one artist.

A Matplotlib `Text` costs a tenth of a millisecond to lay out whenever it is drawn. A
figure that changes fifty numbers at every move of a slider cannot afford that.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties

from rlnotes.plotting.style import INK


def number(value: float, digits: int = 2) -> str:
    """Fixed decimals, with a true minus sign, and no minus in front of zero.

    Example:
        >>> number(-0.001), number(8.1), number(-10)[1:]
        ('0.00', '8.10', '10.00')
    """
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


class Labels(Artist):
    """One-line texts, each centred on a point given in data coordinates.

    Args:
        axes: where to draw; a point may lie outside.
        positions: [N, 2] points in data coordinates.
        size: in points.
        shift: share of its width by which a text stands left of its point: 0.5 centres
            it, 0 lets it begin there.
        weight: "normal" or "bold".
    """

    def __init__(
        self,
        axes: Axes,
        positions: np.ndarray,
        *,
        size: float,
        zorder: float,
        shift: float = 0.5,
        weight: str = "normal",
    ):
        super().__init__()
        self.positions = np.asarray(positions, dtype=float)
        self.font = FontProperties(size=size, weight=weight)
        self.shift = shift
        self.texts: Sequence[str] = [""] * len(self.positions)
        self.set_zorder(zorder)
        axes.add_artist(self)

    def set_texts(self, texts: Sequence[str]) -> None:
        """One text per position, in the same order."""
        if len(texts) != len(self.positions):
            raise ValueError(f"texts must have {len(self.positions)} entries, got {len(texts)}")
        self.texts = list(texts)
        self.stale = True

    def draw(self, renderer) -> None:
        if not self.get_visible():
            return
        measure = renderer.get_text_width_height_descent
        _, canvas_height = renderer.get_canvas_width_height()
        _, height, descent = measure("0", self.font, False)
        places = self.axes.transData.transform(self.positions)
        context = renderer.new_gc()
        context.set_foreground(INK)
        for text, (x, y) in zip(self.texts, places, strict=True):
            if text:
                width = measure(text, self.font, False)[0] if self.shift else 0
                base = canvas_height - y + (height - descent) / 2
                renderer.draw_text(context, x - self.shift * width, base, text, self.font, 0)
        context.restore()
