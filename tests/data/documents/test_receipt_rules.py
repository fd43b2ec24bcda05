"""Receipts read by rules: vendor, date, currency, total, and what is not there."""

from dataclasses import replace

import pytest

from rlnotes.data.documents.receipt_rules import (
    read_receipt,
    read_receipt_with_cash,
)
from tests.data.documents.receipts import receipt

SHOP = [
    "TAX INVOICE",
    "KEDAI TULIS MAJU SDN BHD (123456-X)",
    "NO 5, LANE 4, HILL TOWN",
    "GST ID: 000111222333",
    "CARD EXPIRY: 31/05/18",
    "DATE: 05/03/2018 10:15",
    "PENS    2    1.80    3.60",
    "TOTAL SALES    RM    3.62",
    "ROUNDING    -0.02",
    "CASH    -10.00",
    "CHANGE    6.40",
    "GST SUMMARY",
    "TOTAL    3.40    0.20",
]


def test_a_whole_receipt():
    plain = {
        "vendor": "KEDAI TULIS MAJU SDN BHD",
        "date": "2018-03-05",
        "currency": "MYR",
        "total": "3.62",
    }
    assert read_receipt(receipt(*SHOP)) == plain
    assert read_receipt_with_cash(receipt(*SHOP)) == plain | {"total": "3.60"}


def test_the_label_of_a_document_is_not_looked_at():
    document = receipt(*SHOP)
    labelled = replace(document, target={"vendor": "B", "total": "1.00"}, name="B", layout="B")
    assert read_receipt(labelled) == read_receipt(document)


def test_what_is_not_there_is_left_out():
    for read in (read_receipt, read_receipt_with_cash):
        assert read(receipt("***", "12")) == {"currency": "MYR"}
        assert read(receipt("***"), currency="EUR") == {"currency": "EUR"}


def test_of_a_segment_the_first_200_letters_are_read():
    for rest in ("05/03/2018", "RM"):
        segment = f"{'-' * (199 - len(rest))} {rest}"
        whole, cut = (
            read_receipt(
                replace(receipt("BLUE INK", "X"), segments=["BLUE INK", text]), currency="NOK"
            )
            for text in (f"  {segment} ", f"  -{segment} ")  # blanks around do not count
        )
        assert whole != cut
        assert cut == {"vendor": "BLUE INK", "currency": "NOK"}
    assert read_receipt(receipt("B" * 300))["vendor"] == "B" * 200


def vendor(*lines) -> str | None:
    return read_receipt(receipt(*lines)).get("vendor")


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["BLUE INK", "HILL PENS SDN. BHD."], "HILL PENS SDN. BHD."),
        (["BLUE INK", "HILL PENS SDN .BHD"], "HILL PENS SDN .BHD"),
        (["BLUE INK", "HILL PENS S/B"], "HILL PENS S/B"),
        (["BLUE INK", "HILL PENS TRADING"], "HILL PENS TRADING"),
        (["INK TRADING", "HILL PENS SDN BHD"], "HILL PENS SDN BHD"),
        (["BLUE INK", "HILL STREET 5"], "BLUE INK"),
        (["Blue Ink", "Hill Street 5"], "Blue Ink"),
        (["TAX INVOICE", "1234567", "BLUE INK"], "BLUE INK"),
        (["RECEIPT", "P", "BLUE INK"], "BLUE INK"),
        (["NO. 5, HILL STREET", "BLUE INK"], "BLUE INK"),
        (["THANK YOU", "DATE: 05/03/2018", "BLUE INK"], "BLUE INK"),
        (["BLUE INK", "COMPANY NO: 123-X"], "BLUE INK"),
        (["BLUE INK", "CO. REG NO: 123-X"], "BLUE INK"),
        (["BLUE INK (123456-X)"], "BLUE INK"),
        (["BLUE INK (123456-X"], "BLUE INK"),
        (["#000012 BLUE INK"], "BLUE INK"),
        (["BLUE INK (HILL)"], "BLUE INK (HILL)"),
        # the end of a name on a line of its own
        (["BLUE INK", "CO. (M) SDN BHD"], "BLUE INK CO. (M) SDN BHD"),
        (["BLUE INK", "SDN BHD"], "BLUE INK SDN BHD"),
        (["BLUE INK", "STATIONERY SDN BHD"], "BLUE INK STATIONERY SDN BHD"),
        (["BLUE INK", "STATIONERY SDN. BHD."], "BLUE INK STATIONERY SDN. BHD."),
        (["BLUE INK", "& RED PEN HOUSE SDN BHD"], "BLUE INK & RED PEN HOUSE SDN BHD"),
        (["BLUE INK", "STATIONERY (M) SDN BHD"], "BLUE INK STATIONERY (M) SDN BHD"),
        (["TAX INVOICE", "STATIONERY SDN BHD"], "STATIONERY SDN BHD"),
        (["STATIONERY SDN BHD", "BLUE INK"], "STATIONERY SDN BHD"),
        (["BLUE INK", "R.E.D PEN SDN BHD"], "R.E.D PEN SDN BHD"),
        (["***", "12", "6%"], None),
        (["1", "2", "3", "4", "5", "6", "7", "8", "BLUE INK SDN BHD"], None),
    ],
)
def test_vendors(lines, name):
    assert vendor(*lines) == name


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        (["05/03/2018", "06/03/2018"], "2018-03-05"),
        (["OFFER 24 NOV 2017", "DATE 05/03/2018"], "2018-03-05"),
        (["OFFER 24 NOV 2017", "05/03/2018 10:15"], "2018-03-05"),
        (["EXPIRY: 31/05/18 10:15", "05/03/2018"], "2018-03-05"),
        (["DUE DATE 31/05/18", "05/03/2018"], "2018-03-05"),
        (["DUE DATE 31/05/18"], "2018-05-31"),
        (["5/3/18", "7.35"], "2018-03-05"),
        (["7.35"], None),
    ],
)
def test_dates(lines, day):
    assert read_receipt(receipt(*lines)).get("date") == day


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["TOTAL RM 5.00"], "MYR"),
        (["TOTAL    $5.00", "1 RM = $0.20"], "USD"),
        (["EUR 5.00", "EUR 6.00", "$7.00"], "EUR"),
        (["INK", "BHD"], "NOK"),  # the end of a name, not a dinar
        (["INK    5.00"], "NOK"),
    ],
)
def test_currencies(lines, code):
    assert read_receipt(receipt(*lines), currency="NOK")["currency"] == code


def test_below_the_table_of_taxes_there_is_no_total():
    assert read_receipt(receipt("TOTAL    5.00", "GST SUMMARY", "TOTAL    4.80"))["total"] == "5.00"
    assert read_receipt(receipt("TOTAL    5.00", "NOTES", "TOTAL    4.80"))["total"] == "4.80"
