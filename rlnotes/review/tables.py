"""A table that a notebook shows as Markdown and a terminal as plain text."""

import re
from dataclasses import dataclass

from rlnotes._checks import shown

LINE = 100
MARKDOWN_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of Markdown text under a header; the first cell of a row names the row.

    Attributes:
        header: the titles of the columns.
        rows: as many texts each as the header has.

    Raises:
        ValueError: on construction, for a row that is longer or shorter.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"rows must have {len(self.header)} cells each, got {shown(row)}")

    def _repr_markdown_(self) -> str:
        named = [(f"**{name}**", *cells) for name, *cells in self.rows]
        lines = [self.header, ("---",) * len(self.header), *named]
        return "\n".join(_markdown_line(line) for line in lines)

    def text(self) -> str:
        """Plain text: columns side by side if they fit on a line, else row by row.

        Example:
            >>> print(Table(("method", "critic"), (("GRPO", "no, [9.1](x)"),)).text())
            method  critic
            GRPO    no, 9.1
        """
        rows = [tuple(plain(cell) for cell in row) for row in (self.header, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        if sum(widths) + 2 * (len(widths) - 1) <= LINE:
            return "\n".join(_aligned(row, widths) for row in rows)
        return "\n\n".join(_listed(rows[0], row) for row in rows[1:])

    __repr__ = text


def plain(markdown: str) -> str:
    """Text without the signs of Markdown: a link becomes what a reader sees of it."""
    return MARKDOWN_LINK.sub(r"\1", markdown).replace("**", "")


def _markdown_line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()


def _listed(header: tuple[str, ...], row: tuple[str, ...]) -> str:
    pairs = zip(header[1:], row[1:], strict=True)
    return "\n".join([row[0], *(f"  {title}: {cell}" for title, cell in pairs)])
