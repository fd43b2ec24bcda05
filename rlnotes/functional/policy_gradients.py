"""Losses whose negative gradient is a policy gradient. Every loss is a mean."""

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_same_shape
from rlnotes.functional.log_probs import entropy


def reinforce_loss(log_probs: Tensor, weights: Tensor) -> Tensor:
    """Loss whose gradient is minus the score times the weight, averaged.

        loss = -mean of log pi(a_t | s_t) * weight_t

    The number itself means nothing: only its gradient does. The weight says how good
    the action was (a return, a reward-to-go minus a baseline, an advantage). A positive
    weight always makes the action taken more likely. Weights get no gradient, even if
    they were computed by a network.

    The mean runs over all elements. The gradient of J is a sum over the steps of an
    episode and a mean over episodes: multiply by steps per episode if that factor
    matters; a learning rate absorbs it.

    Args:
        log_probs: [...] log pi(a_t | s_t) of actions that this policy sampled, nats.
        weights: [...] Psi_t, discounted reward; positive raises, negative lowers.

    Returns:
        Scalar, to be minimized; differentiable in log_probs only.

    Raises:
        ValueError: if the shapes differ, a number is not finite, or there is none.

    References:
        Williams (1992), "Simple statistical gradient-following algorithms for
        connectionist reinforcement learning".

    Example:
        >>> log_probs = torch.tensor([-1.0, -2.0], requires_grad=True)
        >>> reinforce_loss(log_probs, torch.tensor([3.0, -1.0])).backward()
        >>> log_probs.grad
        tensor([-1.5000,  0.5000])
    """
    _check(log_probs=log_probs, weights=weights)
    return -(log_probs * weights.detach()).mean()


def value_loss(values: Tensor, value_targets: Tensor) -> Tensor:
    """Half the mean squared error of a value function.

        loss = mean of (V(s_t) - target_t)^2 / 2

    Targets get no gradient: with r + gamma V(s') as the target, a gradient through
    V(s') would pull the next value towards the present one.

    Args:
        values: [...] V(s_t), discounted reward.
        value_targets: [...] returns or TD targets, discounted reward.

    Returns:
        Scalar, differentiable in values only.

    Raises:
        ValueError: as for `reinforce_loss`.

    References:
        Sutton & Barto (2018), section 9.3 (semi-gradient methods).

    Example:
        >>> value_loss(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 2.0]))
        tensor(1.)
    """
    _check(values=values, value_targets=value_targets)
    return torch.nn.functional.mse_loss(values, value_targets.detach()) / 2


def entropy_bonus(logits: Tensor) -> Tensor:
    """Mean entropy of the policy over states: added to an objective.

        bonus = mean of H(pi(. | s_t)),    loss = reinforce_loss - coefficient * bonus

    Args:
        logits: [..., A] of the policy in the states visited.

    Returns:
        Scalar, nats, from 0 to log A; differentiable in logits.

    Raises:
        ValueError: as for `rlnotes.functional.log_probs.entropy`, or without any row.

    References:
        Williams & Peng (1991), "Function optimization using connectionist reinforcement
        learning algorithms"; Mnih et al. (2016), arXiv:1602.01783.

    Example:
        >>> entropy_bonus(torch.zeros(5, 4)).exp()
        tensor(4.)
    """
    if logits.numel() == 0:
        raise ValueError(f"logits must hold at least one row, got shape {tuple(logits.shape)}")
    return entropy(logits).mean()


def _check(**tensors: Tensor) -> None:
    require_same_shape(**tensors)
    require_finite(**tensors)
    for name, tensor in tensors.items():
        if tensor.numel() == 0:
            raise ValueError(f"{name} must hold at least one number, got none")
