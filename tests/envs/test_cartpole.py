"""CartPole in copies: Gymnasium's own steps, limits, ends, counters, bad input."""

import gymnasium as gym
import numpy as np
import pytest

from rlnotes.envs.cartpole import ANGLE_LIMIT, POSITION_LIMIT, VecCartPole, physics


def cartpole(num_envs=3, seed=0, **arguments):
    return VecCartPole(num_envs, rng=np.random.default_rng(seed), **arguments)


def balance(observations):
    """A hand-made controller that never fails."""
    return (observations @ [0.1, 0.2, 1.0, 0.4] > 0).astype(int)


def test_every_step_is_gymnasiums_own():
    # Random states, also beyond the limits: the physics, the ends, the rewards.
    rng, env, theirs = np.random.default_rng(0), cartpole(300), gym.make("CartPole-v1").unwrapped
    theirs.reset(seed=0)
    scale = np.array([POSITION_LIMIT, 3.0, ANGLE_LIMIT, 3.0])
    states, actions = rng.uniform(-1.1, 1.1, (300, 4)) * scale, rng.integers(2, size=300)
    env.observations = states
    step = env.step(actions)
    assert 30 < step.terminated.sum() < 270
    for row, (state, action) in enumerate(zip(states, actions, strict=True)):
        theirs.state, theirs.steps_beyond_terminated = state, None
        _, reward, terminated, _, _ = theirs.step(int(action))
        np.testing.assert_allclose(step.next_observations[row], theirs.state, rtol=1e-13)
        assert (step.rewards[row], step.terminated[row]) == (reward, terminated)


@pytest.mark.parametrize("policy", ["balance", "random"])
def test_whole_episodes_are_gymnasiums_own(policy):
    rng, env, theirs = np.random.default_rng(0), cartpole(1), gym.make("CartPole-v1")
    theirs.reset(seed=0)
    env.observations = np.array([theirs.unwrapped.state])
    done, num_steps = False, 0
    while not done:
        actions = balance(env.observations) if policy == "balance" else rng.integers(2, size=1)
        step = env.step(actions)
        _, _, terminated, truncated, _ = theirs.step(int(actions[0]))
        np.testing.assert_allclose(step.next_observations[0], theirs.unwrapped.state, atol=1e-9)
        assert (step.terminated[0], step.truncated[0]) == (terminated, truncated)
        done, num_steps = terminated or truncated, num_steps + 1
    assert terminated == (policy == "random")
    assert (num_steps == 500) == (policy == "balance")


def test_the_world_is_symmetric_and_pushes_right_with_one():
    states = np.random.default_rng(0).normal(size=(20, 4))
    left, right = np.zeros(20), np.ones(20)
    np.testing.assert_allclose(physics(states, right), -physics(-states, left))
    assert (physics(states, right)[:, 1] > physics(states, left)[:, 1]).all()


def test_observations_are_copied_states_not_views():
    env = cartpole()
    first = env.observations
    before = first.copy()
    step = env.step(np.ones(3))
    after = step.next_observations.copy()
    env.step(np.ones(3))
    np.testing.assert_array_equal(first, before)
    np.testing.assert_array_equal(step.next_observations, after)


@pytest.mark.parametrize(
    ("column", "limit"), [(0, 2.4), (2, 12 * 2 * np.pi / 360)], ids=["position", "angle"]
)
def test_the_limits_themselves_are_still_inside(column, limit):
    # With speed zero, one step leaves the position and the angle as they are.
    states = np.zeros((4, 4))
    states[:, column] = [limit, np.nextafter(limit, 9), -limit, np.nextafter(-limit, -9)]
    env = cartpole(4)
    env.observations = states
    assert env.step(np.ones(4)).terminated.tolist() == [False, True, False, True]


def test_the_end_is_decided_by_where_the_step_leads():
    env = cartpole(2)
    env.observations = np.array([[2.39, 1.0, 0, 0], [2.41, -1.0, 0, 0]])
    assert env.step(np.ones(2)).terminated.tolist() == [True, False]


def test_a_speed_ends_nothing():
    env = cartpole(1)
    env.observations = np.array([[0.0, 50.0, 0.0, 5.0]])
    assert not env.step(np.ones(1)).terminated.any()


def test_a_fall_at_the_time_limit_is_a_termination():
    env = cartpole(2, max_episode_steps=1)
    env.observations = np.array([[3.0, 0, 0, 0], [0.0, 0, 0, 0]])
    step = env.step(np.ones(2))
    assert step.terminated.tolist() == [True, False]
    assert step.truncated.tolist() == [False, True]


def test_a_new_episode_starts_at_once_and_the_step_shows_the_true_successor():
    env = cartpole(3)
    states = np.array([[0.1, 0, 0, 0], [2.5, 1.0, 0, 0], [0, 0, 0.1, 0]])
    env.observations = states
    actions = np.array([0, 1, 1])
    step = env.step(actions)
    np.testing.assert_array_equal(step.next_observations, physics(states, actions))
    assert step.next_observations[1, 0] == 2.52
    assert np.abs(env.observations[1]).max() <= 0.05
    np.testing.assert_array_equal(env.observations[[0, 2]], step.next_observations[[0, 2]])


def test_copies_that_end_together_start_apart():
    env = cartpole(3, max_episode_steps=1)
    env.step(np.ones(3))
    assert len(np.unique(env.observations)) == 12


def test_the_successor_is_true_at_the_time_limit_too():
    env = cartpole(2, max_episode_steps=1)
    expected = physics(env.observations, np.ones(2))
    step = env.step(np.ones(2))
    np.testing.assert_array_equal(step.next_observations, expected)
    assert (env.observations != expected).all()


def test_each_copy_counts_its_own_steps():
    env, ends = cartpole(3, max_episode_steps=4), []
    for number in range(1, 11):
        if number == 2:
            env.observations[1, 0] = 3.0  # copy 1 leaves the track
        step = env.step(balance(env.observations))
        ends += [(number, copy, "end") for copy in np.flatnonzero(step.terminated)]
        ends += [(number, copy, "limit") for copy in np.flatnonzero(step.truncated)]
    assert ends == [
        *[(2, 1, "end"), (4, 0, "limit"), (4, 2, "limit")],
        *[(6, 1, "limit"), (8, 0, "limit"), (8, 2, "limit"), (10, 1, "limit")],
    ]


def test_reset_starts_all_copies_and_their_counters_again():
    env = cartpole(3, max_episode_steps=3)
    first = env.observations
    env.step(np.ones(3))
    env.step(np.ones(3))
    again = env.reset()
    np.testing.assert_array_equal(again, env.observations)
    assert (again != first).all()
    assert np.abs(again).max() <= 0.05
    truncated = [env.step(np.ones(3)).truncated.all() for _ in range(3)]
    assert truncated == [False, False, True]


def test_start_states_are_uniform_between_plus_and_minus_a_twentieth():
    states = cartpole(40_000).observations
    sigma = 0.1 / np.sqrt(12)
    assert np.abs(states).max() <= 0.05
    assert np.abs(states).max() > 0.0499
    assert (np.abs(states.mean(axis=0)) < 5 * sigma / 200).all()
    np.testing.assert_allclose(states.std(axis=0), sigma, rtol=0.02)
    assert np.abs(np.corrcoef(states.T) - np.eye(4)).max() < 5 / 200


def test_start_states_come_from_the_generator():
    np.testing.assert_array_equal(cartpole(seed=1).observations, cartpole(seed=1).observations)
    assert (cartpole(seed=1).observations != cartpole(seed=2).observations).all()


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([0, 1], r"actions must have shape \(3,\), got \(2,\)"),
        ([[0], [1], [0]], r"actions must have shape \(3,\), got \(3, 1\)"),
        (1, r"actions must have shape \(3,\), got \(\)"),
        ([0, 1, 2], r"actions must be 0 or 1, got \[0 1 2\]"),
        ([0, -1, 1], "actions must be 0 or 1"),
        ([0, 0.5, 1], "actions must be 0 or 1"),
        ([0, np.nan, 1], "actions must be 0 or 1"),
    ],
)
def test_bad_actions_are_refused_and_nothing_moves(actions, message):
    env = cartpole(3, max_episode_steps=2)
    before = env.observations.copy()
    with pytest.raises(ValueError, match=message):
        env.step(actions)
    np.testing.assert_array_equal(env.observations, before)
    assert not env.step([0, 1, 0]).truncated.any()  # this is the first step


@pytest.mark.parametrize("bad", [0, -1, 1.5])
def test_bad_counts_are_refused(bad):
    with pytest.raises(ValueError, match=f"num_envs must be a positive integer, got {bad}"):
        cartpole(bad)
    with pytest.raises(
        ValueError, match=f"max_episode_steps must be a positive integer, got {bad}"
    ):
        cartpole(3, max_episode_steps=bad)
