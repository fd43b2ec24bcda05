"""The value before each completion token, and the same with another part."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np


def values_by_rows(hidden_states, weights, bias, prompt_lengths, completion_mask):
    """Row by row: the values from the prompt's last position on, [B, T]."""
    per_position = hidden_states @ weights + bias  # [B, L]
    values = np.zeros(completion_mask.shape)
    for row, prompt_length in enumerate(prompt_lengths):
        first, length = prompt_length - 1, completion_mask[row].sum()
        values[row, :length] = per_position[row, first : first + length]
    return values


def head_values(r):
    """The value at each position, [B, L]."""
    return r.hidden_states @ r.weights + r.bias


def before(r):
    """The column of the state before the first completion token, one per row."""
    return r.prompt_lengths - 1


def aligned(r, per_position, first):
    """Columns `first`, `first` + 1, ... of each row, held in the row, with padding."""
    last = per_position.shape[1] - 1
    columns = first[:, None] + np.arange(r.completion_mask.shape[1])
    return np.take_along_axis(per_position, np.clip(columns, 0, last), axis=1)


def masked(r, values):
    return np.where(r.completion_mask, values, 0.0)


def with_another(
    head: Callable = head_values, first: Callable = before, result: Callable = masked
) -> Callable:
    """A wrong answer: another head, first column or treatment of the padding.

    `head` and `first` are of the record r, `result` of r and the aligned values.
    """

    def wrong(**record):
        r = SimpleNamespace(**record)
        return result(r, aligned(r, head(r), first(r)))

    return wrong


def for_all(choose: Callable) -> Callable:
    """A wrong answer: one prompt length for all rows."""
    return with_another(
        first=lambda r: np.full(len(r.prompt_lengths), choose(r.prompt_lengths)) - 1
    )


def from_record(make: Callable) -> Callable:
    """A wrong answer: one number for each of the L positions."""
    return lambda **record: make(SimpleNamespace(**record))


def completion_columns(r):
    """Which of the L positions hold completion tokens."""
    columns, lengths = np.arange(r.hidden_states.shape[1]), r.completion_mask.sum(axis=1)
    starts = r.prompt_lengths[:, None]
    return (columns >= starts) & (columns < starts + lengths[:, None])


def tokens(r):
    """How many tokens each row has: prompt and completion."""
    return r.prompt_lengths + r.completion_mask.sum(axis=1)


def last_hidden(r):
    return np.take_along_axis(head_values(r), tokens(r)[:, None] - 1, axis=1)


def values_at(r, columns):
    return masked(r, np.take_along_axis(head_values(r), columns[:, None], axis=1))


def tokens_own(r):
    return r.prompt_lengths


def ends_of_rows(r):
    """The last T columns, as of prompts padded on the left."""
    length, longest = r.hidden_states.shape[1], r.completion_mask.shape[1]
    return np.full(len(r.prompt_lengths), length - longest - 1)


def by_the_mask(r):
    """The completions are taken to begin where the hidden states do."""
    return np.zeros_like(r.prompt_lengths)


def last_of_the_row(r):
    """The completion is taken for the last columns of its row."""
    return r.hidden_states.shape[1] - r.completion_mask.sum(axis=1)


def first_row_for_all(r):
    return np.tile(head_values(r)[:1], (len(r.prompt_lengths), 1))


def one_longer(r):
    """The mask with one token more in each row, [B, T + 1]."""
    return np.pad(r.completion_mask, ((0, 0), (1, 0)), constant_values=True)


def with_the_last_state(r):
    """The value of the last state, too, [B, T + 1]."""
    columns = before(r)[:, None] + np.arange(r.completion_mask.shape[1] + 1)
    columns = np.minimum(columns, r.hidden_states.shape[1] - 1)
    return np.where(one_longer(r), np.take_along_axis(head_values(r), columns, axis=1), 0.0)


def rows_by_columns(r):
    """All rows at the columns of each, [B, B, T]."""
    columns = before(r)[:, None] + np.arange(r.completion_mask.shape[1])
    return head_values(r)[:, np.minimum(columns, r.hidden_states.shape[1] - 1)]


def before_and_after(r):
    """The mean of a position's value and the next one's, [B, L]."""
    return (head_values(r) + np.pad(head_values(r), ((0, 0), (0, 1)), mode="edge")[:, 1:]) / 2


def running_mean(r):
    counts = np.arange(1, r.hidden_states.shape[1] + 1)
    return np.cumsum(r.hidden_states @ r.weights, axis=1) / counts + r.bias
