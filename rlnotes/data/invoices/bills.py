"""What a receipt or an invoice says, in whole cents, and the sums that follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rlnotes.data.invoices.amounts import divide_half_up, tax_on
from rlnotes.data.invoices.parties import Party


@dataclass(frozen=True)
class Line:
    """One line of goods.

    Attributes:
        description: as printed.
        code: article number or barcode.
        quantity: thousandths of a unit.
        unit_price: cents, before the line's discount.
        discount: cents off this line, not negative.
        rate: tax in tenths of a percent.
        amount: cents, after the discount.
    """

    description: str
    code: str
    quantity: int
    unit_price: int
    discount: int
    rate: int
    amount: int


@dataclass(frozen=True)
class TaxRow:
    """Tax of one rate: the rate in tenths of a percent, base and tax in cents."""

    rate: int
    base: int
    tax: int


@dataclass(frozen=True)
class Sums:
    """The amounts below the lines, in cents; `prepaid` is subtracted, `rounding` added.

    Attributes:
        lines_total: sum of the lines' amounts.
        allowances: document discounts, taken off.
        charges: surcharges, put on.
        subtotal: without tax; with inclusive prices the sum with tax before rounding.
        tax: the sum of the tax rows.
        total: with tax; with `round_total` after rounding.
        prepaid: paid before.
        rounding: signed.
        payable: what is left to pay.
        tax_rows: tax by rate, highest first.
        inclusive: whether prices contain the tax.
    """

    lines_total: int
    allowances: int
    charges: int
    subtotal: int
    tax: int
    total: int
    prepaid: int
    rounding: int
    payable: int
    tax_rows: tuple[TaxRow, ...]
    inclusive: bool


@dataclass(frozen=True)
class Bill:
    """Everything that a layout may print."""

    seller: Party
    buyer: Party
    day: date
    number: str
    currency: str
    lines: tuple[Line, ...]
    sums: Sums


def line_amount(quantity: int, unit_price: int, discount: int) -> int:
    """Cents of a line: quantity in thousandths times price, less the discount."""
    return divide_half_up(quantity * unit_price, 1000) - discount


def tax_row(amount: int, rate: int, *, inclusive: bool) -> TaxRow | None:
    """Base and tax of an amount at one rate.

    Args:
        amount: cents, with tax if `inclusive`, else without.
        rate: tenths of a percent.
        inclusive: whether the amount contains the tax.

    Returns:
        The row, whose tax is its base's tax rounded half up; None if no base in whole
        cents gives the amount, which happens with inclusive prices only.
    """
    if not inclusive:
        return TaxRow(rate, amount, tax_on(amount, rate))
    base = divide_half_up(1000 * amount, 1000 + rate)
    row = TaxRow(rate, base, tax_on(base, rate))
    return row if base + row.tax == amount else None


def rounding_to_five(cents: int) -> int:
    """What brings the amount to the nearest five cents: -2, ..., 2."""
    return 5 * divide_half_up(cents, 5) - cents


def settle(
    lines: Sequence[Line],
    *,
    inclusive: bool,
    allowances: int = 0,
    charges: int = 0,
    prepaid: int = 0,
    five_cents: str = "no",
) -> Sums | None:
    """All sums of a document.

    Document discounts and surcharges go to the rate with the largest amount.

    Args:
        lines: the lines of goods, at least one.
        inclusive: whether prices contain the tax.
        allowances: cents taken off.
        charges: cents put on.
        prepaid: cents paid before.
        five_cents: "total" rounds the total, "payable" what is left to pay; or "no".

    Returns:
        The sums; None if inclusive prices cannot be split into whole cents.
    """
    by_rate: dict[int, int] = {}
    for line in lines:
        by_rate[line.rate] = by_rate.get(line.rate, 0) + line.amount
    lines_total = sum(by_rate.values())
    largest = max(by_rate, key=lambda rate: (abs(by_rate[rate]), rate))
    by_rate[largest] += charges - allowances
    rows = [tax_row(by_rate[rate], rate, inclusive=inclusive) for rate in sorted(by_rate)[::-1]]
    if None in rows:
        return None
    tax = sum(row.tax for row in rows)
    subtotal = lines_total - allowances + charges
    with_tax = subtotal if inclusive else subtotal + tax
    rounding = rounding_to_five(with_tax - prepaid) if five_cents != "no" else 0
    total = with_tax + rounding if five_cents == "total" else with_tax
    left = total - prepaid + (rounding if five_cents == "payable" else 0)
    return Sums(
        lines_total,
        allowances,
        charges,
        subtotal,
        tax,
        total,
        prepaid,
        rounding,
        left,
        tuple(rows),
        inclusive,
    )
