"""Greedy evaluation: Gymnasium's returns from the same starts, and what is solved."""

import gymnasium as gym
import numpy as np
import pytest

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.training.evaluation import greedy_returns, is_solved


def lean(observations):
    """Push to the side the pole leans to: falls, after 25 to 70 steps."""
    return (observations[:, 2] > 0).astype(int)


def balance(observations):
    return (observations @ [0.1, 0.2, 1.0, 0.4] > 0).astype(int)


def test_returns_are_those_of_gymnasium_from_the_same_starts():
    returns = greedy_returns(lean, rng=np.random.default_rng(3), num_episodes=12)
    env = gym.make("CartPole-v1")
    for start, total in zip(
        VecCartPole(12, rng=np.random.default_rng(3)).observations, returns, strict=True
    ):
        env.reset()
        env.unwrapped.state, reward_sum, done = start, 0.0, False
        while not done:
            action = int(lean(np.array([env.unwrapped.state]))[0])
            _, reward, terminated, truncated, _ = env.step(action)
            reward_sum, done = reward_sum + reward, terminated or truncated
        assert total == reward_sum
    assert len(set(returns)) > 3


def test_a_pole_that_stays_up_earns_500_and_no_more():
    returns = greedy_returns(balance, rng=np.random.default_rng(0), num_episodes=5)
    assert returns.tolist() == [500.0] * 5


def test_episodes_of_unequal_length_do_not_disturb_each_other():
    # Copy 0 falls at once, again and again; only its first episode counts.
    def mixed(observations):
        actions = balance(observations)
        actions[0] = 1
        return actions

    returns = greedy_returns(mixed, rng=np.random.default_rng(0), num_episodes=3)
    assert returns[0] < 12
    assert returns[1:].tolist() == [500.0, 500.0]


def test_a_policy_that_writes_into_what_it_is_given_changes_no_episode():
    def scribbles(observations):
        actions = lean(observations)
        observations[:] = 0.0
        return actions

    honest, other = (
        greedy_returns(choose, rng=np.random.default_rng(3), num_episodes=12)
        for choose in (lean, scribbles)
    )
    assert other.tolist() == honest.tolist()


def test_a_hundred_episodes_unless_told_otherwise():
    shapes = set()

    def right(observations):
        shapes.add(observations.shape)
        return np.ones(len(observations))

    returns = greedy_returns(right, rng=np.random.default_rng(0))
    assert returns.shape == (100,)
    assert shapes == {(100, 4)}
    again = greedy_returns(right, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(returns, again)


def test_no_episodes_are_refused():
    with pytest.raises(ValueError, match="num_episodes must be a positive integer, got 0"):
        greedy_returns(lean, rng=np.random.default_rng(0), num_episodes=0)


@pytest.mark.parametrize(
    ("mean_returns", "expected"),
    [
        ([], False),
        ([500], False),  # one evaluation may be luck
        ([475, 475], True),
        ([474.9, 500], False),
        ([500, 474.9], False),
        ([500, 500, 100], False),  # it was solved, it is no longer
        ([500, 100, 500], False),
        ([100, 475, 480], True),
        (np.array([480.0, 490.0]), True),
    ],
)
def test_solved_means_the_last_two_evaluations(mean_returns, expected):
    assert is_solved(mean_returns) is expected
