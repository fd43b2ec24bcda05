"""Exact answers about a finite MDP: values, variances of returns, expected visits.

`policy_values` and `q_values` belong to the layer below, where the planners need them.
This module is their address: everything else takes them from here.
"""

import numpy as np

from rlnotes._checks import require_in_unit_interval
from rlnotes.functional.bellman import bellman_backup, greedy_policy, policy_iteration, q_values
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_evaluation import (
    ending_states,
    policy_table,
    policy_values,
    solve_on_live_states,
)

__all__ = [
    "greedy_value",
    "greedy_values",
    "occupancy",
    "optimal_values",
    "policy_values",
    "q_values",
    "return_variances",
]


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
    require_in_unit_interval(gamma=gamma)
    if gamma != 1:
        first = _swept_policy(mdp, gamma=gamma)
        values = policy_iteration(mdp, gamma=gamma, first_policy=first).values
        # Its policy shares among near ties; one best action each loses nothing at all.
        best = q_values(mdp, values, gamma=gamma).argmax(axis=-1)
        return policy_values(mdp, np.eye(mdp.num_actions)[best], gamma=gamma)
    with_stop = _with_stop_action(mdp)
    first = _swept_policy(with_stop, gamma=1)
    if not ending_states(with_stop, first).all():
        first = None
    try:
        return policy_iteration(with_stop, gamma=1, first_policy=first).values[:-1]
    except ValueError as error:
        raise ValueError(
            f"gamma=1 needs finite sums of rewards; here a loop earns or costs for ever ({error})"
        ) from error


def _swept_policy(mdp: FiniteMDP, *, gamma: float) -> np.ndarray:
    """Greedy after some sweeps from zero: a cheap start, close to the best policy.

    S sweeps carry a reward along any path, and cost less than one linear solve.
    """
    values = np.zeros(mdp.num_states)
    for _ in range(mdp.num_states):
        previous, values = values, bellman_backup(mdp, values, gamma=gamma)
        if np.abs(values - previous).max() <= 1e-9 * np.abs(values).max():
            break
    return greedy_policy(q_values(mdp, values, gamma=gamma))


def _with_stop_action(mdp: FiniteMDP) -> FiniteMDP:
    """The MDP with one more action and one more state, last: the end.

    The action ends the episode, with reward 0, in states from which one can go on for
    ever without reward; elsewhere it repeats the first action.
    """
    can_rest = _resting_states(mdp)
    num_states, num_actions, _ = mdp.transition_probs.shape
    transition_probs = np.zeros((num_states + 1, num_actions + 1, num_states + 1))
    transition_probs[:-1, :-1, :-1] = mdp.transition_probs
    transition_probs[:-1, -1, :-1] = mdp.transition_probs[:, 0]
    transition_probs[:-1, -1][can_rest] = 0
    transition_probs[:-1, -1, -1] = can_rest
    transition_probs[-1, :, -1] = 1
    expected_rewards = np.zeros((num_states + 1, num_actions + 1))
    expected_rewards[:-1, :-1] = mdp.expected_rewards
    expected_rewards[:-1, -1] = np.where(can_rest, 0.0, mdp.expected_rewards[:, 0])
    transition_probs.flags.writeable = False  # large, and kept without a copy
    return FiniteMDP(
        transition_probs=transition_probs,
        expected_rewards=expected_rewards,
        start_probs=np.append(mdp.start_probs, 0.0),
        terminal=np.append(mdp.terminal, True),
    )


def _resting_states(mdp: FiniteMDP) -> np.ndarray:
    """[S] bool, True where one can go on for ever without a reward."""
    impossible = mdp.successor_probs == 0
    free = (mdp.successor_rewards == 0).all(axis=-1)
    can_rest = ~mdp.terminal
    while True:
        stays = (impossible | can_rest[mdp.successors]).all(axis=-1)
        fewer = can_rest & (free & stays).any(axis=-1)
        if (fewer == can_rest).all():
            return can_rest
        can_rest = fewer


def greedy_values(
    mdp: FiniteMDP, action_values: np.ndarray, *, gamma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Exact values of a greedy policy, and where it can end.

    A state from which the policy reaches no end is worth 0, as if it were one: that is
    right where only ends pay, and at gamma = 1 it replaces an equation without one
    solution. Ties share their probability.

    Args:
        mdp: the tables.
        action_values: [S, A] table that the policy is greedy for.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [S] discounted reward; [S] bool, True where an end can be reached.

    Raises:
        ValueError: as for `greedy_policy` and `policy_values`.
    """
    policy = greedy_policy(action_values)
    ends = ending_states(mdp, policy)
    return policy_values(_halting(mdp, ~ends), policy, gamma=gamma), ends


def _halting(mdp: FiniteMDP, halts: np.ndarray) -> FiniteMDP:
    """The MDP with further ends: the states where `halts` is True."""
    if not halts.any():
        return mdp
    stay = np.eye(mdp.num_states)
    return FiniteMDP(
        transition_probs=np.where(halts[:, None, None], stay[:, None], mdp.transition_probs),
        expected_rewards=np.where(halts[:, None], 0.0, mdp.expected_rewards),
        start_probs=mdp.start_probs,
        terminal=mdp.terminal | halts,
    )


def greedy_value(mdp: FiniteMDP, action_values: np.ndarray, *, gamma: float) -> tuple[float, bool]:
    """Exact value of the start under a greedy policy, and whether that can end.

    Args, Raises: as for `greedy_values`, which also says what never ending is worth.

    Returns:
        Discounted reward; True if an end can be reached from some start.

    Example:
        >>> coin = FiniteMDP(
        ...     transition_probs=[[[0, 1], [1, 0]], [[0, 1], [0, 1]]],
        ...     expected_rewards=[[5, 0], [0, 0]],
        ...     start_probs=[1, 0],
        ...     terminal=[False, True],
        ... )
        >>> greedy_value(coin, np.array([[1, 0], [0, 0]]), gamma=1)
        (5.0, True)
        >>> greedy_value(coin, np.array([[0, 1], [0, 0]]), gamma=1)
        (0.0, False)
    """
    values, ends = greedy_values(mdp, action_values, gamma=gamma)
    return float(mdp.start_probs @ values), bool(ends[mdp.start_probs > 0].any())


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
    policy = policy_table(mdp, policy)
    values = policy_values(mdp, policy, gamma=gamma)
    rewards = mdp.successor_rewards
    by_landing = rewards**2 + 2 * gamma * rewards * values[mdp.successors]
    immediate = (policy[..., None] * mdp.successor_probs * by_landing).sum(axis=(1, 2))
    second_moments = solve_on_live_states(mdp, policy, immediate[:, None], discount=gamma**2)
    return np.maximum(second_moments[:, 0] - values**2, 0.0)


def occupancy(mdp: FiniteMDP, policy: np.ndarray, *, gamma: float) -> np.ndarray:
    """Expected discounted number of visits to each non-terminal state.

        d(s) = start(s) + gamma * sum over s~ of P_pi(s | s~) * d(s~)

    With it the objective is a sum of rewards, J = sum of d(s) pi(a|s) R(s, a).
    Not normalized: at gamma = 1 the sum of d is the mean episode length, for gamma < 1
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
    visits = solve_on_live_states(
        mdp,
        policy_table(mdp, policy),
        mdp.start_probs[:, None],
        discount=gamma,
        transposed=True,
    )
    return visits[:, 0]
