"""The weights Psi_t that a policy gradient may give to the score of step t.

    estimate = sum over t of gamma^t * score_t * Psi_t

Every function returns [N, T] weights without the factor gamma^t, for all episodes of
`rlnotes.exact.trajectories`. Leaving that factor out afterwards is what most code does.
"""

import numpy as np

from rlnotes._checks import (
    require_distributions,
    require_finite,
    require_in_unit_interval,
    require_shape,
)
from rlnotes.exact.trajectories import Trajectories


def gamma_powers(trajectories: Trajectories, *, gamma: float) -> np.ndarray:
    """[T] the factors gamma^t; 0^0 is 1."""
    require_in_unit_interval(gamma=gamma)
    return float(gamma) ** np.arange(trajectories.states.shape[1])


def discounted_total(trajectories: Trajectories, *, gamma: float) -> np.ndarray:
    """[N] return of the whole episode, sum over t of gamma^t r_t."""
    return trajectories.rewards @ gamma_powers(trajectories, gamma=gamma)


def trajectory_rewards_to_go(trajectories: Trajectories, *, gamma: float) -> np.ndarray:
    """[N, T] G_t, the sum over i >= t of gamma^(i - t) r_i; 0 in padding."""
    require_in_unit_interval(gamma=gamma)
    returns = np.zeros(trajectories.rewards.shape)
    following = np.zeros(len(returns))
    for t in reversed(range(returns.shape[1])):
        following = trajectories.rewards[:, t] + gamma * following
        returns[:, t] = following
    return returns


def trajectory_td_errors(
    trajectories: Trajectories, values: np.ndarray, *, gamma: float
) -> np.ndarray:
    """[N, T] r_t + gamma V(s_{t+1}) - V(s_t); `values` [S] is 0 in terminal states."""
    require_in_unit_interval(gamma=gamma)
    values = np.asarray(values, dtype=np.float64)
    require_shape((values.size,), values=values)
    require_finite(values=values)
    last = max(trajectories.states.max(), trajectories.next_states.max())
    if len(values) <= last:
        raise ValueError(
            f"values must have one entry per state, got {len(values)}, need {last + 1}"
        )
    following = gamma * values[trajectories.next_states]
    errors = trajectories.rewards + following - values[trajectories.states]
    return np.where(trajectories.mask, errors, 0.0)


def standardized_per_episode(trajectories: Trajectories, weights: np.ndarray) -> np.ndarray:
    """[N, T] (weight - mean) / std over the steps of each episode: a bias.

    Sample standard deviation (n - 1), as in common code. It does not exist for an
    episode of one step, and is 0 where all weights are equal: those weights become 0.

    Raises:
        ValueError: if the shapes do not fit, weights is not finite, or an episode has
            no step.
    """
    weights = np.asarray(weights, dtype=np.float64)
    require_shape(trajectories.mask.shape, weights=weights)
    require_finite(weights=weights)
    mask, lengths = trajectories.mask, trajectories.mask.sum(axis=1, keepdims=True)
    if (lengths == 0).any():
        raise ValueError(
            f"trajectories must have a step in every episode, got none in {lengths.argmin()}"
        )
    means = np.where(mask, weights, 0.0).sum(axis=1, keepdims=True) / lengths
    centred = np.where(mask, weights - means, 0.0)
    stds = np.sqrt((centred**2).sum(axis=1, keepdims=True) / np.maximum(lengths - 1, 1))
    return np.divide(centred, stds, out=np.zeros_like(centred), where=stds > 1e-12)


def weighted_scores(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[N, ...] one gradient estimate per episode: sum over t of score_t * weight_t.

    Args:
        scores: [N, T, ...] gradients of log pi(a_t | s_t), 0 in padding.
        weights: [N, T].

    Raises:
        ValueError: if the shapes do not fit, or a number is not finite.
    """
    require_shape(scores.shape[:2], weights=weights)
    require_finite(scores=scores, weights=weights)
    flat = scores.reshape(*scores.shape[:2], -1)
    return np.einsum("ntd,nt->nd", flat, weights).reshape(len(flat), *scores.shape[2:])


def best_baseline(probs: np.ndarray, scores: np.ndarray, rewards: np.ndarray) -> float:
    """The constant baseline of least variance: rewards weighted by the squared score.

        b* = E[|score|^2 R] / E[|score|^2]

    Args:
        probs: [N] probability of each outcome.
        scores: [N, ...] gradient of its log-probability; any shape behind N.
        rewards: [N] its reward.

    Raises:
        ValueError: if the shapes do not fit, a number is not finite, probs do not sum
            to one, or every score is zero, so that any baseline is as good.

    References:
        Greensmith, Bartlett & Baxter (2004), "Variance reduction techniques for
        gradient estimates in reinforcement learning".

    Example:
        >>> half = np.array([0.5, 0.5])
        >>> best_baseline(half, np.array([-1.0, 1.0]), np.array([0.0, 1.0]))
        0.5
    """
    probs, scores = np.asarray(probs, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    rewards = np.asarray(rewards, dtype=np.float64)
    require_distributions(probs=probs)
    require_shape(probs.shape, rewards=rewards)
    require_shape((len(probs), *scores.shape[1:]), scores=scores)
    require_finite(scores=scores, rewards=rewards)
    weights = probs * (scores.reshape(len(probs), -1) ** 2).sum(axis=1)
    if not weights.sum() > 0:
        raise ValueError(f"scores must not all be zero, got {scores.tolist()}")
    return float(weights @ rewards / weights.sum())
