"""Outlines that many operations share: glyphs and hatches.

Text is laid out and hinted by the code that Matplotlib's Agg renderer uses, so its
outlines fill the same pixels, whatever fonts the browser has.
"""

from functools import lru_cache
from itertools import accumulate
from math import cos, radians, sin
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg, get_hinting_flag
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font, LoadFlags

from rlnotes.plotting import frames

_IDENTITY = 0x10000 * np.eye(2, dtype=int)


class Sheet:
    """Numbered outlines; grows, and never renumbers.

    `data` are its bytes as `rlnotes.plotting.frames` describes them.
    """

    def __init__(self):
        self._numbers: dict[bytes, int] = {}
        self._parts = [frames.words([frames.VERSION])]

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, vertices: np.ndarray, codes: np.ndarray | None) -> int:
        """Number of the outline with these points (in pixels) and codes."""
        path = frames.path_words(vertices, codes, unit=frames.FINE)
        if path not in self._numbers:
            self._numbers[path] = len(self._numbers)
            self._parts.append(frames.words([len(path) // 2]) + path)
        return self._numbers[path]

    @property
    def data(self) -> bytes:
        """The whole sheet."""
        return b"".join(self._parts)


class _Letter(NamedTuple):
    glyph: tuple  # font, size, index
    top: float
    descent: float


class _Cut:
    """One font at one size, whose letters and pairs of letters are laid out once.

    Matplotlib takes 0.2 ms to lay out a short text that it has not seen. Numbers change
    at every move of a slider, but their letters do not.
    """

    def __init__(self, renderer: RendererAgg, font: FontProperties, hinting: LoadFlags):
        self._renderer, self._font, self._hinting = renderer, font, hinting
        self._size = font.get_size_in_points()
        self.letter = lru_cache(maxsize=None)(self._letter)
        self.steps = lru_cache(maxsize=None)(self._steps)

    def items(self, text: str, **options) -> list[tuple]:
        """Font, size, glyph index, x, y of each glyph of any text."""
        laid_out = self._renderer._prepare_font(self._font)._layout(
            text, flags=self._hinting, **options
        )
        return [(i.ft_object, self._size, i.glyph_index, i.x, i.y) for i in laid_out]

    def size(self, text: str) -> tuple[float, float, float]:
        """Width, height and descent in pixels."""
        return self._renderer.get_text_width_height_descent(text, self._font, False)

    def places(self, text: str) -> list[float] | None:
        """Where each letter begins, and the end; None if letters join or change."""
        steps = [self.steps(text[i : i + 2]) for i in range(len(text))]
        return None if None in steps else [0.0, *accumulate(steps)]

    def _letter(self, letter: str) -> _Letter:
        ((font, size, index, _, _),) = self.items(letter)
        _, height, descent = self.size(letter)
        return _Letter((font, size, index), height - descent, descent)

    def _steps(self, pair: str) -> float | None:
        if len(pair) == 1:
            return self.size(pair)[0]
        items = self.items(pair)
        same = [item[:3] for item in items] == [self.letter(letter).glyph for letter in pair]
        return items[1][3] if same else None


class Typesetter:
    """Text as glyphs with their places, for one resolution.

    Args:
        sheet: where the outlines go.
        dpi: dots per inch.
    """

    def __init__(self, sheet: Sheet, dpi: float):
        self.sheet, self.dpi = sheet, dpi
        self._hinting = get_hinting_flag()
        self._renderer = RendererAgg(1, 1, dpi)  # lays text out; nothing is drawn on it
        self._cuts: dict[FontProperties, _Cut] = {}
        self._numbers: dict[tuple, int | None] = {}
        self._lines = lru_cache(maxsize=1000)(self._line)
        self.measure = lru_cache(maxsize=1000)(self._measure)

    def line(self, text: str, font: FontProperties, angle: float, ismath: bool, *options):
        """Glyphs [N, 3] (outline, x, y) and boxes [M, 4] (x, y, width, height).

        Places are in pixels from the start of the baseline, rotated, y downwards; the
        boxes (the bars of fractions) are not rotated, y upwards. The options are the
        font features and the language of a `Text`.
        """
        return self._lines(text, font.copy(), angle, ismath, *options)

    def _measure(self, text: str, font: FontProperties, ismath) -> tuple[float, float, float]:
        """Width, height and descent of a text in pixels."""
        places = None if ismath else self._plain(text, font)
        if places is None:
            return self._renderer.get_text_width_height_descent(text, font, ismath)
        letters = list(map(self._cut(font).letter, text))
        descent = max(letter.descent for letter in letters)
        return places[-1], max(letter.top for letter in letters) + descent, descent

    def _line(self, text, font, angle, ismath, features=None, language=None):
        boxes = []
        if ismath:
            parsed = self._renderer.mathtext_parser.parse(text, self.dpi, font)
            items = [(ft, size, index, x, y) for ft, size, _, index, x, y in parsed.glyphs]
            boxes = parsed.rects
        elif features or language or (places := self._plain(text, font)) is None:
            items = self._cut(font).items(text, features=features, language=language)
        else:
            letters = map(self._cut(font).letter, text)
            items = [(*it.glyph, x, 0.0) for it, x in zip(letters, places, strict=False)]
        c, s = cos(radians(angle)), sin(radians(angle))
        rotated = [
            (number, x * c - y * s, -(x * s + y * c))
            for face, size, index, x, y in items
            if (number := self._number(face, size, index)) is not None
        ]
        return np.array(rotated).reshape(-1, 3), np.array(boxes, dtype=float).reshape(-1, 4)

    def _plain(self, text: str, font: FontProperties) -> list[float] | None:
        if text and (text.isascii() or text.replace("\N{MINUS SIGN}", "").isascii()):
            return self._cut(font).places(text)
        return None

    def _cut(self, font: FontProperties) -> _Cut:
        if font not in self._cuts:
            self._cuts[font.copy()] = _Cut(self._renderer, font.copy(), self._hinting)
        return self._cuts[font]

    def _number(self, font: FT2Font, size: float, index: int) -> int | None:
        key = font.fname, font.face_index, size, index
        if key not in self._numbers:
            font.set_size(size, self.dpi)
            font._set_transform(_IDENTITY, [0, 0])
            font.load_glyph(index, flags=self._hinting)
            vertices, codes = font.get_path()
            visible = len(vertices) > 0
            self._numbers[key] = self.sheet.number(vertices * (1, -1), codes) if visible else None
        return self._numbers[key]
