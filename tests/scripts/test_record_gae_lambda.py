"""What the recording of several lambdas counts."""

from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from rlnotes.scripts import record_gae_lambda
from rlnotes.training.ppo import Config, train_ppo


@pytest.fixture
def short(monkeypatch):
    """Three points of the grid, two lambdas, one seed."""
    monkeypatch.setattr(record_gae_lambda, "EVERY", 1024)
    monkeypatch.setattr(record_gae_lambda, "NUM_STEPS", 3072)
    monkeypatch.setattr(record_gae_lambda, "LAMBDAS", (0.0, 0.95))
    monkeypatch.setattr(record_gae_lambda, "SEEDS", (3,))
    monkeypatch.setattr(record_gae_lambda, "SEEDS_APART", (3,))


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
        rows += record_gae_lambda.cartpole(pool)
    assert [row["step"] for row in rows] == [1024, 2048, 3072] * 4
    pairs = [(row["gae_lambda"], row.get("target_lambda")) for row in rows[::3]]
    assert pairs == [(0.95, 0.0), (0.0, 0.95), (0.0, None), (0.95, None)]
    curves = {tuple(row["mean_return"] for row in rows[i : i + 3]) for i in range(0, 12, 3)}
    assert len(curves) == 4
    setting = {"gae_lambda": 0.95, "target_lambda": 0.0, "seed": 3}
    config = Config(**record_gae_lambda.SETTING | setting | {"num_updates": 3})
    returns = train_ppo(record_gae_lambda.VecCartPole, config).episode_returns
    assert float(rows[2]["mean_return"]) == pytest.approx(returns[-16:].mean(), rel=1e-3)


def test_before_sixteen_episodes_have_ended_the_first_sixteen_count(short, monkeypatch):
    monkeypatch.setattr(record_gae_lambda, "EVERY", 128)
    monkeypatch.setattr(record_gae_lambda, "NUM_STEPS", 1024)
    config = Config(gae_lambda=0.95, seed=3, **record_gae_lambda.SETTING)
    result = train_ppo(record_gae_lambda.VecCartPole, config, watch=lambda step, _: step >= 1024)
    assert (result.episode_ends <= 128).sum() < 16
    curve = record_gae_lambda.curve((0.95, 3))
    assert curve[0] == pytest.approx(result.episode_returns[:16].mean())
