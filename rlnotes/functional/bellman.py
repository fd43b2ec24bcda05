"""Bellman equations of a finite MDP: backups, value iteration, policy iteration."""

from dataclasses import dataclass

import numpy as np

from rlnotes._checks import (
    float64_array,
    require_finite,
    require_in_unit_interval,
    require_positive,
    require_positive_integer,
    require_shape,
)
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_evaluation import policy_table, values_and_sizes

_TIE = 1e-12  # action values closer than this, relative to their sizes, count as equal


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
    values = float64_array("values", values)
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


def greedy_policy(action_values: np.ndarray, *, sizes: np.ndarray | None = None) -> np.ndarray:
    """Policy that shares its probability equally among the best actions of a state.

    An action ties with the best one if it is closer than 1e-12 of their sizes: rounding
    must not decide which arrow a figure shows. The sizes are those of the two values,
    not of the table: neither the unit of the rewards nor a large value elsewhere makes
    a tie.

    Args:
        action_values: [S, A] action values.
        sizes: [S, A] size of what each action value adds up; None is its own size.
            Needed only where large terms cancel and leave rounding for a small value.

    Returns:
        [S, A] probabilities.

    Raises:
        ValueError: if action_values is empty or not finite, or sizes has another shape.

    Example:
        >>> greedy_policy(np.array([[1.0, 3.0, 3.0]]))
        array([[0. , 0.5, 0.5]])
    """
    action_values = float64_array("action_values", action_values)
    if 0 in (action_values.shape or (0,)):
        raise ValueError(
            f"action_values must have shape [S, A] with S, A >= 1, got {action_values.shape}"
        )
    require_finite(action_values=action_values)
    sizes = np.abs(action_values if sizes is None else float64_array("sizes", sizes))
    require_shape(action_values.shape, sizes=sizes)
    first = action_values.argmax(axis=-1)[..., None]
    largest = np.maximum(sizes, np.take_along_axis(sizes, first, axis=-1))
    best = action_values >= np.take_along_axis(action_values, first, axis=-1) - _TIE * largest
    return best / best.sum(axis=-1, keepdims=True)


def value_iteration(
    mdp: FiniteMDP, *, gamma: float, tolerance: float = 1e-10, max_iterations: int = 100_000
) -> PlanningResult:
    """Sweep `bellman_backup` from zero until no value changes by more than tolerance.

    For gamma < 1 the result lies within tolerance * gamma / (1 - gamma) of the exact
    values in every state. At gamma = 1 there is no such bound, no finite answer where a
    loop earns for ever, and with rewards of both signs the sweeps may settle on values
    that no policy reaches: `rlnotes.exact.mdp.optimal_values` is exact there too.

    The tolerance is an amount of reward: choose a smaller one for small rewards.

    Args:
        mdp: the tables.
        gamma: discount factor in [0, 1], per step.
        tolerance: largest change of a value in the last sweep, discounted reward.
        max_iterations: cap on the number of sweeps.

    Returns:
        `PlanningResult`; the policy is greedy, ties share their probability.

    Raises:
        ValueError: if gamma lies outside [0, 1], tolerance is not positive and finite,
            or the values still change after max_iterations sweeps.

    References:
        Sutton & Barto (2018), section 4.4.
    """
    require_positive_integer(max_iterations=max_iterations)
    require_positive(tolerance=tolerance)
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


def policy_iteration(
    mdp: FiniteMDP, *, gamma: float, first_policy: np.ndarray | None = None
) -> PlanningResult:
    """Alternate exact evaluation and greedy improvement until no action is better.

    Starts from the uniform policy, which ends wherever ending is possible: that
    makes gamma = 1 work for episodic tasks. There it returns the best of the policies
    that end; never ending may be better still (`rlnotes.exact.mdp.optimal_values`
    knows). Ties share their probability.

    An action is better if it gains more than 1e-12 of the sizes of all rewards that its
    value adds up (`rlnotes.functional.policy_evaluation.values_and_sizes`): of what
    lies ahead of this state, not of the largest value in the world. So values many
    orders of magnitude apart are found in one table, and the unit of the rewards does
    not matter.

    Args:
        mdp: the tables.
        gamma: discount factor in [0, 1], per step.
        first_policy: [S, A] probabilities to start from; None is uniform.

    Returns:
        `PlanningResult` with exact values; `policy_values` of its policy returns them.

    Raises:
        ValueError: if first_policy is no policy, gamma lies outside [0, 1], or gamma is
            1 and a policy on the way never ends.

    References:
        Sutton & Barto (2018), section 4.3.
    """
    uniform = np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)
    policy = uniform if first_policy is None else policy_table(mdp, first_policy)
    seen, iteration = {policy.tobytes()}, 0
    while True:
        values, sizes = values_and_sizes(mdp, policy, gamma=gamma)
        better = _improved_policy(mdp, values, sizes, gamma=gamma)
        iteration += 1
        # A policy that comes back gains nothing, or no more than rounding.
        if better.tobytes() in seen:
            return PlanningResult(values, policy, iteration)
        policy = better
        seen.add(policy.tobytes())


def _improved_policy(
    mdp: FiniteMDP, values: np.ndarray, sizes: np.ndarray, *, gamma: float
) -> np.ndarray:
    action_values = q_values(mdp, values, gamma=gamma)
    later = (mdp.successor_probs * np.where(mdp.terminal, 0.0, sizes)[mdp.successors]).sum(axis=-1)
    return greedy_policy(action_values, sizes=np.abs(mdp.expected_rewards) + gamma * later)
