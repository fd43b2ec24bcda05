"""The value before each completion token, and the mistakes that people make in it."""

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


def _head(r):
    """The value at each position, [B, L]."""
    return r.hidden_states @ r.weights + r.bias


def _before(r):
    """The column of the state before the first completion token, one per row."""
    return r.prompt_lengths - 1


def _aligned(r, per_position, first):
    """Columns `first`, `first` + 1, ... of each row, held in the row, with padding."""
    last = per_position.shape[1] - 1
    columns = first[:, None] + np.arange(r.completion_mask.shape[1])
    return np.take_along_axis(per_position, np.clip(columns, 0, last), axis=1)


def _masked(r, values):
    return np.where(r.completion_mask, values, 0.0)


def _with(
    head: Callable = _head, first: Callable = _before, result: Callable = _masked
) -> Callable:
    """A wrong answer: another head, first column or treatment of the padding.

    `head` and `first` are of the record r, `result` of r and the aligned values.
    """

    def wrong(**record):
        r = SimpleNamespace(**record)
        return result(r, _aligned(r, head(r), first(r)))

    return wrong


def _for_all(choose: Callable) -> Callable:
    """A wrong answer: one prompt length for all rows."""
    return _with(first=lambda r: np.full(len(r.prompt_lengths), choose(r.prompt_lengths)) - 1)


def _whole(make: Callable) -> Callable:
    """A wrong answer: one number for each of the L positions."""
    return lambda **record: make(SimpleNamespace(**record))


def _completion_columns(r):
    """Which of the L positions hold completion tokens."""
    columns, lengths = np.arange(r.hidden_states.shape[1]), r.completion_mask.sum(axis=1)
    starts = r.prompt_lengths[:, None]
    return (columns >= starts) & (columns < starts + lengths[:, None])


def _tokens(r):
    """How many tokens each row has: prompt and completion."""
    return r.prompt_lengths + r.completion_mask.sum(axis=1)


def _last_hidden(r):
    return np.take_along_axis(_head(r), _tokens(r)[:, None] - 1, axis=1)


def _values_at(r, columns):
    return _masked(r, np.take_along_axis(_head(r), columns[:, None], axis=1))


def _rolled(r, values):
    """The tokens' values, shifted by one inside the completion, around its end."""
    return _masked(r, np.roll(values, 1, axis=1))


def _shifted_inside(r, values):
    """The same with 0 before the first token."""
    return _masked(r, np.pad(values, ((0, 0), (1, 0)))[:, :-1])


def _shifted_back(r, values):
    return _masked(r, np.pad(values, ((0, 0), (0, 1)))[:, 1:])


def _last_is_padding(r, values):
    """The value of the last token is left out, as if the mask were shifted, too."""
    return _masked(r, values) * np.pad(r.completion_mask, ((0, 0), (0, 1)))[:, 1:]


def _tokens_own(r):
    return r.prompt_lengths


def _ends_of_rows(r):
    """The last T columns, as of prompts padded on the left."""
    length, longest = r.hidden_states.shape[1], r.completion_mask.shape[1]
    return np.full(len(r.prompt_lengths), length - longest - 1)


def _by_the_mask(r):
    """The completions are taken to begin where the hidden states do."""
    return np.zeros_like(r.prompt_lengths)


def _last_of_the_row(r):
    """The completion is taken for the last columns of its row."""
    return r.hidden_states.shape[1] - r.completion_mask.sum(axis=1)


def _reversed_inside(r, values):
    """Each completion is read backward."""
    lengths = r.completion_mask.sum(axis=1, keepdims=True)
    columns = np.maximum(lengths - 1 - np.arange(values.shape[1]), 0)
    return _masked(r, np.take_along_axis(values, columns, axis=1))


def _first_row_for_all(r):
    return np.tile(_head(r)[:1], (len(r.prompt_lengths), 1))


def _first_token_alone(r, values):
    return np.where(np.arange(values.shape[1]) == 0, values, 0.0)


def _running_mean(r):
    counts = np.arange(1, r.hidden_states.shape[1] + 1)
    return np.cumsum(r.hidden_states @ r.weights, axis=1) / counts + r.bias


MISTAKES = {
    "no shift": _with(first=_tokens_own),
    "shift the other way": _with(first=lambda r: r.prompt_lengths + 1),
    "shift by two": _with(first=lambda r: r.prompt_lengths - 2),
    "rolled": _with(first=_tokens_own, result=_rolled),
    "shifted inside": _with(first=_tokens_own, result=_shifted_inside),
    "shifted back inside": _with(first=_tokens_own, result=_shifted_back),
    "shifted twice": _with(result=_shifted_inside),
    "columns from the left": _with(first=_by_the_mask),
    "columns from the left, one too late": _with(first=lambda r: _by_the_mask(r) + 1),
    "last columns": _with(first=_ends_of_rows),
    "last columns, no shift": _with(first=lambda r: _ends_of_rows(r) + 1),
    "first prompt for all": _for_all(lambda lengths: lengths[0]),
    "last prompt for all": _for_all(lambda lengths: lengths[-1]),
    "longest prompt for all": _for_all(np.max),
    "shortest prompt for all": _for_all(np.min),
    "longest prompt for all, no shift": _for_all(lambda lengths: lengths.max() + 1),
    "mask forgotten": _with(result=lambda r, values: values),
    "mask forgotten, no shift": _with(first=_tokens_own, result=lambda r, values: values),
    "mask turned round": _with(result=lambda r, values: np.where(r.completion_mask, 0.0, values)),
    "padding nan": _with(result=lambda r, values: np.where(r.completion_mask, values, np.nan)),
    "bias in the padding": _with(
        head=lambda r: r.hidden_states @ r.weights,
        result=lambda r, values: _masked(r, values) + r.bias,
    ),
    "last token left out": _with(result=_last_is_padding),
    "all positions": _whole(_head),
    "all positions, shifted": _whole(lambda r: np.pad(_head(r), ((0, 0), (1, 0)))[:, :-1]),
    "all but the last position": _whole(lambda r: _head(r)[:, :-1]),
    "at the token's position in the row": _whole(
        lambda r: np.where(_completion_columns(r), np.pad(_head(r), ((0, 0), (1, 0)))[:, :-1], 0.0)
    ),
    "at the state's position in the row": _whole(
        lambda r: np.where(np.roll(_completion_columns(r), -1, axis=1), _head(r), 0.0)
    ),
    "no shift, in the row": _whole(lambda r: np.where(_completion_columns(r), _head(r), 0.0)),
    "last hidden state for all": _whole(lambda r: _masked(r, _last_hidden(r))),
    "one score per row": _whole(lambda r: _last_hidden(r)[:, 0]),
    "last column for all": _whole(lambda r: _masked(r, _head(r)[:, -1:])),
    "value of the prompt for all": _whole(lambda r: _values_at(r, _before(r))),
    "value before the last token for all": _whole(lambda r: _values_at(r, _tokens(r) - 2)),
    "last of the row": _with(first=lambda r: _last_of_the_row(r) - 1),
    "last of the row, no shift": _with(first=_last_of_the_row),
    "first row for all": _with(head=_first_row_for_all),
    "first token alone": _with(result=_first_token_alone),
    "first token dropped": _with(result=lambda r, values: _masked(r, values)[:, 1:]),
    "padding left out": _with(result=lambda r, values: values[r.completion_mask]),
    "mean over the tokens": _with(result=lambda r, values: values[r.completion_mask].mean()),
    "padding of ones": _with(result=lambda r, values: np.where(r.completion_mask, values, 1.0)),
    "reversed inside": _with(result=_reversed_inside),
    "running sum": _with(head=lambda r: _head(r).cumsum(axis=1)),
    "first entry alone": _with(head=lambda r: r.hidden_states[:, :, 0] * r.weights[0] + r.bias),
    "last entry alone": _with(head=lambda r: r.hidden_states[:, :, -1] * r.weights[-1] + r.bias),
    "tanh": _with(head=lambda r: np.tanh(_head(r))),
    "relu": _with(head=lambda r: np.maximum(_head(r), 0.0)),
    "sigmoid": _with(head=lambda r: 1 / (1 + np.exp(-_head(r)))),
    "no bias": _with(head=lambda r: r.hidden_states @ r.weights),
    "bias subtracted": _with(head=lambda r: r.hidden_states @ r.weights - r.bias),
    "bias on each entry": _with(head=lambda r: (r.hidden_states + r.bias) @ r.weights),
    "bias in each product": _with(
        head=lambda r: (r.hidden_states * r.weights + r.bias).sum(axis=2)
    ),
    "mean over the width": _with(
        head=lambda r: (r.hidden_states * r.weights).mean(axis=2) + r.bias
    ),
    "no weights": _with(head=lambda r: r.hidden_states.sum(axis=2) + r.bias),
    "mean without weights": _with(head=lambda r: r.hidden_states.mean(axis=2) + r.bias),
    "weights reversed": _with(head=lambda r: r.hidden_states @ r.weights[::-1] + r.bias),
    "running mean": _with(head=_running_mean),
    "values reversed": _whole(lambda r: values_by_rows(**vars(r))[:, ::-1]),
}
