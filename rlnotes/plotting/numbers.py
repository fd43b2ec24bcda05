"""Many short texts at the price of one: the glyphs of all of them form a single path.

A Matplotlib `Text` costs about half a millisecond, whatever its length. A figure
that changes twenty numbers at every move of a slider cannot afford twenty of them.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import IdentityTransform

from rlnotes.plotting.style import INK

_SIZE = 100.0  # points at which glyphs are stored


def number(value: float, digits: int = 2) -> str:
    """Fixed decimals, with a true minus sign, and no minus in front of zero.

    Example:
        >>> number(-0.001), number(8.1), number(-10)[1:]
        ('0.00', '8.10', '10.00')
    """
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


class Labels(Artist):
    """Short one-line texts, each centred on a point given in data coordinates.

    Args:
        axes: where to draw.
        positions: [N, 2] points in data coordinates.
        size: in points.
    """

    def __init__(self, axes: Axes, positions: np.ndarray, *, size: float, zorder: float):
        super().__init__()
        self.positions = np.asarray(positions, dtype=float)
        self.size = size
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
        if not self.get_visible() or not any(self.texts):
            return
        scale = renderer.points_to_pixels(self.size) / _SIZE
        centres = self.axes.transData.transform(self.positions)
        vertices, codes = [], []
        for text, centre in zip(self.texts, centres, strict=True):
            if text:
                shape, shape_codes = _centred(text)
                vertices.append(shape * scale + centre)
                codes.append(shape_codes)
        context = renderer.new_gc()
        context.set_linewidth(0)
        context.set_snap(False)
        path = Path(np.concatenate(vertices), np.concatenate(codes))
        renderer.draw_path(context, path, IdentityTransform(), _rgb(INK))
        context.restore()


@lru_cache(maxsize=4096)
def _centred(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Outline of a text around its own centre; vertically centred on the digits."""
    parts, codes, pen = [], [], 0.0
    for character in text:
        vertices, character_codes, advance = _glyph(character)
        parts.append(vertices + np.array([pen, 0.0]))
        codes.append(character_codes)
        pen += advance
    digit_height = _glyph("0")[0][:, 1].max()
    return np.concatenate(parts) - (pen / 2, digit_height / 2), np.concatenate(codes)


@lru_cache(maxsize=256)
def _glyph(character: str) -> tuple[np.ndarray, np.ndarray, float]:
    font = FontProperties()
    # The advance of a glyph is how far it pushes a zero that follows it.
    pair = TextPath((0, 0), character + "0", size=_SIZE, prop=font)
    zero = TextPath((0, 0), "0", size=_SIZE, prop=font)
    split = len(pair.vertices) - len(zero.vertices)
    advance = pair.vertices[split:, 0].min() - zero.vertices[:, 0].min()
    return pair.vertices[:split], pair.codes[:split], float(advance)


def _rgb(color: str) -> tuple[float, float, float]:
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
