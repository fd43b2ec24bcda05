"""What the labels say: their sums, recomputed with Decimal, and their form."""

import re
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from rlnotes.data.invoices import LAYOUTS
from tests.data.invoices.reading import documents, every_layout, row_values

CENT = Decimal("0.01")
AMOUNT_KEYS = {
    "lines_total",
    "allowances",
    "charges",
    "subtotal",
    "tax",
    "total",
    "prepaid",
    "rounding",
    "payable",
}
KEYS = {"vendor", "date", "currency", "line_items", "tax_breakdown"} | AMOUNT_KEYS


def sums_that_fail(target: dict) -> list[str]:
    """Names of the rules that a target breaks; each applies where its numbers are."""
    sums = {key: Decimal(target.get(key, "0")) for key in AMOUNT_KEYS}
    lines = sum(Decimal(item["amount"]) for item in target["line_items"])
    after_lines = lines - sums["allowances"] + sums["charges"]
    # With an amount to pay, rounding belongs to that; without one, to the total.
    before = sums["total"] - (0 if "payable" in target else sums["rounding"])
    with_tax = sums["subtotal"] if "subtotal" in target else after_lines
    rules = {
        "lines_total": "lines_total" not in target or lines == sums["lines_total"],
        "subtotal": "subtotal" not in target or after_lines == sums["subtotal"],
        "total": before in (with_tax, with_tax + sums["tax"]),
        "payable": "payable" not in target
        or sums["total"] - sums["prepaid"] + sums["rounding"] == sums["payable"],
        "prepaid alone": "payable" in target or sums["prepaid"] == 0,
    }
    rows = target.get("tax_breakdown", [])
    rules |= tax_rules(rows, target.get("tax"), after_lines, inclusive=before == with_tax)
    return [name for name, holds in rules.items() if not holds]


def tax_rules(rows, tax, after_lines, *, inclusive: bool) -> dict[str, bool]:
    if not rows:
        return {}
    bases = sum(Decimal(row["base"]) for row in rows)
    taxes = sum(Decimal(row["tax"]) for row in rows)
    exact = [Decimal(row["base"]) * Decimal(row["rate"]) / 100 for row in rows]
    return {
        "tax": tax is None or taxes == Decimal(tax),
        "bases": after_lines == (bases + taxes if inclusive and taxes else bases),
        "tax of a rate": [value.quantize(CENT, ROUND_HALF_UP) for value in exact]
        == [Decimal(row["tax"]) for row in rows],
    }


def test_every_sum_of_every_target_is_exact():
    for document in every_layout():
        assert sums_that_fail(document.target) == [], document.target


def test_a_rounded_receipt_by_hand():
    # 3.37 + 6.00 = 9.37 with tax, rounded to 9.35; 9.37 = 8.84 + 0.53 at 6 %.
    target = {
        "subtotal": "9.37",
        "tax": "0.53",
        "rounding": "-0.02",
        "total": "9.35",
        "tax_breakdown": [{"rate": "6", "base": "8.84", "tax": "0.53"}],
        "line_items": [{"amount": "3.37"}, {"amount": "6.00"}],
    }
    assert sums_that_fail(target) == []
    assert sums_that_fail(target | {"total": "9.40"}) == ["total", "bases"]
    assert sums_that_fail(target | {"tax": "0.54"}) == ["tax"]


@pytest.mark.parametrize("key", sorted(AMOUNT_KEYS))
def test_a_cent_more_is_seen(key):
    # Each amount stands in a rule in all documents that have the ones it is tied to.
    seen = 0
    for document in every_layout():
        if key in document.target:
            off = str(Decimal(document.target[key]) + CENT)
            broken = sums_that_fail(document.target | {key: off})
            seen += bool(broken)
    assert seen >= 20


def test_targets_have_one_normal_form():
    for document in every_layout():
        target = document.target
        assert set(target) <= KEYS
        assert {"vendor", "date", "currency", "total", "line_items"} <= set(target)
        assert date.fromisoformat(target["date"]).isoformat() == target["date"]
        assert target["currency"] in {"MYR", "EUR", "USD", "GBP"}
        amounts = [target[key] for key in AMOUNT_KEYS & set(target)]
        amounts += [item["amount"] for item in target["line_items"]]
        amounts += [row[key] for row in target.get("tax_breakdown", []) for key in ("base", "tax")]
        for text in amounts:
            assert re.fullmatch(r"-?(0|[1-9]\d*)\.\d\d", text), text
            assert text != "-0.00"
        plain = [row["rate"] for row in target.get("tax_breakdown", [])]
        plain += [item["quantity"] for item in target["line_items"] if "quantity" in item]
        for text in plain:
            assert re.fullmatch(r"-?\d+(\.\d*[1-9])?", text), text


def test_every_key_and_every_case_comes_up():
    counts: Counter = Counter()
    for document in every_layout():
        target = document.target
        counts.update(target.keys())
        rows = target.get("tax_breakdown", [])
        counts["several rates"] += len(rows) > 1
        counts["negative"] += Decimal(target["total"]) < 0
        counts["rounded"] += Decimal(target.get("rounding", "0")) != 0
        counts["prepaid"] += Decimal(target.get("prepaid", "0")) > 0
        counts["reduced"] += Decimal(target.get("allowances", "0")) > 0
        counts["fraction"] += any("." in item.get("quantity", "") for item in target["line_items"])
        counts["reduced line"] += any(
            (Decimal(item["quantity"]) * Decimal(item["unit_price"])).quantize(CENT, ROUND_HALF_UP)
            != Decimal(item["amount"])
            for item in target["line_items"]
            if "quantity" in item
        )
    assert min(counts[key] for key in KEYS) > 20
    cases = ("several rates", "negative", "rounded", "prepaid", "reduced", "fraction")
    assert min(counts[case] for case in (*cases, "reduced line")) > 5, counts


def test_taxes_of_several_rates_alone_are_no_total_tax():
    several = [d.target for d in every_layout() if len(d.target.get("tax_breakdown", [])) > 1]
    assert {"tax" in target for target in several} == {True, False}
    for document in documents(("receipt_till",), 150):
        if len(document.target.get("tax_breakdown", [])) > 1:
            rows = row_values(document, r"GST|TOTAL GST")
            # A third row of the table, below those of two rates, sums them up.
            bases = sum(Decimal(row["base"]) for row in document.target["tax_breakdown"])
            summed = bases in row_values(document, r"TOTAL :")
            assert ("tax" in document.target) == bool(rows or summed)


def test_prepaid_and_allowances_are_stored_positive_and_printed_negative():
    for name in LAYOUTS:
        for document in documents((name,), 150):
            for key in ("prepaid", "allowances"):
                cents = Decimal(document.target.get(key, "0"))
                assert cents >= 0
                if cents:
                    text = f"-{cents:,.2f}"
                    forms = {text, text.translate(str.maketrans(",.", ".,")), f"-{cents:.2f}"}
                    forms.add(f"-{cents:.2f}".replace(".", ","))
                    assert forms & set(document.segments), (name, key, cents)
