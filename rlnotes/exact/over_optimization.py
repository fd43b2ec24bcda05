"""What an optimum for a wrong reward is worth in the right one, exactly.

An optimum for a proxy weighs all replies of one score by one factor. So it is enough to
know, for each group of replies with one score, its probability under the reference and
its mean gold reward there: hundreds of numbers in place of all replies.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from rlnotes._checks import float64_array, require_finite, require_same_shape
from rlnotes.exact.language import require_all_completions
from rlnotes.functional.inputs import at_least_float32, require_tensors

_MOST_GROUPS = 10_000_000  # per prompt: 80 MB in float64
_WHOLE = {torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}


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
        groups: [N] or [P, N] whole numbers, the group of each reply, from 0.

    Raises:
        ValueError: for what is no torch tensor, if the shapes do not fit, a gold reward
            is not finite, the probabilities do not sum to one, or a group is no whole
            number from 0 to 10 million.
    """
    ref_log_probs, gold = at_least_float32(ref_log_probs=ref_log_probs, gold=gold)
    require_same_shape(ref_log_probs=ref_log_probs, gold=gold)
    if gold.ndim != 2:
        raise ValueError(f"gold must have shape [P, N], got {tuple(gold.shape)}")
    require_finite(gold=gold)
    require_all_completions(ref_log_probs=ref_log_probs)
    _require_groups(gold, groups)
    places, probs = groups.long().expand(gold.shape), ref_log_probs.exp()
    zeros = probs.new_zeros(len(gold), int(groups.max()) + 1)
    masses = zeros.scatter_add(1, places, probs)
    rewards = zeros.scatter_add(1, places, probs * gold)
    return ReplyGroups(masses.log(), torch.where(masses > 0, rewards / masses, 0.0))


def _require_groups(gold: Tensor, groups: Tensor) -> None:
    require_tensors(groups=groups)
    if groups.dtype not in _WHOLE:
        raise ValueError(f"groups must be whole numbers, got {groups.dtype}")
    if groups.shape not in (gold.shape, gold.shape[1:]):
        raise ValueError(
            f"groups must have shape {tuple(gold.shape)} or {tuple(gold.shape[1:])}, "
            f"got {tuple(groups.shape)}"
        )
    if groups.min() < 0:
        raise ValueError(f"groups must not be negative, got {groups.min()}")
    if groups.max() > _MOST_GROUPS:
        raise ValueError(f"groups must have numbers up to {_MOST_GROUPS:,}, got {groups.max()}")


def optimum_path(groups: ReplyGroups, scores: Tensor, betas: ArrayLike) -> Path:
    """The optimum for a proxy at each price of KL, and what it is worth in gold.

        pi*_beta(y) = pi_ref(y) exp(score(y) / beta) / Z
        KL = E[score] / beta - log Z

    Args:
        groups: see `group_replies`.
        scores: [P, K] proxy score of each group.
        betas: [B] numbers in any form, positive, score per nat.

    Raises:
        ValueError: for what is no torch tensor, if the shapes differ, a score is not
            finite, the masses of a prompt do not sum to one, or betas are no row of
            positive and finite numbers.
    """
    log_masses, gold_means, scores = _checked(groups, scores)
    rows = _row("betas", betas)
    if not ((rows > 0) & (rows < float("inf"))).all():
        raise ValueError(f"betas must be positive and finite, got {rows.tolist()}")
    # Shifted, so that nothing large is divided by a small beta. It changes no optimum.
    present = log_masses > -torch.inf
    shifts = torch.where(present, scores, -torch.inf).amax(dim=-1, keepdim=True)
    most = torch.finfo(scores.dtype).max  # infinity times 0 is no number
    lowered = torch.where(present, scores - shifts, 0.0).clamp(min=-most)
    prices = (1 / rows.to(scores)).clamp(max=most)[:, None, None]
    weights = torch.addcmul(log_masses, lowered, prices).exp_()  # [B, P, K]
    totals = weights.sum(dim=-1)
    proxy = (weights * lowered).sum(dim=-1) / totals
    gold = (weights * gold_means).sum(dim=-1) / totals
    kls = proxy * prices[..., 0] - totals.log()
    return Path(kls.mean(dim=-1), (proxy + shifts[:, 0]).mean(dim=-1), gold.mean(dim=-1))


def best_of_n_path(groups: ReplyGroups, scores: Tensor, ns: ArrayLike) -> Path:
    """The best of n samples by a proxy, for each n: the same three numbers.

        P(score <= s) = F(s)^n,  F under the reference

    Groups of one score count as one, see `frontier.best_of_n_log_probs`.

    Args:
        groups: see `group_replies`.
        scores: [P, K] proxy score of each group.
        ns: [B] whole numbers of samples in any form, at least 1.

    Raises:
        ValueError: as for `optimum_path`, but ns are a row of integers of at least 1.
    """
    log_masses, gold_means, scores = _checked(groups, scores)
    rows = _row("ns", ns)
    if not ((rows >= 1) & (rows < float("inf")) & (rows == rows.round())).all():
        raise ValueError(f"ns must be integers of at least 1, got {rows.tolist()}")
    ordered, order = scores.sort(dim=-1)
    masses, gold = log_masses.exp().gather(1, order), gold_means.gather(1, order)
    sums = torch.nn.functional.pad(masses.cumsum(dim=-1), (1, 0))
    sums = sums / sums[:, -1:]
    upto = sums.gather(1, torch.searchsorted(ordered, ordered, right=True))  # F(s)
    below = sums.gather(1, torch.searchsorted(ordered, ordered))  # P(score < s)
    present = upto > below
    tie = torch.where(present, upto - below, 1.0)
    log_upto = torch.where(present, upto, 1.0).log()
    log_loss = torch.where(present, torch.log1p(-(tie / upto).clamp(max=1.0)), 0.0)
    numbers = rows.to(masses.dtype).clamp(max=torch.finfo(masses.dtype).max)[:, None, None]
    # F(s)^n - P(score < s)^n = F(s)^n (1 - (1 - tie / F(s))^n), without cancellation.
    wins = torch.exp(numbers * log_upto) * -torch.expm1(numbers * log_loss)
    probs = wins * (torch.where(present, masses, 0.0) / tie)
    kls = torch.special.xlogy(probs, wins / tie).sum(dim=-1).clamp(min=0.0)
    means = [(probs * values).sum(dim=-1).mean(dim=-1) for values in (ordered, gold)]
    return Path(kls.mean(dim=-1), *means)


def _checked(groups: ReplyGroups, scores: Tensor) -> list[Tensor]:
    """Masses, gold and scores in one dtype."""
    parts = {"log_masses": groups.log_masses, "gold": groups.gold, "scores": scores}
    require_tensors(**parts)
    require_same_shape(**parts)
    require_finite(scores=scores, gold=groups.gold)
    require_all_completions(log_masses=groups.log_masses)
    return at_least_float32(**parts)


def _row(name: str, numbers: ArrayLike) -> Tensor:
    row = torch.as_tensor(float64_array(name, numbers))
    if row.ndim != 1:
        raise ValueError(f"{name} must be a row of numbers, got shape {tuple(row.shape)}")
    return row
