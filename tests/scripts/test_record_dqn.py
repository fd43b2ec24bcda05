"""What the recordings of DQN count, and that the files are of these settings."""

from dataclasses import asdict, replace
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest
import torch

from rlnotes.scripts import record_dqn
from rlnotes.training.dqn import LOSSES, Config
from rlnotes.training.recordings import load


@pytest.fixture
def configs(monkeypatch):
    """The configuration of every run; made-up points take the place of training."""
    seen = []

    def train(env, config, *, every, watch):
        seen.append(config)
        for step in (every, 2 * every):
            watch(
                step,
                lambda observations, step=step: observations.sum() + torch.tensor([-1.0, step]),
            )

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


def test_each_part_changes_one_thing_of_the_box_and_each_loss_has_all_parts(configs):
    with ThreadPool(1) as pool:
        rows = record_dqn.parts(pool)
    names = list(record_dqn.PARTS)
    assert list(dict.fromkeys((row["loss"], row["part"]) for row in rows)) == [
        (loss, part) for loss in ("huber", "squared") for part in names
    ]
    base = asdict(replace(record_dqn.BOX, loss="huber"))
    changed, seeds = [], set()
    for config in configs[:: len(record_dqn.SEEDS)]:
        changed.append({k: v for k, v in asdict(config).items() if v != base[k]})
    for config in configs:
        seeds.add(config.seed)
    assert seeds == set(range(5))
    assert changed[0] == {}  # the box
    huber, squared = changed[: len(names)], changed[len(names) :]
    assert squared == [{"loss": "squared"} | part for part in huber]
    fields = [set(part) for part in huber[1:]]
    assert all(len({field.partition("_")[0] for field in part}) == 1 for part in fields)
    assert len({tuple(part.items()) for part in huber}) == len(names)
    assert huber[names.index("no copy (C = 1)")] == {"target_period": 1}


def test_parts_records_return_predicted_value_and_discounted_return(configs):
    with ThreadPool(1) as pool:
        first, second, *_ = record_dqn.parts(pool)
    # Run number i, counted from 0, returned 2 i and 2 i + 1; its values: 1000, 2000.
    names = ("return_low", "return_median", "return_high")
    assert [float(first[name]) for name in names] == [0, 4, 8]
    assert [float(second[name]) for name in names] == [1, 5, 9]
    assert {float(first[f"value_{of}"]) for of in ("low", "median", "high")} == {1000}
    assert float(second["value_median"]) == 2000
    # 1 + 0.99 + 0.99^2 + 0.99^3 = 3.940399 for four steps, and 1 for one.
    assert float(first["achieved_low"]) == 0
    assert float(first["achieved_median"]) == pytest.approx(3.940399, rel=5e-4)
    assert float(second["achieved_low"]) == 1


def test_parts_discounts_before_it_averages(configs, monkeypatch):
    monkeypatch.setattr(record_dqn, "greedy_returns", lambda *_, **__: np.array([0.0, 4.0]))
    (_, mean, _, achieved), _ = record_dqn.parts_run(({"loss": "huber", "part": "nothing"}, 0))
    assert mean == 2
    assert achieved == pytest.approx(3.940399 / 2)  # two steps would be 1.99


def test_discounted_counts_each_episode_by_itself():
    by_hand = [sum(0.99**k for k in range(n)) for n in (0, 1, 2, 500)]
    assert record_dqn.discounted(np.array([0, 1, 2, 500])) == pytest.approx(by_hand)


@pytest.mark.parametrize("part", ["nothing", "dueling"])
def test_the_first_row_of_a_recorded_part_comes_out_again(monkeypatch, part):
    monkeypatch.setattr(record_dqn, "BOX", replace(record_dqn.BOX, num_steps=1_000))
    monkeypatch.setattr(record_dqn, "PARTS", {part: record_dqn.PARTS[part]})
    with ThreadPool(1) as pool:
        again = record_dqn.parts(pool)
    for row in again:
        (recorded,) = (
            r
            for r in load("dqn_parts")
            if (r["loss"], r["part"], r["step"]) == (row["loss"], part, 1_000)
        )
        for name in ("value_low", "value_median", "value_high", "return_median"):
            assert float(row[name]) == pytest.approx(recorded[name], rel=0.01), name


def test_the_recorded_parts_are_those_of_the_recipe_and_possible():
    rows = load("dqn_parts")
    settings = {(row["loss"], row["part"]) for row in rows}
    assert settings == {(loss, part) for loss in LOSSES for part in record_dqn.PARTS}
    steps = {row["step"] for row in rows}
    assert steps == set(range(1_000, record_dqn.BOX.num_steps + 1, 1_000))
    assert len(rows) == len(settings) * len(steps)
    for row in rows:
        for name in ("return", "value", "achieved"):
            assert row[f"{name}_low"] <= row[f"{name}_median"] <= row[f"{name}_high"]
        # Concave in the length, so at most that of the mean length.
        most = (1 - 0.99 ** row["return_high"]) / 0.01
        assert row["achieved_high"] <= most * 1.001 <= 99.5


def test_the_recorded_default_has_its_steps_and_one():
    assert {row["n_step"] for row in load("dqn_cartpole_default")} == {1, Config().n_step}
