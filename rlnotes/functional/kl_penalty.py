"""PPO with a price on the KL divergence, the variant that came with the clipped one."""

from torch import Tensor

from rlnotes._checks import require_positive
from rlnotes.functional.inputs import counted, finite_result
from rlnotes.functional.policy_gradients import counted_ratios


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
        >>> import torch
        >>> half, zero = torch.tensor([0.5]).log(), torch.zeros(1)
        >>> ppo_kl_penalty_loss(half, half, zero + 3, zero + 0.5, beta=2.0)
        tensor(-2.)
    """
    if not 0 <= beta < float("inf"):
        raise ValueError(f"beta must be finite and not negative, got {beta}")
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
    if not abs(kl) < float("inf"):
        raise ValueError(f"kl must be finite, got {kl}")
    if kl < target_kl / 1.5:
        return beta / 2
    return beta * 2 if kl > target_kl * 1.5 else beta


def kl_penalized_rewards(scores, log_probs, ref_log_probs, mask, *, beta):
    import torch

    rewards = torch.where(mask, -beta * (log_probs - ref_log_probs), 0.0).detach()
    rewards[torch.arange(len(rewards)), mask.sum(-1) - 1] += scores
    return rewards
