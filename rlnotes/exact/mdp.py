"""Exact answers about a finite MDP: values, variances of returns, expected visits.

`policy_values` and `q_values` are the linear solve and the backup of
`rlnotes.functional.bellman`, offered here so that an oracle has one address.
"""

import numpy as np

from rlnotes._checks import require_in_unit_interval
from rlnotes.functional.bellman import (
    policy_iteration,
    policy_transitions,
    policy_values,
    q_values,
    value_iteration,
)
from rlnotes.functional.finite_mdp import FiniteMDP

__all__ = ["occupancy", "optimal_values", "policy_values", "q_values", "return_variances"]


def optimal_values(mdp: FiniteMDP, *, gamma: float) -> np.ndarray:
    """Largest value that any policy reaches, in each state.

        V*(s) = max over a of  R(s, a) + gamma * sum over s' of P(s' | s, a) * V*(s')

    For gamma < 1 by policy iteration, exact up to rounding. At gamma = 1 by sweeps
    from zero, because there a greedy policy may never end.

    Args:
        mdp: the tables.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [S] optimal values, discounted reward; 0 in terminal states.

    Raises:
        ValueError: if gamma lies outside [0, 1], or gamma is 1 and the sweeps do not
            settle because a loop earns for ever.

    References:
        Sutton & Barto (2018), Eq. 4.1.
    """
    if gamma == 1:
        return value_iteration(mdp, gamma=gamma, tolerance=1e-12).values
    return policy_iteration(mdp, gamma=gamma).values


def return_variances(mdp: FiniteMDP, policy: np.ndarray, *, gamma: float) -> np.ndarray:
    """Variance of the discounted return from each state: the noise of one episode.

        M(s) = E[r^2 + 2 gamma r V(s') + gamma^2 M(s')],    variance = M - V^2

    One linear solve for the second moment M, with a ~ policy and s' ~ P. The standard
    error of a mean over n episodes is sqrt(variance / n).

    Args:
        mdp: the tables; `transition_rewards` decides how r depends on s'.
        policy: [S, A] probabilities.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [S] variances, squared discounted reward; 0 in terminal states.

    Raises:
        ValueError: as for `policy_values`.

    References:
        Sobel (1982), "The variance of discounted Markov decision processes".
    """
    policy = np.asarray(policy, dtype=np.float64)
    values = policy_values(mdp, policy, gamma=gamma)
    rewards = mdp.transition_rewards
    by_landing = rewards**2 + 2 * gamma * rewards * values
    immediate = (policy[..., None] * mdp.transition_probs * by_landing).sum(axis=(1, 2))
    live = np.flatnonzero(~mdp.terminal)
    transitions = policy_transitions(mdp, policy)[np.ix_(live, live)]
    second_moments = np.zeros(mdp.num_states)
    second_moments[live] = np.linalg.solve(
        np.eye(len(live)) - gamma**2 * transitions, immediate[live]
    )
    return np.maximum(second_moments - values**2, 0.0)


def occupancy(mdp: FiniteMDP, policy: np.ndarray, *, gamma: float) -> np.ndarray:
    """Expected discounted number of visits to each non-terminal state.

        d(s) = start(s) + gamma * sum over s~ of P_pi(s | s~) * d(s~)

    With it the objective is a sum of rewards, J = sum of d(s) pi(a|s) R(s, a).
    Not normalised: at gamma = 1 the sum of d is the mean episode length, for gamma < 1
    it is at most 1 / (1 - gamma).

    Args:
        mdp: the tables.
        policy: [S, A] probabilities.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [S] expected visits, in steps; 0 in terminal states.

    Raises:
        ValueError: as for `policy_values`.

    References:
        Sutton & Barto (2018), section 9.2 (there undiscounted).
    """
    require_in_unit_interval(gamma=gamma)
    policy_values(mdp, policy, gamma=gamma)  # raises at gamma = 1 if it never ends
    live = np.flatnonzero(~mdp.terminal)
    transitions = policy_transitions(mdp, policy)[np.ix_(live, live)]
    visits = np.zeros(mdp.num_states)
    visits[live] = np.linalg.solve(np.eye(len(live)) - gamma * transitions.T, mdp.start_probs[live])
    return visits
