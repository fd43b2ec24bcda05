"""A function of a step that a message can show: its formula is its source."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rlnotes.exercises.answers import read, show

_compiled = lru_cache(lambda text: compile(text, "formula", "eval"))
_KNOWN = {"exp": np.exp, "log": np.log, "round": round, "__builtins__": {}}


@dataclass(frozen=True)
class Formula:
    """A number for each step d, as a formula of d[0], d[1], ... says it.

    Args:
        text: the formula; it may use exp, log and round.
        size: how many entries a step has.

    Example:
        >>> Formula("3 * d[0] + d[1]", size=2)([1.0, 0.5])
        3.5
    """

    text: str
    size: int

    def __call__(self, step: object) -> float:
        """The number for a step of any type that the checker can read.

        Raises:
            ValueError: if the step has another shape, or holds nan.
        """
        numbers = read(step).numbers
        if numbers.shape != (self.size,):
            raise ValueError(f"a step must have shape ({self.size},), got shape {numbers.shape}")
        if np.isnan(numbers).any():
            raise ValueError(
                f"the step holds nan: {show(numbers)}. A division 0/0, or the root of a "
                "number below 0?"
            )
        with np.errstate(all="ignore"):  # a step may be far too long
            return float(eval(_compiled(self.text), _KNOWN, {"d": numbers}))

    def __repr__(self) -> str:
        return f"d -> {self.text}"
