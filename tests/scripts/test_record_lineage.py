"""What the recording of the ladder counts, and that the file holds these runs."""

from itertools import product
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.scripts import record_lineage
from rlnotes.training.lineage import at_rung, train_lineage
from rlnotes.training.on_policy import play_episodes
from rlnotes.training.recordings import load

SETTINGS = [(0.01, 0), (0.01, 1), (0.01, 2), (0.01, 3), (0.01, 4), (0.01, 5), (0.01, 6)]
SETTINGS += [(0.003, 4), (0.003, 5), (0.003, 6)]


@pytest.fixture
def short(monkeypatch):
    """Two points of the grid, two settings, one seed."""
    monkeypatch.setattr(record_lineage, "EVERY", 512)
    monkeypatch.setattr(record_lineage, "NUM_STEPS", 1024)
    monkeypatch.setattr(record_lineage, "SETTINGS", [(0.02, 6), (0.01, 0)])
    monkeypatch.setattr(record_lineage, "SEEDS", (5,))


def test_rows_are_the_settings_in_order_with_steps_and_batches(short):
    with ThreadPool(1) as pool:
        rows = record_lineage.cartpole(pool)
    kept = ("learning_rate", "rung", "seed", "step")
    assert [tuple(row[name] for name in kept) for row in rows] == [
        (0.02, 6, 5, 512),
        (0.02, 6, 5, 1024),
        (0.01, 0, 5, 512),
        (0.01, 0, 5, 1024),
    ]
    assert [row["batches"] for row in rows] == [1, 2, 1, 2]


def test_the_return_is_that_of_the_policy_as_it_stands(short, monkeypatch):
    monkeypatch.setattr(record_lineage, "EVERY", 1024)
    (row,) = record_lineage.run_rows(((0.02, 6), 5))
    config = at_rung(6, learning_rate=0.02, seed=5)
    policy = train_lineage(VecCartPole, config, num_steps=1024)
    env = VecCartPole(32, rng=np.random.default_rng([5, 2]))
    returns = play_episodes(env, policy, np.random.default_rng([5, 1])).episode_returns
    assert float(row["mean_return"]) == pytest.approx(returns.mean(), rel=1e-3)


def test_a_long_batch_gives_each_point_of_the_grid_one_row(short):
    policy = train_lineage(VecCartPole, at_rung(4), num_steps=1)
    watch = record_lineage.Watch(0)
    watch(511, policy)
    assert watch.rows == []
    watch(1500, policy)
    assert [row[:2] for row in watch.rows] == [(512, 2), (1024, 2)]
    watch(2000, policy)
    assert len(watch.rows) == 2


def test_the_file_has_twenty_seeds_of_each_setting_and_no_gap():
    grid = range(4_096, 32_769, 4_096)
    rows = load("lineage_cartpole")
    found = [(r["learning_rate"], r["rung"], r["seed"], r["step"]) for r in rows]
    assert found == [(*s, seed, step) for s, seed, step in product(SETTINGS, range(20), grid)]
    for row in rows:
        # A batch has 512 steps; with whole episodes more, up to an episode's.
        assert row["step"] / 1011 - 1 <= row["batches"] <= row["step"] / 512
        assert row["rung"] < 3 or row["batches"] == row["step"] / 512


@pytest.mark.parametrize(("rung", "seed"), [(1, 0), (3, 7), (4, 19), (6, 3)])
def test_the_first_row_comes_out_again(monkeypatch, rung, seed):
    monkeypatch.setattr(record_lineage, "NUM_STEPS", 4_096)
    (again,) = record_lineage.run_rows(((0.01, rung), seed))
    (stored,) = (
        row
        for row in load("lineage_cartpole")
        if (row["learning_rate"], row["rung"], row["seed"], row["step"]) == (0.01, rung, seed, 4096)
    )
    assert float(again["mean_return"]) == pytest.approx(stored["mean_return"], rel=0.02)
    assert again["batches"] == stored["batches"]
