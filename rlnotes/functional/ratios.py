"""Ratios of two policies' probabilities, and what PPO makes of them."""

import math

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_positive
from rlnotes.functional.inputs import counted, finite_result, require_counted_finite


def probability_ratios(log_probs: Tensor, old_log_probs: Tensor) -> Tensor:
    """How many times as likely the policy makes each action as the one that drew it.

        ratio_t = pi(a_t | s_t) / pi_old(a_t | s_t)

    Args:
        log_probs: [...] log pi(a_t | s_t) of the policy that is being changed, nats.
        old_log_probs: [...] the same of the policy that sampled, stored then.

    Returns:
        [...] positive; 1 where nothing changed; float32 for half precision.
        Differentiable in log_probs only.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a number is not finite, there is none, or a ratio is too large for
            its dtype.

    References:
        Schulman et al. (2017), arXiv:1707.06347, section 3.

    Example:
        >>> old_probs = torch.tensor([0.5, 0.01])
        >>> probability_ratios(torch.tensor([0.6, 0.012]).log(), old_probs.log())
        tensor([1.2000, 1.2000])
    """
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    return counted_ratios(*counted(None, **given), mask=None, given=given)


def clipped_surrogate(ratios: Tensor, advantages: Tensor, *, clip_epsilon: float) -> Tensor:
    """What PPO maximizes, one number for each sample.

        min(ratio A, clip(ratio, 1 - eps, 1 + eps) A)

    For A > 0 this is min(ratio, 1 + eps) A, for A < 0 it is max(ratio, 1 - eps) A: the
    minimum leaves one end of the band for either sign.

    Args:
        ratios: [...] positive, see `probability_ratios`.
        advantages: [...] of the same samples.
        clip_epsilon: positive.

    Returns:
        [...] float32 for half precision; differentiable in ratios only.

    Raises:
        ValueError: as for `ppo_gradient_mask`, or if a product overflows.

    References:
        Schulman et al. (2017), arXiv:1707.06347, Eq. 7.

    Example:
        >>> ratios = torch.tensor([0.5, 1.0, 1.5])
        >>> clipped_surrogate(ratios, torch.full((3,), -4.0), clip_epsilon=0.25)
        tensor([-3., -4., -6.])
    """
    ratios, advantages = checked_pair(ratios, advantages, clip_epsilon)
    surrogates = surrogates_of(ratios, advantages, low=clip_epsilon, high=clip_epsilon)
    largest = surrogates.detach().abs().max()
    finite_result(largest, None, ratios=ratios, advantages=advantages)
    return surrogates


def counted_ratios(
    log_probs: Tensor, old_log_probs: Tensor, *, mask: Tensor | None, given: dict[str, Tensor]
) -> Tensor:
    """Ratios of what a mask has left; the tensors as given are for the error message.

    Args:
        log_probs: [N] as `counted` returns them.
        old_log_probs: [N] likewise.
        mask: [...] what selected them, or None.
        given: both as they were before, [...], by name.

    Raises:
        ValueError: if a counted number is not finite, or a ratio overflows.
    """
    log_ratios = log_probs - old_log_probs.detach()
    ratios = log_ratios.exp()
    # A finite sum has finite terms only: one number to look at instead of two tensors.
    if not math.isfinite(log_ratios.detach().sum().item()):
        require_counted_finite(mask, **given)
    if ratios.detach().max() == torch.inf:
        raise ValueError(
            "log_probs must not lie so far above old_log_probs that a ratio overflows, got a "
            f"difference of {log_ratios.max().item():g}"
        )
    return ratios


def checked_pair(ratios: Tensor, advantages: Tensor, clip_epsilon: float) -> list[Tensor]:
    """Both in one dtype.

    Raises:
        ValueError: as for `ppo_gradient_mask`.
    """
    require_positive(clip_epsilon=clip_epsilon)
    ratios, advantages = counted(None, ratios=ratios, advantages=advantages)
    require_finite(ratios=ratios, advantages=advantages)
    if (ratios < 0).any():
        raise ValueError(f"ratios must not be negative, got {ratios.min().item():g}")
    return [ratios, advantages]


def surrogates_of(ratios: Tensor, advantages: Tensor, *, low: float, high: float) -> Tensor:
    """[...] min(ratio A, clip(ratio, 1 - low, 1 + high) A), of checked numbers."""
    advantages = advantages.detach()
    clipped = ratios.clamp(1 - low, 1 + high)
    return torch.minimum(ratios * advantages, clipped * advantages)
