"""An explorer's figure: laid out once, recorded for a browser, drawn by Agg."""

import io
from collections.abc import Iterable
from contextlib import contextmanager
from functools import cached_property

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure
from PIL import Image

from rlnotes.plotting.recorder import NotRecordableError, Recorder

_ABOVE = 1000  # higher than what anybody writes


class Scene:
    """A figure of which only some artists change.

    Args:
        figure: laid out here for the last time: its axes stay where they are.
        artists: those that change. All others are drawn once, and these above them, in
            the order of their zorder.
    """

    def __init__(self, figure: Figure, artists: Iterable[Artist]):
        self.figure = figure
        self.artists = sorted(artists, key=Artist.get_zorder)
        for artist in self.artists:
            artist.set_zorder(artist.get_zorder() + _ABOVE)
        self._recorder = Recorder(figure)
        self._problem = ""
        self._region = None
        agg = figure.canvas
        _MeasuringCanvas(figure, self._recorder)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        figure.set_canvas(agg)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._recorder.width, self._recorder.height

    @cached_property
    def head(self) -> bytes:
        """The words with which every frame begins."""
        return self._recorder.record([])

    @property
    def sheet(self) -> bytes:
        """The outlines that the frames so far refer to."""
        return self._recorder.sheet.data

    @cached_property
    def background(self) -> bytes:
        """A frame of all that never changes."""
        with self._unchanging():
            try:
                return self._recorder.record([self.figure])
            except NotRecordableError as problem:
                self._problem = str(problem)
                return self._recorder.record([])

    def frame(self) -> tuple[bytes, str]:
        """A frame of what changes; a sentence if it had to be sent as a picture."""
        background, problem = self.background, self._problem
        if background and not problem:
            try:
                return self._recorder.record(self.artists), ""
            except NotRecordableError as unrecorded:
                problem = str(unrecorded)
        sentence = f"Sent as a picture, and slowly, since no frame can hold {problem}."
        return self._recorder.picture(_few_colours(self._pixels())), sentence

    def pieces(self) -> list[bytes]:
        """Of each artist that changes its part of the frame, which is `head` and these.

        Raises:
            NotRecordableError: if one of them, or the background, cannot be recorded.
        """
        if self.background and self._problem:
            raise NotRecordableError(self._problem)
        return [self._recorder.record([artist])[len(self.head) :] for artist in self.artists]

    def png(self) -> bytes:
        """The picture as Agg draws it."""
        buffer = io.BytesIO()
        image = Image.fromarray(np.ascontiguousarray(self._pixels()[..., :3]))
        image.save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    def _pixels(self) -> np.ndarray:
        canvas = self.figure.canvas
        if self._region is None:
            with self._unchanging():
                canvas.draw()
            self._region = canvas.copy_from_bbox(self.figure.bbox)
        canvas.restore_region(self._region)
        for artist in self.artists:
            artist.draw(canvas.get_renderer())
        return np.asarray(canvas.buffer_rgba())

    @contextmanager
    def _unchanging(self):
        visible = [artist.get_visible() for artist in self.artists]
        for artist in self.artists:
            artist.set_visible(False)
        try:
            yield
        finally:
            for artist, was_visible in zip(self.artists, visible, strict=True):
                artist.set_visible(was_visible)


class _MeasuringCanvas(FigureCanvasBase):
    """Lends its renderer to the layout, so that Agg need not exist for it."""

    def __init__(self, figure: Figure, renderer: Recorder):
        super().__init__(figure)
        self._renderer = renderer

    def get_renderer(self) -> Recorder:
        return self._renderer


def _few_colours(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    return np.asarray(image.quantize(255).convert("RGBA"))
