"""An expectation under P from samples of Q: exact mean, variance, and what is lost."""

import numpy as np

from rlnotes._checks import (
    require_distributions,
    require_finite,
    require_positive_integer,
    require_shape,
)
from rlnotes.exact.trajectories import estimator_moments


def importance_weights(target_probs: np.ndarray, sampling_probs: np.ndarray) -> np.ndarray:
    """Weight of each outcome, P / Q; 0 where Q = 0, since it is never drawn.

    Args:
        target_probs: [N] P, what one wants to know about.
        sampling_probs: [N] Q, what one can sample from.

    Returns:
        [N] weights; their mean under Q is 1 less `missed_mass`.

    Raises:
        ValueError: if the shapes differ or the probabilities do not sum to one.

    Example:
        >>> importance_weights([0.75, 0.25], [0.5, 0.5])
        array([1.5, 0.5])
    """
    target, sampling = _distributions(target_probs, sampling_probs)
    return np.divide(target, sampling, out=np.zeros_like(target), where=sampling > 0)


def missed_mass(target_probs: np.ndarray, sampling_probs: np.ndarray) -> float:
    """Probability under P of what Q never draws; weights cannot make up for it.

    Example:
        >>> missed_mass([0.75, 0.25], [1.0, 0.0])
        0.25
    """
    target, sampling = _distributions(target_probs, sampling_probs)
    return float(target[sampling == 0].sum())


def reweighted_moments(
    target_probs: np.ndarray, sampling_probs: np.ndarray, values: np.ndarray
) -> tuple[float, float]:
    """Exact mean and variance of one reweighted draw, P(x) / Q(x) * f(x) with x ~ Q.

        mean = sum of P f where Q > 0,    variance = sum of P^2 f^2 / Q - mean^2

    The mean is that of f under P if Q covers every outcome with P f other than 0. The
    variance may be larger or smaller than that of a draw from P itself.

    Args:
        target_probs: [N] P.
        sampling_probs: [N] Q.
        values: [N] f.

    Raises:
        ValueError: if the shapes differ, the probabilities do not sum to one, or a
            value is not finite.

    Example:
        >>> reweighted_moments([0.5, 0.5], [0.25, 0.75], [1.0, 3.0])  # draws 2 or 2
        (2.0, 0.0)
    """
    weights = importance_weights(target_probs, sampling_probs)
    values = np.asarray(values, dtype=np.float64)
    require_shape(weights.shape, values=values)
    require_finite(values=values)
    return estimator_moments(np.asarray(sampling_probs), weights * values)


def reweighting_cost(
    target_probs: np.ndarray, sampling_probs: np.ndarray, values: np.ndarray
) -> float:
    """Draws from Q that tell as much as one draw from P, if P / Q * f is averaged.

        cost = Var_Q[w f] / Var_P[f],    w = P / Q

    n draws from Q are worth n / cost draws from P: fewer or more, as f has it. Dividing
    the sum of w f by the sum of w, not by n, costs as much as f - E_P[f] does here, in
    the limit of many draws (the delta method).

    Args:
        target_probs: [N] P.
        sampling_probs: [N] Q, positive wherever P is.
        values: [N] f, not the same wherever P is positive.

    Raises:
        ValueError: if the shapes differ, the probabilities do not sum to one, a value
            is not finite, Q misses an outcome, or f has no variance under P.

    References:
        Owen (2013), "Monte Carlo theory, methods and examples", chapter 9.

    Example:
        >>> reweighting_cost([0.5, 0.5], [0.25, 0.75], [1.0, 3.0])  # draws 2 or 2
        0.0
    """
    missed = missed_mass(target_probs, sampling_probs)
    if missed > 0:
        raise ValueError(f"sampling_probs must be positive wherever P is, missed {missed}")
    _, variance = reweighted_moments(target_probs, sampling_probs, values)
    _, variance_of_target = reweighted_moments(target_probs, target_probs, values)
    if np.ptp(np.asarray(values)[np.asarray(target_probs) > 0]) == 0:
        raise ValueError(f"values must differ under P, got {np.asarray(values).tolist()}")
    return variance / variance_of_target


def weight_second_moment(target_probs: np.ndarray, sampling_probs: np.ndarray) -> float:
    """Mean of the squared weight under Q; 1 if P = Q, and else larger.

        m = sum of P^2 / Q where Q > 0

    The weight of T independent steps is a product, so its second moment is m^T.

    Example:
        >>> weight_second_moment([0.75, 0.25], [0.5, 0.5])
        1.25
    """
    target, _ = _distributions(target_probs, sampling_probs)
    return float(target @ importance_weights(target_probs, sampling_probs))


def sequence_second_moment(second_moment: float, length: int) -> float:
    """Second moment of the weight of T independent steps, m^T; inf beyond all floats.

    Raises:
        ValueError: if second_moment is not a positive number or length is no positive
            integer.

    Example:
        >>> sequence_second_moment(2.0, 10)
        1024.0
    """
    require_positive_integer(length=length)
    if not 0 < second_moment < np.inf:
        raise ValueError(f"second_moment must be positive and finite, got {second_moment}")
    with np.errstate(over="ignore"):
        return float(np.float_power(second_moment, length))


def effective_sample_size(weights: np.ndarray) -> float:
    """Kish's rule of thumb for the worth of weighted samples, from the weights alone.

        n_eff = (sum of w)^2 / sum of w^2

    n if all weights are equal, 1 if one weight is all. It stands for the estimator
    sum(w f) / sum(w), with an f that has nothing to do with w. The plain mean of w f
    may be worth far less or more: `reweighting_cost` has that exactly. The rule knows
    only the weights drawn: an outcome that Q misses, or has not drawn yet, does not
    lower it.

    Args:
        weights: [n] not negative, not all zero.

    Raises:
        ValueError: if weights is not such a vector.

    References:
        Kish (1965), "Survey sampling".

    Example:
        >>> effective_sample_size([1.0, 1.0, 2.0, 0.0])
        2.6666666666666665
    """
    weights = np.asarray(weights, dtype=np.float64)
    require_finite(weights=weights)
    if weights.ndim != 1 or (weights < 0).any() or not weights.any():
        raise ValueError(
            f"weights must be a vector of numbers >= 0, not all 0, got {weights.tolist()}"
        )
    scaled = weights / weights.max()
    return float(scaled.sum() ** 2 / (scaled**2).sum())


def _distributions(target_probs, sampling_probs) -> tuple[np.ndarray, np.ndarray]:
    target = np.asarray(target_probs, dtype=np.float64)
    sampling = np.asarray(sampling_probs, dtype=np.float64)
    require_shape((target.size,), target_probs=target, sampling_probs=sampling)
    require_distributions(target_probs=target, sampling_probs=sampling)
    return target, sampling
