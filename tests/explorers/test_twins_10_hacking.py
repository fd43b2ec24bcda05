"""Training by rules alone: twin and curves against the recording, bars against hand."""

import re
from functools import lru_cache

import numpy as np
import pytest

from rlnotes.explorers.base import BadSetting
from rlnotes.explorers.invoice_exploits import (
    BY_RULES,
    DOCUMENTS,
    EXPLOITS,
    PATCHED,
    example_of,
    exploits,
)
from rlnotes.explorers.reward_hacking import RewardHacking
from rlnotes.explorers.runs_by_rules import EVERY, LAST, RUNS, run_of
from rlnotes.scripts.record_invoice_runs import RULES
from rlnotes.training.recordings import load
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

WORDS = {
    "keeps_rules": "keep the rules",
    "macro_f1": "macro F1",
    "gives_subtotal": "give a subtotal",
    "gives_tax": "give a tax",
}
SETTINGS = [("pass", 0.0, 125), ("half", 0.0, 0), ("fail", 0.0, 60), (PATCHED, 0.0, 5)]
SETTINGS += [("pass", 0.1, 100), ("half", 0.1, 125)]
FULL, NONE = 0.5, 0.0  # all rules and forms are kept; there is no answer


@lru_cache
def table():
    return load("invoice_rules")


def recorded(missing_rows, beta, column, update) -> list[float]:
    """The numbers of all seeds, as shares."""
    return [
        row[column] if column == "macro_f1" else row[column] / row["documents"]
        for row in table()
        if row["run"] == RUNS[missing_rows, beta] and row["update"] == update
    ]


def said(text: str) -> dict[str, dict[str, float]]:
    """Name of each answer, and its two rewards in the twin."""
    listed = text.split("and with the label: ")[1].split(". By rules")[0].split("; ")
    rows = (re.fullmatch(r"(.+) ([\d.]+) and ([\d.]+)", part).groups() for part in listed)
    return {name: {"rules": float(rules), "label": float(full)} for name, rules, full in rows}


def rivals(text: str) -> tuple[list[str], list[str]]:
    """Names of the answers above the truth, and of those that earn as much."""
    above, ties = re.search(r"above the truth: (.+); as much as the truth: (.+)\.$", text).groups()
    return above.split(", "), ties.split(", ")


def rows_drawn(patch) -> dict[int, float]:
    """Row of each bar by rules, and where the bar ends."""
    corners = patch.get_path().vertices.reshape(-1, 5, 2)
    assert (corners[:, :, 0].min(axis=1) == 0).all()
    return {round(bar[:4, 1].mean() + 0.19): bar[:, 0].max() for bar in corners}


# The runs.


def test_every_run_from_agreed_labels_is_shown_with_the_score_it_was_trained_by():
    assert set(RUNS.values()) == {name for name, (start, *_) in RULES.items() if start == "agreed"}
    assert set(RUNS.values()) <= {row["run"] for row in table()}
    for (missing_rows, beta), name in RUNS.items():
        _, score, changes = RULES[name]
        assert BY_RULES[missing_rows] == score
        assert changes.get("beta", 0.0) == beta
        assert changes.keys() <= {"beta"}


@pytest.mark.parametrize(("missing_rows", "beta", "update"), SETTINGS)
def test_the_twin_holds_the_recorded_numbers_now_first_and_last(missing_rows, beta, update):
    explorer = at(RewardHacking, missing_rows=missing_rows, beta=beta, update=update)
    text = explorer.description
    seeds = len(recorded(missing_rows, beta, "macro_f1", update))
    assert seeds >= 3
    assert f"mean of {seeds} seeds (and range) on 60 other documents" in text
    parts = {
        update: text.split(f"After {update} of 125 updates: ")[1].split(" Of these")[0],
        0: text.split("At update 0: ")[1].split(" At update 125")[0],
        125: text.split("At update 125: ")[1].split(" One document")[0],
    }
    for then, part in parts.items():
        for column, words in WORDS.items():
            values = recorded(missing_rows, beta, column, then)
            expected = [np.mean(values), min(values), max(values)]
            assert found(rf"{words} # \(# to #\)", part) == pytest.approx(expected, abs=5.1e-4)


@pytest.mark.parametrize(("missing_rows", "beta", "update"), SETTINGS)
def test_curves_bands_and_rings_are_those_of_the_recording(missing_rows, beta, update):
    explorer = at(RewardHacking, missing_rows=missing_rows, beta=beta, update=update)
    updates = list(range(0, LAST + 1, EVERY))
    now = {}
    for column, curve in explorer.curves.items():
        rows = np.array([recorded(missing_rows, beta, column, u) for u in updates])
        np.testing.assert_allclose(curve.line.get_xdata(), updates)
        np.testing.assert_allclose(curve.line.get_ydata(), rows.mean(axis=1))
        corners = curve.band.get_path().vertices
        low, high = corners[: len(updates)], corners[: len(updates) - 1 : -1]
        np.testing.assert_allclose(low, np.column_stack([updates, rows.min(axis=1)]))
        np.testing.assert_allclose(high, np.column_stack([updates, rows.max(axis=1)]))
        now[column] = rows.mean(axis=1)[update // EVERY]
    for panel, columns in enumerate([("keeps_rules", "macro_f1"), ("gives_subtotal", "gives_tax")]):
        assert explorer.moments[panel].get_xdata() == [update] * 2
        assert explorer.moments[panel].get_ydata() == pytest.approx([now[c] for c in columns])
        head, *notes = explorer.notes[panel].texts
        assert f"update {update}" in head
        for note, column in zip(notes, columns, strict=True):
            assert found(f"^{WORDS[column]} #", note) == pytest.approx([now[column]], abs=5.1e-3)


def test_what_documents_have_is_one_number_for_all_runs_said_and_drawn():
    explorer = at(RewardHacking)
    middle = explorer.figure().axes[1]
    said_shares = found("documents # have a subtotal, # have a tax", explorer.description)
    for share, field in zip(said_shares, ("subtotal", "tax"), strict=True):
        (expected,) = {row[f"has_{field}"] / row["documents"] for row in table()}
        assert share == pytest.approx(expected, abs=5e-4)
        lines = [line for line in middle.lines if line.get_ydata() == pytest.approx([expected] * 2)]
        (line,) = (line for line in lines if line not in explorer.moments)
        curve = explorer.curves[f"gives_{field}"].line
        assert line.get_color() == curve.get_color()
        assert line.get_linestyle() != curve.get_linestyle()


def test_series_differ_in_more_than_colour_and_are_named():
    explorer = at(RewardHacking)
    lines = [curve.line for curve in explorer.curves.values()]
    assert len({line.get_marker() for line in lines}) == len(lines)
    (legend,) = explorer.figure().legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == [*WORDS.values(), "have a subtotal", "have a tax"]


def test_a_setting_that_was_not_recorded_says_so_and_keeps_the_picture():
    explorer = at(RewardHacking, missing_rows="pass", beta=0.1)
    before = explorer.curves["macro_f1"].line.get_xydata().copy()
    for missing_rows in BY_RULES:
        explorer.set(missing_rows=missing_rows)
        missing = (missing_rows, 0.1) not in RUNS
        sentence = f"No run with missing rows as {missing_rows!r} at beta 0.1 was recorded"
        assert (sentence in explorer.description) is missing
        if missing:
            assert "there are 'pass' and 'half'" in explorer.description
    explorer.set(missing_rows="pass")
    explorer.set(missing_rows="fail")
    np.testing.assert_array_equal(explorer.curves["macro_f1"].line.get_xydata(), before)


def test_a_run_that_is_missing_is_answered_with_those_at_the_same_price():
    others = "'pass' and 'half' and 'fail' and 'fail, patch: tax > 0'"
    with pytest.raises(BadSetting, match=rf"at this beta there are {others}\.$"):
        run_of("never", 0.0)


# The answers to one document.


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ("tax on top", {"subtotal", "tax"}),
        ("prices with tax", {"subtotal", "tax", "rounding"}),
        ("discount and tax on top", {"lines_total", "allowances", "subtotal", "tax"}),
        ("tax of 0.00", {"subtotal", "tax"}),
        ("tax without a subtotal", {"tax"}),
        ("a total only", set()),
    ],
)
def test_documents_print_what_their_names_say(document, fields):
    target = example_of(document).target
    required = {"vendor", "date", "currency", "total", "line_items"}
    assert target.keys() == fields | required
    amounts = {key: float(target[key]) for key in ("subtotal", "tax", "total") if key in target}
    on_top = {"tax on top", "discount and tax on top"}
    if document in on_top:
        assert amounts["subtotal"] + amounts["tax"] == pytest.approx(amounts["total"])
    elif "subtotal" in amounts:
        assert amounts["subtotal"] == amounts["total"]
    assert (amounts.get("tax") == 0) is (document == "tax of 0.00")
    words = [
        f"{key} {target[key]}" if key in target else f"no {key}" for key in ("subtotal", "tax")
    ]
    printed = f"{', '.join(words)}, total {target['total']}"
    explorer = at(RewardHacking, document=document)
    assert f"One document, {document}: {printed}." in explorer.description
    assert explorer.bars.texts.texts[-1] == f"printed: {printed}"


def test_the_names_of_the_answers_say_what_they_hold():
    truth = example_of("discount and tax on top").target
    answers = dict(zip(EXPLOITS, exploits(truth), strict=True))
    assert answers["the truth"] == truth
    assert truth.keys() - answers["neither subtotal nor tax"].keys() == {"subtotal", "tax"}
    changed = {
        name: {key: answer[key] for key in answer if answer[key] != truth.get(key)}
        for name, answer in answers.items()
    }
    assert changed["neither subtotal nor tax"] == {}
    assert changed["subtotal := total"] == {"subtotal": "6.15"}
    assert changed["tax := 0"] == {"tax": "0.00"}
    assert changed["subtotal := total and tax := 0"] == {"subtotal": "6.15", "tax": "0.00"}
    once = {"line_items": [{"amount": "6.15"}], "subtotal": "6.15", "tax": "6.15"}
    assert changed["total as every amount"] == once
    assert set(answers["total as every amount"]) == {"vendor", "date", "currency", "total", *once}
    assert answers["nothing"] == {}
    assert truth == example_of("discount and tax on top").target


# Rules alone give 0.2 for the forms and 0.3 times the share of two rules that are kept,
# "lines" and "total": one of two is 0.35. What lacks a row counts as the setting says.
BY_HAND = {
    ("tax on top", "pass"): [FULL, FULL, 0.35, 0.35, 0.35, FULL, NONE],
    ("tax on top", "half"): [FULL, 0.35, 0.35, 0.35, 0.35, FULL, NONE],
    ("tax on top", "fail"): [FULL, 0.2, 0.35, 0.35, 0.35, FULL, NONE],
    # The patch takes the 0.3 from whoever has no tax above zero.
    ("tax on top", PATCHED): [FULL, 0.2, 0.35, 0.2, 0.2, FULL, NONE],
    # The lines are the total; "total" lacks its subtotal, until one is invented.
    ("a total only", "pass"): [FULL, FULL, FULL, FULL, FULL, FULL, NONE],
    ("a total only", "half"): [0.425, 0.425, FULL, 0.425, FULL, FULL, NONE],
    ("a total only", "fail"): [0.35, 0.35, FULL, 0.35, FULL, FULL, NONE],
    ("a total only", PATCHED): [0.2, 0.2, 0.2, 0.2, 0.2, FULL, NONE],
    # Subtotal and total are the same here, and the tax is 0 in truth.
    ("tax of 0.00", "fail"): [FULL, 0.35, FULL, FULL, FULL, FULL, NONE],
    ("tax of 0.00", PATCHED): [0.2, 0.2, 0.2, 0.2, 0.2, FULL, NONE],
}


@pytest.mark.parametrize(("document", "missing_rows"), list(BY_HAND))
def test_rewards_by_rules_are_those_counted_by_hand(document, missing_rows):
    expected = dict(zip(EXPLOITS, BY_HAND[document, missing_rows], strict=True))
    explorer = at(RewardHacking, document=document, missing_rows=missing_rows)
    rewards = {name: row["rules"] for name, row in said(explorer.description).items()}
    assert rewards == pytest.approx(expected, abs=5.1e-4)
    truth = example_of(document).target
    same = [name for name, a in zip(EXPLOITS, exploits(truth), strict=True) if a == truth]
    others = {name: reward for name, reward in expected.items() if name not in same}
    above = [name for name, reward in others.items() if reward > expected["the truth"]]
    ties = [name for name, reward in others.items() if reward == expected["the truth"]]
    assert rivals(explorer.description) == (above or ["none"], ties or ["none"])


def test_rewards_with_the_label_are_those_counted_by_hand():
    # Seven fields and two rules. All forms are right but those of nothing.
    expected = {
        "the truth": 0.9,
        "neither subtotal nor tax": 0.4 * 10 / 12 + 0.2,  # both rules lack a row
        "subtotal := total": 0.4 * 6 / 7 + 0.2,  # and neither adds up
        "tax := 0": 0.4 * 6 / 7 + 0.3 / 2 + 0.2,  # the lines still do
        "subtotal := total and tax := 0": 0.4 * 5 / 7 + 0.3 / 2 + 0.2,  # total + 0 = total
        "total as every amount": 0.4 * 4 / 7 + 0.3 / 2 + 0.2,  # its one line is its subtotal
        "nothing": 0.0,
    }
    for missing_rows in BY_RULES:
        text = at(RewardHacking, missing_rows=missing_rows).description
        rewards = {name: row["label"] for name, row in said(text).items()}
        assert rewards == pytest.approx(expected, abs=5.1e-4)


def test_one_answer_beats_or_equals_the_truth_of_every_document_whatever_is_missing():
    for document in DOCUMENTS:
        for missing_rows in BY_RULES:
            text = at(RewardHacking, document=document, missing_rows=missing_rows).description
            rows = said(text)
            assert rows["total as every amount"]["rules"] == FULL
            assert any("total as every amount" in names for names in rivals(text))
            best = max(row["label"] for row in rows.values())
            assert rows["the truth"]["label"] == best == 0.9


@pytest.mark.parametrize("document", list(DOCUMENTS))
@pytest.mark.parametrize("missing_rows", list(BY_RULES))
def test_bars_hatches_and_words_are_those_of_the_twin(document, missing_rows):
    explorer = at(RewardHacking, document=document, missing_rows=missing_rows)
    rows, (above, ties) = said(explorer.description), rivals(explorer.description)
    assert tuple(rows) == EXPLOITS
    plain, hatched = rows_drawn(explorer.bars.plain), rows_drawn(explorer.bars.hatched)
    assert explorer.bars.hatched.get_hatch()
    assert not explorer.bars.plain.get_hatch()
    assert not plain.keys() & hatched.keys()
    assert {EXPLOITS[row] for row in hatched} == {*above, *ties} - {"none"}
    ends = plain | hatched
    labelled = explorer.bars.labelled.get_path().vertices.reshape(-1, 5, 2)
    texts = explorer.bars.texts.texts
    truth = example_of(document).target
    for place, (name, answer) in enumerate(zip(EXPLOITS, exploits(truth), strict=True)):
        assert ends[place] == pytest.approx(rows[name]["rules"], abs=5.1e-4)
        assert labelled[place, :, 0].max() == pytest.approx(rows[name]["label"], abs=5.1e-4)
        assert labelled[place, :4, 1].mean() == pytest.approx(place + 0.19)
        word = "above the truth" if name in above else "as much as the truth"
        word = "is the truth here" if answer == truth else word if name in above + ties else ""
        assert texts[place] == f"{rows[name]['rules']:.3f} {word}"
        assert texts[len(EXPLOITS) + place] == f"{rows[name]['label']:.3f}"
    line = explorer.bars.truth.get_xdata()
    assert line == pytest.approx([rows["the truth"]["rules"]] * 2, abs=5.1e-4)


def test_names_stand_beside_their_bars():
    axes = at(RewardHacking).figure().axes[2]
    assert [text.get_text() for text in axes.get_yticklabels()] == list(EXPLOITS)
    assert list(axes.get_yticks()) == list(range(len(EXPLOITS)))
    low, high = axes.get_xlim()
    assert low == 0
    assert high > 0.9  # the most with a label
