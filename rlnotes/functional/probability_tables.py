"""Tables whose rows are probabilities: sums of one, and a short form without zeros."""

import numpy as np

_EPS = np.finfo(np.float64).eps


def with_sums_of_one(probs: np.ndarray) -> np.ndarray:
    """[..., N] each row divided by its sum, if that misses one by more than rounding.

    Rows that sum to one up to the rounding of N terms keep every bit.

    Example:
        >>> with_sums_of_one(np.array([[0.25, 0.75], [3.0, 1.0]]))
        array([[0.25, 0.75],
               [0.75, 0.25]])
    """
    sums = probs.sum(axis=-1, keepdims=True)
    off = np.abs(sums - 1) > probs.shape[-1] * _EPS
    return probs / np.where(off, sums, 1.0) if off.any() else probs


def sparse_rows(probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[S, A, K] places and values of the entries that are not 0, from [S, A, N].

    K is the largest number of them in a row; shorter rows are filled with place 0 and
    value 0.

    Example:
        >>> sparse_rows(np.array([[[0, 0.25, 0.75]], [[0, 1.0, 0]]]))[0].tolist()
        [[[1, 2]], [[1, 0]]]
    """
    s, a, place = np.nonzero(probs)
    row = s * probs.shape[1] + a
    counts = np.bincount(row, minlength=probs.shape[0] * probs.shape[1])
    column = np.arange(len(row)) - (counts.cumsum() - counts)[row]
    shape = (len(counts), counts.max())
    places, values = np.zeros(shape, dtype=int), np.zeros(shape)
    places[row, column], values[row, column] = place, probs[s, a, place]
    return places.reshape(*probs.shape[:2], -1), values.reshape(*probs.shape[:2], -1)
