"""A draw of what an invoice says, and of how it prints numbers and dates."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from rlnotes.data.invoices.amounts import print_date, print_money, scaled
from rlnotes.data.invoices.bills import Bill, Line, Sums, line_amount, settle
from rlnotes.data.invoices.draws import chance, digits, pick, pick_weighted, whole
from rlnotes.data.invoices.goods import draw_firm_goods
from rlnotes.data.invoices.parties import draw_firm

_LINE_COUNTS = (
    *((1, 20), (2, 20), (3, 16), (4, 12), (6, 10)),
    *((9, 9), (14, 6), (22, 4), (40, 3)),
)


@dataclass(frozen=True)
class Country:
    """Where an invoice is written: what differs before a layout is chosen.

    Attributes:
        german: language of the goods.
        rates: usual and lower tax rate, tenths of a percent; one pair is drawn.
        currencies: one is drawn.
        dates: patterns with weights.
        marks: decimal and thousands mark, with weights.
    """

    german: bool
    rates: tuple[tuple[int, int], ...]
    currencies: tuple[str, ...]
    dates: tuple[tuple[str, int], ...]
    marks: tuple[tuple[tuple[str, str], int], ...]


@dataclass(frozen=True)
class Invoice:
    """A bill of a firm, and how it is printed.

    Attributes:
        bill: what it says.
        german: language of the goods.
        rows: sums that get a row: all but those that say nothing, and at times these.
        date_pattern: as in `print_date`.
        mark: the decimal mark.
        thousands: between thousands; "" for nothing.
        places: decimals of the lines' amounts.
        cancels: whether it takes back another invoice; all amounts are negative then.
    """

    bill: Bill
    german: bool
    rows: frozenset[str]
    date_pattern: str
    mark: str
    thousands: str
    places: int
    cancels: bool

    def money(self, cents: int, places: int = 2) -> str:
        """An amount as this invoice prints it."""
        return print_money(cents, mark=self.mark, thousands=self.thousands, places=places)

    def number(self, value: int, places: int) -> str:
        """A quantity or a rate, value / 10 ** places, as this invoice prints it."""
        return scaled(value, places).replace(".", self.mark)

    def day(self, after: int = 0) -> str:
        """The date of the invoice, or of so many days after it, as printed."""
        return print_date(self.bill.day + timedelta(days=after), self.date_pattern)


def draw_invoice(generator: np.random.Generator, country: Country) -> Invoice:
    """What an invoice of an invented firm says; all sums are exact."""
    lines = _draw_lines(generator, country)
    cancels = chance(generator, 0.02)
    if cancels:
        lines = [replace(line, quantity=-line.quantity, amount=-line.amount) for line in lines]
    sums = _draw_sums(generator, lines, plain=cancels)
    bill = Bill(
        seller=draw_firm(generator),
        buyer=draw_firm(generator),
        day=date(2014, 1, 1) + timedelta(days=whole(generator, 0, 4017)),
        number=f"{pick(generator, ('RE-', '', 'INV-', '2'))}{digits(generator, 6)}",
        currency=pick(generator, country.currencies),
        lines=tuple(lines),
        sums=sums,
    )
    mark, thousands = pick_weighted(generator, country.marks)
    return Invoice(
        bill=bill,
        german=country.german,
        rows=_draw_rows(generator, sums),
        date_pattern=pick_weighted(generator, country.dates),
        mark=mark,
        thousands="" if chance(generator, 0.03) else thousands,
        places=4 if chance(generator, 0.07) else 2,
        cancels=cancels,
    )


def _draw_lines(generator: np.random.Generator, country: Country) -> list[Line]:
    usual, lower = pick(generator, country.rates)
    mixed = chance(generator, 0.3)
    lines = []
    count = pick_weighted(generator, _LINE_COUNTS)
    for product in draw_firm_goods(generator, count, german=country.german):
        gross = line_amount(product.quantity, product.price, 0)
        discount = gross // 20 if chance(generator, 0.06) else 0
        rate = pick(generator, (lower, lower, 0)) if mixed and chance(generator, 0.4) else usual
        lines.append(
            Line(
                description=product.description,
                code=product.code,
                quantity=product.quantity,
                unit_price=product.price,
                discount=discount,
                rate=rate,
                amount=gross - discount,
            )
        )
    return lines


def _draw_sums(generator: np.random.Generator, lines: list[Line], *, plain: bool) -> Sums:
    """Sums with discounts, surcharges and prepayments; none of them if `plain`."""
    allowances = charges = prepaid = 0
    five_cents = "no"
    if not plain:
        usual = sum(line.amount for line in lines)
        extra = pick_weighted(generator, (("", 85), ("allowances", 7), ("charges", 5), ("both", 3)))
        if extra in ("allowances", "both"):
            allowances = usual * pick(generator, (20, 30, 50)) // 1000
        if extra in ("charges", "both"):
            charges = pick(generator, (490, 890, 1200, 2500))
        if chance(generator, 0.19):
            prepaid = usual * pick(generator, (20, 50, 80, 100)) // 100
        five_cents = "payable" if chance(generator, 0.09) else "no"
    return settle(
        lines,
        inclusive=False,
        allowances=allowances,
        charges=charges,
        prepaid=prepaid,
        five_cents=five_cents,
    )


def _draw_rows(generator: np.random.Generator, sums: Sums) -> frozenset[str]:
    """All sums, but what is zero or repeats another one may be left out."""
    rows = {"subtotal", "tax", "total", "tax_breakdown"}
    zeros = chance(generator, 0.25)
    rows |= {
        name
        for name in ("allowances", "charges", "prepaid", "rounding")
        if getattr(sums, name) or (zeros and name != "rounding")
    }
    if rows & {"allowances", "charges"} or chance(generator, 0.4):
        rows.add("lines_total")
    if rows & {"prepaid", "rounding"} or chance(generator, 0.3):
        rows.add("payable")
    if len(sums.tax_rows) == 1 and chance(generator, 0.25):
        rows.remove("tax_breakdown")
    return frozenset(rows)
