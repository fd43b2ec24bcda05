"""Advantage estimates from recorded rewards and a critic. Time is the last axis.

Those within a group of answers need no critic and stand in a module of their own,
`group_advantages`. This module is their address: everything else takes them from here.
"""

import math

import torch
from torch import Tensor

from rlnotes._checks import require_finite
from rlnotes.functional.group_advantages import (
    group_centered_advantages,
    group_relative_advantages,
    leave_one_out_advantages,
)
from rlnotes.functional.inputs import (
    counted,
    largest_size,
    require_counted_finite,
    unit_interval,
)
from rlnotes.functional.recurrences import backward_recurrence
from rlnotes.functional.returns import recorded

__all__ = [
    "generalized_advantage_estimation",
    "group_centered_advantages",
    "group_relative_advantages",
    "leave_one_out_advantages",
    "normalize_advantages",
    "td_errors",
]


def td_errors(
    rewards: Tensor, values: Tensor, next_values: Tensor, terminated: Tensor, *, gamma: float
) -> Tensor:
    """TD errors: how much better a step went than the critic expected.

        delta_t = r_t + gamma * V(s_{t+1}) - V(s_t),    V(s_{t+1}) = 0 if terminated

    A truncated step keeps V(s_{t+1}): the task goes on, only the record stops. There,
    as at the last step, next_values must hold the value of the state that was reached,
    not that of the first state of the next episode.

    Args:
        rewards: [..., T] reward after acting in s_t.
        values: [..., T] V(s_t), discounted reward.
        next_values: [..., T] V(s_{t+1}); ignored where terminated.
        terminated: [..., T] bool, True where s_{t+1} is terminal.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [..., T] TD errors, discounted reward; float32 for half precision and for whole
        numbers. Differentiable in both values, so detach next_values (or the result)
        where a target must stay constant.

    Raises:
        ValueError: for what is no torch tensor, if shapes differ, a record is empty, a
            number that is used is not finite, terminated is not bool, or gamma is no
            number in [0, 1].

    References:
        Sutton & Barto (2018), Eq. 6.5.

    Example:
        >>> no = torch.zeros(1, dtype=torch.bool)
        >>> step = torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([8.0])
        >>> td_errors(*step, no, gamma=0.5), td_errors(*step, ~no, gamma=0.5)
        (tensor([2.]), tensor([-2.]))
    """
    flags = {"terminated": terminated}
    rewards, values, next_values = recorded(rewards, flags, values=values, next_values=next_values)
    (gamma,) = unit_interval(gamma=gamma)
    # `where`, not a product: an ignored entry may be anything, NaN included.
    following = torch.where(terminated, 0.0, next_values)
    require_finite(values=values, next_values=following)
    return rewards + gamma * following - values


def generalized_advantage_estimation(
    rewards: Tensor,
    values: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    gamma: float,
    gae_lambda: float,
) -> Tensor:
    """Generalized advantage estimates, GAE(gamma, lambda).

        A_t = delta_t + gamma * lambda * (1 - done_t) * A_{t+1},    A_T = 0
        A_t = sum over k of (gamma * lambda)^k * delta_{t+k}, to the end of the episode

    done_t = terminated_t or truncated_t: both end the sum, but only termination removes
    the bootstrap value inside delta_t. The last step of a record bootstraps as well.
    With values of the same critic in both places, A + V is the lambda-return.

    For a language model, T counts the tokens of a completion, gamma is mostly 1, the
    reward stands at the last token and that token is terminated. What follows it is
    padding: it does not reach the tokens before, but its own entries mean nothing. So
    leave it out of every mean: hand the completion mask as mask= to
    `normalize_advantages` and to the losses. Zeros in its place would still be counted.

    Args:
        rewards: [..., T] reward after acting in s_t.
        values: [..., T] V(s_t), discounted reward.
        next_values: [..., T] V(s_{t+1}), see `td_errors`.
        terminated: [..., T] bool, True where s_{t+1} is terminal.
        truncated: [..., T] bool, True where a time limit ended the episode; where both
            flags stand, the step terminated.
        gamma: discount factor in [0, 1], per step.
        gae_lambda: in [0, 1]; 0 gives the TD error, 1 the discounted return minus V.

    Returns:
        [..., T] advantages, not normalized, discounted reward; float32 for half
        precision and for whole numbers. Differentiable in rewards, values and
        next_values.

    Raises:
        ValueError: as for `td_errors`, or if truncated is not bool or gae_lambda is no
            number in [0, 1].

    References:
        Schulman et al. (2016), arXiv:1506.02438, Eq. 16.

    Example:
        >>> one, no = torch.ones(2), torch.zeros(2, dtype=torch.bool)
        >>> end = torch.tensor([False, True])
        >>> generalized_advantage_estimation(
        ...     one, 0 * one, 0 * one, end, no, gamma=0.5, gae_lambda=1.0)
        tensor([1.5000, 1.0000])
    """
    flags = {"terminated": terminated, "truncated": truncated}
    rewards, values, next_values = recorded(rewards, flags, values=values, next_values=next_values)
    gamma, gae_lambda = unit_interval(gamma=gamma, gae_lambda=gae_lambda)
    deltas = td_errors(rewards, values, next_values, terminated, gamma=gamma)
    decays = torch.full_like(deltas, gamma * gae_lambda).masked_fill(terminated | truncated, 0.0)
    return backward_recurrence(deltas, decays)


def normalize_advantages(advantages: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Advantages with mean 0 and standard deviation 1, over all that count.

        (A - mean) / std,    std = sqrt(sum of (A - mean)^2 / (n - 1))

    This changes the scale and the zero of the advantages, hence it is a step of its own
    and no part of GAE. Some programs do it once per batch, others in each minibatch;
    what is given here is what is compared. Where all elements are equal (or there is
    one) nothing can be told apart: the result is 0, and the policy's part of an update
    then does nothing.

    Args:
        advantages: [...] at least one, floating-point, finite where counted.
        mask: [...] bool, True where an element counts, such as the tokens of a
            completion; None counts all. The others may be anything, NaN included.

    Returns:
        [...] numbers without unit, 0 where not counted; float32 for half precision.
        Differentiable in what counts.

    Raises:
        ValueError: for what is no torch tensor, if there is no element, the dtype holds
            whole numbers, a counted one is not finite or so large that the variance
            overflows, or the mask does not fit or counts nothing.

    References:
        Huang et al. (2022), "The 37 implementation details of PPO", number 7; there in
        each minibatch, and with a small number added to the std.

    Example:
        >>> normalize_advantages(torch.tensor([3.0, 4.0, 5.0]))
        tensor([-1.,  0.,  1.])
        >>> padded = torch.tensor([3.0, 4.0, 5.0, 0.0])
        >>> normalize_advantages(padded, mask=padded > 0)
        tensor([-1.,  0.,  1.,  0.])
    """
    (selected,) = counted(mask, advantages=advantages)
    require_counted_finite(mask, advantages=advantages)
    normalized = _normalized(selected)
    if mask is None:
        return normalized
    zeros = torch.zeros_like(advantages, dtype=normalized.dtype)
    return zeros.masked_scatter(mask, normalized)


def _normalized(advantages: Tensor) -> Tensor:
    flat = advantages.detach().flatten()
    # Asked of the numbers, not of the std: the mean of equal numbers may be rounded.
    if (flat == flat[0]).all():
        return torch.zeros_like(advantages)
    centered = advantages - advantages.mean()
    if centered.abs().max() < 1e-3 * flat.abs().max():
        # Nearly equal numbers: their mean is rounded, their differences are exact.
        differences = advantages - flat[0]
        centered = differences - differences.mean()
    std = centered.std(correction=1)
    if not math.isfinite(std.item()):
        raise ValueError(
            "advantages must not be so large that their variance overflows, got "
            f"{largest_size(flat):g}"
        )
    return centered / std
