"""The mix of documents against published sets of real ones.

Receipts: ICDAR 2019 SROIE (CC-BY-4.0), 973 receipts. Invoices: the ZUGFeRD corpus, 116
PDFs, and 170 distinct e-invoices of it and of public test suites. The numbers are what
was counted there; tolerances are stated beside each, and are wider than five standard
errors of the sample drawn here only where the real number is a rounded one or a range.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from tests.data.invoices.reading import (
    INVOICES,
    RECEIPTS,
    amounts_in,
    dates_in,
    documents,
    row_values,
)

GIVEN = r"(CASH|PAID|TENDERED)"
CHANGE = r"CHANGE"


def receipts():
    return documents(tuple(RECEIPTS), 900)


def invoices():
    return documents(tuple(INVOICES), 900)


def words(document) -> int:
    return sum(len(text.split()) for text in document.segments)


def share(found, of) -> float:
    return len(list(found)) / len(list(of))


def printed_date(document) -> tuple[int, str, str]:
    """Segment, pattern and text of the document's date where it first stands."""
    day = date.fromisoformat(document.target["date"])
    for i, text in enumerate(document.segments):
        for found, pattern, printed in dates_in(text):
            if found == day:
                return i, pattern, printed
    raise AssertionError(document.name)


def total_places(document) -> list[int]:
    total = Decimal(document.target["total"])
    return [i for i, text in enumerate(document.segments) if total in amounts_in(text)]


@cache
def labelled_total(document) -> int:
    """The segment with the total: the largest print of its value."""
    heights = document.boxes[:, 3] - document.boxes[:, 1]
    return max(total_places(document), key=lambda i: heights[i])


def height_share(document, i: int) -> float:
    top, bottom = document.boxes[:, 1].min(), document.boxes[:, 3].max()
    return (document.boxes[i, [1, 3]].mean() - top) / (bottom - top)


def test_size_of_receipts():
    segments = [len(document.segments) for document in receipts()]
    tokens = [words(document) for document in receipts()]
    assert np.median(segments) == pytest.approx(50, abs=3)
    assert np.median(tokens) == pytest.approx(109, abs=6)
    low, high = np.percentile(tokens, [5, 95])
    assert low == pytest.approx(70, abs=10)
    assert high == pytest.approx(177, abs=25)


@pytest.mark.parametrize(
    ("pattern", "percent"),
    [
        ("DD/MM/YYYY", 53),
        ("DD-MM-YY", 12),
        ("DD-MM-YYYY", 11),
        ("DD/MM/YY", 10),
        ("DD MON YYYY", 8),
    ],
)
def test_date_patterns_of_receipts(pattern, percent):
    counts = Counter(printed_date(document)[1] for document in receipts())
    assert 100 * counts[pattern] / len(receipts()) == pytest.approx(percent, abs=5)


def test_numeric_dates_that_may_be_read_both_ways():
    numeric = [d for d in receipts() if "MON" not in printed_date(d)[1]]
    days = [date.fromisoformat(document.target["date"]) for document in numeric]
    both = [day for day in days if day.day <= 12 and day.day != day.month]
    assert share(both, days) == pytest.approx(0.37, abs=0.06)


def test_date_and_total_among_their_segments():
    longer = [d for d in receipts() if d.segments[printed_date(d)[0]] != printed_date(d)[2]]
    assert share(longer, receipts()) == pytest.approx(0.80, abs=0.05)
    texts = [document.segments[labelled_total(document)] for document in receipts()]
    whole = [text for text in texts if ":" not in text]
    assert share(whole, texts) == pytest.approx(0.95, abs=0.03)
    # How the amount itself is printed, also where it stands behind its label.
    amounts = [text.split(" : ")[-1] for text in texts]
    bare = [text for text in amounts if text[0].isdigit()]
    assert share(bare, amounts) == pytest.approx(0.84, abs=0.05)
    ringgit = [text for text in amounts if text.startswith("RM")]
    assert share(ringgit, amounts) == pytest.approx(0.10, abs=0.04)
    dollar = [text for text in amounts if text.startswith("$")]
    assert share(dollar, amounts) == pytest.approx(0.05, abs=0.03)


def test_the_total_is_seldom_printed_once():
    twice = [document for document in receipts() if len(total_places(document)) > 1]
    assert share(twice, receipts()) == pytest.approx(0.74, abs=0.06)


def test_places_on_receipts():
    vendor = [
        height_share(d, d.segments.index(d.target["vendor"]))
        for d in receipts()
        if d.target["vendor"] in d.segments
    ]
    assert np.median(vendor) == pytest.approx(0.015, abs=0.005)
    dates = [height_share(document, printed_date(document)[0]) for document in receipts()]
    assert np.median(dates) == pytest.approx(0.32, abs=0.03)
    totals = [height_share(document, labelled_total(document)) for document in receipts()]
    assert 0.60 <= np.median(totals) <= 0.70
    # A name over two segments; 43 of 277 receipts of the same source had one.
    assert 1 - len(vendor) / len(receipts()) == pytest.approx(0.155, abs=0.06)


def sums_with_both_rows():
    found = []
    for document in receipts():
        subtotal = row_values(document, r"SUB.?TOTAL")
        tax = row_values(document, r"(TOTAL )?(GST|TAX)(?! REG)")
        if subtotal and tax and "subtotal" in document.target:
            found.append((document, subtotal[-1], tax))
    return found


def test_subtotal_and_tax_rows():
    both = [
        (Decimal(document.target["total"]), subtotal, tax)
        for document, subtotal, tax in sums_with_both_rows()
    ]
    assert share(both, receipts()) == pytest.approx(0.37, abs=0.06)
    added = [row for row in both if row[0] - row[1] in row[2]]
    assert share(added, both) == pytest.approx(0.56, abs=0.09)
    equal = [row for row in both if row[0] == row[1]]
    assert share(equal, both) == pytest.approx(0.20, abs=0.08)


def test_cash_and_change():
    pairs = []
    for document in receipts():
        given, change = row_values(document, GIVEN), row_values(document, CHANGE)
        if given and change:
            pairs.append((Decimal(document.target["total"]), given[-1], change[-1]))
    # 137 of 277 receipts of the same source printed both.
    assert share(pairs, receipts()) == pytest.approx(0.49, abs=0.06)
    right = [pair for pair in pairs if abs(pair[1]) - pair[2] == pair[0]]
    assert share(right, pairs) == pytest.approx(0.96, abs=0.03)
    negative = [pair for pair in pairs if pair[1] < 0]
    assert share(negative, pairs) == pytest.approx(8 / 137, abs=0.04)


def test_size_of_invoices():
    assert np.median([words(document) for document in invoices()]) == pytest.approx(252, abs=15)
    pages = {len(document.page_sizes) for document in invoices()}
    assert {1, 2, 3} <= pages <= {1, 2, 3, 4}


def test_formats_of_german_invoices():
    # Read over the German layout: the real corpus is German, and so is this family.
    german = documents(("invoice_german",), 900)
    dotted = [d for d in german if printed_date(d)[1] == "DD.MM.YYYY"]
    assert share(dotted, german) == pytest.approx(0.90, abs=0.05)
    comma = [d for d in german if d.segments[total_places(d)[0]].split()[0][-3] == ","]
    assert share(comma, german) == pytest.approx(0.94, abs=0.04)


def forms(text: str) -> set[str]:
    """The amount with two decimals and thousands marks, in English and in German."""
    english = f"{Decimal(text):,.2f}"
    return {english, english.translate(str.maketrans(",.", ".,"))}


def stands(document, value: str) -> bool:
    return any(word in forms(value) for text in document.segments for word in text.split())


def test_values_of_invoices_stand_there_as_they_are():
    vendor = [d for d in invoices() if d.target["vendor"] in d.segments]
    assert share(vendor, invoices()) == pytest.approx(0.98, abs=0.02)
    total = [d for d in invoices() if stands(d, d.target["total"])]
    assert share(total, invoices()) == pytest.approx(0.97, abs=0.02)
    lines = [(d, item["amount"]) for d in invoices() for item in d.target["line_items"]]
    assert share([line for line in lines if stands(*line)], lines) == pytest.approx(0.92, abs=0.05)


def test_naive_rules_fail_on_invoices_as_often_as_on_real_ones():
    def lines(target):
        return sum(Decimal(item["amount"]) for item in target["line_items"])

    targets = [document.target for document in invoices()]
    net = [t for t in targets if lines(t) == Decimal(t["subtotal"])]
    assert share(net, targets) == pytest.approx(144 / 170, abs=0.06)
    payable = [t for t in targets if t.get("payable", t["total"]) == t["total"]]
    assert share(payable, targets) == pytest.approx(128 / 170, abs=0.07)
