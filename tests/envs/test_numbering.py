"""Spaces that do not start at 0: shifted both ways, and left alone where they do."""

import gymnasium as gym
import numpy as np
import pytest

from rlnotes.envs.maze import maze_2x3
from rlnotes.envs.numbering import numbered_from_zero, require_discrete_spaces, state_number
from rlnotes.envs.table_env import TableEnv


class Echo(gym.Env):
    """Hands back the action it was given as the observation; both start at `start`."""

    def __init__(self, start: int):
        self.observation_space = self.action_space = gym.spaces.Discrete(3, start=start)

    def reset(self, *, seed=None, options=None):
        return self.action_space.start + 2, {"seed": seed, "options": options}

    def step(self, action):
        assert self.action_space.contains(action)
        return action, float(action), False, False, {}


@pytest.mark.parametrize("start", [-1, 1, 7])
def test_states_and_actions_are_shifted(start):
    env = numbered_from_zero(Echo(start))
    assert env.observation_space == env.action_space == gym.spaces.Discrete(3)
    state, info = env.reset(seed=4, options={"a": 1})
    assert (state, info) == (2, {"seed": 4, "options": {"a": 1}})
    assert [env.step(action)[:2] for action in range(3)] == [
        (action, float(start + action)) for action in range(3)
    ]


def test_an_environment_that_counts_from_zero_is_returned_as_it_is():
    for env in (TableEnv(maze_2x3()), gym.make("CartPole-v1")):
        assert numbered_from_zero(env) is env


def test_other_spaces_stay_as_they_are():
    env = gym.make("CartPole-v1")
    env.action_space = gym.spaces.Discrete(2, start=5)
    renumbered = numbered_from_zero(env)
    assert renumbered.observation_space == env.observation_space
    assert renumbered.action_space == gym.spaces.Discrete(2)


def test_spaces_that_are_not_discrete_are_named():
    with pytest.raises(ValueError, match="env must have a discrete observation_space, got Box"):
        require_discrete_spaces(gym.make("CartPole-v1"))
    env = TableEnv(maze_2x3())
    env.action_space = gym.spaces.Box(0, 1)
    with pytest.raises(ValueError, match="env must have a discrete action_space, got Box"):
        require_discrete_spaces(env)


@pytest.mark.parametrize("state", [2, np.int64(2), np.array(2), np.uint8(2)])
def test_integers_of_every_kind_are_rows(state):
    assert state_number(state, 3) == 2
    assert type(state_number(state, 3)) is int


@pytest.mark.parametrize("state", [-1, 3, 1.0, None, "1", np.array([1]), np.nan])
def test_what_is_no_row_is_refused(state):
    with pytest.raises(ValueError, match=r"observations must lie in \[0, 3\), got"):
        state_number(state, 3)
