"""A price on the KL divergence: in the rewards, as in RLHF, or in the loss.

To the reference, it keeps a language model near where it started. To the old policy,
it is PPO's variant beside the clipped one.
"""

import torch
from torch import Tensor

from rlnotes._checks import (
    require_finite_numbers,
    require_floating_point,
    require_not_negative,
    require_positive,
    require_same_shape,
)
from rlnotes.functional.inputs import (
    at_least_float32,
    counted,
    finite_result,
    require_counted_finite,
    require_tensors,
)
from rlnotes.functional.ratios import counted_ratios
from rlnotes.functional.sequences import last_places


def kl_penalized_rewards(
    scores: Tensor,
    log_probs: Tensor,
    ref_log_probs: Tensor,
    mask: Tensor,
    *,
    beta: float,
) -> Tensor:
    """Rewards per token in RLHF: a price on each token, the score at the last one.

        r_t = -beta * (log pi(y_t) - log pi_ref(y_t)) + [t is the last token] * score

    Summed over a completion, undiscounted, this is score - beta * log(pi / pi_ref) of
    the whole: its mean over completions is E[score] - beta KL(pi || pi_ref). The price
    of a token is k1, see `kl_k1`: negative where the policy makes it less likely than
    the reference does.

    Rewards are numbers: no gradient flows through them, to policy, reference or reward
    model.

    Args:
        scores: [...] of a reward model, one for each completion, reward.
        log_probs: [..., T] log pi(y_t | x, y_<t) of the policy that sampled, nats.
        ref_log_probs: [..., T] the same of the frozen reference.
        mask: [..., T] bool, True where a token counts. Other places may hold anything.
        beta: price of one nat, reward per nat; 0 leaves the scores alone.

    Returns:
        [..., T] reward, 0 where not counted; float32 for half precision. No gradient.

    Raises:
        ValueError: for what is no torch tensor of the right dtype, if shapes do not
            fit, a row counts nothing, a counted number is not finite, a reward
            overflows, or beta is negative or not finite.

    References:
        Ziegler et al. (2019), arXiv:1909.08593, Eq. 2; Ouyang et al. (2022),
        arXiv:2203.02155, Eq. 2, of which this is the part without pretraining.

    Example:
        >>> log_probs = torch.tensor([[-1.0, -2.0, 0.0]])
        >>> ref_log_probs = torch.tensor([[-3.0, -1.0, 9.0]])
        >>> mask = torch.tensor([[True, True, False]])
        >>> kl_penalized_rewards(
        ...     torch.tensor([5.0]), log_probs, ref_log_probs, mask, beta=0.5)
        tensor([[-1.0000,  5.5000,  0.0000]])
    """
    require_not_negative(beta=beta)
    given = {"log_probs": log_probs, "ref_log_probs": ref_log_probs}
    require_tensors(scores=scores, **given)
    require_floating_point(scores=scores, **given)
    ends = last_places(mask)
    require_same_shape(**given, mask=mask)
    if scores.shape != mask.shape[:-1]:
        raise ValueError(
            f"scores must have shape {tuple(mask.shape[:-1])}, one for each row of mask, got "
            f"{tuple(scores.shape)}"
        )
    require_counted_finite(None, scores=scores)
    require_counted_finite(mask, **given)
    own, reference, wide = at_least_float32(**given, scores=scores)
    penalties = torch.where(mask, beta * (reference - own), 0.0)
    rewards = (penalties + torch.where(ends, wide.unsqueeze(-1), 0.0)).detach()
    if not torch.isfinite(rewards).all():
        where = tuple((~torch.isfinite(rewards)).nonzero()[0].tolist())
        raise ValueError(
            f"scores, log_probs and beta must not overflow in the reward, got {rewards[where]:g} "
            f"at {where} with beta = {beta:g}"
        )
    return rewards


def ppo_kl_penalty_loss(
    log_probs: Tensor,
    old_log_probs: Tensor,
    advantages: Tensor,
    kl: Tensor,
    *,
    beta: float,
    mask: Tensor | None = None,
) -> Tensor:
    """The other surrogate of the PPO paper: a price on the KL in place of the clip.

        loss = -mean of (ratio_t A_t - beta * kl_t),    kl_t = KL(pi_old || pi) at s_t

    beta = 0 leaves the plain surrogate, which TRPO constrains and PPO clips.

    Args:
        log_probs: [...] as for `ppo_clip_loss`.
        old_log_probs: [...] as for `ppo_clip_loss`.
        advantages: [...] as for `ppo_clip_loss`.
        kl: [...] KL divergence from the old policy to this one in each state, nats,
            differentiable; or an estimate of it.
        beta: price of one nat, not negative, see `adapted_kl_beta`.
        mask: [...] as for `reinforce_loss`.

    Returns:
        Scalar, to be minimized, float32 for half precision; differentiable in log_probs
        and kl.

    Raises:
        ValueError: as for `ppo_clip_loss`, or if beta is negative or not finite.

    References:
        Schulman et al. (2017), arXiv:1707.06347, Eq. 8 (there an objective).

    Example:
        >>> half, zero = torch.tensor([0.5]).log(), torch.zeros(1)
        >>> ppo_kl_penalty_loss(half, half, zero + 3, zero + 0.5, beta=2.0)
        tensor(-2.)
    """
    require_not_negative(beta=beta)
    given = {"log_probs": log_probs, "old_log_probs": old_log_probs}
    others = {"advantages": advantages, "kl": kl}
    log_probs, old_log_probs, advantages, kl = counted(mask, **given, **others)
    ratios = counted_ratios(log_probs, old_log_probs, mask=mask, given=given)
    loss = -(ratios * advantages.detach() - beta * kl).mean()
    return finite_result(loss, mask, **others)


def adapted_kl_beta(beta: float, kl: float, *, target_kl: float) -> float:
    """The price of the next update: twice or half the present one, or the same.

    Halved if the last update stayed below target_kl / 1.5, doubled if it went beyond
    1.5 * target_kl.

    Args:
        beta: positive price of the last update.
        kl: mean KL(pi_old || pi) after it, nats; an estimate may be negative.
        target_kl: positive, nats.

    Raises:
        ValueError: if beta or target_kl is not positive, or kl is not finite.

    References:
        Schulman et al. (2017), arXiv:1707.06347, section 4.

    Example:
        >>> [adapted_kl_beta(1.0, kl, target_kl=0.02) for kl in (0.01, 0.02, 0.04)]
        [0.5, 1.0, 2.0]
    """
    require_positive(beta=beta, target_kl=target_kl)
    require_finite_numbers(kl=kl.item() if getattr(kl, "ndim", None) == 0 else kl)
    if kl < target_kl / 1.5:
        return beta / 2
    return beta * 2 if kl > target_kl * 1.5 else beta
