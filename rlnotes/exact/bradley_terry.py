"""What a Bradley-Terry fit finds: with flipped labels, and where no maximum exists."""

import math

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import (
    require_finite,
    require_in_unit_interval,
    require_positive,
    require_positive_integer,
)
from rlnotes.functional.bradley_terry import bradley_terry_scores
from rlnotes.functional.inputs import at_least_float32, require_real, require_tensors
from rlnotes.functional.preferences import preference_probs


def flipped_probs(probs: Tensor, *, flip_rate: float) -> Tensor:
    """Probability of a label after some labels were turned round at random.

        (1 - f) * p + f * (1 - p)

    It stays between f and 1 - f, and is no sigmoid of a score difference any more.

    Args:
        probs: [...] that the first answer is preferred, before.
        flip_rate: f in [0, 1], share of the labels that are turned round.

    Returns:
        [...] probabilities, float32 for half precision; differentiable in probs.

    Raises:
        ValueError: for what is no torch tensor of real numbers, or if a probability or
            flip_rate lies outside [0, 1].

    Example:
        >>> flipped_probs(torch.tensor([1.0, 0.5]), flip_rate=0.25)
        tensor([0.7500, 0.5000])
    """
    (probs,) = at_least_float32(probs=probs)
    require_in_unit_interval(flip_rate=flip_rate)
    flip_rate = float(flip_rate)
    outside = probs[~((probs >= 0) & (probs <= 1))]  # NaN is
    if outside.numel():
        raise ValueError(f"probs must lie in [0, 1], got {outside[0].item()}")
    return (1 - flip_rate) * probs + flip_rate * (1 - probs)


def population_scores(scores: Tensor, *, flip_rate: float) -> Tensor:
    """Scores that a fit approaches as the comparisons of every pair become many.

        maximize sum over pairs of P(i beats j) log sigma(s_i - s_j)

    with P after flips, each pair compared equally often. Without flips it finds the
    true scores again, up to their common constant; with flips it shrinks them.

    Args:
        scores: [K] true scores.
        flip_rate: share of flipped labels in [0, 1].

    Returns:
        [K] scores that sum to zero.

    Raises:
        ValueError: for what is no torch tensor [K] of two scores or more, if a score is
            not finite, or flip_rate lies outside [0, 1].

    Example:
        >>> shrunk = population_scores(torch.tensor([2.0, 0.0]), flip_rate=0.1)
        >>> (shrunk[0] - shrunk[1]).sigmoid()  # 0.9 * 0.8808 + 0.1 * 0.1192
        tensor(0.8046)
    """
    require_tensors(scores=scores)
    if scores.ndim != 1 or len(scores) < 2:
        raise ValueError(
            f"scores must have shape [K] with two items or more, got {tuple(scores.shape)}"
        )
    require_finite(scores=scores)
    square = (len(scores), len(scores))
    probs = preference_probs(scores[:, None].expand(square), scores.expand(square))
    probs = flipped_probs(probs, flip_rate=flip_rate)
    return bradley_terry_scores(probs * (1 - torch.eye(len(scores), dtype=probs.dtype)))


def comparable_groups(wins: Tensor) -> list[list[int]]:
    """Groups of items between which a fit without a prior is finite, best first.

    Two items belong together if each is ahead of the other by a chain of wins. A
    maximum of the likelihood exists if there is one group; otherwise the scores of a
    group rise for ever above those of the groups that never beat it.

    Args:
        wins: [K, K] how often the row's item beat the column's.

    Returns:
        Lists of indices; groups that were never compared stand in the order of how many
        items they are ahead of.

    Raises:
        ValueError: if wins is no torch tensor, no square matrix, or holds negative or
            infinite numbers.

    References:
        Ford (1957), "Solution of a ranking problem from binary comparisons".

    Example:
        >>> comparable_groups(torch.tensor([[0, 1, 2], [0, 0, 1], [0, 1, 0]]))
        [[0], [1, 2]]
    """
    require_tensors(wins=wins)
    require_real(wins=wins)
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1] or not len(wins):
        raise ValueError(f"wins must have shape [K, K], got {tuple(wins.shape)}")
    require_finite(wins=wins)
    if (wins < 0).any():
        raise ValueError(f"wins must not be negative, got {wins.min().item()}")
    ahead = _ahead(wins)
    together = ahead & ahead.T
    groups = {tuple(np.flatnonzero(row).tolist()) for row in together}
    best_first = sorted(groups, key=lambda group: (-ahead[group[0]].sum(), group))
    return [list(group) for group in best_first]


def _ahead(wins: Tensor) -> np.ndarray:
    """[K, K] bool, whether the row's item has a chain of wins to the column's."""
    ahead = (wins > 0).numpy() | np.eye(len(wins), dtype=bool)
    for _ in range(len(wins)):
        ahead = ahead @ ahead
    return ahead


def limit_scores(wins: Tensor) -> Tensor:
    """Where the scores go while the likelihood rises, seen from the largest group.

    Of groups of one size the best one is meant. Its members have their scores of
    maximum likelihood among themselves; those of the other groups leave for plus or
    minus infinity.

    Args:
        wins: [K, K] as for `comparable_groups`; of every two groups one is ahead of the
            other by a chain of wins.

    Returns:
        [K] float64 scores; the finite ones sum to zero.

    Raises:
        ValueError: as for `comparable_groups`, or if two groups were never compared.

    Example:
        >>> limit_scores(torch.tensor([[0, 1, 2], [0, 0, 1], [0, 1, 0]]))
        tensor([inf, 0., 0.], dtype=torch.float64)
    """
    require_tensors(wins=wins)
    wins = wins.double()
    groups = comparable_groups(wins)
    ahead = _ahead(wins)
    unknown = np.argwhere(~(ahead | ahead.T))
    if len(unknown):
        one, other = unknown[0].tolist()
        raise ValueError(
            f"wins must compare every two groups, got none between the groups of items {one} "
            f"and {other}"
        )
    largest = max(groups, key=len)
    scores = torch.full((len(wins),), -math.inf, dtype=torch.float64)
    for group in groups[: groups.index(largest)]:
        scores[group] = math.inf
    among = wins[largest][:, largest]
    scores[largest] = bradley_terry_scores(among) if len(largest) > 1 else 0.0
    return scores


def wilson_interval(
    successes: np.ndarray, num_trials: int, *, z: float = 1.96
) -> tuple[np.ndarray, np.ndarray]:
    """Interval for a probability, from how often it happened.

        all p with (share - p)^2 <= z^2 p (1 - p) / n

    Unlike share +- z * sqrt(share (1 - share) / n) it has a width where the share is
    0 or 1, and stays in [0, 1].

    Args:
        successes: [...] counts.
        num_trials: n, positive.
        z: half the width in standard deviations; 1.96 for 95 percent.

    Returns:
        Lower and upper ends, [...] each.

    Raises:
        ValueError: if num_trials is no positive integer, z is not positive, or a count
            lies outside [0, n].

    References:
        Wilson (1927), "Probable inference, the law of succession, and statistical
        inference".

    Example:
        >>> low, high = wilson_interval(np.array([4]), 4, z=2.0)
        >>> low, high
        (array([0.5]), array([1.]))
    """
    require_positive_integer(num_trials=num_trials)
    require_positive(z=z)
    shares = np.asarray(successes, dtype=np.float64) / num_trials
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"successes must lie in [0, {num_trials}], got {successes}")
    weight = z**2 / num_trials
    centre = shares + weight / 2
    half = np.sqrt(weight * (shares * (1 - shares) + weight / 4))
    low, high = (np.clip(end / (1 + weight), 0.0, 1.0) for end in (centre - half, centre + half))
    return low, high
