"""Many bars at the price of one artist: all of them are polygons of one collection."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

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
