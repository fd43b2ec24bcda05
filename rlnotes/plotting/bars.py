"""Many bars at the price of one artist: polygons of a collection, parts of a path."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.path import Path

from rlnotes._checks import require_same_shape
from rlnotes.plotting.style import SHADE


class Bars(PolyCollection):
    """Bars of one width and look, whose ends change.

    Args:
        axes: where to draw; its limits stay as they are.
        centres: [N] in data coordinates.
        width: in data coordinates.
        edgecolor: of the outline.
        zorder: as of every artist.
    """

    def __init__(
        self, axes: Axes, centres: np.ndarray, *, width: float, edgecolor: str, zorder: float
    ):
        style = {"facecolor": SHADE, "edgecolor": edgecolor, "linewidth": 1.0}
        super().__init__([], zorder=zorder, **style)
        self.centres, self.width = np.asarray(centres, dtype=float), width
        self.set_ends(np.zeros_like(self.centres), np.zeros_like(self.centres))
        axes.add_collection(self, autolim=False)

    def set_ends(self, lows: np.ndarray, tops: np.ndarray) -> None:
        """Where each bar begins and ends, [N] each.

        Raises:
            ValueError: if there is not one end for each bar.
        """
        self.lows, self.tops = np.asarray(lows, dtype=float), np.asarray(tops, dtype=float)
        require_same_shape(centres=self.centres, lows=self.lows, tops=self.tops)
        left, right = self.centres - self.width / 2, self.centres + self.width / 2
        corners = (left, lows), (right, lows), (right, tops), (left, tops)
        self.set_verts(np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1))


def rectangles(boxes: np.ndarray) -> Path:
    """Rectangles as one path, for one patch: one is drawn as fast as all.

    Args:
        boxes: [N, 4] left, top, right, bottom, in data coordinates.

    Raises:
        ValueError: for another shape.
    """
    if np.ndim(boxes) != 2 or np.shape(boxes)[1] != 4:
        raise ValueError(f"boxes must have shape [N, 4], got {list(np.shape(boxes))}")
    left, top, right, bottom = np.asarray(boxes, dtype=float).T
    corners = (left, top), (right, top), (right, bottom), (left, bottom), (left, top)
    points = np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(points.reshape(-1, 2), codes * len(points))


def bar_path(
    lows: Sequence[float], highs: Sequence[float], rows: Sequence[float], *, thickness: float
) -> Path:
    """Outline of N horizontal bars, for a `PathPatch`; see `rectangles`.

    Args:
        lows: [N] left ends.
        highs: [N] right ends.
        rows: [N] heights of their middles.
        thickness: of each, in the units of `rows`.

    Raises:
        ValueError: if there is not one end and one row for each bar.

    Example:
        >>> bar_path([0], [2], [5], thickness=1).get_extents().size.tolist()
        [2.0, 1.0]
    """
    lows, highs, rows = (np.asarray(values, dtype=float) for values in (lows, highs, rows))
    require_same_shape(lows=lows, highs=highs, rows=rows)
    half = thickness / 2
    return rectangles(np.stack([lows, rows - half, highs, rows + half], axis=1))
