"""Planning on Gymnasium's tables against a plain dictionary loop over `env.P`."""

import gymnasium as gym
import numpy as np

from rlnotes.envs.gymnasium_adapter import finite_mdp_from_env
from rlnotes.functional.bellman import policy_iteration, value_iteration
from tests.benchmarks.frame import Comparison

GAMMA, ACCURACY = 0.99, 1e-8


def dictionary_loop(env: gym.Env) -> np.ndarray:
    """Value iteration as usually taught: a loop over states, actions, outcomes."""
    table = env.unwrapped.P
    values = dict.fromkeys(table, 0.0)
    change = np.inf
    while change > ACCURACY:
        change = 0.0
        for state, actions in table.items():
            best = max(
                sum(p * (r + GAMMA * values[s] * (not end)) for p, s, r, end in outcomes)
                for outcomes in actions.values()
            )
            change = max(change, abs(best - values[state]))
            values[state] = best
    return np.array([values[state] for state in sorted(table)])


def same_values(ours, theirs: np.ndarray) -> bool:
    bound = 2 * ACCURACY * GAMMA / (1 - GAMMA)
    return bool(np.allclose(ours.values[: len(theirs)], theirs, rtol=0, atol=bound))


def comparisons() -> list[Comparison]:
    """FrozenLake by policy iteration, Taxi by value iteration; building not counted."""
    lake = gym.make("FrozenLake-v1", map_name="8x8")
    taxi = gym.make("Taxi-v4")
    lake_mdp, taxi_mdp = finite_mdp_from_env(lake), finite_mdp_from_env(taxi)
    return [
        Comparison(
            "FrozenLake 8x8, policy iteration against dictionary loop",
            lambda: policy_iteration(lake_mdp, gamma=GAMMA),
            lambda: dictionary_loop(lake),
            same_values,
        ),
        Comparison(
            "Taxi-v4, value iteration against dictionary loop",
            lambda: value_iteration(taxi_mdp, gamma=GAMMA, tolerance=ACCURACY),
            lambda: dictionary_loop(taxi),
            same_values,
        ),
    ]
