"""Methods, what is asked of each, and the answers with their evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlnotes._checks import require_option
from rlnotes.review.entries import text_of
from rlnotes.review.links import Link, read_link


@dataclass(frozen=True)
class Column:
    """A question that is put to every method.

    Attributes:
        name: the identifier.
        title: the head of the column.
        question: the question in words.
        values: the answers that may stand in the column; empty if any text may.
    """

    name: str
    title: str
    question: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """The answer of one method to one question.

    Attributes:
        value: the answer in a word or two.
        sentence: what it means, or on what it depends.
        link: the cell of a chapter that shows it.
    """

    value: str
    sentence: str
    link: Link


@dataclass(frozen=True)
class Method:
    """A method with its answer to every question."""

    name: str
    title: str
    cells: Mapping[str, Cell]


def read_columns(entries: Sequence[Mapping]) -> dict[str, Column]:
    """The columns of a data file by name.

    Args:
        entries: tables with the keys name, title, question and, for a column with a
            fixed list of answers, values.

    Raises:
        ValueError: for a name that stands twice, or a key that is missing.
    """
    columns = {}
    for entry in entries:
        name = _new_name("column", entry, columns)
        title, question = (
            text_of(entry, key, where=f"column {name!r}") for key in ("title", "question")
        )
        columns[name] = Column(name, title, question, tuple(entry.get("values", ())))
    return columns


def read_methods(entries: Sequence[Mapping], columns: Mapping[str, Column]) -> dict[str, Method]:
    """The methods of a data file by name.

    Args:
        entries: tables with the keys name and title, and one table for each column,
            with the keys value, sentence, link, label and shows.
        columns: the columns by name.

    Raises:
        ValueError: for a name that stands twice; a method with a column that is
            unknown, or without one of the columns; a cell without a link, or whose
            value is none of its column's.
    """
    methods = {}
    for entry in entries:
        name = _new_name("method", entry, methods)
        title = text_of(entry, "title", where=f"method {name!r}")
        given = {key: entry[key] for key in entry if key not in ("name", "title")}
        for column in given:
            require_option(list(columns), **{f"column of {name}": column})
        for column in columns:
            if column not in given:
                raise ValueError(f"method {name!r} must have the column {column!r}")
        cells = {key: _read_cell(given[key], columns[key], name) for key in columns}
        methods[name] = Method(name, title, cells)
    return methods


def _read_cell(entry: Mapping, column: Column, method: str) -> Cell:
    where = f"cell {column.name!r} of method {method!r}"
    value, sentence = (text_of(entry, key, where=where) for key in ("value", "sentence"))
    if column.values:
        require_option(column.values, **{f"value in {where}": value})
    return Cell(value, sentence, read_link(entry, where=where))


def _new_name(kind: str, entry: Mapping, known: Mapping) -> str:
    name = text_of(entry, "name", where=kind)
    if name in known:
        raise ValueError(f"{kind} {name!r} stands twice")
    return name
