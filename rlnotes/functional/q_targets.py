"""Targets and losses of Q-learning. The last axis of a Q is actions."""

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_in_unit_interval, require_same_shape


def q_learning_targets(
    rewards: Tensor, next_q_values: Tensor, terminated: Tensor, *, gamma: float | Tensor
) -> Tensor:
    """What Q-learning moves Q(s_t, a_t) towards.

        y_t = r_t + gamma * max over a of Q(s_{t+1}, a)
        y_t = r_t                       if step t terminated

    A truncated step is not terminated: its target keeps the next value. A transition of
    k steps has the discounted sum of its rewards for r_t, and gamma^k for gamma.

    Args:
        rewards: [...] reward after acting in s_t.
        next_q_values: [..., A] action values of s_{t+1}; ignored where terminated.
        terminated: [...] bool, True where s_{t+1} is terminal.
        gamma: discount factor in [0, 1], per transition; a number or [...].

    Returns:
        [...] targets, discounted reward; differentiable in next_q_values, so detach
        them where they come from the network that is trained.

    Raises:
        ValueError: if shapes do not fit, terminated is not bool, a reward is not
            finite, or gamma lies outside [0, 1].

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
    gamma: float | Tensor,
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
        gamma: discount factor in [0, 1], per transition; a number or [...].

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


def chosen_q_values(q_values: Tensor, actions: Tensor) -> Tensor:
    """Value of the action taken in each row.

        Q(s_t, a_t)

    Args:
        q_values: [..., A] action values.
        actions: [...] int64 actions taken.

    Returns:
        [...] one value per row, discounted reward; differentiable in q_values.

    Raises:
        ValueError: if shapes do not fit, or an action is not int64 or does not exist.

    Example:
        >>> q_values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> chosen_q_values(q_values, torch.tensor([1, 0]))
        tensor([2., 3.])
    """
    if q_values.ndim == 0 or q_values.shape[:-1] != actions.shape:
        raise ValueError(
            f"q_values must have shape [*actions.shape, A], got {tuple(q_values.shape)} "
            f"for actions {tuple(actions.shape)}"
        )
    num_actions = q_values.shape[-1]
    if actions.dtype != torch.int64:
        raise ValueError(f"actions must be int64, got {actions.dtype}")
    try:
        return q_values.gather(-1, actions[..., None]).squeeze(-1)
    except RuntimeError:
        message = f"actions must lie in [0, {num_actions}), got {actions.tolist()}"
        raise ValueError(message) from None


def squared_td_loss(
    action_values: Tensor, targets: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Mean of half the squared TD error.

        loss = mean of weight * delta^2 / 2,   delta = target - Q(s, a)

    No gradient flows into the targets: the step is a semi-gradient, it moves Q(s, a)
    towards the target and not the two towards each other.

    Args:
        action_values: [...] Q(s_t, a_t), see `chosen_q_values`.
        targets: [...] see `q_learning_targets`.
        weights: [...] importance weights; None counts every element once.

    Returns:
        Scalar, differentiable in action_values.

    Raises:
        ValueError: if the shapes differ ([B] against [B, 1] would broadcast to
            [B, B]), or there is no number.

    References:
        Mnih et al. (2015), "Human-level control through deep reinforcement learning",
        Algorithm 1; without the factor 1/2 there.

    Example:
        >>> squared_td_loss(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 2.0]))
        tensor(2.2500)
    """
    return _mean_loss(torch.nn.functional.mse_loss, action_values, targets, weights) / 2


def huber_td_loss(action_values: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean Huber loss of the TD error: its slope never exceeds one.

        loss = mean of weight * h(delta)
        h(delta) = delta^2 / 2  if |delta| <= 1,  else |delta| - 1/2

    The same as clipping the TD error of the squared loss to [-1, 1] in the gradient.

    Args:
        action_values: [...] Q(s_t, a_t), see `chosen_q_values`.
        targets: [...] get no gradient, see `squared_td_loss`.
        weights: [...] importance weights; None counts every element once.

    Returns:
        Scalar, differentiable in action_values.

    Raises:
        ValueError: if the shapes differ, or there is no number.

    References:
        Huber (1964), "Robust estimation of a location parameter"; Mnih et al. (2015).

    Example:
        >>> huber_td_loss(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 2.5]))
        tensor(1.3125)
    """
    return _mean_loss(torch.nn.functional.huber_loss, action_values, targets, weights)


def _mean_loss(loss, action_values: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    require_same_shape(action_values=action_values, targets=targets)
    if action_values.numel() == 0:
        raise ValueError("action_values must hold at least one number, got none")
    if weights is None:
        return loss(action_values, targets.detach())
    require_same_shape(action_values=action_values, weights=weights)
    return (weights.detach() * loss(action_values, targets.detach(), reduction="none")).mean()


def _check(
    rewards: Tensor, next_q_values: Tensor, terminated: Tensor, gamma: float | Tensor
) -> None:
    require_same_shape(rewards=rewards, terminated=terminated)
    require_finite(rewards=rewards)
    if next_q_values.ndim == 0 or next_q_values.shape[:-1] != rewards.shape:
        raise ValueError(
            f"next_q_values must have shape [*rewards.shape, A], got "
            f"{tuple(next_q_values.shape)} for rewards {tuple(rewards.shape)}"
        )
    if terminated.dtype != torch.bool:
        raise ValueError(f"terminated must be a bool tensor, got {terminated.dtype}")
    if not isinstance(gamma, Tensor):
        require_in_unit_interval(gamma=gamma)
        return
    require_same_shape(rewards=rewards, gamma=gamma)
    if not ((gamma >= 0) & (gamma <= 1)).all():
        raise ValueError(f"gamma must lie in [0, 1], got {gamma.tolist()}")
