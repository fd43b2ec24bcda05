"""Words of a segment as numbers of a small table: whole words and their trigrams."""

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

NUM_WORD_ROWS = 1500
_WORD = re.compile(r"\S+")
_DIGIT = re.compile(r"[0-9]")
_MOST = 40


@lru_cache(maxsize=65536)
def word_rows(text: str) -> tuple[int, ...]:
    """Rows of the table for the words and letter trigrams of a text.

    Each digit counts as 0, so that only the form of a number is seen. Rows are hashes:
    two words may share one.

    Example:
        >>> word_rows("9.60") == word_rows("1.25"), len(word_rows("TAX"))
        (True, 4)
    """
    rows = []
    for match in _WORD.finditer(_DIGIT.sub("0", text.casefold())):
        word = match[0]
        framed = f"^{word}$"
        parts = [word, *(framed[i : i + 3] for i in range(len(framed) - 2))]
        rows += [zlib.crc32(part.encode()) % NUM_WORD_ROWS for part in parts]
    return tuple(rows[:_MOST])


def word_bags(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """All rows of all texts in one vector, and how many belong to each."""
    rows = [word_rows(text) for text in texts]
    counts = np.array([len(each) for each in rows], dtype=np.int64)
    return np.array([row for each in rows for row in each], dtype=np.int64), counts
