"""Kullback-Leibler divergence: how far one policy lies from another.

Exact for whole distributions; estimated, one number per sample, by k1, k2 and k3.
"""

import math

import torch
from torch import Tensor

from rlnotes._checks import require_floating_point, require_same_shape
from rlnotes.functional.inputs import (
    at_least_float32,
    counted,
    require_counted_finite,
    require_tensors,
)


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


def kl_k1(log_probs: Tensor, ref_log_probs: Tensor) -> Tensor:
    """k1 estimator of KL(policy || reference), one value per sample.

        log rho = log pi_ref(a) - log pi(a)
        k1      = -log rho

    Unbiased if the actions were sampled from the policy; single values may be negative.
    As a reward it is the usual KL penalty. As a loss it is useless: with the samples
    held fixed its gradient is the score, whose mean is zero.

    Args:
        log_probs: [...] log pi(a) of actions sampled from the policy, nats.
        ref_log_probs: [...] log pi_ref(a) of the same actions, nats.

    Returns:
        [...] estimates in nats, float32 for half precision; differentiable in both
        arguments.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a number is not finite, there is none, or the estimate overflows.

    References:
        Schulman (2020), "Approximating KL Divergence", with q = policy, p = reference.

    Example:
        >>> kl_k1(torch.tensor([-1.0, -3.0]), torch.tensor([-3.0, -2.0]))
        tensor([ 2., -1.])
    """
    log_ratios = _log_ratios(log_probs, ref_log_probs)
    return _finite("k1", -log_ratios, log_ratios)


def kl_k2(log_probs: Tensor, ref_log_probs: Tensor) -> Tensor:
    """k2 estimator of KL(policy || reference), one value per sample.

        log rho = log pi_ref(a) - log pi(a)
        k2      = (log rho)^2 / 2

    Biased, though little near the reference, and never negative. As a loss it is right:
    with the samples held fixed, the mean of its gradient is that of
    KL(policy || reference).

    Args:
        log_probs: [...] as for `kl_k1`.
        ref_log_probs: [...] as for `kl_k1`.

    Returns:
        [...] estimates in nats, float32 for half precision; differentiable in both
        arguments.

    Raises:
        ValueError: as for `kl_k1`.

    References:
        Schulman (2020), "Approximating KL Divergence", with q = policy, p = reference.

    Example:
        >>> kl_k2(torch.tensor([-1.0, -3.0]), torch.tensor([-3.0, -3.0]))
        tensor([2., 0.])
    """
    log_ratios = _log_ratios(log_probs, ref_log_probs)
    return _finite("k2", log_ratios**2 / 2, log_ratios)


def kl_k3(log_probs: Tensor, ref_log_probs: Tensor) -> Tensor:
    """k3 estimator of KL(policy || reference), one value per sample.

        log rho = log pi_ref(a) - log pi(a)
        k3      = (rho - 1) - log rho

    Unbiased if the actions were sampled from the policy, and never negative. Computed
    with expm1, because exp(x) - 1 loses its digits near x = 0. Its spread is small near
    the reference and grows like rho far from it.

    As a loss it pulls elsewhere: with the samples held fixed, the mean of its gradient
    is that of KL(reference || policy). Multiplied by the ratio pi / pi_old, before the
    first step 1 with the gradient of log pi, it gets that of KL(policy || reference).

    Args:
        log_probs: [...] as for `kl_k1`.
        ref_log_probs: [...] as for `kl_k1`.

    Returns:
        [...] estimates in nats, float32 for half precision; differentiable in both
        arguments.

    Raises:
        ValueError: as for `kl_k1`; in float32, k3 overflows at log rho = 89.

    References:
        Schulman (2020), "Approximating KL Divergence", with q = policy, p = reference;
        Shao et al. (2024), arXiv:2402.03300, Eq. 4.

    Example:
        >>> half = torch.tensor([0.5]).log()
        >>> kl_k3(half, half)
        tensor([0.])
        >>> kl_k3(torch.tensor([-1.0]), torch.tensor([0.0]))  # e - 1 - 1
        tensor([0.7183])
    """
    log_ratios = _log_ratios(log_probs, ref_log_probs)
    return _finite("k3", torch.expm1(log_ratios) - log_ratios, log_ratios)


def _log_ratios(log_probs: Tensor, ref_log_probs: Tensor) -> Tensor:
    """Log of rho = pi_ref / pi, of finite numbers."""
    given = {"log_probs": log_probs, "ref_log_probs": ref_log_probs}
    own, reference = counted(None, **given)
    log_ratios = reference - own
    if not math.isfinite(log_ratios.detach().sum().item()):
        require_counted_finite(None, **given)
    return log_ratios


def _finite(name: str, estimates: Tensor, log_ratios: Tensor) -> Tensor:
    # One number to look at: a finite sum has finite terms only.
    if math.isfinite(estimates.detach().sum().item()):
        return estimates
    infinite = ~torch.isfinite(estimates.detach())
    if infinite.any():
        where = tuple(infinite.nonzero()[0].tolist())
        raise ValueError(
            f"ref_log_probs - log_probs must not be so large that {name} overflows, got "
            f"{log_ratios[where].item():g} at {where}"
        )
    return estimates


def _require_log_probs(name: str, log_probs: Tensor) -> None:
    if log_probs.ndim == 0 or log_probs.numel() == 0:
        raise ValueError(f"{name} must have shape [..., A], got {tuple(log_probs.shape)}")
    # A rounded log p is off by |log p| * eps / 2, and the p-weighted mean of |log p| is
    # the entropy, at most log A.
    eps = torch.finfo(log_probs.dtype).eps
    tolerance = max(1e-4, eps * (1 + math.log(log_probs.shape[-1])))
    (wide,) = at_least_float32(log_probs=log_probs.detach())
    sums = wide.exp().sum(dim=-1)
    misses = (sums - 1).abs()
    if not misses.max().item() < tolerance:
        worst = sums.flatten()[misses.argmax()].item()
        raise ValueError(f"{name} must be log-probabilities that sum to one, got {worst}")
