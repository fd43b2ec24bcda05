"""Totals of receipts: by the words beside them, by cash, by rounding."""

from decimal import Decimal, localcontext

import pytest

from rlnotes.data.documents.receipt_rows import read_rows
from rlnotes.data.documents.receipt_totals import total_by_cash, total_by_labels
from tests.data.documents.receipts import receipt

NO_END = (1, 0.0)


def by_labels(*lines, end=NO_END) -> str:
    return str(total_by_labels(read_rows(receipt(*lines)), end))


def by_cash(*lines) -> str:
    return str(total_by_cash(read_rows(receipt(*lines)), NO_END))


@pytest.mark.parametrize(
    "label",
    [
        "TOTAL",
        "TOTAL RM",
        "TOTAL (INCLUSIVE OF GST):",
        "ITEM: 2 TOTAL WITH GST",
        "TOTAL AMOUNT",
        "AMOUNT DUE",
        "TOTAL PAYABLE",
        "NET TOTAL",
        "NETT",
        "GRAND TOTAL",
        "TOTAL AFTER ROUNDING",
        "ROUNDED TOTAL (RM):",
        "TTL AFT RND",
        "TOTAL AMOUNT PAYABLE CASH",
    ],
)
def test_words_that_mark_the_total(label):
    assert by_labels(f"{label}    4.20", "WALLET    9.90") == "4.20"
    assert by_labels("WALLET    9.90", f"{label}    4.20") == "4.20"


@pytest.mark.parametrize(
    "label",
    [
        "TOTAL QTY",
        "TOTAL ITEMS",
        "TOTAL (EXCLUDING GST)",
        "TOTAL EXCL. GST",
        "TOTAL SAVINGS",
        "TOTAL DISCOUNT",
        "TOTAL GST",
        "TAX TOTAL",
        "GST PAYABLE",
        "TOTAL BEFORE DISCOUNT",
        "CHANGE DUE",
        "CASH AMOUNT",
        "ROUNDING AMOUNT",
        "VISA TOTAL",
        "SUBTOTAL",
        "SUB-TOTAL",
        "PENS",
    ],
)
def test_words_that_do_not(label):
    assert by_labels("TOTAL    4.20", f"{label}    9.90") == "4.20"


def test_what_is_to_be_paid_is_believed_before_a_total_and_that_before_a_subtotal():
    lines = ["AFTER ROUNDING    4.20", "TOTAL    4.21", "SUBTOTAL    4.00", "PENS    9.90"]
    assert by_labels(*lines) == "4.20"
    assert by_labels(*lines[1:]) == "4.21"
    assert by_labels(*lines[2:]) == "4.00"
    assert by_labels(*lines[3:]) == "9.90"


def test_of_two_totals_the_last_one_counts():
    assert by_labels("TOTAL    4.21", "ROUNDING    -0.01", "TOTAL    4.20") == "4.20"
    assert by_labels("TOTAL    4.20", "TOTAL    0.00") == "4.20"
    assert by_labels("TOTAL    4.20", "TOTAL    -1.00") == "4.20"


def test_below_the_end_there_is_no_total():
    lines = ["TOTAL    4.20", "GST    0.20", "TOTAL    4.00"]
    assert by_labels(*lines) == "4.00"
    assert by_labels(*lines, end=(0, 40.0)) == "4.20"
    assert by_labels(*lines, end=(0, 0.0)) == "4.00"  # better than nothing


def test_without_a_word_it_is_the_largest_amount_that_is_no_payment():
    assert by_labels("PENS    4.20", "INK    3.10", "CASH    10.00", "CHANGE    2.70") == "4.20"
    assert by_labels("CASH    10.00", "CHANGE    2.70") == "10.00"
    assert by_labels("THANK YOU") == "None"
    assert by_cash("THANK YOU") == "None"


@pytest.mark.parametrize("cash", ["10.00", "-10.00", "(10.00)", "10.00-"])
@pytest.mark.parametrize("label", ["CASH", "TENDERED", "RECEIVED:", "PAID", "TUNAI"])
@pytest.mark.parametrize("change", ["2.70", "-2.70"])
def test_cash_less_change_is_the_total_whatever_their_signs(label, cash, change):
    lines = ["AMOUNT    7.30", "TOTAL    7.00", f"{label}    {cash}", f"CHANGE    {change}"]
    assert by_labels(*lines) == "7.00"
    assert by_cash(*lines) == "7.30"


def test_of_many_payments_the_last_50_count():
    cash = ["AMOUNT    7.30", "TOTAL    7.00", "CASH    10.00", *["CASH    1.00"] * 49]
    assert by_cash(*cash, "CHANGE    2.70") == "7.30"
    assert by_cash(*cash, "CASH    1.00", "CHANGE    2.70") == "7.00"
    change = ["AMOUNT    7.30", "TOTAL    7.00", "CASH    10.00", "CHANGE    2.70"]
    assert by_cash(*change, *["CHANGE    1.00"] * 49) == "7.30"
    assert by_cash(*change, *["CHANGE    1.00"] * 50) == "7.00"


def test_cash_counts_only_if_the_difference_is_printed_and_positive():
    assert by_cash("TOTAL    7.00", "CASH    10.00", "CHANGE    2.70") == "7.00"
    assert by_cash("TOTAL    7.00", "CASH    2.70", "CHANGE    2.70", "X    0.00") == "7.00"
    lines = ["X    -7.30", "TOTAL    7.00", "CASH    2.70", "CHANGE    10.00"]
    assert by_cash(*lines) == "7.00"
    lines = ["X    7.30", "TOTAL    7.00", "CASH CHANGE    10.00", "CHANGE    2.70"]
    assert by_cash(*lines) == "7.00"


def test_the_row_for_rounding_leads_to_the_printed_total():
    lines = ["PENS    7.30", "INK    7.28", "TOTAL    7.32"]
    assert by_labels(*lines) == "7.32"
    assert by_cash(*lines, "ROUNDING    -0.04") == "7.28"
    assert by_cash(*lines, "ROUNDING    -0.02") == "7.30"
    # Nothing was rounded, although 7.30 is printed too.
    assert by_cash(*lines, "ROUNDING    0.00") == "7.32"
    # More than five cents are no rounding.
    assert by_cash("X    6.32", *lines, "ROUNDING    -1.00") == "7.30"


@pytest.mark.parametrize(
    ("total", "rounded"),
    [("7.31", "7.30"), ("7.32", "7.30"), ("7.33", "7.35"), ("7.34", "7.35"), ("7.36", "7.35")],
)
def test_cash_is_rounded_to_five_cents_if_that_is_printed(total, rounded):
    assert by_cash(f"TOTAL    {total}", f"SET    {rounded}") == rounded
    assert by_cash(f"TOTAL    {total}", "SET    1.00") == total
    assert by_labels(f"TOTAL    {total}", f"SET    {rounded}") == total


def test_a_multiple_of_five_cents_stays():
    assert by_cash("TOTAL    7.35", "SET    7.33", "ROUNDING    -0.02") == "7.35"
    assert total_by_cash([], NO_END) is None
    assert Decimal(by_cash("TOTAL    7.30")) == Decimal("7.3")


def test_the_arithmetic_of_cash_is_exact_in_any_decimal_context():
    with localcontext(prec=2):
        paid = by_cash("CASH    2000.00", "CHANGE    765.45", "X    1234.55", "TOTAL    1234.50")
        rounded = by_cash("TOTAL    1234.52", "SET    1234.50")
    assert (paid, rounded) == ("1234.55", "1234.50")
