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
from matplotlib.image import AxesImage, NonUniformImage, PcolorImage
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox

from rlnotes.plotting import frames, paths
from rlnotes.plotting.glyphs import Sheet, Typesetter
from rlnotes.plotting.operations import MARGIN, NotRecordableError, Operations

_LARGE = 250  # pixels; a larger marker is a shape of a collection


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
        self._page = Operations(figure)
        self.dpi = figure.dpi
        self.width, self.height = self._page.width, self._page.height
        self._typesetter = Typesetter(self.sheet, figure.dpi)
        self._marker_shape = paths.MarkerShapes()
        self._is_recording = False

    @property
    def sheet(self) -> Sheet:
        """The outlines that the frames so far refer to."""
        return self._page.sheet

    def record(self, artists: Iterable[Artist]) -> bytes:
        """A frame of these artists, drawn in the order given.

        Raises:
            NotRecordableError: if one of them cannot be recorded; nothing is left out.
        """
        self._page.clear()
        self._is_recording = True
        try:
            for artist in artists:
                with _images_as_they_travel(artist):
                    artist.draw(self)
        except OverflowError as problem:
            raise NotRecordableError(str(problem)) from problem
        except struct.error as problem:
            raise NotRecordableError(f"a number above {0xFFFF}") from problem
        finally:
            self._is_recording = False
        return self._page.frame()

    def picture(self, pixels: np.ndarray) -> bytes:
        """A frame of nothing but pixels [height, width, 4], the upper row first."""
        self._page.clear()
        self.draw_image(self.new_gc(), 0, 0, pixels[::-1])
        return self._page.frame()

    # What Matplotlib calls.

    def draw_path(self, gc, path, transform, rgbFace=None):
        filled = rgbFace is not None or gc.get_hatch() is not None
        visible = gc.get_rgb()[3] > 0
        options = {"snap": gc.get_snap(), "stroke_width": self._page.line_width(gc) * visible}
        if not filled:
            # Agg clips a pixel further out, and `cleaned` adds that pixel. Dashes start
            # where a line comes back into this rectangle.
            options["clip"] = (0, 0, self.width, self.height)
            options["simplify"] = path.should_simplify
        matrix = self._page.flip @ transform.get_matrix()
        outline = paths.cleaned(path, matrix, remove_nans=True, curves=True, **options)
        self._draw_outline(gc, outline, rgbFace)

    def _draw_outline(self, gc, outline: Path, face) -> None:
        # Agg draws no line to nowhere; a canvas may draw its end.
        if len(outline.vertices) < 2:
            return
        try:
            self._page.add(gc, frames.PATH, self._page.words(outline), face=face)
        except OverflowError:
            self._draw_what_is_in_sight(gc, outline, face)

    def _draw_what_is_in_sight(self, gc, outline: Path, face) -> None:
        """A path that reaches too far, cut outside the figure: its area, then its line.

        Its dashes may begin elsewhere.
        """
        if face is not None or gc.get_hatch() is not None:
            area = self._page.words(self._page.in_sight(outline))
            self._page.add(_copy(gc, linewidth=0), frames.PATH, area, face=face)
        edge = MARGIN + 2 * self._page.line_width(gc)  # a mitre is twice as long as a line is wide
        clip = -edge, -edge, self.width + edge, self.height + edge
        line = self._page.words(paths.cleaned(paths.cleaned(outline, curves=False), clip=clip))
        self._page.add(_copy(gc, hatch=None), frames.PATH, line)

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        gc, page = _reaching_over_its_clip(gc), self._page
        flip = np.diag([1.0, -1.0, 1.0])
        pen = {"snap": gc.get_snap(), "stroke_width": page.line_width(gc)}
        shape = flip @ marker_trans.get_matrix()
        outline, is_snapped = self._marker_shape(marker_path, shape, **pen)
        # Half a pixel further, so that a place's pixel is its whole part, bit for bit.
        matrix = flip @ trans.get_matrix()
        matrix[:2, 2] += (0.5, page.height + 0.5)
        places = paths.ends(paths.cleaned(path, matrix, remove_nans=True, curves=True))
        size = np.abs(outline.vertices).max(initial=0)
        places = places[page.near(places, size + MARGIN)]
        if size > _LARGE:
            # Markers that are not snapped are centred on a pixel.
            for place in np.floor(places) + (0 if is_snapped else 0.5):
                self._draw_outline(gc, Path(outline.vertices + place, outline.codes), rgbFace)
        elif len(places) and size > 0:
            body = frames.path_words(outline.vertices, paths.codes_of(outline), unit=frames.FINE)
            steps = np.floor(places * page.unit) - page.unit // 2
            body += struct.pack("<H", len(places)) + frames.words(steps)
            flags = 0 if is_snapped else frames.CENTRED
            page.add(gc, frames.MARKERS, body, face=rgbFace, flags=flags)

    def draw_path_collection(self, gc, *arguments, hatchcolors=None, **options):
        # Without a hatch their colours are looked up for nothing, once for each path.
        colors = hatchcolors if gc.get_hatch() else None
        super().draw_path_collection(gc, *arguments, hatchcolors=colors, **options)

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if ismath == "TeX":
            raise NotRecordableError("text set by LaTeX")
        options = (mtext.get_fontfeatures(), mtext.get_language()) if mtext else (None, None)
        glyphs, boxes = self._typesetter.line(s, prop, angle, bool(ismath), *options)
        ink = gc.get_rgb()
        glyphs = glyphs * (1, self._page.unit, self._page.unit) + (
            0,
            x * self._page.unit,
            y * self._page.unit,
        )
        glyphs = glyphs[(np.abs(glyphs[:, 1:]) < frames.LARGEST).all(1)]  # others are out of sight
        if len(glyphs):
            body = struct.pack("<2H", round(angle % 360 * frames.FINE), len(glyphs))
            self._page.add(gc, frames.GLYPHS, body + frames.words(glyphs), face=ink, stroked=False)
        for box in boxes:
            place = Affine2D().rotate_deg(angle).translate(x, self.height - y)
            self.draw_path(_copy(gc, linewidth=0), paths.bar(*box), place, ink)

    def draw_image(self, gc, x, y, im, transform=None):
        rows, columns = im.shape[:2]
        if not rows or not columns:
            return
        alpha = 1.0  # unless the pixels are as they were given, they are faded already
        if transform is None:
            matrix = np.array([[1.0, 0, floor(x + 0.5)], [0, 1, floor(y + 0.5)], [0, 0, 1]])
        else:
            to_unit = np.diag([1 / columns, 1 / rows, 1])
            matrix = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) @ transform.get_matrix() @ to_unit
            alpha = gc.get_alpha()
        upside_down = np.array([[1.0, 0, 0], [0, -1, rows], [0, 0, 1]])  # row 0 is the lowest
        affine = (self._page.flip @ matrix @ upside_down)[:2].T.astype("<f4").tobytes()
        head = struct.pack("<3H", round(255 * alpha), columns, rows) + affine
        self._page.add(gc, frames.IMAGE, head + _pixel_words(im[::-1]), stroked=False)

    def draw_gouraud_triangles(self, gc, triangles_array, colors_array, transform):
        raise NotRecordableError("triangles with shaded colours")

    def draw_tex(self, gc, x, y, s, prop, angle, *, mtext=None):
        raise NotRecordableError("text set by LaTeX")

    def start_filter(self):
        if self._is_recording:  # a layout only measures
            raise NotRecordableError("a filter")

    def get_canvas_width_height(self):
        return self.width, self.height

    def get_text_width_height_descent(self, s, prop, ismath):
        return self._typesetter.measure(s, prop.copy(), ismath)

    def points_to_pixels(self, points):
        return self._page.pixels(points)

    def option_image_nocomposite(self):
        return True

    def option_scale_image(self):
        return True


@contextmanager
def _images_as_they_travel(artist: Artist):
    # An image that shows its pixels as squares travels as those pixels: a canvas draws
    # squares, too. Any other image travels as it looks on the page, and so does one of
    # which each pixel has its own alpha.
    images = artist.findobj(AxesImage) if isinstance(artist, Figure) else [artist]
    before = {
        image: image.get_interpolation()
        for image in images
        if isinstance(image, AxesImage) and not isinstance(image, NonUniformImage | PcolorImage)
    }
    for image, interpolation in before.items():
        if interpolation in ("nearest", "none"):
            image.set_interpolation("none" if np.ndim(image.get_alpha()) == 0 else "nearest")
    try:
        yield
    finally:
        for image, interpolation in before.items():
            image.set_interpolation(interpolation)


def _copy(gc: GraphicsContextBase, **changes) -> GraphicsContextBase:
    """Another context with these properties set."""
    copy = GraphicsContextBase()
    copy.copy_properties(gc)
    for name, value in changes.items():
        getattr(copy, f"set_{name}")(value)
    return copy


def _reaching_over_its_clip(gc: GraphicsContextBase) -> GraphicsContextBase:
    """Agg lets markers reach a pixel over the right and the lower edge."""
    clip = gc.get_clip_rectangle()
    if clip is None:
        return gc
    left, low, right, high = clip.extents.tolist()
    return _copy(gc, clip_rectangle=Bbox([(left, low - 1), (right + 1, high)]))


def _pixel_words(image: np.ndarray) -> bytes:
    """Pixels [rows, columns, 4] by a palette, if 255 colours are enough."""
    pixels = np.ascontiguousarray(image, dtype=np.uint8).view("<u4").ravel()
    palette, index = np.unique(pixels, return_inverse=True)
    if len(palette) <= 255:
        data = struct.pack("<H", len(palette)) + palette.tobytes() + index.astype("u1").tobytes()
    else:
        data = struct.pack("<H", 0) + pixels.tobytes()
    return data + bytes(len(data) % 2)
