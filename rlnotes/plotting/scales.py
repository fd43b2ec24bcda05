"""A y axis that follows the data, at the price of one artist.

Matplotlib's own axis takes six milliseconds to draw when its limits change. Here the
grid stands still, and only the numbers beside it change.
"""

import math

import numpy as np
from matplotlib.axes import Axes

from rlnotes._checks import require_positive
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import SHADE

PARTS = 4  # between zero and the highest number
TOPS = (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)  # a fourth of each is short


def round_top(value: float) -> float:
    """The next number from 1, 1.2, 1.6, 2, 3, 4, 6, 8 times a power of ten.

    Args:
        value: positive.

    Returns:
        At least the value, and at most 1.5 times it.

    Raises:
        ValueError: if the value is not positive and finite.

    Example:
        >>> round_top(0.07), round_top(3.0), round_top(89.4)
        (0.08, 3.0, 100.0)
    """
    require_positive(value=value)
    power = 10.0 ** math.floor(math.log10(value))
    tops = (round(top * power, 12) for top in TOPS)
    return next(top for top in tops if top >= value * (1 - 1e-9))


class Scale(Labels):
    """Numbers from zero to a top that `set_top` moves; the grid is drawn once.

    The data keep their coordinates: only the limits of the axes change.

    Args:
        axes: its ticks on y are taken away.
        below: room under zero, as a share of the top.
        above: room over the top, for words.
        zorder: as of every artist.
    """

    def __init__(self, axes: Axes, *, below: float = 0.0, above: float = 0.0, zorder: float):
        self.below, self.above, self.top = below, above, 0.0
        shares = np.arange(PARTS + 1) / PARTS
        axes.set_yticks([])
        for height in (shares + below) / (1 + below + above):
            axes.plot(
                [0, 1], [height] * 2, color=SHADE, linewidth=0.8, transform=axes.transAxes, zorder=0
            )
        super().__init__(axes, np.zeros((PARTS + 1, 2)), size=10, zorder=zorder, shift=1.0)
        self.set_top(1.0)

    def set_top(self, value: float) -> None:
        """Let the axes hold zero to this value, rounded up.

        Raises:
            ValueError: if the value is not positive and finite.
        """
        top = round_top(float(value))
        if top == self.top:
            return
        self.top = top
        left, right = self.axes.get_xlim()
        self.axes.set_ylim(-self.below * top, (1 + self.above) * top)
        self.positions[:, 0] = left - 0.015 * (right - left)
        self.positions[:, 1] = top * np.arange(PARTS + 1) / PARTS
        self.set_texts([number(y, _decimals(top / PARTS)) for y in self.positions[:, 1]])

    def height(self, share: float) -> float:
        """The y, in data coordinates, at this share of the height of the axes."""
        return (share * (1 + self.below + self.above) - self.below) * self.top


def _decimals(step: float) -> int:
    """As many as it takes to write this step."""
    return next(n for n in range(13) if abs(step * 10**n - round(step * 10**n)) < 1e-6)
