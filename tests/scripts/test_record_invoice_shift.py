"""The recipes of other layouts, other numbers of labels and cold starts."""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from rlnotes.data.invoices.sampling import LAYOUTS
from rlnotes.functional.extraction.fields import f1_scores
from rlnotes.scripts import record_invoice_shift as recipe
from rlnotes.scripts import record_invoices
from rlnotes.training.invoices import sft
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.evaluation import compare, evaluate
from rlnotes.training.invoices.examples import FOREIGN_LAYOUTS, TRAINING_LAYOUTS
from rlnotes.training.invoices.on_policy import Config
from rlnotes.training.invoices.scoring import RewardScore
from rlnotes.training.invoices.starts import Start
from tests.scripts.small_invoices import (
    EVALUATED,
    FULL,
    LABEL,
    PAGES,
    TRAINED,
    Listener,
    small_start,
)
from tests.scripts.test_record_rlhf import Pool
from tests.training.invoices.hand_made import same_weights, small_policy, weights_of

METHODS = "12 labels", "12 labels, GRPO", "all labels"


@pytest.fixture
def asked(monkeypatch):
    """What starts are asked for; they are small, and so are the test sets."""
    seen = []

    def make_start(seed, **named):
        start = small_start(seed)
        if named.get("num_labels") == 600:
            start = Start(start.policy, PAGES, [])
        seen.append((seed, named, start))
        return start

    recipe._start_of.cache_clear()
    monkeypatch.setattr(recipe, "make_start", make_start)
    monkeypatch.setattr(recipe, "new_policy", lambda seed: small_policy(seed + 50))
    monkeypatch.setattr(recipe, "_tests", lambda layout, noise: [FULL])
    monkeypatch.setattr(record_invoices, "test_set", lambda name: [FULL])
    yield seen
    recipe._start_of.cache_clear()


@pytest.fixture
def trained(monkeypatch):
    """What the trainer is given."""
    listener = Listener()
    monkeypatch.setattr(recipe, "train_on_policy", listener)
    return listener.calls


def reward(policy):
    return pytest.approx(evaluate(policy, [FULL]).rewards[0])


def test_families_grow_to_all_that_are_not_foreign():
    families = list(recipe.FAMILIES.values())
    assert [len(layouts) for layouts in families] == list(recipe.FAMILIES) == [1, 2, 4, 6]
    assert all(set(few) < set(more) for few, more in pairwise(families))
    assert recipe.FAMILIES[4] == TRAINING_LAYOUTS
    assert set(recipe.FAMILIES[6]) == set(LAYOUTS) - set(FOREIGN_LAYOUTS)


@pytest.mark.parametrize(
    ("table", "settings"),
    [
        ("shift", [(1, 2, 4, 6), METHODS, range(3)]),
        ("labels", [(6, 12, 24, 48, 96, 600), range(3)]),
        ("cold_starts", [(0, 25, 100, 200), range(3)]),
    ],
)
def test_every_setting_is_run_from_three_seeds(table, settings):
    pool = Pool([{}])
    getattr(recipe, table)(pool)
    jobs = list(product(*settings))
    assert len(pool.jobs) == len(jobs)
    assert set(pool.jobs) == set(jobs)


def test_the_documents_answered_are_of_a_seed_of_their_own_one_layout_and_noise(monkeypatch):
    seen = []
    monkeypatch.setattr(
        recipe, "sample_examples", lambda count, **named: seen.append((count, named))
    )
    recipe._tests.cache_clear()
    recipe._tests("receipt_cafe", 0.1)
    recipe._tests.cache_clear()
    assert seen == [(60, {"seed": 10_002, "layouts": ("receipt_cafe",), "noise": 0.1})]
    assert 10_002 not in range(3)


def test_misread_documents_are_the_same_ones_misread():
    plain, misread = (recipe._tests("receipt_till", noise)[:5] for noise in (0.0, 0.3))
    recipe._tests.cache_clear()
    assert [page.target for page in plain] == [page.target for page in misread]
    assert all(
        one.document.segments != other.document.segments
        for one, other in zip(plain, misread, strict=True)
    )


@pytest.mark.parametrize("families", [1, 6])
def test_a_start_sees_the_layouts_of_its_families_once_made(asked, families):
    recipe._shift((families, "12 labels", 1))
    recipe._shift((families, "12 labels", 1))
    ((seed, named, _),) = asked
    assert (seed, named) == (1, {"layouts": recipe.FAMILIES[families]})


def test_twelve_labels_are_the_start_alone(asked, trained):
    policy = recipe._trained("12 labels", 2, TRAINING_LAYOUTS)
    ((_, _, start),) = asked
    assert policy is start.policy
    assert not trained


def test_grpo_goes_on_from_the_start_with_the_reward(asked, trained):
    assert recipe._trained("12 labels, GRPO", 2, TRAINING_LAYOUTS) is TRAINED
    ((_, _, start),) = asked
    assert trained == [(start.policy, start.others, RewardScore(), Config(seed=2))]


def test_all_labels_are_imitated_by_a_new_policy(asked, monkeypatch):
    listener = Listener()
    monkeypatch.setattr(sft, "train_sft", listener)
    monkeypatch.setattr("rlnotes.training.invoices.starts.new_policy", recipe.new_policy)
    assert recipe._trained("all labels", 2, TRAINING_LAYOUTS) is TRAINED
    ((policy, examples, demonstrations, config),) = listener.calls
    assert same_weights(weights_of(policy), weights_of(small_policy(52)))
    assert examples == PAGES
    for shown, page in zip(demonstrations, PAGES, strict=True):
        assert (shown.right == demonstrate(page).right).all()
        assert shown.line_format == demonstrate(page).line_format
    assert config == sft.Config(num_steps=600, seed=2)


def test_a_policy_answers_every_layout_at_every_noise(asked, trained, monkeypatch):
    # Of three answers one is right, and two keep the rules. Five fields are hit,
    # two are missed: micro F1 is 2 * 5 / (2 * 5 + 2), macro F1 would be 5 / 7.
    label = {**LABEL, "tax": "1.00", "subtotal": "8.60"}
    judged = replace(
        compare([LABEL, {}, {}], PAGES[:3]),
        keeps_rules=np.array([True, False, True]),
        fields=f1_scores([(LABEL, label)]),
    )
    answered = []

    def judge(policy, pages):
        answered.append((policy, pages))
        return judged

    monkeypatch.setattr(recipe, "_tests", lambda *key: key)
    monkeypatch.setattr(recipe, "evaluate", judge)
    rows = recipe._shift((2, "12 labels, GRPO", 1))
    keys = list(product(LAYOUTS, (0.0, 0.1, 0.3)))
    assert answered == [(TRAINED, key) for key in keys]
    run = {"families": 2, "method": "12 labels, GRPO", "seed": 1}
    counts = {"documents": 60, "right": 1, "keeps_rules": 2, "micro_f1": pytest.approx(10 / 12)}
    assert rows == [{**run, "layout": layout, "noise": noise, **counts} for layout, noise in keys]


@pytest.mark.parametrize(("count", "steps"), [(6, 200), (24, 200), (48, 300), (96, 400)])
def test_more_labels_are_imitated_longer_and_then_scored_with_labels_or_without(
    asked, trained, count, steps
):
    rows = recipe._labels((count, 1))
    ((seed, named, start),) = asked
    assert (seed, named) == (1, {"num_labels": count, "num_steps": steps})
    by_rules = RewardScore(labels=False, missing_rows="half")
    assert trained == [
        (start.policy, start.others, RewardScore(), Config(seed=1)),
        (start.policy, start.others, by_rules, Config(seed=1, beta=0.1)),
    ]
    keys = [(row["method"], row["layouts"]) for row in rows]
    assert keys == list(product(("SFT", "GRPO", "rules"), ("seen", "new", "foreign")))
    for row in rows:
        assert tuple(row) == ("labels", "seed", "method", *EVALUATED)
        assert (row["labels"], row["seed"]) == (count, 1)
        assert row["reward"] == reward(start.policy if row["method"] == "SFT" else TRAINED)
    assert rows[0]["reward"] != rows[3]["reward"]


def test_where_all_are_labelled_nothing_is_left_to_answer(asked, trained):
    rows = recipe._labels((600, 1))
    ((_, named, _),) = asked
    assert named == {"num_labels": 600, "num_steps": 600}
    assert [row["method"] for row in rows] == ["SFT"] * 3
    assert not trained


@pytest.mark.parametrize("steps", [0, 25])
def test_a_cold_start_has_imitated_that_long_or_not_at_all(asked, trained, steps):
    rows = recipe._cold_start((steps, 1))
    ((seed, named, start),) = asked
    assert (seed, named) == (1, {"num_steps": steps or 1})
    ((policy, examples, score, config),) = trained
    cold = start.policy if steps else small_policy(51)
    assert same_weights(weights_of(policy), weights_of(cold))
    assert examples is start.others
    assert (score, config) == (RewardScore(), Config(seed=1))
    keys = [(row["updates"], row["layouts"]) for row in rows]
    assert keys == list(product((0, 125), ("seen", "new", "foreign")))
    for row in rows:
        assert tuple(row) == ("sft_steps", "seed", "updates", *EVALUATED)
        assert (row["sft_steps"], row["seed"]) == (steps, 1)
        assert row["reward"] == reward(TRAINED if row["updates"] else cold)
    assert rows[0]["reward"] != rows[3]["reward"]
