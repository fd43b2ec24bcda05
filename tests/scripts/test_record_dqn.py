"""What the recordings of DQN count, and that the files are of these settings."""

from dataclasses import asdict, replace
from itertools import product
from multiprocessing.pool import ThreadPool
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rlnotes.envs.maze import Maze
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

    returns = iter(float(number**2) for number in range(10_000))
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
    # Run number i, counted from 0, returned the squares of 2 i and 2 i + 1; the median
    # of ten lies halfway between the fifth and the sixth: (8^2 + 10^2) / 2 = 82.
    numbers = [tuple(float(row[name]) for name in ("low", "median", "high")) for row in rows]
    assert numbers == [(0, 82, 324), (1, 101, 361), (400, 842, 1444), (441, 901, 1521)]


def test_each_part_changes_one_thing_of_plain_dqn_and_each_loss_has_all_parts(configs):
    with ThreadPool(1) as pool:
        rows = record_dqn.parts(pool)
    names = list(record_dqn.PARTS)
    assert list(dict.fromkeys((row["loss"], row["part"]) for row in rows)) == [
        (loss, part) for loss in ("huber", "squared") for part in names
    ]
    base = asdict(replace(record_dqn.PLAIN, loss="huber"))
    changed, seeds = [], set()
    for config in configs[:: len(record_dqn.SEEDS)]:
        changed.append({k: v for k, v in asdict(config).items() if v != base[k]})
    for config in configs:
        seeds.add(config.seed)
    assert seeds == set(range(5))
    assert changed[0] == {}  # plain DQN
    huber, squared = changed[: len(names)], changed[len(names) :]
    assert squared == [{"loss": "squared"} | part for part in huber]
    fields = [set(part) for part in huber[1:]]
    assert all(len({field.partition("_")[0] for field in part}) == 1 for part in fields)
    assert len({tuple(part.items()) for part in huber}) == len(names)
    assert huber[names.index("no copy (C = 1)")] == {"target_period": 1}


def test_parts_writes_each_run_by_itself_with_its_four_numbers(configs):
    with ThreadPool(1) as pool:
        rows = record_dqn.parts(pool)
    assert list(rows[0]) == ["loss", "part", "seed", "step", "return", "value", "achieved"]
    # Two losses, all parts, five seeds and the two steps of the made-up training.
    assert len(rows) == 2 * len(record_dqn.PARTS) * 5 * 2
    assert [(row["seed"], row["step"]) for row in rows[:4]] == [
        (0, 1000),
        (0, 2000),
        (1, 1000),
        (1, 2000),
    ]
    # Run number i returned the squares of 2 i and 2 i + 1; the network says the step.
    assert [float(row["return"]) for row in rows[:4]] == [0, 1, 4, 9]
    assert [float(row["value"]) for row in rows[:2]] == [1000, 2000]
    # 1 for one step, 1 + 0.99 + 0.99^2 + 0.99^3 = 3.940399 for four, 8.648 for nine.
    assert [row["achieved"] for row in rows[:4]] == ["0", "1", "3.94", "8.648"]
    squared = [row for row in rows if (row["loss"], row["part"]) == ("squared", "nothing")]
    assert [float(row["return"]) for row in squared[:2]] == [14_400, 14_640]  # 60 runs later


def test_parts_discounts_before_it_averages(configs, monkeypatch):
    monkeypatch.setattr(record_dqn, "greedy_returns", lambda *_, **__: np.array([0.0, 4.0]))
    (_, mean, _, achieved), _ = record_dqn.parts_run(
        record_dqn.PLAIN, ({"loss": "huber", "part": "nothing"}, 0)
    )
    assert mean == 2
    assert achieved == pytest.approx(3.940399 / 2)  # two steps would be 1.99


def test_discounted_counts_each_episode_by_itself():
    by_hand = [sum(0.99**k for k in range(n)) for n in (0, 1, 2, 500)]
    assert record_dqn.discounted(np.array([0, 1, 2, 500])) == pytest.approx(by_hand)


@pytest.mark.parametrize("part", ["nothing", "dueling"])
def test_the_first_rows_of_a_recorded_part_come_out_again(monkeypatch, part):
    monkeypatch.setattr(record_dqn, "PLAIN", replace(record_dqn.PLAIN, num_steps=1_000))
    monkeypatch.setattr(record_dqn, "PARTS", {part: record_dqn.PARTS[part]})
    monkeypatch.setattr(record_dqn, "SEEDS", (0, 3))
    recorded = {
        (row["loss"], row["seed"]): row
        for row in load("dqn_parts")
        if (row["part"], row["step"]) == (part, 1_000)
    }
    with ThreadPool(1) as pool:
        again = record_dqn.parts(pool)
    assert len(again) == 4
    for row in again:
        for name in ("value", "return"):
            before = recorded[row["loss"], row["seed"]][name]
            assert float(row[name]) == pytest.approx(before, rel=0.01), name


def test_the_long_runs_are_those_of_plain_dqn_and_go_on(configs):
    with ThreadPool(1) as pool:
        rows = record_dqn.long(pool)
    assert list(rows[0]) == ["loss", "seed", "step", "return", "value", "achieved"]
    twice = replace(record_dqn.PLAIN, num_steps=50_000)
    assert configs == [replace(twice, loss=loss, seed=seed) for loss in LOSSES for seed in range(5)]
    recorded = load("dqn_long")
    assert [(row["loss"], row["seed"], row["step"]) for row in recorded] == list(
        product(LOSSES, range(5), range(1_000, 50_001, 1_000))
    )
    # Epsilon and the learning rate do not depend on the length, so the first half is
    # the run that the parts have, up to the rounding of another machine.
    short = {
        (row["loss"], row["seed"]): row["value"]
        for row in load("dqn_parts")
        if (row["part"], row["step"]) == ("nothing", 3_000)
    }
    for row in recorded:
        if row["step"] == 3_000:
            assert row["value"] == pytest.approx(short[row["loss"], row["seed"]], rel=0.05)


def test_the_recorded_parts_are_those_of_the_recipe_and_possible():
    rows = load("dqn_parts")
    steps = range(1_000, record_dqn.PLAIN.num_steps + 1, 1_000)
    assert [tuple(row[name] for name in ("loss", "part", "seed", "step")) for row in rows] == list(
        product(LOSSES, record_dqn.PARTS, record_dqn.SEEDS, steps)
    )
    for row in rows:
        # Concave in the length, so at most that of the mean length.
        most = (1 - 0.99 ** row["return"]) / 0.01
        assert row["achieved"] <= most * 1.001 <= 99.5


def test_the_bias_in_the_maze_counts_the_four_cells_from_which_one_acts(monkeypatch):
    # The maze without noise: V* = 8.1, 9, 10 and 10 by hand.
    configs, best = [], [8.1, 9.0, 10.0, 0.0, 10.0, 0.0]

    def train(env, config):
        configs.append(config)
        live = torch.tensor([value > 0 for value in best])
        network = torch.where(live[:, None], torch.tensor(best)[:, None] + 0.25, 99.0)
        return SimpleNamespace(q_network=lambda states: network.expand(6, 4))

    monkeypatch.setattr(record_dqn, "train_dqn", train)
    monkeypatch.setattr(record_dqn, "Maze", lambda picture, step_noise: Maze(picture=picture))
    row = record_dqn.maze_bias_run({"double": True, "seed": 7})
    assert (row["double"], row["seed"], row["bias"]) == (1, 7, "0.2500")
    # Left of the last cell lies the trap: -10, and the network says 10.25.
    assert float(row["distance"]) == pytest.approx(20.25)
    assert configs == [replace(record_dqn.SMALL, double=True, seed=7)]


def test_the_recorded_bias_has_both_kinds_for_each_seed_and_a_run_comes_out_again():
    rows = load("dqn_maze_bias")
    assert [(row["seed"], row["double"]) for row in rows] == list(product(range(48), (0, 1)))
    again = record_dqn.maze_bias_run({"double": False, "seed": 0})
    assert float(again["bias"]) == pytest.approx(rows[0]["bias"], abs=0.05)
    assert float(again["distance"]) == pytest.approx(rows[0]["distance"], abs=0.1)


def test_the_recorded_default_has_its_steps_and_one():
    assert {row["n_step"] for row in load("dqn_cartpole_default")} == {1, Config().n_step}
