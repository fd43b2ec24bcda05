"""One invented page of each layout: its boxes, the total, and what names the total."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.page_places import find_neighbours
from rlnotes.data.documents.pointing import spellings
from rlnotes.data.invoices.sampling import sample_invoice

SEED = 127  # of equal generators: all receipts set one bill


class LayoutPage(NamedTuple):
    """A page on which the total stands once, with its name beside it."""

    boxes: np.ndarray  # [N, 4] left, top, right, bottom, in heights of the page
    width: float  # of the page, in its heights
    total: int  # number of the segment
    name: int
    texts: tuple[str, ...]

    @property
    def side(self) -> str:
        """On which side of the total its name stands."""
        return "left" if self.boxes[self.name, 0] < self.boxes[self.total, 0] else "right"


@lru_cache(maxsize=16)
def layout_page(layout: str, seed: int = SEED) -> LayoutPage:
    """The page that this seed gives in a layout, without noise.

    Raises:
        ValueError: if it has several pages, or not one total with a name beside it.
    """
    document = sample_invoice(np.random.default_rng(seed), layouts=(layout,))
    found = _total_and_name(document)
    if found is None:
        raise ValueError(f"seed must give one page with one named total in {layout}, got {seed}")
    width, height = document.page_sizes[0]
    return LayoutPage(document.boxes / height, width / height, *found, document.segments)


def _total_and_name(document: Document) -> tuple[int, int] | None:
    """Segments of the total and of its name, if there is one page and no doubt."""
    amounts = spellings(document)["amount"]
    totals = [i for i, row in enumerate(amounts) if document.target["total"] in row]
    if len(document.page_sizes) > 1 or len(totals) != 1:
        return None
    left, _, right, _ = find_neighbours(document)[totals[0]]
    beside = [i for i in (left, right) if i >= 0 and document.segments[i][0].isalpha()]
    return (totals[0], int(beside[0])) if len(beside) == 1 else None
