"""Four small invoices, and eight answers to each: the truth, slips, and exploits."""

from collections.abc import Mapping

from rlnotes.functional.extraction.answers import AMOUNTS

_ITEMS = [
    {"description": "Garden chair", "quantity": "2", "unit_price": "60.00", "amount": "120.00"},
    {"description": "Parasol", "quantity": "1", "unit_price": "80.00", "amount": "80.00"},
]
_HEAD = {"vendor": "Marlow Garden Supplies", "date": "2026-05-03"}

TARGETS: dict[str, dict] = {
    "tax on top": {
        **_HEAD,
        "currency": "EUR",
        "line_items": _ITEMS,
        "subtotal": "200.00",
        "tax": "38.00",
        "total": "238.00",
    },
    "prices with tax": {
        **_HEAD,
        "currency": "MYR",
        "line_items": _ITEMS,
        "subtotal": "200.00",
        "tax": "11.32",
        "total": "200.00",
    },
    "discount, prepayment": {
        **_HEAD,
        "currency": "EUR",
        "line_items": _ITEMS,
        "allowances": "20.00",
        "subtotal": "180.00",
        "tax": "34.20",
        "total": "214.20",
        "prepaid": "100.00",
        "payable": "114.20",
    },
    "no tax on the page": {**_HEAD, "currency": "EUR", "line_items": _ITEMS, "total": "200.00"},
}
TRUTH = "the truth"


def candidate_answers(target: Mapping) -> dict[str, dict]:
    """Eight answers by name; the first is the truth.

    Args:
        target: one of `TARGETS`, or another in the same form.
    """
    truth = dict(target)
    year, month, day = truth["date"].split("-")
    zeros = {**dict.fromkeys(AMOUNTS, "0.00"), "line_items": [{"amount": "0.00"}]}
    summed = [key for key in ("subtotal", "tax") if key in truth] or ["line_items"]
    left_out = "sums left out" if "tax" in truth else "lines left out"
    return {
        TRUTH: truth,
        "as printed": truth
        | {"total": f"{truth['currency']} {truth['total']}", "date": f"{day}/{month}/{year}"},
        "total off by a digit": truth | {"total": "3" + truth["total"][1:]},
        "day and month turned": truth | {"date": f"{year}-{day}-{month}"},
        left_out: {key: value for key, value in truth.items() if key not in summed},
        "subtotal := total, tax 0": truth | {"subtotal": truth["total"], "tax": "0.00"},
        "zeros everywhere": truth | zeros,
        "nothing": {},
    }
