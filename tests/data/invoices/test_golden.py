"""The truth otherwise printed earns all, and no exploit earns more than the truth."""

import copy
import json

import pytest

from rlnotes.data.invoices.golden import correct_variants, exploits
from rlnotes.data.invoices.sampling import LAYOUTS, sample_invoices
from rlnotes.functional.extraction import REWARD_WEIGHTS, invoice_reward
from tests.data.invoices.hand_made import PAGE, TARGETS

EPSILON = 1e-12


def reward(answer, target, **options):
    return invoice_reward(answer, target, weights=REWARD_WEIGHTS, **options)


@pytest.mark.parametrize("name", TARGETS)
def test_other_forms_of_the_truth_earn_all_of_the_fields(name):
    for how, answer in correct_variants(TARGETS[name]).items():
        breakdown = reward(answer, TARGETS[name])
        assert (breakdown.fields, breakdown.structure) == (1, 1), how
        assert (breakdown.hallucination, breakdown.missing) == (0, 0), how


def test_other_forms_are_other_forms():
    target = TARGETS["discount and charge"]
    variants = correct_variants(target)
    assert correct_variants(TARGETS["large"])["thousands"]["total"] == "1,234,568.00"
    assert variants["currency sign"]["total"] == "\u20ac 114.00"
    assert variants["floats"]["line_items"][0]["amount"] == 40.0
    assert variants["day first"]["date"] == "17/05/2024"
    assert variants["rows turned round"]["line_items"][0]["description"] == "Pens"
    assert list(variants["keys turned round"]) == list(reversed(target))
    assert json.loads(variants["json"]) == target
    same = {name for name, answer in variants.items() if answer == target}
    assert same == {"copied", "keys turned round", "minus behind", "thousands"}
    assert correct_variants(TARGETS["cancelled"])["minus behind"]["total"] == "0.60-"


@pytest.mark.parametrize("name", TARGETS)
def test_the_truth_earns_the_most_there_is(name):
    target = TARGETS[name]
    assert reward(target, target).total == pytest.approx(0.9, abs=EPSILON)
    assert reward(target, None).total == pytest.approx(0.5, abs=EPSILON)


@pytest.mark.parametrize("label_free", [False, True])
@pytest.mark.parametrize("name", TARGETS)
def test_no_exploit_earns_more_than_the_truth(name, label_free):
    target = None if label_free else TARGETS[name]
    truth = reward(TARGETS[name], target).total
    for how, answer in exploits(TARGETS[name], PAGE).items():
        assert reward(answer, target).total <= truth + EPSILON, how


@pytest.mark.parametrize("name", TARGETS)
def test_with_the_target_only_the_truth_earns_as_much(name):
    target = TARGETS[name]
    for how, answer in exploits(target, PAGE).items():
        breakdown = reward(answer, target)
        if breakdown.fields < 1:
            assert breakdown.total < reward(target, target).total - 1e-3, how


def test_a_missing_row_that_fails_rewards_an_invented_one():
    target = TARGETS["total only"]
    copied = exploits(target, PAGE)["subtotal = total"]
    for missing_rows, gain in (("pass", 0), ("half", 0.075), ("fail", 0.15)):
        truth = reward(target, None, missing_rows=missing_rows)
        exploit = reward(copied, None, missing_rows=missing_rows)
        assert exploit.total - truth.total == pytest.approx(gain), missing_rows


def test_a_missing_row_that_passes_hides_a_wrong_total():
    target = TARGETS["with tax"]
    wrong = {**target, "total": "120.00"}
    hidden = {key: value for key, value in wrong.items() if key not in ("subtotal", "tax")}
    assert reward(wrong, None).structure == 0.5
    assert reward(hidden, None).structure == 1
    assert reward(hidden, None, missing_rows="half").structure == 0.5


def test_the_lowest_rewards():
    target = TARGETS["with tax"]
    tricks = exploits(target, PAGE)
    for how in ("a list", "no JSON", "a megabyte", "too many lines", "deeply nested"):
        assert reward(tricks[how], target).total == -0.1, how
    assert reward(tricks["nothing"], target).total == 0
    # All sums of zeros hold, and all are well written: half of the reward and more.
    assert reward(tricks["zeros"], target).structure == 1
    assert reward(tricks["zeros"], None).structure == 0


def test_nothing_changes_the_target():
    for target in TARGETS.values():
        before = copy.deepcopy(target)
        for answer in [*correct_variants(target).values(), *exploits(target, PAGE).values()]:
            reward(answer, target)
        assert target == before


def test_sparse_targets_have_exploits_and_variants_too():
    sparse = {"total": "5.00"}
    assert reward(sparse, sparse).total == pytest.approx(0.9)
    for how, answer in correct_variants(sparse).items():
        assert reward(answer, sparse).fields == 1, how
    for how, answer in exploits(sparse, []).items():
        assert reward(answer, sparse).total <= 0.9 + EPSILON, how


def test_on_sampled_documents_nothing_beats_the_truth_either():
    for document in sample_invoices(60, seed=10, layouts=LAYOUTS):
        target = document.target
        truth, free_truth = reward(target, target).total, reward(target, None).total
        assert (truth, free_truth) == pytest.approx((0.9, 0.5), abs=EPSILON), document.layout
        for how, answer in correct_variants(target).items():
            assert reward(answer, target).fields == 1, how
        for how, answer in exploits(target, document.segments).items():
            assert reward(answer, target).total <= truth + EPSILON, how
            assert reward(answer, None).total <= free_truth + EPSILON, how
