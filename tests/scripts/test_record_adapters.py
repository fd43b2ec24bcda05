"""The recipes of the adapters' recordings: what they run, and short runs of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rlnotes.scripts import record_adapters as recipe
from rlnotes.training.adapter_runs import MEASURES, RANKS
from rlnotes.training.adapters import standing, start_policy
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.recordings import load
from rlnotes.training.replies import reply_tree

BASE = standing(reference_log_probs(), reference_log_probs())


class Pool:
    """Keeps the jobs of a recipe instead of running them."""

    def __init__(self, answer):
        self.jobs, self.answer = [], answer

    def map(self, _run, jobs, chunksize=1):
        self.jobs += jobs
        return [self.answer(job) for job in jobs]


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(recipe, "SETTINGS", replace(recipe.SETTINGS, num_updates=10))


def test_every_rank_gets_the_same_grid_of_rates_on_seeds_of_its_own():
    pool = Pool(lambda job: {})
    recipe.rates(pool)
    assert len(set(pool.jobs)) == len(pool.jobs) == 5 * 7 * 2 * 2
    for rank in RANKS:
        mine = {job[1:] for job in pool.jobs if job[0] == rank}
        assert len({job[0] for job in mine}) == 7
        assert len(mine) == 28
    assert not {job[3] for job in pool.jobs} & set(recipe.SEEDS)


@pytest.mark.parametrize(("task", "reward"), [("A", "reward_a"), ("B", "reward_b")])
def test_the_objective_of_a_rate_is_that_of_the_task_that_was_trained(short, task, reward):
    row = recipe.rates_row((None, 4e-3, task, 100))
    assert (row["rank"], row["rate"], row["task"], row["seed"]) == (0, 4e-3, task, 100)
    assert row["reward"] > getattr(BASE, reward) + 0.4
    assert row["kl"] > 0.2
    assert row["objective"] == pytest.approx(row["reward"] - 0.1 * row["kl"])


def test_runs_are_twenty_seeds_of_every_rank_at_its_best_rate(monkeypatch):
    monkeypatch.setattr(recipe, "best_rates", lambda: {r: (r or 16) / 1000 for r in RANKS})

    def answer(job):
        rank, _, seed = job
        table = np.zeros((3, 6, 50), dtype=np.float32)
        table[..., 7], table[..., 3 + seed] = 0.25, 0.5
        return np.full((3, 5, 6), (rank or 0) + seed / 1000), table

    pool = Pool(answer)
    got = recipe.runs(pool)
    assert pool.jobs == [(r, (r or 16) / 1000, seed) for r in RANKS for seed in range(20)]
    assert got["standings"].shape == (5, 3, 20, 5, 6)
    assert got["standings"][2, 1, 13, 4, 5] == np.float32(2.013)
    assert got["top_replies"].shape == got["top_probs"].shape == (5, 3, 6, 6, 4)
    assert got["top_replies"][1, 2, 0, 3, 0] == 7  # the mean over the seeds
    assert got["top_probs"][1, 2, 0, 3, 0] == pytest.approx((19 * 0.25 + 0.5) / 20)
    assert got["top_replies"][1, 2, 1 + 3, 3].tolist()[:2] == [6, 7]  # seed 3 alone
    assert got["learning_rates"].tolist() == [0.016, 0.001, 0.002, 0.004, 0.008]


def test_a_run_starts_at_the_base_and_goes_on_with_the_other_task(short, monkeypatch):
    monkeypatch.setattr(recipe, "CHECKPOINTS", (0, 10))
    standings, tables = recipe.run((4, 1.6e-2, 3))
    assert standings.shape == (3, 2, len(MEASURES))
    assert tables.shape == (3, 6, 19_608)
    assert tables.dtype == np.float32
    assert np.allclose(tables.sum(axis=-1), 1, atol=1e-4)
    a, b, a_then_b = standings
    assert a[0] == pytest.approx(BASE)
    assert b[0] == pytest.approx(BASE)
    assert (a_then_b[0] == a[1]).all()
    assert a[1, 0] > BASE.reward_a + 0.3
    assert b[1, 1] > BASE.reward_b + 0.3
    assert a_then_b[1, 1] > a[1, 1] + 0.3
    log_probs = torch.from_numpy(tables[2]).double().log()
    again = standing(log_probs, reference_log_probs())
    assert a_then_b[1] == pytest.approx(list(again), abs=1e-3)  # the table is the last one


def test_the_policy_is_read_with_its_adapter_merged_and_stays_as_it_was():
    policy = start_policy(reference_model(), rank=2, seed=0)
    with torch.no_grad():
        policy.head.up.normal_(generator=torch.Generator().manual_seed(1))
        plain = reply_tree(policy).log_probs
    assert (plain - reference_log_probs()).abs().max() > 0.1
    assert torch.allclose(recipe._log_probs(policy), plain, atol=1e-4)
    assert policy.head.up.requires_grad


def test_the_likeliest_come_first_and_equal_ones_in_order():
    places, probs = recipe.likeliest(np.array([[0.1, 0.3, 0.05, 0.3, 0.25, 0.0]]))
    assert places.tolist() == [[1, 3, 4, 0]]
    assert probs.tolist() == [[0.3, 0.3, 0.25, 0.1]]


def test_short_runs_take_rates_around_the_best_one(monkeypatch, short):
    monkeypatch.setattr(recipe, "best_rates", lambda: dict.fromkeys(RANKS, 0.01))
    pool = Pool(lambda job: {})
    recipe.speed(pool)
    assert len(set(pool.jobs)) == len(pool.jobs) == 3 * 4 * 20
    assert {job[0] for job in pool.jobs} == {None, 4, 8}
    assert {job[1] for job in pool.jobs} == {0.005, 0.01, 0.02, 0.04}
    row = recipe.speed_row((8, 0.032, 2))
    assert (row["rank"], row["rate"], row["seed"], row["updates"]) == (8, 0.032, 2, 3)
    assert row["reward"] > BASE.reward_a
    assert row["kl"] > 0


def test_both_tasks_at_once():
    pool = Pool(lambda job: {})
    recipe.together(pool)
    assert len(pool.jobs) == 20
    assert {job[0] for job in pool.jobs} == {None, 4}
    rows = load("adapter_together")
    assert {(row["rank"], row["seed"]) for row in rows} == {
        (r, s) for r in (0, 4) for s in range(10)
    }
    assert min(row["reward_a"] for row in rows) > BASE.reward_a + 0.8
    assert min(row["reward_b"] for row in rows) > BASE.reward_b + 1
