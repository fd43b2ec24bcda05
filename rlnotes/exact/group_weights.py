"""Which objective a group of replies climbs: the expected update, exactly.

A reply is right with probability p, the pass rate of its prompt, and its reward is 1 or
0. The update of G replies is the mean over them of the advantage times the score,
d log pi(y_i). On average it is the gradient of p times a number that depends on p and G
alone: the weight. A weight is the slope of an objective, hence so is each of these
updates on average.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import require_option, require_positive_integer
from rlnotes.exact.pass_rates import checked_pass_rates, observed_pass_rates, success_probs
from rlnotes.functional.advantages import (
    group_centered_advantages,
    group_relative_advantages,
    leave_one_out_advantages,
)
from rlnotes.functional.inputs import finite_result


def _rewards(rewards: Tensor, *, mask: Tensor | None = None) -> Tensor:
    centered = group_centered_advantages(rewards, mask=mask)  # which checks both
    return (rewards if mask is None else rewards.where(mask, 0.0)).to(centered)


def _per_sample_std(rewards: Tensor, *, mask: Tensor | None = None) -> Tensor:
    return _per_std(rewards, mask, correction=1)


def _per_population_std(rewards: Tensor, *, mask: Tensor | None = None) -> Tensor:
    return _per_std(rewards, mask, correction=0)


def _per_std(rewards: Tensor, mask: Tensor | None, *, correction: int) -> Tensor:
    centered = group_centered_advantages(rewards, mask=mask)  # 0 where not counted
    # A std has the unit of its numbers: none squares to infinity or to 0.
    scaled = _shares(centered, centered.abs().amax(dim=1, keepdim=True))
    squares = (scaled**2).sum(dim=1, keepdim=True)
    return _shares(scaled, (squares / (_counts(rewards, mask) - correction).clamp(min=1)).sqrt())


def _per_mean(rewards: Tensor, *, mask: Tensor | None = None) -> Tensor:
    means = _rewards(rewards, mask=mask).sum(dim=1, keepdim=True) / _counts(rewards, mask)
    finite_result(means.max(), mask, rewards=rewards)
    return _shares(group_centered_advantages(rewards, mask=mask), means)


def _counts(rewards: Tensor, mask: Tensor | None) -> Tensor:
    counted = torch.ones_like(rewards) if mask is None else mask.to(rewards)
    return counted.sum(dim=1, keepdim=True).clamp(min=1)


def _shares(parts: Tensor, wholes: Tensor) -> Tensor:
    """Quotients, 0 for a group in which there is nothing to divide by."""
    return torch.where(wholes > 0, parts / wholes, 0.0)


# Each takes rewards [P, G] and mask=, a [P, G] bool of the answers that have one.
ADVANTAGES: dict[str, Callable[..., Tensor]] = {
    "reward": _rewards,  # REINFORCE without a baseline
    "leave_one_out": leave_one_out_advantages,
    "group_mean": group_centered_advantages,  # Dr. GRPO
    "sample_std": _per_sample_std,  # GRPO, std with G - 1
    "sample_std_plus": group_relative_advantages,  # and 1e-4 added to it
    "population_std": _per_population_std,  # GRPO, std with G
    "mean": _per_mean,  # MaxRL: (r - mean) / mean, 0 without a success
}


def group_weights(pass_rates: np.ndarray, *, group_size: int, estimator: str) -> np.ndarray:
    """How strongly an estimator pushes a prompt, as a factor of its slope.

        E[update] = weight(p) * dp / d theta
        weight(p) = sum over m of P(m of the G - 1 others are right)
                    * (advantage if this one is right - advantage if it is wrong)

    The weight is 1 where an estimator climbs the mean pass rate itself.

    Args:
        pass_rates: [...] p, probability that a reply is right.
        group_size: G, at least 2.
        estimator: a key of `ADVANTAGES`.

    Returns:
        [...] weights, never negative.

    Raises:
        ValueError: if a pass rate lies outside [0, 1], group_size is no integer above
            1, or the estimator is unknown.

    References:
        Liu et al. (2025), arXiv:2503.20783, on the division by the std; Tajwar et al.
        (2026), arXiv:2602.02710, on that by the mean (MaxRL).

    Example:
        >>> hard_to_easy = [0.02, 0.5, 0.98]
        >>> group_weights(hard_to_easy, group_size=8, estimator="group_mean")
        array([0.875, 0.875, 0.875])
        >>> group_weights(hard_to_easy, group_size=8, estimator="sample_std").round(2)
        array([2.41, 1.74, 2.41])
    """
    right, wrong = mean_advantages(pass_rates, group_size=group_size, estimator=estimator)
    return right - wrong


def mean_advantages(
    pass_rates: np.ndarray, *, group_size: int, estimator: str
) -> tuple[np.ndarray, np.ndarray]:
    """Mean advantage of a right reply and of a wrong one, over the others in its group.

    Args:
        pass_rates: [...] as for `group_weights`.
        group_size: as for `group_weights`.
        estimator: as for `group_weights`.

    Returns:
        [...] of a right one and [...] of a wrong one.

    Raises:
        ValueError: as for `group_weights`.

    Example:
        >>> mean_advantages([0.75], group_size=8, estimator="leave_one_out")
        (array([0.25]), array([-0.75]))
    """
    right, wrong = _advantages(group_size, estimator)
    others = success_probs(pass_rates, group_size - 1)
    return others @ right[1:], others @ wrong[:-1]


def mean_advantage_sizes(pass_rates: np.ndarray, *, group_size: int, estimator: str) -> np.ndarray:
    """Mean of |A| over the replies of a group: how much is said, good or bad.

        p E[A | right] - (1 - p) E[A | wrong]

    since no right reply has a negative advantage, and no wrong one a positive one.

    Args:
        pass_rates: [...] as for `group_weights`.
        group_size: as for `group_weights`.
        estimator: as for `group_weights`.

    Returns:
        [...] sizes.

    Raises:
        ValueError: as for `group_weights`.

    Example:
        >>> mean_advantage_sizes([0.5], group_size=2, estimator="group_mean")
        array([0.25])
    """
    right, wrong = mean_advantages(pass_rates, group_size=group_size, estimator=estimator)
    pass_rates = checked_pass_rates(pass_rates)
    return pass_rates * right - (1 - pass_rates) * wrong


def noisy_group_weights(
    pass_rates: np.ndarray,
    *,
    group_size: int,
    estimator: str,
    false_positive_rate: float,
    false_negative_rate: float,
) -> np.ndarray:
    """Weights if a verifier that errs gives the rewards, as factors of dp / d theta.

        weight(q) * (1 - fp - fn),    q = fp + (1 - fp - fn) p

    Args:
        pass_rates: [...] p, of replies that are really right.
        group_size: as for `group_weights`.
        estimator: as for `group_weights`.
        false_positive_rate: fp, probability that a wrong reply is passed.
        false_negative_rate: fn, probability that a right reply is failed.

    Returns:
        [...] weights; negative where fp + fn exceeds 1.

    Raises:
        ValueError: as for `group_weights`, or if a rate lies outside [0, 1].

    Example:
        >>> rates = {"false_positive_rate": 0.25, "false_negative_rate": 0.25}
        >>> noisy_group_weights([0.1], group_size=4, estimator="leave_one_out", **rates)
        array([0.5])
    """
    rates = {"false_positive_rate": false_positive_rate, "false_negative_rate": false_negative_rate}
    observed = observed_pass_rates(pass_rates, **rates)
    weights = group_weights(observed, group_size=group_size, estimator=estimator)
    return (1 - false_positive_rate - false_negative_rate) * weights


def group_objectives(pass_rates: np.ndarray, *, group_size: int, estimator: str) -> np.ndarray:
    """What an estimator climbs: the integral of its weight, 0 at a pass rate of 0.

        F(p) = integral from 0 to p of the weight = E[f(k)],    k successes among G
        f(k) = (1 / G) * sum over m < k of (advantage if right - advantage if wrong)

    with m of the others right. A polynomial in p, computed without approximation. With
    "mean" it is the sum over j < G of pass@j / j: log p is such a sum without an end,
    up to a constant.

    Args:
        pass_rates: [...] as for `group_weights`.
        group_size: as for `group_weights`.
        estimator: as for `group_weights`.

    Returns:
        [...] objective; only its slope has a meaning, not its zero.

    Raises:
        ValueError: as for `group_weights`.

    Example:
        >>> group_objectives([0.0, 0.3, 1.0], group_size=8, estimator="leave_one_out")
        array([0. , 0.3, 1. ])
    """
    right, wrong = _advantages(group_size, estimator)
    steps = np.concatenate([[0.0], right[1:] - wrong[:-1]]) / group_size
    return success_probs(pass_rates, group_size) @ steps.cumsum()


def limit_weights(pass_rates: np.ndarray, *, estimator: str) -> np.ndarray:
    """Weights in the limit of large groups: advantage if right less that if wrong.

        1                      "reward", "leave_one_out", "group_mean"
        1 / sqrt(p (1 - p))    "sample_std", "population_std"
        1 / p                  "mean"

    The objectives are p, 2 arcsin(sqrt p) and log p. "sample_std_plus" adds its 1e-4 to
    the root.

    Args:
        pass_rates: [...] as for `group_weights`.
        estimator: as for `group_weights`.

    Returns:
        [...] weights, infinite at the ends where nothing bounds them.

    Raises:
        ValueError: as for `group_weights`.

    Example:
        >>> limit_weights([0.1, 0.5], estimator="population_std").round(2)
        array([3.33, 2.  ])
    """
    pass_rates = checked_pass_rates(pass_rates)
    require_option(ADVANTAGES, estimator=estimator)
    std = np.sqrt(pass_rates * (1 - pass_rates))
    divisors = {
        "sample_std": std,
        "sample_std_plus": std + 1e-4,
        "population_std": std,
        "mean": pass_rates,
    }
    with np.errstate(divide="ignore"):
        return 1 / divisors.get(estimator, np.ones_like(pass_rates))


def two_answer_moments(
    pass_rates: np.ndarray, *, group_size: int, estimator: str
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the update of a policy that has two answers and one logit.

        p = sigmoid(theta),    dp / d theta = p (1 - p)
        d log pi / d theta = 1 - p for the right answer, -p for the wrong one

    Estimators of different weight are compared by variance / mean^2.

    Args:
        pass_rates: [...] as for `group_weights`.
        group_size: as for `group_weights`.
        estimator: as for `group_weights`.

    Returns:
        [...] means, weight times slope, and [...] variances of one group's update.

    Raises:
        ValueError: as for `group_weights`.

    Example:
        >>> two_answer_moments([0.5], group_size=2, estimator="leave_one_out")
        (array([0.25]), array([0.0625]))
    """
    right, wrong = _advantages(group_size, estimator)
    probs = success_probs(pass_rates, group_size)
    p = checked_pass_rates(pass_rates)[..., None]
    shares = np.arange(group_size + 1) / group_size
    updates = shares * right * (1 - p) - (1 - shares) * wrong * p
    means = (probs * updates).sum(-1)
    return means, (probs * (updates - means[..., None]) ** 2).sum(-1)


def _advantages(group_size: int, estimator: str) -> tuple[np.ndarray, np.ndarray]:
    """[G + 1] advantages of a right and of a wrong reply in a group of k right ones.

    Right ones where k = 0, and wrong ones where k = G, do not exist: what stands there
    must not count.
    """
    require_positive_integer(group_size=group_size)
    if group_size < 2:
        raise ValueError(f"group_size must be at least 2, got {group_size}")
    require_option(ADVANTAGES, estimator=estimator)
    rewards = torch.ones(group_size + 1, group_size, dtype=torch.float64).tril(-1)
    advantages = ADVANTAGES[estimator](rewards).numpy()
    return advantages[:, 0], advantages[:, -1]
