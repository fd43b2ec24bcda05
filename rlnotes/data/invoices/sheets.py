"""A sheet that rows are set on: texts in columns become segments with boxes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rlnotes.data.documents.document import Document
from rlnotes.data.invoices.widths import text_width

# Height of a box, in sizes of the font.
BOX_HEIGHT = 1.06


class Cell(NamedTuple):
    """One text of a row.

    Attributes:
        text: what to print; nothing is printed for "".
        x: where, as a share of the width between the margins.
        align: "l", "r" or "c": which point of the text lies at x.
        limit: most width, as such a share; None for up to the margin. What does not fit
            goes on below, broken at a blank.
    """

    text: str
    x: float = 0.0
    align: str = "l"
    limit: float | None = None


class Sheet:
    """Rows set from top to bottom, on one endless page or on several of fixed height.

    Args:
        width: of the page.
        margin: left and right of the rows, and below them.
        top: where the first row starts.
        size: of the font.
        height: of a page; None for one page as long as its rows.
        lead: from a row to the next, in sizes of the font.
    """

    def __init__(
        self,
        *,
        width: float,
        margin: float,
        top: float,
        size: float,
        height: float | None = None,
        lead: float = 1.4,
    ):
        self.width, self.height = width, height
        self.margin, self.top, self.size, self.lead = margin, top, size, lead
        self.y, self.page = top, 0
        self.printed: set[str] = set()
        self.on_new_page: Callable[[Sheet], None] | None = None
        self._texts: list[str] = []
        self._boxes: list[tuple[float, float, float, float]] = []
        self._pages: list[int] = []

    def row(self, *cells: Cell, scale: float = 1.0, lead: float | None = None) -> None:
        """Set a row; a cell that would touch its left neighbour goes to the next line.

        Args:
            *cells: in any order.
            scale: of the font.
            lead: from this row to the next, in sizes of the font; None as in the sheet.
        """
        size = self.size * scale
        lead = lead or self.lead
        ordered = sorted(cells, key=lambda cell: cell.x)
        pending = [self._broken(cell, size) for cell in ordered if cell.text]
        while pending:
            pending = self._line(pending, size, lead)

    def skip(self, rows: float = 1.0) -> None:
        """Leave that many rows free."""
        self.y += rows * self.size * self.lead

    def new_page(self) -> None:
        """Go on at the top of another page, with what stands on top of each."""
        self.page += 1
        self.y = self.top
        if self.on_new_page is not None:
            self.on_new_page(self)

    def document(self, *, name: str, target: dict, layout: str) -> Document:
        """What has been set, as a document."""
        height = self.height or self.y + self.margin
        return Document(
            name=name,
            segments=self._texts,
            boxes=np.round(self._boxes, 2),
            pages=self._pages,
            page_sizes=[(self.width, round(height, 2))] * (self.page + 1),
            target=target,
            layout=layout,
        )

    def _inner(self) -> float:
        return self.width - 2 * self.margin

    def _broken(self, cell: Cell, size: float) -> tuple[Cell, list[str]]:
        room = {"l": 1 - cell.x, "r": cell.x, "c": 1.0}[cell.align]
        room = self._inner() * min(room, cell.limit or 1.0)
        if text_width(cell.text, size) <= room:
            return cell, [cell.text]
        lines = [""]
        for word in cell.text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and text_width(longer, size) > room:
                lines.append(word)
            else:
                lines[-1] = longer
        return cell, lines

    def _line(self, pending: list, size: float, lead: float) -> list:
        """Set what fits on one line; return what is left for the next."""
        if self.height is not None and self.y + size * lead > self.height - self.margin:
            self.new_page()
        edge = -np.inf
        left_over, moved = [], False
        for cell, lines in pending:
            left, right = self._span(cell, lines[0], size)
            moved = moved or left < edge + 0.4 * size
            if moved:
                left_over.append((cell, lines))
                continue
            edge = right
            self._texts.append(lines[0])
            self._boxes.append((left, self.y, right, self.y + BOX_HEIGHT * size))
            self._pages.append(self.page)
            if len(lines) > 1:
                left_over.append((cell, lines[1:]))
        self.y += size * lead
        return left_over

    def _span(self, cell: Cell, text: str, size: float) -> tuple[float, float]:
        width = text_width(text, size)
        anchor = self.margin + cell.x * self._inner()
        left = anchor - width * {"l": 0.0, "c": 0.5, "r": 1.0}[cell.align]
        left = min(max(left, self.margin), self.width - self.margin - width)
        return left, left + width
