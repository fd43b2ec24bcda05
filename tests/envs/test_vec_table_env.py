"""Copies of a finite MDP: the tables' own steps, ends, starts, bad input."""

import numpy as np
import pytest

from rlnotes.envs.maze import PICTURE_2X3, Maze, maze_2x3
from rlnotes.envs.vec_table_env import VecTableEnv
from rlnotes.functional.finite_mdp import FiniteMDP

MAZE = maze_2x3()


def copies(mdp=MAZE, num_envs=3, seed=0, **arguments):
    return VecTableEnv(mdp, num_envs, rng=np.random.default_rng(seed), **arguments)


def test_landings_and_rewards_follow_the_tables():
    mdp = Maze(picture=PICTURE_2X3, step_noise=0.4).mdp()
    env = copies(mdp, 20_000)
    step = env.step(np.full(20_000, 3))  # right, from the start
    landed = step.next_observations.argmax(axis=1)
    exact = mdp.transition_probs[0, 3]
    shares = np.bincount(landed, minlength=mdp.num_states) / 20_000
    assert (abs(shares - exact) <= 5 * np.sqrt(exact * (1 - exact) / 20_000)).all()
    np.testing.assert_array_equal(step.rewards, mdp.transition_rewards[0, 3, landed])
    np.testing.assert_array_equal(step.terminated, mdp.terminal[landed])


def test_a_copy_that_ended_starts_again_and_keeps_its_true_successor():
    env = copies()
    step = env.step(np.array([1, 3, 0]))  # into the trap, to the right, against the wall
    assert step.rewards.tolist() == [-10, 0, 0]
    assert step.terminated.tolist() == [True, False, False]
    assert step.next_observations.argmax(axis=1).tolist() == [3, 1, 0]
    assert env.states.tolist() == [0, 1, 0]
    assert env.elapsed.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(env.observations, np.eye(6)[env.states])


def test_the_limit_truncates_but_the_end_of_the_task_comes_first():
    env = copies(max_episode_steps=1)
    step = env.step(np.array([1, 3, 0]))
    assert step.terminated.tolist() == [True, False, False]
    assert step.truncated.tolist() == [False, True, True]
    assert env.elapsed.tolist() == [0, 0, 0]


def test_starts_follow_the_start_probabilities():
    mdp = FiniteMDP(
        transition_probs=[[[0, 0, 1]]] * 3,
        expected_rewards=[[1.0], [2.0], [0.0]],
        start_probs=[0.25, 0.75, 0],
        terminal=[False, False, True],
    )
    env = copies(mdp, 10_000)
    for _ in range(2):  # after a reset, and after an episode
        assert abs(env.states.mean() - 0.75) < 5 * np.sqrt(0.25 * 0.75 / 10_000)
        started = env.states
        step = env.step(np.zeros(10_000, dtype=int))
        np.testing.assert_array_equal(step.rewards, 1 + started)
    assert set(env.reset().argmax(axis=1)) == {0, 1}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: copies(num_envs=0), "num_envs must be a positive integer, got 0"),
        (lambda: copies(max_episode_steps=0.5), "max_episode_steps must be a positive integer"),
        (lambda: copies().step([0, 1]), r"actions must have shape \(3,\), got \(2,\)"),
        (lambda: copies().step([0, 1, 4]), r"actions must lie in \[0, 4\), got \[0 1 4\]"),
        (lambda: copies().step([0, 1, -1]), r"actions must lie in \[0, 4\)"),
        (lambda: copies().step([0, 1, 0.5]), r"actions must lie in \[0, 4\)"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_start_in_a_terminal_state_is_refused():
    mdp = FiniteMDP(
        transition_probs=[[[1.0]]], expected_rewards=[[0.0]], start_probs=[1], terminal=[True]
    )
    with pytest.raises(ValueError, match=r"start_probs must be 0 in terminal states, got 1\.0"):
        copies(mdp)
