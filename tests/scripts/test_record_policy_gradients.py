"""What the recording of REINFORCE and A2C counts, and that the file has these runs."""

from itertools import product
from multiprocessing.pool import ThreadPool
from types import SimpleNamespace

import numpy as np
import pytest

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.scripts import record_policy_gradients
from rlnotes.training import actor_critic, reinforce
from rlnotes.training.recordings import load

PLAIN, CUTS_END, WITH_V, A2C = (
    "REINFORCE",
    "REINFORCE, baseline, cuts end",
    "REINFORCE, baseline",
    "A2C",
)


@pytest.fixture
def short(monkeypatch):
    """Two points of the grid, two seeds."""
    monkeypatch.setattr(record_policy_gradients, "NUM_STEPS", 4_000)
    monkeypatch.setattr(record_policy_gradients, "SEEDS", (0, 39))


def random_steps(env, num_steps):
    """The steps of copies that are pushed at random, the same way each time."""
    rng = np.random.default_rng(2)
    return [env.step(rng.integers(2, size=env.num_envs)) for _ in range(num_steps)]


def test_where_cuts_end_the_time_limit_is_a_failure_and_nothing_else_changes():
    rngs = [np.random.default_rng(1) for _ in range(2)]
    plain = random_steps(VecCartPole(3, rng=rngs[0], max_episode_steps=20), 50)
    env = record_policy_gradients.CutsAsEnds(3, rng=rngs[1], max_episode_steps=20)
    changed = random_steps(env, 50)
    assert any(step.truncated.any() for step in plain)
    assert any(step.terminated.any() for step in plain)
    for before, after in zip(plain, changed, strict=True):
        assert np.array_equal(after.next_observations, before.next_observations)
        assert after.terminated.tolist() == (before.terminated | before.truncated).tolist()
        assert not after.truncated.any()


def test_a_row_has_the_mean_of_the_last_sixteen_episodes_of_each_method(short):
    with ThreadPool(1) as pool:
        rows = record_policy_gradients.curves(pool)
    assert [list(row) for row in rows] == [["seed", "step", PLAIN, CUTS_END, WITH_V, A2C]] * 4
    assert [(row["seed"], row["step"]) for row in rows] == list(product((0, 39), (2_000, 4_000)))
    for name, baseline in ((PLAIN, False), (WITH_V, True)):
        config = reinforce.Config(num_updates=9, baseline=baseline, seed=39)
        result = reinforce.train_reinforce(VecCartPole, config)
        assert result.num_steps[-1] > 4_000
        for row in rows[2:]:
            last = (result.num_steps <= row["step"]).sum() - 1
            mean = result.episode_returns[last].mean()  # an update is of 16 episodes
            assert float(row[name]) == pytest.approx(mean, rel=1e-3), name
    config = actor_critic.Config(num_updates=16, seed=39)
    result = actor_critic.train_actor_critic(VecCartPole, config)
    for row in rows[2:]:
        ended = result.episode_returns[result.episode_ends <= row["step"]]
        assert float(row[A2C]) == pytest.approx(ended[-16:].mean(), rel=1e-3)


def test_cuts_that_end_change_a_run_only_once_an_episode_was_cut(monkeypatch):
    monkeypatch.setattr(record_policy_gradients, "NUM_STEPS", 36_000)
    ends, goes_on = (record_policy_gradients.curve((name, 3)) for name in (CUTS_END, WITH_V))
    config = reinforce.Config(num_updates=36_000, seed=3)
    result = reinforce.train_reinforce(VecCartPole, config, watch=lambda step, _: step >= 36_000)
    longest = result.episode_lengths.max(axis=1)
    first_cut = result.num_steps[longest == 500][0]
    same = np.arange(2_000, 36_001, 2_000) <= first_cut  # learned from after that step
    assert np.array_equal(ends[same], goes_on[same])
    assert not np.array_equal(ends, goes_on)
    last = (result.num_steps <= 36_000).sum() - 1
    assert goes_on[-1] == result.episode_returns[last].mean()
    assert ends[-1] != goes_on[-1]


def test_the_recorded_curves_have_forty_seeds_and_no_gap():
    rows = load("reinforce_cartpole")
    assert [(row["seed"], row["step"]) for row in rows] == list(
        product(range(40), range(2_000, 80_001, 2_000))
    )
    for name in (PLAIN, CUTS_END, WITH_V, A2C):
        runs = np.reshape([row[name] for row in rows], (40, 40))
        assert runs.min() >= 8
        assert runs.max() <= 500
        assert len({tuple(run) for run in runs}) == 40


def test_the_first_rows_of_the_recorded_curves_come_out_again(short):
    with ThreadPool(1) as pool:
        again = record_policy_gradients.curves(pool)
    rows = [row for row in load("reinforce_cartpole") if row["seed"] in (0, 39)]
    recorded = [row for row in rows if row["step"] <= 4_000]
    for row, before in zip(again, recorded, strict=True):
        numbers = {name: float(value) for name, value in row.items()}
        assert numbers == pytest.approx(before, rel=0.01)


def test_played_steps_leave_out_those_of_copies_that_wait(short):
    with ThreadPool(1) as pool:
        rows = record_policy_gradients.played(pool)
    assert [list(row) for row in rows] == [["seed", "step", PLAIN, WITH_V]] * 4
    for name, baseline in ((PLAIN, False), (WITH_V, True)):
        config = reinforce.Config(num_updates=14, baseline=baseline, seed=39)
        result = reinforce.train_reinforce(VecCartPole, config)
        played = np.cumsum([sum(lengths) for lengths in result.episode_lengths])
        assert played[-1] > 4_000
        for row in rows[2:]:
            last = (played <= row["step"]).sum() - 1
            assert float(row[name]) == pytest.approx(result.episode_returns[last].mean(), rel=1e-3)
    recorded = [r for r in load("reinforce_played") if r["seed"] in (0, 39) and r["step"] <= 4_000]
    for row, before in zip(rows, recorded, strict=True):
        assert {n: float(x) for n, x in row.items()} == pytest.approx(before, rel=0.01)


def test_a_run_with_too_few_played_steps_is_refused(monkeypatch):
    monkeypatch.setattr(record_policy_gradients, "NUM_STEPS", 300)
    few = SimpleNamespace(episode_lengths=np.full((1, 16), 10))
    monkeypatch.setattr(reinforce, "train_reinforce", lambda *_, **__: few)
    with pytest.raises(ValueError, match="run must have 300 played steps, got 160"):
        record_policy_gradients.played_curve((WITH_V, 0))


def test_the_recorded_played_steps_have_forty_seeds_and_no_gap():
    rows = load("reinforce_played")
    assert [(row["seed"], row["step"]) for row in rows] == list(
        product(range(40), range(2_000, 80_001, 2_000))
    )
    assert all(8 <= row[name] <= 500 for row in rows for name in (PLAIN, WITH_V))
