"""Completions of a language model: log-probabilities per token, masks, last tokens.

A mask [..., T] is True where a token counts: up to and including the end token. What
does not count may be anything, NaN and unknown tokens included.
"""

from numbers import Integral

import torch
from torch import Tensor

from rlnotes._checks import require_floating_point, require_same_shape
from rlnotes.functional.inputs import (
    at_counted,
    at_least_float32,
    require_counted_finite,
    require_flags,
    require_tensors,
    where_counted,
)
from rlnotes.functional.log_probs import counted_logits


def completion_mask(tokens: Tensor, end: int) -> Tensor:
    """Which tokens belong to the completion: all up to and including the first end.

    The end token counts, because the policy chose it. A completion that was cut before
    its end counts as a whole.

    Args:
        tokens: [..., T] int64.
        end: the token that ends a completion.

    Returns:
        [..., T] bool.

    Raises:
        ValueError: for what is no torch tensor of int64 with an axis of time, or if end
            is no integer.

    Example:
        >>> completion_mask(torch.tensor([[5, 0, 0], [5, 6, 7]]), end=0)
        tensor([[ True,  True, False],
                [ True,  True,  True]])
    """
    _require_tokens(tokens)
    if isinstance(end, bool) or not isinstance(end, Integral):
        raise ValueError(f"end must be an integer, got {end!r}")
    ends = (tokens == end).long()
    return ends.cumsum(dim=-1) == ends  # no end before this place


def token_log_probs(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Log-probability of each token of a completion, given those before it.

        log pi(y_t | x, y_<t) = logits[t, y_t] - log of sum over v of exp(logits[t, v])

    Row t holds the logits that token t was drawn from: a network's output at the
    position before it.

    Args:
        logits: [..., T, V] unnormalized log-probabilities, nats; minus infinity is
            allowed, but not for all tokens of a counted row, nor for the one taken.
        tokens: [..., T] int64.
        mask: [..., T] bool, True where a token counts.

    Returns:
        [..., T] nats, never positive, 0 where not counted; float32 for half precision.
        Differentiable in the logits that count.

    Raises:
        ValueError: for what is no torch tensor of the right dtype, if shapes do not
            fit, or where it counts a token does not exist or is masked out, or a logit
            is NaN or plus infinity.

    Example:
        >>> logits = torch.tensor([[[1.0, 1.0], [3.0, 1.0], [0.0, 0.0]]]).log()
        >>> mask = torch.tensor([[True, True, False]])
        >>> token_log_probs(logits, torch.tensor([[1, 0, 7]]), mask).exp()
        tensor([[0.5000, 0.7500, 1.0000]])
    """
    require_tensors(logits=logits)
    require_floating_point(logits=logits)
    _require_tokens(tokens)
    require_flags(mask=mask)
    require_same_shape(tokens=tokens, mask=mask)
    if logits.shape[:-1] != tokens.shape:
        raise ValueError(
            f"logits must have shape [*tokens.shape, V], got {tuple(logits.shape)} "
            f"for tokens {tuple(tokens.shape)}"
        )
    if not mask.any():
        wide = torch.float64 if logits.dtype == torch.float64 else torch.float32
        return torch.zeros(tokens.shape, dtype=wide, device=logits.device)
    (rows,) = counted_logits(mask, logits=logits)
    _require_known(tokens, mask, logits.shape[-1])
    counted = where_counted(tokens, mask)
    chosen = rows.log_softmax(dim=-1).gather(-1, counted.unsqueeze(-1)).squeeze(-1)
    log_probs = at_counted(chosen, mask)
    if torch.isneginf(chosen).any():
        where = tuple(torch.isneginf(log_probs).nonzero()[0].tolist())
        raise ValueError(
            f"tokens must not be masked out, got {tokens[where].item()} at {where}, whose "
            "logit is -inf"
        )
    return log_probs


def sequence_log_probs(log_probs: Tensor, mask: Tensor) -> Tensor:
    """Log-probability of each completion: the sum over its tokens, not their mean.

        log pi(y | x) = sum over counted t of log pi(y_t | x, y_<t)

    Args:
        log_probs: [..., T] as `token_log_probs` returns them, nats.
        mask: [..., T] bool, True where a token counts.

    Returns:
        [...] nats, 0 where nothing counts; float32 for half precision. Differentiable
        in what counts.

    Raises:
        ValueError: for what is no torch tensor of the right dtype, if the shapes
            differ, there is no axis of time, or a counted number is not finite.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, whose Eq. 7 needs the sum.

    Example:
        >>> tokens = torch.tensor([[0.5, 0.5, 0.9], [0.5, 0.2, 0.1]]).log()
        >>> mask = torch.tensor([[True, True, False], [True, True, True]])
        >>> sequence_log_probs(tokens, mask).exp()
        tensor([0.2500, 0.0100])
    """
    _require_steps(mask, log_probs=log_probs)
    require_counted_finite(mask, log_probs=log_probs)
    (wide,) = at_least_float32(log_probs=log_probs)
    return torch.where(mask, wide, 0.0).sum(dim=-1)


def last_counted(values: Tensor, mask: Tensor) -> Tensor:
    """The value at the last counted place: where a reward model's score is read.

    Not the last place of the row: behind a short completion that one is padding.

    Args:
        values: [..., T] one for each token, such as the output of a reward head.
        mask: [..., T] bool, True where a token counts.

    Returns:
        [...] float32 for half precision; differentiable, with a gradient at the last
        counted places alone.

    Raises:
        ValueError: for what is no torch tensor of the right dtype, if the shapes
            differ, there is no axis of time, a row counts nothing, or a value to be
            returned is not finite.

    Example:
        >>> values = torch.tensor([[1.0, 2.0, 9.0], [1.0, 2.0, 3.0]])
        >>> mask = torch.tensor([[True, True, False], [True, True, True]])
        >>> last_counted(values, mask)
        tensor([2., 3.])
    """
    _require_steps(mask, values=values)
    places = last_places(mask)
    require_counted_finite(places, values=values)
    (wide,) = at_least_float32(values=values)
    return torch.where(places, wide, 0.0).sum(dim=-1)


def last_places(mask: Tensor) -> Tensor:
    """Where the last counted token of each row stands.

    Args:
        mask: [..., T] bool, True where a token counts.

    Returns:
        [..., T] bool, True at one place of each row.

    Raises:
        ValueError: for what is no torch tensor of bools with an axis of time, or if a
            row counts nothing.

    Example:
        >>> last_places(torch.tensor([[True, True, False], [True, True, True]]))
        tensor([[False,  True, False],
                [False, False,  True]])
    """
    require_flags(mask=mask)
    if mask.ndim == 0:
        raise ValueError(f"mask must have shape [..., T], got {tuple(mask.shape)}")
    empty = ~mask.any(dim=-1)
    if empty.any():
        where = tuple(empty.nonzero()[0].tolist())
        raise ValueError(f"mask must count at least one token of each row, got none at {where}")
    counts = mask.long()
    return mask & (counts.cumsum(dim=-1) == counts.sum(dim=-1, keepdim=True))


def _require_steps(mask: Tensor, **tensors: Tensor) -> None:
    """Raise unless numbers and mask have one shape, with an axis of time."""
    require_tensors(**tensors)
    require_floating_point(**tensors)
    require_flags(mask=mask)
    require_same_shape(**tensors, mask=mask)
    if mask.ndim == 0:
        raise ValueError(f"{next(iter(tensors))} must have shape [..., T], got ()")


def _require_tokens(tokens: Tensor) -> None:
    require_tensors(tokens=tokens)
    if tokens.dtype != torch.int64:
        raise ValueError(f"tokens must be int64, got {tokens.dtype}")
    if tokens.ndim == 0:
        raise ValueError(f"tokens must have shape [..., T], got {tuple(tokens.shape)}")


def _require_known(tokens: Tensor, mask: Tensor, vocabulary_size: int) -> None:
    unknown = mask & ((tokens < 0) | (tokens >= vocabulary_size))
    if unknown.any():
        where = tuple(unknown.nonzero()[0].tolist())
        raise ValueError(
            f"tokens must lie in [0, {vocabulary_size}), got {tokens[where].item()} at {where}"
        )
