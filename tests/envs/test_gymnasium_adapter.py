"""Gymnasium's environments as tables: against their step, loops, known values."""

import re
from collections import defaultdict

import gymnasium as gym
import numpy as np
import pytest

from rlnotes.envs.gymnasium_adapter import finite_mdp_from_env
from rlnotes.exact.mdp import optimal_values
from rlnotes.functional.bellman import policy_iteration


class TableOnly(gym.Env):
    """Three states, two actions, a transition table, nothing else."""

    def __init__(self, table: dict, start=(1.0, 0.0, 0.0)):
        self.P = table
        self.initial_state_distrib = np.array(start)
        self.observation_space = gym.spaces.Discrete(3)
        self.action_space = gym.spaces.Discrete(2)


def stay(state: int, reward: float = 0.0, terminated: bool = True) -> list:
    return [(1.0, state, reward, terminated)]


def optimum_by_dictionary(env: gym.Env, gamma: float, sweeps: int) -> list[float]:
    """Value iteration over the environment's own dictionary, in place."""
    table = env.unwrapped.P
    values = [0.0] * len(table)
    for _ in range(sweeps):
        for state, actions in table.items():
            values[state] = max(
                sum(p * (r + (0 if end else gamma * values[s])) for p, s, r, end in outcomes)
                for outcomes in actions.values()
            )
    return values


def mean_over_starts(env: gym.Env, values) -> float:
    return float(env.unwrapped.initial_state_distrib @ values[: env.observation_space.n])


DETERMINISTIC = [
    ("Taxi-v4", {}),
    ("CliffWalking-v1", {}),
    ("FrozenLake-v1", {"is_slippery": False}),
]


@pytest.mark.parametrize(("name", "options"), DETERMINISTIC)
def test_every_step_of_a_deterministic_world_is_in_the_tables(name, options):
    env = gym.make(name, **options).unwrapped
    env.reset(seed=0)
    mdp = finite_mdp_from_env(env)
    for state in range(env.observation_space.n):
        if mdp.terminal[state]:
            continue
        for action in range(env.action_space.n):
            env.s = state
            target, reward, terminated, _, _ = env.step(action)
            landing = int(mdp.transition_probs[state, action].argmax())
            assert mdp.transition_probs[state, action, landing] == 1
            assert mdp.expected_rewards[state, action] == reward
            assert mdp.transition_rewards[state, action, landing] == reward
            assert mdp.terminal[landing] == terminated
            assert landing == target or (terminated and landing == mdp.num_states - 1)


def test_steps_on_the_slippery_lake_land_as_often_as_the_tables_say():
    env = gym.make("FrozenLake-v1").unwrapped
    env.reset(seed=1)
    mdp = finite_mdp_from_env(env)
    tries = 600
    for state in np.flatnonzero(~mdp.terminal):
        for action in range(4):
            counts = np.zeros(mdp.num_states)
            for _ in range(tries):
                env.s = int(state)
                target, reward, terminated, _, _ = env.step(action)
                counts[target] += 1
                assert mdp.transition_rewards[state, action, target] == reward
                assert mdp.terminal[target] == terminated
            probs = mdp.transition_probs[state, action]
            # Five standard errors; an impossible landing has an error of zero.
            errors = np.sqrt(probs * (1 - probs) / tries)
            assert (np.abs(counts / tries - probs) <= 5 * errors).all()


def test_outcomes_that_share_a_target_add_up():
    env = gym.make("FrozenLake-v1")
    mdp = finite_mdp_from_env(env)
    for state, actions in env.unwrapped.P.items():
        for action, outcomes in actions.items():
            together = defaultdict(float)
            for probability, target, _, _ in outcomes:
                together[target] += probability
            row = mdp.transition_probs[state, action]
            assert {int(s): row[s] for s in np.flatnonzero(row)} == pytest.approx(together)


def test_frozen_lake_needs_no_sink_and_its_start_is_worth_0_542026():
    env = gym.make("FrozenLake-v1")
    mdp = finite_mdp_from_env(env)
    assert mdp.num_states == 16
    assert np.flatnonzero(mdp.terminal).tolist() == [5, 7, 11, 12, 15]
    assert mdp.start_probs.tolist() == np.eye(16)[0].tolist()
    values = optimal_values(mdp, gamma=0.99)
    assert round(values[0], 6) == 0.542026
    # 3000 sweeps in place: what is left is far below 0.99^3000 = 1e-13.
    np.testing.assert_allclose(values, optimum_by_dictionary(env, 0.99, 3000), atol=1e-10, rtol=0)


def test_taxi_gets_a_sink_and_earns_7_93_on_average():
    env = gym.make("Taxi-v4")
    mdp = finite_mdp_from_env(env)
    assert mdp.num_states == 501
    assert np.flatnonzero(mdp.terminal).tolist() == [500]
    assert mdp.start_probs[500] == 0
    values = optimal_values(mdp, gamma=1)
    assert mean_over_starts(env, values) == pytest.approx(7.93, abs=1e-9)
    # Deterministic, and no task takes more than 40 steps.
    np.testing.assert_allclose(values[:500], optimum_by_dictionary(env, 1.0, 40), atol=1e-9, rtol=0)


def test_cliff_walking_costs_13_steps():
    env = gym.make("CliffWalking-v1")
    mdp = finite_mdp_from_env(env)
    assert (mdp.num_states, int(mdp.terminal.sum())) == (49, 1)
    values = optimal_values(mdp, gamma=1)
    assert values[36] == mean_over_starts(env, values) == -13
    np.testing.assert_allclose(values[:48], optimum_by_dictionary(env, 1.0, 40), atol=1e-9, rtol=0)


@pytest.mark.parametrize(("name", "expected"), [("CliffWalking-v1", -13), ("Taxi-v4", 7.93)])
def test_policy_iteration_works_without_a_discount(name, expected):
    env = gym.make(name)
    result = policy_iteration(finite_mdp_from_env(env), gamma=1)
    assert mean_over_starts(env, result.values) == pytest.approx(expected, abs=1e-9)


def test_an_end_inside_an_ordinary_state_goes_to_the_sink():
    # From 0, action 0 ends half of the time in state 1, which action 1 also passes.
    table = {
        0: {0: [(0.5, 1, 4.0, True), (0.5, 1, 2.0, False)], 1: [(1.0, 1, 1.0, False)]},
        1: {0: [(1.0, 2, 8.0, False)], 1: stay(1, -1.0, False)},
        2: {0: stay(2), 1: stay(2)},
    }
    mdp = finite_mdp_from_env(TableOnly(table, start=(0.25, 0.75, 0)))
    assert mdp.num_states == 4
    assert mdp.terminal.tolist() == [False, False, True, True]
    assert mdp.transition_probs[0, 0].tolist() == [0, 0.5, 0, 0.5]
    assert mdp.transition_rewards[0, 0].tolist() == [0, 2, 0, 4]
    assert mdp.expected_rewards[0].tolist() == [3, 1]
    assert mdp.transition_probs[1, 0].tolist() == [0, 0, 1, 0]
    assert mdp.start_probs.tolist() == [0.25, 0.75, 0, 0]


def test_two_ways_to_one_state_count_with_their_mean_reward():
    table = {
        0: {0: [(0.25, 2, 8.0, True), (0.75, 2, 0.0, True)], 1: stay(0, 0.0, False)},
        1: {0: stay(1, 0.0, False), 1: stay(1, 5.0, False)},  # earns: no end
        2: {0: stay(2), 1: stay(2)},
    }
    mdp = finite_mdp_from_env(TableOnly(table))
    assert mdp.transition_rewards[0, 0, 2] == mdp.expected_rewards[0, 0] == 2
    assert mdp.terminal.tolist() == [False, False, True]


def test_a_slippery_cliff_step_that_stays_costs_the_mean_of_a_fall_and_a_bump():
    # Right from the start: up, or off the cliff and back (-100), or a bump (-1).
    mdp = finite_mdp_from_env(gym.make("CliffWalking-v1", is_slippery=True))
    assert mdp.transition_probs[36, 1, [24, 36]] == pytest.approx([1 / 3, 2 / 3])
    assert mdp.transition_rewards[36, 1, [24, 36]] == pytest.approx([-1, -50.5])
    assert mdp.expected_rewards[36, 1] == pytest.approx(-34)  # (-1 - 100 - 1) / 3


def test_environments_without_a_table_or_discrete_spaces_are_refused():
    with pytest.raises(ValueError, match=r"env must have a transition table P .* without P"):
        finite_mdp_from_env(gym.make("Blackjack-v1"))
    env = TableOnly({})
    env.action_space = gym.spaces.Box(-1, 1)
    with pytest.raises(ValueError, match=re.escape(f"discrete spaces, got {env.action_space}")):
        finite_mdp_from_env(env)
    env.action_space = gym.spaces.Discrete(4, start=1)
    with pytest.raises(ValueError, match=r"spaces that start at 0, got .*start=1"):
        finite_mdp_from_env(env)
    del env.initial_state_distrib
    with pytest.raises(ValueError, match="without initial_state_distrib"):
        finite_mdp_from_env(env)


def test_an_environment_that_does_not_follow_its_table_is_refused():
    with pytest.raises(ValueError, match="env must follow its table P"):
        finite_mdp_from_env(gym.make("Taxi-v4", fickle_passenger=True))
