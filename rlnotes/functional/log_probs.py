"""Log-probabilities of a softmax policy, from its logits. The last axis is actions."""

import math

import torch
from torch import Tensor

from rlnotes._checks import require_floating_point, require_same_shape
from rlnotes.functional.inputs import (
    at_least_float32,
    require_mask,
    require_tensors,
    where_counted,
)


def action_log_probs(logits: Tensor, actions: Tensor) -> Tensor:
    """Log-probability of the action taken in each row.

        log pi(a) = logits[a] - log of the sum over b of exp(logits[b])

    Logits, not probabilities: both are A numbers, so passing probabilities raises no
    error and returns the logarithm of a second softmax. Log-probabilities are valid
    logits. A logit of minus infinity masks an action out.

    Args:
        logits: [..., A] unnormalized log-probabilities, nats; minus infinity allowed,
            but not for every action of a row, and not for the action taken.
        actions: [...] int64 actions taken.

    Returns:
        [...] log pi(a), nats, never positive; float32 for half precision.
        Differentiable in logits.

    Raises:
        ValueError: for what is no torch tensor of the right dtype, if shapes do not
            fit, an action does not exist or is masked out, or a logit is NaN or plus
            infinity.

    Example:
        >>> logits = torch.tensor([[1.0, 1.0], [3.0, 1.0]]).log()
        >>> action_log_probs(logits, torch.tensor([1, 0])).exp()
        tensor([0.5000, 0.7500])
    """
    logits = checked_logits(logits)
    require_tensors(actions=actions)
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
        [...] nats, from 0 (certain) to log A (uniform); float32 for half precision.
        Differentiable in logits.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if a logit is
            NaN or plus infinity, or a row is all masked out.

    References:
        Shannon (1948), "A mathematical theory of communication".

    Example:
        >>> entropy(torch.zeros(2)).exp()
        tensor(2.)
    """
    logits = checked_logits(logits)
    probs, log_probs = torch.softmax(logits, dim=-1), torch.log_softmax(logits, dim=-1)
    # 0 * (-inf) is NaN: of a masked action, and of one whose probability rounds to 0.
    # `where` cuts them out of the gradient, too.
    log_probs = torch.where(probs == 0, 0.0, log_probs)
    return -(probs * log_probs).sum(dim=-1)


def softmax_score(logits: Tensor, actions: Tensor) -> Tensor:
    """Score of the softmax policy: the gradient of log pi(a) in the logits.

        d log pi(a) / d logits[b] = 1[a = b] - pi(b)

    Its mean over a ~ pi is zero, and its entries sum to zero.

    Args:
        logits: [..., A] as for `action_log_probs`.
        actions: [...] int64 actions taken.

    Returns:
        [..., A] one gradient per row; float32 for half precision.

    Raises:
        ValueError: as for `action_log_probs`.

    References:
        Sutton & Barto (2018), section 13.3 and exercise 13.3 (linear features).

    Example:
        >>> softmax_score(torch.zeros(1, 2), torch.tensor([0]))
        tensor([[ 0.5000, -0.5000]])
    """
    action_log_probs(logits, actions)  # checks the arguments
    (logits,) = at_least_float32(logits=logits)
    chosen = torch.nn.functional.one_hot(actions, logits.shape[-1])
    return chosen - torch.softmax(logits, dim=-1)


def checked_logits(logits: Tensor, name: str = "logits") -> Tensor:
    """Logits [..., A] as `at_least_float32` makes them, checked.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, without an
            action, if a logit is NaN or plus infinity, or a row is all masked out.
    """
    require_tensors(**{name: logits})
    require_floating_point(**{name: logits})
    _require_rows(name, logits)
    (logits,) = at_least_float32(logits=logits)
    if not _sum_is_finite(logits):
        _require_usable(name, logits.detach())
    return logits


def counted_logits(mask: Tensor | None, **logits: Tensor) -> list[Tensor]:
    """Rows of logits that a mean runs over, [N, A] with a mask, as `checked_logits`.

    Args:
        mask: [...] bool, True where a row counts; None counts all.
        logits: [..., A] of one shape, by name. Rows that do not count may be anything.

    Raises:
        ValueError: as for `checked_logits`, looking at what counts only, if the shapes
            differ, there is no row, or the mask does not fit or counts nothing.
    """
    require_tensors(**logits)
    require_same_shape(**logits)
    for name, rows in logits.items():
        if rows.numel() == 0:
            raise ValueError(f"{name} must hold at least one row, got shape {tuple(rows.shape)}")
        _require_rows(name, rows)
        if mask is None:
            continue
        require_mask(mask, states=rows[..., 0])
        logits[name] = where_counted(rows, mask)
        if not _sum_is_finite(logits[name]):
            # Not of the selected rows alone, so that a message tells the place.
            checked_logits(rows.detach().masked_fill(~mask[..., None], 0.0), name)
    return [checked_logits(rows, name) for name, rows in logits.items()]


def _require_rows(name: str, logits: Tensor) -> None:
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"{name} must have shape [..., A], got {tuple(logits.shape)}")


def _require_usable(name: str, logits: Tensor) -> None:
    bad = torch.isnan(logits) | torch.isposinf(logits)
    if bad.any():
        where = tuple(bad.nonzero()[0].tolist())
        number = logits[where].item()
        raise ValueError(f"{name} must not be NaN or plus infinity, got {number} at {where}")
    empty = torch.isneginf(logits).all(dim=-1)
    if empty.any():
        where = tuple(empty.nonzero()[0].tolist())
        raise ValueError(f"{name} must leave one action in each row, got only -inf at {where}")


def _sum_is_finite(tensor: Tensor) -> bool:
    # Then every element is: one cheap pass in place of several. A sum that overflows
    # only sends finite numbers the long way.
    return math.isfinite(tensor.detach().sum().item())


def _check_actions(actions: Tensor, num_actions: int) -> None:
    if actions.dtype != torch.int64:
        raise ValueError(f"actions must be int64, got {actions.dtype}")
    if actions.numel() and (actions.min() < 0 or actions.max() >= num_actions):
        raise ValueError(f"actions must lie in [0, {num_actions}), got {actions.tolist()}")
