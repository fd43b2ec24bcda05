"""Recorded runs of PPO with its parts on switches, seed by seed, under four judges."""

from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rlnotes._checks import require_option
from rlnotes.training.recordings import load_arrays
from rlnotes.training.token_ppo import Config, effective_parts

PARTS = ("reuse", "ratio", "clip", "reference", "critic")


class Runs(NamedTuple):
    """What all seeds did with one choice of the parts, R batches each."""

    objective: np.ndarray  # [seeds, R + 1] exact J
    kl_to_ref: np.ndarray  # [seeds, R + 1] exact KL(policy || reference), nats
    kl_of_update: np.ndarray  # [seeds, R + 1] exact KL(old || new); 0 before the first
    first_noise: np.ndarray  # [seeds] sigma / length of the first gradient

    @property
    def penalized(self) -> np.ndarray:
        """[seeds, R + 1] J less the default price of KL, whatever training charged."""
        return self.objective - Config.beta * self.kl_to_ref


@lru_cache(maxsize=1)
def recording() -> dict[str, np.ndarray | str]:
    """The arrays of `record_ppo_ingredients`, read once."""
    return load_arrays("ppo_ingredients")


def recorded_runs(
    off: Collection[str] = (), *, reward_offset: float = 2.0, reward_noise: float = 1.0
) -> Runs:
    """The runs with some parts left out; the same row of each array is the same seed.

    Args:
        off: those of `PARTS` that are left out. Idle ones count as on.
        reward_offset: of the judge, 0 or 2.
        reward_noise: of the judge, 0 or 1.

    Raises:
        ValueError: for another part, or a judge that was not recorded.

    Example:
        >>> recorded_runs(["critic"]).objective.shape
        (30, 21)
    """
    for part in off:
        require_option(PARTS, off=part)
    arrays = recording()
    judges, judge = [*map(tuple, arrays["judges"].tolist())], (reward_offset, reward_noise)
    require_option(judges, judge=judge)
    choice = effective_parts({part: part not in off for part in PARTS})
    row = arrays["choices"].tolist().index([*choice.values()])
    place = row, judges.index(judge)
    return Runs(*(arrays[name][place].astype(np.float64) for name in Runs._fields))
