"""An answer that is a dict, copied into Python's own types.

A subclass of str, dict or Decimal may compare, count or print as it likes, and an
object may raise whatever is asked of it. Nothing of the kind is kept: not in an answer,
and not in the caches of the readers, where it would meet other answers.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import islice

MAX_KEYS, MAX_ROWS = 64, 500
_PLAIN = frozenset((str, int, float, bool, Decimal, type(None)))
# How each type takes a value out of a subclass of its own; none asks the subclass.
_TAKEN = {str: str.__str__, float: float.__float__, int: int.__int__, Decimal: Decimal}


def plain_dict(mapping: object, columns: Mapping[str, Iterable[str]]) -> dict | None:
    """A mapping with plain keys and values only, or None if there is none.

    What is no text and no number becomes an object without any property, as a key and
    as a value; so does a list, unless its key is among those of `columns`.

    Args:
        mapping: anything; of a mapping the first 65 items are looked at.
        columns: keys that may hold a list of dicts, of which 501 are looked at, each
            with the keys that are copied from them.
    """
    try:
        if not issubclass(type(mapping), Mapping):
            return None
        items = [(plain(key), value) for key, value in islice(mapping.items(), MAX_KEYS + 1)]
        return {
            key: _plain_rows(value, columns[key]) if key in columns else plain(value)
            for key, value in items
        }
    except Exception:  # whatever a foreign class raises
        return None


def plain(value: object) -> object:
    """The same text or number in Python's own type, or a bare object.

    Example:
        >>> import numpy as np
        >>> plain(np.float64(9.5)), type(plain([9.5]))
        (9.5, <class 'object'>)
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    for base, taken in _TAKEN.items():
        if issubclass(kind, base):
            return taken(value)
    return object()


def _plain_rows(rows: object, names: Iterable[str]) -> object:
    if not issubclass(type(rows), list | tuple):
        return plain(rows)
    return [row if _is_plain(row) else _plain_row(row, names) for row in islice(rows, MAX_ROWS + 1)]


def _is_plain(row: object) -> bool:
    """Whether it is a small dict of plain keys and values, which needs no copy."""
    if type(row) is not dict or len(row) > MAX_KEYS:
        return False
    return _PLAIN.issuperset(map(type, row)) and _PLAIN.issuperset(map(type, row.values()))


def _plain_row(row: object, names: Iterable[str]) -> object:
    if not issubclass(type(row), Mapping):
        return object()
    return {name: plain(row[name]) for name in names if name in row}
