"""Money in cents, by hand and against Decimal."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from rlnotes.data.invoices.amounts import canonical, print_date, print_money, scaled, tax_on
from rlnotes.data.invoices.bills import Line, rounding_to_five, settle, tax_row


@pytest.mark.parametrize("rate", [26, 50, 60, 81, 190])
def test_tax_is_rounded_half_away_from_zero(rate):
    for base in range(-400, 401):
        exact = Decimal(base) * rate / 1000
        assert tax_on(base, rate) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def test_five_cents():
    assert [rounding_to_five(cents) for cents in range(10)] == [0, -1, -2, 2, 1, 0, -1, -2, 2, 1]


def test_prices_with_tax_are_split_in_whole_cents_or_not_at_all():
    # At 100 %, base and tax are equal: no base gives an odd amount.
    assert tax_row(101, 1000, inclusive=True) is None
    assert tax_row(100, 1000, inclusive=True).base == 50
    for amount in range(1, 3000):
        row = tax_row(amount, 60, inclusive=True)
        found = [
            base
            for base in range(amount * 9 // 10, amount + 1)
            if base + tax_on(base, 60) == amount
        ]
        assert ([row.base] if row else []) == found


def test_a_bill_by_hand():
    lines = [
        Line("a", "1", 2000, 1050, 100, 190, 2000),
        Line("b", "2", 1000, 333, 0, 70, 333),
    ]
    sums = settle(
        lines, inclusive=False, allowances=200, charges=50, prepaid=1000, five_cents="payable"
    )
    # 20.00 - 2.00 + 0.50 = 18.50 at 19 %: 3.515 -> 3.52; 3.33 at 7 %: 0.2331 -> 0.23.
    assert [(row.base, row.tax) for row in sums.tax_rows] == [(1850, 352), (333, 23)]
    assert (sums.lines_total, sums.subtotal, sums.tax, sums.total) == (2333, 2183, 375, 2558)
    assert (sums.rounding, sums.payable) == (2, 1560)


def test_printed_forms():
    assert print_money(-5) == "-0.05"
    assert print_money(123456789, mark=",", thousands="") == "1234567,89"
    assert print_money(1234, places=4) == "12.3400"
    assert canonical(100000000) == "1000000.00"
    assert scaled(-250, 3) == "-0.25"
    day = date(2018, 12, 3)
    patterns = ("DD.MM.YYYY", "DD-MM-YY", "YYYY-MM-DD", "DD Mon YYYY", "DD/MON/YYYY")
    printed = ["03.12.2018", "03-12-18", "2018-12-03", "03 Dec 2018", "03/DEC/2018"]
    assert [print_date(day, pattern) for pattern in patterns] == printed
