"""Rows of receipts: amounts, and the words on their left."""

from decimal import Decimal

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.receipt_rows import read_rows
from tests.data.documents.receipts import receipt


def pairs(document) -> list[tuple[str, str]]:
    return [(str(row.amount), row.label) for row in read_rows(document)]


def test_an_amount_has_the_words_on_its_left():
    document = receipt(
        "Pens blue    2    1.80    3.60",
        "Total    RM    3.60",
        "Cash:    (RM 5.00)",
    )
    assert pairs(document) == [
        ("1.80", "PENS BLUE 2"),
        ("3.60", "PENS BLUE 2"),
        ("3.60", "TOTAL RM"),
        ("-5.00", "CASH:"),
    ]


@pytest.mark.parametrize(
    ("text", "amount", "label"),
    [
        ("TOTAL: 3.60", "3.60", "TOTAL:"),
        ("TOTAL RM3.60", "3.60", "TOTAL"),
        ("TOTAL:RM 1,203.60", "1203.60", "TOTAL:"),
        ("ROUNDING -0.02", "-0.02", "ROUNDING"),
        ("DISCOUNT:-RM0.50", "-0.50", "DISCOUNT:"),
        ("2 PENS 10% OFF -RM 0.50", "-0.50", "2 PENS 10% OFF"),
        ("DISCOUNT (0.50)", "-0.50", "DISCOUNT"),
        ("TOTAL 3. 60", "3.60", "TOTAL"),
    ],
)
def test_an_amount_may_end_a_line_of_words(text, amount, label):
    assert pairs(receipt(text)) == [(amount, label)]


@pytest.mark.parametrize(
    "text", ["3", "3.600", "12", "5.5", "9550001112223", "6%", "TABLE 12", "05/03/2018", "V1.2.34"]
)
def test_numbers_without_two_decimals_are_no_amounts(text):
    assert pairs(receipt(text)) == []


def test_a_letter_for_a_digit_is_mended():
    assert pairs(receipt("TOTAL    1O.5S")) == [("10.55", "TOTAL")]


def document(boxes, pages=None, segments=("TOTAL", "3.60")) -> Document:
    pages = [0] * len(boxes) if pages is None else pages
    return Document("one", segments, boxes, pages, [(200, 200)] * 2)


@pytest.mark.parametrize(
    ("top", "label"), [(0, "TOTAL"), (10, "TOTAL"), (11, ""), (-10, "TOTAL"), (-11, "")]
)
def test_half_of_the_height_must_be_shared(top, label):
    boxes = [[0, 50, 50, 70], [60, 50 + top, 100, 70 + top]]
    assert pairs(document(boxes)) == [("3.60", label)]


def test_a_low_line_beside_a_tall_one_counts_by_its_own_height():
    assert pairs(document([[0, 50, 50, 60], [60, 40, 100, 80]])) == [("3.60", "TOTAL")]


@pytest.mark.parametrize("tops", [(50, 50), (50, 52), (52, 50)])
def test_the_words_of_a_label_run_from_left_to_right(tops):
    boxes = [[30, tops[0], 50, tops[0] + 20], [0, tops[1], 20, tops[1] + 20], [60, 51, 99, 71]]
    assert pairs(document(boxes, segments=("DUE", "TOTAL", "3.60"))) == [("3.60", "TOTAL DUE")]


def test_a_tall_line_that_begins_far_above_a_low_one_is_beside_it():
    boxes = [[0, 0, 50, 180], [0, 20, 40, 21], [60, 170, 100, 180]]
    assert pairs(document(boxes, segments=("TOTAL", "LINE", "3.60"))) == [("3.60", "TOTAL")]


def test_lines_without_height_stand_beside_what_they_touch():
    touching = [[0, 50, 50, 50], [60, 50, 100, 70]]
    assert pairs(document(touching)) == [("3.60", "TOTAL")]
    assert pairs(document([[0, 70, 50, 70], touching[1]])) == [("3.60", "TOTAL")]
    assert pairs(document([[0, 71, 50, 71], touching[1]])) == [("3.60", "")]


def test_of_a_long_label_the_last_200_letters_are_kept():
    words = [f"W{number:03}" for number in range(60)]
    boxes = [[number, 0, number + 1, 9] for number in range(61)]
    ((amount, label),) = pairs(document(boxes, segments=(*words, "3.60")))
    assert amount == "3.60"
    assert label == " ".join(words[-40:])


def test_what_is_on_the_right_or_on_another_page_is_no_label():
    assert pairs(document([[100, 0, 150, 20], [0, 0, 40, 20]])) == [("3.60", "")]
    assert pairs(document([[0, 0, 50, 20], [60, 0, 100, 20]], pages=[0, 1])) == [("3.60", "")]


def test_rows_come_from_the_top_of_the_first_page_to_the_bottom_of_the_last():
    boxes = np.array([[0, 90, 50, 99], [0, 10, 50, 20], [0, 50, 50, 60]])
    rows = read_rows(document(boxes, [0, 1, 0], ("1.00", "3.00", "0.50")))
    assert [row.amount for row in rows] == [Decimal("0.50"), Decimal("1.00"), Decimal("3.00")]
    assert [row.place for row in rows] == [(0, 55.0), (0, 94.5), (1, 15.0)]
