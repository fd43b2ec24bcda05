"""Targets in their canonical form, from labels in the forms that people store."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from rlnotes.functional.extraction.answers import AMOUNTS, ARITHMETIC, REQUIRED
from rlnotes.functional.extraction.currencies import CURRENCY_CODES, read_currency
from rlnotes.functional.extraction.dates import find_dates, read_date
from rlnotes.functional.extraction.money import read_money

_CENT = Decimal("0.01")
_OTHER_NAMES = {"net": "subtotal"}
_PLAIN = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{0,12})?|[+-]?\.[0-9]{1,12}")
_BARE_DOLLAR = re.compile(r"(?<![A-Za-z])\$")


def require_code(*, currency: str) -> None:
    """Raise unless a currency is a code of ISO 4217."""
    if currency not in CURRENCY_CODES:
        raise ValueError(f"currency must be a code of ISO 4217, got {currency!r}")


def as_amount(value: object, name: str = "amount") -> str:
    """A number as an amount with two decimals, such as "-12.30".

    Raises:
        ValueError: if it is no plain number, or two decimals cannot hold it.

    Example:
        >>> as_amount("834.9"), as_amount(-800), as_amount("1.500")
        ('834.90', '-800.00', '1.50')
    """
    number = _plain_number(value, name)
    cents = number.quantize(_CENT, context=ARITHMETIC)
    if cents != number:
        raise ValueError(f"{name} must have at most two decimals, got {value!r}")
    return f"{cents:.2f}"


def as_price(value: object, name: str = "unit_price") -> str:
    """A number with two decimals or as many more as it has, for prices of one piece."""
    number = _plain_number(value, name)
    return max(f"{number.quantize(_CENT, context=ARITHMETIC):.2f}", as_quantity(number), key=len)


def as_quantity(value: object, name: str = "quantity") -> str:
    """A number without trailing zeros, such as "3", "0.5" or "19"."""
    text = f"{_plain_number(value, name):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain_number(value: object, name: str) -> Decimal:
    text = str(value).strip()
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"{name} must be a plain number, got {value!r}")
    number = Decimal(text)  # exact, in whatever context the caller works
    return number if number else number.copy_abs()  # no "-0"


def as_target(values: Mapping) -> dict:
    """A target in canonical form.

    `net` is taken as `subtotal`. What is None or empty is left out; keys that are not
    part of a target stay as they are.

    Args:
        values: names and values; amounts are plain numbers or their texts.

    Raises:
        ValueError: if a value cannot be read, or one of `REQUIRED` is missing.

    Example:
        >>> label = {"vendor": "A", "date": "2018-03-05", "currency": "EUR"}
        >>> as_target(label | {"total": 5, "net": None})["total"]
        '5.00'
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"target must be a mapping, got {values!r}")
    target = {}
    for key, value in values.items():
        if value is None or value == "":
            continue
        name = _OTHER_NAMES.get(key, key)
        if name in target:
            raise ValueError(f"target must hold one {name}, got {key} as well")
        target[name] = _READERS.get(name, _as_it_is)(value, name)
    if missing := [name for name in REQUIRED if name not in target]:
        raise ValueError(f"target lacks {', '.join(missing)}")
    return target


def as_sroie_target(entities: Mapping, segments: Sequence[str], *, currency: str) -> dict:
    """A target from a label of SROIE: company, date and total, as printed.

    The currency is the one that the page names. Where it names none, or only a bare
    dollar sign, it is the given one.

    Args:
        entities: company, date, total (and address) as they stand on the page.
        segments: the texts of the page.
        currency: ISO code of the country of the receipts.

    Raises:
        ValueError: if one of the three is missing or cannot be read.
    """
    if not isinstance(entities, Mapping):
        raise ValueError(f"the label must be a mapping, got {type(entities).__name__}")
    texts = {key: entities.get(key) for key in ("company", "date", "total")}
    for key, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"the label has no {key}, got {text!r}")
    date, total = _date_in(texts["date"]), read_money(texts["total"])
    if date is None:
        raise ValueError(f"no date can be read from {texts['date']!r}")
    if total is None:
        raise ValueError(f"no total can be read from {texts['total']!r}")
    return {
        "vendor": " ".join(texts["company"].split()),
        "date": date.isoformat(),
        "currency": _currency_of([texts["total"], *segments]) or currency,
        "total": as_amount(total, "total"),
    }


def _date_in(text: str):
    found = set(find_dates(text))
    return read_date(text) or (found.pop() if len(found) == 1 else None)


def _currency_of(segments: Sequence[str]) -> str | None:
    """The currency named first; ringgit if it is named at all."""
    # In brackets, as a text alone may be a rare code: the BHD of a "SDN BHD" is none.
    codes = [read_currency(f"({_BARE_DOLLAR.sub('', text)})") for text in segments]
    named = [code for code in codes if code]
    return "MYR" if "MYR" in named else next(iter(named), None)


def _as_it_is(value, name):
    return value


def _as_text(value, name):
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a text, got {value!r}")
    return value


def _as_date(value, name):
    date = read_date(value) if isinstance(value, str) else None
    if date is None:
        raise ValueError(f"{name} must be a date, got {value!r}")
    return date.isoformat()


def _as_code(value, name):
    code = read_currency(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f"{name} must be a currency, got {value!r}")
    return code


def _as_rows(readers: Mapping):
    def read(rows, name):
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise ValueError(f"{name} must be a list of mappings, got {rows!r}")
        return [
            {
                key: readers.get(key, _as_it_is)(value, f"{name}.{key}")
                for key, value in row.items()
                if value is not None and value != ""
            }
            for row in rows
        ]

    return read


_READERS = {
    "vendor": _as_text,
    "date": _as_date,
    "currency": _as_code,
    **dict.fromkeys(AMOUNTS, as_amount),
    "tax_breakdown": _as_rows({"rate": as_quantity, "base": as_amount, "tax": as_amount}),
    "line_items": _as_rows(
        {
            "description": _as_text,
            "quantity": as_quantity,
            "unit_price": as_price,
            "amount": as_amount,
        }
    ),
}
