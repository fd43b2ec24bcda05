"""Pairs for DPO from scored answers: the best and the worst of each prompt.

Answers are compared only with answers to the same prompt: an easy prompt is no merit of
its answers. Equal rewards say nothing, so a prompt whose answers all have one reward
gives no pair.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_same_shape
from rlnotes.functional.inputs import counted, require_counted_finite, require_flags


class BestAndWorst(NamedTuple):
    """One pair for each of P prompts, by the places of its answers."""

    chosen: Tensor  # [P] int64, the first answer of the highest reward; 0 without a pair
    rejected: Tensor  # [P] int64, the first answer of the lowest reward, likewise
    kept: Tensor  # [P] bool, whether the prompt has a pair


def best_and_worst(rewards: Tensor, *, mask: Tensor | None = None) -> BestAndWorst:
    """The best and the worst answer to each prompt, as a pair to learn from.

        chosen_p   = first k with r_pk = max over j of r_pj
        rejected_p = first k with r_pk = min over j of r_pj
        kept_p     = r_p,chosen > r_p,rejected

    A prompt with fewer than two scored answers has no pair, as one with a tie has none.

    Args:
        rewards: [P, K] of K answers to each of P prompts, K at least 2, finite where
            counted.
        mask: [P, K] bool, True where an answer has a score; None counts all. The other
            entries may be anything, NaN included.

    Returns:
        A `BestAndWorst`. Where nothing is kept both places are 0, so that they can be
        gathered; the mask of a loss leaves them out.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers of shape
            [P, K], fewer than two answers, a counted reward that is not finite, or a
            mask that is not bool or of another shape.

    References:
        Yuan et al. (2024), arXiv:2401.10020: the highest and the lowest score, no pair
        where they are the same. The first of equals is our choice.

    Example:
        >>> rewards = torch.tensor([[0.2, 0.9, 0.5], [1.0, 1.0, 1.0], [0.0, 0.7, 0.7]])
        >>> chosen, rejected, kept = best_and_worst(rewards)
        >>> chosen.tolist(), rejected.tolist(), kept.tolist()
        ([1, 0, 1], [0, 0, 0], [True, False, True])
        >>> best_and_worst(rewards, mask=rewards > 0).kept.tolist()
        [True, False, False]
    """
    (wide,) = counted(None, rewards=rewards)
    if wide.ndim != 2 or wide.shape[1] < 2:
        raise ValueError(f"rewards must have shape [P, K], K > 1, got {tuple(wide.shape)}")
    if mask is None:
        mask = torch.ones_like(wide, dtype=torch.bool)
    # A mask may count nothing here: that is a prompt without a pair.
    require_flags(mask=mask)
    require_same_shape(rewards=rewards, mask=mask)
    require_counted_finite(mask, rewards=wide)
    # Of equal numbers torch's max and min along an axis give the first place.
    best, chosen = wide.where(mask, -torch.inf).max(dim=1)
    worst, rejected = wide.where(mask, torch.inf).min(dim=1)
    kept = best > worst
    return BestAndWorst(chosen.where(kept, 0), rejected.where(kept, 0), kept)
