"""What a foreign class does reaches neither the reward nor later answers."""

import math
from collections import OrderedDict, UserDict
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from itertools import count
from types import MappingProxyType

import numpy as np
import pytest

from rlnotes.functional.extraction import REWARD_WEIGHTS, invoice_reward
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.plain import plain, plain_dict
from tests.data.invoices.hand_made import TARGETS

TRUTH = TARGETS["several rates"]


def refuse(*_):
    raise RuntimeError("nobody may ask")


def hostile(base, *names):
    """A subclass of a type whose methods of these names raise."""
    return type(f"Hostile{base.__name__.title()}", (base,), dict.fromkeys(names, refuse))


class Code(StrEnum):
    """A text that is a member of an enumeration."""

    EURO = "EUR"


class Endless(Mapping):
    """Claims two keys and never stops to give more."""

    def __len__(self):
        return 2

    def __iter__(self):
        return count()

    def __getitem__(self, key):
        return "1.00"


class Disguised:
    """Claims to be a string, and is none."""

    @property
    def __class__(self):
        return str


class Secret:
    """Does not even say what it is."""

    @property
    def __class__(self):
        raise RuntimeError("nobody may ask")


HOSTILE_TEXT = hostile(str, "__len__", "__eq__", "__hash__", "strip", "isspace", "__str__")
HOSTILE_NUMBER = hostile(Decimal, "is_finite", "adjusted", "__eq__", "__bool__", "__str__")
HOSTILE_VALUES = {
    "text": HOSTILE_TEXT("5.00"),
    "text without end": type("Short", (str,), {"__len__": lambda self: 3})("9" * 1_000_000),
    "Decimal": HOSTILE_NUMBER("5.00"),
    "Decimal NaN": type("Finite", (Decimal,), {"is_finite": lambda self: True})("NaN"),
    "integer": hostile(int, "__abs__", "__lt__", "__eq__", "__int__")(5),
    "float": hostile(float, "__repr__", "__float__", "__eq__")(5.0),
    "list": hostile(list, "__iter__", "__len__")([{"amount": "1.00"}]),
    "rows": [hostile(dict, "items", "get", "__getitem__", "__contains__")(amount="1.00")],
    "cells": [{"amount": HOSTILE_TEXT("1.00")}, {"amount": HOSTILE_NUMBER("1.00")}],
    "rows without end": [Endless()],
    "dict": hostile(dict, "__len__", "items")(amount="1.00"),
    "disguised": Disguised(),
    "secret": Secret(),
}


@pytest.mark.parametrize("target", [TRUTH, None], ids=["target", "label-free"])
@pytest.mark.parametrize("name", HOSTILE_VALUES)
def test_hostile_values_never_raise(name, target):
    value = HOSTILE_VALUES[name]
    for answer in (value, *({**TRUTH, key: value} for key in (*TRUTH, "other"))):
        breakdown = invoice_reward(answer, target, weights=REWARD_WEIGHTS)
        assert -0.1 <= breakdown.total <= 0.9
        assert all(0 <= part <= 1 for part in (breakdown.fields, breakdown.format))


@pytest.mark.parametrize("name", ["items", "__len__", "__iter__", "get"])
def test_hostile_dicts_never_raise(name):
    answer = hostile(dict, name)(TRUTH)
    readable = name != "items"
    assert invoice_reward(answer, TRUTH, weights=REWARD_WEIGHTS).readable is readable


def test_a_mapping_without_end_is_too_large():
    assert read_answer(Endless()) is None


def hostile_key(name: str):
    """Raises as soon as it is compared with this key of the schema."""
    return type("Key", (), {"__hash__": lambda self: hash(name), "__eq__": refuse})()


def test_hostile_keys():
    assert read_answer({hostile_key("total"): "1.00"}).numbers == {}
    for name in ("amount", "quantity", "more"):
        answer = {**TRUTH, "line_items": [{hostile_key(name): "1.00"}]}
        assert invoice_reward(answer, TRUTH, weights=REWARD_WEIGHTS).total < 0.9


def test_a_hostile_answer_does_not_reach_later_ones():
    text = type("Equal", (str,), {"__eq__": lambda *_: True, "__hash__": str.__hash__})("7.31")
    spoiled = hostile(str, "__eq__")
    spoiled.__hash__ = str.__hash__
    for value in (text, spoiled("7.32"), spoiled("Acme 7.33")):
        for key in ("total", "vendor", "date", "currency"):
            read_answer({key: value})
        read_answer({"line_items": [{"amount": value, "description": value}]})
    for amount in ("7.31", "7.32"):
        assert read_answer({"total": amount}).values["total"] == Decimal(amount)
        assert type(read_answer({"vendor": amount}).values["vendor"]) is str
    assert read_answer({"vendor": "Acme 7.33"}).values == {"vendor": "acme 7.33"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((np.float64(9.5), 9.5), (np.str_("9.5"), "9.5"), (Code.EURO, "EUR")),
        *((True, True), (None, None), (10**400, 10**400), ("x", "x")),
    ],
)
def test_values_in_the_types_of_python(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("value", [b"x", [1], (), {}, {1}, 1j, np.int64(5), np.bool_(True), plain])
def test_what_has_no_plain_form(value):
    assert type(plain(value)) is object


def test_a_hostile_text_is_taken_as_it_stands():
    assert plain(HOSTILE_TEXT("x")) == "x"


def test_a_negative_zero_and_numbers_that_are_none_stay_so():
    assert str(plain(Decimal("-0.00"))) == "-0.00"
    assert math.isnan(plain(np.float64("nan")))
    assert plain(Decimal("sNaN")).is_snan()


@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict, MappingProxyType])
def test_mappings_of_all_kinds(kind):
    rows = (kind({"amount": "1.00", "more": [1]}), 5)
    found = plain_dict(kind({"total": "1.00", "rows": rows}), {"rows": ("rate", "amount")})
    assert found["total"] == "1.00"
    assert found["rows"][0] == {"amount": "1.00"}
    assert type(found["rows"][1]) is object
    assert [type(each) for each in (found, found["rows"])] == [dict, list]


def test_rows_with_many_keys():
    row = {**dict.fromkeys(range(100), "x"), "amount": "1.00"}
    assert plain_dict({"rows": [row]}, {"rows": ("amount",)}) == {"rows": [{"amount": "1.00"}]}
    assert len(plain_dict({"rows": [{}] * 1000}, {"rows": ()})["rows"]) == 501
