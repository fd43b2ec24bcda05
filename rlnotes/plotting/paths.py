"""Paths on their way to a canvas: moved to whole pixels as Agg does, and cut."""

from functools import lru_cache

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox


def cleaned(path: Path, *arguments, **options) -> Path:
    """`Path.cleaned` without the points that only mark an end.

    The point that closes a polygon means nothing and was not moved with the others: it
    may lie anywhere, also where no frame reaches. It is set to zero.
    """
    result = path.cleaned(*arguments, **options)
    if result.codes is None:
        return result
    last = -1 if len(result.codes) == 0 or result.codes[-1] == Path.STOP else None
    vertices, codes = result.vertices[:last], result.codes[:last]
    vertices[codes == Path.CLOSEPOLY] = 0
    return Path._fast_from_codes_and_verts(vertices, codes)


def codes_of(path: Path) -> np.ndarray | None:
    """The codes of a path, or None if it is one line through all points."""
    codes = path.codes
    if codes is None or ((codes[:1] == Path.MOVETO).all() and (codes[1:] == Path.LINETO).all()):
        return None
    return codes


def ends(path: Path) -> np.ndarray:
    """[N, 2] the points at which markers stand: control points of curves are none."""
    if path.codes is None:
        return path.vertices
    points = [points[-2:] for points, _ in path.iter_segments(simplify=False)]
    return np.array(points).reshape(-1, 2)


def inside(path: Path, low: tuple[float, float], high: tuple[float, float]) -> Path:
    """The area of a path within a rectangle, its curves as lines."""
    # One by one: Matplotlib cuts several polygons as if they were one.
    polygons = [Path(points) for points in cleaned(path, curves=False).to_polygons()]
    cut = [polygon.clip_to_bbox(Bbox([low, high])) for polygon in polygons]
    return Path.make_compound_path(*(part for part in cut if len(part.vertices)))


def bar(x: float, y: float, width: float, height: float) -> Path:
    """A bar of a formula, at least a pixel thick, as Agg draws it."""
    x, width = (x, width) if width >= 1 else (x - (1 - width) / 2, 1)
    y, height = (y, height) if height >= 1 else (y - (1 - height) / 2, 1)
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return Path(corners, closed=True)


class MarkerShapes:
    """Outlines of markers around their places; those seen last are kept."""

    def __init__(self):
        self._shape = lru_cache(maxsize=100)(_marker_shape)

    def __call__(self, path: Path, matrix: np.ndarray, *, snap, stroke_width: float):
        """The outline, and whether it lies on whole pixels.

        As Agg does: it goes there if its lines are level or plumb.
        """
        codes = None if path.codes is None else path.codes.tobytes()
        key = path.vertices.tobytes(), codes, matrix.tobytes()
        return self._shape(*key, snap, stroke_width)


def _marker_shape(vertices: bytes, codes, matrix: bytes, snap, stroke_width: float):
    codes = None if codes is None else np.frombuffer(codes, dtype=Path.code_type)
    path = Path(np.frombuffer(vertices).reshape(-1, 2), codes)
    matrix = np.frombuffer(matrix).reshape(3, 3)
    pen = {"snap": snap, "stroke_width": stroke_width}
    return cleaned(path, matrix, curves=True, **pen), _is_snapped(path, matrix, **pen)


def _is_snapped(path: Path, matrix: np.ndarray, *, snap, stroke_width: float) -> bool:
    """Whether a path goes to whole pixels, or would if it did not lie there already."""
    for shift in (0, 0.25):
        moved = Affine2D(matrix).translate(shift, shift).get_matrix()
        goal = path.cleaned(moved, snap=snap, stroke_width=stroke_width).vertices
        if not np.array_equal(goal, path.cleaned(moved).vertices):
            return True
    return False
