"""One document: what stands on its pages and where, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Document:
    """Text segments in reading order, the box of each, and the label if there is one.

    A segment is a run of words that stand close together on one line: an amount, a
    date with the word before it, a line of an address.

    Attributes:
        name: what the document is called in tables, such as its file's name.
        segments: [N] texts as printed; none is empty.
        boxes: [N, 4] left, top, right, bottom in units of the page; the origin is the
            top left corner, and a box lies on its page.
        pages: [N] page of each segment, from 0.
        page_sizes: [number of pages, 2] width and height.
        target: what the document says, as `rlnotes.functional.extraction` has it, or
            None for a document without a label.
        layout: the family of layouts it comes from, or None.
        printed: the label as its source writes it, before any reading of amounts and
            dates, or None.

    Raises:
        ValueError: if the lengths do not fit, a segment is empty, or a box is not
            finite, turned round, or off its page.
    """

    name: str
    segments: Sequence[str]
    boxes: np.ndarray
    pages: np.ndarray
    page_sizes: np.ndarray
    target: Mapping | None = field(default=None, repr=False)
    layout: str | None = None
    printed: Mapping | None = field(default=None, repr=False)

    def __post_init__(self):
        fixed = {
            "segments": tuple(self.segments),
            "boxes": np.asarray(self.boxes, dtype=np.float64).reshape(-1, 4),
            "pages": np.asarray(self.pages, dtype=np.int64).reshape(-1),
            "page_sizes": np.asarray(self.page_sizes, dtype=np.float64).reshape(-1, 2),
        }
        for name, value in fixed.items():
            object.__setattr__(self, name, value)
        self._check_lengths()
        self._check_boxes()

    def _check_lengths(self):
        count = len(self.segments)
        if len(self.boxes) != count or len(self.pages) != count:
            raise ValueError(
                f"boxes and pages must have one row for each of the {count} segments, "
                f"got {len(self.boxes)} and {len(self.pages)}"
            )
        for i, text in enumerate(self.segments):
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"segments must not be empty, got {text!r} as number {i}")

    def _check_boxes(self):
        if not (np.isfinite(self.page_sizes).all() and (self.page_sizes > 0).all()):
            raise ValueError(f"page_sizes must be positive, got {self.page_sizes.tolist()}")
        for i, (page, box) in enumerate(zip(self.pages, self.boxes, strict=True)):
            if not 0 <= page < len(self.page_sizes):
                raise ValueError(
                    f"pages must lie in [0, {len(self.page_sizes)}), got {page} as number {i}"
                )
            width, height = self.page_sizes[page]
            left, top, right, bottom = box
            if not (0 <= left <= right <= width and 0 <= top <= bottom <= height):
                raise ValueError(
                    f"boxes must lie on their page of {width:g} x {height:g}, "
                    f"got {box.tolist()} as number {i}"
                )
