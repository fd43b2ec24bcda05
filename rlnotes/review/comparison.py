"""One table for all methods: what each needs, keeps to, and cannot do."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources

from rlnotes._checks import require_option
from rlnotes.review.contradictions import Contradiction, contradictions
from rlnotes.review.entries import entries_of
from rlnotes.review.methods import Column, Method, read_columns, read_methods
from rlnotes.review.tables import Table

__all__ = ["Comparison", "Contradiction", "contradictions", "load", "read_comparison"]


@dataclass(frozen=True)
class Comparison:
    """Methods and the questions that they are compared by.

    Attributes:
        columns: the questions by name.
        methods: the methods by name, each with a cell for every question.
    """

    columns: Mapping[str, Column]
    methods: Mapping[str, Method]

    def column(self, name: str) -> dict[str, str]:
        """The values of a column by method.

        Raises:
            ValueError: if there is no such column.
        """
        require_option(list(self.columns), name=name)
        return {key: method.cells[name].value for key, method in self.methods.items()}

    def options(self, name: str) -> list[str]:
        """The values that may stand in a column, or those that do if any text may.

        Raises:
            ValueError: if there is no such column.
        """
        standing = self.column(name).values()
        return list(self.columns[name].values or dict.fromkeys(standing))

    def where(self, **values: str | Iterable[str]) -> "Comparison":
        """The methods with these values, in all columns that are named.

        Args:
            values: column = value, or column = several values of which any will do.

        Raises:
            ValueError: if there is no such column, or the column has no such value.

        Example:
            >>> list(load().where(value_network="no", sampling="offline").methods)
            ['dpo']
        """
        left = dict(self.methods)
        for name, wanted in values.items():
            wanted = [wanted] if isinstance(wanted, str) else list(wanted)
            for value in wanted:
                require_option(self.options(name), **{name: value})
            left = {k: m for k, m in left.items() if m.cells[name].value in wanted}
        return replace(self, methods=left)

    def table(
        self,
        columns: Iterable[str] | None = None,
        methods: Iterable[str] | None = None,
    ) -> Table:
        """A row for each method: value and link of each column.

        Args:
            columns: names of columns, in this order; all if None.
            methods: names of methods, in this order; all if None.

        Raises:
            ValueError: if there is no such column or method.
        """
        columns = _names("columns", columns, self.columns)
        rows = []
        for key in _names("methods", methods, self.methods):
            method = self.methods[key]
            cells = (method.cells[name] for name in columns)
            rows.append((method.title, *(f"{c.value} ({c.link.markdown()})" for c in cells)))
        return Table(("method", *(self.columns[n].title for n in columns)), tuple(rows))

    def card(self, method: str) -> Table:
        """A row for each question to one method: value, sentence, link.

        Raises:
            ValueError: if there is no such method.
        """
        require_option(list(self.methods), method=method)
        chosen = self.methods[method]
        rows = (
            (column.title, cell.value, cell.sentence, cell.link.markdown())
            for column, cell in zip(self.columns.values(), chosen.cells.values(), strict=True)
        )
        return Table((chosen.title, "in short", "in a sentence", "shown in"), tuple(rows))

    def claims(self) -> dict[str, dict[str, str]]:
        """The values by method and column, as `contradictions` takes them."""
        return {
            key: {name: cell.value for name, cell in method.cells.items()}
            for key, method in self.methods.items()
        }


def read_comparison(data: Mapping) -> Comparison:
    """The comparison in the tables of a data file, `columns` and `methods`.

    Raises:
        ValueError: if one of the two is missing, and for what `read_columns` and
            `read_methods` refuse.
    """
    columns = read_columns(entries_of(data, "columns"))
    return Comparison(columns, read_methods(entries_of(data, "methods"), columns))


def load() -> Comparison:
    """The comparison of this book."""
    text = resources.files("rlnotes.review").joinpath("methods.toml").read_text("utf-8")
    return read_comparison(tomllib.loads(text))


def _names(argument: str, names: Iterable[str] | None, known: Mapping) -> list[str]:
    if names is None:
        return list(known)
    if isinstance(names, str):
        raise ValueError(f"{argument} must be a list of names, got {names!r}")
    names = list(names)
    for name in names:
        require_option(list(known), **{argument: name})
    return names
