"""What the recordings of several lambdas count, and that the files hold these runs."""

from itertools import product
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from rlnotes.scripts import record_gae_lambda
from rlnotes.training.ppo import Config, train_ppo
from rlnotes.training.recordings import load


@pytest.fixture
def short(monkeypatch):
    """Three points of the grid, two lambdas, one seed."""
    monkeypatch.setattr(record_gae_lambda, "EVERY", 1024)
    monkeypatch.setattr(record_gae_lambda, "NUM_STEPS", 3072)
    monkeypatch.setattr(record_gae_lambda, "LAMBDAS", (0.0, 0.95))
    monkeypatch.setattr(record_gae_lambda, "SEEDS", (3,))


def test_a_row_is_the_mean_of_the_last_episodes_that_ended_by_then(short):
    with ThreadPool(1) as pool:
        rows = record_gae_lambda.cartpole(pool)
    assert [row["step"] for row in rows] == [1024, 2048, 3072] * 2
    assert [row["gae_lambda"] for row in rows] == [0.0] * 3 + [0.95] * 3
    for gae_lambda in (0.0, 0.95):
        config = Config(
            gae_lambda=gae_lambda,
            seed=3,
            gamma=0.99,
            num_envs=8,
            steps_per_update=128,
            num_updates=3,
        )
        result = train_ppo(record_gae_lambda.VecCartPole, config)
        for row in (row for row in rows if row["gae_lambda"] == gae_lambda):
            ended = result.episode_returns[result.episode_ends <= row["step"]]
            assert float(row["mean_return"]) == pytest.approx(ended[-16:].mean(), rel=1e-3)


def test_lambda_changes_the_run_and_the_seed_does_too(short):
    curves = [record_gae_lambda.curve(run) for run in ((0.0, 3), (0.95, 3), (0.0, 4), (0.0, 3))]
    assert not np.array_equal(curves[0], curves[1])
    assert not np.array_equal(curves[0], curves[2])
    assert np.array_equal(curves[0], curves[3])


def test_with_lambdas_apart_each_of_the_two_counts(short):
    with ThreadPool(1) as pool:
        rows = record_gae_lambda.cartpole_apart(pool)
        sweep = record_gae_lambda.cartpole(pool)
    assert [row["step"] for row in rows] == [1024, 2048, 3072] * 4
    pairs = [(row["gae_lambda"], row["target_lambda"]) for row in rows[::3]]
    assert pairs == [(0.0, 0.0), (0.95, 0.95), (0.95, 0.0), (0.0, 0.95)]
    curves = [tuple(row["mean_return"] for row in rows[i : i + 3]) for i in range(0, 12, 3)]
    assert len(set(curves)) == 4
    assert [row["mean_return"] for row in sweep] == [*curves[0], *curves[1]]
    setting = {"gae_lambda": 0.95, "target_lambda": 0.0, "seed": 3}
    config = Config(**record_gae_lambda.SETTING | setting | {"num_updates": 3})
    returns = train_ppo(record_gae_lambda.VecCartPole, config).episode_returns
    assert float(rows[8]["mean_return"]) == pytest.approx(returns[-16:].mean(), rel=1e-3)


def test_before_sixteen_episodes_have_ended_the_first_sixteen_count(short, monkeypatch):
    monkeypatch.setattr(record_gae_lambda, "EVERY", 128)
    monkeypatch.setattr(record_gae_lambda, "NUM_STEPS", 1024)
    config = Config(gae_lambda=0.95, seed=3, **record_gae_lambda.SETTING)
    result = train_ppo(record_gae_lambda.VecCartPole, config, watch=lambda step, _: step >= 1024)
    assert (result.episode_ends <= 128).sum() < 16
    curve = record_gae_lambda.curve((0.95, 3))
    assert curve[0] == pytest.approx(result.episode_returns[:16].mean())


def test_the_recorded_sweep_has_forty_seeds_for_each_lambda_and_no_gap():
    grid = range(4_000, 60_001, 4_000)
    rows = [(row["gae_lambda"], row["seed"], row["step"]) for row in load("gae_lambda_cartpole")]
    assert rows == list(product((0, 0.5, 0.8, 0.9, 0.95, 0.98, 1), range(40), grid))


def test_the_recorded_pairs_have_the_seeds_of_the_sweep_and_its_runs_where_equal():
    rows = load("gae_lambda_apart")
    pairs = [(0, 0), (0.95, 0.95), (0.95, 0), (0, 0.95)]
    found = [(row["gae_lambda"], row["target_lambda"], row["seed"]) for row in rows[::15]]
    assert found == [(*pair, seed) for pair, seed in product(pairs, range(40))]
    sweep = load("gae_lambda_cartpole")
    for index, gae_lambda in enumerate((0, 0.95)):
        joint = [row["mean_return"] for row in rows[600 * index : 600 * (index + 1)]]
        of_sweep = [row["mean_return"] for row in sweep if row["gae_lambda"] == gae_lambda]
        assert joint == of_sweep


@pytest.mark.parametrize("seed", [0, 10, 39])
def test_the_first_rows_of_recorded_lambdas_come_out_again(monkeypatch, seed):
    monkeypatch.setattr(record_gae_lambda, "NUM_STEPS", 4_000)
    monkeypatch.setattr(record_gae_lambda, "SEEDS", (seed,))
    with ThreadPool(1) as pool:
        again = {
            "gae_lambda_cartpole": record_gae_lambda.cartpole(pool),
            "gae_lambda_apart": record_gae_lambda.cartpole_apart(pool),
        }
    for name, rows in again.items():
        recorded = [row for row in load(name) if (row["seed"], row["step"]) == (seed, 4_000)]
        assert len(rows) == len(recorded) >= 4
        for row, before in zip(rows, recorded, strict=True):
            mean = row.pop("mean_return")
            assert float(mean) == pytest.approx(before.pop("mean_return"), rel=0.01), row
            assert row == before


def test_one_lambda_for_both_is_left_to_the_default_of_the_targets(short, monkeypatch):
    targets = []

    def seen(make_env, config, *, watch):
        targets.append((config.gae_lambda, config.target_lambda))
        return train_ppo(make_env, config, watch=watch)

    monkeypatch.setattr(record_gae_lambda, "train_ppo", seen)
    for pair in ((0.0, 0.0), (0.95, 0.95), (0.95, 0.0), (0.0, 0.95)):
        record_gae_lambda.curve_apart(*pair, 3)
    assert targets == [(0.0, None), (0.95, None), (0.95, 0.0), (0.0, 0.95)]
