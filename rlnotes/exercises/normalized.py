"""Standardized numbers: a habit that several exercises must recognize."""

import numpy as np


def standardized(numbers, axis=None, ddof=0):
    """Minus the mean, divided by the standard deviation; nan if n - ddof is 0.

    Example:
        >>> standardized(np.array([1.0, 3.0])).round(6).tolist()
        [-1.0, 1.0]
    """
    centered = numbers - numbers.mean(axis=axis, keepdims=True)
    degrees = centered.size if axis is None else centered.shape[axis]
    if degrees <= ddof:
        return centered * np.nan
    return centered / (numbers.std(axis=axis, keepdims=True, ddof=ddof) + 1e-8)
