"""Returns of recorded episodes. Time is the last axis."""

import torch
from torch import Tensor

from rlnotes._checks import (
    require_finite,
    require_in_unit_interval,
    require_positive_integer,
    require_same_shape,
)
from rlnotes.functional.recurrences import at_least_float32, backward_recurrence


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
        [..., T] returns, discounted reward.

    Raises:
        ValueError: if shapes differ, a record is empty, a reward or a value that is
            used is not finite, a flag is not bool, or gamma lies outside [0, 1].

    References:
        Sutton & Barto (2018), section 3.3; for truncation Pardo et al. (2018),
        arXiv:1712.00378.

    Example:
        >>> zero, no = torch.zeros(3), torch.zeros(3, dtype=torch.bool)
        >>> end = torch.tensor([False, False, True])
        >>> discounted_returns(torch.tensor([0., 0., 8.]), zero, end, no, gamma=0.5)
        tensor([2., 4., 8.])
    """
    require_same_shape(rewards=rewards, next_values=next_values)
    require_record(rewards, terminated=terminated, truncated=truncated)
    ends = truncated.clone()
    ends[..., -1] = True
    tails = torch.where(ends, next_values, 0.0)
    return lambda_returns(rewards, tails, terminated, truncated, gamma=gamma, gae_lambda=1.0)


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
        next_values: [..., T] V(s_{t+1}); ignored where terminated.
        terminated: [..., T] bool, True where s_{t+1} is terminal.
        truncated: [..., T] bool, True where a time limit ended the episode.
        gamma: discount factor in [0, 1], per step.
        gae_lambda: 0 gives the TD target, 1 the discounted return.

    Returns:
        [..., T] returns, discounted reward. Half precision is summed in float32.

    Raises:
        ValueError: if shapes differ, a record is empty, a reward or a value that is
            used is not finite, a flag is not bool, or gamma or gae_lambda lies outside
            [0, 1].

    References:
        Sutton & Barto (2018), section 12.1, in recursive form.

    Example:
        >>> one, no = torch.ones(2), torch.zeros(2, dtype=torch.bool)
        >>> lambda_returns(one, 4 * one, no, no, gamma=0.5, gae_lambda=0.0)
        tensor([3., 3.])
    """
    require_same_shape(rewards=rewards, next_values=next_values)
    require_record(rewards, terminated=terminated, truncated=truncated)
    require_in_unit_interval(gamma=gamma, gae_lambda=gae_lambda)

    # `where`, not a product: an ignored entry may be anything, NaN included.
    following = torch.where(terminated, 0.0, next_values)
    require_finite(next_values=following)
    (rewards, following), dtype = at_least_float32(rewards, following)
    ends = terminated | truncated
    ends[..., -1] = True
    bootstraps = torch.where(ends, following, (1 - gae_lambda) * following)
    inputs = rewards + gamma * bootstraps
    decays = torch.full_like(inputs, gamma * gae_lambda).masked_fill(ends, 0.0)
    return backward_recurrence(inputs, decays).to(dtype)


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
        [..., T] returns, discounted reward. Half precision is summed in float32.

    Raises:
        ValueError: as for `lambda_returns`, or if n is not a positive integer.

    References:
        Sutton & Barto (2018), Eq. 7.1.

    Example:
        >>> one, no = torch.ones(3), torch.zeros(3, dtype=torch.bool)
        >>> n_step_returns(one, 4 * one, no, no, gamma=0.5, n=2)
        tensor([2.5000, 2.5000, 3.0000])
    """
    require_positive_integer(n=n)
    require_same_shape(rewards=rewards, next_values=next_values)
    require_record(rewards, terminated=terminated, truncated=truncated)
    (rewards, next_values), dtype = at_least_float32(rewards, next_values)
    targets = lambda_returns(
        rewards, next_values, terminated, truncated, gamma=gamma, gae_lambda=0.0
    )
    stops = terminated | truncated
    stops[..., -1] = True
    one_step = targets
    for _ in range(min(n, rewards.shape[-1]) - 1):
        targets = torch.where(stops, one_step, rewards + gamma * targets.roll(-1, dims=-1))
    return targets.to(dtype)


def require_record(rewards: Tensor, **flags: Tensor) -> None:
    """Raise unless rewards hold finite steps, and flags are bools of that shape."""
    require_same_shape(rewards=rewards, **flags)
    if rewards.ndim == 0 or rewards.shape[-1] == 0:
        raise ValueError(f"rewards must hold at least one step, got shape {tuple(rewards.shape)}")
    require_finite(rewards=rewards)
    for name, flag in flags.items():
        if flag.dtype != torch.bool:
            raise ValueError(f"{name} must be a bool tensor, got {flag.dtype}")
