"""The operations of a frame, put together from what Matplotlib says of an artist."""

import struct
from math import floor

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.figure import Figure
from matplotlib.path import Path

from rlnotes.plotting import frames, paths
from rlnotes.plotting.glyphs import Sheet

_CAPS = {"butt": 0, "round": 1, "projecting": 2}
_JOINS = {"miter": 0, "round": 1, "bevel": 2}
MARGIN = 64  # pixels around the figure within which a filled shape keeps its outline


class NotRecordableError(Exception):
    """An artist uses what no operation of a frame can say; the message names it."""


class Operations:
    """The operations so far, for a figure of this size.

    `rlnotes.plotting.frames` describes their bytes. `sheet` holds the outlines.
    """

    def __init__(self, figure: Figure):
        self.dpi = figure.dpi
        self.width, self.height = figure.canvas.get_width_height()
        self.unit = frames.unit_of(self.width, self.height)
        self.sheet = Sheet()
        # Figures count upwards from the bottom, canvases downwards from the top.
        self.flip = np.array([[1.0, 0, 0], [0, -1, self.height], [0, 0, 1]])
        self._parts: list[bytes] = []

    def clear(self) -> None:
        """Begin a new frame."""
        self._parts = []

    def frame(self) -> bytes:
        """A frame of the operations so far."""
        head = frames.frame_head(self.width, self.height, self.unit)
        return head + b"".join(self._parts)

    def pixels(self, points: float) -> float:
        """Length in pixels of one in points."""
        return points * self.dpi / 72

    def line_width(self, gc: GraphicsContextBase) -> float:
        """In pixels."""
        return self.pixels(gc.get_linewidth())

    def words(self, path: Path) -> bytes:
        """A path in pixels as words; an OverflowError if it reaches too far."""
        return frames.path_words(path.vertices, paths.codes_of(path), unit=self.unit)

    def in_sight(self, path: Path) -> Path:
        """The area of a path that can be seen, and a margin."""
        sides = self.width + MARGIN, self.height + MARGIN
        return paths.inside(path, (-MARGIN, -MARGIN), sides)

    def near(self, points: np.ndarray, reach: float) -> np.ndarray:
        """[N] which points lie on the figure or at most `reach` pixels beside it."""
        sides = np.array([self.width, self.height])
        return ((points >= -reach) & (points <= sides + reach)).all(axis=1)

    def add(
        self,
        gc: GraphicsContextBase,
        kind: int,
        body: bytes,
        *,
        face=None,
        flags: int = 0,
        stroked: bool = True,
    ) -> None:
        """Add one operation: filled with `face`, with the line of the context."""
        if gc.get_sketch_params() is not None:
            raise NotRecordableError("lines as if drawn by hand")
        fill = stroke = (0, 0, 0, 0)
        parts = []
        if face is not None:
            fill = _with_alpha(face, gc)
            flags |= frames.FILL
        width = self.line_width(gc)
        if stroked and width > 0:
            stroke = _with_alpha(gc.get_rgb(), gc)
            flags |= frames.STROKE
            style = _CAPS[gc.get_capstyle()] + 4 * _JOINS[gc.get_joinstyle()]
            parts.append(struct.pack("<2H", _fine(width), style))
            offset, dashes = gc.get_dashes()
            if dashes is not None:
                flags |= frames.DASHES
                lengths = [self.pixels(length) for length in (offset, *dashes)]
                parts.append(struct.pack(f"<H{len(lengths)}f", len(dashes), *lengths))
        if not gc.get_antialiased():
            flags |= frames.CRISP
        for flag, part in self._limits(gc, stroked):
            flags |= flag
            parts.append(part)
        every_part = b"".join([*parts, body])
        self._parts.append(
            frames.operation(kind, every_part, flags=flags, fill=fill, stroke=stroke)
        )

    def _limits(self, gc: GraphicsContextBase, hatched: bool):
        clip = gc.get_clip_rectangle()
        if clip is not None:
            left, low, right, high = (max(floor(edge + 0.5), 0) for edge in clip.extents.tolist())
            top, bottom = self.height - high, self.height - low
            edges = left, max(top, 0), min(right, self.width), max(bottom, 0)
            yield frames.CLIP, struct.pack("<4H", *edges)
        clip_path, clip_transform = gc.get_clip_path()
        if clip_path is not None:
            matrix = self.flip @ clip_transform.get_matrix()
            region = paths.cleaned(clip_path, matrix, remove_nans=True, curves=True)
            try:
                words = self.words(region)
            except OverflowError:
                words = self.words(self.in_sight(region))
            yield frames.CLIP_PATH, words
        if hatched and gc.get_hatch() is not None:
            size = int(self.dpi)
            tile = gc.get_hatch_path()
            vertices = (tile.vertices * (1, -1) + (0, 1)) * size
            number = self.sheet.number(vertices, tile.codes)
            width = _fine(self.pixels(gc.get_hatch_linewidth()))
            words = frames.colour_words(gc.get_hatch_color())
            yield frames.HATCH, words + struct.pack("<3H", width, number, size)


def _fine(pixels: float) -> int:
    if pixels * frames.FINE > 0xFFFF:
        raise OverflowError(f"a line {pixels:.0f} pixels wide")
    return round(pixels * frames.FINE)


def _with_alpha(rgba, gc: GraphicsContextBase) -> tuple:
    if len(rgba) == 3 or gc.get_forced_alpha():
        return *rgba[:3], gc.get_alpha()
    return tuple(rgba)
