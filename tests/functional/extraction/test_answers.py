"""What an answer is read as, whatever it is."""

import decimal
import json
import time
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from rlnotes.functional.extraction import answers, readings
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.readings import MALFORMED
from rlnotes.functional.extraction.targets import read_target


@pytest.mark.parametrize(
    "value",
    ["9.60", "RM 9.60", "RM9.60", "$9.60", "9.6", " 9.600 ", 9.6, np.float64(9.6), Decimal("9.6")],
)
def test_printed_forms_and_numbers_are_the_same_amount(value):
    assert read_answer({"total": value}).values == {"total": Decimal("9.60")}


@pytest.mark.parametrize("text", ["9.60", "9.6", "96e-1", '"9.60"', '"RM 9.60"'])
def test_numbers_of_json_are_read_exactly(text):
    assert read_answer(f'{{"total": {text}}}').values["total"] == Decimal("9.60")


MALFORMED_AMOUNTS = {
    "list": [9.6],
    "dict": {"value": 9.6},
    "true": True,
    "NaN": float("nan"),
    "infinity": float("-inf"),
    "Decimal NaN": Decimal("NaN"),
    "signalling NaN": Decimal("sNaN"),
    "NaN, a string": "nan",
    "infinity, a string": "Infinity",
    "beyond all floats, a string": "1e400",
    "exponent, a string": "1e5",
    "beyond all sums": Decimal("1e400"),
    "huge integer": 10**5000,
    "too fine": Decimal("1e-400"),
    "zero with an exponent": Decimal("0e999999"),
    "full-width digits": "\uff19.\uff16\uff10",
    "Arabic digits": "\u0669.\u0666\u0660",
    "underscore": "1_000.00",
    "two numbers": "2 X 5.90",
    "text": "nine",
    "bytes": b"9.60",
    "array": np.array([9.6, 9.6]),
    "complex": 9.6 + 0j,
    "65 characters": "0" * 65,
    "a megabyte": "9" * 1_000_000,
}


@pytest.mark.parametrize("key", ["total", "tax", "date", "currency", "vendor", "line_items"])
@pytest.mark.parametrize("value", MALFORMED_AMOUNTS.values(), ids=MALFORMED_AMOUNTS)
def test_what_cannot_be_read_is_there_and_wrong(key, value):
    answer = read_answer({key: value})
    assert key in answer.values
    if key in ("total", "tax"):
        assert answer.values[key] is MALFORMED
        assert answer.numbers[key] is MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "Infinity", "-Infinity", "1e400", "1E99999999999999999999", "1e-400", "true"),
        *("[1]", "{}", "9" * 5000, "[" * 50 + "]" * 50),
    ],
)
def test_numbers_of_json_that_are_none(text):
    assert read_answer(f'{{"total": {text}}}').values == {"total": MALFORMED}


@pytest.mark.parametrize("value", [None, "", "  \n"])
@pytest.mark.parametrize("key", ["total", "date", "currency", "vendor", "line_items", "other"])
def test_absent_is_absent(key, value):
    assert read_answer({key: value}).values == {}
    assert read_answer({"line_items": []}).values == {}


@pytest.mark.parametrize("length", [1, 64, 65, 200, 201, 1000])
@pytest.mark.parametrize("blank", [" ", "\n", "\u3000"])
def test_blanks_are_absent_however_many(blank, length):
    keys = ("total", "date", "currency", "vendor", "line_items", "tax_breakdown", "other")
    assert read_answer(dict.fromkeys(keys, blank * length)).values == {}
    columns = ("description", "quantity", "unit_price", "amount")
    assert read_answer({"line_items": [dict.fromkeys(columns, blank * length)]}).values == {
        "line_items": ((None,) * 4,)
    }


def test_more_blanks_than_any_page_has_are_there():
    keys = ("total", "date", "currency", "vendor", "line_items", "other")
    held = read_answer(dict.fromkeys(keys, " " * 1001)).values
    assert held == dict.fromkeys(keys, MALFORMED)
    held = read_answer(dict.fromkeys(keys, " " * 201 + "x")).values
    assert held == dict.fromkeys(keys, MALFORMED)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        *(("19", 19), ("19%", 19), (" 19 % ", 19), ("7.5%", Decimal("7.5")), (19, 19)),
        *(("", None), ("  ", None), ("%", MALFORMED), (" % ", MALFORMED), ("19%%", MALFORMED)),
    ],
)
def test_rates(rate, expected):
    rows = read_answer({"tax_breakdown": [{"rate": rate, "tax": "1.00"}]}).values["tax_breakdown"]
    assert rows == ((expected, None, 1),)


@pytest.mark.parametrize(
    "prediction",
    [
        None,
        5,
        9.6,
        b"{}",
        [],
        ["total"],
        object(),
        "",
        "total",
        "[]",
        "5",
        "null",
        "{",
        '{"a": }',
        "{'total': 1}",
        '```json\n{"total": 1}\n```',
        '\ufeff{"total": 1}',
        "[" * 90_000,
        '{"a":' * 19_000,
        json.dumps({"total": "1.00", "note": "9" * 100_000}),
        json.dumps({"total": "1.00", "note": "," * 10_001}),
        {f"key {index}": 1 for index in range(65)},
        {"line_items": [{"amount": "1.00"}] * 501},
        {"tax_breakdown": [{}] * 501},
    ],
)
def test_unreadable_as_a_whole(prediction):
    assert read_answer(prediction) is None


def test_the_limits_themselves_are_readable():
    assert len(read_answer({f"key {index}": "1" for index in range(64)}).values) == 64
    assert read_answer(json.dumps({"note": "," * 10_000})) is not None
    assert read_answer({"line_items": [{"amount": "1"}] * 500}).numbers == {
        "line_items.amount": 500
    }
    longest = json.dumps({"note": "9" * (100_000 - len('{"note": ""}'))})
    assert len(longest) == 100_000
    assert read_answer(longest).values == {"note": MALFORMED}
    assert read_answer({"vendor": "a" * 200}).values == {"vendor": "a" * 200}
    assert read_answer({"vendor": "a" * 201}).values == {"vendor": MALFORMED}


def test_texts_dates_and_currencies():
    answer = read_answer(
        {"vendor": " ACME\t\u3000Co\ufb03n ", "date": "05/03/2018", "currency": "RM", "id": "A1"}
    )
    assert answer.values == {
        "vendor": "acme coffin",
        "date": date(2018, 3, 5),
        "currency": "MYR",
        "id": "a1",
    }


def test_keys_are_exact():
    assert read_answer({"Total": "9.60", "total ": "9.60", 1: "x"}).numbers == {}


def test_rows_and_their_sums():
    answer = read_answer(
        {
            "line_items": [{"amount": "1.10"}, {"amount": 2.2, "description": "Pen", "more": 1}],
            "tax_breakdown": [{"rate": "19 %", "base": "10", "tax": "1.90"}, {"rate": 7}],
        }
    )
    assert answer.values["line_items"] == (
        (None, None, None, Decimal("1.1")),
        ("pen", None, None, Decimal("2.2")),
    )
    # A tax or a base is missing in the second row, a rate is not.
    assert answer.numbers == {"line_items.amount": Decimal("3.3"), "tax_breakdown.rate": 26}


@pytest.mark.parametrize("row", [{}, {"amount": "x"}, {"amount": None}, "1.00", None, 5])
def test_a_line_without_an_amount_spoils_the_sum(row):
    answer = read_answer({"line_items": [{"amount": "1.00"}, row]})
    assert answer.numbers == {"line_items.amount": MALFORMED}


def test_sums_are_exact_in_any_context_of_the_caller():
    lines = {"line_items": [{"amount": "0.10"}] * 3 + [{"amount": "1234567890.01"}]}
    with decimal.localcontext(prec=3, traps=[]):
        assert read_answer(lines).numbers["line_items.amount"] == Decimal("1234567890.31")
    # The longest sum there is: 500 times a millionth of a millionth less than 10**15.
    longest = {"line_items": [{"amount": "999999999999999.999999999999"}] * 500}
    total = read_answer(longest).numbers["line_items.amount"]
    assert str(total) == "499999999999999999.999999999500"


GOOD = {"vendor": "Acme", "total": "1.00", "line_items": [{"amount": "1.00"}]}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{}", "target must be a dict or None, got '{}'"),
        ([], "target must be a dict"),
        ({1: "x"}, "target must have texts as keys, got 1"),
        ({**GOOD, "total": "nine"}, r"target\['total'\] must be readable, got 'nine'"),
        ({**GOOD, "total": float("nan")}, r"target\['total'\] must be readable, got nan"),
        ({**GOOD, "date": "2024-02-30"}, r"target\['date'\]"),
        ({**GOOD, "currency": "Taler"}, r"target\['currency'\]"),
        ({**GOOD, "vendor": 5}, r"target\['vendor'\]"),
        ({**GOOD, "line_items": {}}, r"target\['line_items'\]"),
        ({**GOOD, "line_items": ["1.00"]}, r"target\['line_items'\] must have readable rows"),
        ({**GOOD, "line_items": [{"description": "Pen"}]}, "readable rows"),
        ({**GOOD, "line_items": [{"amount": "1.00", "quantity": "x"}]}, "readable rows"),
        ({**GOOD, "tax_breakdown": [{}]}, "readable rows"),
        ({f"key {index}": "1" for index in range(65)}, "at most 64 keys"),
    ],
)
def test_a_target_that_cannot_be_read_is_refused(target, message):
    with pytest.raises(ValueError, match=message):
        read_target(target)


def test_long_strings_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(answers, "_DECODER", None)
    for name in ("_number_in", "_day_in", "_code_in", "_folded"):
        monkeypatch.setattr(readings, name, None)
    assert read_answer("9" * 100_001) is None
    long = dict.fromkeys(("total", "date", "currency", "vendor", "other"), "9" * 201)
    lines = [{"amount": "(" * 65, "description": "x" * 201}]
    answer = read_answer({**long, "line_items": lines, "tax_breakdown": [{"rate": "9" * 65}]})
    assert {*answer.numbers.values()} == {MALFORMED}


@pytest.mark.parametrize(
    "text",
    [
        *('{"a": [' + ",".join(["1"] * 49_000) + "]}", "{" + '"a":1,' * 16_000 + '"b":1}'),
        '{"total": [' + ",".join(f"{i}.{i}" for i in range(8_000)) + "]}",
        '{"total": ' + "9" * 99_000 + "}",
        '{"line_items": [' + ",".join(['{"amount": 1.5}'] * 500) + "]}",
    ],
)
def test_long_garbage_is_read_within_milliseconds(text):
    times = []
    for _ in range(5):
        start = time.process_time()
        read_answer(text)
        times.append(time.process_time() - start)
    assert min(times) < 0.02  # 0.003 on a machine of its own
