"""Where popular notes contradict each other, and letters that mean several things."""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources

from rlnotes.review.entries import text_of
from rlnotes.review.links import LINK_KEYS, read_link
from rlnotes.review.tables import Table

DISAGREEMENT = {
    "topic": "about",
    "some": "some say",
    "others": "others say",
    "teach": "this book",
}
LETTER = {"letter": "letter", "meanings": "stands for", "writes": "this book"}


def disagreements() -> Table:
    """A row for each topic: what is said, what else is said, what this book teaches."""
    return read_table(_data()["disagreements"], DISAGREEMENT)


def letters() -> Table:
    """A row for each letter with several meanings: what this book writes instead."""
    return read_table(_data()["letters"], LETTER)


def read_table(entries: Sequence[Mapping], columns: Mapping[str, str]) -> Table:
    """Entries of a data file as a table that ends with the evidence.

    Args:
        entries: tables with a text for each column, and either link, label and shows
            or a reason why nothing can show it.
        columns: keys of the entries and the titles they get; the first names an entry.

    Raises:
        ValueError: for an entry that stands twice, lacks a text, or has neither
            evidence nor a reason, or both; or for a key that is unknown.
    """
    rows = {}
    for entry in entries:
        row = tuple(text_of(entry, key, where="entry") for key in columns)
        if row[0] in rows:
            raise ValueError(f"{row[0]!r} stands twice")
        unknown = set(entry) - {*columns, *LINK_KEYS, "reason"}
        if unknown:
            raise ValueError(f"{row[0]!r} has unknown keys: {sorted(unknown)}")
        rows[row[0]] = (*row, _evidence(entry, row[0]))
    return Table((*columns.values(), "shown in"), tuple(rows.values()))


@functools.cache
def _data() -> Mapping:
    path = resources.files("rlnotes.review").joinpath("disagreements.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _evidence(entry: Mapping, name: str) -> str:
    if "reason" in entry:
        if "link" in entry:
            raise ValueError(f"{name!r} must have a link or a reason, got both")
        return f"not shown: {text_of(entry, 'reason', where=repr(name))}"
    return read_link(entry, where=repr(name)).markdown()
