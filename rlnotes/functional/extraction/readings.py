"""One value of an answer, read as what its key says it is.

Each reader returns a value that can be compared by ==, None for what is absent (None,
an empty string), or MALFORMED for what is there and cannot be read. None of them
raises, and what is longer than any honest value is not looked at.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import lru_cache

from rlnotes.functional.extraction.currencies import read_currency
from rlnotes.functional.extraction.dates import read_date
from rlnotes.functional.extraction.money import read_money

MAX_SHORT, MAX_TEXT = 64, 200  # characters of an amount or a date, and of any other text
# A number of money has at most 15 digits before the point; sums of it stay exact.
_MOST_DIGITS, _MOST_DECIMALS = 15, 12
_LONGEST_BLANK = 1000
_CACHED = 32_768
_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?")


class Unread(Enum):
    """What stands for a value that is there and cannot be read."""

    MALFORMED = "malformed"


MALFORMED = Unread.MALFORMED


def bounded(number: Decimal) -> Decimal | Unread:
    """The number, or MALFORMED if it is not finite, too large or too finely divided."""
    if not number.is_finite() or number.adjusted() >= _MOST_DIGITS:
        return MALFORMED
    return number if number.as_tuple().exponent >= -_MOST_DECIMALS else MALFORMED


def is_blank(value) -> bool:
    """Whether it is None or a text of blanks, no longer than any that a page has."""
    if value is None or value == "":
        return True
    return isinstance(value, str) and len(value) <= _LONGEST_BLANK and value.isspace()


def read_number(value) -> Decimal | Unread | None:
    """An amount or a quantity: a printed form, or a number of any type of Python."""
    if isinstance(value, str):
        return _number_in(value) if len(value) <= MAX_SHORT else _blank_or_malformed(value)
    if isinstance(value, Decimal):
        return bounded(value)
    return _python_number(value)


def _python_number(value):
    if value is None:
        return None
    if isinstance(value, float):
        # The shortest digits that give this float: 9.6 is 9.60, not 9.5999999999999996.
        return bounded(Decimal(float.__repr__(value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value) if abs(value) < 10**_MOST_DIGITS else MALFORMED
    return MALFORMED


@lru_cache(maxsize=_CACHED)
def _number_in(text: str) -> Decimal | Unread | None:
    text = text.strip()
    if not text:
        return None
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    amount = read_money(text)
    return MALFORMED if amount is None else amount


def read_rate(value) -> Decimal | Unread | None:
    """A rate in percent; the sign may stand behind it."""
    if isinstance(value, str) and len(value) <= MAX_SHORT:
        return _rate_in(value)
    return read_number(value)


@lru_cache(maxsize=_CACHED)
def _rate_in(text: str) -> Decimal | Unread | None:
    text = text.strip()
    if not text.endswith("%"):
        return _number_in(text)
    rate = _number_in(text.removesuffix("%"))
    return MALFORMED if rate is None else rate  # a bare sign is no rate


def read_day(value) -> date | Unread | None:
    """A date in any form that `read_date` reads, day first."""
    return _short(value, _day_in)


def read_code(value) -> str | Unread | None:
    """The code of a currency, from a code or a sign."""
    return _short(value, _code_in)


def read_text(value) -> str | Unread | None:
    """A text without what printing changes: capitals, blanks, ligatures, width."""
    if isinstance(value, str):
        return _folded(value) if len(value) <= MAX_TEXT else _blank_or_malformed(value)
    return None if value is None else MALFORMED


def _short(value, read):
    if isinstance(value, str) and len(value) <= MAX_SHORT:
        return read(value)
    return _blank_or_malformed(value)


def _blank_or_malformed(value) -> Unread | None:
    return None if is_blank(value) else MALFORMED


@lru_cache(maxsize=_CACHED)
def _day_in(text: str) -> date | Unread | None:
    return (read_date(text) or MALFORMED) if text.strip() else None


@lru_cache(maxsize=_CACHED)
def _code_in(text: str) -> str | Unread | None:
    return (read_currency(text) or MALFORMED) if text.strip() else None


@lru_cache(maxsize=_CACHED)
def _folded(text: str) -> str | None:
    compatible = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", compatible).split()) or None


_REMEMBERED = {read_number: _number_in, read_rate: _rate_in, read_text: _folded}


def remembered(read):
    """The part of a reader that takes short texts only and remembers what it read."""
    return _REMEMBERED[read]
