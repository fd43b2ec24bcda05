"""Answers that point: a segment of the page for each field, and a way to write it.

Who points cannot invent a text. One can point at the wrong segment, or at one for a
field that the document does not have.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rlnotes._checks import require_option
from rlnotes.data.documents.document import Document
from rlnotes.data.documents.texts import texts_of, without_registration
from rlnotes.functional.extraction.answers import AMOUNTS
from rlnotes.functional.extraction.currencies import read_currency
from rlnotes.functional.extraction.dates import find_dates
from rlnotes.functional.extraction.money import read_money, repair_lookalikes

FIELDS = ("vendor", "date", "currency", *AMOUNTS)
FORMATS = ("as printed", "usual", "other")
KINDS = ("vendor", "date", "currency", "amount", "deduction")
# Printed with a minus as often as not; the answer has them without.
_DEDUCTIONS = ("allowances", "prepaid")
_NEGATIVE = re.compile(r"-[0-9]+[.][0-9]{2}")


class Spelling(NamedTuple):
    """One segment, written in each of `FORMATS`."""

    as_printed: str
    usual: str
    other: str


def kind_of(field: str) -> str:
    """As what kind of value a field is written, out of `KINDS`.

    Args:
        field: one of `FIELDS`.

    Raises:
        ValueError: for another one.

    Example:
        >>> kind_of("date"), kind_of("total"), kind_of("prepaid")
        ('date', 'amount', 'deduction')
    """
    require_option(FIELDS, field=field)
    if field in _DEDUCTIONS:
        return "deduction"
    return "amount" if field in AMOUNTS else field


_KINDS = tuple(kind_of(field) for field in FIELDS)


def spellings(document: Document) -> dict[str, list[Spelling]]:
    """How each segment would be written as a value of each kind.

        kind        as printed   usual                          other
        vendor      the text     without a registration number  with the next segment
        date        the text     YYYY-MM-DD, day first          month first
        currency    the text     the code of a sign             the same
        amount      the text     the last amount in it, 0.00    with a decimal comma
        deduction   the text     the same without its sign      likewise

    What cannot be read in a format is left as it is printed. Of a segment only the
    first 200 letters are looked at, without blanks around them.

    Args:
        document: its segments are read, nothing else.

    Returns:
        For each of `KINDS` a list with one `Spelling` for each segment.
    """
    texts = texts_of(document)
    amounts = [_amounts(text) for text in texts]
    following = [*texts[1:], ""]
    return {
        "vendor": [_names(text, after) for text, after in zip(texts, following, strict=False)],
        "date": [_days(text) for text in texts],
        "currency": [_codes(text) for text in texts],
        "amount": amounts,
        "deduction": [Spelling(a, _unsigned(b), _unsigned(c)) for a, b, c in amounts],
    }


def written_answer(
    spelled: Mapping[str, Sequence[Spelling]],
    segments: Sequence[int],
    formats: Sequence[int],
    lines: Iterable[int],
    line_format: int,
) -> dict[str, object]:
    """The answer that some choices write.

    Args:
        spelled: the document's `spellings`.
        segments: for each of `FIELDS` the number of a segment, counted from 1; 0 leaves
            the field out.
        formats: for each of `FIELDS` a number of `FORMATS`.
        lines: segments, counted from 0, that hold the amount of a line.
        line_format: in which of `FORMATS` these amounts are written.

    Returns:
        Text by field, of the fields that are there; under "line_items" a row for each
        line, in the order given, if there is one.

    Raises:
        ValueError: if there is not one choice for each of `FIELDS`, or one of them lies
            outside of its range.

    Example:
        >>> spelled = {"amount": [Spelling("RM 9.60", "9.60", "960.00")]}
        >>> absent = [0] * len(FIELDS)
        >>> written_answer(spelled, absent, absent, [0], 1)
        {'line_items': [{'amount': '9.60'}]}
    """
    lines, amounts = tuple(lines), spelled["amount"]
    for name, numbers in {"segments": segments, "formats": formats}.items():
        if len(numbers) != len(FIELDS):
            raise ValueError(f"{name} must have {len(FIELDS)} numbers, got {len(numbers)}")
    _require_within(len(amounts) + 1, segments=segments)
    _require_within(len(amounts), lines=lines)
    _require_within(len(FORMATS), formats=formats, line_format=(line_format,))
    answer: dict[str, object] = {
        field: spelled[kind][segment - 1][form]
        for field, kind, segment, form in zip(FIELDS, _KINDS, segments, formats, strict=True)
        if segment
    }
    if rows := [{"amount": amounts[i][line_format]} for i in lines]:
        answer["line_items"] = rows
    return answer


def _require_within(size: int, **choices: Sequence[int]) -> None:
    for name, numbers in choices.items():
        for number in numbers:
            if not 0 <= number < size:
                raise ValueError(f"{name} must lie in [0, {size}), got {number}")


def _names(text: str, after: str) -> Spelling:
    return Spelling(text, without_registration(text) or text, f"{text} {after}".strip())


@lru_cache(maxsize=16384)
def _days(text: str) -> Spelling:
    orders = (find_dates(text, day_first=first) for first in (True, False))
    return Spelling(text, *(days[0].isoformat() if days else text for days in orders))


@lru_cache(maxsize=16384)
def _codes(text: str) -> Spelling:
    code = read_currency(text) or text
    return Spelling(text, code, code)


@lru_cache(maxsize=16384)
def _amounts(text: str) -> Spelling:
    return Spelling(text, *(amount_in(text, mark) or text for mark in (".", ",")))


def _unsigned(text: str) -> str:
    """An amount without its minus; anything else, such as a dashed line, as it is."""
    return text[1:] if _NEGATIVE.fullmatch(text) else text


def amount_in(text: str, decimal_mark: str = ".") -> str | None:
    """The amount that a text is, or with two decimals ends with, as "-1234.50".

    Letters inside are taken for the digits that they look like, where the text cannot
    be read as it stands. More than two decimals are rounded.

    Args:
        text: a segment.
        decimal_mark: "." or ",", see `read_money`.

    Returns:
        Digits with a point and two decimals, behind a minus if it is below zero; None
        if there is no amount.

    Raises:
        ValueError: if text is no string or the decimal mark another one.

    Example:
        >>> [amount_in(text) for text in ("Total: RM 9.60", "1O.5O", "2 X 5", "RM")]
        ['9.60', '10.50', None, None]
    """
    words = text.split()
    ends = [" ".join(words[-count:]) for count in (3, 2, 1) if count < len(words)]
    for part in (text, *ends):
        for form in (part, repair_lookalikes(part)):
            amount = read_money(form, decimal_mark=decimal_mark)
            if amount is not None and (part == text or amount.as_tuple().exponent == -2):
                return f"{amount:z.2f}"
    return None
