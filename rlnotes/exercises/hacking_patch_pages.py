"""Small till receipts: the amounts that a page prints, and what is true of it."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np

FIELDS = ("subtotal", "tax", "total")
# Every label that a page of the exercise may print, and what its amount is.
ROW_LABELS = {
    "SUBTOTAL": "subtotal",
    "TOTAL EXCL. GST": "subtotal",
    "GST 6%": "tax",
    "GST 0%": "tax",
    "GST 6% INCL.": "tax",
    "TOTAL": "total",
    "GRAND TOTAL": "total",
    "ROUNDING": "rounding",
    "ROUNDED TOTAL": "payable",
    "CASH": "cash",
    "CHANGE": "change",
}
TAX_INSIDE = "GST 6% INCL."  # where this row stands, the subtotal holds the tax
CENT = Decimal("0.01")

# Rows of the truth start with "= ". Other rows of the same field are no part of it:
# the sum of an earlier page, a rate that taxes nothing, a total before tax.
_KINDS = (
    "= SUBTOTAL {net} | = GST 6% {tax} | = TOTAL {gross}",
    "= SUBTOTAL {gross} | = GST 6% INCL. {tax} | = TOTAL {gross}",
    "= GRAND TOTAL {gross} | = GST 6% INCL. {tax}",
    "= SUBTOTAL {net} | = TOTAL {net}",
    "= TOTAL {net}",
    "= SUBTOTAL {net} | = GST 0% 0.00 | = TOTAL {net}",
    "= GST 6% {tax} | = TOTAL {gross}",
    "SUBTOTAL {part} | = SUBTOTAL {net} | = GST 6% {tax} | = GRAND TOTAL {gross}",
    "= TOTAL EXCL. GST {net} | GST 0% 0.00 | = GST 6% {tax} | = TOTAL {gross}",
    "= TOTAL EXCL. GST {net} | = GST 6% {tax} | GST 0% 0.00 | = TOTAL {gross}",
    "= SUBTOTAL {net} | TOTAL {net} | = GST 6% {tax} | = TOTAL {gross}",
    "SUBTOTAL {part} | = SUBTOTAL {net} | = TOTAL {net}",
    "= SUBTOTAL {net} | SUBTOTAL {part} | = TOTAL {net}",
    "SUBTOTAL {part} | = SUBTOTAL {gross} | = GST 6% INCL. {tax} | = TOTAL {gross}",
)


class Receipt(NamedTuple):
    """A page as rows (label, amount), and the true answer to it."""

    page: list[tuple[str, Decimal]]
    truth: dict[str, Decimal]


def receipt(text: str) -> Receipt:
    """A receipt from rows between bars; those of the truth start with an equals sign.

    Example:
        >>> receipt("= TOTAL 5.50 | CASH 6.00").truth
        {'total': Decimal('5.50')}
    """
    page, truth = [], {}
    for row in text.split(" | "):
        label, amount = row.removeprefix("= ").rsplit(" ", 1)
        page.append((label, Decimal(amount)))
        if row.startswith("= "):
            truth[ROW_LABELS[label]] = Decimal(amount)
    return Receipt(page, truth)


def draw_receipts(count: int, *, seed: int) -> list[Receipt]:
    """Receipts with amounts drawn at random, all kinds in turn.

    Args:
        count: how many.
        seed: the same seed draws the same receipts.
    """
    generator = np.random.default_rng(seed)
    return [_draw(kind, generator) for kind in islice(cycle(_KINDS), count)]


def _draw(kind: str, generator: np.random.Generator) -> Receipt:
    net = int(generator.integers(200, 20_000)) * CENT
    tax = (net * 6 / 100).quantize(CENT, ROUND_HALF_UP)
    part = (net * int(generator.integers(20, 80)) / 100).quantize(CENT)
    text = kind.format(net=net, tax=tax, gross=net + tax, part=part)
    total = receipt(text).truth["total"]
    return receipt(" | ".join([text, *_paid(total, generator)]))


def _paid(total: Decimal, generator: np.random.Generator) -> Iterator[str]:
    """Rows below the total: rounding to five cents, cash, change."""
    due = total
    if generator.random() < 0.5:
        due = (total * 20).quantize(Decimal(1), ROUND_HALF_UP) / 20
    if due != total:
        yield f"ROUNDING {due - total}"
        yield f"ROUNDED TOTAL {due.quantize(CENT)}"
    step = int(generator.choice([0, 1, 500, 5_000])) * CENT  # none, exact, or in notes
    if step:
        cash = (due / step).quantize(Decimal(1), ROUND_CEILING) * step
        yield f"CASH {cash.quantize(CENT)}"
        yield f"CHANGE {(cash - due).quantize(CENT)}"
