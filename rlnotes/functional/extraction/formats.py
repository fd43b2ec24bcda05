"""Is each value written as agreed? Rules over what is printed, not what it means.

`read_answer` forgives a currency sign and a date in another order; these rules do not.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from rlnotes.functional.extraction.answers import AMOUNTS, REQUIRED, ROWS, Answer
from rlnotes.functional.extraction.currencies import CURRENCY_CODES
from rlnotes.functional.extraction.dates import FIRST_YEAR, LAST_YEAR
from rlnotes.functional.extraction.readings import (
    MALFORMED,
    MAX_SHORT,
    MAX_TEXT,
    is_blank,
    read_number,
)

_AMOUNT = re.compile(r"-?[0-9]{1,15}\.[0-9]{2}")
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CACHED = 32_768


def is_amount(value) -> bool:
    """A string "-?digits.dd", or a number of JSON or Python with at most two decimals.

    Example:
        >>> [is_amount(value) for value in ("9.60", 9.6, "9.6", "$9.60", "1,234.50")]
        [True, True, False, False, False]
    """
    if isinstance(value, str):
        return len(value) <= MAX_SHORT and _is_amount(value)
    number = read_number(value)
    return isinstance(number, Decimal) and number.as_tuple().exponent >= -2


def is_plain_number(value) -> bool:
    """A string of digits, perhaps with a minus and a point, or a number."""
    if isinstance(value, str):
        return len(value) <= MAX_SHORT and _is_plain(value)
    return isinstance(read_number(value), Decimal)


@lru_cache(maxsize=_CACHED)
def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None


@lru_cache(maxsize=_CACHED)
def _is_plain(text: str) -> bool:
    return _PLAIN_NUMBER.fullmatch(text) is not None


def is_iso_date(value) -> bool:
    """A string YYYY-MM-DD that is a day of 1990 to 2035."""
    return isinstance(value, str) and len(value) == 10 and _is_iso_date(value)


@lru_cache(maxsize=_CACHED)
def _is_iso_date(text: str) -> bool:
    if not _ISO_DATE.fullmatch(text):
        return False
    try:
        return FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False


def is_currency_code(value) -> bool:
    """A code of ISO 4217 in capitals."""
    return isinstance(value, str) and value in CURRENCY_CODES


def is_text(value) -> bool:
    """One line of 1 to 200 printable characters."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def is_name(value) -> bool:
    """One line of 1 to 200 printable characters, a letter among them."""
    return is_text(value) and any(character.isalpha() for character in value)


_RULES: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(AMOUNTS, is_amount),
    "vendor": is_name,
    "date": is_iso_date,
    "currency": is_currency_code,
}
# For each column its name, the rule for texts, which is remembered, and for the rest.
_AMOUNTS, _NUMBERS = (_is_amount, is_amount), (_is_plain, is_plain_number)
_COLUMN_RULES = {
    "line_items": (("quantity", *_NUMBERS), ("unit_price", *_NUMBERS), ("amount", *_AMOUNTS)),
    "tax_breakdown": (("rate", *_NUMBERS), ("base", *_AMOUNTS), ("tax", *_AMOUNTS)),
}


class Verdict(NamedTuple):
    """How well one field is written: a share in [0, 1]."""

    key: str
    share: float


def format_verdicts(answer: Answer, keys: Iterable[str] = REQUIRED) -> tuple[Verdict, ...]:
    """How well each field of `keys` and of the answer is written, 1 if as agreed.

    Counted are the fields that are given, and of `keys` those that every document has:
    one of these that is absent earns 0. What else is absent is no matter of format. A
    key that neither the schema nor `keys` knows earns 0, too: nothing was agreed for
    it, and it must not dilute a mistake. A list earns the share of its numbers that are
    well written; a line without an amount lacks one.

    Args:
        answer: a readable answer.
        keys: the fields that the document has, or those that every document has.
    """
    return tuple([Verdict(key, share) for key, share in _shares(answer, keys)])


def format_score(answer: Answer | None, keys: Iterable[str] = REQUIRED) -> float:
    """Mean of `format_verdicts`; 0 for an answer that says nothing.

    Example:
        >>> from rlnotes.functional.extraction.answers import read_answer
        >>> format_score(read_answer({"vendor": "Acme", "total": "$9.60"}))
        0.25
    """
    if answer is None:
        return 0.0
    shares = [share for _, share in _shares(answer, keys)]
    return sum(shares) / len(shares) if shares else 0.0


def _shares(answer: Answer, keys: Iterable[str]) -> list[tuple[str, float]]:
    agreed = dict.fromkeys(keys)
    shares = [
        (key, _share(key, answer)) for key in agreed if key in answer.values or key in REQUIRED
    ]
    for key in answer.values:
        if key not in agreed:
            known = key in _RULES or key in ROWS
            shares.append((key, _share(key, answer) if known else 0.0))
    return shares


def _share(key: str, answer: Answer) -> float:
    held = answer.values.get(key)
    if held is None:
        return 0.0
    if key not in ROWS:
        return float(_RULES.get(key, is_text)(answer.raw[key]))
    return 0.0 if held is MALFORMED else _rows_share(key, answer.raw[key])


def _rows_share(key: str, rows) -> float:
    """Share of numbers that are well written, over those there and every amount."""
    columns, good, count = _COLUMN_RULES[key], 0, 0
    for row in rows:
        if type(row) is not dict:
            count += 1
            continue
        for name, of_text, of_any in columns:
            value = row.get(name)
            if type(value) is str and len(value) <= MAX_SHORT and of_text(value):
                count += 1
                good += 1
            elif name == "amount" or not is_blank(value):
                count += 1
                good += of_any(value)
    return good / count if count else 0.0
