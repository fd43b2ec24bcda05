"""What an optimum for a wrong reward is worth in the right one, exactly.

An optimum for a proxy weighs all replies of one score by one factor. So it is enough to
know, for each group of replies with one score, its probability under the reference and
its mean gold reward there: hundreds of numbers in place of all replies.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_same_shape


@dataclass(frozen=True)
class ReplyGroups:
    """The reference, as far as a proxy that is constant on each group can tell."""

    log_masses: Tensor  # [P, K] log of the reference's probability of each group, nats
    gold: Tensor  # [P, K] mean gold reward of the group under the reference


class Path(NamedTuple):
    """A family of policies, B of them; every number is the mean over prompts."""

    kls: Tensor  # [B] KL(policy || reference), nats
    proxy: Tensor  # [B] expected proxy score
    gold: Tensor  # [B] expected gold reward


def group_replies(ref_log_probs: Tensor, gold: Tensor, groups: Tensor) -> ReplyGroups:
    """Sum the reference over the replies of each group.

    Args:
        ref_log_probs: [P, N] of all replies under the reference, nats.
        gold: [P, N] gold rewards.
        groups: [N] or [P, N] int64, the group of each reply, from 0.

    Raises:
        ValueError: if the shapes do not fit, a gold reward is not finite, or a group
            has a negative number.
    """
    require_same_shape(ref_log_probs=ref_log_probs, gold=gold)
    require_finite(gold=gold)
    if groups.shape not in (gold.shape, gold.shape[1:]):
        raise ValueError(
            f"groups must have shape {tuple(gold.shape)} or {tuple(gold.shape[1:])}, "
            f"got {tuple(groups.shape)}"
        )
    if groups.min() < 0:
        raise ValueError(f"groups must not be negative, got {groups.min()}")
    places, probs = groups.expand(gold.shape), ref_log_probs.exp()
    zeros = probs.new_zeros(len(gold), int(groups.max()) + 1)
    masses = zeros.scatter_add(1, places, probs)
    rewards = zeros.scatter_add(1, places, probs * gold)
    return ReplyGroups(masses.log(), torch.where(masses > 0, rewards / masses, 0.0))


def optimum_path(groups: ReplyGroups, scores: Tensor, betas: Tensor) -> Path:
    """The optimum for a proxy at each price of KL, and what it is worth in gold.

        pi*_beta(y) = pi_ref(y) exp(score(y) / beta) / Z
        KL = E[score] / beta - log Z

    Args:
        groups: see `group_replies`.
        scores: [P, K] proxy score of each group.
        betas: [B] positive, score per nat.

    Raises:
        ValueError: if the shapes differ, a score is not finite, or a beta is not
            positive and finite.
    """
    _require_scores(groups, scores)
    if not ((betas > 0) & (betas < float("inf"))).all():
        raise ValueError(f"betas must be positive and finite, got {betas.tolist()}")
    # Shifted, so that nothing large is divided by a small beta. It changes no optimum.
    present = groups.log_masses > -torch.inf
    shifts = torch.where(present, scores, -torch.inf).amax(dim=-1, keepdim=True)
    lowered = torch.where(present, scores - shifts, 0.0)
    prices = (1 / betas.to(scores))[:, None, None]
    weights = torch.addcmul(groups.log_masses, lowered, prices).exp_()  # [B, P, K]
    totals = weights.sum(dim=-1)
    proxy = (weights * lowered).sum(dim=-1) / totals
    gold = (weights * groups.gold).sum(dim=-1) / totals
    kls = proxy * prices[..., 0] - totals.log()
    return Path(kls.mean(dim=-1), (proxy + shifts[:, 0]).mean(dim=-1), gold.mean(dim=-1))


def best_of_n_path(groups: ReplyGroups, scores: Tensor, ns: Tensor) -> Path:
    """The best of n samples by a proxy, for each n: the same three numbers.

        P(score <= s) = F(s)^n,  F under the reference

    Groups of one score count as one, see `frontier.best_of_n_log_probs`.

    Args:
        groups: see `group_replies`.
        scores: [P, K] proxy score of each group.
        ns: [B] int64 numbers of samples, at least 1.

    Raises:
        ValueError: if the shapes differ, a score is not finite, or an n is below 1.
    """
    _require_scores(groups, scores)
    if ns.is_floating_point() or not (ns >= 1).all():
        raise ValueError(f"ns must be integers of at least 1, got {ns.tolist()}")
    ordered, order = scores.sort(dim=-1)
    masses, gold = groups.log_masses.exp().gather(1, order), groups.gold.gather(1, order)
    sums = torch.nn.functional.pad(masses.cumsum(dim=-1), (1, 0))
    sums = sums / sums[:, -1:]
    upto = sums.gather(1, torch.searchsorted(ordered, ordered, right=True))  # F(s)
    below = sums.gather(1, torch.searchsorted(ordered, ordered))  # P(score < s)
    present = upto > below
    tie = torch.where(present, upto - below, 1.0)
    log_upto = torch.where(present, upto, 1.0).log()
    log_loss = torch.where(present, torch.log1p(-(tie / upto).clamp(max=1.0)), 0.0)
    numbers = ns.to(masses.dtype)[:, None, None]
    # F(s)^n - P(score < s)^n = F(s)^n (1 - (1 - tie / F(s))^n), without cancellation.
    wins = torch.exp(numbers * log_upto) * -torch.expm1(numbers * log_loss)
    probs = wins * (torch.where(present, masses, 0.0) / tie)
    kls = torch.special.xlogy(probs, wins / tie).sum(dim=-1)
    means = [(probs * values).sum(dim=-1).mean(dim=-1) for values in (ordered, gold)]
    return Path(kls.mean(dim=-1), *means)


def _require_scores(groups: ReplyGroups, scores: Tensor) -> None:
    require_same_shape(scores=scores, log_masses=groups.log_masses)
    require_finite(scores=scores)
