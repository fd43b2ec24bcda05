"""Targets and losses of Q-learning. The last axis of a Q is actions."""

import math

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_same_shape
from rlnotes.functional.inputs import (
    at_least_float32,
    counted,
    finite_result,
    require_elements,
    require_flags,
    require_real,
    require_tensors,
    unit_interval,
)


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
        gamma: discount factor in [0, 1]; a number, or a tensor [...] with one for each
            transition.

    Returns:
        [...] targets, discounted reward, float32 for half precision; differentiable in
        next_q_values, so detach them where they come from the network that is trained.

    Raises:
        ValueError: for what is no torch tensor, if shapes do not fit, there is no
            transition, terminated is not bool, a reward or the maximum is not finite,
            or gamma is no number in [0, 1].

    References:
        Watkins (1989); Sutton & Barto (2018), Eq. 6.8.

    Example:
        >>> no = torch.tensor([False, True])
        >>> q_learning_targets(
        ...     torch.ones(2), torch.tensor([[2.0, 4.0], [9.0, 9.0]]), no, gamma=0.5)
        tensor([3., 1.])
    """
    _check(rewards, terminated, next_q_values=next_q_values)
    next_values = torch.where(terminated, 0.0, next_q_values.max(dim=-1).values)
    return _targets(rewards, gamma, next_q_values=next_values)


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
        next_q_values_online: [..., A] chooses the action; ignored where terminated.
        next_q_values_target: [..., A] values it; ignored where terminated.
        terminated: [...] bool, True where s_{t+1} is terminal.
        gamma: discount factor in [0, 1]; a number, or a tensor [...] with one for each
            transition.

    Returns:
        [...] targets, discounted reward, float32 for half precision; differentiable in
        next_q_values_target.

    Raises:
        ValueError: as for `q_learning_targets`, also if the largest value that chooses
            is not finite, or the value of what it chooses.

    References:
        van Hasselt (2010), "Double Q-learning"; van Hasselt, Guez & Silver (2016),
        arXiv:1509.06461.

    Example:
        >>> online, target = torch.tensor([[1.0, 2.0]]), torch.tensor([[9.0, 3.0]])
        >>> double_q_learning_targets(
        ...     torch.zeros(1), online, target, torch.tensor([False]), gamma=1.0)
        tensor([3.])
    """
    given = {
        "next_q_values_online": next_q_values_online,
        "next_q_values_target": next_q_values_target,
    }
    _check(rewards, terminated, **given)
    # NaN counts as the maximum, so it cannot hide behind another action.
    highest, best_actions = next_q_values_online.detach().max(dim=-1, keepdim=True)
    if not math.isfinite(highest.sum().item()):
        require_finite(next_q_values_online=torch.where(terminated, 0.0, highest.squeeze(-1)))
    next_values = next_q_values_target.gather(-1, best_actions).squeeze(-1)
    next_values = torch.where(terminated, 0.0, next_values)
    return _targets(rewards, gamma, next_q_values_target=next_values)


def chosen_q_values(q_values: Tensor, actions: Tensor) -> Tensor:
    """Value of the action taken in each row.

        Q(s_t, a_t)

    Args:
        q_values: [..., A] action values.
        actions: [...] int64 actions taken.

    Returns:
        [...] one value per row, discounted reward, float32 for half precision;
        differentiable in q_values.

    Raises:
        ValueError: for what is no torch tensor, if shapes do not fit, or an action is
            not int64 or does not exist.

    Example:
        >>> q_values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> chosen_q_values(q_values, torch.tensor([1, 0]))
        tensor([2., 3.])
    """
    require_tensors(q_values=q_values, actions=actions)
    if q_values.ndim == 0 or q_values.shape[:-1] != actions.shape:
        raise ValueError(
            f"q_values must have shape [*actions.shape, A], got {tuple(q_values.shape)} "
            f"for actions {tuple(actions.shape)}"
        )
    num_actions = q_values.shape[-1]
    if actions.dtype != torch.int64:
        raise ValueError(f"actions must be int64, got {actions.dtype}")
    try:
        chosen = q_values.gather(-1, actions[..., None]).squeeze(-1)
    except RuntimeError:
        message = f"actions must lie in [0, {num_actions}), got {actions.tolist()}"
        raise ValueError(message) from None
    return at_least_float32(q_values=chosen)[0]


def squared_td_loss(
    action_values: Tensor,
    targets: Tensor,
    weights: Tensor | None = None,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """Mean of half the squared TD error.

        loss = mean of weight * delta^2 / 2,   delta = target - Q(s, a)

    No gradient flows into the targets: the step is a semi-gradient, it moves Q(s, a)
    towards the target and not the two towards each other.

    Args:
        action_values: [...] Q(s_t, a_t), see `chosen_q_values`.
        targets: [...] see `q_learning_targets`.
        weights: [...] importance weights; None counts every element once.
        mask: [...] bool, True where an element counts; None counts all. The others
            reach neither value nor gradient and may be anything, NaN included.

    Returns:
        Scalar, float32 for half precision; differentiable in action_values.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ ([B] against [B, 1] would broadcast to [B, B]), a counted number is
            not finite, there is none, the mask is not bool or counts nothing, or the
            result overflows.

    References:
        Mnih et al. (2015), "Human-level control through deep reinforcement learning",
        Algorithm 1; without the factor 1/2 there.

    Example:
        >>> squared_td_loss(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 2.0]))
        tensor(2.2500)
    """
    loss = torch.nn.functional.mse_loss
    return _mean_loss(loss, mask, action_values, targets, weights) / 2


def huber_td_loss(
    action_values: Tensor,
    targets: Tensor,
    weights: Tensor | None = None,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """Mean Huber loss of the TD error: its slope never exceeds one.

        loss = mean of weight * h(delta)
        h(delta) = delta^2 / 2  if |delta| <= 1,  else |delta| - 1/2

    The same as clipping the TD error of the squared loss to [-1, 1] in the gradient.

    Args:
        action_values: [...] Q(s_t, a_t), see `chosen_q_values`.
        targets: [...] get no gradient, see `squared_td_loss`.
        weights: [...] importance weights; None counts every element once.
        mask: [...] as for `squared_td_loss`.

    Returns:
        Scalar, float32 for half precision; differentiable in action_values.

    Raises:
        ValueError: as for `squared_td_loss`.

    References:
        Huber (1964), "Robust estimation of a location parameter"; Mnih et al. (2015).

    Example:
        >>> huber_td_loss(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 2.5]))
        tensor(1.3125)
    """
    loss = torch.nn.functional.huber_loss
    return _mean_loss(loss, mask, action_values, targets, weights)


def _mean_loss(
    loss,
    mask: Tensor | None,
    action_values: Tensor,
    targets: Tensor,
    weights: Tensor | None,
) -> Tensor:
    given = {"action_values": action_values, "targets": targets}
    if weights is None:
        values, constants = counted(mask, **given)
        result = loss(values, constants.detach())
    else:
        given["weights"] = weights
        values, constants, weights = counted(mask, **given)
        result = (weights.detach() * loss(values, constants.detach(), reduction="none")).mean()
    return result if math.isfinite(result.item()) else finite_result(result, mask, **given)


def _targets(rewards: Tensor, gamma: float | Tensor, **next_values: Tensor) -> Tensor:
    """Sum of reward and discounted value, with one gamma or one for each transition."""
    numbers = {"rewards": rewards, **next_values}
    if isinstance(gamma, Tensor) and gamma.ndim:
        require_same_shape(rewards=rewards, gamma=gamma)
        least, most = gamma.aminmax()
        if not (least >= 0 and most <= 1):
            raise ValueError(f"gamma must lie in [0, 1], got {gamma.tolist()}")
    else:
        (gamma,) = unit_interval(gamma=gamma)
    rewards, following = at_least_float32(**numbers)
    targets = rewards + gamma * following
    # Nothing that is NaN or infinite gets out of a sum: one number to look at.
    if not math.isfinite(targets.detach().sum().item()):
        require_finite(**numbers)
    return targets


def _check(rewards: Tensor, terminated: Tensor, **next_q_values: Tensor) -> None:
    require_tensors(rewards=rewards, terminated=terminated, **next_q_values)
    require_flags(terminated=terminated)
    require_same_shape(rewards=rewards, terminated=terminated)
    require_elements(rewards=rewards)
    require_real(**next_q_values)
    for name, values in next_q_values.items():
        if values.ndim == 0 or values.shape[-1] == 0 or values.shape[:-1] != rewards.shape:
            raise ValueError(
                f"{name} must have shape [*rewards.shape, A], A > 0, got "
                f"{tuple(values.shape)} for rewards {tuple(rewards.shape)}"
            )
    require_same_shape(**next_q_values)
