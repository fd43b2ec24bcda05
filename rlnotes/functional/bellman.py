"""Bellman equations of a finite MDP: backups, policy evaluation, exact planning."""

from dataclasses import dataclass

import numpy as np

from rlnotes._checks import (
    require_distributions,
    require_finite,
    require_in_unit_interval,
    require_positive_integer,
    require_shape,
)
from rlnotes.functional.finite_mdp import FiniteMDP

_TIE = 1e-12  # action values closer than this, relative to the largest, count as equal


@dataclass(frozen=True)
class PlanningResult:
    """What a planner returns."""

    values: np.ndarray  # [S] discounted reward
    policy: np.ndarray  # [S, A] probabilities, greedy for the values
    num_iterations: int  # sweeps (value iteration) or improvements (policy iteration)


def q_values(mdp: FiniteMDP, values: np.ndarray, *, gamma: float) -> np.ndarray:
    """Value of each action when `values` holds from the next state on.

        Q(s, a) = R(s, a) + gamma * sum over s' of P(s' | s, a) * V(s')

    Terminal states have value 0 by definition; what `values` holds there is ignored.

    Args:
        mdp: the tables.
        values: [S] state values, discounted reward.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [S, A] action values, discounted reward; 0 in terminal states.

    Raises:
        ValueError: if values is not finite or not [S], or gamma is outside [0, 1].

    References:
        Sutton & Barto (2018), ch. 3, the definition of q_pi by v_pi.
    """
    require_in_unit_interval(gamma=gamma)
    values = np.asarray(values, dtype=np.float64)
    require_shape((mdp.num_states,), values=values)
    require_finite(values=values)
    next_values = np.where(mdp.terminal, 0.0, values)[mdp.successors]
    return mdp.expected_rewards + gamma * (mdp.successor_probs * next_values).sum(axis=-1)


def bellman_backup(mdp: FiniteMDP, values: np.ndarray, *, gamma: float) -> np.ndarray:
    """One sweep of the Bellman optimality operator, T*V.

        (T*V)(s) = max over a of  R(s, a) + gamma * sum over s' of P(s' | s, a) * V(s')

    Args, Raises: as for `q_values`.

    Returns:
        [S] backed-up values; 0 in terminal states.

    References:
        Sutton & Barto (2018), section 4.4.
    """
    return q_values(mdp, values, gamma=gamma).max(axis=-1)


def greedy_policy(action_values: np.ndarray) -> np.ndarray:
    """Policy that shares its probability equally among the best actions of a state.

    Actions closer than 1e-12 (relative to the largest value) are ties: rounding
    must not decide which arrow a figure shows.

    Args:
        action_values: [S, A] action values.

    Returns:
        [S, A] probabilities.

    Example:
        >>> greedy_policy(np.array([[1.0, 3.0, 3.0]]))
        array([[0. , 0.5, 0.5]])
    """
    action_values = np.asarray(action_values, dtype=np.float64)
    require_finite(action_values=action_values)
    slack = _TIE * np.maximum(1.0, np.abs(action_values).max(axis=-1, keepdims=True))
    best = action_values >= action_values.max(axis=-1, keepdims=True) - slack
    return best / best.sum(axis=-1, keepdims=True)


def policy_values(mdp: FiniteMDP, policy: np.ndarray, *, gamma: float) -> np.ndarray:
    """Exact state values of a policy, by one linear solve over non-terminal states.

        V = R_pi + gamma * P_pi V,    P_pi(s, s') = sum over a of pi(a | s) P(s' | s, a)

    At gamma = 1 this has one solution only if the policy ends from every state.

    Args:
        mdp: the tables.
        policy: [S, A] probabilities pi(a | s); rows of terminal states are unused.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [S] values, discounted reward; 0 in terminal states.

    Raises:
        ValueError: if a policy row does not sum to one, gamma lies outside [0, 1], or
            gamma is 1 and the policy never ends from some state.

    References:
        Sutton & Barto (2018), Eq. 4.4 (the Bellman equation of v_pi).
    """
    require_in_unit_interval(gamma=gamma)
    live = np.flatnonzero(~mdp.terminal)
    state_transitions = policy_transitions(mdp, policy)
    if gamma == 1:
        _require_that_it_ends(mdp, state_transitions)
    state_transitions = state_transitions[np.ix_(live, live)]
    rewards = (np.asarray(policy) * mdp.expected_rewards).sum(axis=-1)[live]
    values = np.zeros(mdp.num_states)
    values[live] = np.linalg.solve(np.eye(len(live)) - gamma * state_transitions, rewards)
    return values


def policy_transitions(mdp: FiniteMDP, policy: np.ndarray) -> np.ndarray:
    """[S, S] state-to-state probabilities P_pi under a policy [S, A]."""
    policy = np.asarray(policy, dtype=np.float64)
    require_shape((mdp.num_states, mdp.num_actions), policy=policy)
    require_distributions(policy=policy)
    return np.matmul(policy[:, None, :], mdp.transition_probs)[:, 0]


def value_iteration(
    mdp: FiniteMDP, *, gamma: float, tolerance: float = 1e-10, max_iterations: int = 100_000
) -> PlanningResult:
    """Sweep `bellman_backup` from zero until no value changes by more than tolerance.

    For gamma < 1 the result lies within tolerance * gamma / (1 - gamma) of the exact
    values in every state. At gamma = 1 there is no such bound, no finite answer where a
    loop earns for ever, and with rewards of both signs the sweeps may settle on values
    that no policy reaches: `rlnotes.exact.mdp.optimal_values` is exact there too.

    Args:
        mdp: the tables.
        gamma: discount factor in [0, 1], per step.
        tolerance: largest change of a value in the last sweep, discounted reward.
        max_iterations: cap on the number of sweeps.

    Returns:
        `PlanningResult`; the policy is greedy, ties share their probability.

    Raises:
        ValueError: if gamma lies outside [0, 1], tolerance is not positive, or the
            values still change after max_iterations sweeps.

    References:
        Sutton & Barto (2018), section 4.4.
    """
    require_in_unit_interval(gamma=gamma)
    require_positive_integer(max_iterations=max_iterations)
    if not tolerance > 0:
        raise ValueError(f"tolerance must be positive, got {tolerance}")
    values = np.zeros(mdp.num_states)
    for iteration in range(1, max_iterations + 1):
        backed_up = bellman_backup(mdp, values, gamma=gamma)
        change = np.abs(backed_up - values).max()
        values = backed_up
        if change <= tolerance:
            policy = greedy_policy(q_values(mdp, values, gamma=gamma))
            return PlanningResult(values, policy, iteration)
    raise ValueError(
        f"gamma={gamma}: values still change by {change:.3g} after "
        f"max_iterations={max_iterations} sweeps; with gamma = 1 a loop may earn for ever"
    )


def policy_iteration(mdp: FiniteMDP, *, gamma: float) -> PlanningResult:
    """Alternate exact evaluation and greedy improvement until no action is better.

    Starts from the uniform policy, which ends wherever ending is possible: that
    makes gamma = 1 work for episodic tasks. There it returns the best of the policies
    that end; never ending may be better still (`rlnotes.exact.mdp.optimal_values`
    knows). Ties share their probability.

    Returns:
        `PlanningResult` with exact values; `policy_values` of its policy returns them.

    Raises:
        ValueError: if gamma lies outside [0, 1], or gamma is 1 and a policy on the
            way never ends.

    References:
        Sutton & Barto (2018), section 4.3.
    """
    policy = np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)
    values = policy_values(mdp, policy, gamma=gamma)
    iteration = 0
    while True:
        policy = greedy_policy(q_values(mdp, values, gamma=gamma))
        previous_values, values = values, policy_values(mdp, policy, gamma=gamma)
        iteration += 1
        # Improvement never lowers a value, so equal sums mean that nothing improved.
        if values.sum() <= previous_values.sum():
            return PlanningResult(values, policy, iteration)


def _require_that_it_ends(mdp: FiniteMDP, state_transitions: np.ndarray) -> None:
    # A state ends if it is terminal or can step to a state that ends.
    possible = state_transitions > 0
    ends = mdp.terminal
    for _ in range(mdp.num_states):
        ends = ends | (possible & ends).any(axis=-1)
    if not ends.all():
        stuck = mdp.state_names[np.flatnonzero(~ends)[0]]
        raise ValueError(
            f"gamma=1 needs a policy that ends from every state; this one never ends from "
            f"state {stuck}"
        )
