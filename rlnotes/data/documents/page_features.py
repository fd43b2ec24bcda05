"""A page as numbers: what a policy that looks at text and places is given to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.page_numbers import amount_numbers
from rlnotes.data.documents.page_places import PAIRS, find_neighbours, on_one_row, pair_numbers
from rlnotes.data.documents.page_words import word_bags
from rlnotes.data.documents.pointing import Spelling, spellings

_HEADER = 8


@dataclass(frozen=True, eq=False)
class PageFeatures:
    """One document of N segments as arrays; its length is N.

    Attributes:
        word_rows: [W] int64 rows of the table of words, those of the first segment
            first.
        word_counts: [N] int64, how many belong to each segment.
        numbers: [N, `NUM_NUMBERS`] float32 in [0, 1], see `NUMBERS`.
        neighbours: [N, 4] int64, the nearest segment on the left, above, on the right
            and below; -1 for none. See `find_neighbours`.
        pairs: [`NUM_PAIRS`, N, N] float32 in [-1, 1], how a second segment lies to a
            first one, see `PAIRS`.
    """

    word_rows: np.ndarray
    word_counts: np.ndarray
    numbers: np.ndarray
    neighbours: np.ndarray
    pairs: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)


def page_features(
    document: Document, *, spelled: Mapping[str, Sequence[Spelling]] | None = None
) -> PageFeatures:
    """A document as numbers, for a policy to read.

    Args:
        document: its segments, boxes and pages are read, never its target.
        spelled: its `spellings`, if they are there already.

    Raises:
        ValueError: for a document without a segment, or if spelled has another number
            of segments.
    """
    if not len(document.segments):
        raise ValueError(f"document must have a segment, got none in {document.name!r}")
    spelled = spellings(document) if spelled is None else spelled
    rows, counts = word_bags(document.segments)
    columns = _places(document) | _forms(document.segments) | amount_numbers(document, spelled)
    return PageFeatures(
        rows,
        counts,
        np.stack([columns[name] for name in NUMBERS], axis=1, dtype=np.float32),
        find_neighbours(document),
        pair_numbers(document, on_one_row(document)),
    )


def _places(document: Document) -> dict[str, np.ndarray]:
    """Box on its page, height in usual heights, order, first and last page.

    The usual height is the median of all that have one; heights are cut off at 4. The
    header are the first 8 segments; the last page is the last one with a segment.
    """
    width, height = document.page_sizes[document.pages].T
    left, top, right, bottom = document.boxes.T
    heights = bottom - top
    usual = np.median(heights[heights > 0]) if (heights > 0).any() else 1.0
    order = np.arange(len(heights))
    return {
        "left": left / width,
        "top": top / height,
        "right": right / width,
        "height": np.minimum(heights / usual, 4) / 4,
        "width": (right - left) / width,
        "order": order / len(order),
        "header": order < _HEADER,
        "first page": document.pages == 0,
        "last page": document.pages == document.pages.max(),
    }


def _forms(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Length, cut off at 40; shares of digits, letters, capitals, and other signs."""
    lengths = np.array([len(text) for text in texts])
    shares = {
        name: np.array([sum(map(is_kind, text)) for text in texts]) / lengths
        for name, is_kind in _KINDS_OF_SIGNS.items()
    }
    return {
        "length": np.minimum(lengths, 40) / 40,
        **shares,
        "signs": np.maximum(1 - shares["digits"] - shares["letters"], 0),  # not -1e-17
    }


_KINDS_OF_SIGNS = {"digits": str.isdigit, "letters": str.isalpha, "capitals": str.isupper}
NUMBERS = (
    *("left", "top", "right", "height", "width", "order", "header", "first page", "last page"),
    *("length", "digits", "letters", "capitals", "signs"),
    *("amount", "date", "currency", "registration", "logarithm", "share of largest", "largest"),
    *("copies", "negative", "zero", "five cents", "sum", "larger part", "smaller part"),
    *("like a tax", "in a run", "sum of a run", "product", "column", "decimal comma"),
)
NUM_NUMBERS, NUM_NEIGHBOURS, NUM_PAIRS = len(NUMBERS), 4, len(PAIRS)
