"""Disagreements of popular notes, and letters with several meanings."""

import tomllib

import pytest

from rlnotes.review.disagreements import LETTER, disagreements, letters, read_table
from tests.review.evidence import ROOT

ENTRY = {"letter": "x", "meanings": "a; b", "writes": "c"}
LINK = {"link": "07#dfff4cca", "label": "7.5", "shows": "optimum"}
DATA = tomllib.loads((ROOT / "rlnotes/review/disagreements.toml").read_text("utf-8"))


def test_an_entry_becomes_a_row_that_ends_with_its_evidence():
    table = read_table([{**ENTRY, **LINK}, {**ENTRY, "letter": "y", "reason": "No."}], LETTER)
    assert table.header == ("letter", "stands for", "this book", "shown in")
    assert table.rows == (
        ("x", "a; b", "c", "[7.5](07_rlhf.ipynb#cell-id=dfff4cca)"),
        ("y", "a; b", "c", "not shown: No."),
    )


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        (ENTRY, "'x': link is missing"),
        ({**ENTRY, **LINK, "reason": "No."}, "'x' must have a link or a reason, got both"),
        ({**ENTRY, "reason": ""}, "reason is missing"),
        ({**ENTRY, **LINK, "shows": ""}, "'x': shows is missing"),
        ({**ENTRY, **LINK, "colour": "red"}, r"'x' has unknown keys: \['colour'\]"),
        ({**LINK, "letter": "x", "writes": "c"}, "meanings is missing"),
        ({**ENTRY, **LINK, "writes": 3}, "writes .*3"),
    ],
)
def test_a_bad_entry_is_refused_and_named(entry, named):
    with pytest.raises(ValueError, match=named):
        read_table([entry], LETTER)


def test_an_entry_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="'x' stands twice"):
        read_table([{**ENTRY, **LINK}, {**ENTRY, **LINK}], LETTER)


def test_every_topic_has_two_sides_and_an_answer():
    table = disagreements()
    assert len(table.rows) == len(DATA["disagreements"]) == 20
    for _, some, others, teach, _ in table.rows:
        assert some != others
        assert teach.endswith(".")


def test_few_rows_have_no_demonstration():
    bare = {row[0] for row in disagreements().rows if row[-1].startswith("not shown")}
    assert bare == {"standing of DPO", "names of a pair"}
    assert [row[0] for row in letters().rows if row[-1].startswith("not shown")] == [r"$\theta_t$"]


def test_letters_have_more_than_one_meaning_or_a_meaning_with_two_letters():
    rows = {row[0]: row[1] for row in letters().rows}
    assert len(rows) == len(DATA["letters"]) == 16
    single = {letter for letter, meanings in rows.items() if ";" not in meanings}
    assert single == {"$K$, $G$"}
