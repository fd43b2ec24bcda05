"""How far the canvas may be from Agg's picture of the same figure."""

from typing import NamedTuple

import numpy as np
from PIL import Image

LARGE = 32  # of 255: a pixel that differs by more than this in any channel
SHARE = 0.005  # of all pixels may do so; right settings reach 0.2 %
BLOCK = 5  # no block of this side may consist of such pixels
# The mean difference over a window of this side, of 255. At 100 settings of every
# explorer right pictures reach 14.9 (outlines of markers above one another, dashes that
# slide along a ragged line); the mildest of the planted faults reaches 28.9.
WINDOW = 12
LOCAL = 18.0
# The same picture with more pixels has its markers up to half a pixel elsewhere, so it
# is compared in cells of this side: right pictures reach 13, a missing label 26.
CELL = 16
COARSE = 18.0


class Difference(NamedTuple):
    """What two pictures of one size differ by.

    `share` of pixels that differ much, number of `blocks` in which all do, `local`: the
    largest mean over a window, at `place` (x, y), its upper left corner.
    """

    share: float
    blocks: int
    local: float
    place: tuple[int, int]

    @property
    def faults(self) -> list[str]:
        """What is more than two right pictures differ by."""
        found = {
            f"{self.share:.2%} of the pixels differ": self.share >= SHARE,
            f"{self.blocks} blocks differ": self.blocks > 0,
            f"the window at {self.place} differs by {self.local:.1f}": self.local >= LOCAL,
        }
        return [text for text, wrong in found.items() if wrong]


def difference(shown: np.ndarray, expected: np.ndarray) -> Difference:
    """The difference of two pictures [height, width, 3] of bytes."""
    if shown.shape != expected.shape:
        raise ValueError(f"shown must have shape {expected.shape}, got {shown.shape}")
    channels = np.maximum(shown, expected) - np.minimum(shown, expected)
    red, green, blue = (channels[..., i] for i in range(3))
    large = np.maximum(np.maximum(red, green), blue) > LARGE
    means = _sums(red.astype(np.int32) + green + blue, WINDOW) / (3 * WINDOW**2)
    y, x = np.unravel_index(means.argmax(), means.shape)
    blocks = int((_sums(large, BLOCK) == BLOCK**2).sum())
    return Difference(float(large.mean()), blocks, float(means.max()), (int(x), int(y)))


def unlike(large: np.ndarray, small: np.ndarray) -> float:
    """The largest difference of two pictures of any sizes, in means over cells."""
    cells = tuple(side // CELL for side in small.shape[1::-1])
    box = Image.Resampling.BOX
    one, other = (np.asarray(Image.fromarray(p).resize(cells, box), int) for p in (large, small))
    return float(np.abs(one - other).mean(axis=-1).max())


def contrast(picture: np.ndarray, ratio: float) -> float:
    """Squared steps between neighbours, per length of edge.

    Pixels that are only enlarged have smoother steps, so their contrast is less.
    """
    grey = picture.mean(axis=-1)
    return sum(float((np.diff(grey, axis=axis) ** 2).sum()) for axis in (0, 1)) / ratio


def _sums(values: np.ndarray, side: int) -> np.ndarray:
    """Sums over every square of this side."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.int32)
    np.cumsum(values, axis=0, dtype=np.int32, out=sums[1:, 1:])
    np.cumsum(sums, axis=1, out=sums)
    return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
