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

    Each digit 0 to 9 counts as 0, so that only the form of a number is seen. Capitals
    count as small letters, and both ends of a word as letters of its trigrams. Rows are
    hashes: two words may share one.

    Returns:
        At most 40 numbers in [0, `NUM_WORD_ROWS`): of each word its own row, then those
        of its trigrams from left to right; none for a text of blanks.

    References:
        Weinberger et al. (2009), arXiv:0902.2206 (hashed features); Bojanowski et al.
        (2017), arXiv:1607.04606 (a word as the sum of its trigrams, framed).

    Example:
        >>> word_rows("9.60") == word_rows("1.25"), len(word_rows("TAX"))
        (True, 4)
    """
    rows = []
    for match in _WORD.finditer(_DIGIT.sub("0", text.casefold())):
        word = match[0]
        framed = f"^{word}$"
        parts = [word, *(framed[i : i + 3] for i in range(len(framed) - 2))]
        rows += [zlib.crc32(part.encode(errors="surrogatepass")) % NUM_WORD_ROWS for part in parts]
    return tuple(rows[:_MOST])


def word_bags(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """All rows of all texts in one vector, and how many belong to each.

    Args:
        texts: N segments.

    Returns:
        [W] int64 in [0, `NUM_WORD_ROWS`), those of the first text first; [N] int64
        counts that sum to W.
    """
    rows = [word_rows(text) for text in texts]
    counts = np.array([len(each) for each in rows], dtype=np.int64)
    return np.array([row for each in rows for row in each], dtype=np.int64), counts
