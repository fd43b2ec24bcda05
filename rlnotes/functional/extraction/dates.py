"""Dates as they are printed: read as a whole, or found inside a longer text."""

import re
from datetime import date

from rlnotes._checks import require_text

FIRST_YEAR, LAST_YEAR = 1990, 2035
_LONGEST_DATE = 64
_LONGEST_TEXT = 2000
_MONTH_STEMS = (
    ("JAN",),
    ("FEB",),
    ("MAR", "M\u00c4R", "MRZ"),
    ("APR",),
    ("MAY", "MAI"),
    ("JUN",),
    ("JUL",),
    ("AUG",),
    ("SEP",),
    ("OCT", "OKT"),
    ("NOV",),
    ("DEC", "DEZ"),
)
_MONTHS = {stem: number for number, stems in enumerate(_MONTH_STEMS, 1) for stem in stems}
_NAME = (  # whole names first, English and German
    "JANUARY?|FEBRUARY?|MARCH|M\u00c4RZ|APRIL|JUN[EI]|JUL[YI]|AUGUST|SEPTEMBER|SEPT|O[CK]TOBER"
    f"|NOVEMBER|DE[CZ]EMBER|{'|'.join(_MONTHS)}"
)
_DATE = re.compile(
    r"(?<![^\W_])(?<![.])(?<![0-9][-/])"
    r"(?:(?P<y1>[0-9]{4})(?P<s1>[-/.])(?P<m1>[0-9]{1,2})(?P=s1)(?P<d1>[0-9]{1,2})"
    r"|(?P<y2>[0-9]{4})(?P<m2>[0-9]{2})(?P<d2>[0-9]{2})"
    r"|(?P<d3>[0-9]{1,2})(?P<s3>[-/.])(?P<m3>[0-9]{1,2})(?P=s3)(?P<y3>[0-9]{4}|[0-9]{2})"
    rf"|(?P<d4>[0-9]{{1,2}})(?P<s4>[-/ ])(?P<m4>{_NAME})\.?(?P=s4)(?P<y4>[0-9]{{4}}|[0-9]{{2}})"
    rf"|(?P<d5>[0-9]{{1,2}})[. ] ?(?P<m5>{_NAME})[.,]? (?P<y5>[0-9]{{4}})"
    rf"|(?P<m6>{_NAME})\.? (?P<d6>[0-9]{{1,2}}),? (?P<y6>[0-9]{{4}}))"
    # Not the beginning of something longer; a time may follow a T or a dash.
    r"(?!(?!T[0-9]{2}:)[^\W_])(?!-[0-9](?![0-9]?:)|[./][0-9])"
)
_TIME = re.compile(r"(?:T|[ ,]\s?)[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2})?\s?(?:[AP]M|Z)?|")


def read_date(text: str, *, day_first: bool = True) -> date | None:
    """The date that a text is, or None if it is not exactly one date.

    Read are YYYY-MM-DD, DD/MM/YYYY and DD/MM/YY with one of - / . twice, DD MON YYYY
    and MON DD, YYYY with the name of a month in English or German, and YYYYMMDD; a time
    may follow. Years lie in 1990 to 2035, those of two digits as well. Only the digits
    0 to 9 count: 201B is no year.

    Args:
        text: a field. What is longer than 64 characters is no date.
        day_first: whether 05/03/2018 is in March, not in May. Where that order cannot
            be (12/28/2018), the other one is read.

    Raises:
        ValueError: if text is no string.

    Example:
        >>> [str(read_date(text)) for text in ("5/3/2018", "10 MAR 18", "31/04/2018")]
        ['2018-03-05', '2018-03-10', 'None']
    """
    require_text(text=text)
    if len(text) > _LONGEST_DATE:
        return None
    text = text.strip().upper()
    match = _DATE.match(text)
    if match is None or not _TIME.fullmatch(text, match.end()):
        return None
    return _as_date(match, day_first)


def find_dates(text: str, *, day_first: bool = True) -> tuple[date, ...]:
    """All dates inside a text, in the order in which they stand there.

    The forms are those of `read_date`. A date is not cut out of a longer number or
    word: neither an amount nor a telephone number nor a barcode holds one.

    Args:
        text: a line or a page; only the first 2,000 characters are looked at.
        day_first: as for `read_date`.

    Raises:
        ValueError: if text is no string.

    Example:
        >>> [str(day) for day in find_dates("18/01/2018, DUE 2018-02-17, NO 05-12-345")]
        ['2018-01-18', '2018-02-17']
    """
    require_text(text=text)
    text = text[:_LONGEST_TEXT].upper()
    dates = [_as_date(match, day_first) for match in _DATE.finditer(text)]
    return tuple(day for day in dates if day is not None)


def _as_date(match: re.Match, day_first: bool) -> date | None:
    parts = {name[0]: part for name, part in match.groupdict().items() if part is not None}
    year, month, day = _full_year(parts["y"]), _month_number(parts["m"]), int(parts["d"])
    if match["d3"] and not day_first:
        month, day = day, month
    if month > 12:
        month, day = day, month
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:  # no such day
        return None


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + 2000 if year <= LAST_YEAR - 2000 else year + 1900


def _month_number(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS[text[:3]]
