"""Amounts of money as they are printed, read as exact decimal numbers."""

import re
from decimal import Decimal
from functools import lru_cache

from rlnotes._checks import require_option, require_text
from rlnotes.functional.extraction.currencies import CURRENCY_CODES, SIGNS

_LONGEST = 64
_BLANKS_AND_MINUS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2212": "-"})
_CANONICAL = re.compile(r"-?[0-9]{1,12}\.[0-9][0-9]")
_SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
# Letters behind an amount are a tax code, except these: a weight, a count, a time.
_UNITS = re.compile("KG|G|MG|LB|OZ|L|ML|CL|M|CM|MM|KM|PCS?|EA|NOS|X|HRS?|H|MIN|AM|PM")
_DIGITS = str.maketrans("OoIlSB", "001158")
_LOOKALIKES = re.compile(
    r"(?:(?<![A-Za-z])|(?<=RM))[0-9OoIlSB]{1,12}(?:,[0-9OoIlSB]{3}){0,3}"
    r"\s?[.,]\s?[0-9OoIlSB]{2}(?![0-9A-Za-z])"
)


def _amount_pattern(decimal_mark: str, thousands_marks: str) -> re.Pattern:
    mark = re.escape(decimal_mark)
    grouped = rf"[0-9]{{1,3}}(?P<thousands>[{thousands_marks}])[0-9]{{3}}"
    return re.compile(
        r"[*@]?\s*(?P<open>\()?\s*(?P<first>-)?\s*"
        rf"(?:(?P<before>{_SIGN}|[A-Z]{{3}})\s*)?(?P<second>-)?\s*"
        rf"(?P<whole>{grouped}(?:(?P=thousands)[0-9]{{3}}){{0,2}}|[0-9]{{1,12}})"
        rf"(?:\s?{mark}\s?(?P<decimals>[0-9]{{1,4}}))?"
        r"\s*(?P<last>-)?\s*(?P<close>\))?"
        rf"\s*(?P<behind>{_SIGN}|[A-Z]{{1,3}}[0-9]?)?\s*\*?"
    )


_PATTERNS = {
    ".": _amount_pattern(".", ",' \u2019"),
    ",": _amount_pattern(",", ".' \u2019"),
}


def read_money(text: str, *, decimal_mark: str = ".") -> Decimal | None:
    """The amount that a text is, or None if it is not exactly one amount.

    Read are both signs (-5.00, 5.00-, (5.00), a minus on either side of a currency),
    thousands in groups of three, a currency before or behind, a star or @ in front, a
    tax code behind ("9.80 SR"), and a blank beside the decimal mark, as scanners leave
    it.

    Refused is what a wrong number could come out of: the other decimal mark ("9,60"),
    two numbers ("2 X 5.90"), a percentage, a weight, a time, an open bracket, two
    signs, and ten digits or more without decimals, as in a barcode. Nothing is repaired
    here, see `repair_lookalikes`. Only the digits 0 to 9 count.

    Args:
        text: a field or a line. What is longer than 64 characters is no amount.
        decimal_mark: "." or ","; the other one then stands between thousands.

    Returns:
        The amount with the decimals that were printed, never a negative zero.

    Raises:
        ValueError: if text is no string or the decimal mark another one.

    Example:
        >>> [str(read_money(text)) for text in ("RM 1,234.50", "(9.80)", "9,80")]
        ['1234.50', '-9.80', 'None']
        >>> read_money("1.234,50 EUR", decimal_mark=",")
        Decimal('1234.50')
    """
    require_text(text=text)
    require_option(_PATTERNS, decimal_mark=decimal_mark)
    # No long text is kept in the cache or reaches a regular expression.
    return _read(text, decimal_mark) if len(text) <= _LONGEST else None


@lru_cache(maxsize=16384)
def _read(text: str, decimal_mark: str) -> Decimal | None:
    if decimal_mark == "." and _CANONICAL.fullmatch(text):
        return _unsigned_zero(Decimal(text))
    text = text.translate(_BLANKS_AND_MINUS).strip().upper()
    match = _PATTERNS[decimal_mark].fullmatch(text)
    if match is None or not _is_sound(match):
        return None
    whole = re.sub("[^0-9]", "", match["whole"])
    amount = Decimal(f"{whole}.{match['decimals']}" if match["decimals"] else whole)
    negative = any(match[name] for name in ("first", "second", "last", "open"))
    return _unsigned_zero(amount.copy_negate() if negative else amount)


def _unsigned_zero(amount: Decimal) -> Decimal:
    # No arithmetic: that would round to the precision of whoever calls.
    return amount if amount else amount.copy_abs()


def _is_sound(match: re.Match) -> bool:
    """Whether brackets, signs and letters fit the number between them."""
    one_sign = sum(bool(match[name]) for name in ("first", "second", "last")) <= 1
    closed = bool(match["open"]) == bool(match["close"])
    before = match["before"] is None or _is_currency(match["before"])
    return one_sign and closed and before and _is_number(match) and _fits_behind(match)


def _is_number(match: re.Match) -> bool:
    """Whether the digits are an amount: no barcode, and no 2 beside a 500."""
    if match["decimals"]:
        return True
    if match["thousands"] == " ":
        return bool(match["before"] or match["behind"])
    return bool(match["thousands"]) or len(match["whole"]) <= 9


def _fits_behind(match: re.Match) -> bool:
    """Whether the letters behind the number are a currency or a tax code."""
    letters = match["behind"]
    if letters is None or _is_currency(letters):
        return True
    apart = match.string[match.start("behind") - 1] == " " or len(letters) == 1
    return len(match["decimals"] or "") == 2 and apart and not _UNITS.fullmatch(letters)


def _is_currency(letters: str) -> bool:
    return letters in SIGNS or letters in CURRENCY_CODES


def repair_lookalikes(text: str) -> str:
    """The text with letters turned into the digits they look like, inside numbers only.

    O and o become 0, I and l become 1, S becomes 5, B becomes 8, in a run of digits and
    such letters around a decimal mark with two places behind it; one of them at least
    must be a digit. Meant for a text that `read_money` refused: a number that can be
    read as it stands needs no repair.

    Args:
        text: a field or a line. What is longer than 64 characters is left as it is.

    Raises:
        ValueError: if text is no string.

    Example:
        >>> repair_lookalikes("RM1O.5S"), repair_lookalikes("SOLO 1.50")
        ('RM10.55', 'SOLO 1.50')
    """
    require_text(text=text)
    return _LOOKALIKES.sub(_with_digits, text) if len(text) <= _LONGEST else text


def _with_digits(match: re.Match) -> str:
    found = match[0]
    return found.translate(_DIGITS) if re.search("[0-9]", found) else found
