"""Currencies: codes, signs, words that are none, several at once, bad input."""

import pytest

from rlnotes.functional.extraction.currencies import CURRENCY_CODES, SIGNS, read_currency


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MYR", "MYR"),
        ("eur", "EUR"),
        (" CHF ", "CHF"),
        ("ALL", "ALL"),  # the lek, as a whole text
        ("RM9.60", "MYR"),
        ("TOTAL (RM)", "MYR"),
        ("TOTAL RM", "MYR"),
        ("9.60RM", "MYR"),
        ("\u20ac 9,60", "EUR"),
        ("9,60\u20ac", "EUR"),
        ("TOTAL EUR 9.60", "EUR"),
        ("$9.60", "USD"),
        ("TOTAL$9.60", "USD"),
        ("US$9.60", "USD"),
        ("S$9.60", "SGD"),
        ("HK$ 9.60", "HKD"),
        ("\u00a39.60", "GBP"),
        ("9.60 SEK", "SEK"),
        ("DKK9.60", "DKK"),
        ("AMOUNT IN NOK", "NOK"),
        ("RM 5.00 MYR", "MYR"),
    ],
)
def test_named_currencies(text, code):
    assert read_currency(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9.60",
        "CHANGE",
        "CHANGE 0.40",
        "DISCOUNT",
        "ALL PRICES",
        "TRY OUR CAKES",
        "FARM FRESH",
        "FORM",
        "EUROPE",
        "RMB 9.60",
        "\u00c4RM",
        "X$9.60",
        "KR 9.60",
        "UNLEADED RON95",
        "SEK. 3, LANE 4",
        "RM1.00 = \u20ac0.20",
        "EUR/USD",
        "\uff32\uff2d9.60",
        "ABC",
    ],
    ids=ascii,
)
def test_what_names_no_or_two_currencies(text):
    assert read_currency(text) is None


def test_codes_are_three_capitals_and_signs_lead_to_them():
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCY_CODES)
    assert set(SIGNS.values()) <= CURRENCY_CODES
    assert {"EUR", "MYR", "USD", "CHF", "BGN"} <= CURRENCY_CODES
    assert not {"XXX", "XAU", "DEM", "RMB"} & CURRENCY_CODES


def test_every_sign_and_code_is_read():
    for sign, code in SIGNS.items():
        assert read_currency(f"{sign}9.60") == read_currency(f"9.60 {sign}") == code
    assert all(read_currency(code) == code for code in CURRENCY_CODES)


def test_only_the_beginning_of_a_long_text_is_read():
    assert read_currency("-" * 199 + "$") == "USD"
    assert read_currency("-" * 200 + "$") is None
    assert read_currency("$" * 1_000_000) == "USD"


@pytest.mark.parametrize("bad", [None, 5, b"RM", ["RM"]])
def test_what_is_no_string_is_named(bad):
    with pytest.raises(ValueError, match=r"^text must be a string, got "):
        read_currency(bad)
