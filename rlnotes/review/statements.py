"""A sentence, and what it rests on: a cell of this book, or a paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlnotes._checks import require_text, shown
from rlnotes.review.links import LINK_KEYS, Link, read_link

STATEMENT_KEYS = {"text", "source", *LINK_KEYS}


@dataclass(frozen=True)
class Statement:
    """What is said, with its evidence.

    Attributes:
        text: one or two sentences.
        link: the cell that shows it, or None.
        source: the paper it rests on where no cell of this book can show it.

    Raises:
        ValueError: on construction, for an empty text, or without exactly one of link
            and source.
    """

    text: str
    link: Link | None = None
    source: str = ""

    def __post_init__(self) -> None:
        require_text(text=self.text, source=self.source)
        if not self.text:
            raise ValueError("text must not be empty, got ''")
        if (self.link is None) == (not self.source):
            raise ValueError(f"link or source must be given, not both, got {self!r}")

    def markdown(self) -> str:
        """Text and evidence; a link leads to the cell."""
        return f"{self.text} ({self.link.markdown() if self.link else self._unshown})"

    def plain(self) -> str:
        """The same for a terminal."""
        return f"{self.text} ({f'section {self.link.text}' if self.link else self._unshown})"

    @property
    def _unshown(self) -> str:
        return f"{self.source}; not shown here"


def read_statement(entry: Mapping, *, where: str, also: Sequence[str] = ()) -> Statement:
    """A statement from a table of a data file.

    Args:
        entry: the table, with text, and either link, label and shows, or source.
        where: what the table belongs to, for the message.
        also: further keys that it must have; the caller reads them.

    Raises:
        ValueError: for an unknown or a missing key, both kinds of evidence or none, or
            what `read_link` refuses.
    """
    needed = {"text", *also}
    if unknown := sorted(set(entry) - STATEMENT_KEYS - needed):
        raise ValueError(f"{where}: there must be no key {unknown}, got {shown(dict(entry))}")
    if missing := sorted(needed - set(entry)):
        raise ValueError(f"{where}: keys {missing} are missing, got {shown(dict(entry))}")
    has_link = any(key in entry for key in LINK_KEYS)
    link = read_link(entry, where=where) if has_link else None
    try:
        return Statement(one_line(entry["text"]), link, entry.get("source", ""))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def one_line(text: str) -> str:
    """A text of a data file without its line breaks."""
    return " ".join(text.split())
