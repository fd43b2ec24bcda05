"""gymnasium 1.4.0: the small worlds of section 2.7, and the edges of their episodes."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import DeprecatedEnv

from rlnotes.envs.gymnasium_adapter import finite_mdp_from_env
from rlnotes.exact.mdp import optimal_values

LEFT, DOWN, RIGHT, UP = range(4)  # FrozenLake
NORTH, EAST, SOUTH, WEST = range(4)  # CliffWalking
CLIFF_START, CLIFF_GOAL = 36, 47


def start_value(gamma, **kwargs):
    world = finite_mdp_from_env(gym.make("FrozenLake-v1", **kwargs))
    return world.start_probs @ optimal_values(world, gamma=gamma)


def swept(table, num_sweeps, *, flags):
    """Undiscounted value iteration from 0; `flags`: nothing follows a terminal step."""
    values = np.zeros(len(table))
    for _ in range(num_sweeps):
        values = np.array(
            [
                max(
                    sum(p * (r + values[t] * (not (flags and end))) for p, t, r, end in outcomes)
                    for outcomes in actions.values()
                )
                for actions in (table[state] for state in range(len(table)))
            ]
        )
    return values


@pytest.mark.parametrize(("rate", "shares"), [(None, [1 / 3] * 3), (0.8, [0.1, 0.8, 0.1])])
def test_the_ice_goes_the_intended_way_at_the_success_rate(rate, shares):
    kwargs = {} if rate is None else {"success_rate": rate}
    lake = gym.make("FrozenLake-v1", **kwargs).unwrapped
    outcomes = lake.P[0][RIGHT]  # the intended landing, 1, stands between the sideways ones
    assert [landing for _, landing, _, _ in outcomes] == [4, 1, 0]
    assert [p for p, _, _, _ in outcomes] == pytest.approx(shares)


def test_the_value_of_the_ice_by_success_rate():
    assert start_value(0.99) == pytest.approx(0.542, abs=5e-4)
    assert start_value(0.99, success_rate=0.8) == pytest.approx(0.716, abs=5e-4)
    assert start_value(0.99, is_slippery=False) == pytest.approx(0.99**5)


def test_the_reward_schedule_is_goal_hole_ice():
    lake = gym.make("FrozenLake-v1", reward_schedule=(1, -1, -0.01)).unwrapped
    goal, ice = lake.P[14][RIGHT][1], lake.P[0][RIGHT][1]
    (hole,) = {outcome[2] for outcome in lake.P[6][RIGHT] if outcome[1] == 7}
    assert (goal[2], hole, ice[2]) == (1, -1, -0.01)
    plain = gym.make("FrozenLake-v1").unwrapped
    rewards = [o[2] for actions in plain.P.values() for outs in actions.values() for o in outs]
    assert set(rewards) == {0, 1}


def test_the_time_limit_of_the_ice_is_not_in_its_table():
    env = gym.make("FrozenLake-v1")
    world = finite_mdp_from_env(env)
    within = np.zeros(len(world.terminal))
    for _ in range(env.spec.max_episode_steps):
        following = world.expected_rewards + world.transition_probs @ within
        within = np.where(world.terminal, 0, following.max(axis=1))
    assert env.spec.max_episode_steps == 100
    assert start_value(1) == pytest.approx(0.824, abs=5e-4)
    assert world.start_probs @ within == pytest.approx(0.744, abs=5e-4)


def test_limits_of_the_three_worlds():
    names = ("FrozenLake-v1", "Taxi-v4", "CliffWalking-v1")
    assert [gym.spec(name).max_episode_steps for name in names] == [100, 200, None]


def test_the_row_of_the_cliff_goal_leads_out_of_it():
    goal = gym.make("CliffWalking-v1").unwrapped.P[CLIFF_GOAL]
    assert goal[NORTH] == [(1.0, 35, -1, False)]
    assert goal[WEST] == [(1.0, CLIFF_START, -100, False)]
    assert goal[SOUTH] == goal[EAST] == [(1.0, CLIFF_GOAL, -1, True)]


@pytest.mark.parametrize("num_sweeps", [100, 1000])
def test_sweeps_on_the_cliff_settle_only_with_the_flag(num_sweeps):
    table = gym.make("CliffWalking-v1").unwrapped.P
    assert swept(table, num_sweeps, flags=True)[CLIFF_START] == -13
    assert swept(table, num_sweeps, flags=False)[CLIFF_START] == -num_sweeps
    world = finite_mdp_from_env(gym.make("CliffWalking-v1"))
    assert optimal_values(world, gamma=1)[CLIFF_START] == pytest.approx(-13)


def test_the_cliff_ends_no_episode():
    env = gym.make("CliffWalking-v1")
    env.reset(seed=0)
    for _ in range(1000):
        assert env.step(EAST)[:4] == (CLIFF_START, -100, False, False)


@pytest.mark.parametrize(
    ("old", "new"),
    [("CliffWalking-v0", "v1"), ("Taxi-v3", "v4"), ("FrozenLake-v0", "v1")],
)
@pytest.mark.filterwarnings("ignore:.*is out of date:DeprecationWarning")
def test_old_ids_raise(old, new):
    with pytest.raises(DeprecatedEnv, match=f"{new}` instead"):
        gym.make(old)


@pytest.mark.parametrize(("limit", "truncated"), [(8, True), (9, False)])
def test_both_flags_are_true_if_the_pole_falls_in_the_last_step(limit, truncated):
    env = gym.make("CartPole-v1", max_episode_steps=limit)
    env.reset(seed=0)
    steps = [env.step(1)[2:4] for _ in range(8)]
    assert steps == [(False, False)] * 7 + [(True, truncated)]


def test_a_step_after_the_end_of_the_pole_warns_once_and_pays_0():
    env = gym.make("CartPole-v1")
    env.reset(seed=0)
    while not env.step(1)[2]:
        pass
    with pytest.warns(UserWarning, match="already returned terminated"):
        assert env.step(1)[1:4] == (0.0, True, False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert env.step(1)[1:4] == (0.0, True, False)


def test_a_step_after_the_end_on_the_ice_and_on_the_cliff_says_nothing():
    lake = gym.make("FrozenLake-v1", is_slippery=False)
    lake.reset(seed=0)
    to_goal = [lake.step(action) for action in (DOWN, DOWN, RIGHT, RIGHT, DOWN, RIGHT)]
    assert to_goal[-1][:3] == (15, 1, True)
    cliff = gym.make("CliffWalking-v1")
    cliff.reset(seed=0)
    along = [cliff.step(action) for action in (NORTH, *[EAST] * 11, SOUTH)]
    assert along[-1][:3] == (CLIFF_GOAL, -1, True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lake.step(LEFT)[:3] == (15, 0, True)
        assert cliff.step(NORTH)[:3] == (35, -1, False)  # the walk goes on
