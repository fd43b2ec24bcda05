"""The estimators k1, k2 and k3 by enumeration: as a value, and as a gradient.

A policy over A actions is scored, a sampler draws. Both may be one and the same, or the
sampler has a temperature or a nucleus, or is the frequencies of a handful of samples.
"""

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import require_distributions, require_option, require_same_shape
from rlnotes.exact.trajectories import estimator_moments
from rlnotes.functional.inputs import require_tensors
from rlnotes.functional.kl import kl_divergence, kl_k1, kl_k2, kl_k3
from rlnotes.functional.log_probs import checked_logits

ESTIMATORS = {"k1": kl_k1, "k2": kl_k2, "k3": kl_k3}
PLACES = ("reward", "loss", "loss times ratio")


def kl_shares(
    log_probs: Tensor, ref_log_probs: Tensor, sampling_probs: Tensor, *, estimator: str
) -> Tensor:
    """What each action adds to the mean of an estimator.

        share(a) = sampler(a) * k(a),    sum over a = mean of the estimator

    Args:
        log_probs: [A] of the policy that is scored, nats.
        ref_log_probs: [A] of the reference, nats.
        sampling_probs: [..., A] what draws the actions.
        estimator: "k1", "k2" or "k3".

    Returns:
        [..., A] nats.

    Raises:
        ValueError: for an unknown estimator, shapes that do not fit, sampling_probs
            that do not sum to one, and as `kl_k1` does.

    Example:
        >>> policy, reference = torch.tensor([[0.5, 0.5], [0.25, 0.75]]).log()
        >>> kl_shares(policy, reference, torch.tensor([1.0, 0.0]), estimator="k1").exp()
        tensor([2., 1.])
    """
    require_option(ESTIMATORS, estimator=estimator)
    _require_sampler(log_probs, ref_log_probs, sampling_probs)
    return sampling_probs * ESTIMATORS[estimator](log_probs, ref_log_probs)


def kl_moments(
    log_probs: Tensor, ref_log_probs: Tensor, sampling_probs: Tensor, *, estimator: str
) -> tuple[float, float]:
    """Exact mean and standard deviation of an estimator for one drawn action, nats.

    Args:
        log_probs: [A] as for `kl_shares`.
        ref_log_probs: [A] as for `kl_shares`.
        sampling_probs: [A] what draws the action.
        estimator: as for `kl_shares`.

    Raises:
        ValueError: as for `kl_shares`.

    Example:
        >>> policy, reference = torch.tensor([[0.5, 0.5], [0.5, 0.5]]).log()
        >>> kl_moments(policy, reference, policy.exp(), estimator="k3")
        (0.0, 0.0)
    """
    require_option(ESTIMATORS, estimator=estimator)
    _require_sampler(log_probs, ref_log_probs, sampling_probs)
    estimates = ESTIMATORS[estimator](log_probs, ref_log_probs)
    probs = sampling_probs.double() / sampling_probs.double().sum()
    mean, variance = estimator_moments(probs.numpy(), estimates.detach().double().numpy())
    return mean, float(np.sqrt(variance))


def expected_kl_gradient(
    logits: Tensor, ref_log_probs: Tensor, sampling_probs: Tensor, *, estimator: str, place: str
) -> Tensor:
    """Mean gradient that an estimator gives the logits, by its place in the code.

        reward             E[ k(a) * grad log pi(a) ]            k detached
        loss               E[ grad k(a) ]                        samples held fixed
        loss times ratio   E[ grad (pi(a) / pi_old(a) * k(a)) ]  at pi_old = pi

    with a from the sampler. It is the gradient of what is minimized: as a reward the
    estimate is a price. No baseline is subtracted; if the sampler is the policy, none
    would change the mean.

    Args:
        logits: [A] of the policy.
        ref_log_probs: [A] of the reference, nats.
        sampling_probs: [..., A] what draws the actions.
        estimator: "k1", "k2" or "k3".
        place: one of `PLACES`.

    Returns:
        [..., A] nats per unit of a logit; the entries of a row sum to zero.

    Raises:
        ValueError: for an unknown estimator or place, shapes that do not fit,
            sampling_probs that do not sum to one, and as `kl_k1` does.

    References:
        Tang & Munos (2025), arXiv:2506.09477, for reward against loss.

    Example:
        >>> logits, reference = torch.tensor([[0.5, 0.5], [0.25, 0.75]]).log()
        >>> where = {"estimator": "k3", "place": "loss"}
        >>> expected_kl_gradient(logits, reference, logits.exp(), **where)
        tensor([ 0.2500, -0.2500])
    """
    require_option(ESTIMATORS, estimator=estimator)
    require_option(PLACES, place=place)
    _require_sampler(logits, ref_log_probs, sampling_probs)
    with torch.enable_grad():
        rows = checked_logits(logits).detach().expand(sampling_probs.shape).clone().requires_grad_()
        log_probs = torch.log_softmax(rows, dim=-1)
        estimates = ESTIMATORS[estimator](log_probs, ref_log_probs.expand(rows.shape))
        if place == "reward":
            estimates = estimates.detach() * log_probs
        elif place == "loss times ratio":
            estimates = (log_probs - log_probs.detach()).exp() * estimates
        (gradient,) = torch.autograd.grad((sampling_probs * estimates).sum(), rows)
    return gradient


def kl_gradient(logits: Tensor, ref_log_probs: Tensor) -> Tensor:
    """Exact gradient of KL(policy || reference) in the policy's logits.

        d KL / d logit_a = pi(a) * (log pi(a) - log pi_ref(a) - KL)

    Args:
        logits: [..., A] of the policy.
        ref_log_probs: [..., A] of the reference, nats.

    Returns:
        [..., A] nats per unit of a logit.

    Raises:
        ValueError: as for `kl_divergence`, or if the divergence is infinite.

    Example:
        >>> kl_gradient(torch.zeros(2), torch.tensor([0.5, 0.5]).log())
        tensor([0., 0.])
    """
    log_probs = _policy(logits, ref_log_probs)
    kl = kl_divergence(log_probs, ref_log_probs)
    _require_finite_divergence(kl)
    probs = log_probs.exp()
    log_ratios = torch.where(probs > 0, log_probs - ref_log_probs, 0.0)
    return probs * (log_ratios - kl[..., None])


def forward_kl_gradient(logits: Tensor, ref_log_probs: Tensor) -> Tensor:
    """Exact gradient of KL(reference || policy) in the policy's logits.

        d KL / d logit_a = pi(a) - pi_ref(a)

    Args:
        logits: [..., A] of the policy.
        ref_log_probs: [..., A] of the reference, nats.

    Returns:
        [..., A] nats per unit of a logit.

    Raises:
        ValueError: as for `kl_divergence`, or if the divergence is infinite.

    Example:
        >>> forward_kl_gradient(torch.zeros(2), torch.tensor([0.25, 0.75]).log())
        tensor([ 0.2500, -0.2500])
    """
    log_probs = _policy(logits, ref_log_probs)
    _require_finite_divergence(kl_divergence(ref_log_probs, log_probs))
    return log_probs.exp() - ref_log_probs.exp()


def _policy(logits: Tensor, ref_log_probs: Tensor) -> Tensor:
    require_tensors(logits=logits, ref_log_probs=ref_log_probs)
    require_same_shape(logits=logits, ref_log_probs=ref_log_probs)
    return torch.log_softmax(checked_logits(logits).detach(), dim=-1)


def _require_finite_divergence(kl: Tensor) -> None:
    total = kl.sum()
    if not torch.isfinite(total):
        raise ValueError(
            f"logits and ref_log_probs must have a finite divergence, got {total.item()}"
        )


def _require_sampler(scored: Tensor, ref_log_probs: Tensor, sampling_probs: Tensor) -> None:
    require_tensors(policy=scored, ref_log_probs=ref_log_probs, sampling_probs=sampling_probs)
    if scored.ndim != 1 or sampling_probs.shape[-1:] != scored.shape:
        raise ValueError(
            f"sampling_probs must have shape [..., A] for a policy of shape [A], got "
            f"{tuple(sampling_probs.shape)} for {tuple(scored.shape)}"
        )
    require_distributions(sampling_probs=sampling_probs.detach().double().numpy())
    require_same_shape(policy=scored, ref_log_probs=ref_log_probs)
