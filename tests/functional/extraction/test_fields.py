"""F1 of fields against numbers worked by hand."""

import itertools

import pytest

from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.fields import (
    Counts,
    document_f1,
    f1_of,
    f1_scores,
    field_counts,
    token_f1,
)
from rlnotes.functional.extraction.targets import read_target

TRUTH = {
    "vendor": "Acme Corp",
    "date": "2018-03-05",
    "currency": "MYR",
    "subtotal": "9.06",
    "tax": "0.54",
    "total": "9.60",
}


def without(key):
    return {name: value for name, value in TRUTH.items() if name != key}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (TRUTH, 1),
        ({**TRUTH, "total": "9.61"}, 0.833),
        ({**TRUTH, "total": "96.00"}, 0.833),
        ({**TRUTH, "total": "-9.60"}, 0.833),
        ({**TRUTH, "total": float("nan")}, 0.833),
        ({**TRUTH, "date": "2018-05-03"}, 0.833),
        ({**TRUTH, "currency": "USD"}, 0.833),
        ({**TRUTH, "vendor": "Acme"}, 0.833),
        ({**TRUTH, "vendor": "ACME CORP"}, 1),
        ({**TRUTH, "total": "RM9.60", "date": "05/03/2018"}, 1),
        ({**TRUTH, "subtotal": "9.60", "total": "9.06"}, 0.667),
        (without("tax"), 0.909),
        ({**TRUTH, "tax": None}, 0.909),
        ({**TRUTH, "tax": ""}, 0.909),
        ({**TRUTH, "payable": "9.60"}, 0.923),
        ({**TRUTH, "invoice_id": "4711"}, 0.923),
        ({}, 0),
        (None, 0),
    ],
)
def test_hand_numbers(answer, expected):
    answer, target = read_answer(answer), read_target(TRUTH)
    assert document_f1(answer, target) == pytest.approx(expected, abs=5e-4)
    # The other form, from counts, agrees exactly.
    assert document_f1(answer, target) == pytest.approx(
        f1_of(field_counts(answer, target).values()), abs=1e-15
    )


def test_counts_of_each_kind():
    answer = read_answer({"vendor": "acme corp", "total": "1.00", "rounding": "0.00"})
    target = read_target({"vendor": "Acme Corp", "total": "9.60", "tax": "0.54"})
    assert field_counts(answer, target) == {
        "vendor": Counts(1, 0, 0),
        "total": Counts(0, 1, 1),
        "tax": Counts(0, 0, 1),
        "rounding": Counts(0, 1, 0),
    }


def items(*amounts, **more):
    return [{"amount": amount, **more} for amount in amounts]


@pytest.mark.parametrize(
    ("lines", "truth", "expected"),
    [
        (items("1", "2", "3"), items("1", "2", "3"), 1),
        (items("3", "1", "2"), items("1", "2", "3"), 1),
        (items("1", "2"), items("1", "2", "3"), 4 / 5),
        (items("1", "2", "3", "4"), items("1", "2", "3"), 6 / 7),
        (items("1", "1", "1"), items("1", "1", "2"), 4 / 6),
        (items("1"), items("1", "1"), 2 / 3),
        (items("9"), items("1"), 0),
        (items("1", description="Pen"), items("1"), 1),  # on the columns of the truth
        (items("1"), items("1", description="Pen"), 0),
        (items("1", quantity="x"), items("1", quantity="1"), 0),
        # The fuller row of the truth chooses first, whatever the order.
        (
            [*items("1", description="Pen"), *items("1")],
            [*items("1"), *items("1", description="Pen")],
            1,
        ),
        (
            [{"amount": "1", "description": "Pen"}, {"amount": "2", "description": "Ink"}],
            [{"amount": "2", "description": "Pen"}, {"amount": "1", "description": "Ink"}],
            0,
        ),
        (["1"], items("1"), 0),
        ("1", items("1"), 0),
        (items("nan"), items("1"), 0),
    ],
)
def test_f1_of_lines(lines, truth, expected):
    answer, target = read_answer({"line_items": lines}), read_target({"line_items": truth})
    assert document_f1(answer, target) == pytest.approx(expected)


def test_a_list_counts_as_one_field():
    target = read_target({"total": "6.00", "line_items": items("1", "2", "3")})
    two_of_three = read_answer({"total": "6.00", "line_items": items("1", "2", "9")})
    assert document_f1(two_of_three, target) == pytest.approx((1 + 2 / 3) / 2)
    swapped = {"line_items": items("1", "3", "2", description="Pen")}
    for lines in itertools.permutations(swapped["line_items"]):
        assert document_f1(
            read_answer({"line_items": list(lines)}), read_target(swapped)
        ) == pytest.approx(1)


def test_f1_over_many_documents():
    # total: one right, one wrong, one not read: tp 1, fp 1, fn 2. tax: one invented.
    scores = f1_scores(
        [
            ('{"total": "1.00"}', {"total": "1.00"}),
            ({"total": "5.00", "tax": "1.00"}, {"total": "1.00"}),
            ("nonsense", {"total": "1.00"}),
        ]
    )
    assert scores.counts == {"total": Counts(1, 1, 2), "tax": Counts(0, 1, 0)}
    assert scores.per_field == pytest.approx({"total": 2 / 5, "tax": 0})
    assert scores.micro == pytest.approx(2 / 6)
    assert scores.macro == pytest.approx(1 / 5)


def test_f1_over_no_documents_is_refused():
    with pytest.raises(ValueError, match="pairs must hold at least one field"):
        f1_scores([])


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        ("Acme", "Acme Corp", (1, 0.5, 2 / 3)),
        ("ACME  corp", "Acme Corp", (1, 1, 1)),
        ("a a b", "a b b", (2 / 3, 2 / 3, 2 / 3)),
        ("a a", "a a a a", (1, 0.5, 2 / 3)),
        ("x", "y", (0, 0, 0)),
        ("", "y", (0, 0, 0)),
        ("", " ", (1, 1, 1)),
    ],
)
def test_token_f1(prediction, target, expected):
    assert token_f1(prediction, target) == pytest.approx(expected)


def test_token_f1_of_what_is_no_text():
    with pytest.raises(ValueError, match="target must be a string, got 5"):
        token_f1("5", 5)
