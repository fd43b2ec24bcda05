"""A Matplotlib renderer that takes down what artists draw, for a canvas to replay.

It follows the Agg renderer wherever that moves things to whole pixels, so both give
the same picture at one canvas pixel per figure pixel; at any other scale the canvas
draws the same shapes finer. `rlnotes.plotting.frames` describes the bytes.
"""

import struct
from collections.abc import Iterable
from contextlib import contextmanager
from math import floor

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox

from rlnotes.plotting import frames
from rlnotes.plotting.glyphs import Sheet, Typesetter

_CAPS = {"butt": 0, "round": 1, "projecting": 2}
_JOINS = {"miter": 0, "round": 1, "bevel": 2}
_LARGE = 250  # pixels; a larger marker is a shape of a collection
_MARGIN = 64  # pixels around the figure within which a filled shape keeps its outline


class NotRecordableError(Exception):
    """An artist uses what no operation of a frame can say; the message names it."""


class Recorder(RendererBase):
    """Records one figure; `sheet` is shared by all its frames.

    Args:
        figure: its size and resolution are those of every frame.

    Example:
        >>> from rlnotes.plotting.style import new_figure
        >>> figure, (axes,) = new_figure(1)
        >>> line, = axes.plot([0, 1], [0, 1])
        >>> head, operations = frames.unpack(Recorder(figure).record([line]))
        >>> head, len(operations)
        ((990, 418, 16), 1)
    """

    def __init__(self, figure: Figure):
        super().__init__()
        self.dpi = figure.dpi
        self.width, self.height = figure.canvas.get_width_height()
        self.unit = frames.unit_of(self.width, self.height)
        self.sheet = Sheet()
        self._typesetter = Typesetter(self.sheet, self.dpi)
        self._operations: list[bytes] = []
        # Figures count upwards from the bottom, canvases downwards from the top.
        self._flip = np.array([[1.0, 0, 0], [0, -1, self.height], [0, 0, 1]])

    def record(self, artists: Iterable[Artist]) -> bytes:
        """A frame of these artists, drawn in the order given.

        Raises:
            NotRecordableError: if one of them cannot be recorded; nothing is left out.
        """
        self._operations = []
        try:
            for artist in artists:
                with _pixels_of_images_as_they_are(artist):
                    artist.draw(self)
        except OverflowError as problem:
            raise NotRecordableError(str(problem)) from problem
        head = frames.frame_head(self.width, self.height, self.unit)
        return head + b"".join(self._operations)

    def picture(self, pixels: np.ndarray) -> bytes:
        """A frame of nothing but pixels [height, width, 4], the upper row first."""
        self._operations = []
        self.draw_image(self.new_gc(), 0, 0, pixels[::-1])
        return frames.frame_head(self.width, self.height, self.unit) + self._operations[0]

    # What Matplotlib calls.

    def draw_path(self, gc, path, transform, rgbFace=None):
        filled = rgbFace is not None or gc.get_hatch() is not None
        visible = gc.get_rgb()[3] > 0
        options = {"snap": gc.get_snap(), "stroke_width": self._line_width(gc) * visible}
        if not filled:
            # Agg clips a pixel further out, and `cleaned` adds that pixel. Dashes start
            # where a line comes back into this rectangle.
            options["clip"] = (0, 0, self.width, self.height)
            options["simplify"] = path.should_simplify
        matrix = self._flip @ transform.get_matrix()
        outline = path.cleaned(matrix, remove_nans=True, curves=True, **options)
        self._draw_outline(gc, _without_end(outline), rgbFace)

    def _draw_outline(self, gc, outline: Path, face, *, clip_margin: int = 0) -> None:
        if not len(outline.vertices):
            return
        try:
            body = frames.path_words(outline.vertices, _codes(outline), unit=self.unit)
        except OverflowError:
            body = self._cut(outline, filled=face is not None or gc.get_hatch() is not None)
        self._add(gc, frames.PATH, body, face=face, clip_margin=clip_margin)

    def _cut(self, outline: Path, *, filled: bool) -> bytes:
        """A path that reaches too far outside, without what nobody sees of it.

        The edge that a cut shape gets lies beyond the edge of the figure.
        """
        outline = _without_end(outline.cleaned(curves=False))
        if filled:
            sides = self.width + _MARGIN, self.height + _MARGIN
            outline = outline.clip_to_bbox(Bbox([(-_MARGIN, -_MARGIN), sides]))
        return frames.path_words(outline.vertices, _codes(outline), unit=self.unit)

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        width = self._line_width(gc)
        flip = np.diag([1.0, -1.0, 1.0])
        shape = flip @ marker_trans.get_matrix()
        # As Agg does: the outline goes to whole pixels if its lines are level or plumb;
        # all others are centred on a pixel. The canvas moves the places to pixels.
        snapped = marker_path.cleaned(shape, snap=gc.get_snap(), stroke_width=width, curves=True)
        plain = marker_path.cleaned(shape, snap=False, stroke_width=width, curves=True)
        is_snapped = not np.array_equal(snapped.vertices, plain.vertices)
        outline = _without_end(snapped)
        # Half a pixel further, so that a place's pixel is its whole part, bit for bit.
        matrix = flip @ trans.get_matrix()
        matrix[:2, 2] += (0.5, self.height + 0.5)
        places = _ends(_without_end(path.cleaned(matrix, remove_nans=True, curves=True)))
        size = np.abs(outline.vertices).max(initial=0)
        places = places[self._near(places, size + _MARGIN)]
        # Agg clips markers a pixel later than all else, to the right and below.
        if size > _LARGE:
            for place in np.floor(places) + (0 if is_snapped else 0.5):
                moved = Path(outline.vertices + place, outline.codes)
                self._draw_outline(gc, moved, rgbFace, clip_margin=1)
        elif len(places) and size > 0:
            shape = frames.path_words(outline.vertices, _codes(outline), unit=frames.FINE)
            steps = np.floor(places * self.unit) - self.unit // 2
            body = shape + struct.pack("<H", len(places)) + frames.words(steps)
            flags = 0 if is_snapped else frames.CENTRED
            self._add(gc, frames.MARKERS, body, face=rgbFace, flags=flags, clip_margin=1)

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if ismath == "TeX":
            raise NotRecordableError("text set by LaTeX")
        options = (mtext.get_fontfeatures(), mtext.get_language()) if mtext else (None, None)
        glyphs, boxes = self._typesetter.line(s, prop, angle, bool(ismath), *options)
        ink = gc.get_rgb()
        if len(glyphs):
            glyphs = glyphs * (1, self.unit, self.unit) + (0, x * self.unit, y * self.unit)
            body = struct.pack("<2H", round(angle % 360 * frames.FINE), len(glyphs))
            self._add(gc, frames.GLYPHS, body + frames.words(glyphs), face=ink, stroked=False)
        for box in boxes:
            place = Affine2D().rotate_deg(angle).translate(x, self.height - y)
            bare = self.new_gc()
            bare.copy_properties(gc)
            bare.set_linewidth(0)
            self.draw_path(bare, _bar(*box), place, ink)

    def draw_image(self, gc, x, y, im, transform=None):
        rows, columns = im.shape[:2]
        if not rows or not columns:
            return
        if transform is None:
            matrix = np.array([[1.0, 0, round(x)], [0, 1, int(y)], [0, 0, 1]])
        else:
            to_unit = np.diag([1 / columns, 1 / rows, 1])
            matrix = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) @ transform.get_matrix() @ to_unit
        upside_down = np.array([[1.0, 0, 0], [0, -1, rows], [0, 0, 1]])  # row 0 is the lowest
        affine = (self._flip @ matrix @ upside_down)[:2].T.astype("<f4").tobytes()
        alpha = round(255 * (1 if gc.get_alpha() is None else gc.get_alpha()))
        head = struct.pack("<3H", alpha, columns, rows) + affine
        self._add(gc, frames.IMAGE, head + _pixel_words(im[::-1]), stroked=False)

    def draw_gouraud_triangles(self, gc, triangles_array, colors_array, transform):
        raise NotRecordableError("triangles with shaded colours")

    def draw_tex(self, gc, x, y, s, prop, angle, *, mtext=None):
        raise NotRecordableError("text set by LaTeX")

    def start_filter(self):
        raise NotRecordableError("a filter")

    def stop_filter(self, filter_func):
        raise NotRecordableError("a filter")

    def get_canvas_width_height(self):
        return self.width, self.height

    def get_text_width_height_descent(self, s, prop, ismath):
        return self._typesetter.measure(s, prop.copy(), ismath)

    def points_to_pixels(self, points):
        return points * self.dpi / 72

    def option_image_nocomposite(self):
        return True

    def option_scale_image(self):
        return True

    # The parts of an operation.

    def _add(
        self, gc, kind: int, body: bytes, *, face=None, flags: int = 0, stroked=True, clip_margin=0
    ) -> None:
        if gc.get_sketch_params() is not None:
            raise NotRecordableError("lines as if drawn by hand")
        fill = stroke = (0, 0, 0, 0)
        parts = []
        if face is not None:
            fill = _with_alpha(face, gc)
            flags |= frames.FILL
        width = self._line_width(gc)
        if stroked and width > 0:
            stroke = _with_alpha(gc.get_rgb(), gc)
            flags |= frames.STROKE
            style = _CAPS[gc.get_capstyle()] + 4 * _JOINS[gc.get_joinstyle()]
            parts.append(struct.pack("<2H", self._fine(width), style))
            offset, dashes = gc.get_dashes()
            if dashes is not None:
                flags |= frames.DASHES
                lengths = [self.points_to_pixels(length) for length in (offset, *dashes)]
                parts.append(struct.pack(f"<H{len(lengths)}f", len(dashes), *lengths))
        if not gc.get_antialiased():
            flags |= frames.CRISP
        for flag, part in self._limits(gc, stroked, clip_margin):
            flags |= flag
            parts.append(part)
        operation = frames.operation(
            kind, b"".join([*parts, body]), flags=flags, fill=fill, stroke=stroke
        )
        self._operations.append(operation)

    def _limits(self, gc: GraphicsContextBase, hatched: bool, clip_margin: int):
        clip = gc.get_clip_rectangle()
        if clip is not None:
            left, low, right, high = (max(floor(edge + 0.5), 0) for edge in clip.extents.tolist())
            top, bottom = self.height - high, self.height - low
            right, bottom = right + clip_margin, bottom + clip_margin
            edges = left, max(top, 0), min(right, self.width), max(bottom, 0)
            yield frames.CLIP, struct.pack("<4H", *edges)
        clip_path, clip_transform = gc.get_clip_path()
        if clip_path is not None:
            matrix = self._flip @ clip_transform.get_matrix()
            region = _without_end(clip_path.cleaned(matrix, remove_nans=True, curves=True))
            words = frames.path_words(region.vertices, _codes(region), unit=self.unit)
            yield frames.CLIP_PATH, words
        if hatched and gc.get_hatch() is not None:
            size = int(self.dpi)
            tile = gc.get_hatch_path()
            vertices = (tile.vertices * (1, -1) + (0, 1)) * size
            number = self.sheet.number(vertices, tile.codes)
            width = self._fine(self.points_to_pixels(gc.get_hatch_linewidth()))
            words = frames.colour_words(gc.get_hatch_color())
            yield frames.HATCH, words + struct.pack("<3H", width, number, size)

    def _near(self, points: np.ndarray, reach: float) -> np.ndarray:
        return ((points >= -reach) & (points <= np.array([self.width, self.height]) + reach)).all(1)

    def _line_width(self, gc) -> float:
        return self.points_to_pixels(gc.get_linewidth())

    def _fine(self, pixels: float) -> int:
        return round(pixels * frames.FINE)


@contextmanager
def _pixels_of_images_as_they_are(artist: Artist):
    # An image that shows its pixels as squares travels as those pixels: a canvas draws
    # squares, too. Any other image travels as it looks on the page.
    images = artist.findobj(AxesImage) if isinstance(artist, Figure) else [artist]
    squares = [
        image
        for image in images
        if isinstance(image, AxesImage) and image.get_interpolation() == "nearest"
    ]
    for image in squares:
        image.set_interpolation("none")
    try:
        yield
    finally:
        for image in squares:
            image.set_interpolation("nearest")


def _without_end(path: Path) -> Path:
    """The path without the points that only mark its end."""
    if path.codes is None or (len(path.codes) and path.codes[-1] != Path.STOP):
        return path
    return Path._fast_from_codes_and_verts(path.vertices[:-1], path.codes[:-1])


def _codes(path: Path) -> np.ndarray | None:
    """The codes of a path, or None if it is one line through all points."""
    codes = path.codes
    if codes is None or ((codes[:1] == Path.MOVETO).all() and (codes[1:] == Path.LINETO).all()):
        return None
    return codes


def _ends(path: Path) -> np.ndarray:
    """The points at which markers stand: control points of curves are none."""
    if path.codes is None:
        return path.vertices
    return np.array([points[-2:] for points, _ in path.iter_segments(simplify=False)])


def _bar(x: float, y: float, width: float, height: float) -> Path:
    """A bar of a formula, at least a pixel thick, as Agg draws it."""
    x, width = (x, width) if width >= 1 else (x - (1 - width) / 2, 1)
    y, height = (y, height) if height >= 1 else (y - (1 - height) / 2, 1)
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return Path(corners, closed=True)


def _with_alpha(rgba, gc: GraphicsContextBase) -> tuple:
    if len(rgba) == 3 or gc.get_forced_alpha():
        return *rgba[:3], gc.get_alpha()
    return tuple(rgba)


def _pixel_words(image: np.ndarray) -> bytes:
    """Pixels [rows, columns, 4] by a palette, if 255 colours are enough."""
    pixels = np.ascontiguousarray(image, dtype=np.uint8).view("<u4").ravel()
    palette, index = np.unique(pixels, return_inverse=True)
    if len(palette) <= 255:
        data = struct.pack("<H", len(palette)) + palette.tobytes() + index.astype("u1").tobytes()
    else:
        data = struct.pack("<H", 0) + pixels.tobytes()
    return data + bytes(len(data) % 2)
