"""What the recordings of DQN count, and that text and files speak of one setting."""

from dataclasses import replace
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from rlnotes.explorers.dqn_switches import DQNSwitches
from rlnotes.scripts import record_dqn
from rlnotes.training.dqn import Config
from rlnotes.training.recordings import load


@pytest.fixture
def configs(monkeypatch):
    """The configuration of every run; made-up points take the place of training."""
    seen = []

    def train(env, config, *, every, watch):
        seen.append(config)
        for step in (every, 2 * every):
            watch(step, None)

    returns = iter(float(number) for number in range(10_000))
    monkeypatch.setattr(record_dqn, "train_dqn", train)
    monkeypatch.setattr(record_dqn, "greedy_returns", lambda *_, **__: np.array([next(returns)]))
    return seen


def test_the_default_is_recorded_with_its_steps_and_with_one(configs):
    with ThreadPool(1) as pool:
        rows = record_dqn.cartpole_default(pool)
    default = Config(num_steps=50_000, fast=False)
    assert configs == [
        replace(default, n_step=n, seed=seed) for n in (1, default.n_step) for seed in range(10)
    ]
    assert [(row["n_step"], row["step"]) for row in rows] == [
        (1, 1000),
        (1, 2000),
        (default.n_step, 1000),
        (default.n_step, 2000),
    ]
    # Run number i, counted from 0, returned 2 i and 2 i + 1.
    numbers = [tuple(float(row[name]) for name in ("low", "median", "high")) for row in rows]
    assert numbers == [(0, 9, 18), (1, 10, 19), (20, 29, 38), (21, 30, 39)]


def test_each_switch_changes_one_thing_of_the_switched_setting(configs):
    with ThreadPool(1) as pool:
        rows = record_dqn.cartpole(pool)
    assert len({(r["replay"], r["target_period"], r["double"], r["dueling"]) for r in rows}) == 24
    switched = {
        replace(record_dqn.SWITCHED, replay=r, target_period=c, double=d, dueling=v, seed=seed)
        for r in ("uniform", "prioritized", "none")
        for c in (1, record_dqn.SWITCHED.target_period)
        for d in (False, True)
        for v in (False, True)
        for seed in range(5)
    }
    assert len(configs) == len(switched) == 120
    assert set(configs) == switched


def test_the_files_and_the_axis_name_the_settings_of_the_recipes():
    assert {row["n_step"] for row in load("dqn_cartpole_default")} == {1, Config().n_step}
    switched = record_dqn.SWITCHED
    assert {row["target_period"] for row in load("dqn_cartpole")} == {1, switched.target_period}
    axis = DQNSwitches().figure().axes[1].get_xlabel().replace(" ", "")
    assert f"period{switched.target_period}," in axis
    assert f"buffer{switched.buffer_size}," in axis
    assert f"epsilon{switched.epsilon_start:g}to{switched.epsilon_end:g}" in axis
