"""What the recordings of PPO and TRPO count."""

from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from rlnotes.scripts import record_ppo
from rlnotes.training.ppo import Config, train_ppo


@pytest.fixture
def short(monkeypatch):
    """Two points of the grid, one seed, three settings."""
    monkeypatch.setattr(record_ppo, "NUM_STEPS", 2 * record_ppo.EVERY)
    monkeypatch.setattr(record_ppo, "SWITCH_STEPS", 2 * record_ppo.EVERY)
    monkeypatch.setattr(record_ppo, "SWITCH_SEEDS", (3,))
    switches = {"num_epochs": (1, 4), "clip_epsilon": (0.2, None)}
    monkeypatch.setattr(record_ppo, "SWITCHES", switches)


def test_a_band_counts_runs_once_they_had_two_good_evaluations_in_a_row(monkeypatch):
    monkeypatch.setattr(record_ppo, "NUM_STEPS", 4 * record_ppo.EVERY)
    rows = record_ppo._band([[500, 475, 0, 0], [500, 0, 500, 500], [500, 0, 500, 0]])
    assert [row["solved"] for row in rows] == [0, 1, 1, 2]
    assert [row["median"] for row in rows] == ["500", "0", "500", "0"]
    assert [row["step"] for row in rows] == [2048, 4096, 6144, 8192]
    assert rows[0]["runs"] == 3


def test_a_curve_has_an_evaluation_at_every_step_of_the_grid(short):
    for curve in (record_ppo.ppo_curve, record_ppo.trpo_curve):
        means = curve(0)
        assert len(means) == 2
        assert all(5 < mean <= 500 for mean in means)


def test_the_default_is_run_once_and_stands_in_every_switch(short, monkeypatch):
    jobs = []

    def counted(config):
        jobs.append(config)
        return curves(config)

    curves = record_ppo.switch_curves
    monkeypatch.setattr(record_ppo, "switch_curves", counted)
    with ThreadPool(1) as pool:
        rows = record_ppo.ppo_switches(pool)
    assert len(jobs) == 3
    words = ["num_epochs = 1", "num_epochs = 4", "clip_epsilon = 0.2", "clip_epsilon = off"]
    assert [row["setting"] for row in rows] == [word for word in words for _ in range(2)]
    numbers = [{k: v for k, v in row.items() if k not in ("switch", "setting")} for row in rows]
    assert numbers[2:4] == numbers[4:6]
    assert numbers[0] != numbers[2]


def test_the_curves_of_a_switch_are_those_of_the_run(short):
    config = Config(num_updates=8, seed=3)
    curves = record_ppo.switch_curves(config)
    diagnostics = train_ppo(record_ppo.VecCartPole, config).diagnostics
    np.testing.assert_allclose(curves["kl"][1], diagnostics.kl[4:].mean())
    np.testing.assert_allclose(curves["clip_fraction"][0], diagnostics.clip_fraction[:4].mean())
    assert curves["max_ratio"].max() == diagnostics.max_ratio.max()
    assert (curves["return"] > 5).all()
