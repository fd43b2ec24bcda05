"""Wrong last steps: what becomes of the values that stand before their tokens."""

import numpy as np

from rlnotes.exercises.values_before_parts import masked


def rolled(r, values):
    """The tokens' values, shifted by one inside the completion, around its end."""
    return masked(r, np.roll(values, 1, axis=1))


def shifted_inside(r, values):
    """The same with 0 before the first token."""
    return masked(r, np.pad(values, ((0, 0), (1, 0)))[:, :-1])


def shifted_back(r, values):
    return masked(r, np.pad(values, ((0, 0), (0, 1)))[:, 1:])


def last_is_padding(r, values):
    """The value of the last token is left out, as if the mask were shifted, too."""
    return masked(r, values) * np.pad(r.completion_mask, ((0, 0), (0, 1)))[:, 1:]


def reversed_inside(r, values):
    """Each completion is read backward."""
    lengths = r.completion_mask.sum(axis=1, keepdims=True)
    columns = np.maximum(lengths - 1 - np.arange(values.shape[1]), 0)
    return masked(r, np.take_along_axis(values, columns, axis=1))


def first_token_alone(r, values):
    return np.where(np.arange(values.shape[1]) == 0, values, 0.0)


def by_row_0s_mask(r, values):
    return np.where(r.completion_mask[:1], values, 0.0)


def masked_then_rolled(r, values):
    return np.roll(masked(r, values), 1, axis=1)


def shifted_left(r, values):
    """The value of the next state, and 0 for the last token."""
    return np.pad(masked(r, values), ((0, 0), (0, 1)))[:, 1:]
