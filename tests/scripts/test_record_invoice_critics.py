"""The recipe of PPO's baselines: settings by name, what they expect, and how well."""

import math
from functools import partial
from itertools import product

import pytest
import torch

from rlnotes.scripts import record_invoice_critics as recipe
from rlnotes.scripts import record_invoices
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.evaluation import evaluate
from rlnotes.training.invoices.on_policy import Config, Result, train_on_policy
from rlnotes.training.invoices.scoring import RewardScore
from tests.scripts.small_invoices import EVALUATED, FULL, PAGES, small_start
from tests.scripts.test_record_rlhf import Pool
from tests.training.invoices.hand_made import same_weights, small_policy, weights_of

COLUMNS = ("baseline", "seed", "layouts", "correlation", "spread", "worth_spread")
SETTINGS = {
    "batch mean": {"value_coefficient": 0.0},
    "shared trunk": {},
    "own trunk": {"critic": "own"},
    "fresh answers": {"critic": "answers"},
}


def test_each_baseline_is_run_from_five_starts():
    pool = Pool([{}])
    recipe.critics(pool)
    assert len(pool.jobs) == 20
    assert set(pool.jobs) == set(product(SETTINGS, range(5)))
    assert SETTINGS == recipe.BASELINES


@pytest.mark.parametrize("name", SETTINGS)
def test_a_run_is_ppo_as_recorded_with_another_baseline(monkeypatch, name):
    start, asked = small_start(1), []
    documents = {"seen": [FULL, *PAGES[:2]], "new": [FULL, *PAGES[1:]]}
    short = partial(Config, num_updates=2, num_documents=2, num_epochs=1)

    def trained(*arguments):
        asked.append(arguments)
        return train_on_policy(*arguments)

    monkeypatch.setattr(recipe, "start_of", {1: start}.__getitem__)
    monkeypatch.setattr(recipe, "test_set", documents.__getitem__)
    monkeypatch.setattr(recipe, "Config", short)
    monkeypatch.setattr(recipe, "train_on_policy", trained)
    rows = recipe._critic((name, 1))
    config = short(seed=1, **record_invoices.PPO, **SETTINGS[name])
    assert asked == [(start.policy, start.others, RewardScore(), config)]
    policy = train_on_policy(*asked[0]).policy
    assert [row["layouts"] for row in rows] == ["seen", "new"]
    for row in rows:
        assert tuple(row) == (*COLUMNS, *EVALUATED[1:])
        assert (row["baseline"], row["seed"]) == (name, 1)
        judged = evaluate(policy, documents[row["layouts"]])
        assert row["reward"] == pytest.approx(judged.rewards.mean())
        assert row["documents"] == len(documents[row["layouts"]])
        assert all(math.isfinite(row[column]) for column in COLUMNS[3:])


def test_without_a_value_loss_a_head_of_zeros_stays_so_and_takes_off_nothing():
    policy = small_policy()
    with torch.no_grad():
        policy.value.weight.zero_()
        policy.value.bias.zero_()
    config = Config(num_updates=3, num_documents=2, **record_invoices.PPO, value_coefficient=0.0)
    result = train_on_policy(policy, PAGES, RewardScore(), config)
    assert not same_weights(weights_of(policy), weights_of(result.policy))
    with torch.no_grad():
        assert (result.policy(draw_pages(PAGES, None)).values == 0).all()


@pytest.mark.parametrize("critic", ["shared", "own", "answers"])
def test_what_is_expected_is_of_the_critic_or_of_answers_that_are_not_the_worth(
    monkeypatch, critic
):
    policy, other = small_policy(0), small_policy(1)
    drawn = torch.arange(2.0 * (16 + 4)).view(2, 20)
    monkeypatch.setattr(RewardScore, "__call__", lambda self, examples, actions: drawn)
    config = Config(advantage="critic", critic=critic, num_answers=4)
    result = Result(policy, None, other if critic == "own" else policy)
    expected, worth = recipe.expectations(result, config, PAGES[:2])
    assert worth.tolist() == [7.5, 27.5]  # of the first sixteen
    pages = draw_pages(PAGES[:2], None)
    with torch.no_grad():
        values = {"shared": policy(pages).values, "own": other(pages).values}
    values["answers"] = torch.tensor([17.5, 37.5])
    assert torch.equal(expected, values[critic])


def test_a_correlation_is_that_of_two_vectors_and_0_with_a_constant():
    # Deviations -1, 0, 1 and -1, 2, -1: no correlation; with 0, 1, 5 by hand.
    one = torch.tensor([1.0, 2.0, 3.0])
    assert recipe.correlation(one, torch.tensor([0.0, 3.0, 0.0])) == pytest.approx(0)
    assert recipe.correlation(one, torch.tensor([0.0, 1.0, 5.0])) == pytest.approx(
        5 / math.sqrt(2 * 14)
    )
    assert recipe.correlation(one, -one) == pytest.approx(-1)
    assert recipe.correlation(one, torch.full((3,), 0.5)) == 0
