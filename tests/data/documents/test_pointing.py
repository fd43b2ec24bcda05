"""Answers that point: every kind in every format, and what real pages need."""

from collections import Counter

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.pointing import (
    FIELDS,
    FORMATS,
    KINDS,
    Spelling,
    amount_in,
    kind_of,
    spellings,
    written_answer,
)
from rlnotes.data.invoices import LAYOUTS, sample_invoices
from tests.data.invoices.hand_made import PAGE, TARGETS

AS_PRINTED, USUAL, OTHER = range(3)
ABSENT = [0] * len(FIELDS)


def page(*texts):
    boxes = [[0, 10 * i, 50, 10 * i + 8] for i in range(len(texts))]
    return Document("page", texts, boxes, [0] * len(texts), [(100, 10 * len(texts))])


def spelled(kind, *texts):
    return [tuple(row) for row in spellings(page(*texts))[kind]]


def test_fields_are_those_of_an_answer_without_lists():
    keys = {key for target in TARGETS.values() for key in target}
    assert keys - set(FIELDS) == {"line_items", "tax_breakdown"}
    assert len(FIELDS) == len(set(FIELDS)) == 12
    assert FORMATS[AS_PRINTED] == "as printed"


def test_the_kinds_of_fields():
    kinds = Counter(kind_of(field) for field in FIELDS)
    assert kinds == {"vendor": 1, "date": 1, "currency": 1, "amount": 7, "deduction": 2}
    assert set(kinds) == set(KINDS) == set(spellings(page("A")))
    assert kind_of("allowances") == kind_of("prepaid") == "deduction"
    assert kind_of("charges") == kind_of("rounding") == kind_of("payable") == "amount"


@pytest.mark.parametrize("field", ["line_items", "Total", None, ["total"]])
def test_an_unknown_field_has_no_kind(field):
    with pytest.raises(ValueError, match="field must be one of") as error:
        kind_of(field)
    assert str(error.value).endswith(f"got {field!r}")


@pytest.mark.parametrize(
    ("text", "usual", "other"),
    [
        ("9.60", "9.60", "9.60"),
        ("9,60", "9,60", "9.60"),
        ("RM 9.60", "9.60", "RM 9.60"),
        ("1,234.50", "1234.50", "1,234.50"),
        ("1.234,50 EUR", "1.234,50 EUR", "1234.50"),
        ("1.234", "1.23", "1234.00"),
        ("1,234", "1234.00", "1.23"),
        ("9.80 SR", "9.80", "9.80 SR"),
        ("9.80S", "9.80", "9.80S"),
        ("(5.00)", "-5.00", "(5.00)"),
        ("5,00-", "5,00-", "-5.00"),
        ("-RM5.00", "-5.00", "-RM5.00"),
        ("1O.5O", "10.50", "1O.5O"),
        ("l2,S0", "l2,S0", "12.50"),
        ("Total: RM 9.60", "9.60", "Total: RM 9.60"),
        ("TOTAL 9. 60", "9.60", "TOTAL 9. 60"),
        ("Summe EUR 9,60", "Summe EUR 9,60", "9.60"),
        ("2 X 5.90", "5.90", "2 X 5.90"),
        ("Paid - 5.00", "-5.00", "Paid - 5.00"),
        ("Rounding - RM 0.02", "-0.02", "Rounding - RM 0.02"),
        ("SOS1.50", "1.50", "SOS1.50"),  # shillings, not 5051.50
        ("7", "7.00", "7.00"),
        ("ROOM 7", "ROOM 7", "ROOM 7"),
        ("2 X 5", "2 X 5", "2 X 5"),
        ("6%", "6%", "6%"),
        ("9550001112223", "9550001112223", "9550001112223"),
        ("-0.001", "0.00", "-1.00"),
        ("Thank you", "Thank you", "Thank you"),
    ],
)
def test_amounts(text, usual, other):
    assert spelled("amount", text) == [(text, usual, other)]
    assert amount_in(text) == (usual if usual != text or text == "9.60" else None)


@pytest.mark.parametrize(
    ("text", "usual", "other"),
    [
        ("-5.00", "5.00", "5.00"),
        ("5.00", "5.00", "5.00"),
        ("(5.00)", "5.00", "(5.00)"),
        ("-5,00", "-5,00", "5.00"),
        ("Paid -1,050.00", "1050.00", "Paid -1,050.00"),
        ("-----", "-----", "-----"),
        ("-7 pieces", "-7 pieces", "-7 pieces"),
    ],
)
def test_deductions_are_amounts_without_their_sign(text, usual, other):
    assert spelled("deduction", text) == [(text, usual, other)]


@pytest.mark.parametrize(
    ("text", "usual", "other"),
    [
        ("05/03/2018", "2018-03-05", "2018-05-03"),
        ("Date: 5-3-18 10:20", "2018-03-05", "2018-05-03"),
        ("12/28/2018", "2018-12-28", "2018-12-28"),
        ("2018-03-05", "2018-03-05", "2018-03-05"),
        ("5 MAR 2018", "2018-03-05", "2018-03-05"),
        ("01/02/2018 to 03/04/2018", "2018-02-01", "2018-01-02"),
        ("31/04/2018", "31/04/2018", "31/04/2018"),
        ("9.60", "9.60", "9.60"),
    ],
)
def test_dates(text, usual, other):
    assert spelled("date", text) == [(text, usual, other)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TOTAL (RM)", "MYR"),
        ("\u20ac 5,00", "EUR"),
        ("usd", "USD"),
        ("S$9.60", "SGD"),
        ("CHANGE", "CHANGE"),
        ("RM 5 or $ 1", "RM 5 or $ 1"),
    ],
)
def test_currencies(text, code):
    assert spelled("currency", text) == [(text, code, code)]


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("ACME SDN BHD (123456-X)", "ACME SDN BHD"),
        ("ACME (M) SDN BHD", "ACME (M) SDN BHD"),
        ("ACME (M) SDN BHD (CO. NO 123456", "ACME (M) SDN BHD"),
        ("#123 ACME", "ACME"),
        ("#123 ACME (1234)", "ACME"),
        ("ACME #123", "ACME #123"),
        ("ACME (12)", "ACME (12)"),
        ("(123456-X)", "(123456-X)"),
    ],
)
def test_names_without_a_registration_number(text, without):
    assert spelled("vendor", text) == [(text, without, text)]


def test_names_go_on_in_the_next_segment():
    assert [row[OTHER] for row in spelled("vendor", "ACME", " SDN BHD ", "TAX")] == [
        "ACME SDN BHD",
        "SDN BHD TAX",
        "TAX",
    ]


def test_of_a_segment_the_first_200_letters_count_without_blanks_around():
    long = "A" * 300
    assert [row[AS_PRINTED] for row in spelled("vendor", f"  {long}", " 9.60 ")] == [
        "A" * 200,
        "9.60",
    ]
    assert spelled("amount", "A " * 99 + "9.60 ")[0][USUAL].startswith("A A")  # 202 letters
    assert spelled("amount", "A " * 98 + "9.60 ") == [
        ("A " * 98 + "9.60", "9.60", "A " * 98 + "9.60")
    ]


def test_a_document_of_one_segment_and_one_of_none():
    assert spelled("vendor", "ACME") == [("ACME", "ACME", "ACME")]
    empty = spellings(Document("empty", [], [], [], [(1, 1)]))
    assert empty == {kind: [] for kind in KINDS}


def test_an_answer_written_by_choices_for_every_field_and_format():
    spelled = {
        kind: [Spelling(*(f"{kind} {number} {form}" for form in FORMATS)) for number in (1, 2)]
        for kind in KINDS
    }
    generator = np.random.default_rng(0)
    for _ in range(50):
        segments = generator.integers(3, size=len(FIELDS)).tolist()
        formats = generator.integers(3, size=len(FIELDS)).tolist()
        lines = np.flatnonzero(generator.random(2) < 0.5).tolist()
        form = int(generator.integers(3))
        answer = written_answer(spelled, segments, formats, lines, form)
        rows = answer.pop("line_items", [])
        assert rows == [{"amount": f"amount {i + 1} {FORMATS[form]}"} for i in lines]
        for field, segment, chosen in zip(FIELDS, segments, formats, strict=True):
            text = f"{kind_of(field)} {segment} {FORMATS[chosen]}" if segment else None
            assert answer.pop(field, None) == text
        assert answer == {}


def test_an_answer_by_hand():
    spelled = spellings(page(*PAGE))
    segments = [PAGE.index(text) + 1 for text in ("ACME CORP", "17.05.2024")]
    choices = dict(zip(FIELDS, ABSENT, strict=True)) | {
        "vendor": segments[0],
        "date": segments[1],
        **{"subtotal": 12, "tax": 14, "total": 15},
    }
    lines = [PAGE.index("40.00"), PAGE.index("60.00")]
    answer = written_answer(spelled, [*choices.values()], [USUAL] * len(FIELDS), iter(lines), USUAL)
    assert answer == {
        "vendor": "ACME CORP",
        "date": "2024-05-17",
        "subtotal": "100.00",
        "tax": "19.00",
        "total": "119.00",
        "line_items": [{"amount": "40.00"}, {"amount": "60.00"}],
    }
    assert written_answer(spelled, ABSENT, ABSENT, [], AS_PRINTED) == {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"segments": [0, 0, 2] + [0] * 9}, r"segments must lie in \[0, 2\), got 2"),
        ({"segments": [-1] + [0] * 11}, r"segments must lie in \[0, 2\), got -1"),
        ({"segments": [0] * 11}, "segments must have 12 numbers, got 11"),
        ({"formats": [3] + [0] * 11}, r"formats must lie in \[0, 3\), got 3"),
        ({"formats": [0] * 13}, "formats must have 12 numbers, got 13"),
        ({"lines": [0, 1]}, r"lines must lie in \[0, 1\), got 1"),
        ({"lines": [-1]}, r"lines must lie in \[0, 1\), got -1"),
        ({"line_format": -1}, r"line_format must lie in \[0, 3\), got -1"),
    ],
)
def test_choices_that_are_not_there(wrong, message):
    right = {"segments": ABSENT, "formats": ABSENT, "lines": [0], "line_format": 0}
    with pytest.raises(ValueError, match=message):
        written_answer(spellings(page("9.60")), **(right | wrong))


def folded(text):
    return " ".join(text.casefold().split())


def stands_in_three(name, segments):
    texts = [folded(text) for text in segments]
    triples = zip(texts, texts[1:], texts[2:], strict=False)
    return any(" ".join(triple) == folded(name) for triple in triples)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_field_of_a_layout_can_be_written(layout):
    documents = sample_invoices(80, seed=8, layouts=(layout,))
    misses = 0
    for document in documents:
        spelled = spellings(document)
        for field in set(FIELDS) & set(document.target):
            texts = {text for row in spelled[kind_of(field)] for text in row}
            if field != "vendor":
                assert document.target[field] in texts
            elif folded(document.target[field]) not in set(map(folded, texts)):
                assert stands_in_three(document.target[field], document.segments)
                misses += 1
    assert misses <= 0.05 * len(documents)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_amounts_of_the_lines_can_be_written_in_one_format(layout):
    for document in sample_invoices(80, seed=9, layouts=(layout,)):
        wanted = Counter(row["amount"] for row in document.target.get("line_items", []))
        rows = spellings(document)["amount"]
        assert any(wanted <= Counter(row[form] for row in rows) for form in (USUAL, OTHER))
