"""Kullback-Leibler divergence: how far one policy lies from another."""

import math

import torch
from torch import Tensor

from rlnotes._checks import require_floating_point, require_same_shape
from rlnotes.functional.inputs import at_least_float32, require_tensors


def kl_divergence(log_probs_p: Tensor, log_probs_q: Tensor) -> Tensor:
    """KL(p || q) of two distributions over the last axis, in this order.

        KL = sum over a of p(a) * (log p(a) - log q(a)),    0 log 0 = 0

    Not symmetric. It is 0 only if p = q, and infinite if p takes an action that q never
    takes. A probability that rounds to 0 counts as 0.

    The probabilities of a row may miss 1 by as much as the rounding of their logarithms
    explains: 1e-4, or eps * (1 + log A) where that is more, with the eps of the
    argument's dtype. For three actions that is 0.002 in float16 and 0.016 in bfloat16.
    The result is as rough as that: where logits are at hand, make them float32 before
    `torch.log_softmax`.

    Args:
        log_probs_p: [..., A] log-probabilities, nats; minus infinity for probability 0.
        log_probs_q: [..., A] likewise.

    Returns:
        [...] nats, never negative up to rounding; float32 for half precision.
        Differentiable in both arguments.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, there is nothing, or a row's probabilities do not sum to one (as
            logits do not; `torch.log_softmax` makes them).

    References:
        Kullback & Leibler (1951), "On information and sufficiency".

    Example:
        >>> certain, fair = torch.tensor([[1.0, 0.0], [0.5, 0.5]]).log()
        >>> kl_divergence(certain, fair).exp()
        tensor(2.)
        >>> kl_divergence(fair, certain)
        tensor(inf)
    """
    given = {"log_probs_p": log_probs_p, "log_probs_q": log_probs_q}
    require_tensors(**given)
    require_floating_point(**given)
    require_same_shape(**given)
    for name, log_probs in given.items():
        _require_log_probs(name, log_probs)
    log_p, log_q = at_least_float32(**given)
    # `where` keeps 0 * (inf - inf) = NaN out of the sum and out of its gradient: what
    # is not possible adds 1 * (0 - 0), and no gradient gets through.
    possible = log_p.detach().exp() != 0
    log_p = torch.where(possible, log_p, 0.0)
    log_q = torch.where(possible, log_q, 0.0)
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


def _require_log_probs(name: str, log_probs: Tensor) -> None:
    if log_probs.ndim == 0 or log_probs.numel() == 0:
        raise ValueError(f"{name} must have shape [..., A], got {tuple(log_probs.shape)}")
    # A rounded log p is off by |log p| * eps / 2, and the p-weighted mean of |log p| is
    # the entropy, at most log A.
    eps = torch.finfo(log_probs.dtype).eps
    tolerance = max(1e-4, eps * (1 + math.log(log_probs.shape[-1])))
    (wide,) = at_least_float32(log_probs=log_probs.detach())
    sums = wide.exp().sum(dim=-1)
    worst = sums.flatten()[(sums - 1).abs().argmax()].item()
    if not abs(worst - 1) < tolerance:
        raise ValueError(f"{name} must be log-probabilities that sum to one, got {worst}")
