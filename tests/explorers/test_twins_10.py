"""Weights of the reward: twin and artists against hand numbers of small invoices."""

import re

import numpy as np
import pytest

from rlnotes.explorers.reward_weights import MISSING, RewardWeights
from rlnotes.explorers.written_invoices import TARGETS, TRUTH, candidate_answers
from tests.explorers.test_twins_06 import at

PARTS = ("fields", "structure", "format", "hallucination")


def rows_of(explorer) -> dict[str, dict[str, float]]:
    """Name of each answer, best first, and its numbers in the twin."""
    text = explorer.description.split("best first: ")[1].split(". Above")[0]
    rows = {}
    for part in text.split("; "):
        match = re.fullmatch(
            r"(.+) (\S+) \(F1 (\S+), structure (\S+), format (\S+), hallucination (\S+)\)", part
        )
        numbers = [float(text.replace("\N{MINUS SIGN}", "-")) for text in match.groups()[1:]]
        rows[match[1]] = dict(zip(("total", *PARTS), numbers, strict=True))
    return rows


def test_the_truth_of_every_invoice_adds_up_by_hand():
    on_top, inside, prepaid, plain = TARGETS.values()
    assert 2 * 60 + 80 == 200  # the two lines of all of them
    assert (float(on_top["total"]), float(on_top["tax"])) == (200 + 38, 200 * 19 // 100)
    assert float(inside["total"]) == float(inside["subtotal"]) == 200
    assert round(200 * 6 / 106, 2) == float(inside["tax"])
    assert float(prepaid["subtotal"]) == 200 - 20
    assert round(180 * 0.19, 2) == float(prepaid["tax"])
    assert pytest.approx(float(prepaid["total"])) == 180 + 34.2
    assert pytest.approx(float(prepaid["payable"])) == 214.2 - 100
    assert float(plain["total"]) == 200


def test_parts_of_the_default_document_are_those_counted_by_hand():
    rows = rows_of(RewardWeights())
    assert rows[TRUTH] == {"total": 0.9, **dict.fromkeys(PARTS[:3], 1.0), "hallucination": 0.0}
    # Seven fields; date and total are not in the agreed form.
    assert rows["as printed"]["fields"] == 1
    assert rows["as printed"]["format"] == pytest.approx(5 / 7, abs=6e-4)
    # One of seven is wrong; the total takes part in one of two rules.
    assert rows["total off by a digit"]["fields"] == pytest.approx(6 / 7, abs=6e-4)
    assert rows["total off by a digit"]["structure"] == 0.5
    assert rows["day and month turned"]["structure"] == 1
    # Two of seven are missed, 10 / (10 + 2); both rules lack a row; the format is kept.
    assert rows["sums left out"]["fields"] == pytest.approx(10 / 12, abs=6e-4)
    assert rows["sums left out"]["structure"] == 0
    assert rows["sums left out"]["format"] == 1
    # Seller, day and currency are right, four fields are wrong, six are invented.
    assert rows["zeros everywhere"]["fields"] == pytest.approx(6 / (6 + 4 + 4 + 6), abs=6e-4)
    assert rows["zeros everywhere"]["hallucination"] == pytest.approx(6 / 13, abs=6e-4)
    assert rows["nothing"] == dict.fromkeys(("total", *PARTS), 0.0)


@pytest.mark.parametrize("document", list(TARGETS))
@pytest.mark.parametrize("weights", [(0.4, 0.3, 0.2, 0.1), (0, 1, 0.5, 1), (0.05, 0, 0, 0.95)])
@pytest.mark.parametrize("label_known", [True, False])
def test_totals_order_bars_and_mark_follow_from_the_parts(document, weights, label_known):
    setting = dict(zip((f"w_{part}" for part in PARTS), weights, strict=True))
    explorer = at(RewardWeights, document=document, label_known=label_known, **setting)
    rows = rows_of(explorer)
    assert set(rows) == set(candidate_answers(TARGETS[document]))
    signs = np.array([1, 1, 1, -1])
    expected = {
        name: sum(np.array(weights) * signs * [row[part] for part in PARTS])
        for name, row in rows.items()
    }
    totals = [row["total"] for row in rows.values()]
    assert totals == pytest.approx(list(expected.values()), abs=3e-3)
    assert totals == sorted(totals, reverse=True)
    assert explorer.names.texts == list(rows)
    assert explorer.mark.get_ydata() == [list(rows).index(TRUTH)]
    bars = {p: s.get_path().vertices.reshape(8, 5, 2) for p, s in explorer.stacks.items()}
    for place, row in enumerate(rows.values()):
        end = 0.0
        for part, weight, sign in zip(PARTS, weights, signs, strict=True):
            corners = bars[part][place]
            low, high = corners[:, 0].min(), corners[:, 0].max()
            assert (high - low) == pytest.approx(weight / sum(weights) * row[part], abs=1e-3)
            share = weight / sum(weights) * row[part]
            assert high == pytest.approx(end + share if sign > 0 else 0, abs=3e-3)
            assert corners[:4, 1].mean() == pytest.approx(place, abs=1e-9)
            end = high if sign > 0 else end


@pytest.mark.parametrize(
    ("setting", "above", "ties"),
    [
        ({}, "none", "none"),
        ({"label_known": False}, "none", "day and month turned, sums left out"),
        (
            {"label_known": False, "document": "no tax on the page", "missing_rows": "fail"},
            "subtotal := total, tax 0",
            "day and month turned",
        ),
        (
            {"document": "prices with tax", "rules": "naive"},
            "sums left out, subtotal := total, tax 0",
            "none",
        ),
    ],
)
def test_who_beats_the_truth(setting, above, ties):
    explorer = at(RewardWeights, **setting)
    assert f"Above the truth: {above}. As much as the truth: {ties}." in explorer.description
    lines = [f"above the truth: {above}", f"as much as the truth: {ties}"]
    assert explorer.verdict.texts == lines


def test_many_rivals_are_counted_not_listed():
    explorer = at(RewardWeights, document="no tax on the page", label_known=False, rules="naive")
    assert explorer.verdict.texts[1].endswith("day and month turned and 3 more")
    assert explorer.description.count("zeros everywhere") == 2  # as an answer, and as a rival


@pytest.mark.parametrize("missing_rows", MISSING)
def test_missing_rows_act_on_full_rules_without_a_label_only(missing_rows):
    acting = at(RewardWeights, label_known=False, missing_rows=missing_rows)
    assert acting.numbers.texts[-1] == f"missing rows: {missing_rows}"
    # Of two rules "lines" lacks its subtotal, "total" its tax as well.
    share = {"pass": 1.0, "half": 0.5, "fail": 0.0}[missing_rows]
    assert rows_of(acting)["sums left out"]["structure"] == share
    for setting in ({}, {"label_known": False, "rules": "naive"}):
        idle = at(RewardWeights, missing_rows=missing_rows, **setting)
        assert "no effect" in idle.numbers.texts[-1]
        assert rows_of(idle) == rows_of(at(RewardWeights, **setting))


def test_naive_rules_are_the_three_of_the_page():
    rows = rows_of(at(RewardWeights, document="discount, prepayment", rules="naive"))
    # 200 = 180 fails, 180 + 34.20 = 214.20 holds, 214.20 = 114.20 fails
    assert rows[TRUTH]["structure"] == pytest.approx(1 / 3, abs=6e-4)
    assert rows["nothing"]["structure"] == 1  # nothing to check


def test_weights_that_are_all_0_give_a_sentence():
    zero = dict.fromkeys((f"w_{part}" for part in PARTS), 0.0)
    explorer = at(RewardWeights, **zero)
    assert "All weights are 0: every answer earns 0." in explorer.description
