"""Worlds drawn as text: the check that all of them share."""

from collections.abc import Mapping, Sequence

import numpy as np


def require_picture(picture: Sequence[str], *, letters: str, once: Mapping[str, str]) -> None:
    """Raise unless a picture is a grid of known letters, some of them exactly once.

    Args:
        picture: rows of one common length.
        letters: what the rows may be made of.
        once: {letter: what it means} of the letters that stand there exactly once.

    Raises:
        ValueError: names the rows, the unknown letters or the wrong count.

    Example:
        >>> require_picture(["S.", ".G"], letters="SG.", once={"S": "start"})
    """
    rows = list(picture) if isinstance(picture, Sequence | np.ndarray) else []
    is_text = not isinstance(picture, str) and all(isinstance(row, str) for row in rows)
    if not is_text or len(set(map(len, rows))) != 1 or not rows[0]:
        raise ValueError(
            f"picture must be a sequence of rows of one common length, got {picture!r}"
        )
    found = "".join(picture)
    if unknown := set(found) - set(letters):
        known = f"{' '.join(letters[:-1])} and {letters[-1]}"
        raise ValueError(f"picture may contain {known} only, got {sorted(unknown)}")
    for letter, meaning in once.items():
        if (count := found.count(letter)) != 1:
            raise ValueError(f"picture must have exactly one {meaning} {letter}, got {count}")
