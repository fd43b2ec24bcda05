"""Answers of different lengths: the longest decides, and the price of old samples."""

import numpy as np

from rlnotes._checks import (
    float64_array,
    require_distributions,
    require_not_negative,
    require_positive_integer,
    require_shape,
)
from rlnotes.exact.importance_sampling import weight_second_moment


def expected_length(lengths: np.ndarray, probs: np.ndarray) -> float:
    """Mean length of an answer.

    Args:
        lengths: [N] rising, at least 0, in tokens or in units of time.
        probs: [N] their probabilities.

    Raises:
        ValueError: if the shapes differ, the lengths are negative or do not rise, or
            the probabilities do not sum to one.

    Example:
        >>> expected_length([1, 2, 3], [0.25, 0.5, 0.25])
        2.0
    """
    lengths, probs = _distribution(lengths, probs)
    return float(lengths @ probs)


def expected_longest(lengths: np.ndarray, probs: np.ndarray, *, num_answers: int) -> float:
    """Mean of the longest of n independent answers; a batch waits for that one.

        E[max] = sum of l * (F(l)^n - F(l-)^n),    F(l) = P(length <= l)

    Args:
        lengths: [N] as in `expected_length`.
        probs: [N] their probabilities.
        num_answers: n.

    Raises:
        ValueError: as `expected_length`, and if num_answers is no positive integer.

    Example:
        >>> expected_longest([1, 3], [0.5, 0.5], num_answers=2)
        2.5
    """
    lengths, probs = _distribution(lengths, probs)
    require_positive_integer(num_answers=num_answers)
    below = np.minimum(np.cumsum(probs), 1.0) ** num_answers
    return float(lengths @ np.diff(below, prepend=0.0))


def drifting_policies(
    start_probs: np.ndarray, direction: np.ndarray, *, kl_per_update: float, num_updates: int
) -> np.ndarray:
    """A policy that moves by the same KL at every update, always the same way.

        p_{k+1} proportional to p_k * exp(c_k * direction),   KL(p_{k+1} || p_k) = kl

    Args:
        start_probs: [N] p_0, positive.
        direction: [N] what becomes likelier, such as a reward.
        kl_per_update: in nats, at least 0.
        num_updates: K.

    Returns:
        [K + 1, N] p_0 to p_K.

    Raises:
        ValueError: if the shapes differ, a probability is 0, the direction is the same
            everywhere, or an update of this size has no room left.
    """
    probs = float64_array("start_probs", start_probs)
    scores = float64_array("direction", direction)
    require_shape((probs.size,), start_probs=probs, direction=scores)
    require_distributions(start_probs=probs)
    require_not_negative(kl_per_update=kl_per_update)
    require_positive_integer(num_updates=num_updates)
    if (probs == 0).any() or np.ptp(scores) == 0:
        raise ValueError(
            f"start_probs must be positive and direction differ, got {probs} and {scores}"
        )
    policies = [probs / probs.sum()]
    for _ in range(num_updates):
        policies.append(_moved(policies[-1], scores, kl_per_update))
    return np.stack(policies)


def stale_share(policies: np.ndarray, staleness: int) -> float:
    """Worth of a sample that is s updates old, by Kish's rule, for many samples.

        1 / E[w^2],    w = p_K / p_{K - s}

    Args:
        policies: [K + 1, N] as from `drifting_policies`.
        staleness: s, from 0 to K.

    Returns:
        Effective samples per sample, in (0, 1]: 1 for fresh ones.

    Raises:
        ValueError: if there are not so many policies.

    Example:
        >>> stale_share(np.array([[0.5, 0.5], [0.75, 0.25]]), 1)
        0.8
    """
    policies = float64_array("policies", policies)
    whole = isinstance(staleness, int | np.integer) and not isinstance(staleness, bool)
    if not (whole and 0 <= staleness < len(policies)):
        raise ValueError(f"staleness must be from 0 to {len(policies) - 1}, got {staleness!r}")
    return 1 / weight_second_moment(policies[-1], policies[-1 - staleness])


def _moved(probs: np.ndarray, scores: np.ndarray, kl: float) -> np.ndarray:
    """Bisection on the size of the tilt; the KL rises with it."""

    def tilted(size):
        weights = probs * np.exp(size * (scores - scores.max()))
        return weights / weights.sum()

    def distance(size):
        moved = tilted(size)
        held = moved > 0
        return float(moved[held] @ np.log(moved[held] / probs[held]))

    low, high = 0.0, 1.0
    while distance(high) < kl:
        high *= 2
        if high > 1e4 / np.ptp(scores):
            raise ValueError(f"kl_per_update must leave room to move, got {kl}")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if distance(middle) < kl else (low, middle)
    return tilted((low + high) / 2) if kl else probs


def _distribution(lengths, probs) -> tuple[np.ndarray, np.ndarray]:
    lengths, probs = float64_array("lengths", lengths), float64_array("probs", probs)
    require_shape((lengths.size,), lengths=lengths, probs=probs)
    require_distributions(probs=probs)
    if (lengths < 0).any() or (np.diff(lengths) <= 0).any():
        raise ValueError(f"lengths must rise and not be negative, got {lengths.tolist()}")
    return lengths, probs
