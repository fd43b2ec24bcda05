"""The mistakes that people make in the value before each completion token."""

import numpy as np

from rlnotes.exercises.values_before_parts import (
    before,
    before_and_after,
    by_the_mask,
    completion_columns,
    ends_of_rows,
    first_row_for_all,
    for_all,
    from_record,
    head_values,
    last_hidden,
    last_of_the_row,
    masked,
    one_longer,
    rows_by_columns,
    running_mean,
    tokens,
    tokens_own,
    values_at,
    values_by_rows,
    with_another,
    with_the_last_state,
)
from rlnotes.exercises.values_before_results import (
    by_row_0s_mask,
    first_token_alone,
    last_is_padding,
    masked_then_rolled,
    reversed_inside,
    rolled,
    shifted_back,
    shifted_inside,
    shifted_left,
)

MISTAKES = {
    "no shift": with_another(first=tokens_own),
    "shift the other way": with_another(first=lambda r: r.prompt_lengths + 1),
    "shift by two": with_another(first=lambda r: r.prompt_lengths - 2),
    "rolled": with_another(first=tokens_own, result=rolled),
    "shifted inside": with_another(first=tokens_own, result=shifted_inside),
    "shifted back inside": with_another(first=tokens_own, result=shifted_back),
    "masked, then rolled": with_another(first=tokens_own, result=masked_then_rolled),
    "shifted left": with_another(result=shifted_left),
    "rolled left": with_another(result=lambda r, values: np.roll(masked(r, values), -1, axis=1)),
    "mean of before and after": with_another(head=before_and_after),
    "shifted twice": with_another(result=shifted_inside),
    "columns from the left": with_another(first=by_the_mask),
    "columns from the left, one too late": with_another(first=lambda r: by_the_mask(r) + 1),
    "last columns": with_another(first=ends_of_rows),
    "last columns, no shift": with_another(first=lambda r: ends_of_rows(r) + 1),
    "first prompt for all": for_all(lambda lengths: lengths[0]),
    "last prompt for all": for_all(lambda lengths: lengths[-1]),
    "longest prompt for all": for_all(np.max),
    "shortest prompt for all": for_all(np.min),
    "longest prompt for all, no shift": for_all(lambda lengths: lengths.max() + 1),
    "mask forgotten": with_another(result=lambda r, values: values),
    "mask forgotten, no shift": with_another(first=tokens_own, result=lambda r, values: values),
    "mask of the first row": with_another(result=by_row_0s_mask),
    "mask one too long": with_another(
        result=lambda r, values: np.where(one_longer(r)[:, :-1], values, 0.0)
    ),
    "last state, too": from_record(with_the_last_state),
    "all rows by all columns": from_record(rows_by_columns),
    "all rows by all columns, masked": from_record(lambda r: masked(r, rows_by_columns(r))),
    "first row alone": from_record(
        lambda r: values_by_rows(**vars(r)) * (np.arange(len(r.prompt_lengths)) == 0)[:, None]
    ),
    "array of bool": with_another(result=lambda r, values: masked(r, values).astype(bool)),
    "mask turned round": with_another(
        result=lambda r, values: np.where(r.completion_mask, 0.0, values)
    ),
    "padding nan": with_another(
        result=lambda r, values: np.where(r.completion_mask, values, np.nan)
    ),
    "bias in the padding": with_another(
        head=lambda r: r.hidden_states @ r.weights,
        result=lambda r, values: masked(r, values) + r.bias,
    ),
    "last token left out": with_another(result=last_is_padding),
    "all positions": from_record(head_values),
    "all positions, shifted": from_record(
        lambda r: np.pad(head_values(r), ((0, 0), (1, 0)))[:, :-1]
    ),
    "all but the last position": from_record(lambda r: head_values(r)[:, :-1]),
    "at the token's position in the row": from_record(
        lambda r: np.where(
            completion_columns(r), np.pad(head_values(r), ((0, 0), (1, 0)))[:, :-1], 0.0
        )
    ),
    "at the state's position in the row": from_record(
        lambda r: np.where(np.roll(completion_columns(r), -1, axis=1), head_values(r), 0.0)
    ),
    "no shift, in the row": from_record(
        lambda r: np.where(completion_columns(r), head_values(r), 0.0)
    ),
    "last hidden state for all": from_record(lambda r: masked(r, last_hidden(r))),
    "one score per row": from_record(lambda r: last_hidden(r)[:, 0]),
    "last column for all": from_record(lambda r: masked(r, head_values(r)[:, -1:])),
    "value of the prompt for all": from_record(lambda r: values_at(r, before(r))),
    "value before the last token for all": from_record(lambda r: values_at(r, tokens(r) - 2)),
    "last of the row": with_another(first=lambda r: last_of_the_row(r) - 1),
    "last of the row, no shift": with_another(first=last_of_the_row),
    "first row for all": with_another(head=first_row_for_all),
    "first token alone": with_another(result=first_token_alone),
    "first token dropped": with_another(result=lambda r, values: masked(r, values)[:, 1:]),
    "padding left out": with_another(result=lambda r, values: values[r.completion_mask]),
    "mean over the tokens": with_another(result=lambda r, values: values[r.completion_mask].mean()),
    "padding of ones": with_another(
        result=lambda r, values: np.where(r.completion_mask, values, 1.0)
    ),
    "reversed inside": with_another(result=reversed_inside),
    "running sum": with_another(head=lambda r: head_values(r).cumsum(axis=1)),
    "first entry alone": with_another(
        head=lambda r: r.hidden_states[:, :, 0] * r.weights[0] + r.bias
    ),
    "last entry alone": with_another(
        head=lambda r: r.hidden_states[:, :, -1] * r.weights[-1] + r.bias
    ),
    "tanh": with_another(head=lambda r: np.tanh(head_values(r))),
    "relu": with_another(head=lambda r: np.maximum(head_values(r), 0.0)),
    "sigmoid": with_another(head=lambda r: 1 / (1 + np.exp(-head_values(r)))),
    "no bias": with_another(head=lambda r: r.hidden_states @ r.weights),
    "bias subtracted": with_another(head=lambda r: r.hidden_states @ r.weights - r.bias),
    "bias on each entry": with_another(head=lambda r: (r.hidden_states + r.bias) @ r.weights),
    "bias in each product": with_another(
        head=lambda r: (r.hidden_states * r.weights + r.bias).sum(axis=2)
    ),
    "mean over the width": with_another(
        head=lambda r: (r.hidden_states * r.weights).mean(axis=2) + r.bias
    ),
    "no weights": with_another(head=lambda r: r.hidden_states.sum(axis=2) + r.bias),
    "mean without weights": with_another(head=lambda r: r.hidden_states.mean(axis=2) + r.bias),
    "weights reversed": with_another(head=lambda r: r.hidden_states @ r.weights[::-1] + r.bias),
    "values added up": with_another(result=lambda r, values: masked(r, values).cumsum(axis=1)),
    "running sum, bias once": with_another(
        head=lambda r: (r.hidden_states @ r.weights).cumsum(axis=1) + r.bias
    ),
    "running mean": with_another(head=running_mean),
    "values reversed": from_record(lambda r: values_by_rows(**vars(r))[:, ::-1]),
}
