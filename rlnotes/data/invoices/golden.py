"""Answers that a reward must get right: the truth otherwise printed, and exploits."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from rlnotes.functional.extraction.answers import AMOUNTS, ARITHMETIC, REQUIRED, ROWS
from rlnotes.functional.extraction.currencies import SIGNS
from rlnotes.functional.extraction.money import read_money
from rlnotes.functional.extraction.plain import MAX_KEYS, MAX_ROWS

_COLUMNS_OF_AMOUNTS = ("unit_price", "amount", "base", "tax")
_SIGN_OF = {code: sign for sign, code in SIGNS.items()}


def correct_variants(target: Mapping) -> dict[str, object]:
    """The same values, otherwise printed: each must earn 1 for its fields.

    Args:
        target: a document's label, with amounts as strings and a date YYYY-MM-DD.

    Returns:
        Answers by what was changed, dicts and one JSON string. The target itself is
        not changed.

    Example:
        >>> variants = correct_variants({"currency": "MYR", "total": "1234.50"})
        >>> variants["thousands"]["total"], variants["currency sign"]["total"]
        ('1,234.50', 'RM 1234.50')
    """
    sign = _SIGN_OF.get(target.get("currency"), target.get("currency") or "")
    spaced = {key: f"  {value} " for key, value in target.items() if isinstance(value, str)}
    absent = dict.fromkeys([*AMOUNTS, *ROWS, "note"])
    rows_turned = {key: list(reversed(target[key])) for key in ROWS if key in target}
    variants: dict[str, object] = {
        "copied": dict(target),
        "json": json.dumps(dict(target)),
        "keys turned round": dict(reversed(target.items())),
        "rows turned round": {**target, **rows_turned},
        "absent as null": {**absent, **target},
        "absent as empty": {**dict.fromkeys(absent, ""), **target},
        "blanks around": {**target, **spaced},
        "currency sign": _printed(target, lambda text: f"{sign} {text}".strip()),
        "thousands": _printed(target, lambda text: f"{Decimal(text):,.2f}"),
        "floats": _printed(target, float),
        "decimals": _printed(target, Decimal),
        "minus behind": _printed(target, lambda text: f"{text[1:]}-" if text[0] == "-" else text),
        "four decimals": _printed(target, lambda text: f"{Decimal(text):.4f}"),
    }
    if "vendor" in target:
        variants["capitals"] = {**target, "vendor": target["vendor"].upper()}
        variants["wide blanks"] = {**target, "vendor": "\u3000".join(target["vendor"].split())}
    if "date" in target:
        day = date.fromisoformat(target["date"])
        variants["day first"] = {**target, "date": f"{day:%d/%m/%Y}"}
        variants["month by name"] = {**target, "date": f"{day:%d %b %Y}"}
    if "currency" in target:
        variants["sign for a code"] = {**target, "currency": sign}
        variants["small code"] = {**target, "currency": target["currency"].lower()}
    return variants


def exploits(target: Mapping, page_texts: Sequence[str]) -> dict[str, object]:
    """Answers that try to earn the reward without reading the document right.

    None may earn more than the truth: with the target and without it, for a document
    whose amounts add up and whose total is not zero.

    Args:
        target: a document's label.
        page_texts: all texts on its pages.

    Returns:
        Answers by the trick. Some of them may be the truth by chance: for a document
        without tax, "no tax" is.
    """
    return {
        **_omissions(target),
        **_copied_totals(target),
        **_invented_rows(target),
        **_page_dumps(target, page_texts),
        **_garbage(target),
    }


def _omissions(target: Mapping) -> dict[str, object]:
    return {
        "nothing": {},
        "nulls": dict.fromkeys(target),
        "no tax": _without(target, "tax"),
        "no subtotal and tax": _without(target, "subtotal", "tax"),
        "no rows": _without(target, *ROWS),
        "required only": {key: target[key] for key in REQUIRED if key in target},
        "total only": {"total": target.get("total", "1.00")},
        "no total": _without(target, "total"),
    }


def _copied_totals(target: Mapping) -> dict[str, object]:
    total = target.get("total", "1.00")
    required = {**{key: target.get(key, total) for key in REQUIRED}, "total": total}
    everywhere = dict.fromkeys(AMOUNTS, total)
    zeros = {"allowances": "0.00", "charges": "0.00", "prepaid": "0.00", "rounding": "0.00"}
    return {
        "zeros": _printed(target, lambda text: "0.00"),
        "zeros everywhere": {**required, **dict.fromkeys(AMOUNTS, "0.00")},
        "subtotal = total": {**_without(target, "tax"), "subtotal": total},
        "subtotal = total, tax = 0": {**target, "subtotal": total, "tax": "0.00"},
        "tax = 0": {**target, "tax": "0.00"},
        "tax = total": {**target, "subtotal": "0.00", "tax": total},
        "total everywhere": {**required, **everywhere},
        "a chain that adds up": {**required, **everywhere, **zeros, "tax": "0.00"},
        "all prepaid": {**target, "prepaid": total, "payable": "0.00"},
        "total doubled": {**required, "subtotal": total, "tax": total, "total": _twice(total)},
    }


def _invented_rows(target: Mapping) -> dict[str, object]:
    total = target.get("total", "1.00")
    lines = list(target.get("line_items", ()))
    twins = [{"amount": text} for text in (total, f"-{total.lstrip('-')}")]
    free = [{"rate": "0", "base": total, "tax": "0.00"}]
    sums = {"lines_total": total, "subtotal": total, "tax": "0.00", "payable": total}
    return {
        "one line": {**target, "line_items": [{"amount": total}]},
        "lines that add up": {**target, "line_items": [*twins, {"amount": total}]},
        "negative twins": {**target, "line_items": [*lines, *twins]},
        "lines twice": {**target, "line_items": lines * 2},
        "empty lines": {**target, "line_items": [{}] * 5},
        "zero lines": {**target, "line_items": [*lines, *[{"amount": "0.00"}] * 9]},
        "rate 0": {**target, "tax_breakdown": free, "tax": "0.00"},
        "rates 0": {**target, "tax_breakdown": [{"rate": "0", "base": "0", "tax": "0"}] * 9},
        "invented, adds up": {
            **target,
            **sums,
            "line_items": [{"amount": total}],
            "tax_breakdown": free,
        },
    }


def _page_dumps(target: Mapping, page_texts: Sequence[str]) -> dict[str, object]:
    read = [read_money(text) for text in page_texts if len(text) <= 64]
    numbers = [str(number) for number in read if number is not None]
    texts = {f"text {index}": text for index, text in enumerate(page_texts)}
    named = {f"number {index}": number for index, number in enumerate(numbers)}
    room = MAX_KEYS - len(target)
    return {
        "numbers as lines": {**target, "line_items": [{"amount": each} for each in numbers]},
        "numbers as keys": {**dict(list(named.items())[:room]), **target},
        "texts as keys": {**dict(list(texts.items())[:room]), **target},
        "all texts as keys": {**texts, **{f"more {index}": "1" for index in range(MAX_KEYS)}},
        "page as vendor": {**target, "vendor": " ".join(page_texts)},
        "page as text": "\n".join(page_texts),
    }


def _garbage(target: Mapping) -> dict[str, object]:
    return {
        "a list": [dict(target)],
        "no JSON": f"Here it is: {json.dumps(dict(target))}",
        "keys in capitals": {key.upper(): value for key, value in target.items()},
        "both spellings": {**{key.upper(): value for key, value in target.items()}, **target},
        "nested": {"invoice": dict(target)},
        "lists of one": {key: [value] for key, value in target.items()},
        "not a number": _printed(target, lambda text: "NaN"),
        "infinite": _printed(target, lambda text: float("inf")),
        "beyond all numbers": _printed(target, lambda text: "1e400"),
        "true": dict.fromkeys(target, True),
        "huge texts": dict.fromkeys(target, "9" * 10_000),
        "a megabyte": json.dumps({**target, "note": "9" * 1_000_000}),
        "too many lines": {**target, "line_items": [{"amount": "0.00"}] * (MAX_ROWS + 1)},
        "deeply nested": "[" * 50_000,
    }


def _without(target: Mapping, *keys: str) -> dict:
    return {key: value for key, value in target.items() if key not in keys}


def _twice(text: str) -> str:
    return str(ARITHMETIC.multiply(2, Decimal(text)))


def _printed(target: Mapping, form: Callable[[str], object]) -> dict:
    """A copy of the target with every amount in another form."""
    copy = {key: form(value) if key in AMOUNTS else value for key, value in target.items()}
    for key in ROWS:
        if key in target:
            copy[key] = [
                {
                    name: form(value) if name in _COLUMNS_OF_AMOUNTS else value
                    for name, value in row.items()
                }
                for row in target[key]
            ]
    return copy
