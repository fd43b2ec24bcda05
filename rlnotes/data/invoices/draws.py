"""Small draws from a NumPy generator, cheap enough to make hundreds a document."""

from collections.abc import Sequence

import numpy as np


def split_words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


def split_phrases(text: str) -> tuple[str, ...]:
    """What stands between bars or line ends.

    Example:
        >>> split_phrases("iron|cold tea")
        ('iron', 'cold tea')
    """
    return tuple(part for part in text.replace("\n", "|").split("|") if part)


def chance(generator: np.random.Generator, share: float) -> bool:
    """True with this probability."""
    return generator.random() < share


def whole(generator: np.random.Generator, low: int, high: int) -> int:
    """An integer of low, ..., high, all equally likely."""
    return low + int(generator.random() * (high - low + 1))


def pick(generator: np.random.Generator, options: Sequence):
    """One of the options, all equally likely."""
    return options[int(generator.random() * len(options))]


def pick_weighted(generator: np.random.Generator, options: Sequence[tuple[object, float]]):
    """One of the options, each given with its weight."""
    left = generator.random() * sum(weight for _, weight in options)
    for option, weight in options:
        left -= weight
        if left < 0:
            return option
    return options[-1][0]


def digits(generator: np.random.Generator, count: int) -> str:
    """That many digits, the first not 0.

    Example:
        >>> len(digits(np.random.default_rng(0), 12))
        12
    """
    low = 10 ** (count - 1)
    return str(whole(generator, low, 10 * low - 1))


def distinct(generator: np.random.Generator, options: Sequence, count: int) -> list:
    """That many options in random order; they repeat only if there are too few."""
    left = list(options)
    found = []
    for _ in range(count):
        if not left:
            left = list(options)
        found.append(left.pop(int(generator.random() * len(left))))
    return found
