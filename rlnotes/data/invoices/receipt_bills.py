"""A draw of what a receipt says, and of which of it the till prints."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from rlnotes.data.invoices.amounts import divide_half_up
from rlnotes.data.invoices.bills import Bill, Line, Sums, line_amount, settle
from rlnotes.data.invoices.draws import chance, digits, pick, pick_weighted, whole
from rlnotes.data.invoices.goods import draw_shop_goods
from rlnotes.data.invoices.parties import draw_shop

GST = 60
_LINE_COUNTS = ((1, 30), (2, 22), (3, 16), (4, 11), (5, 8), (6, 5), (8, 4), (11, 4), (16, 2))
# With rows for subtotal and tax: do prices contain the tax, and is the total rounded?
_BOTH_ROWS = (((False, False), 56), ((True, False), 20), ((False, True), 17), ((True, True), 7))
_PAYMENTS = (("cash", 31), ("card", 38), ("amount", 16), ("none", 15))
_NOTES = (100, 500, 1000, 2000, 5000, 10000)


@dataclass(frozen=True)
class Receipt:
    """A bill of a shop, and what its till prints of it.

    Attributes:
        bill: what it says.
        rows: amounts that get a row: some of lines_total, subtotal, tax, rounding,
            summary (the table of tax by rate) and summary_total.
        payment: "cash" (given and change), "card", "amount" (given only) or "none".
        tendered: cents given.
    """

    bill: Bill
    rows: frozenset[str]
    payment: str
    tendered: int


def draw_receipt(generator: np.random.Generator) -> Receipt:
    """What a receipt of an invented shop says; all sums are exact."""
    both = chance(generator, 0.37)
    inclusive, rounded = (
        pick_weighted(generator, _BOTH_ROWS) if both else (True, chance(generator, 0.22))
    )
    rate = GST if both or chance(generator, 0.75) else 0
    payment = "cash" if rounded else pick_weighted(generator, _PAYMENTS)
    lines, loose = _draw_lines(generator, rate)
    extras = _draw_extras(generator, lines, payment)
    lines, sums = _settle_exactly(lines, loose, extras, inclusive=inclusive, rounded=rounded)
    bill = Bill(
        seller=draw_shop(generator),
        buyer=draw_shop(generator),
        day=date(2014, 1, 1) + timedelta(days=whole(generator, 0, 4017)),
        number=f"{pick(generator, ('CS', 'INV', 'R', 'T1-', ''))}{digits(generator, 8)}",
        currency="MYR",
        lines=tuple(lines),
        sums=sums,
    )
    rows = _draw_rows(generator, sums, both=both, rate=rate)
    return Receipt(bill, rows, payment, _draw_tendered(generator, payment, sums.payable))


def _draw_lines(generator: np.random.Generator, rate: int) -> tuple[list[Line], int]:
    """Lines of goods, and the number of one that is bought once and not reduced."""
    products = draw_shop_goods(generator, pick_weighted(generator, _LINE_COUNTS))
    mixed = rate > 0 and chance(generator, 0.2)
    loose = whole(generator, 0, len(products) - 1)
    lines = []
    for i, product in enumerate(products):
        quantity = 1000 if i == loose else product.quantity
        gross = line_amount(quantity, product.price, 0)
        discount = gross // 100 * 10 if i != loose and chance(generator, 0.06) else 0
        line_rate = 0 if mixed and i != loose and chance(generator, 0.4) else rate
        lines.append(
            Line(
                description=product.description,
                code=product.code,
                quantity=quantity,
                unit_price=product.price,
                discount=discount,
                rate=line_rate,
                amount=gross - discount,
            )
        )
    return lines, loose


def _draw_extras(generator: np.random.Generator, lines: list[Line], payment: str) -> Callable:
    """What is taken off, put on and paid before, as a function of the lines' sum."""
    discount = pick(generator, (50, 100)) if chance(generator, 0.08) else 0
    charge = 100 if chance(generator, 0.06) else 0
    deposit = payment == "cash" and chance(generator, 0.05)

    def extras(lines_total: int) -> dict[str, int]:
        return {
            "allowances": lines_total * discount // 10000 * 10,
            "charges": divide_half_up(lines_total * charge, 1000),
            "prepaid": lines_total // 400 * 100 if deposit else 0,
        }

    return extras


def _settle_exactly(
    lines: list[Line], loose: int, extras: Callable, *, inclusive: bool, rounded: bool
) -> tuple[list[Line], Sums]:
    """Raise the price of the loose line, cent by cent, until the sums are as wanted.

    Sums are wanted that split into whole cents, with a total that needs rounding to
    five cents if `rounded`, and needs none if not. Where something was paid before,
    what is left to pay is rounded instead.
    """
    for _ in range(1000):
        added = extras(sum(line.amount for line in lines))
        five_cents = "payable" if added["prepaid"] else "total"
        sums = settle(lines, inclusive=inclusive, five_cents=five_cents, **added)
        if sums is not None and (sums.rounding != 0) == rounded:
            return lines, sums
        price = lines[loose].unit_price + 1
        lines[loose] = replace(lines[loose], unit_price=price, amount=price)
    raise AssertionError("no price gives sums in whole cents")


def _draw_rows(
    generator: np.random.Generator, sums: Sums, *, both: bool, rate: int
) -> frozenset[str]:
    rows = {"subtotal", "tax"} if both else set()
    if not both and rate and chance(generator, 0.15):
        rows.add("tax")
    elif not both and chance(generator, 0.55):
        rows.add("subtotal")
    if rate and chance(generator, 0.62):
        rows.add("summary")
        if chance(generator, 0.35):
            rows.add("summary_total")
    if sums.rounding or chance(generator, 0.39):
        rows.add("rounding")
    if sums.allowances or sums.charges:
        rows.add("lines_total")
    return frozenset(rows)


def _draw_tendered(generator: np.random.Generator, payment: str, payable: int) -> int:
    if payment != "cash" or chance(generator, 0.3):
        return payable
    note = pick(generator, _NOTES)
    return -(-payable // note) * note
