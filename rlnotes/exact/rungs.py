"""A derivation as a ladder: each line with both its sides as numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rung:
    """One line of a derivation: what it says, and what both sides are."""

    name: str
    left: float
    right: float
    place: str = ""  # of many, where the two sides are; empty if there is but one

    @property
    def residual(self) -> float:
        return abs(self.left - self.right)


def finite_difference(function: Callable[[float], np.ndarray], x: float, h: float = 1e-3):
    """Slope of a function, of fourth order: error about h^4 times the fifth derivative.

    Example:
        >>> round(finite_difference(lambda x: x**4, 1.0), 9)
        4.0
    """
    outer = function(x - 2 * h) - function(x + 2 * h)
    return (outer + 8 * (function(x + h) - function(x - h))) / (12 * h)
