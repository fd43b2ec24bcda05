"""Dates: printed forms, order of day and month, what is refused, dates inside texts."""

import time
from datetime import date, timedelta

import pytest

from rlnotes.functional.extraction.dates import find_dates, read_date

FORMS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d/%m/%y",
    "%d-%m-%y",
    "%d.%m.%y",
    "%d %b %y",
    "%d %b %Y",
    "%d/%b/%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %B %Y",
    "%d. %B %Y",
    "%B %d, %Y",
    "%b %d %Y",
]
DAYS = [date(1990, 1, 1) + timedelta(days=offset) for offset in range(0, 16800, 397)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_day_back(form):
    for day in DAYS:
        text = day.strftime(form)
        for printed in (text, text.upper(), text.lower(), f" {text} "):
            assert read_date(printed) == day, printed
        assert find_dates(f"DATE: {text} 18:05") == (day,)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("5/3/2018", date(2018, 3, 5)),
        ("5.3.18", date(2018, 3, 5)),
        ("12/28/2018", date(2018, 12, 28)),  # there is no month 28
        ("01/01/35", date(2035, 1, 1)),
        ("01/01/90", date(1990, 1, 1)),
        ("29/02/2016", date(2016, 2, 29)),
        ("5. M\u00e4rz 2018", date(2018, 3, 5)),
        ("5 Okt 2018", date(2018, 10, 5)),
        ("5. Dezember 2018", date(2018, 12, 5)),
        ("5 Sept 2018", date(2018, 9, 5)),
        ("5 MAR. 2018", date(2018, 3, 5)),
        ("2018-03-05T18:05:00", date(2018, 3, 5)),
        ("2018-03-05 18:05", date(2018, 3, 5)),
        ("05/03/2018 6:05:09 PM", date(2018, 3, 5)),
    ],
)
def test_by_hand(text, day):
    assert read_date(text) == day


def test_the_order_of_day_and_month_is_the_callers():
    assert read_date("05/03/2018", day_first=False) == date(2018, 5, 3)
    assert read_date("28/12/2018", day_first=False) == date(2018, 12, 28)
    assert find_dates("ON 05/03/2018", day_first=False) == (date(2018, 5, 3),)
    # Where the year stands first or the month has a name, there is only one order.
    for text in ("2018-03-05", "20180305", "5 MAR 2018", "March 5, 2018"):
        assert read_date(text, day_first=False) == date(2018, 3, 5)


REFUSED = [
    "",
    "2018",
    "03/2018",
    "5 MAR",
    "31/04/2018",
    "29/02/2018",
    "00/03/2018",
    "13/13/2018",
    "2018-13-28",
    "2018-00-05",
    "05/03/1989",
    "05/03/2036",
    "05/03/36",
    "05/03/89",
    "05/03/201",
    "05/03/201B",
    "O5/03/2018",
    "05/03-2018",
    "05 03 2018",
    "05,03,2018",
    "05:03:2018",
    "005/03/2018",
    "05/03/20181",
    "105/03/2018",
    "05/03/2018 TUE",
    "DATE 05/03/2018",
    "05/03/2018 06/03/2018",
    "05/03/2018/19",
    "05032018",
    "5 MRX 2018",
    "7.35",
    "18.05",
    "9550001112223",
    "\u0665/03/2018",
    "\uff10\uff15/03/2018",
    "\ud800",
]


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_what_is_no_date_is_refused(text):
    assert read_date(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "TOTAL 18.05.19.5",
        "V1.02.2018",
        "9.05.2018.1",
        "TEL 03-05-2018-11",
        "NO 7-05-03-2018",
        "INV05/03/2018",
        "05/03/2018A",
        "1.05/03/2018",
        "955000201803051",
        "\uff1105/03/2018",
        "05/03/2018\u0665",
        "7.35 18.05 12:30",
    ],
    ids=ascii,
)
def test_no_date_is_cut_out_of_something_longer(text):
    assert find_dates(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "DATE:05/03/2018",
        "DATE : 05-03-2018 TIME 10:05",
        "(05/03/18)",
        "5 MAR 2018 MON",
        "PRINTED 05/03/2018-18:05:10",
        "2018-03-05T18:05:00Z",
        "31/04/2018 OR 05/03/2018",
        "05/03/2018, 7.35",
    ],
)
def test_dates_inside_a_text(text):
    assert find_dates(text) == (date(2018, 3, 5),)


def test_several_dates_keep_their_order():
    found = find_dates("FROM 24 NOV 2017 - 4 MAR 2018, DUE 2018-01-02")
    assert found == (date(2017, 11, 24), date(2018, 3, 4), date(2018, 1, 2))


def test_one_letter_for_a_digit_makes_no_other_date():
    day = date(2018, 1, 15)
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%y"):
        text = day.strftime(form)
        for i, digit in enumerate(text):
            letter = {"0": "O", "1": "I", "5": "S", "8": "B"}.get(digit)
            if letter:
                assert find_dates(text[:i] + letter + text[i + 1 :]) == ()


def test_long_texts_are_cut_first():
    texts = ["1/" * 500_000, "1 " * 500_000, "\u00e4" * 1_000_000, "20180305" * 125_000]
    start = time.process_time()
    for text in texts:
        assert read_date(text) is None
        find_dates(text)
    assert time.process_time() - start < 0.5
    assert find_dates("-" * 1990 + " 05/03/2018") == ()


@pytest.mark.parametrize("bad", [None, 20180305, date(2018, 3, 5), b"2018-03-05"])
@pytest.mark.parametrize("function", [read_date, find_dates])
def test_what_is_no_string_is_named(function, bad):
    with pytest.raises(ValueError, match=r"^text must be a string, got "):
        function(bad)
