"""Bars and boxes as one path: all are drawn as fast as one."""

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
        >>> bar_path([0], [2], [5], thickness=1).get_extents().extents.tolist()
        [0.0, 4.5, 2.0, 5.5]
    """
    lows, highs, rows = (np.asarray(values, dtype=float) for values in (lows, highs, rows))
    require_same_shape(lows=lows, highs=highs, rows=rows)
    half = thickness / 2
    return box_path(np.stack([lows, rows - half, highs, rows + half], axis=1))


def box_path(boxes: np.ndarray) -> Path:
    """Outline of N rectangles, for a `PathPatch`.

    Args:
        boxes: [N, 4] left, top, right, bottom.

    Raises:
        ValueError: for another shape.

    Example:
        >>> box_path([[0, 4.5, 2, 5.5]]).get_extents().extents.tolist()
        [0.0, 4.5, 2.0, 5.5]
    """
    boxes = np.asarray(boxes, dtype=float)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape [N, 4], got {list(boxes.shape)}")
    left, top, right, bottom = boxes.T
    corners = (left, top), (right, top), (right, bottom), (left, bottom), (left, top)
    points = np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(points.reshape(-1, 2), codes * len(boxes))
