"""Recorded pass rates of the forgotten carry: before, during and after GRPO."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rlnotes._checks import require_option, require_positive_integer
from rlnotes.exact.pass_rates import no_signal_probability, pass_at_k
from rlnotes.training.recordings import load_arrays


@lru_cache(maxsize=1)
def recorded_updates() -> list[int]:
    """After how many updates there is a record."""
    return load_arrays("carry_pass_rates")["updates"].tolist()


@lru_cache(maxsize=64)
def pass_rates_after(update: int) -> np.ndarray:
    """[S, 800] exact pass rates of the held-out prompts, seed by seed, float64.

    Raises:
        ValueError: if there is no record after so many updates.
    """
    require_option(recorded_updates(), update=update)
    rates = load_arrays("carry_pass_rates")["pass_rates"][recorded_updates().index(update)]
    return rates.astype(np.float64).clip(0, 1)  # a rounded sum may exceed 1


class DeadGroups(NamedTuple):
    """Expected share of groups whose rewards are all equal."""

    dead: float
    all_right: float  # one part of it
    all_wrong: float  # the other
    low: float  # the share of the seed with the fewest
    high: float


@lru_cache(maxsize=256)
def dead_groups(update: int, group_size: int) -> DeadGroups:
    """Share of dead groups if every held-out prompt gets one, mean over the seeds.

    Raises:
        ValueError: if there is no record after so many updates, or group_size is no
            positive integer.
    """
    rates = pass_rates_after(update)
    dead = no_signal_probability(rates, group_size=group_size).mean(axis=1)
    all_right, all_wrong = (1 - pass_at_k(q, k=group_size).mean() for q in (1 - rates, rates))
    return DeadGroups(dead.mean(), all_right, all_wrong, dead.min(), dead.max())


@lru_cache(maxsize=64)
def mean_pass_at_k(update: int, largest: int) -> np.ndarray:
    """[largest] mean of pass@k over prompts and seeds, k = 1 ... largest.

    Raises:
        ValueError: if there is no record after so many updates, or largest is no
            positive integer.
    """
    require_positive_integer(largest=largest)
    rates = pass_rates_after(update)
    return np.array([pass_at_k(rates, k=k).mean() for k in range(1, largest + 1)])
