"""Advantages within a group of answers to one prompt: no critic, the others judge.

An answer may be without a score: a test that could not be run, a judge that gave no
verdict. A zero in its place would be a judgement. So mask= leaves it out: it gets the
advantage 0, and the others are compared as if it had not been drawn.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_same_shape
from rlnotes.functional.inputs import counted, finite_result, require_flags


def group_relative_advantages(rewards: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """How many standard deviations a reply is better than the mean of its group.

        A_i = (r_i - mean of the group) / (std of the group + 1e-4)

    with the sample standard deviation (G - 1 in the denominator). Two replies get
    +0.707 and -0.707 whether their rewards differ by 1 or by 100: the size of the gap
    is lost, unless it comes near 1e-4. Of rewards 0 and 1, a lone one among many gets
    the largest number.

    Args:
        rewards: [P, G] of G replies to each of P prompts, G at least 2, finite where
            counted.
        mask: [P, G] bool, True where a reply has a score; None counts all. Mean, std
            and G are those of the counted replies of a group. The other entries may be
            anything, NaN included.

    Returns:
        [P, G] without unit, with mean 0 in each group, exactly 0 where all rewards of a
        group are equal, where a reply does not count, and all over a group with fewer
        than two that do; float32 for half precision. Differentiable in what counts.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers of shape
            [P, G], fewer than two replies, a counted reward that is not finite or so
            large that the variance overflows, or a mask that is not bool or of another
            shape.

    References:
        Shao et al. (2024), arXiv:2402.03300, section 4.1. The paper does not say which
        standard deviation; this one, and the small number, are those of libraries.

    Example:
        >>> rewards = torch.tensor([[1.0, 0.0, 1.0, 0.5]])
        >>> group_relative_advantages(rewards)
        tensor([[ 0.7832, -1.3053,  0.7832, -0.2611]])
        >>> group_relative_advantages(rewards, mask=rewards != 0.5)
        tensor([[ 0.5773, -1.1545,  0.5773,  0.0000]])
    """
    centered, others = _centered_groups(rewards, mask)
    # Not a root of a mean of squares: at equal rewards that has no gradient, this 0.
    std = centered.std(dim=1, correction=1, keepdim=True)
    # What does not count lies at the mean: it adds nothing but to the denominator.
    std = std * ((centered.shape[1] - 1) / others) ** 0.5
    finite_result(std.max(), mask, rewards=rewards)
    return centered / (std + 1e-4)


def group_centered_advantages(rewards: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """How much better a reply is than the mean of its group, itself included.

        A_i = r_i - mean of the group = (G - 1) / G * leave_one_out

    The reply is part of its own baseline, so the expected gradient is (G - 1) / G of
    the right one: the same direction.

    Args:
        rewards: [P, G] as for `group_relative_advantages`.
        mask: [P, G] bool, likewise.

    Returns:
        [P, G] reward, with mean 0 in each group, 0 where not counted and all over a
        group with fewer than two that are; float32 for half precision.

    Raises:
        ValueError: as for `leave_one_out_advantages`.

    References:
        Liu et al. (2025), arXiv:2503.20783 (Dr. GRPO).

    Example:
        >>> rewards = torch.tensor([[1.0, 0.0, 1.0, 0.5]])
        >>> group_centered_advantages(rewards)
        tensor([[ 0.3750, -0.6250,  0.3750, -0.1250]])
        >>> group_centered_advantages(rewards, mask=rewards < 1)
        tensor([[ 0.0000, -0.2500,  0.0000,  0.2500]])
    """
    centered, _ = _centered_groups(rewards, mask)
    finite_result(centered.abs().max(), mask, rewards=rewards)
    return centered


def leave_one_out_advantages(rewards: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """How much better a reply is than the others to the same prompt.

        A_i = r_i - mean over j != i of r_j = G / (G - 1) * (r_i - mean of the group)

    The baseline knows nothing of reply i, so the expected gradient stays as it is.

    Args:
        rewards: [P, G] of G replies to each of P prompts, G at least 2, finite where
            counted.
        mask: [P, G] bool, True where a reply has a score; None counts all. The others
            of a reply, and G, are the counted ones.

    Returns:
        [P, G] advantages, reward, with mean 0 in each group, 0 where not counted and
        all over a group with fewer than two that are; float32 for half precision.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers of shape
            [P, G], fewer than two replies, a counted reward that is not finite or so
            large that an advantage overflows, or a mask that is not bool or of another
            shape.

    References:
        Kool et al. (2019), "Buy 4 REINFORCE samples, get a baseline for free!";
        Ahmadian et al. (2024), arXiv:2402.14740.

    Example:
        >>> rewards = torch.tensor([[1.0, 0.0, 1.0, 0.5]])
        >>> leave_one_out_advantages(rewards)
        tensor([[ 0.5000, -0.8333,  0.5000, -0.1667]])
        >>> leave_one_out_advantages(rewards, mask=rewards < 1)
        tensor([[ 0.0000, -0.5000,  0.0000,  0.5000]])
    """
    centered, others = _centered_groups(rewards, mask)
    advantages = centered * ((others + 1) / others)
    finite_result(advantages.abs().max(), mask, rewards=rewards)
    return advantages


class _Centered(NamedTuple):
    rewards: Tensor  # [P, G] less the mean of their group; 0 where not counted
    others: Tensor | int  # [P, 1] counted replies of a group but one, at least 1


def _centered_groups(rewards: Tensor, mask: Tensor | None) -> _Centered:
    """Rewards less the mean of their group; equal ones give exactly 0."""
    (wide,) = counted(None, rewards=rewards)
    if wide.ndim != 2 or wide.shape[1] < 2:
        raise ValueError(f"rewards must have shape [P, G], G > 1, got {tuple(wide.shape)}")
    # Differences of nearly equal rewards are exact, their mean is rounded.
    if mask is None:
        differences = wide - wide[:, :1]
        centered = differences - differences.mean(dim=1, keepdim=True)
        return _Centered(centered, wide.shape[1] - 1)
    # A mask may count nothing here: not a mean is asked for, and 0 is an answer.
    require_flags(mask=mask)
    require_same_shape(rewards=rewards, mask=mask)
    others = (mask.sum(dim=1, keepdim=True) - 1).clamp(min=1).to(wide.dtype)
    one_counted = wide.gather(1, mask.long().argmax(dim=1, keepdim=True))
    # `where`, not a product: what does not count may be anything, NaN included.
    differences = torch.where(mask, wide - one_counted, 0.0)
    means = differences.sum(dim=1, keepdim=True) / (others + 1)
    return _Centered(torch.where(mask, differences - means, 0.0), others)
