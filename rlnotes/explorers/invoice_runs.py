"""Recorded runs on invoices: one number of each seed by setting, and what was run."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from rlnotes.explorers.runs_on_plane import span
from rlnotes.plotting.numbers import number
from rlnotes.training.invoices.on_policy import Config
from rlnotes.training.recordings import load

UPDATES = (
    f"{Config.num_updates} updates of GRPO, each on {Config.num_answers} answers to "
    f"{Config.num_documents} documents"
)
MEASURES = {
    "documents right": lambda row: row["right"] / row["documents"],
    "rules kept": lambda row: row["keeps_rules"] / row["documents"],
    "macro F1": lambda row: row["macro_f1"],
    "micro F1": lambda row: row["micro_f1"],
}


@lru_cache(maxsize=4)
def rows(name: str) -> list[dict]:
    """The rows of a recording, read once."""
    return load(name)


@lru_cache(maxsize=16)
def by_setting(name: str, keys: Sequence[str], measure: str) -> dict[tuple, np.ndarray]:
    """What each seed reached, in the order of the seeds, by these columns.

    Args:
        name: of the recording.
        keys: a tuple of columns that tell the settings apart.
        measure: one of `MEASURES`, or the name of a column.
    """
    measured = MEASURES.get(measure, lambda row: row[measure])
    found: dict[tuple, dict[float, float]] = {}
    for row in rows(name):
        found.setdefault(tuple(row[key] for key in keys), {})[row["seed"]] = measured(row)
    return {key: np.array([seeds[seed] for seed in sorted(seeds)]) for key, seeds in found.items()}


def said(over_seeds: np.ndarray, digits: int = 3) -> str:
    """The mean over seeds, and the smallest and the largest, in words."""
    return f"{number(over_seeds.mean(), digits)} ({span(over_seeds, digits)})"


def capital(text: str) -> str:
    """The text with a capital first letter, the others as they are.

    Example:
        >>> capital("macro F1")
        'Macro F1'
    """
    return text[:1].upper() + text[1:]
