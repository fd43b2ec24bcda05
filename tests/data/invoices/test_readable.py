"""The package's own readers can read what is printed, where nothing is misread."""

from datetime import date
from decimal import Decimal

from rlnotes.functional.extraction.currencies import read_currency
from rlnotes.functional.extraction.dates import find_dates
from rlnotes.functional.extraction.money import read_money
from tests.data.invoices.reading import every_layout

PRINTED_NEGATIVE = ("allowances", "prepaid")
SUMS = ("lines_total", "charges", "subtotal", "tax", "rounding", "payable", *PRINTED_NEGATIVE)


def test_dates_and_currencies_are_read():
    for document in every_layout()[::3]:
        days = [day for text in document.segments for day in find_dates(text)]
        assert date.fromisoformat(document.target["date"]) in days
        found = {read_currency(text) for text in document.segments}
        assert document.target["currency"] in found


def test_sums_and_lines_are_whole_segments():
    whole = total = 0
    for document in every_layout()[::3]:
        read = {read_money(text, decimal_mark=mark) for text in document.segments for mark in ".,"}
        for key in set(SUMS) & set(document.target):
            sign = -1 if key in PRINTED_NEGATIVE else 1
            assert sign * Decimal(document.target[key]) in read
        for item in document.target["line_items"]:
            assert Decimal(item["amount"]) in read
        whole += Decimal(document.target["total"]) in read
        total += 1
    # On a few receipts the total shares its segment with its label.
    assert 0.95 < whole / total < 1
