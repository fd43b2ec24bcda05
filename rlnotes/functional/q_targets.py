"""Targets of Q-learning and its double variant. The last axis of a Q is actions."""

import torch
from torch import Tensor

from rlnotes._checks import require_in_unit_interval, require_same_shape


def q_learning_targets(
    rewards: Tensor, next_q_values: Tensor, terminated: Tensor, *, gamma: float
) -> Tensor:
    """What Q-learning moves Q(s_t, a_t) towards.

        y_t = r_t + gamma * max over a of Q(s_{t+1}, a)
        y_t = r_t                       if step t terminated

    A truncated step is not terminated: its target keeps the next value.

    Args:
        rewards: [...] reward after acting in s_t.
        next_q_values: [..., A] action values of s_{t+1}; ignored where terminated.
        terminated: [...] bool, True where s_{t+1} is terminal.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [...] targets, discounted reward; differentiable in next_q_values, so detach
        them where they come from the network that is trained.

    Raises:
        ValueError: if shapes do not fit, terminated is not bool, or gamma lies outside
            [0, 1].

    References:
        Watkins (1989); Sutton & Barto (2018), Eq. 6.8.

    Example:
        >>> no = torch.tensor([False, True])
        >>> q_learning_targets(
        ...     torch.ones(2), torch.tensor([[2.0, 4.0], [9.0, 9.0]]), no, gamma=0.5)
        tensor([3., 1.])
    """
    _check(rewards, next_q_values, terminated, gamma)
    next_values = next_q_values.max(dim=-1).values
    return rewards + gamma * torch.where(terminated, 0.0, next_values)


def double_q_learning_targets(
    rewards: Tensor,
    next_q_values_online: Tensor,
    next_q_values_target: Tensor,
    terminated: Tensor,
    *,
    gamma: float,
) -> Tensor:
    """Targets that choose the next action with one estimate and value it with another.

        a*  = argmax over a of Q_online(s_{t+1}, a)
        y_t = r_t + gamma * Q_target(s_{t+1}, a*)
        y_t = r_t                       if step t terminated

    Args:
        rewards: [...] reward after acting in s_t.
        next_q_values_online: [..., A] chooses the action.
        next_q_values_target: [..., A] values it; ignored where terminated.
        terminated: [...] bool, True where s_{t+1} is terminal.
        gamma: discount factor in [0, 1], per step.

    Returns:
        [...] targets, discounted reward; differentiable in next_q_values_target.

    Raises:
        ValueError: as for `q_learning_targets`.

    References:
        van Hasselt (2010), "Double Q-learning"; van Hasselt, Guez & Silver (2016),
        arXiv:1509.06461.

    Example:
        >>> online, target = torch.tensor([[1.0, 2.0]]), torch.tensor([[9.0, 3.0]])
        >>> double_q_learning_targets(
        ...     torch.zeros(1), online, target, torch.tensor([False]), gamma=1.0)
        tensor([3.])
    """
    require_same_shape(
        next_q_values_online=next_q_values_online, next_q_values_target=next_q_values_target
    )
    _check(rewards, next_q_values_target, terminated, gamma)
    best_actions = next_q_values_online.argmax(dim=-1, keepdim=True)
    next_values = next_q_values_target.gather(-1, best_actions).squeeze(-1)
    return rewards + gamma * torch.where(terminated, 0.0, next_values)


def _check(rewards: Tensor, next_q_values: Tensor, terminated: Tensor, gamma: float) -> None:
    require_same_shape(rewards=rewards, terminated=terminated)
    if next_q_values.ndim == 0 or next_q_values.shape[:-1] != rewards.shape:
        raise ValueError(
            f"next_q_values must have shape [*rewards.shape, A], got "
            f"{tuple(next_q_values.shape)} for rewards {tuple(rewards.shape)}"
        )
    if terminated.dtype != torch.bool:
        raise ValueError(f"terminated must be a bool tensor, got {terminated.dtype}")
    require_in_unit_interval(gamma=gamma)
