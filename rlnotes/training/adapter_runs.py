"""Recorded runs of two tasks on one base, and comparisons of them, seed by seed."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rlnotes._checks import require_finite_numbers, require_option, require_same_shape
from rlnotes.training.recordings import load, load_arrays

RANKS = (None, 1, 2, 4, 8)  # None: no adapter, every weight is trained
KINDS = ("A", "B", "A then B")  # the tasks of a run, the second one from where A ended
CHECKPOINTS = (0, 4, 8, 12, 16, 20, 30, 60)  # updates of the last task
MEASURES = ("reward_a", "reward_b", "kl_calm", "kl_angry", "lost_calm", "lost_angry")
SHOWN_SEEDS = range(5)  # those whose replies are kept one by one


def best_rates() -> dict[int | None, float]:
    """Learning rate with the best mean objective over both tasks, for each rank."""
    best = {}
    for rank in RANKS:
        sums: dict[float, float] = {}
        for row in load("adapter_rates"):
            if row["rank"] == (rank or 0):
                sums[row["rate"]] = sums.get(row["rate"], 0.0) + row["objective"]
        best[rank] = max(sums, key=sums.get)
    return best


@lru_cache(maxsize=1)
def recording() -> dict[str, np.ndarray | str]:
    """The arrays of `record_adapters.runs`, read once."""
    return load_arrays("adapter_runs")


def curves(rank: int | None, kind: str, measure: str) -> np.ndarray:
    """One exact number of every seed at every checkpoint.

    Args:
        rank: of the adapter, one of `RANKS`; None trained every weight.
        kind: one of `KINDS`.
        measure: a field of `adapters.Standing`.

    Returns:
        [seeds, checkpoints], in reward or nats, rounded to thousandths. The same row is
        the same seed for every rank and kind.

    Raises:
        ValueError: for another rank, kind or measure.

    Example:
        >>> curves(4, "A", "reward_a").shape
        (20, 8)
    """
    place = _place(rank, kind)
    require_option(MEASURES, measure=measure)
    return recording()["standings"][place][..., MEASURES.index(measure)].astype(np.float64)


class Replies(NamedTuple):
    """The likeliest replies of a trained policy."""

    places: np.ndarray  # [6, N] in the tables of `replies`, likeliest first
    probs: np.ndarray  # [6, N]


def likeliest_replies(rank: int | None, kind: str, seed: int | None = None) -> Replies:
    """What the policies say to each prompt at the end.

    Args:
        rank: as for `curves`.
        kind: as for `curves`.
        seed: one of `SHOWN_SEEDS`; None: the mean probability over all seeds.

    Raises:
        ValueError: for another rank, kind or seed.
    """
    place = _place(rank, kind)
    require_option((None, *SHOWN_SEEDS), seed=seed)
    number = 0 if seed is None else 1 + seed
    names = ("top_replies", "top_probs")
    return Replies(*(recording()[name][place][number] for name in names))


def first_reaching(rewards: np.ndarray, measure: np.ndarray, *, level: float) -> np.ndarray:
    """A number of each run where its reward first reaches a level.

    Between two checkpoints both go in a straight line.

    Args:
        rewards: [S, C] at the checkpoints of S runs.
        measure: [S, C] what is asked for there: forgetting, KL, or the update itself.
        level: reward to reach.

    Returns:
        [S] nan for a run that never reaches it.

    Raises:
        ValueError: if the shapes differ or are not [S, C], or level is not finite.

    Example:
        >>> rewards, updates = np.array([[0.0, 1.0, 3.0]]), np.array([[0, 10, 20]])
        >>> first_reaching(rewards, updates, level=2.0).tolist()
        [15.0]
    """
    require_same_shape(rewards=rewards, measure=measure)
    require_finite_numbers(level=level)
    if rewards.ndim != 2:
        raise ValueError(f"rewards must have shape [S, C], got {list(rewards.shape)}")
    found = np.full(len(rewards), np.nan)
    for run, reached in enumerate(rewards >= level):
        if not reached.any():
            continue
        after = int(reached.argmax())
        before = max(after - 1, 0)
        (low, high), (first, last) = rewards[run, [before, after]], measure[run, [before, after]]
        share = (level - low) / (high - low) if after else 1.0
        found[run] = first + share * (last - first)
    return found


def mean_and_error(numbers: np.ndarray) -> tuple[float, float]:
    """Mean over the seeds and its standard error.

    Raises:
        ValueError: if they are not two or more finite numbers.

    Example:
        >>> mean_and_error(np.array([1.0, 3.0]))
        (2.0, 1.0)
    """
    if numbers.ndim != 1 or len(numbers) < 2 or not np.isfinite(numbers).all():
        raise ValueError(f"numbers must be two or more, all finite, got {numbers}")
    return float(numbers.mean()), float(numbers.std(ddof=1) / np.sqrt(len(numbers)))


def _place(rank: int | None, kind: str) -> tuple[int, int]:
    require_option(RANKS, rank=rank)
    require_option(KINDS, kind=kind)
    return RANKS.index(rank), KINDS.index(kind)
