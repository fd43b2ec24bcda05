"""What DPO on one pair does to all answers, where they share features.

The policy over K answers to one prompt is softmax(ref_logits + features @ theta), and
theta starts at 0. DPO moves theta along phi_c - phi_r, the difference of the features
of the chosen and the rejected answer. Every other answer with a part along that
direction moves too, and the chosen answer may lose to it.
"""

from dataclasses import dataclass

import numpy as np

from rlnotes._checks import (
    float64_array,
    require_distributions,
    require_finite,
    require_index,
    require_not_negative,
    require_positive,
    require_positive_integer,
    require_shape,
)


def chosen_alignment(
    probs: np.ndarray, features: np.ndarray, *, chosen: int, rejected: int
) -> float:
    """How the score of the chosen answer lies to the direction in which DPO steps.

        (phi_c - sum over k of pi_k phi_k) . (phi_c - phi_r)

    At a small step of DPO log pi(chosen) changes by this, times the pull of the pair
    beta sigmoid(-margin), times the learning rate. The pull is positive, so the sign is
    the answer to "does it fall?", whatever beta and the margin are.

    With one free logit per answer (features = identity) it is 1 - pi_c + pi_r, which is
    never negative.

    Args:
        probs: [K] probabilities of the answers under the policy.
        features: [K, D] phi, one row for each answer.
        chosen: index c of the preferred answer.
        rejected: index r of the other answer of the pair.

    Returns:
        The product, in units of features squared; negative where the chosen answer
        falls.

    Raises:
        ValueError: if probs is no distribution over the answers, features is not
            finite or not [K, D], an index names no answer, both name the same, or the
            result overflows.

    References:
        Razin et al. (2024), arXiv:2410.08847, who name the effect likelihood
        displacement.

    Example:
        >>> free = np.eye(3)
        >>> chosen_alignment(np.array([0.5, 0.25, 0.25]), free, chosen=0, rejected=1)
        0.75
        >>> alike = np.array([[1.0, 0.0], [0.0, 0.0], [3.0, 0.0]])  # 1 - (0.5 + 0.75)
        >>> chosen_alignment(np.array([0.5, 0.25, 0.25]), alike, chosen=0, rejected=1)
        -0.25
    """
    probs = float64_array("probs", probs)
    if probs.ndim != 1:
        raise ValueError(f"probs must have shape [K], got {probs.shape}")
    rates = log_prob_rates(probs, features, chosen=chosen, rejected=rejected, pull=1.0)
    return float(rates[chosen])


def log_prob_rates(
    probs: np.ndarray,
    features: np.ndarray,
    *,
    chosen: int,
    rejected: int,
    pull: float | np.ndarray,
    sft_weight: float = 0.0,
) -> np.ndarray:
    """How fast every log-probability changes, per unit of learning rate.

        step   = pull (phi_c - phi_r) + sft_weight (phi_c - E_pi phi)
        rate_k = (phi_k - E_pi phi) . step

    The step is minus the gradient in theta of the DPO loss of the pair, plus
    sft_weight times -log pi(chosen). The supervised term alone never lowers the chosen
    answer: its part of the rate is sft_weight |phi_c - E_pi phi|^2.

    Args:
        probs: [..., K] probabilities of the answers under the policy.
        features: [K, D] phi, one row for each answer.
        chosen: index of the preferred answer.
        rejected: index of the other answer of the pair.
        pull: [...] or one number, beta sigmoid(-margin) for DPO.
        sft_weight: not negative.

    Returns:
        [..., K] nats per unit of learning rate; their mean under probs is zero.

    Raises:
        ValueError: as for `chosen_alignment`, or if pull or sft_weight is negative or
            not finite, pull has another shape, or the result overflows.

    Example:
        >>> half = np.array([0.5, 0.5])
        >>> log_prob_rates(half, np.eye(2), chosen=0, rejected=1, pull=0.5)
        array([ 0.5, -0.5])
    """
    probs, features = float64_array("probs", probs), float64_array("features", features)
    if probs.ndim < 1:
        raise ValueError(f"probs must have shape [..., K], got {probs.shape}")
    pull = float64_array("pull", pull)
    require_distributions(probs=probs)
    _require_pair(features, probs.shape[-1], chosen=chosen, rejected=rejected)
    require_finite(pull=pull)
    if pull.ndim:
        require_shape(probs.shape[:-1], pull=pull)
    require_not_negative(pull=pull.min(initial=np.inf), sft_weight=sft_weight)
    with np.errstate(over="ignore", invalid="ignore"):
        scores = features - (probs @ features)[..., None, :]
        step = pull[..., None] * (features[chosen] - features[rejected])
        step = step + float(sft_weight) * scores[..., chosen, :]
        rates = np.einsum("...kd,...d->...k", scores, step)
    if not np.isfinite(rates).all():
        raise ValueError(
            f"features must not overflow in the rates, got features up to {_largest(features)}"
        )
    return rates


@dataclass(frozen=True)
class PreferencePath:
    """Gradient descent on one pair, N steps; entry 0 is the reference."""

    log_probs: np.ndarray  # [N + 1, K] nats
    margins: np.ndarray  # [N + 1] reward
    losses: np.ndarray  # [N + 1] nats, what is descended, the supervised term included
    rates: np.ndarray  # [N + 1, K] of log_probs, nats per unit of learning rate


def preference_path(
    ref_logits: np.ndarray,
    features: np.ndarray,
    *,
    chosen: int,
    rejected: int,
    beta: float,
    learning_rate: float,
    num_steps: int,
    sft_weight: float = 0.0,
) -> PreferencePath:
    """Gradient descent from the reference on the DPO loss of one pair.

        loss   = -log sigmoid(margin) - sft_weight log pi(chosen)
        margin = beta (phi_c - phi_r) . theta

    The log-ratios of the two answers share one normalizer, so it leaves the margin.
    Without the supervised term the margin grows at every step if the features differ;
    what log pi(chosen) does is another matter, see `chosen_alignment`.

    Args:
        ref_logits: [K] of the reference.
        features: [K, D] phi, one row for each answer.
        chosen: index of the preferred answer.
        rejected: index of the other answer of the pair.
        beta: positive, reward per nat.
        learning_rate: positive.
        num_steps: N, positive.
        sft_weight: not negative; 0 is DPO alone.

    Raises:
        ValueError: if ref_logits is not [K], features is not [K, D], a number is not
            finite, an index names no answer, both name the same, a setting lies
            outside its range, or logits, margins or rates overflow.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 7; Razin et al. (2024),
        arXiv:2410.08847.

    Example:
        >>> pair = {"chosen": 0, "rejected": 1, "beta": 1.0, "learning_rate": 1.0}
        >>> path = preference_path(np.zeros(2), np.eye(2), **pair, num_steps=1)
        >>> path.margins  # theta = (0.5, -0.5) after a step
        array([0., 1.])
    """
    ref_logits = float64_array("ref_logits", ref_logits)
    features = float64_array("features", features)
    _require_logits(ref_logits)
    _require_pair(features, len(ref_logits), chosen=chosen, rejected=rejected)
    require_positive(beta=beta, learning_rate=learning_rate)
    require_positive_integer(num_steps=num_steps)
    require_not_negative(sft_weight=sft_weight)
    beta, learning_rate, sft_weight = map(float, (beta, learning_rate, sft_weight))

    thetas = np.zeros((num_steps + 1, features.shape[1]))
    with np.errstate(over="ignore", invalid="ignore"):
        direction, theta = features[chosen] - features[rejected], thetas[0]
        for n in range(1, num_steps + 1):
            step = _pulls(beta * (direction @ theta), beta) * direction
            if sft_weight:
                probs = np.exp(_log_softmax(ref_logits + features @ theta))
                step = step + sft_weight * (features[chosen] - probs @ features)
            theta = theta + learning_rate * step
            thetas[n] = theta
        log_probs = _log_softmax(ref_logits + thetas @ features.T)
        margins = beta * (thetas @ direction)
    if not (np.isfinite(log_probs).all() and np.isfinite(margins).all()):
        raise ValueError(
            "ref_logits, features, learning_rate and beta must not overflow in the logits, got "
            f"ref_logits up to {_largest(ref_logits)}, features up to {_largest(features)}, "
            f"learning_rate {learning_rate:g} and beta {beta:g}"
        )
    losses = np.logaddexp(0, -margins) - sft_weight * log_probs[:, chosen]
    where = {"chosen": chosen, "rejected": rejected, "sft_weight": sft_weight}
    rates = log_prob_rates(np.exp(log_probs), features, pull=_pulls(margins, beta), **where)
    return PreferencePath(log_probs, margins, losses, rates)


def _largest(numbers: np.ndarray) -> str:
    return f"{np.abs(numbers).max(initial=0):g}"


def _pulls(margins: np.ndarray, beta: float) -> np.ndarray:
    """Beta sigmoid(-margin), without overflow."""
    return beta * np.exp(-np.logaddexp(0, margins))


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _require_logits(ref_logits: np.ndarray) -> None:
    if ref_logits.ndim != 1:
        raise ValueError(f"ref_logits must have shape [K], got {ref_logits.shape}")
    require_finite(ref_logits=ref_logits)


def _require_pair(features: np.ndarray, num_answers: int, *, chosen: int, rejected: int) -> None:
    if features.ndim != 2:
        raise ValueError(f"features must have shape [K, D], got {features.shape}")
    require_shape((num_answers, features.shape[1]), features=features)
    require_finite(features=features)
    require_index(num_answers, chosen=chosen, rejected=rejected)
    if chosen == rejected:
        raise ValueError(f"chosen and rejected must differ, got {chosen} twice")
