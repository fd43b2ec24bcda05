"""Log-probabilities of a softmax policy, from its logits. The last axis is actions."""

import math

import torch
from torch import Tensor


def action_log_probs(logits: Tensor, actions: Tensor) -> Tensor:
    """Log-probability of the action taken in each row.

        log pi(a) = logits[a] - log of the sum over b of exp(logits[b])

    Logits, not probabilities: both are A numbers, so passing probabilities raises no
    error and returns the logarithm of a second softmax. Log-probabilities are valid
    logits. A logit of minus infinity masks an action out.

    Args:
        logits: [..., A] unnormalised log-probabilities, nats; minus infinity allowed,
            but not for every action of a row, and not for the action taken.
        actions: [...] int64 actions taken.

    Returns:
        [...] log pi(a), nats, never positive; differentiable in logits.

    Raises:
        ValueError: if shapes do not fit, an action does not exist or is masked out, or
            a logit is NaN or plus infinity.

    Example:
        >>> logits = torch.tensor([[1.0, 1.0], [3.0, 1.0]]).log()
        >>> action_log_probs(logits, torch.tensor([1, 0])).exp()
        tensor([0.5000, 0.7500])
    """
    _check_logits(logits)
    if logits.shape[:-1] != actions.shape:
        raise ValueError(
            f"logits must have shape [*actions.shape, A], got {tuple(logits.shape)} "
            f"for actions {tuple(actions.shape)}"
        )
    _check_actions(actions, logits.shape[-1])
    log_probs = torch.log_softmax(logits, dim=-1)
    log_probs = log_probs.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
    if not _sum_is_finite(log_probs) and torch.isneginf(log_probs).any():
        raise ValueError("actions must not be masked out, got one whose logit is -inf")
    return log_probs


def entropy(logits: Tensor) -> Tensor:
    """Entropy of the softmax policy: how undecided it is.

        H = -sum over a of pi(a) log pi(a),    0 log 0 = 0

    Args:
        logits: [..., A] as for `action_log_probs`.

    Returns:
        [...] nats, from 0 (certain) to log A (uniform); differentiable in logits.

    Raises:
        ValueError: if a logit is NaN or plus infinity, or a row is all masked out.

    References:
        Shannon (1948), "A mathematical theory of communication".

    Example:
        >>> entropy(torch.zeros(2)).exp()
        tensor(2.)
    """
    _check_logits(logits)
    log_probs = torch.log_softmax(logits, dim=-1)
    # Masked actions have 0 * (-inf) = NaN; `where` cuts them out of the gradient, too.
    log_probs = torch.where(torch.isneginf(logits), 0.0, log_probs)
    return -(torch.softmax(logits, dim=-1) * log_probs).sum(dim=-1)


def softmax_score(logits: Tensor, actions: Tensor) -> Tensor:
    """Score of the softmax policy: the gradient of log pi(a) in the logits.

        d log pi(a) / d logits[b] = 1[a = b] - pi(b)

    Its mean over a ~ pi is zero, and its entries sum to zero.

    Args:
        logits: [..., A] as for `action_log_probs`.
        actions: [...] int64 actions taken.

    Returns:
        [..., A] one gradient per row.

    Raises:
        ValueError: as for `action_log_probs`.

    References:
        Sutton & Barto (2018), section 13.3 and exercise 13.3 (linear features).

    Example:
        >>> softmax_score(torch.zeros(1, 2), torch.tensor([0]))
        tensor([[ 0.5000, -0.5000]])
    """
    action_log_probs(logits, actions)  # checks the arguments
    chosen = torch.nn.functional.one_hot(actions, logits.shape[-1])
    return chosen - torch.softmax(logits, dim=-1)


def _check_logits(logits: Tensor) -> None:
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"logits must have shape [..., A], got {tuple(logits.shape)}")
    if _sum_is_finite(logits):
        return
    if (torch.isnan(logits) | torch.isposinf(logits)).any():
        raise ValueError("logits must not be NaN or plus infinity")
    if torch.isneginf(logits).all(dim=-1).any():
        raise ValueError("logits must leave one action in each row, got a row of -inf")


def _sum_is_finite(tensor: Tensor) -> bool:
    # Then every element is: one cheap pass in place of several. A sum that overflows
    # only sends finite numbers the long way.
    return math.isfinite(tensor.detach().sum().item())


def _check_actions(actions: Tensor, num_actions: int) -> None:
    if actions.dtype != torch.int64:
        raise ValueError(f"actions must be int64, got {actions.dtype}")
    if actions.numel() and (actions.min() < 0 or actions.max() >= num_actions):
        raise ValueError(f"actions must lie in [0, {num_actions}), got {actions.tolist()}")
