"""The recipes of the invoice methods: what each trains on and costs, what is kept."""

import inspect
import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from rlnotes.functional.extraction.fields import f1_scores
from rlnotes.models.low_rank import num_trainable
from rlnotes.scripts import record_invoices as recipe
from rlnotes.training.invoices import dpo, on_policy, sft
from rlnotes.training.invoices.demonstrations import demonstrate
from rlnotes.training.invoices.evaluation import compare, evaluate
from rlnotes.training.invoices.examples import FOREIGN_LAYOUTS, NEW_LAYOUTS, TRAINING_LAYOUTS
from rlnotes.training.invoices.scoring import RewardScore
from rlnotes.training.invoices.starts import make_start
from tests.scripts.small_invoices import (
    EVALUATED,
    FULL,
    PAGES,
    TRAINED,
    Listener,
    small_start,
)
from tests.scripts.test_record_rlhf import Pool
from tests.training.invoices.hand_made import same_weights, small_policy, weights_of

HEADS = ("pointer", "absent", "format", "line", "line_format", "value")


@pytest.fixture
def starts(monkeypatch):
    """Small starts by seed, and one document in each test set."""
    made = {seed: small_start(seed) for seed in range(3)}
    monkeypatch.setattr(recipe, "start_of", made.__getitem__)
    monkeypatch.setattr(recipe, "test_set", lambda name: [FULL])
    monkeypatch.setattr("rlnotes.training.invoices.starts.new_policy", small_policy)
    return made


def listen(monkeypatch, module, name):
    listener = Listener()
    monkeypatch.setattr(module, name, listener)
    return listener.calls


def test_every_method_runs_from_five_starts():
    pool = Pool([{"row": 1}])
    assert len(recipe.methods(pool)) == len(pool.jobs) == 40
    assert set(pool.jobs) == set(product(recipe.METHODS, range(5)))
    assert tuple(recipe.METHODS) == (
        *("start", "GRPO", "RLOO", "PPO", "PPO, batch 8"),
        *("DPO, sampled pairs", "DPO, pairs from labels", "SFT, all labels"),
    )


def test_a_start_is_made_once_for_each_seed_with_as_many_labels_as_are_counted(monkeypatch):
    made = []
    monkeypatch.setattr(recipe, "make_start", lambda seed: made.append(seed) or f"start {seed}")
    recipe.start_of.cache_clear()
    assert [recipe.start_of(seed) for seed in (3, 1, 3)] == ["start 3", "start 1", "start 3"]
    recipe.start_of.cache_clear()
    assert made == [3, 1]
    assert inspect.signature(make_start).parameters["num_labels"].default == recipe.NUM_LABELS


def test_the_test_sets_are_of_a_seed_that_no_run_has(monkeypatch):
    asked = []
    monkeypatch.setattr(
        recipe, "sample_examples", lambda count, **named: asked.append((count, named))
    )
    recipe.test_set.cache_clear()
    for name in ("seen", "new", "foreign"):
        recipe.test_set(name)
    recipe.test_set.cache_clear()
    assert asked == [
        (160, {"seed": 10_000, "layouts": TRAINING_LAYOUTS}),
        (240, {"seed": 10_000, "layouts": NEW_LAYOUTS}),
        (160, {"seed": 10_000, "layouts": FOREIGN_LAYOUTS}),
    ]
    assert max(recipe.SEEDS) < 10_000


@pytest.mark.parametrize(
    ("method", "config", "cost"),
    [
        # 125 updates of 8 documents, 8 answers and 3 steps.
        ("GRPO", {}, (8000, 1000, 375)),
        ("RLOO", {"advantage": "leave_one_out"}, (8000, 1000, 375)),
        ("PPO", {"advantage": "critic", "entropy_coefficient": 0.01}, (8000, 1000, 375)),
        # 1000 updates of 8 documents, one answer and 3 steps.
        (
            "PPO, batch 8",
            {
                "advantage": "critic",
                "entropy_coefficient": 0.01,
                "num_answers": 1,
                "num_updates": 1000,
                "learning_rate": 3e-4,
            },
            (8000, 8000, 3000),
        ),
    ],
)
def test_on_policy_methods_go_on_from_the_start_with_the_reward(
    starts, monkeypatch, method, config, cost
):
    calls = listen(monkeypatch, on_policy, "train_on_policy")
    policy, counted = recipe.METHODS[method](2)
    ((start, examples, score, used),) = calls
    assert start is starts[2].policy
    assert examples is starts[2].others
    assert score == RewardScore()
    assert used == on_policy.Config(seed=2, **config)
    assert policy is TRAINED
    assert counted == dict(zip(("answers", "pages", "steps"), cost, strict=True)) | {"labels": 12}


def test_the_start_is_a_method_that_costs_its_labels(starts):
    policy, cost = recipe.METHODS["start"](1)
    assert policy is starts[1].policy
    assert cost == {"answers": 0, "pages": 0, "steps": 0, "labels": 12}


def test_dpo_compares_four_answers_of_the_start_to_each_of_2000_documents(starts, monkeypatch):
    asked = []

    def sampled_pairs(policy, examples, score, *, seed):
        asked.append((policy, examples, score, seed))
        return ["pairs"]

    monkeypatch.setattr(recipe, "sampled_pairs", sampled_pairs)
    calls = listen(monkeypatch, dpo, "train_dpo")
    policy, cost = recipe.METHODS["DPO, sampled pairs"](2)
    ((answering, examples, score, seed),) = asked
    assert answering is starts[2].policy
    assert [PAGES.index(page) for page in examples] == [1, 2, 3] * 666 + [1, 2]
    assert (score, seed) == (RewardScore(), 2)
    assert calls == [(starts[2].policy, ["pairs"], dpo.Config(seed=2, beta=0.3))]
    assert policy is TRAINED
    assert cost == {"answers": 8000, "pages": 2000, "steps": 250, "labels": 12}


def test_dpo_from_labels_uses_those_of_all_documents_and_no_answer(starts, monkeypatch):
    asked = []

    def corrupted_pairs(examples, *, count, seed):
        asked.append((examples, count, seed))
        return ["pairs"]

    monkeypatch.setattr(recipe, "corrupted_pairs", corrupted_pairs)
    calls = listen(monkeypatch, dpo, "train_dpo")
    policy, cost = recipe.METHODS["DPO, pairs from labels"](1)
    assert asked == [(starts[1].others, 2000, 1)]
    assert calls == [(starts[1].policy, ["pairs"], dpo.Config(seed=1, beta=0.3))]
    assert policy is TRAINED
    assert cost == {"answers": 0, "pages": 2000, "steps": 250, "labels": 12 + 3}


@pytest.mark.parametrize("run", [recipe._dpo, recipe._dpo_from_labels])
def test_another_price_is_all_that_changes(starts, monkeypatch, run):
    for name in ("sampled_pairs", "corrupted_pairs"):
        monkeypatch.setattr(recipe, name, lambda *_, **named: ["pairs"])
    calls = listen(monkeypatch, dpo, "train_dpo")
    run(1.0, 2)
    assert calls == [(starts[2].policy, ["pairs"], dpo.Config(seed=2, beta=1.0))]


def test_imitation_of_all_labels_begins_anew_and_copies_none(starts, monkeypatch):
    calls = listen(monkeypatch, sft, "train_sft")
    policy, cost = recipe.METHODS["SFT, all labels"](2)
    ((new, examples, demonstrations, config),) = calls
    assert new is not starts[2].policy
    assert same_weights(weights_of(new), weights_of(small_policy(2)))
    assert examples == PAGES
    for shown, page in zip(demonstrations, PAGES, strict=True):
        assert (shown.right == demonstrate(page).right).all()
        assert shown.line_format == demonstrate(page).line_format
    assert config == sft.Config(num_steps=600, seed=2)
    assert policy is TRAINED
    assert cost == {"answers": 0, "pages": 4800, "steps": 600, "labels": 4}


@pytest.fixture
def counted(monkeypatch):
    """How many answers were scored, for how many pages, in how many steps."""
    counts = {"answers": 0, "pages": 0, "steps": 0}
    plain = RewardScore.__call__

    def score(self, examples, actions):
        rewards = plain(self, examples, actions)
        counts["pages"] += len(examples)
        counts["answers"] += rewards.numel()
        return rewards

    def counting(descend):
        def step(*arguments, **named):
            counts["steps"] += 1
            return descend(*arguments, **named)

        return step

    monkeypatch.setattr(RewardScore, "__call__", score)
    for trainer in (on_policy, dpo):
        monkeypatch.setattr(trainer, "descend", counting(trainer.descend))
    return counts


@pytest.mark.parametrize("advantage", ["sample_std_plus", "critic"])
def test_a_short_run_takes_what_is_counted_and_leaves_the_start(starts, counted, advantage):
    before = weights_of(starts[0].policy)
    short = {"num_updates": 2, "num_documents": 3, "num_answers": 5, "num_epochs": 2}
    policy, cost = recipe._on_policy({"advantage": advantage, **short}, 0)
    assert counted == {"answers": 30, "pages": 6, "steps": 4}
    assert cost == {**counted, "labels": 12}
    assert same_weights(before, weights_of(starts[0].policy))
    assert not same_weights(before, weights_of(policy))


def test_short_dpo_takes_what_is_counted(starts, counted, monkeypatch):
    monkeypatch.setattr(recipe, "NUM_PAIRS", 5)
    monkeypatch.setattr(
        dpo, "Config", lambda plain=dpo.Config, **named: plain(num_steps=2, batch_size=2, **named)
    )
    before = weights_of(starts[1].policy)
    policy, cost = recipe._dpo(0.3, 1)
    assert counted == {"answers": 20, "pages": 5, "steps": 2}
    assert cost == {**counted, "labels": 12}
    assert same_weights(before, weights_of(starts[1].policy))
    assert not same_weights(before, weights_of(policy))


def test_a_run_has_a_row_for_each_test_set(starts, monkeypatch):
    cost = {"answers": 1, "pages": 2, "steps": 3, "labels": 4}
    monkeypatch.setitem(recipe.METHODS, "some", lambda seed: (small_policy(seed), cost))
    sets = {"seen": [FULL], "new": [FULL] * 2, "foreign": [FULL] * 3}
    monkeypatch.setattr(recipe, "test_set", sets.__getitem__)
    rows = recipe._method(("some", 2))
    label = {"method": "some", "seed": 2, **cost}
    assert [(row["layouts"], row["documents"]) for row in rows] == [
        ("seen", 1),
        ("new", 2),
        ("foreign", 3),
    ]
    for row in rows:
        assert tuple(row) == (*label, *EVALUATED)
        assert row.items() >= label.items()
    expected = evaluate(small_policy(2), [FULL]).macro_f1
    assert rows[0]["macro_f1"] == pytest.approx(expected)


def test_the_numbers_of_an_evaluation_by_hand():
    # One right answer and one that says nothing: of each field one hit and one miss.
    seen = replace(
        compare([FULL.target, {}, {"tax": "1.00"}], [FULL] * 3),
        as_agreed=f1_scores([({"tax": "1.00"}, {"tax": "1.00", "total": "2.00"})]),
        keeps_rules=np.array([True, False, True]),
        rewards=np.array([0.25, 0.75, 0.8]),
    )
    numbers = recipe.numbers_of(seen)
    assert (numbers["documents"], numbers["right"], numbers["keeps_rules"]) == (3, 1, 2)
    assert numbers["agreed_f1"] == pytest.approx(1 / 2)  # tax 1, total 0
    assert numbers["reward"] == pytest.approx(0.6)
    assert numbers["f1_total"] == pytest.approx(2 / 4)  # one hit, two misses
    assert numbers["f1_tax"] == pytest.approx(4 / 5)  # two hits, one miss
    assert numbers["macro_f1"] == pytest.approx((12 / 2 + 4 / 5) / 13)
    assert tuple(numbers) == EVALUATED[1:]


def test_betas_change_alone_for_both_kinds_of_pairs():
    pool = Pool([{}])
    recipe.dpo_betas(pool)
    assert len(pool.jobs) == 18
    assert set(pool.jobs) == set(product(("sampled", "labels"), (0.1, 0.3, 1.0), range(3)))


@pytest.mark.parametrize(("pairs", "other"), [("sampled", "labels"), ("labels", "sampled")])
def test_a_row_of_betas_is_of_its_pairs_price_and_seed(starts, monkeypatch, pairs, other):
    seen = []
    names = {"sampled": "_dpo", "labels": "_dpo_from_labels"}

    def run(beta, seed):
        seen.append((beta, seed))
        return TRAINED, {}

    monkeypatch.setattr(recipe, names[pairs], run)
    monkeypatch.delattr(recipe, names[other])
    rows = recipe._dpo_beta((pairs, 0.1, 2))
    assert seen == [(0.1, 2)]
    kl = recipe.mean_divergence(TRAINED, starts[2].policy, [FULL])
    assert kl > 0.1
    for row in rows:
        assert tuple(row) == ("pairs", "beta", "seed", "kl", *EVALUATED)
        assert (row["pairs"], row["beta"], row["seed"]) == (pairs, 0.1, 2)
        assert row["kl"] == pytest.approx(kl)


def test_the_divergence_is_of_the_policy_to_the_start_and_a_mean_over_documents():
    start, policy = small_policy(), small_policy()
    with torch.no_grad():
        for model in (start, policy):
            model.line_format.weight.zero_()
            model.line_format.bias.zero_()
        policy.line_format.bias[0] = math.log(2)  # 1/2, 1/4, 1/4 in place of thirds
    by_hand = math.log(3 / 2) / 2 + math.log(3 / 4) / 2
    assert recipe.mean_divergence(policy, start, PAGES) == pytest.approx(by_hand, abs=1e-5)
    assert recipe.mean_divergence(start, start, PAGES) == 0


def test_ranks_are_run_from_three_starts():
    pool = Pool([{}])
    recipe.low_rank(pool)
    assert len(pool.jobs) == 12
    assert set(pool.jobs) == set(product((0, 1, 4, 16), range(3)))


@pytest.mark.parametrize("rank", [0, 4])
def test_a_run_of_low_rank_trains_a_copy_of_the_start_on_the_same_answers(
    starts, monkeypatch, rank
):
    calls = listen(monkeypatch, on_policy, "train_on_policy")
    whole, before = num_trainable(small_policy()), weights_of(starts[1].policy)
    rows = recipe._low_rank((rank, 1))
    ((policy, examples, score, config),) = calls
    assert examples is starts[1].others
    assert (score, config) == (RewardScore(), on_policy.Config(seed=1))
    assert not policy.read.weight.requires_grad
    assert torch.equal(policy.read.weight, starts[1].policy.read.weight)
    # Four sides of 8 + 8, and a block of 32, 16, 40 and 40 inputs and outputs.
    heads = sum(num_trainable(getattr(policy, name)) for name in HEADS)
    assert {row["trained"] for row in rows} == {heads + rank * (4 * 16 + 32 + 16 + 40 + 40)}
    assert {row["all"] for row in rows} == {whole}
    assert num_trainable(starts[1].policy) == whole
    assert same_weights(before, weights_of(starts[1].policy))
    expected = evaluate(TRAINED, [FULL]).macro_f1
    for row in rows:
        assert tuple(row) == ("rank", "seed", "trained", "all", *EVALUATED)
        assert (row["rank"], row["seed"]) == (rank, 1)
        assert row["macro_f1"] == pytest.approx(expected)
