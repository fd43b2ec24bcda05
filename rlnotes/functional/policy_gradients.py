"""Losses whose negative gradient is a policy gradient, at least where it starts.

Every loss is a mean over all elements, or over those that a mask counts.
"""

import math

import torch
from torch import Tensor

from rlnotes._checks import require_not_negative, require_option, require_positive
from rlnotes.functional.inputs import (
    counted,
    finite_result,
    largest_size,
    require_counted_finite,
    require_mask,
    require_tensors,
    where_counted,
)
from rlnotes.functional.kl import kl_k1, kl_k2, kl_k3
from rlnotes.functional.log_probs import counted_logits, entropy
from rlnotes.functional.ratios import checked_pair, counted_ratios, surrogates_of

KL_TERMS = {"none": None, "k1": kl_k1, "k2": kl_k2, "k3": kl_k3, "k3_times_ratio": kl_k3}
NORMALIZERS = ("answer", "batch_tokens", "longest")


def reinforce_loss(log_probs: Tensor, weights: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Loss whose gradient is minus the score times the weight, averaged.

        loss = -mean of log pi(a_t | s_t) * weight_t

    The number itself means nothing: only its gradient does. The weight says how good
    the action was (a return, a reward-to-go minus a baseline, an advantage). A positive
    weight always makes the action taken more likely. Weights get no gradient, even if
    they were computed by a network.

    The mean runs over all elements that count. The gradient of J is a sum over the
    steps of an episode and a mean over episodes: multiply by steps per episode if that
    factor matters; a learning rate absorbs it.

    Args:
        log_probs: [...] log pi(a_t | s_t) of actions that this policy sampled, nats.
        weights: [...] Psi_t, discounted reward; positive raises, negative lowers.
        mask: [...] bool, True where an element counts, such as the tokens of a
            completion; None counts all. The others reach neither value nor gradient and
            may be anything, NaN included.

    Returns:
        Scalar, to be minimized, float32 for half precision; differentiable in log_probs
        only.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a counted number is not finite, there is none, the mask is not bool
            or counts nothing, or the result overflows.

    References:
        Williams (1992), "Simple statistical gradient-following algorithms for
        connectionist reinforcement learning".

    Example:
        >>> log_probs = torch.tensor([-1.0, -2.0], requires_grad=True)
        >>> reinforce_loss(log_probs, torch.tensor([3.0, -1.0])).backward()
        >>> log_probs.grad
        tensor([-1.5000,  0.5000])
    """
    given = {"log_probs": log_probs, "weights": weights}
    log_probs, weights = counted(mask, **given)
    return finite_result(-(log_probs * weights.detach()).mean(), mask, **given)


def value_loss(values: Tensor, value_targets: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Half the mean squared error of a value function.

        loss = mean of (V(s_t) - target_t)^2 / 2

    Targets get no gradient: with r + gamma V(s') as the target, a gradient through
    V(s') would pull the next value towards the present one.

    Args:
        values: [...] V(s_t), discounted reward.
        value_targets: [...] returns or TD targets, discounted reward.
        mask: [...] as for `reinforce_loss`.

    Returns:
        Scalar, float32 for half precision; differentiable in values only.

    Raises:
        ValueError: as for `reinforce_loss`.

    References:
        Sutton & Barto (2018), section 9.3 (semi-gradient methods).

    Example:
        >>> value_loss(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 2.0]))
        tensor(1.)
    """
    given = {"values": values, "value_targets": value_targets}
    values, value_targets = counted(mask, **given)
    loss = torch.nn.functional.mse_loss(values, value_targets.detach()) / 2
    return finite_result(loss, mask, **given)


def entropy_bonus(logits: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """Mean entropy of the policy over states: added to an objective.

        bonus = mean of H(pi(. | s_t)),    loss = reinforce_loss - coefficient * bonus

    Args:
        logits: [..., A] of the policy in the states visited.
        mask: [...] bool, True where a state counts; None counts all. The rows of the
            others reach neither value nor gradient and may be anything.

    Returns:
        Scalar, nats, from 0 to log A, float32 for half precision; differentiable in
        logits.

    Raises:
        ValueError: as for `rlnotes.functional.log_probs.entropy`, without any row, or
            if the mask does not fit or counts nothing.

    References:
        Williams & Peng (1991), "Function optimization using connectionist reinforcement
        learning algorithms"; Mnih et al. (2016), arXiv:1602.01783.

    Example:
        >>> entropy_bonus(torch.zeros(5, 4)).exp()
        tensor(4.)
    """
    return entropy(*counted_logits(mask, logits=logits)).mean()


def ppo_clip_loss(
    log_probs: Tensor,
    old_log_probs: Tensor,
    advantages: Tensor,
    *,
    clip_epsilon: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Clipped surrogate of PPO, as a loss.

        loss = -mean of min(ratio_t A_t, clip(ratio_t, 1 - eps, 1 + eps) A_t)

    This is `clipped_surrogate`. A sample's gradient stops where `ppo_gradient_mask` is
    False. Nothing holds the ratio inside the band: other samples may still move it.

    Args:
        log_probs: [...] log pi(a_t | s_t), nats; may be positive (densities).
        old_log_probs: [...] of the policy that sampled, nats.
        advantages: [...] how much better the action was than the policy's average.
        clip_epsilon: positive; half the width of the band, often 0.2.
        mask: [...] as for `reinforce_loss`.

    Returns:
        Scalar, to be minimized, float32 for half precision; differentiable in log_probs
        only.

    Raises:
        ValueError: as for `reinforce_loss`, if a ratio is too large for its dtype, or
            clip_epsilon is not positive.

    References:
        Schulman et al. (2017), arXiv:1707.06347, Eq. 7 (there an objective).

    Example:
        >>> old, advantages = torch.tensor([0.5]).log(), torch.tensor([5.0])
        >>> ppo_clip_loss(torch.tensor([0.75]).log(), old, advantages, clip_epsilon=0.2)
        tensor(-6.)
    """
    require_positive(clip_epsilon=clip_epsilon)
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    log_probs, old_log_probs, selected = counted(mask, **given, advantages=advantages)
    ratios = counted_ratios(log_probs, old_log_probs, mask=mask, given=given)
    loss = -surrogates_of(ratios, selected, low=clip_epsilon, high=clip_epsilon).mean()
    if not math.isfinite(loss.item()):
        require_counted_finite(mask, advantages=advantages)
        raise ValueError(
            "advantages must not be so large that their product with a ratio overflows, got "
            f"{largest_size(selected):g} at ratios up to {ratios.max().item():g}"
        )
    return loss


def ppo_gradient_mask(ratios: Tensor, advantages: Tensor, *, clip_epsilon: float) -> Tensor:
    """Where the clipped surrogate lets a sample's gradient through.

        False where A > 0 and ratio > 1 + eps,  or  A < 0 and ratio < 1 - eps

    Off the kinks, the slope of min(ratio A, clip(ratio) A) in the ratio is this mask
    times A. So a good action that lost probability, and a bad one that gained it, keep
    the full gradient, however far the ratio lies outside the band. On a kink
    (ratio = 1 + eps with A > 0, 1 - eps with A < 0) the left and right slopes are A and
    0, and any number between is as good; this function and autograd let A through, up
    to the rounding of the ratio.

    Args:
        ratios: [...] positive, see `probability_ratios`.
        advantages: [...] of the same samples.
        clip_epsilon: positive.

    Returns:
        [...] bool, True where the gradient flows; also where A = 0, which gives none.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, if the shapes
            differ, a number is not finite, there is none, a ratio is negative, or
            clip_epsilon is not positive.

    Example:
        >>> ratios, good = torch.tensor([0.5, 1.0, 1.5]), torch.ones(3)
        >>> ppo_gradient_mask(ratios, good, clip_epsilon=0.2)
        tensor([ True,  True, False])
        >>> ppo_gradient_mask(ratios, -good, clip_epsilon=0.2)
        tensor([False,  True,  True])
    """
    ratios, advantages = checked_pair(ratios, advantages, clip_epsilon)
    too_high = (advantages > 0) & (ratios > 1 + clip_epsilon)
    too_low = (advantages < 0) & (ratios < 1 - clip_epsilon)
    return ~(too_high | too_low)


def clip_fraction(
    log_probs: Tensor,
    old_log_probs: Tensor,
    *,
    clip_epsilon: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Share of samples whose ratio lies outside the band, the number usually logged.

        fraction = mean of 1[|ratio_t - 1| > eps]

    It is not the share of samples without a gradient, which is at most as large: on
    either side of the band one sign of the advantage keeps its gradient, see
    `ppo_gradient_mask`.

    Args:
        log_probs: [...] as for `ppo_clip_loss`.
        old_log_probs: [...] as for `ppo_clip_loss`.
        clip_epsilon: positive.
        mask: [...] as for `reinforce_loss`.

    Returns:
        Scalar in [0, 1], float32 for half precision; no gradient.

    Raises:
        ValueError: as for `ppo_clip_loss`.

    Example:
        >>> log_probs = torch.tensor([0.1, 0.5, 0.7, 0.55]).log()
        >>> clip_fraction(log_probs, torch.full((4,), 0.5).log(), clip_epsilon=0.2)
        tensor(0.5000)
    """
    require_positive(clip_epsilon=clip_epsilon)
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    log_probs, old_log_probs = counted(mask, **given)
    ratios = counted_ratios(log_probs, old_log_probs, mask=mask, given=given)
    return ((ratios - 1).abs() > clip_epsilon).to(ratios.dtype).mean()


def grpo_loss(
    log_probs: Tensor,
    old_log_probs: Tensor,
    ref_log_probs: Tensor | None,
    advantages: Tensor,
    mask: Tensor,
    *,
    clip_epsilon: float,
    clip_epsilon_high: float | None = None,
    beta: float = 0.0,
    kl: str = "k3",
    normalizer: str = "answer",
) -> Tensor:
    """Loss of GRPO and its relatives: PPO's clip per token, a price on the KL in it.

        l_it = -min(ratio_it A_i, clip(ratio_it, 1 - eps, 1 + high) A_i) + beta kl_it
        answer:        mean over i of (1 / length_i) sum over t of l_it
        batch_tokens:  sum of all l_it / number of counted tokens
        longest:       mean over i of (1 / longest length) sum over t of l_it

    While each batch is used for one step, all ratios are 1 and the clip is idle. The
    value of the policy term is then minus a weighted sum of the advantages, whatever
    has been learned: only its gradient means something.

    Args:
        log_probs: [B, T] log pi(y_t | x, y_<t) of the tokens of B answers, nats.
        old_log_probs: [B, T] the same of the policy that sampled.
        ref_log_probs: [B, T] the same of the frozen reference; may be None without a
            KL term.
        advantages: [B] one for each answer, such as `group_relative_advantages`.
        mask: [B, T] bool, True where a token counts. The others reach neither value nor
            gradient and may be anything; an answer without a counted token is left out.
        clip_epsilon: positive; below 1 by how much.
        clip_epsilon_high: positive, high; above 1 by how much. None: as below 1.
        beta: price of the KL in the loss, not negative; 0 leaves it out.
        kl: "k1", "k2" or "k3" of `functional.kl`; "k3_times_ratio" times the
            differentiable ratio pi / pi_old; or "none".
        normalizer: "answer" (GRPO), "batch_tokens" (DAPO), "longest" of the batch
            (Dr. GRPO divides by a constant, the longest answer that is allowed).

    Returns:
        Scalar, to be minimized, float32 for half precision; differentiable in log_probs
        only.

    Raises:
        ValueError: for what is no torch tensor of the right dtype, if shapes do not
            fit, nothing is counted, a counted number is not finite, a ratio, a KL term
            or the result overflows, a setting is out of its range or unknown, or a KL
            term is asked for without ref_log_probs.

    References:
        Shao et al. (2024), arXiv:2402.03300, Eq. 3; Yu et al. (2025), arXiv:2503.14476
        (DAPO); Liu et al. (2025), arXiv:2503.20783 (Dr. GRPO).

    Example:
        >>> old = torch.tensor([[0.5, 0.5], [0.5, 1.0]]).log()
        >>> mask = torch.tensor([[True, True], [True, False]])
        >>> log_probs = torch.tensor([[0.75, 0.5], [0.5, 1.0]]).log()
        >>> advantages = torch.tensor([1.0, -1.0])
        >>> grpo_loss(  # -((1.2 + 1) / 2 - 1) / 2
        ...     log_probs, old, None, advantages, mask, clip_epsilon=0.2)
        tensor(-0.0500)
    """
    high = clip_epsilon if clip_epsilon_high is None else clip_epsilon_high
    require_positive(clip_epsilon=clip_epsilon, clip_epsilon_high=high)
    require_not_negative(beta=beta)
    require_option(KL_TERMS, kl=kl)
    require_option(NORMALIZERS, normalizer=normalizer)
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    require_mask(mask, **given)
    spread = _per_token(advantages, mask)
    own, old, weights = counted(mask, **given, advantages=spread)
    ratios = counted_ratios(own, old, mask=mask, given=given)
    losses = -surrogates_of(ratios, weights, low=clip_epsilon, high=high)
    if beta and kl != "none":
        losses = losses + _kl_term(kl, log_probs, ref_log_probs, mask, ratios, beta=beta)
    divisors = _divisors(mask.sum(dim=1).to(losses), normalizer)
    loss = (losses / where_counted(divisors[:, None].expand_as(mask), mask)).sum()
    return finite_result(loss, mask, **given, advantages=spread)


def _divisors(lengths: Tensor, normalizer: str) -> Tensor:
    """[B] what divides the losses of an answer's tokens."""
    if normalizer == "batch_tokens":
        return lengths.sum().expand_as(lengths)
    num_answers = (lengths > 0).sum()
    return (lengths if normalizer == "answer" else lengths.max().expand_as(lengths)) * num_answers


def _per_token(advantages: Tensor, mask: Tensor) -> Tensor:
    """[B, T] the advantage of each answer at each of its tokens."""
    require_tensors(advantages=advantages)
    if mask.ndim != 2 or advantages.shape != mask.shape[:1]:
        raise ValueError(
            "advantages must have shape [B] for a mask of shape [B, T], got "
            f"{tuple(advantages.shape)} for {tuple(mask.shape)}"
        )
    return advantages[:, None].expand(mask.shape)


def _kl_term(
    kl: str,
    log_probs: Tensor,
    ref_log_probs: Tensor | None,
    mask: Tensor,
    ratios: Tensor,
    *,
    beta: float,
) -> Tensor:
    """[N] beta times the estimates at the counted tokens."""
    require_tensors(ref_log_probs=ref_log_probs)
    require_mask(mask, log_probs=log_probs, ref_log_probs=ref_log_probs)
    # Filled before and selected after: an error then tells the place in [B, T].
    own, reference = log_probs, ref_log_probs.detach()
    if not mask.all():
        own, reference = (tensor.masked_fill(~mask, 0) for tensor in (own, reference))
    estimates = where_counted(KL_TERMS[kl](own, reference), mask)
    if kl == "k3_times_ratio":
        estimates = estimates * ratios
    prices = beta * estimates
    if not math.isfinite(prices.detach().abs().max().item()):
        raise ValueError(
            f"beta must not be so large that its product with {kl} overflows, got {beta:g} at "
            f"estimates up to {largest_size(estimates):g}"
        )
    return prices
