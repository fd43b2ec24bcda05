"""Reward models as an optimizer meets them: scores that stand for the gold reward.

Each is kept by groups of replies that it cannot tell apart, so that all that follows
from it, see `exact.over_optimization`, is exact and fast.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import (
    require_finite,
    require_in_unit_interval,
    require_option,
    require_positive_integer,
)
from rlnotes.exact.over_optimization import ReplyGroups, group_replies
from rlnotes.functional.inputs import require_tensors
from rlnotes.training.comparisons import draw_comparisons
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load_arrays
from rlnotes.training.replies import gold_table, reply_numbers
from rlnotes.training.scores import ENSEMBLES, ensemble_scores
from rlnotes.training.word_count_reward import CountedPairs, bags, count_pairs, fit_word_counts

FEW_PAIRS = 3_000  # quick to draw
LEVELS = 16  # steps per unit of a score table; finer ones change little


@dataclass(frozen=True)
class Proxy:
    """Scores of all replies under the recorded reference, by groups."""

    groups: ReplyGroups
    scores: Tensor  # [6, K] of each group, mean 0 under the reference for each prompt
    of_reply: Tensor  # [6, 19608] int64, the group of each reply

    @property
    def table(self) -> Tensor:
        """[6, 19608] score of each reply."""
        return self.scores.gather(1, self.of_reply)

    @property
    def accuracy(self) -> float:
        """Share of 5,000 pairs of the reference that it orders as gold does.

        A tie counts as half.
        """
        prompts, better, worse = ordered_pairs()
        ahead, behind = (
            self.scores[prompts, self.of_reply[prompts, replies]] for replies in (better, worse)
        )
        return ((ahead > behind).double() + 0.5 * (ahead == behind)).mean().item()


@lru_cache(maxsize=16)
def drawn_pairs(num: int, flip_rate: float, seed: int) -> CountedPairs:
    """Counted comparisons of the recorded reference, of which the first may be used.

    Another flip_rate flips more or fewer labels of the same pairs.
    """
    generator = torch.Generator().manual_seed(seed)
    return count_pairs(draw_comparisons(num, reference_log_probs(), generator, flip_rate=flip_rate))


class OrderedPairs(NamedTuple):
    """Pairs of replies by their places in the tables, the better one by gold first."""

    prompts: Tensor  # [M] int64
    better: Tensor  # [M] int64
    worse: Tensor  # [M] int64


@lru_cache(maxsize=1)
def ordered_pairs() -> OrderedPairs:
    """5,000 pairs of the reference, none of equal gold, seen by no reward model."""
    generator = torch.Generator().manual_seed(1_000)
    pairs = draw_comparisons(8_000, reference_log_probs(), generator)
    replies = torch.stack([reply_numbers(pairs.chosen), reply_numbers(pairs.rejected)], dim=1)
    gold = gold_table()[pairs.prompts[:, None], replies]
    better, worse = replies.gather(1, gold.argsort(dim=1, descending=True)).unbind(dim=1)
    unequal = (gold[:, 0] != gold[:, 1]).nonzero()[:5_000, 0]
    return OrderedPairs(pairs.prompts[unequal], better[unequal], worse[unequal])


def word_count_proxy(num_pairs: int, *, flip_rate: float, seed: int) -> Proxy:
    """The word-count reward model of some comparisons under the recorded reference.

    Up to `FEW_PAIRS` a larger number has the pairs of a smaller one among its own.

    Raises:
        ValueError: if a number is out of its range.
    """
    require_positive_integer(num_pairs=num_pairs)
    require_in_unit_interval(flip_rate=flip_rate)
    drawn = drawn_pairs(max(num_pairs, FEW_PAIRS), flip_rate, seed)
    weights = fit_word_counts(drawn, num_pairs=num_pairs)
    groups = _bag_groups()
    scores = weights @ bags().counts.T
    scores = scores - (groups.log_masses.exp() * scores).sum(dim=-1, keepdim=True)
    return Proxy(groups, scores, bags().of_reply.expand(len(weights), -1))


@lru_cache(maxsize=1)
def _bag_groups() -> ReplyGroups:
    return group_replies(reference_log_probs(), gold_table(), bags().of_reply)


def table_proxy(table: Tensor) -> Proxy:
    """A score table [6, 19608] in steps of a sixteenth, centred for each prompt.

    Raises:
        ValueError: if a score is not finite, the shape is another, or the scores lie
            too far apart for steps of a sixteenth.
    """
    require_tensors(table=table)
    require_finite(table=table)
    if table.shape != gold_table().shape:
        raise ValueError(
            f"table must have shape {tuple(gold_table().shape)}, got {tuple(table.shape)}"
        )
    log_probs = reference_log_probs()
    centred = table.double() - (log_probs.exp() * table).sum(dim=-1, keepdim=True)
    spread = (centred.max() - centred.min()).item()
    if not spread * LEVELS < 1e7:
        raise ValueError(f"table must have a spread below {1e7 / LEVELS:,}, got {spread:g}")
    steps = (centred * LEVELS).round().long()
    lowest = int(steps.min())
    of_reply = steps - lowest
    scores = torch.arange(lowest, int(steps.max()) + 1, dtype=torch.float64) / LEVELS
    groups = group_replies(log_probs, gold_table(), of_reply)
    means = (groups.log_masses.exp() * scores).sum(dim=-1, keepdim=True)
    return Proxy(groups, scores - means, of_reply)


@lru_cache(maxsize=1)
def recorded_scores() -> dict:
    """Score tables of transformers, float16, by number of pairs, flip rate and seed."""
    return load_arrays("reward_model_scores")


def recorded_proxy(
    num_pairs: int, *, flip_rate: float, seed: int = 0, ensemble: str | None = None
) -> Proxy:
    """A recorded transformer, or the ensemble of all seeds of its setting.

    Args:
        num_pairs: one of those recorded.
        flip_rate: likewise.
        seed: likewise; without meaning for an ensemble, which has all of them.
        ensemble: "min" or "mean", or None for one model.

    Raises:
        ValueError: for a setting that is not recorded.
    """
    require_option((None, *ENSEMBLES), ensemble=ensemble)
    recorded = recorded_scores()
    require_option(recorded["num_pairs"].tolist(), num_pairs=num_pairs)
    require_option(recorded["flip_rates"].tolist(), flip_rate=flip_rate)
    require_option(recorded["seeds"].tolist(), seed=seed)
    place = (
        recorded["num_pairs"].tolist().index(num_pairs),
        recorded["flip_rates"].tolist().index(flip_rate),
    )
    members = torch.from_numpy(recorded["scores"][place]).double()
    if ensemble is None:
        return table_proxy(members[seed])
    return table_proxy(ensemble_scores(members, reference_log_probs(), rule=ensemble))
