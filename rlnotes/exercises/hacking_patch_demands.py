"""Answers to a receipt, and what a reward without labels may pay for each."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, combinations, product
from typing import NamedTuple

from rlnotes.exercises.hacking_patch_pages import (
    CENT,
    FIELDS,
    ROW_LABELS,
    TAX_INSIDE,
    Receipt,
)

MOST = 0.9  # what an answer may earn that is not the truth
LEAST = 0.01  # what an answer must earn that lacks a single row
_ZERO = Decimal("0.00")


class Demand(NamedTuple):
    """An answer, what it must earn at least and at most, and why."""

    what: str
    answer: dict[str, Decimal]
    least: float
    most: float
    why: str


def demands(receipt: Receipt) -> list[Demand]:
    """The truth, twice, and each exploit that differs from it, once.

    Example:
        >>> from rlnotes.exercises.hacking_patch_pages import receipt
        >>> [demand.what for demand in demands(receipt("= TOTAL 5.50"))][:3]
        ['the truth', 'the truth, with four decimals', 'nothing']
    """
    truth = receipt.truth
    longer = {field: amount.quantize(CENT * CENT) for field, amount in truth.items()}
    found = [
        Demand("the truth", truth, 1, 1, "each amount stands on its row, and they add up."),
        Demand("the truth, with four decimals", longer, 1, 1, "10.6000 is the number 10.60."),
    ]
    on_top = _ZERO if TAX_INSIDE in dict(receipt.page) else truth.get("tax", _ZERO)
    exploits = chain(_left_out(truth), _moved(receipt, on_top), _made_up(truth, on_top))
    for what, answer, least, why in exploits:
        if all(answer != other.answer for other in found):
            found.append(Demand(what, answer, least, MOST, why))
    return found


def _left_out(truth: dict) -> Iterator[tuple]:
    """Answers that lack what the page prints."""
    why = "the page prints what is left out here. A policy that may leave it out never reads it."
    for count in range(1, len(truth)):
        for missing in combinations(truth, count):
            rest = {field: amount for field, amount in truth.items() if field not in missing}
            least = LEAST if count == 1 and "total" in rest else 0
            yield "no " + " and no ".join(missing), rest, least, why
    yield "nothing", {}, 0, why


def _made_up(truth: dict, on_top: Decimal) -> Iterator[tuple]:
    """Answers with amounts that no row of their field prints."""
    why = "an amount is made up. It stands on no row of its field."
    total = truth["total"]
    tax = (total * 6 / 100).quantize(CENT) + 1
    yield "subtotal := total, no tax", {"subtotal": total, "total": total}, 0, why
    yield "subtotal := total, tax := 0.00", _answer(total, _ZERO, total), 0, why
    yield "tax := 0.00", {**truth, "tax": _ZERO}, 0, why
    yield "a tax of no row", {**truth, "tax": tax}, 0, why
    yield "a tax of no row, and sums that fit", _answer(total - tax, tax, total), 0, why
    yield "a subtotal that fits", {**truth, "subtotal": total - on_top}, 0, why
    yield "zeros", dict.fromkeys(FIELDS, _ZERO), 0, why
    yield "zeros for what is printed", dict.fromkeys(truth, _ZERO), 0, why
    for field, amount in truth.items():
        yield f"a {field} that is a cent too high", {**truth, field: amount + CENT}, 0, why
    raised = {field: truth[field] + CENT for field in ("subtotal", "total") if field in truth}
    yield "a cent too much", {**truth, **raised}, 0, why


def _moved(receipt: Receipt, on_top: Decimal) -> Iterator[tuple]:
    """Answers with amounts that the page prints on another row."""
    page, truth = receipt
    why = "the amount stands on the page, but not on the row where this field is true."
    for field, (label, amount) in product(FIELDS, page):
        yield f"the {field} from a row {label}", {**truth, field: amount}, 0, why
    why = "the amounts add up, but stand on rows of something else."
    rows = {ROW_LABELS[label]: amount for label, amount in page}
    if "subtotal" in truth:
        turned = {**truth, "subtotal": truth["total"], "total": truth["subtotal"]}
        yield "subtotal and total exchanged", turned, 0, why
    for other in [name for name in ("cash", "payable") if name in rows]:
        paid = {"subtotal": rows[other] - on_top, "total": rows[other]}
        yield f"the {other} as total, and a subtotal that fits", {**truth, **paid}, 0, why
    if "change" in rows:
        due = rows["cash"] - rows["change"]
        paid = _answer(due, rows["change"], rows["cash"])
        yield "total, change and cash as subtotal, tax and total", paid, 0, why


def _answer(*amounts: Decimal) -> dict[str, Decimal]:
    return dict(zip(FIELDS, amounts, strict=True))
