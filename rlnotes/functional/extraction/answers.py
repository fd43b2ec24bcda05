"""An answer, read: from JSON or a dict to values that can be compared and summed.

The answer is flat, and its keys are those of `AMOUNTS`, `ROWS`, vendor, date and
currency; any other key is read as a text. A missing key, None and "" mean the same. An
answer may be any garbage: nothing here raises for it.
"""

import json
from collections.abc import Sequence
from decimal import Context, Decimal
from functools import partial, reduce
from typing import NamedTuple

from rlnotes.functional.extraction.plain import MAX_KEYS, MAX_ROWS, plain_dict
from rlnotes.functional.extraction.readings import (
    MALFORMED,
    MAX_SHORT,
    Unread,
    is_blank,
    read_code,
    read_day,
    read_number,
    read_rate,
    read_text,
    remembered,
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
MAX_CHARACTERS, MAX_COMMAS = 100_000, 10_000
ARITHMETIC = Context(prec=100, traps=[])  # exact for 500 bounded numbers, whoever calls

_SUMMED = {"line_items": {"amount": 3}, "tax_breakdown": {"rate": 0, "base": 1, "tax": 2}}
_COLUMNS = {
    key: [(name, remembered(read), read) for name, read in columns.items()]
    for key, columns in ROWS.items()
}
_AMOUNTS = frozenset(AMOUNTS)
_ZERO = Decimal(0)
# Exact for all numbers that an amount can be, and no trap for the others.
_NUMBER = ARITHMETIC.create_decimal
_DECODER = json.JSONDecoder(parse_float=_NUMBER, parse_int=_NUMBER, parse_constant=_NUMBER)


class Answer(NamedTuple):
    """What an answer says.

    Attributes:
        raw: what it was read from, in Python's own types.
        values: what is there, by key: a Decimal, a date, a text, a tuple of rows, or
            MALFORMED. A row is a tuple with one value for each column.
        numbers: the amounts among them, by key, and the sums of the columns of lists
            as "line_items.amount", "tax_breakdown.base" and so on.
    """

    raw: dict
    values: dict
    numbers: dict


def read_answer(prediction) -> Answer | None:
    """The values of an answer, or None if it is unreadable as a whole.

    Unreadable is what is neither a JSON object nor a dict, a string of more than
    100,000 characters or 10,000 commas, more than 64 keys, or a list of more than 500
    rows.

    Args:
        prediction: a JSON string or a dict; anything else is unreadable.

    Example:
        >>> read_answer('{"total": "RM 9.60", "tax": ""}').values
        {'total': Decimal('9.60')}
        >>> read_answer("Total: 9.60") is None
        True
    """
    if issubclass(type(prediction), str):
        raw = _parsed(str.__str__(prediction))
    else:
        raw = plain_dict(prediction, ROWS)
    return None if raw is None or _is_too_large(raw) else _read(raw)


def _is_too_large(raw: dict) -> bool:
    if len(raw) > MAX_KEYS:
        return True
    return any(len(raw[key]) > MAX_ROWS for key in ROWS if type(raw.get(key)) is list)


def _read(raw: dict) -> Answer:
    values, numbers = {}, {}
    for key, value in raw.items():
        held = _READERS.get(key, read_text)(value)
        if held is not None:
            values[key] = held
            if key in _AMOUNTS:
                numbers[key] = held
    for key in ROWS:
        if key in values:
            numbers |= _column_sums(key, values[key])
    return Answer(raw, values, numbers)


def _parsed(text: str) -> dict | None:
    if len(text) > MAX_CHARACTERS or text.count(",") > MAX_COMMAS:
        return None
    try:
        raw = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return raw if type(raw) is dict else None


def _read_rows(key: str, value) -> tuple | Unread | None:
    if type(value) is not list:
        return None if is_blank(value) else MALFORMED
    columns = _COLUMNS[key]
    unread = (MALFORMED,) * len(columns)
    rows = [_read_row(row, columns) if type(row) is dict else unread for row in value]
    return tuple(rows) or None


def _read_row(row: dict, columns) -> tuple:
    return tuple(
        [
            of_text(value)  # the usual case, and fast: it is remembered
            if type(value := row.get(name)) is str and len(value) <= MAX_SHORT
            else of_any(value)
            for name, of_text, of_any in columns
        ]
    )


def _column_sums(key: str, rows) -> dict:
    """Sum of each column of numbers; one with a gap has none, except the amounts."""
    sums = {}
    columns = None if rows is MALFORMED else tuple(zip(*rows, strict=True))
    for name, index in _SUMMED[key].items():
        total = total_of(columns[index]) if columns else MALFORMED
        if total is not None:
            sums[f"{key}.{name}"] = total
        elif name == "amount":
            sums[f"{key}.{name}"] = MALFORMED
    return sums


def total_of(numbers: Sequence[Decimal | Unread | None]) -> Decimal | Unread | None:
    """The exact sum, in whatever context the caller works; None if one is missing.

    MALFORMED if the first that is no number is so.
    """
    try:
        return reduce(ARITHMETIC.add, numbers, _ZERO)
    except TypeError:
        return next(number for number in numbers if number is None or number is MALFORMED)


_READERS = {
    **dict.fromkeys(AMOUNTS, read_number),
    "date": read_day,
    "currency": read_code,
    **{key: partial(_read_rows, key) for key in ROWS},
}
