"""The recipes of GRPO's recordings: what they run, and a short run of each kind."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rlnotes.data.carry_addition import training_prompts
from rlnotes.data.carry_rewards import right_completions, verify
from rlnotes.scripts import record_carry_grpo as carry
from rlnotes.scripts import record_grpo_plane as desk
from rlnotes.training.carry_reference import carry_reference
from rlnotes.training.grpo import Config, train_grpo
from rlnotes.training.recordings import load, load_arrays
from tests.scripts.test_record_rlhf import Pool


def runs_of(recipe):
    pool = Pool([{"run": 1}])
    recipe(pool)
    return pool.jobs


def test_kinds_change_one_thing_of_the_default():
    runs = runs_of(carry.kinds)
    assert len(runs) == len(carry.KINDS) * 5 + 5
    for run in runs:
        assert run.config == replace(Config(seed=run.config.seed), **carry.KINDS[run.label["kind"]])
    twice = [run for run in runs if run.label["kind"] == "grpo"]
    assert {(run.start, run.config.seed) for run in twice} == {
        (start, seed) for start in range(5) for seed in range(2)
    }


def test_groups_of_every_size_have_as_many_answers():
    sizes = {(run.config.group_size, run.config.num_prompts) for run in runs_of(carry.sizes)}
    assert sizes == {(2, 256), (4, 128), (8, 64), (16, 32), (32, 16)}


def test_verifiers_and_cold_starts_keep_the_default_config():
    runs = runs_of(carry.verifiers)
    assert len(runs) == 24
    assert {run.config for run in [*runs, *runs_of(carry.cold_starts)]} == {Config()}
    assert {run.verifier for run in runs} == {"right", "ones_digit", "showing_work"}
    assert len({run.noise for run in runs}) == 6


def test_a_noisy_verifier_errs_as_often_as_it_says():
    numbers = torch.arange(800).repeat(20)
    generator = torch.Generator().manual_seed(1)
    answers = torch.randint(0, 13, (len(numbers), 5), generator=generator)
    answers[::2] = right_completions(training_prompts()[numbers[::2]])[:, 0]
    truth = verify(training_prompts()[numbers], answers)
    seen = carry.score_of(noise=(0.3, 0.1))(numbers, answers)
    assert set(seen.tolist()) == {0.0, 1.0}
    assert seen[truth == 0].mean().item() == pytest.approx(0.3, abs=0.02)
    assert seen[truth == 1].mean().item() == pytest.approx(0.9, abs=0.02)
    assert torch.equal(carry.score_of()(numbers, answers), truth)


def test_a_curve_has_a_row_before_and_after_every_25_updates():
    run = carry.Run({"kind": "short"}, 1, Config(num_updates=50, num_prompts=4, num_epochs=1))
    rows = carry.curve(run)
    assert [row["update"] for row in rows] == [0, 25, 50]
    assert rows[0]["accuracy"] == pytest.approx(0.42, abs=0.01)
    assert rows[0]["tokens"] == 0 < rows[1]["tokens"] < rows[2]["tokens"]
    assert all(np.isfinite(v) for row in rows for v in row.values() if not isinstance(v, str))
    log = train_grpo(
        carry_reference(1), training_prompts(), carry.score_of(), run.config
    ).diagnostics
    for row, window in zip(rows, (slice(0, 1), slice(0, 25), slice(25, 50)), strict=True):
        assert row["score"] == pytest.approx(log.score[window].mean())
        assert row["length"] == pytest.approx(log.length[window].mean())
    assert rows[2]["tokens"] == log.num_tokens.sum()


@pytest.mark.parametrize("steps", [0, 3])
def test_a_cold_start_is_another_model_each_time(steps):
    one, other = (
        carry.start_of(carry.Run({}, start, Config(), sft_steps=steps)) for start in (0, 1)
    )
    assert not torch.equal(one.head.weight, other.head.weight)
    assert not torch.equal(one.head.weight, carry_reference(0).head.weight)


def test_the_pass_rates_are_those_of_the_recorded_runs():
    recorded, kinds = load_arrays("carry_pass_rates"), load("carry_kinds")
    means = recorded["pass_rates"].mean(axis=2)
    for update, row in zip(recorded["updates"], means, strict=True):
        for start, mean in zip(recorded["starts"], row, strict=True):
            same = [
                r["accuracy"]
                for r in kinds
                if (r["kind"], r["start"], r["seed"], r["update"]) == ("grpo", start, 0, update)
            ]
            assert not same or same == [pytest.approx(mean, abs=1e-4)]


def test_the_plane_has_every_kind_at_four_prices():
    jobs = runs_of(desk.plane)
    assert {(kind, config.beta) for kind, config in jobs} == {
        (kind, beta) for kind in desk.KINDS for beta in (1.0, 0.5, 0.25, 0.1)
    }
    for kind, config in jobs:
        expected = Config(**desk.SETTING, **desk.KINDS[kind], beta=config.beta, seed=config.seed)
        assert config == expected
    counts = {kind: len({c.seed for k, c in jobs if k == kind}) for kind in desk.KINDS}
    assert {kind: n for kind, n in counts.items() if n == 5}.keys() == {
        kind for kind in desk.KINDS if kind.endswith(", reward")
    }


def test_a_curve_on_the_plane_begins_at_the_reference():
    config = Config(num_updates=30, num_prompts=6, num_epochs=1, beta=0.5, kl="reward")
    rows = desk.plane_curve(("short", config))
    assert [row["update"] for row in rows] == [0, 30]
    assert rows[0]["kl"] == pytest.approx(0, abs=1e-9)
    assert rows[0]["logged_kl"] == pytest.approx(0, abs=1e-4)
    assert rows[1]["reward"] > rows[0]["reward"]
    assert all(np.isfinite(v) for row in rows for v in row.values() if not isinstance(v, str))
