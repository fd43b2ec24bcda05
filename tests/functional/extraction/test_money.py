"""Amounts: printed forms, what is refused, noise, look-alikes, long and bad input."""

import decimal
import time
from decimal import Decimal

import pytest

from rlnotes.functional.extraction import money
from rlnotes.functional.extraction.money import read_money, repair_lookalikes

READ = {
    "7.35": "7.35",
    "-7.35": "-7.35",
    "0.05": "0.05",
    "7": "7",
    "7.5": "7.5",
    "0.125": "0.125",
    "812.4035": "812.4035",
    " 7.35 ": "7.35",
    "RM7.35": "7.35",
    "RM 7.35": "7.35",
    "7.35 RM": "7.35",
    "7.35RM": "7.35",
    "S$7.35": "7.35",
    "US$ 7.35": "7.35",
    "\u20ac7.35": "7.35",
    "CHF 7.35": "7.35",
    "7.35 SEK": "7.35",
    "rm7.35": "7.35",
    "1,234.50": "1234.50",
    "1'234.50": "1234.50",
    "1\u2019234.50": "1234.50",
    "1 234.50": "1234.50",
    "1\u00a0234.50": "1234.50",
    "1\u202f234.50": "1234.50",
    "1,234,567.89": "1234567.89",
    "123,456,789": "123456789",
    "1,234": "1234",
    "RM 1 234": "1234",
    "123456789012.34": "123456789012.34",
    "7.35-": "-7.35",
    "7.35 -": "-7.35",
    "RM-7.35": "-7.35",
    "-RM7.35": "-7.35",
    "-RM 1,234.50": "-1234.50",
    "\u22127.35": "-7.35",
    "(7.35)": "-7.35",
    "(RM 7.35)": "-7.35",
    "( 7.35 )": "-7.35",
    "(-7.35)": "-7.35",
    "7.35 SR": "7.35",
    "7.35 ZRL": "7.35",
    "7.35 S6": "7.35",
    "7.35T": "7.35",
    "RM7.35 SR": "7.35",
    "-7.35 Z": "-7.35",
    "*7.35": "7.35",
    " *7.35 ": "7.35",
    "7.35 *": "7.35",
    "@7.35": "7.35",
    "@ RM7.35": "7.35",
    # a blank beside the point, as scanners leave it
    "7. 35": "7.35",
    "7 .35": "7.35",
    "RM 7 . 35": "7.35",
}

READ_WITH_COMMA = {
    "7,35": "7.35",
    "1.234,50": "1234.50",
    "1 234,50": "1234.50",
    "1'234,50": "1234.50",
    "-1.234,50 EUR": "-1234.50",
    "7,35-": "-7.35",
    "\u20ac 7,35": "7.35",
    "1.234": "1234",
    "7, 35": "7.35",
    "7,35 A": "7.35",
}

REFUSED = [
    "",
    " ",
    "-",
    "RM",
    ".35",
    "7.",
    "7,35",
    "7:35",
    "7.35.10",
    "7.12345",
    "1.234,50",
    "1,23.50",
    "1,234 567.00",
    "12,34",
    "2 X 7.35",
    "2X7.35",
    "2 @ 7.35",
    "2 7.35",
    "2 500",
    "6%",
    "7.35 %",
    "-6.00%",
    "0.350 KG",
    "0.35 KG",
    "0.35KG",
    "2 PCS",
    "2.00 X",
    "7.30 PM",
    "12 MAR",
    "7.350 SR",
    "7 SR",
    "7.35SR",
    "7.35 TOTAL",
    "TOTAL 7.35",
    "XYZ 7.35",
    "(7.35",
    "7.35)",
    "--7.35",
    "-7.35-",
    "-RM-7.35",
    "9550001112223",
    "0123456789",
    "1234567890123.45",
    "1O.50",
    "1e5",
    "1_000.00",
    "NaN",
    "Infinity",
    "0x10",
    "+7.35",
    "\u0667.\u0663\u0665",  # Arabic digits
    "\uff17.\uff13\uff15",  # full-width digits
    "7\uff0e35",
    "\ud800",
]


@pytest.mark.parametrize(("text", "amount"), READ.items(), ids=repr)
def test_printed_forms_are_read(text, amount):
    assert str(read_money(text)) == amount


@pytest.mark.parametrize(("text", "amount"), READ_WITH_COMMA.items(), ids=repr)
def test_printed_forms_with_a_decimal_comma(text, amount):
    assert str(read_money(text, decimal_mark=",")) == amount


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_what_is_not_exactly_one_amount_is_refused(text):
    assert read_money(text) is None


@pytest.mark.parametrize("text", ["7.35", "1,234.50", "1.23", "7.35 SR"])
def test_a_point_is_no_decimal_mark_where_a_comma_is(text):
    assert read_money(text, decimal_mark=",") is None


@pytest.mark.parametrize("text", ["-0.00", "(0.00)", "0.00-", "-0"])
def test_zero_has_no_sign(text):
    assert not read_money(text).is_signed()
    assert read_money(text) == 0


def test_the_two_marks_do_not_share_what_was_read():
    assert read_money("1.234") == Decimal("1.234")
    assert read_money("1.234", decimal_mark=",") == 1234
    assert read_money("1.234") == Decimal("1.234")


@pytest.mark.parametrize("cents", range(0, 200_000, 7919))
def test_what_is_printed_in_any_form_is_read_again(cents):
    amount = Decimal(cents) / 100
    for text in (f"{amount:.2f}", f"RM{amount:,.2f}", f"{amount:,.2f} SR", f"*{amount:.2f}"):
        assert read_money(text) == amount
    german = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    assert read_money(german, decimal_mark=",") == amount
    if cents:
        assert read_money(f"{amount:,.2f}-") == read_money(f"({amount:,.2f})") == -amount


def test_noise_never_turns_an_amount_into_another_one():
    # A mark exchanged, a blank put anywhere, a letter for a digit: right or refused.
    for text in ("7.35", "18.50", "805.10", "1,580.15"):
        amount = read_money(text)
        blanks = [text[:i] + " " + text[i:] for i in range(len(text) + 1)]
        letters = [text.replace(*pair) for pair in ("0O", "1I", "5S", "8B")]
        marks = [text.replace(".", mark) for mark in ",:;'-"]
        for noisy in (*blanks, *letters, *marks):
            assert read_money(noisy) in (amount, None), noisy


def test_long_texts_cost_nothing_and_are_not_kept():
    texts = ["9" * 1_000_000, "7.35" + " " * 1_000_000, "(" * 1_000_000, "1 " * 500_000]
    start = time.process_time()
    for text in texts:
        assert read_money(text) is None
        assert repair_lookalikes(text) is text
    assert time.process_time() - start < 0.5
    assert read_money(" " * 60 + "7.35") == Decimal("7.35")
    assert read_money(" " * 61 + "7.35") is None


@pytest.mark.parametrize(
    ("noisy", "mended"),
    [
        ("1O.50", "10.50"),
        ("IO.5O", "10.50"),
        ("l8.5O", "18.50"),
        ("B.SO", "B.SO"),  # not one digit
        ("B.S0", "8.50"),
        ("RM1O.50", "RM10.50"),
        ("RMB.50", "RM8.50"),
        ("1,2S0.OO", "1,250.00"),
        ("1O. 50", "10. 50"),
        ("7.35", "7.35"),
        ("TOTAL 7.3S", "TOTAL 7.35"),
        ("SOLO", "SOLO"),
        ("BILL5.50", "BILL5.50"),
        ("TILS.50", "TILS.50"),
        ("1O.50KG", "1O.50KG"),
        ("", ""),
    ],
)
def test_lookalikes_are_mended_inside_numbers(noisy, mended):
    assert repair_lookalikes(noisy) == mended


def test_one_letter_in_an_amount_is_always_mended():
    for text in ("10.50", "RM18.05", "1,580.15", "805.10"):
        for i, digit in enumerate(text):
            letter = {"0": "O", "1": "I", "5": "S", "8": "B"}.get(digit)
            if letter:
                noisy = text[:i] + letter + text[i + 1 :]
                assert read_money(repair_lookalikes(noisy)) == read_money(text), noisy


@pytest.mark.parametrize("bad", [None, 7.35, 7, Decimal("7.35"), b"7.35", ["7.35"]])
def test_what_is_no_string_is_named(bad):
    with pytest.raises(ValueError, match=r"^text must be a string, got "):
        read_money(bad)
    with pytest.raises(ValueError, match=r"^text must be a string, got "):
        repair_lookalikes(bad)


@pytest.mark.parametrize("bad", [";", "", None, ".,", ["."]])
def test_an_unknown_decimal_mark_is_named(bad):
    with pytest.raises(ValueError, match=r"^decimal_mark must be one of \['\.', ','\], got "):
        read_money("7.35", decimal_mark=bad)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("123456.78", "123456.78"),
        ("-123456.79", "-123456.79"),
        ("(123,456.80)", "-123456.80"),
        ("RM 123,456.81-", "-123456.81"),
        ("-0.00", "0.00"),
        ("(0.00)", "0.00"),
    ],
)
def test_amounts_do_not_depend_on_the_context_of_the_caller(text, digits):
    money._read.cache_clear()
    with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP, traps=[decimal.Inexact]):
        assert str(read_money(text)) == digits
    assert str(read_money(text)) == digits  # and no rounded one was remembered
