"""Exact answers about a finite MDP: values, variances of returns, expected visits.

`policy_values` and `q_values` are the linear solve and the backup of
`rlnotes.functional.bellman`, offered here so that an oracle has one address.
"""

import numpy as np

from rlnotes.functional.bellman import (
    policy_iteration,
    policy_transitions,
    policy_values,
    q_values,
)
from rlnotes.functional.finite_mdp import FiniteMDP

__all__ = ["occupancy", "optimal_values", "policy_values", "q_values", "return_variances"]


def optimal_values(mdp: FiniteMDP, *, gamma: float) -> np.ndarray:
    """Largest value that any policy reaches, in each state.

        V*(s) = max over a of  R(s, a) + gamma * sum over s' of P(s' | s, a) * V*(s')

    By policy iteration, exact up to rounding. At gamma = 1 the equation alone does not
    settle it: a policy may also go on for ever without reward, which is worth 0. There
    such states get one more action, to stop; then every policy of interest ends.

    Args:
        mdp: the tables.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [S] optimal values, discounted reward; 0 in terminal states.

    Raises:
        ValueError: if gamma lies outside [0, 1], or gamma is 1 and a loop earns, or
            must cost, for ever.

    References:
        Sutton & Barto (2018), Eq. 4.1; for gamma = 1 Bertsekas & Tsitsiklis (1991),
        "An analysis of stochastic shortest path problems".
    """
    if gamma != 1:
        return policy_iteration(mdp, gamma=gamma).values
    try:
        return policy_iteration(_with_stop_action(mdp), gamma=1).values[:-1]
    except ValueError as error:
        raise ValueError(
            f"gamma=1 needs finite sums of rewards; here a loop earns or costs for ever ({error})"
        ) from error


def _with_stop_action(mdp: FiniteMDP) -> FiniteMDP:
    """The MDP with one more action and one more state, last: the end.

    The action ends the episode, with reward 0, in states from which one can go on for
    ever without reward; elsewhere it repeats the first action.
    """
    possible = mdp.transition_probs > 0
    free = ((mdp.transition_rewards == 0) | ~possible).all(axis=-1)
    can_rest = ~mdp.terminal
    for _ in range(mdp.num_states):
        stays = (~possible | can_rest).all(axis=-1)
        can_rest = can_rest & (free & stays).any(axis=-1)

    num_states, num_actions, _ = possible.shape
    transition_probs = np.zeros((num_states + 1, num_actions + 1, num_states + 1))
    transition_probs[:-1, :-1, :-1] = mdp.transition_probs
    transition_probs[:-1, -1, :-1] = mdp.transition_probs[:, 0]
    transition_probs[:-1, -1][can_rest] = np.eye(num_states + 1)[-1]
    transition_probs[-1, :, -1] = 1
    expected_rewards = np.zeros((num_states + 1, num_actions + 1))
    expected_rewards[:-1, :-1] = mdp.expected_rewards
    expected_rewards[:-1, -1] = np.where(can_rest, 0.0, mdp.expected_rewards[:, 0])
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=expected_rewards,
        start_probs=np.append(mdp.start_probs, 0.0),
        terminal=np.append(mdp.terminal, True),
    )


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
    policy_values(mdp, policy, gamma=gamma)  # raises at gamma = 1 if it never ends
    live = np.flatnonzero(~mdp.terminal)
    transitions = policy_transitions(mdp, policy)[np.ix_(live, live)]
    visits = np.zeros(mdp.num_states)
    visits[live] = np.linalg.solve(np.eye(len(live)) - gamma * transitions.T, mdp.start_probs[live])
    return visits
