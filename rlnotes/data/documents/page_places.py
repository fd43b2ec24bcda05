"""How the segments of a page lie to each other: rows, neighbours, pairs."""

import numpy as np

from rlnotes._checks import require_shape
from rlnotes.data.documents.document import Document

PAIRS = ("left in row", "right in row", "aligned", "near line", "down", "right", "other page")
_NEAR, _FAR = 2.5, 20.0  # distances down a page, in heights of the first segment


def on_one_row(document: Document) -> np.ndarray:
    """[N, N] bool: which segments stand on one row.

    They are on one page and share at least half the height of the less tall one. One
    without height shares a row with what it touches; each is on a row with itself.
    """
    _, top, _, bottom = document.boxes.T
    heights = bottom - top
    shared = np.minimum(bottom, bottom[:, None]) - np.maximum(top, top[:, None])
    return _same_page(document) & (shared >= np.minimum(heights, heights[:, None]) / 2)


def row_numbers(same_row: np.ndarray) -> np.ndarray:
    """[N] int64: the row of each segment, counted from 0 in reading order.

    Two segments are in one row if the first segment that shares a row with each of them
    is the same.

    Args:
        same_row: [N, N] bool, see `on_one_row`.

    Example:
        >>> row_numbers(np.eye(3, dtype=bool)).tolist()
        [0, 1, 2]
    """
    return np.unique(same_row.argmax(axis=1), return_inverse=True)[1]


def find_neighbours(document: Document) -> np.ndarray:
    """[N, 4] int64: the nearest segment left, above, right, below; -1 for none.

    Beside lies what is on one row; above and below what is not, but is on the page and
    shares some width. Distances are those of the middles, across or down; of two at one
    distance the first in reading order is taken.
    """
    left, top, right, bottom = document.boxes.T
    row = on_one_row(document)
    across = np.minimum(right, right[:, None]) > np.maximum(left, left[:, None])
    stacked = _same_page(document) & ~row & across
    x, y = (left + right) / 2, (top + bottom) / 2
    dx, dy = x - x[:, None], y - y[:, None]
    sides = ((row, -dx), (stacked, -dy), (row, dx), (stacked, dy))
    return np.stack([_nearest(allowed, ahead) for allowed, ahead in sides], axis=1)


def _nearest(allowed: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    allowed = allowed & (ahead > 0)
    nearest = np.where(allowed, ahead, np.inf).argmin(axis=1)
    return np.where(allowed.any(axis=1), nearest, -1)


def pair_numbers(document: Document, same_row: np.ndarray) -> np.ndarray:
    """[7, N, N] float32, see `PAIRS`: how the second segment lies to the first.

    On its row to the left or right; right edges within a height; within 2.5 lines above
    or below; distance down in twenty heights and to the right in widths of the page,
    cut off at 1; on another page. Distances are those of the middles, heights and
    widths those of the first segment and its page. Across pages, down is 0.

    Args:
        document: N segments.
        same_row: [N, N] bool, see `on_one_row`.

    Returns:
        [7, N, N]; the distances in [-1, 1], the others 0 or 1.

    Raises:
        ValueError: if same_row has another shape.
    """
    require_shape((len(document.segments),) * 2, same_row=same_row)
    left, top, right, bottom = document.boxes.T
    heights = np.maximum(bottom - top, 1e-9)[:, None]
    same_page = _same_page(document)
    x, y = (left + right) / 2, (top + bottom) / 2
    dx = (x - x[:, None]) / document.page_sizes[document.pages, :1]
    dy = (y - y[:, None]) / heights
    numbers = (
        same_row & (dx < 0),
        same_row & (dx > 0),
        same_page & (np.abs(right - right[:, None]) <= heights),
        same_page & ~same_row & (np.abs(dy) < _NEAR),
        np.clip(dy / _FAR, -1, 1) * same_page,
        np.clip(dx, -1, 1),
        ~same_page,
    )
    return np.stack(numbers, dtype=np.float32)


def _same_page(document: Document) -> np.ndarray:
    return document.pages == document.pages[:, None]
