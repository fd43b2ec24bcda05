"""Horizontal bars as one path: all are drawn as fast as one."""

from collections.abc import Sequence

import numpy as np
from matplotlib.path import Path

from rlnotes._checks import require_same_shape


def bar_path(
    lows: Sequence[float], highs: Sequence[float], rows: Sequence[float], *, thickness: float
) -> Path:
    """Outline of N bars, for a `PathPatch`.

    Args:
        lows: [N] left ends.
        highs: [N] right ends.
        rows: [N] heights of their middles.
        thickness: of each, in the units of `rows`.

    Raises:
        ValueError: if there is not one end and one row for each bar.

    Example:
        >>> bar_path([0], [2], [5], thickness=1).get_extents().bounds
        (0.0, 4.5, 2.0, 1.0)
    """
    lows, highs, rows = (np.asarray(values, dtype=float) for values in (lows, highs, rows))
    require_same_shape(lows=lows, highs=highs, rows=rows)
    half = thickness / 2
    corners = ((lows, -half), (highs, -half), (highs, half), (lows, half), (lows, -half))
    points = np.stack([np.stack([x, rows + y], axis=-1) for x, y in corners], axis=1)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(points.reshape(-1, 2), codes * len(rows))
