"""The recording of PPO with its parts on switches, and how it is read."""

import numpy as np
import pytest

from rlnotes.scripts import record_ppo_ingredients as recorded
from rlnotes.training import ppo_parts
from rlnotes.training.token_ppo import Config, effective_parts, train_token_ppo

ALL_ON = dict.fromkeys(recorded.FREE, True)


@pytest.mark.parametrize(
    ("off", "kept"),
    [
        ([], []),
        (["clip"], ["clip"]),
        (["ratio", "clip"], ["ratio"]),
        (["reuse", "ratio", "clip"], ["reuse"]),
        (["reuse", "critic"], ["reuse", "critic"]),
    ],
)
def test_idle_parts_count_as_on(off, kept):
    effective = effective_parts({**ALL_ON, **dict.fromkeys(off, False)})
    assert [name for name in effective if not effective[name]] == kept


def test_the_default_judge_is_the_first_and_the_parts_have_one_order():
    assert recorded.JUDGES[0] == (Config.reward_offset, Config.reward_noise)
    assert tuple(recorded.FREE) == ppo_parts.PARTS
    assert len(ppo_parts.recording()["choices"]) == 16


@pytest.mark.parametrize(
    ("off", "offset", "noise", "seed", "config"),
    [
        ([], 2.0, 1.0, 3, Config(seed=3)),
        (["reuse"], 0.0, 1.0, 0, Config(num_epochs=1, reward_offset=0.0, seed=0)),
        (["reference"], 2.0, 0.0, 7, Config(beta=0.0, reward_noise=0.0, seed=7)),
        (
            ["critic"],
            0.0,
            0.0,
            1,
            Config(use_critic=False, reward_offset=0.0, reward_noise=0.0, seed=1),
        ),
    ],
)
def test_a_recorded_seed_is_a_run_of_its_settings(off, offset, noise, seed, config):
    runs = ppo_parts.recorded_runs(off, reward_offset=offset, reward_noise=noise)
    again = train_token_ppo(config)
    for stored, made in (
        (runs.objective, again.objectives),
        (runs.kl_to_ref, again.kls_to_ref),
        (runs.kl_of_update, [0, *again.kls_of_rollouts]),
    ):  # the first batches: later ones differ between machines
        np.testing.assert_allclose(stored[seed][:3], made[:3], rtol=0.02, atol=2e-3)
    assert runs.first_noise[seed] == pytest.approx(again.gradient_noise[0], rel=1e-3)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("reuse", {"num_epochs": 1}),
        ("ratio", {"use_ratio": False}),
        ("clip", {"clip_epsilon": None}),
        ("reference", {"beta": 0.0}),
        ("critic", {"use_critic": False}),
    ],
)
def test_a_part_left_out_is_one_change_of_the_settings(part, change):
    judge = {"reward_offset": 0.0, "reward_noise": 1.0}
    run = recorded.one_run(({**ALL_ON, part: False}, (0.0, 1.0), 4))
    again = train_token_ppo(Config(seed=4, **judge, **change))
    np.testing.assert_array_equal(run["objective"], again.objectives)
    np.testing.assert_array_equal(run["kl_to_ref"], again.kls_to_ref)


def test_one_run_starts_at_the_reference():
    run = recorded.one_run(({**ALL_ON, "reuse": False}, (2.0, 1.0), 0))
    assert {name: len(numbers) for name, numbers in run.items()} == {
        "objective": 21,
        "kl_to_ref": 21,
        "kl_of_update": 21,
        "first_noise": 1,
    }
    assert run["objective"][0] == pytest.approx(0.278, abs=1e-3)
    assert run["kl_to_ref"][0] == run["kl_of_update"][0] == 0
    assert run["kl_to_ref"][1] == pytest.approx(run["kl_of_update"][1], rel=0.5)


def test_the_measure_has_the_same_price_in_every_row():
    for off in ([], ["reference"]):
        runs = ppo_parts.recorded_runs(off)
        np.testing.assert_allclose(runs.penalized, runs.objective - 0.3 * runs.kl_to_ref)
    assert runs.kl_to_ref[:, 20].min() > 1  # so that the price would be missed


def test_idle_parts_are_read_as_the_same_runs():
    np.testing.assert_array_equal(
        ppo_parts.recorded_runs(["reuse", "clip"]).objective,
        ppo_parts.recorded_runs(["reuse"]).objective,
    )


def test_other_parts_and_judges_are_refused():
    with pytest.raises(ValueError, match=r"off must be one of .* got 'value'"):
        ppo_parts.recorded_runs(["value"])
    with pytest.raises(ValueError, match=r"judge must be one of .* got \(1.0, 1.0\)"):
        ppo_parts.recorded_runs(reward_offset=1.0)
