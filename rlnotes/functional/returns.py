"""Returns of recorded episodes. Time is the last axis."""

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_positive_integer, require_same_shape
from rlnotes.functional.inputs import (
    at_least_float32,
    require_flags,
    require_tensors,
    unit_interval,
)
from rlnotes.functional.recurrences import backward_recurrence


def discounted_returns(
    rewards: Tensor, next_values: Tensor, terminated: Tensor, truncated: Tensor, *, gamma: float
) -> Tensor:
    """Discounted return from each step to the end of its episode.

        G_t = r_t + gamma * G_{t+1}
        G_{t+1} = 0                  if step t terminated
        G_{t+1} = next_values[t]     if step t was truncated, or is the last one

    Index: r_t is the reward for acting in s_t; Sutton & Barto write R_{t+1}. Several
    episodes may follow each other along the time axis.

    Args:
        rewards: [..., T] reward after acting in s_t.
        next_values: [..., T] V(s_{t+1}); ignored where terminated, and in the middle
            of an episode. Zeros give the plain sum of the recorded rewards.
        terminated: [..., T] bool, True where s_{t+1} is terminal.
        truncated: [..., T] bool, True where a time limit ended the episode.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [..., T] returns, discounted reward; float32 for half precision and for whole
        numbers. Differentiable in rewards and next_values.

    Raises:
        ValueError: for what is no torch tensor, if shapes differ, a record is empty, a
            reward or a value that is used is not finite, a flag is not bool, or gamma
            is no number in [0, 1].

    References:
        Sutton & Barto (2018), section 3.3; for truncation Pardo et al. (2018),
        arXiv:1712.00378.

    Example:
        >>> zero, no = torch.zeros(3), torch.zeros(3, dtype=torch.bool)
        >>> end = torch.tensor([False, False, True])
        >>> discounted_returns(torch.tensor([0., 0., 8.]), zero, end, no, gamma=0.5)
        tensor([2., 4., 8.])
    """
    return lambda_returns(rewards, next_values, terminated, truncated, gamma=gamma, gae_lambda=1.0)


def lambda_returns(
    rewards: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    gamma: float,
    gae_lambda: float,
) -> Tensor:
    """Lambda-return from each step: a mixture of n-step returns.

        G_t = r_t + gamma * ((1 - lambda) * V(s_{t+1}) + lambda * G_{t+1})
        G_t = r_t                       if step t terminated
        G_t = r_t + gamma * V(s_{t+1})  if step t was truncated, or is the last one

    Args:
        rewards: [..., T] reward after acting in s_t.
        next_values: [..., T] V(s_{t+1}); ignored where terminated, and with lambda = 1
            in the middle of an episode.
        terminated: [..., T] bool, True where s_{t+1} is terminal.
        truncated: [..., T] bool, True where a time limit ended the episode; where both
            flags stand, the step terminated.
        gamma: discount factor in [0, 1], per step.
        gae_lambda: in [0, 1]; 0 gives the TD target, 1 the discounted return.

    Returns:
        [..., T] returns, discounted reward; float32 for half precision and for whole
        numbers. Differentiable in rewards and next_values.

    Raises:
        ValueError: as for `discounted_returns`, or if gae_lambda is no number in
            [0, 1].

    References:
        Sutton & Barto (2018), section 12.1, in recursive form.

    Example:
        >>> one, no = torch.ones(2), torch.zeros(2, dtype=torch.bool)
        >>> lambda_returns(one, 4 * one, no, no, gamma=0.5, gae_lambda=0.0)
        tensor([3., 3.])
    """
    flags = {"terminated": terminated, "truncated": truncated}
    rewards, next_values = recorded(rewards, flags, next_values=next_values)
    gamma, gae_lambda = unit_interval(gamma=gamma, gae_lambda=gae_lambda)
    ends = terminated | truncated
    ends[..., -1] = True
    # `where`, not a product: an ignored entry may be anything, NaN included.
    ignored = terminated | ~ends if gae_lambda == 1 else terminated
    following = torch.where(ignored, 0.0, next_values)
    require_finite(next_values=following)
    bootstraps = torch.where(ends, following, (1 - gae_lambda) * following)
    inputs = rewards + gamma * bootstraps
    decays = torch.full_like(inputs, gamma * gae_lambda).masked_fill(ends, 0.0)
    return backward_recurrence(inputs, decays)


def n_step_returns(
    rewards: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    gamma: float,
    n: int,
) -> Tensor:
    """n-step TD targets: n rewards, then one value for all that follows.

        G_t = r_t + gamma r_{t+1} + ... + gamma^(n-1) r_{t+n-1} + gamma^n V(s_{t+n})

    An episode that ends earlier ends the sum: with 0 behind it if terminated, with
    V(s_{t+1}) of its last step if truncated or at the end of the record.

    Args:
        rewards: [..., T] reward after acting in s_t.
        next_values: [..., T] V(s_{t+1}); ignored where terminated.
        terminated: [..., T] bool, True where s_{t+1} is terminal.
        truncated: [..., T] bool, True where a time limit ended the episode.
        gamma: discount factor in [0, 1], per step.
        n: number of rewards, at least 1; from T on the result is the discounted return.

    Returns:
        [..., T] returns, discounted reward; float32 for half precision and for whole
        numbers. Differentiable in rewards and next_values.

    Raises:
        ValueError: as for `discounted_returns`, or if n is not a positive integer. All
            next values must be finite, but where terminated.

    References:
        Sutton & Barto (2018), Eq. 7.1.

    Example:
        >>> one, no = torch.ones(3), torch.zeros(3, dtype=torch.bool)
        >>> n_step_returns(one, 4 * one, no, no, gamma=0.5, n=2)
        tensor([2.5000, 2.5000, 3.0000])
    """
    require_positive_integer(n=n)
    flags = {"terminated": terminated, "truncated": truncated}
    rewards, next_values = recorded(rewards, flags, next_values=next_values)
    (gamma,) = unit_interval(gamma=gamma)
    targets = lambda_returns(
        rewards, next_values, terminated, truncated, gamma=gamma, gae_lambda=0.0
    )
    stops = terminated | truncated
    stops[..., -1] = True
    one_step = targets
    for _ in range(min(n, rewards.shape[-1]) - 1):
        targets = torch.where(stops, one_step, rewards + gamma * targets.roll(-1, dims=-1))
    return targets


def recorded(rewards: Tensor, flags: dict[str, Tensor], **values: Tensor) -> list[Tensor]:
    """Rewards and values of a record that holds together, as `at_least_float32`.

    Args:
        rewards: [..., T] finite; T at least 1.
        flags: [..., T] bool, by name.
        values: [..., T] numbers by name; not looked at, since some may be ignored.

    Returns:
        Rewards, then the values in their order, in one dtype.

    Raises:
        ValueError: for what is no torch tensor, if shapes differ, there is no step, a
            reward is not finite, or a flag is not bool.
    """
    numbers = {"rewards": rewards, **values}
    require_tensors(**numbers, **flags)
    require_same_shape(**numbers, **flags)
    require_flags(**flags)
    if rewards.ndim == 0 or rewards.numel() == 0:
        raise ValueError(f"rewards must hold at least one step, got shape {tuple(rewards.shape)}")
    require_finite(rewards=rewards)
    return at_least_float32(**numbers)
