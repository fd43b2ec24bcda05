"""Targets in canonical form, from plain values and from labels of SROIE."""

from decimal import localcontext

import pytest

from rlnotes.data.documents.targets import (
    as_amount,
    as_price,
    as_quantity,
    as_sroie_target,
    as_target,
)

LEAST = {"vendor": "A", "date": "2018-03-05", "currency": "EUR", "total": "5.00"}
LABEL = {"company": " TEA  HOUSE ", "date": "05/03/2018", "address": "X", "total": "RM165.00"}


@pytest.mark.parametrize(
    ("value", "text"),
    [("800", "800.00"), ("834.9", "834.90"), (-3, "-3.00"), (0.5, "0.50"), ("-0.0", "0.00")],
)
def test_amounts_have_two_decimals(value, text):
    assert as_amount(value) == text


@pytest.mark.parametrize("value", ["1,5", "NaN", "1e3", "٣", True, "1.234", None, [], "9" * 30])
def test_what_is_no_amount_is_refused_with_its_name(value):
    with pytest.raises(ValueError, match=r"tax must .* got"):
        as_amount(value, "tax")


def test_prices_keep_more_decimals_and_quantities_no_zeros():
    assert [as_price(text) for text in ("7.5000", "8.7601", "20")] == ["7.50", "8.7601", "20.00"]
    assert [as_quantity(v) for v in ("2.0000", "0.5", "100", 19)] == ["2", "0.5", "100", "19"]


def test_a_target_leaves_out_what_is_empty_and_keeps_what_it_does_not_know():
    values = LEAST | {"net": 4, "tax": None, "rounding": "", "invoice_id": "7"}
    assert as_target(LEAST | {"currency": "RM"})["currency"] == "MYR"
    assert as_target(values) == LEAST | {"subtotal": "4.00", "invoice_id": "7"}


def test_rows_are_canonical_too():
    rows = [{"rate": "19.00", "base": "4", "tax": "0.76"}, {"rate": None, "base": "1"}]
    items = [{"description": "Tea", "quantity": 2, "unit_price": "2.5", "amount": "5"}]
    target = as_target(LEAST | {"tax_breakdown": rows, "line_items": items})
    assert target["tax_breakdown"] == [
        {"rate": "19", "base": "4.00", "tax": "0.76"},
        {"base": "1.00"},
    ]
    assert target["line_items"] == [
        {"description": "Tea", "quantity": "2", "unit_price": "2.50", "amount": "5.00"}
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vendor": None}, "lacks vendor"),
        ({"vendor": " "}, "vendor must be a text"),
        ({"total": ""}, "lacks total"),
        ({"date": "31/02/2018"}, "date must be a date, got '31/02/2018'"),
        ({"currency": 5}, "currency must be a currency, got 5"),
        ({"currency": "QQQ"}, "currency must be a currency, got 'QQQ'"),
        ({"net": 1, "subtotal": 1}, "one subtotal, got subtotal as well"),
        ({"line_items": {"amount": 1}}, "line_items must be a list"),
        ({"tax_breakdown": [{"base": "x"}]}, "tax_breakdown.base must be a plain number, got 'x'"),
    ],
)
def test_a_target_that_cannot_be_read_says_why(change, message):
    with pytest.raises(ValueError, match=message):
        as_target(LEAST | change)
    with pytest.raises(ValueError, match="target must be a mapping"):
        as_target([])


def test_a_label_of_sroie_becomes_a_target():
    assert as_sroie_target(LABEL, ["9.60"], currency="MYR") == {
        "vendor": "TEA HOUSE",
        "date": "2018-03-05",
        "currency": "MYR",
        "total": "165.00",
    }


@pytest.mark.parametrize(
    ("total", "segments", "code"),
    [
        ("5.00", ["TOTAL (RM)", "USD"], "MYR"),
        ("5.00", ["USD 1.20", "TOTAL (RM)"], "MYR"),
        ("USD 5.00", ["RM"], "MYR"),
        ("EUR 5.00", ["TOTAL"], "EUR"),
        ("5.00", ["TOTAL", "EUR 5.00"], "EUR"),
        ("5.00", ["USD 1.20", "EUR 5.00"], "USD"),
        ("5.00", ["S$5.00"], "SGD"),
        ("$5.00", ["TOTAL $5.00"], "XTS"),  # a bare dollar sign is that of the country
        ("5.00", ["TEA HOUSE SDN", "BHD"], "XTS"),  # no Bahraini dinar
    ],
)
def test_the_currency_is_the_one_that_the_page_names(total, segments, code):
    label = LABEL | {"total": total}
    assert as_sroie_target(label, segments, currency="XTS")["currency"] == code


def test_a_date_inside_a_longer_label_is_read_if_it_is_the_only_one():
    label = LABEL | {"date": "DATE: 05/03/2018"}
    assert as_sroie_target(label, [], currency="MYR")["date"] == "2018-03-05"
    with pytest.raises(ValueError, match="no date can be read"):
        as_sroie_target(LABEL | {"date": "1/3/2018 to 5/3/2018"}, [], currency="MYR")


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ([], "must be a mapping, got list"),
        (LABEL | {"total": None}, "has no total, got None"),
        (LABEL | {"company": " "}, "has no company"),
        (LABEL | {"total": "free"}, "no total can be read from 'free'"),
        (LABEL | {"date": "201B"}, "no date can be read from '201B'"),
    ],
)
def test_a_label_that_cannot_be_read_says_why(label, message):
    with pytest.raises(ValueError, match=message):
        as_sroie_target(label, [], currency="MYR")


def test_numbers_are_exact_in_any_decimal_context():
    with localcontext(prec=2):
        assert as_amount("123456.70") == "123456.70"
        assert as_price("1234.56789") == "1234.56789"
        assert as_quantity("1000.5") == "1000.5"
