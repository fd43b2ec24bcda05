"""The recording of PPO with one change at a time."""

import numpy as np
import pytest

from rlnotes.scripts import record_ppo_changes as recorded
from rlnotes.training.recordings import load_arrays
from rlnotes.training.token_ppo import Config, Learner, train_token_ppo

NO_CRITIC = {"use_critic": False}
SETTINGS = {
    "all parts": {},
    "without reuse": {"num_epochs": 1},
    "without ratio": {"use_ratio": False},
    "without clip": {"clip_epsilon": None},
    "without reference": {"beta": 0.0},
    "without critic": NO_CRITIC,
    "reuse, rate / 8": {"learning_rate": 0.00375},
    "without reuse, rate * 8": {"num_epochs": 1, "learning_rate": 0.24},
    "without critic, offset 0": {**NO_CRITIC, "reward_offset": 0.0},
    "constant baseline: J of the start": {**NO_CRITIC, "reward_offset": -0.278006672859},
    "constant baseline: 0.5": {**NO_CRITIC, "reward_offset": -0.5},
}


@pytest.fixture(scope="module")
def stored():
    return load_arrays("ppo_changes")


def test_the_changes_are_these_in_this_order(stored):
    assert stored["changes"].tolist() == [*recorded.changes()] == [*SETTINGS]
    for name, change in recorded.changes().items():
        assert change == pytest.approx(SETTINGS[name], abs=1e-6), name


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(("noise", "seed"), [(1.0, 0), (0.0, 199)])
def test_a_recorded_seed_begins_as_a_run_of_its_settings(stored, name, noise, seed):
    place = [*SETTINGS].index(name), stored["noises"].tolist().index(noise), seed
    config = Config(num_rollouts=5, reward_noise=noise, seed=seed, **SETTINGS[name])
    again = train_token_ppo(config)
    assert stored["first_noise"][place] == pytest.approx(again.gradient_noise[0], rel=1e-3)
    # Five batches: later ones differ between machines.
    assert stored["marks"][0] == 5
    assert stored["objective"][*place, 0] == pytest.approx(again.objectives[5], abs=0.02)
    assert stored["kl_to_ref"][*place, 0] == pytest.approx(again.kls_to_ref[5], abs=0.05)


def test_the_older_recording_has_the_same_runs(stored):
    older = load_arrays("ppo_ingredients")
    for row, off in enumerate((None, *range(5))):  # place among the five parts
        choice = older["choices"].tolist().index([part != off for part in range(5)])
        for i, judge in enumerate(([2.0, 1.0], [2.0, 0.0])):
            there = choice, older["judges"].tolist().index(judge)
            for name in ("objective", "kl_to_ref"):
                both = stored[name][row, i, :30], older[name][there][:, [5, 20]]
                np.testing.assert_allclose(*both, atol=2e-3, err_msg=f"{row} {judge} {name}")


@pytest.mark.parametrize("noise", [1.0, 0.0])
def test_a_constant_baseline_lowers_every_advantage_by_it(noise):
    plain = SETTINGS["without critic, offset 0"]
    for name, level in (
        ("constant baseline: J of the start", 0.278),
        ("constant baseline: 0.5", 0.5),
    ):
        held = [
            Learner(Config(seed=4, reward_noise=noise, **change)).rollout().advantages.numpy()
            for change in (plain, recorded.changes()[name])
        ]
        np.testing.assert_allclose(held[0] - held[1], level, atol=1e-3)


def test_one_run_holds_both_marks_in_their_order():
    run = recorded.one_run(("without reuse", 0.0, 11))
    again = train_token_ppo(Config(num_epochs=1, reward_noise=0.0, seed=11))
    J, drift = again.objectives, again.kls_to_ref
    assert run == [again.gradient_noise[0], J[5], J[20], drift[5], drift[20]]


def test_the_recipe_keeps_every_run_in_its_place(monkeypatch):
    names = ["all parts", "without clip", "without critic"]
    monkeypatch.setattr(recorded, "SEEDS", range(2))
    monkeypatch.setattr(recorded, "changes", lambda: dict.fromkeys(names))

    def tagged(run):
        name, noise, seed = run
        return 100 * names.index(name) + 10 * noise + seed + np.arange(5) / 8

    monkeypatch.setattr(recorded, "one_run", tagged)
    arrays = recorded.compared(InOrder())
    assert arrays["settings"] == load_arrays("ppo_changes")["settings"]
    assert arrays["objective"].shape == arrays["kl_to_ref"].shape == (3, 2, 2, 2)
    assert arrays["first_noise"][2, 0, 1] == 200 + 10 + 1
    assert arrays["objective"][1, 0, 1].tolist() == [111.125, 111.25]
    assert arrays["kl_to_ref"][2, 1, 0].tolist() == [200.375, 200.5]


class InOrder:
    """A pool of no processes."""

    @staticmethod
    def map(function, runs, chunksize):
        assert chunksize >= 1
        return [function(run) for run in runs]
