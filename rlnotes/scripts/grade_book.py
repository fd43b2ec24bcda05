"""The book's own cells, which count for no pupil."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rlnotes.scripts.grade_folder import RawCell, read_cells


@dataclass(frozen=True)
class Book:
    """What the chapters hold besides the stubs.

    Args:
        ids: of all cells.
        answers: ids of the cells with the tag `answer`.
        sources: text of the code cells without the tag `exercise`.
    """

    ids: frozenset[str]
    answers: frozenset[str]
    sources: frozenset[str]

    def answers_with(self, cell: RawCell) -> bool:
        """Whether it is an answer cell of the book, by its tag or by its id."""
        return "answer" in cell.tags or cell.id in self.answers

    def holds(self, cell: RawCell) -> bool:
        """Whether it is a cell of the book as it was, other than a stub.

        A cell with the same text and an id of its own is the pupil's.
        """
        known = not cell.id or cell.id in self.ids
        return known and "exercise" not in cell.tags and cell.source in self.sources


def chapters(root: Path) -> list[Path]:
    """The notebooks of a checkout; none if it has none."""
    return sorted((root / "notebooks").glob("*.ipynb"))


@lru_cache
def book_in(root: Path) -> Book:
    """The book of a checkout."""
    cells = [cell for path in chapters(root) for cell in read_cells(path)]
    own = [cell for cell in cells if cell.kind == "code" and "exercise" not in cell.tags]
    return Book(
        frozenset(cell.id for cell in cells),
        frozenset(cell.id for cell in cells if "answer" in cell.tags),
        frozenset(cell.source for cell in own),
    )
