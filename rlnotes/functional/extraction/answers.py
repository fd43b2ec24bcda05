"""An answer, read: from JSON or a dict to values that can be compared and summed.

The answer is flat, and its keys are those of `AMOUNTS`, `ROWS`, vendor, date and
currency; any other key is read as a text. A missing key, None and "" mean the same. An
answer may be any garbage: nothing here raises for it.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from functools import partial
from typing import NamedTuple

from rlnotes.functional.extraction.readings import (
    MALFORMED,
    Unread,
    json_number,
    read_code,
    read_day,
    read_number,
    read_rate,
    read_text,
)

REQUIRED = ("vendor", "date", "currency", "total")
AMOUNTS = (
    "lines_total",
    "allowances",
    "charges",
    "subtotal",
    "tax",
    "total",
    "prepaid",
    "rounding",
    "payable",
)
# What the columns of a list are read as, in the order in which rows hold them.
ROWS = {
    "line_items": {
        "description": read_text,
        "quantity": read_number,
        "unit_price": read_number,
        "amount": read_number,
    },
    "tax_breakdown": {"rate": read_rate, "base": read_number, "tax": read_number},
}
MAX_CHARACTERS, MAX_KEYS, MAX_ROWS = 100_000, 64, 500
ARITHMETIC = Context(prec=100, traps=[])  # exact for 500 bounded numbers, whoever calls

_SUMMED = {"line_items": {"amount": 3}, "tax_breakdown": {"rate": 0, "base": 1, "tax": 2}}
_ZERO = Decimal(0)
_DECODER = json.JSONDecoder(
    parse_float=json_number, parse_int=json_number, parse_constant=json_number
)


class Answer(NamedTuple):
    """What an answer says.

    Attributes:
        raw: what it was read from.
        values: what is there, by key: a Decimal, a date, a text, a tuple of rows, or
            MALFORMED. A row is a tuple with one value for each column.
        numbers: the amounts among them, by key, and the sums of the columns of lists
            as "line_items.amount", "tax_breakdown.base" and so on.
    """

    raw: Mapping
    values: dict
    numbers: dict


def read_answer(prediction) -> Answer | None:
    """The values of an answer, or None if it is unreadable as a whole.

    Unreadable is what is neither a JSON object nor a dict, a string of more than
    100,000 characters, more than 64 keys, or a list of more than 500 rows.

    Args:
        prediction: a JSON string or a dict; anything else is unreadable.

    Example:
        >>> read_answer('{"total": "RM 9.60", "tax": ""}').values
        {'total': Decimal('9.60')}
        >>> read_answer("Total: 9.60") is None
        True
    """
    raw = _parsed(prediction) if isinstance(prediction, str) else prediction
    if not _is_mapping(raw) or len(raw) > MAX_KEYS:
        return None
    try:
        return _read(raw)
    except _TooManyRows:
        return None


class _TooManyRows(Exception):
    pass


def _read(raw: Mapping) -> Answer:
    values, numbers = {}, {}
    for key, value in raw.items():
        read = _READERS.get(key, read_text)
        if (held := read(value)) is not None:
            values[key] = held
            if read is read_number:
                numbers[key] = held
    for key in ROWS:
        if key in values:
            numbers |= _column_sums(key, values[key])
    return Answer(raw, values, numbers)


def _parsed(text: str):
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _is_mapping(value) -> bool:
    return type(value) is dict or isinstance(value, Mapping)  # the second test is slow


def _read_rows(key: str, value) -> tuple | Unread | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, list | tuple):
        return MALFORMED
    if len(value) > MAX_ROWS:
        raise _TooManyRows
    columns = ROWS[key].items()
    unread = (MALFORMED,) * len(columns)
    rows = [
        tuple([read(row.get(name)) for name, read in columns]) if _is_mapping(row) else unread
        for row in value
    ]
    return tuple(rows) or None


def _column_sums(key: str, rows) -> dict:
    """Sum of each column of numbers; one with a gap has none, except the amounts."""
    sums = {}
    for name, index in _SUMMED[key].items():
        total = MALFORMED if rows is MALFORMED else total_of([row[index] for row in rows])
        if total is not None:
            sums[f"{key}.{name}"] = total
        elif name == "amount":
            sums[f"{key}.{name}"] = MALFORMED
    return sums


def total_of(numbers: Iterable[Decimal | Unread | None]) -> Decimal | Unread | None:
    """The exact sum, in whatever context the caller works; None if one is missing.

    MALFORMED if the first that is no number is so.
    """
    total = _ZERO
    for number in numbers:
        if number is None or number is MALFORMED:
            return number
        total = ARITHMETIC.add(total, number)
    return total


_READERS = {
    **dict.fromkeys(AMOUNTS, read_number),
    "date": read_day,
    "currency": read_code,
    **{key: partial(_read_rows, key) for key in ROWS},
}
