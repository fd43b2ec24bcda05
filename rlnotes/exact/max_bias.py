"""Bias of a maximum over noisy estimates: one estimator, and two that share the work.

Both follow from one density, that of the largest estimate and of who holds it, which is
integrated numerically to about twelve digits.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

_STEPS_PER_STD = 20
_REACH = 10  # standard deviations; beyond them lies less than 1e-18 for 50,000 values


def max_estimator_bias(true_values: np.ndarray, *, noise_std: float) -> float:
    """How far the mean of the largest estimate lies above the largest true value.

        bias = E[max over i of (q_i + noise_std * z_i)] - max over i of q_i
        z_i ~ N(0, 1), independent

    This is what the max of Q-learning adds, even though each estimate alone is
    unbiased. It is largest for equal true values, where it grows with their number n
    like noise_std * sqrt(2 ln n), and never exceeds that.

    Args:
        true_values: [N] true action values q.
        noise_std: standard deviation of the independent noise of each estimate.

    Returns:
        Bias, unit of true_values; never negative.

    Raises:
        ValueError: if true_values is empty, not one-dimensional or not finite, or
            noise_std is negative or not finite.

    References:
        Thrun & Schwartz (1993), "Issues in using function approximation for
        reinforcement learning"; van Hasselt (2010), "Double Q-learning".

    Example:
        >>> round(max_estimator_bias(np.zeros(2), noise_std=1.0), 4)  # 1 / sqrt(pi)
        0.5642
    """
    true_values = _checked(true_values, noise_std)
    if noise_std == 0:
        return 0.0
    _, _, densities, points = _largest(true_values, noise_std)
    bias = noise_std * (densities.sum(0) * points).sum().item() / _STEPS_PER_STD
    return max(bias, 0.0)  # rounding may leave -1e-17 for a single value


def double_estimator_bias(true_values: np.ndarray, *, noise_std: float) -> float:
    """The same bias if one set of estimates chooses and an independent one values.

        bias = sum over i of P(i is chosen) * q_i - max over i of q_i

    The second set is unbiased for whichever action was chosen. What remains is the
    price of choosing a worse one: 0 if all true values are equal, else negative.

    Args:
        true_values: [N] true action values q.
        noise_std: standard deviation of the noise in the estimates that choose.

    Returns:
        Bias, unit of true_values; never positive.

    Raises:
        ValueError: as for `max_estimator_bias`.

    References:
        van Hasselt (2010), "Double Q-learning".

    Example:
        >>> double_estimator_bias(np.zeros(9), noise_std=1.0)
        0.0
    """
    probs = argmax_probs(true_values, noise_std=noise_std)
    true_values = np.asarray(true_values, dtype=np.float64)
    return float(probs @ (true_values - true_values.max()))


def estimator_biases(true_values: Sequence[np.ndarray], *, noise_std: float) -> np.ndarray:
    """Both biases for several lists of true values at once.

    Args:
        true_values: M arrays [N] of any lengths, few entries each.
        noise_std: standard deviation of the independent noise of each estimate.

    Returns:
        [2, M] what `max_estimator_bias` and `double_estimator_bias` return for each.

    Raises:
        ValueError: as for `max_estimator_bias`, or if there is no list.

    Example:
        >>> estimator_biases([np.zeros(2), np.zeros(1)], noise_std=1.0).round(4)
        array([[0.5642, 0.    ],
               [0.    , 0.    ]])
    """
    lists = [_checked(values, noise_std) for values in true_values]
    if not lists:
        raise ValueError(f"true_values must hold at least one list, got {true_values}")
    if noise_std == 0:
        return np.zeros((2, len(lists)))
    counts = np.array([len(values) for values in lists])
    starts = counts.cumsum() - counts
    gaps = np.concatenate([values - values.max() for values in lists])
    num_steps = _REACH * _STEPS_PER_STD
    points = np.arange(-num_steps, num_steps + 1) / _STEPS_PER_STD
    z = points - gaps[:, None] / noise_std
    # Below -8.3, where nothing counts, it rounds to 0; but products are divided by it.
    below = torch.special.ndtr(torch.from_numpy(z)).clamp_min(1e-100).numpy()
    all_below = np.multiply.reduceat(below, starts, axis=0).repeat(counts, axis=0)
    densities = np.exp(-(z**2) / 2) * (all_below / below)
    scale = np.sqrt(2 * np.pi) * _STEPS_PER_STD
    best = np.add.reduceat(densities @ points, starts) * noise_std / scale
    second = np.add.reduceat(densities.sum(axis=1) * gaps, starts) / scale
    return np.stack([np.maximum(best, 0.0), second])


def argmax_probs(true_values: np.ndarray, *, noise_std: float) -> np.ndarray:
    """Probability that each noisy estimate is the largest.

        P(i) = integral of  phi(x - q_i) * product over j != i of Phi(x - q_j)  dx

    Written for noise_std = 1. Without noise the largest true values share it equally.

    Args:
        true_values: [N] true action values q.
        noise_std: standard deviation of the independent noise of each estimate.

    Returns:
        [N] probabilities.

    Raises:
        ValueError: as for `max_estimator_bias`.

    Example:
        >>> argmax_probs(np.zeros(4), noise_std=1.0).round(12).tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    true_values = _checked(true_values, noise_std)
    if noise_std == 0:
        best = true_values == true_values.max()
        return best / best.sum()
    inverse, counts, densities, _ = _largest(true_values, noise_std)
    return (densities.sum(1) / counts / _STEPS_PER_STD).numpy()[inverse]


def _largest(
    true_values: np.ndarray, noise_std: float
) -> tuple[np.ndarray, Tensor, Tensor, Tensor]:
    """Density of the maximum at each point, by the distinct value that holds it.

    Unit noise, points relative to the largest true value. First which distinct value
    each of the true ones is, and how many share it.
    """
    distinct, inverse, counts = np.unique(true_values, return_inverse=True, return_counts=True)
    gaps, counts = torch.from_numpy(distinct - distinct[-1]) / noise_std, torch.from_numpy(counts)
    num_steps = _REACH * _STEPS_PER_STD
    points = torch.arange(-num_steps, num_steps + 1, dtype=torch.float64) / _STEPS_PER_STD
    # The trapezoid rule is accurate to rounding here: smooth, and zero at both ends.
    z = points - gaps[:, None]
    log_below = torch.special.log_ndtr(z)
    log_all_below = (counts[:, None] * log_below).sum(0)
    log_density = -(z**2) / 2 - np.log(2 * np.pi) / 2
    densities = counts[:, None] * torch.exp(log_density + log_all_below - log_below)
    return inverse, counts, densities, points


def _checked(true_values: np.ndarray, noise_std: float) -> np.ndarray:
    true_values = np.asarray(true_values, dtype=np.float64)
    if true_values.ndim != 1 or true_values.size == 0 or not np.isfinite(true_values).all():
        raise ValueError(f"true_values must be finite numbers [N], N > 0, got {true_values}")
    if not (np.isfinite(noise_std) and noise_std >= 0):
        raise ValueError(f"noise_std must be finite and not negative, got {noise_std}")
    return true_values
