"""Exact bias and variance of GAE in a finite MDP, and of the gradient that it gives.

Two linear systems take the place of episodes: one for the mean of the estimate from
each state, one for its variance. A whole range of lambdas is solved at once.
"""

from dataclasses import dataclass

import numpy as np

from rlnotes._checks import (
    float64_array,
    require_finite,
    require_in_unit_interval,
    require_shape,
)
from rlnotes.exact.mdp import occupancy, policy_values, q_values
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_evaluation import policy_table, solve_on_live_states


@dataclass(frozen=True)
class GAEMoments:
    """Moments of the estimate A from each pair; [...] is the shape of gae_lambda."""

    means: np.ndarray  # [..., S, A] E[A | s, a], discounted reward
    variances: np.ndarray  # [..., S, A] Var[A | s, a]
    biases: np.ndarray  # [..., S, A] mean minus the exact advantage Q(s, a) - V(s)


def gae_moments(
    mdp: FiniteMDP, policy: np.ndarray, critic: np.ndarray, *, gamma: float, gae_lambda
) -> GAEMoments:
    """Exact mean, variance and bias of the GAE estimate that starts with each pair.

        A = delta + c * A',    c = gamma * lambda
        m(s, a) = E[delta + c m(s')]
        v(s, a) = Var[delta + c m(s')] + c^2 E[v(s')]
        v(s)    = sum over a of pi(a|s) (v(s, a) + (m(s, a) - m(s))^2)

    m(s) and v(s) are mean and variance over a ~ policy, and 0 in terminal states:
    episodes run to their end, nothing is truncated. The variance is the law of total
    variance: the spread over s', plus the mean of what is left. It adds squares alone,
    so a large mean does not cost its digits, as it would in E[A^2] - m^2.

    Args:
        mdp: the tables; `transition_rewards` decides how delta depends on s'.
        policy: [S, A] probabilities.
        critic: [S] estimates of V, discounted reward; 0 in terminal states.
        gamma: discount factor in [0, 1], per step.
        gae_lambda: [...] one lambda in [0, 1], or an array of them.

    Returns:
        `GAEMoments`; 0 in terminal states.

    Raises:
        ValueError: if critic is not finite, not [S], or not 0 in a terminal state,
            gamma or a lambda lies outside [0, 1], or as for `policy_values`.

    References:
        The recursion of Schulman et al. (2016), arXiv:1506.02438, Eq. 16, squared; for
        the second moment of returns Sobel (1982).
    """
    policy, critic = policy_table(mdp, policy), float64_array("critic", critic)
    lambdas = float64_array("gae_lambda", gae_lambda)
    for one in lambdas.flat:
        require_in_unit_interval(gae_lambda=float(one))
    _check_critic(mdp, critic)
    exact_values = policy_values(mdp, policy, gamma=gamma)

    landings, probs = mdp.successors, mdp.successor_probs  # [S, A, K], few s' each
    deltas = mdp.successor_rewards + gamma * critic[landings] - critic[:, None, None]
    live = ~mdp.terminal[:, None]
    decay = gamma * lambdas[..., None, None]

    def following(by_state: np.ndarray) -> np.ndarray:
        return np.tensordot(by_state, mdp.transition_probs, (-1, -1))

    mean_deltas = np.where(live, (probs * deltas).sum(axis=-1), 0.0)
    state_means = _solve(mdp, policy, mean_deltas, decay)  # [..., S]
    means = mean_deltas + decay * following(state_means)
    means = np.where(live, means, 0.0)
    outcomes = deltas + decay[..., None] * state_means[..., landings]  # [..., S, A, K]
    spreads = (probs * (outcomes - means[..., None]) ** 2).sum(axis=-1)
    spreads = np.where(live, spreads, 0.0)
    choices = (means - state_means[..., None]) ** 2  # the spread over actions
    state_variances = _solve(mdp, policy, spreads + choices, decay**2)
    variances = spreads + decay**2 * following(state_variances)

    advantages = q_values(mdp, exact_values, gamma=gamma) - exact_values[:, None]
    return GAEMoments(
        means=means,
        variances=np.where(live, variances, 0.0),
        biases=np.where(live, means - advantages, 0.0),
    )


@dataclass(frozen=True)
class GradientMoments:
    """Moments of the policy gradient from one draw of (s, a) and of A."""

    means: np.ndarray  # [..., S, A] mean gradient in the logits
    squared_biases: np.ndarray  # [...] squared distance to the exact gradient
    variances: np.ndarray  # [...] sum over the entries; n draws have 1 / n of it


def gradient_moments(
    mdp: FiniteMDP, policy: np.ndarray, moments: GAEMoments, *, gamma: float
) -> GradientMoments:
    """Exact bias and variance of the gradient in a table of logits, from one draw.

        g = D * (onehot(a) - policy(. | s)) * A   in row s,    (s, a) ~ d(s) pi(a|s) / D

    d is the discounted occupancy and D its sum, so that the mean of g with exact
    advantages is the policy gradient. The score removes from A whatever depends on s
    alone: the error of a critic at lambda = 1, which is such a term, leaves no bias.

    Draws are independent here. The gradient of a whole episode adds up its steps; they
    share rewards, and their covariances come on top.

    Args:
        mdp: the tables.
        policy: [S, A] probabilities.
        moments: from `gae_moments`, same tables, policy and gamma.
        gamma: discount factor in [0, 1], per step.

    Returns:
        `GradientMoments`.

    Raises:
        ValueError: as for `occupancy`, or if moments belong to another [S, A].
    """
    policy = policy_table(mdp, policy)
    visits = occupancy(mdp, policy, gamma=gamma)
    require_shape((*moments.means.shape[:-2], *policy.shape), means=moments.means)
    total = visits.sum()
    pairs = visits[:, None] * policy  # [S, A], sums to D

    def centered(weights: np.ndarray) -> np.ndarray:
        # sum over a of pi(a|s) score_b(a) w(s, a) = pi(b|s) (w(s, b) - mean of w)
        return pairs * (weights - (policy * weights).sum(axis=-1, keepdims=True))

    means = centered(moments.means)
    scores = np.eye(policy.shape[1]) - policy[:, None, :]  # [S, a, b]
    by_pair = total * scores * moments.means[..., None]  # [..., S, a, b] E[g | s, a], row s
    rows = (means**2).sum(axis=-1)
    # A draw of s says 0 for all other rows; then the spread over a, then that of A.
    spreads = ((by_pair - means[..., None, :]) ** 2).sum(axis=-1)
    spreads = spreads + (rows.sum(axis=-1, keepdims=True) - rows)[..., None]
    spreads = spreads + total**2 * (scores**2).sum(axis=-1) * moments.variances
    return GradientMoments(
        means=means,
        squared_biases=(centered(moments.biases) ** 2).sum(axis=(-2, -1)),
        variances=(pairs / total * spreads).sum(axis=(-2, -1)),
    )


def _solve(mdp: FiniteMDP, policy: np.ndarray, by_pair: np.ndarray, decay: np.ndarray):
    """[..., S] solution of x(s) = sum over a of pi (by_pair + decay * E[x(s')])."""
    right = (policy * by_pair).sum(axis=-1)[..., None]
    return solve_on_live_states(mdp, policy, right, discount=decay[..., 0, 0])[..., 0]


def _check_critic(mdp: FiniteMDP, critic: np.ndarray) -> None:
    require_shape((mdp.num_states,), critic=critic)
    require_finite(critic=critic)
    if critic[mdp.terminal].any():
        state = int(np.flatnonzero(mdp.terminal & (critic != 0))[0])
        raise ValueError(
            f"critic must be 0 in terminal states, got {critic[state]} in state {state}"
        )
