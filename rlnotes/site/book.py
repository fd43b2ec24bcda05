"""The chapters in their order, and what they show."""

from pathlib import Path
from typing import NamedTuple

import nbformat

from rlnotes.site.shown import Shown, shown_by, tasks_of


class Chapter(NamedTuple):
    """Where a chapter stands in the book, with its question."""

    path: Path
    title: str
    question: str

    @property
    def address(self) -> str:
        """Of its page."""
        return f"{self.path.stem}.html"

    @property
    def number(self) -> str:
        """As the reader counts."""
        return self.title.partition(".")[0]


def chapters_of(folder: Path) -> list[Chapter]:
    """All chapters in their order.

    Raises:
        ValueError: if the folder has none.
    """
    found = []
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        title, _, rest = nbformat.read(path, as_version=4).cells[0].source.partition("\n")
        found.append(Chapter(path, title.lstrip("# "), rest.strip().lstrip("> ")))
    if not found:
        raise ValueError(f"folder must have chapters, got {folder}")
    return found


def wanted_settings(chapters: list[Chapter]) -> dict[str, list[dict]]:
    """Name of each explorer that a chapter shows -> the settings that its page needs.

    Those are the ones in which a chapter shows it, and those that a text asks to try,
    from the setting in which that chapter shows it.
    """
    wanted: dict[str, list[dict]] = {}
    for chapter in chapters:
        shown = shown_in(chapter)
        begun = dict(reversed(shown))
        tasks = [task for cell in _cells(chapter) for task in tasks_of(cell)]
        for name, setting in [*shown, *((n, {**begun[n], **s}) for n, s in tasks)]:
            wanted.setdefault(name, []).append(setting)
    return wanted


def shown_in(chapter: Chapter) -> list[Shown]:
    """The explorers that a chapter shows, in order."""
    return [found for cell in _cells(chapter) if (found := shown_by_cell(cell))]


def shown_by_cell(cell) -> Shown | None:
    """The explorer that a cell shows, if it is a code cell and shows one."""
    return shown_by(cell.source) if cell.cell_type == "code" else None


def _cells(chapter: Chapter) -> list:
    return nbformat.read(chapter.path, as_version=4).cells
