"""Recorded runs of the ladder from REINFORCE to PPO on CartPole."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rlnotes._checks import require_option
from rlnotes.training.lineage import Config
from rlnotes.training.recordings import load


class Runs(NamedTuple):
    """All seeds of one rung, on a grid of G environment steps."""

    steps: np.ndarray  # [G] environment steps
    returns: np.ndarray  # [seeds, G] mean return of 32 fresh episodes of the policy
    batches: np.ndarray  # [seeds, G] batches so far


class Gain(NamedTuple):
    """What one rung has over another, seed by seed, in mean return over a run."""

    mean: float
    error: float  # standard error of the mean of the differences
    ahead: int  # seeds in which it is more


@lru_cache(maxsize=1)
def all_runs() -> dict[tuple[float, int], Runs]:
    """(learning rate, rung) -> its runs."""
    found: dict[tuple[float, int], list[dict]] = {}
    for row in load("lineage_cartpole"):
        found.setdefault((row["learning_rate"], int(row["rung"])), []).append(row)
    return {setting: _runs(rows) for setting, rows in found.items()}


def runs_of(rung: int, *, learning_rate: float = Config.learning_rate) -> Runs:
    """The runs of a rung.

    Raises:
        ValueError: if this rung was not recorded at this learning rate.

    Example:
        >>> runs_of(6).returns.shape
        (20, 8)
    """
    setting = learning_rate, rung
    require_option(list(all_runs()), setting=setting)
    return all_runs()[setting]


def gain(
    rung: int,
    other: int,
    *,
    learning_rate: float = Config.learning_rate,
    other_rate: float = Config.learning_rate,
) -> Gain:
    """What a rung has over another: the mean over the grid, paired by seed.

    Raises:
        ValueError: as for `runs_of`.
    """
    one = runs_of(rung, learning_rate=learning_rate).returns.mean(axis=1)
    gains = one - runs_of(other, learning_rate=other_rate).returns.mean(axis=1)
    error = gains.std(ddof=1) / len(gains) ** 0.5
    return Gain(float(gains.mean()), float(error), int((gains > 0).sum()))


def _runs(rows: list[dict]) -> Runs:
    steps = np.unique([row["step"] for row in rows])
    rows = sorted(rows, key=lambda row: (row["seed"], row["step"]))
    returns, batches = (
        np.array([row[name] for row in rows]).reshape(-1, len(steps))
        for name in ("mean_return", "batches")
    )
    return Runs(steps, returns, batches)
