"""Verdicts on strings, one table for each rule."""

from decimal import Decimal

import pytest

from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.formats import (
    format_score,
    format_verdicts,
    is_amount,
    is_currency_code,
    is_iso_date,
    is_name,
    is_plain_number,
)

TABLES = {
    is_amount: {
        True: ["9.60", "-9.60", "1234.50", "0.00", 9.6, 9.65, 9, -3, Decimal("9.60"), Decimal("5")],
        False: [
            *("9.6", "9", "9.600", "+9.60", "1,234.50", "$9.60", "9.60 ", "9,60", "-", ".60", ""),
            *("\uff19.\uff16\uff10", "nan", "1e2", "9" * 20 + ".00", "9.60\n", "--9.60"),
            *(9.655, 0.1 + 0.2, float("nan"), float("inf"), True, None, [], {}, Decimal("9.655")),
        ],
    },
    is_iso_date: {
        True: ["2018-03-05", "1990-01-01", "2035-12-31", "2024-02-29"],
        False: [
            *("2018-3-5", "05/03/2018", "2018/03/05", "20180305", "2023-02-29", "2018-13-01"),
            *("1989-12-31", "2036-01-01", "0201-01-01", "2018-03-05T00:00", " 2018-03-05", ""),
            *("\uff12018-03-05", "2018-W10-1", 20180305, None, []),
        ],
    },
    is_currency_code: {
        True: ["EUR", "MYR", "USD", "CHF"],
        False: ["eur", "RM", "$", "\u20ac", "EURO", "XYZ", "", " EUR", "EUR\n", 978, None, []],
    },
    is_name: {
        True: ["Acme", "7-Eleven", "\u00c4pfel & Co. KG", "A", "a" * 200, "\u4e2d\u6587"],
        False: [
            "",
            "4711",
            "-- !",
            "a" * 201,
            "Acme\nCorp",
            "Acme\tCorp",
            "a\x00",
            "\ud800a",
            5,
            [],
        ],
    },
    is_plain_number: {
        True: ["1", "2.5", "-1", "0.123", 3, 2.5, Decimal("0.001")],
        False: ["1,5", "2 x", "", "19%", True, None, "nan", float("nan"), "1" * 65],
    },
}


@pytest.mark.parametrize(
    ("rule", "verdict", "value"),
    [
        (rule, verdict, value)
        for rule, table in TABLES.items()
        for verdict, values in table.items()
        for value in values
    ],
)
def test_verdicts(rule, verdict, value):
    assert rule(value) is verdict


GOOD = {"vendor": "Acme", "date": "2018-03-05", "currency": "MYR", "total": "9.60"}


def score(answer, *keys):
    return format_score(read_answer(answer), keys) if keys else format_score(read_answer(answer))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (GOOD, 1),
        ({}, 0),
        (None, 0),
        ({"total": "9.60"}, 1 / 4),
        ({**GOOD, "total": "$9.60"}, 3 / 4),
        ({**GOOD, "total": None}, 3 / 4),
        ({**GOOD, "tax": "0.54"}, 1),
        ({**GOOD, "tax": "0.5"}, 4 / 5),
        ({**GOOD, "tax": ""}, 1),
        ({**GOOD, "invoice_id": "4711"}, 4 / 5),  # no form was agreed for it
        ({**GOOD, "line_items": [{"amount": "1.00"}, {"amount": "$1"}]}, 4.5 / 5),
        ({**GOOD, "line_items": [{"amount": "1.00", "quantity": "2 x"}]}, 4.5 / 5),
        ({**GOOD, "line_items": [{"description": "Pen"}]}, 4 / 5),
        ({**GOOD, "line_items": [{"amount": "1.00"}, {"quantity": "1"}]}, (4 + 2 / 3) / 5),
        ({**GOOD, "line_items": [{"amount": "1.00"}, "1.00"]}, 4.5 / 5),
        ({**GOOD, "line_items": "1.00"}, 4 / 5),
        ({**GOOD, "tax_breakdown": [{"rate": "6", "base": "9.06", "tax": "0.54"}]}, 1),
        ({**GOOD, "tax_breakdown": [{"rate": "6"}]}, 1),
        ({**GOOD, "tax_breakdown": [{}]}, 4 / 5),
    ],
)
def test_score_without_a_target(answer, expected):
    assert score(answer) == pytest.approx(expected)


def test_score_over_the_fields_of_a_target():
    assert score({"total": "9.60"}, "total") == 1
    assert score({"total": "9.60"}, "total", "tax") == 1  # not every document has a tax
    assert score({"tax": "9.60"}, "total", "tax") == 0.5
    assert score({"total": "9.60", "tax": "1.00"}, "total") == 1
    assert score({"total": "9.60", "invoice_id": "4711"}, "total", "invoice_id") == 1
    assert format_score(read_answer({}), ()) == 0
    assert score({}, "tax") == 0


def test_verdicts_by_field():
    answer = read_answer({"total": "9.6", "tax": "0.54"})
    assert format_verdicts(answer, ("total", "date")) == (
        ("total", 0),
        ("date", 0),
        ("tax", 1),
    )


@pytest.mark.parametrize("blank", [None, "", "  ", " " * 70])
def test_a_blank_cell_is_absent(blank):
    row = {"quantity": blank, "unit_price": "x", "amount": "1.00"}
    assert format_score(read_answer({"line_items": [row]}), ["line_items"]) == 1 / 2
    assert format_score(read_answer({"line_items": [{**row, "quantity": 0}]}), ["line_items"]) == (
        2 / 3
    )
