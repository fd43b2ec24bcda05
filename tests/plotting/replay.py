"""Frames read back and drawn by Agg: a second reader, for tests, beside `panel.js`.

It follows the description in `rlnotes.plotting.frames` and nothing else. Agg is given
bare paths in pixels: no snapping, no simplification, no text.
"""

from dataclasses import dataclass, field

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform, TransformedPath

from rlnotes.plotting import frames

CAPS, JOINS = ["butt", "round", "projecting"], ["miter", "round", "bevel"]
HOUSE_DPI = 110


@dataclass
class Operation:
    """One operation in words of our own; what is absent is None."""

    kind: str
    fill: tuple | None
    stroke: tuple | None = None  # as bytes, like `fill`
    width: float | None = None  # pixels, and all further lengths
    cap: str | None = None
    join: str | None = None
    dashes: tuple | None = None  # offset, lengths
    clip: list | None = None  # left, top, right, bottom
    clip_path: Path | None = None
    hatch: dict | None = None
    is_crisp: bool = False
    path: Path | None = None
    places: np.ndarray | None = None
    is_centred: bool = False
    angle: float | None = None  # degrees
    glyphs: list = field(default_factory=list)  # (outline number, x, y)
    alpha: float | None = None
    affine: np.ndarray | None = None  # [2, 3]
    num_colours: int | None = None
    pixels: np.ndarray | None = None  # [rows, columns, 4], the upper row first


class _Words:
    def __init__(self, words: np.ndarray):
        self.words, self.at = words, 0

    def take(self, count: int, kind: str = "<u2") -> np.ndarray:
        """The next words, as `count` numbers of this kind."""
        size = -(-count * np.dtype(kind).itemsize // 2)
        assert self.at + size <= len(self.words), "an operation is shorter than it says"
        data = self.words[self.at : self.at + size].tobytes()
        self.at += size
        return np.frombuffer(data, kind, count)

    def one(self) -> int:
        return int(self.take(1)[0])

    def path(self, unit: float) -> Path:
        count, has_codes = self.one(), self.one()
        vertices = self.take(2 * count, "<i2").reshape(-1, 2) / unit
        if has_codes:
            return Path(vertices, self.take(count).astype(np.uint8))
        return Path(vertices)


def read(frame: bytes) -> list[Operation]:
    """The operations of a frame."""
    (_, _, unit), operations = frames.unpack(frame)
    return [_read(operation, unit) for operation in operations]


def read_sheet(sheet: bytes) -> list[Path]:
    """The outlines of a sheet, in pixels, y downwards."""
    words = _Words(np.frombuffer(sheet, "<u2"))
    assert words.one() == frames.VERSION
    outlines = []
    while words.at < len(words.words):
        length = words.one()
        begin = words.at
        outlines.append(words.path(64))
        assert words.at == begin + length
    return outlines


def _read(packed: frames.Operation, unit: int) -> Operation:
    words, flags = _Words(packed.words), packed.flags
    kind = ["path", "markers", "glyphs", "image"][packed.kind]
    it = Operation(kind, packed.fill if flags & 16 else None)
    if flags & 32:
        it.stroke, it.width = packed.stroke, words.one() / 64
        style = words.one()
        it.cap, it.join = CAPS[style % 4], JOINS[style // 4]
    if flags & 64:
        count = words.one()
        offset, *lengths = words.take(1 + count, "<f4").tolist()
        it.dashes = offset, lengths
    if flags & 128:
        it.clip = words.take(4).tolist()
    if flags & 256:
        it.clip_path = words.path(unit)
    if flags & 512:
        colour = tuple(words.take(4, "u1").tolist())
        it.hatch = {"colour": colour, "width": words.one() / 64}
        it.hatch |= {"outline": words.one(), "size": words.one()}
    it.is_centred, it.is_crisp = bool(flags & 1024), bool(flags & 2048)
    {"path": _path, "markers": _markers, "glyphs": _glyphs, "image": _image}[kind](it, words, unit)
    assert words.at == len(words.words), "an operation is longer than its parts"
    return it


def _path(it: Operation, words: _Words, unit: int) -> None:
    it.path = words.path(unit)


def _markers(it: Operation, words: _Words, unit: int) -> None:
    it.path = words.path(64)
    it.places = words.take(2 * words.one(), "<i2").reshape(-1, 2) / unit


def _glyphs(it: Operation, words: _Words, unit: int) -> None:
    it.angle = words.one() / 64
    for _ in range(words.one()):
        number = words.one()
        x, y = words.take(2, "<i2").tolist()
        it.glyphs.append((number, x / unit, y / unit))


def _image(it: Operation, words: _Words, _unit: int) -> None:
    it.alpha = words.one() / 255
    columns, rows = words.one(), words.one()
    it.affine = words.take(6, "<f4").astype(float).reshape(3, 2).T
    it.num_colours = words.one()
    palette = words.take(4 * it.num_colours, "u1").reshape(-1, 4)
    if it.num_colours:
        it.pixels = palette[words.take(rows * columns, "u1")].reshape(rows, columns, 4)
    else:
        it.pixels = words.take(4 * rows * columns, "u1").reshape(rows, columns, 4)


def draw(frames_in_order: list[bytes], sheet: bytes, *, dpi: float = HOUSE_DPI) -> np.ndarray:
    """[height, width, 3] what a canvas shows of these frames, one over the other."""
    (width, height, _), _ = frames.unpack(frames_in_order[0])
    renderer, outlines = RendererAgg(width, height, dpi), read_sheet(sheet)
    renderer.draw_path(_pen(), Path.unit_rectangle(), Affine2D().scale(width, height), (1, 1, 1, 1))
    for frame in frames_in_order:
        for operation in read(frame):
            _draw(renderer, operation, outlines)
    return np.asarray(renderer.buffer_rgba())[..., :3].astype(int)


def _draw(renderer: RendererAgg, it: Operation, outlines: list[Path]) -> None:
    upwards = Affine2D().scale(1, -1).translate(0, renderer.height)
    pen = _pen(it, renderer, outlines)
    face = None if it.fill is None else tuple(byte / 255 for byte in it.fill)
    if it.clip and (it.clip[0] >= it.clip[2] or it.clip[1] >= it.clip[3]):
        return  # nothing is left; Agg would take four zeros for no clip at all
    if it.kind == "path":
        renderer.draw_path(pen, it.path, upwards, face)
    for x, y in it.places if it.kind == "markers" else []:
        middle = 0.5 if it.is_centred else 0
        move = Affine2D().translate(np.floor(x + 0.5) + middle, np.floor(y + 0.5) + middle)
        renderer.draw_path(pen, it.path, move + upwards, face)
    for number, x, y in it.glyphs:
        move = Affine2D().rotate_deg(-it.angle).translate(x, y)
        renderer.draw_path(pen, outlines[number], move + upwards, face)
    if it.kind == "image":
        renderer.draw_image(pen, 0, 0, _spread(it, renderer)[::-1])


class _Pen(GraphicsContextBase):
    tile: Path | None = None

    def get_hatch_path(self, density=6.0):
        return self.tile


def _pen(it: Operation | None = None, renderer=None, outlines=()) -> _Pen:
    pen = _Pen()
    pen.set_snap(False)
    pen.set_linewidth(0)
    if it is None:
        return pen
    to_points = 72 / renderer.dpi
    if it.stroke:
        pen.set_foreground(tuple(byte / 255 for byte in it.stroke), isRGBA=True)
        pen.set_linewidth(it.width * to_points)
        pen.set_capstyle(it.cap)
        pen.set_joinstyle(it.join)
    if it.dashes:
        offset, lengths = it.dashes
        pen.set_dashes(offset * to_points, [length * to_points for length in lengths])
    pen.set_antialiased(not it.is_crisp)
    if it.clip:
        left, top, right, bottom = it.clip
        height = renderer.height
        pen.set_clip_rectangle(Bbox([(left, height - bottom), (right, height - top)]))
    if it.clip_path:
        vertices = it.clip_path.vertices * (1, -1) + (0, renderer.height)
        path = Path(vertices, it.clip_path.codes)
        pen.set_clip_path(TransformedPath(path, IdentityTransform()))
    if it.hatch:
        size = it.hatch["size"]
        assert size == int(renderer.dpi)
        tile = outlines[it.hatch["outline"]]
        pen.tile = Path((tile.vertices / size - (0, 1)) * (1, -1), tile.codes)
        pen.set_hatch("/")  # any: `tile` is drawn
        pen.set_hatch_color(tuple(byte / 255 for byte in it.hatch["colour"]))
        pen.set_hatch_linewidth(it.hatch["width"] * to_points)
    return pen


def _spread(it: Operation, renderer: RendererAgg) -> np.ndarray:
    """The image on the pixels of the figure, each with the colour at its middle."""
    y, x = np.mgrid[: renderer.height, : renderer.width] + 0.5
    back = np.linalg.inv(np.vstack([it.affine, (0, 0, 1)]))
    column, row = (np.floor(back[i, 0] * x + back[i, 1] * y + back[i, 2]) for i in (0, 1))
    rows, columns = it.pixels.shape[:2]
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    if it.clip:
        left, top, right, bottom = it.clip
        inside &= (x > left) & (x < right) & (y > top) & (y < bottom)
    spread = np.zeros((*x.shape, 4), np.uint8)
    spread[inside] = it.pixels[row[inside].astype(int), column[inside].astype(int)]
    spread[..., 3] = np.rint(spread[..., 3] * it.alpha)
    return spread


def differing(shown: np.ndarray, expected: np.ndarray, *, tolerance: int = 32) -> np.ndarray:
    """[height, width] where two pictures [height, width, 3] differ visibly."""
    return (np.abs(shown.astype(int) - expected.astype(int)) > tolerance).any(axis=-1)


def has_block(marked: np.ndarray, size: int = 5) -> bool:
    """Whether a square of this size is marked all over."""
    windows = np.lib.stride_tricks.sliding_window_view(marked, (size, size))
    return bool(windows.all(axis=(-2, -1)).any())
