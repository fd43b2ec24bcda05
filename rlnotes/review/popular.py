"""Tables as popular notes print them: against each other, and against this book."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from rlnotes._checks import require_option
from rlnotes.review.comparison import Comparison, contradictions
from rlnotes.review.entries import entries_of, text_of
from rlnotes.review.links import Link, read_link
from rlnotes.review.tables import Table

# method, column, and what a table says there
Claim = tuple[str, str, frozenset[str]]


@dataclass(frozen=True)
class PopularTables:
    """Tables by others, in the words of a comparison.

    Attributes:
        titles: what each table is called, by name.
        rows: by name: method -> column -> the values that the table leaves open.
        reasons: why a claim differs from the comparison, and the cell that shows it.
        comparison: the comparison that they are held against.
    """

    titles: Mapping[str, str]
    rows: Mapping[str, Mapping]
    reasons: Mapping[Claim, tuple[str, Link]]
    comparison: Comparison

    def among_themselves(self) -> Table:
        """The cells in which two of the tables cannot both be right."""
        names = list(self.rows)
        found = contradictions(*self.rows.values())
        return Table(
            ("method", "column", "one table", "says", "another", "says"),
            tuple(
                (
                    *self._titles(c.method, c.column),
                    *(self.titles[names[c.first]], _said(c.values[0])),
                    *(self.titles[names[c.second]], _said(c.values[1])),
                )
                for c in found
            ),
        )

    def against_ours(self) -> Table:
        """What differs from the comparison: in how many of the tables, and why.

        Raises:
            ValueError: if a difference has no reason.
        """
        in_tables: dict[Claim, int] = {}
        for name, method, column, values in self.differences():
            claim = (method, column, values)
            if claim not in self.reasons:
                raise ValueError(
                    f"reasons must explain {column} of {method} in table {name!r},"
                    f" which says {_said(values)!r}"
                )
            in_tables[claim] = in_tables.get(claim, 0) + 1
        rows = []
        for (method, column, values), number in in_tables.items():
            reason, link = self.reasons[method, column, values]
            ours = self.comparison.column(column)[method]
            explained = f"{reason} ({link.markdown()})"
            titles = self._titles(method, column)
            rows.append((*titles, _said(values), str(number), ours, explained))
        header = ("method", "column", "they say", "tables", "this book", "why")
        return Table(header, tuple(rows))

    def differences(self) -> Iterator[tuple[str, str, str, frozenset[str]]]:
        """Table, method, column, what it says there: where it contradicts ours."""
        claims = self.comparison.claims()
        for name, rows in self.rows.items():
            for found in contradictions(rows, claims):
                yield name, found.method, found.column, found.values[0]

    def _titles(self, method: str, column: str) -> tuple[str, str]:
        methods, columns = self.comparison.methods, self.comparison.columns
        return methods[method].title, columns[column].title


def read_popular(data: Mapping, comparison: Comparison) -> PopularTables:
    """Popular tables in the tables of a data file: `more`, `tables` and `reasons`.

    Raises:
        ValueError: for a table that stands twice; a method, column or value that
            neither the comparison nor `more` has; a reason that stands twice or has
            no evidence.
    """
    titles, rows, reasons = {}, {}, {}
    more = data.get("more", {})
    for entry in entries_of(data, "tables"):
        name = text_of(entry, "name", where="table")
        if name in titles:
            raise ValueError(f"table {name!r} stands twice")
        titles[name] = text_of(entry, "title", where=f"table {name!r}")
        rows[name] = entry["rows"]
        for method, cells in entry["rows"].items():
            for column, values in cells.items():
                where = f"table {name!r}"
                _check(comparison, more, where, method, column, values)
    for entry in data.get("reasons", ()):
        method, column = (text_of(entry, k, where="reason") for k in ("method", "column"))
        where = f"reason for {column} of {method}"
        claim = (method, column, frozenset(entry.get("says", ())))
        _check(comparison, more, where, *claim)
        if claim in reasons:
            raise ValueError(f"{where} stands twice")
        reasons[claim] = text_of(entry, "reason", where=where), read_link(entry, where=where)
    return PopularTables(titles, rows, reasons, comparison)


def load(comparison: Comparison) -> PopularTables:
    """The popular tables of this book's data, beside its comparison."""
    text = resources.files("rlnotes.review").joinpath("popular_tables.toml").read_text("utf-8")
    return read_popular(tomllib.loads(text), comparison)


def _check(comparison, more, where, method, column, values) -> None:
    require_option(list(comparison.methods), **{f"method in {where}": method})
    require_option(list(comparison.columns), **{f"column in {where}": column})
    known = [*comparison.options(column), *more.get(column, ())]
    for value in values:
        require_option(known, **{f"{column} of {method} in {where}": value})


def _said(values: frozenset[str]) -> str:
    return " or ".join(sorted(values))
