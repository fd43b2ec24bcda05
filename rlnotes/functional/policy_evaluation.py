"""Exact evaluation of a policy: one linear system over the non-terminal states."""

import numpy as np

from rlnotes._checks import (
    float64_array,
    require_distributions,
    require_in_unit_interval,
    require_shape,
)
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.probability_tables import with_sums_of_one

_SMALL = 16  # states; up to here one dense product and one solve cost less than care


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
    policy = policy_table(mdp, policy)
    rewards = (policy * mdp.expected_rewards).sum(axis=-1)
    return solve_on_live_states(mdp, policy, rewards[:, None], discount=gamma)[:, 0]


def values_of_policies(mdp: FiniteMDP, policies: np.ndarray, *, gamma: float) -> np.ndarray:
    """`policy_values` of many policies [..., S, A] in one call; for small worlds.

    Args, Raises: as for `policy_values`.

    Returns:
        [..., S] values, discounted reward; 0 in terminal states.
    """
    policies = float64_array("policies", policies)
    require_shape((*policies.shape[:-2], mdp.num_states, mdp.num_actions), policies=policies)
    require_distributions(policies=policies)
    policies = with_sums_of_one(policies)
    # Which policies end is a matter of what they may do: mostly the same for all.
    supports = (policies > 0).reshape(-1, mdp.num_states, mdp.num_actions)
    for support in {support.tobytes(): support for support in supports}.values():
        _check_discount(mdp, support, gamma)
    live = ~mdp.terminal
    taken, among = policies[..., live, :], mdp.transition_probs[live][:, :, live]
    matrix = np.eye(len(among)) - gamma * np.einsum("...sa,sat->...st", taken, among)
    rewards = (taken * mdp.expected_rewards[live]).sum(axis=-1)
    values = np.zeros(policies.shape[:-1])
    values[..., live] = _solved(matrix, rewards[..., None], gamma)[..., 0]
    return values


def values_and_sizes(
    mdp: FiniteMDP, policy: np.ndarray, *, gamma: float
) -> tuple[np.ndarray, np.ndarray]:
    """The values V [S] of a policy, and the sizes W [S] of what they add up.

        W = |R|_pi + gamma * P_pi W

    W is V with the size of every reward in place of the reward. Rounding leaves an
    error in V that is small beside W: where rewards cancel, V alone does not tell it.

    Args, Raises: as for `policy_values`.
    """
    policy = policy_table(mdp, policy)
    rewards = np.stack([mdp.expected_rewards, np.abs(mdp.expected_rewards)], axis=-1)
    right_side = (policy[..., None] * rewards).sum(axis=1)
    values, sizes = solve_on_live_states(mdp, policy, right_side, discount=gamma).T
    return values, np.abs(sizes)


def policy_transitions(mdp: FiniteMDP, policy: np.ndarray) -> np.ndarray:
    """[S, S] state-to-state probabilities P_pi under a policy [S, A]."""
    everywhere = np.ones(mdp.num_states, dtype=bool)
    return _transitions(mdp, policy_table(mdp, policy), everywhere)[0]


def policy_table(mdp: FiniteMDP, policy: np.ndarray) -> np.ndarray:
    """[S, A] the policy as float64, checked; each row sums to one up to rounding.

    Raises:
        ValueError: if policy is not [S, A], negative, not finite, or a row misses the
            sum of one by more than 1e-6.
    """
    policy = float64_array("policy", policy)
    require_shape((mdp.num_states, mdp.num_actions), policy=policy)
    require_distributions(policy=policy)
    return with_sums_of_one(policy)


def ending_states(mdp: FiniteMDP, policy: np.ndarray) -> np.ndarray:
    """[S] bool, True where the policy can reach a terminal state."""
    taken = (np.asarray(policy)[..., None] > 0) & (mdp.successor_probs > 0)
    ends = mdp.terminal
    while True:
        # A state ends if it is terminal or can step to a state that ends.
        longer = ends | (taken & ends[mdp.successors]).any(axis=(1, 2))
        if (longer == ends).all():
            return ends
        ends = longer


def solve_on_live_states(
    mdp: FiniteMDP,
    policy: np.ndarray,
    right_side: np.ndarray,
    *,
    discount: float | np.ndarray,
    transposed: bool = False,
) -> np.ndarray:
    """Solution of x = right_side + discount * P_pi x, with x = 0 in terminal states.

    Transposed: x = right_side + discount * P_pi^T x, where mass flows forward in time.
    Small values keep their digits beside large ones.

    Args:
        mdp: the tables.
        policy: [S, A] as `policy_table` returns it.
        right_side: [..., S, C] for C systems with one matrix; terminal rows are unused.
        discount: [...] in [0, 1], gamma or a power of it.
        transposed: see above.

    Returns:
        [..., S, C]

    Raises:
        ValueError: if a discount lies outside [0, 1], or is 1 and the policy never
            ends.
    """
    _check_discount(mdp, policy, discount)
    discount = np.asarray(discount, dtype=np.float64)[..., None, None]
    live = ~mdp.terminal
    transitions, width = _transitions(mdp, policy, live)
    matrix = -discount * transitions
    diagonal = np.arange(len(transitions))
    matrix[..., diagonal, diagonal] += 1
    if transposed:
        matrix = matrix.swapaxes(-1, -2)
    right_side = right_side[..., live, :]
    right_side = np.broadcast_to(right_side, (*matrix.shape[:-1], right_side.shape[-1]))
    solution = _solved(matrix, right_side, discount.max(), width)
    filled = np.zeros((*solution.shape[:-2], mdp.num_states, solution.shape[-1]))
    filled[..., live, :] = solution
    return filled


def _solved(
    matrix: np.ndarray, right_side: np.ndarray, discount: float, width: int | None = None
) -> np.ndarray:
    width = matrix.shape[-1] if width is None else width
    try:
        return _eliminate(matrix, right_side, width)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            f"discount={discount} needs a policy that ends before rounding hides it"
        ) from error


def _check_discount(mdp: FiniteMDP, policy: np.ndarray, discount: float | np.ndarray) -> None:
    all_of_them = discount.flat if isinstance(discount, np.ndarray) else [discount]
    for one in all_of_them:
        require_in_unit_interval(gamma=one)
    if not any(one == 1 for one in all_of_them):
        return
    ends = ending_states(mdp, policy)
    if not ends.all():
        stuck = mdp.state_names[np.flatnonzero(~ends)[0]]
        raise ValueError(
            f"gamma=1 needs a policy that ends from every state; this one never ends from "
            f"state {stuck}"
        )


def _transitions(mdp: FiniteMDP, policy: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, int]:
    """P_pi among the kept states, and how far from the diagonal it may reach."""
    if mdp.num_states <= _SMALL:
        among = mdp.transition_probs[kept][:, :, kept]
        return np.einsum("sa,sat->st", policy[kept], among), len(among)
    size, place = int(kept.sum()), kept.cumsum() - 1
    s, a = np.nonzero((policy > 0) & kept[:, None])
    landings, probs = mdp.successors[s, a], policy[s, a, None] * mdp.successor_probs[s, a]
    counted = kept[landings] & (probs > 0)
    row, column = np.broadcast_to(place[s, None], landings.shape)[counted], place[landings[counted]]
    flat = np.bincount(row * size + column, weights=probs[counted], minlength=size * size)
    return flat.reshape(size, size), int(np.abs(row - column).max(initial=0))


def _eliminate(matrix: np.ndarray, right_side: np.ndarray, width: int) -> np.ndarray:
    """Solve a system whose entries lie within `width` of the diagonal, block by block.

    Blocks of that width touch only their neighbours, so a corridor or a grid costs
    S * width^2 instead of S^3. No pivot is looked for outside a block: the matrices
    I - gamma * P need none.
    """
    size, columns = right_side.shape[-2:]
    width = max(width, 1)
    if 4 * width > size:
        return np.linalg.solve(matrix, right_side)
    blocks = [slice(start, start + width) for start in range(0, size, width)]
    following = [*blocks[1:], slice(size, size)]
    pivot, right, solved = None, None, []
    for k, (here, after) in enumerate(zip(blocks, following, strict=True)):
        pivot, right = matrix[..., here, here], right_side[..., here, :]
        if k:
            coupling = matrix[..., here, blocks[k - 1]] @ solved[-1]
            pivot, right = pivot - coupling[..., :-columns], right - coupling[..., -columns:]
        both = np.concatenate([matrix[..., here, after], right], axis=-1)
        solved.append(np.linalg.solve(pivot, both))

    solution = np.zeros(right_side.shape)
    for here, after, both in reversed(list(zip(blocks, following, solved, strict=True))):
        solution[..., here, :] = (
            both[..., -columns:] - both[..., :-columns] @ solution[..., after, :]
        )
    return solution
