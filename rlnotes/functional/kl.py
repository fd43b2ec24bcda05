"""Kullback-Leibler divergence: how far one policy lies from another."""

import torch
from torch import Tensor

from rlnotes._checks import require_same_shape


def kl_divergence(log_probs_p: Tensor, log_probs_q: Tensor) -> Tensor:
    """KL(p || q) of two distributions over the last axis, in this order.

        KL = sum over a of p(a) * (log p(a) - log q(a)),    0 log 0 = 0

    Not symmetric. It is 0 only if p = q, and infinite if p takes an action that q never
    takes.

    Args:
        log_probs_p: [..., A] log-probabilities, nats; minus infinity for probability 0.
        log_probs_q: [..., A] likewise.

    Returns:
        [...] nats, never negative up to rounding; differentiable in both arguments.

    Raises:
        ValueError: if the shapes differ, there is nothing, or a row's probabilities do
            not sum to one (as logits do not; `torch.log_softmax` makes them).

    References:
        Kullback & Leibler (1951), "On information and sufficiency".

    Example:
        >>> certain, fair = torch.tensor([[1.0, 0.0], [0.5, 0.5]]).log()
        >>> kl_divergence(certain, fair).exp()
        tensor(2.)
        >>> kl_divergence(fair, certain)
        tensor(inf)
    """
    require_same_shape(log_probs_p=log_probs_p, log_probs_q=log_probs_q)
    _require_log_probs(log_probs_p=log_probs_p, log_probs_q=log_probs_q)
    # `where` keeps 0 * (inf - inf) = NaN out of the sum and out of its gradient.
    possible = ~torch.isneginf(log_probs_p)
    log_p = torch.where(possible, log_probs_p, 0.0)
    log_q = torch.where(possible, log_probs_q, 0.0)
    return torch.where(possible, log_p.exp() * (log_p - log_q), 0.0).sum(dim=-1)


def _require_log_probs(**tensors: Tensor) -> None:
    for name, log_probs in tensors.items():
        if log_probs.ndim == 0 or log_probs.numel() == 0:
            raise ValueError(f"{name} must have shape [..., A], got {tuple(log_probs.shape)}")
        sums = log_probs.detach().exp().sum(dim=-1)
        worst = sums.flatten()[(sums - 1).abs().argmax()].item()
        if not abs(worst - 1) < 1e-4:
            raise ValueError(f"{name} must be log-probabilities that sum to one, got {worst}")
