"""Exercise: a value head on hidden states, and the value before each token."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.values_before_hints import HINTS
from rlnotes.exercises.values_before_mistakes import MISTAKES
from rlnotes.exercises.values_before_parts import values_by_rows


def _values_by_gathering(hidden_states, weights, bias, prompt_lengths, completion_mask):
    columns = prompt_lengths[:, None] - 1 + np.arange(completion_mask.shape[1])
    columns = np.where(completion_mask, columns, 0)  # padding may lie behind the last column
    chosen = np.take_along_axis(hidden_states, columns[:, :, None], axis=1)  # [B, T, d]
    return np.where(completion_mask, np.einsum("btd,d->bt", chosen, weights) + bias, 0.0)


def _case(hidden_states, weights, bias, prompts, completions, expected, reason) -> Case:
    """`prompts` and `completions`: the number of tokens in each row."""
    columns = np.arange(max(completions))
    return Case(
        {
            "hidden_states": np.array(hidden_states, dtype=float),
            "weights": np.array(weights, dtype=float),
            "bias": bias,
            "prompt_lengths": np.array(prompts),
            "completion_mask": columns < np.array(completions)[:, None],
        },
        expected,
        reason,
    )


EXERCISE = Exercise(
    name="values_before_tokens",
    cases=[
        _case(
            hidden_states=[
                [[1, 0], [3, 1], [0, 2], [5, 1], [2, 2], [9, 9]],
                [[2, 1], [0, 1], [4, 0], [1, 3], [7, 7], [8, 8]],
            ],
            weights=[1, 10],
            bias=0.5,
            prompts=[2, 3],
            completions=[3, 1],
            expected=[[13.5, 20.5, 15.5], [4.5, 0.0, 0.0]],
            reason="row 0 has 2 tokens of prompt: the state before its first completion token is "
            "hidden state 1, (3, 1), and 3 + 10 + .5 = 13.5; then come 2 and 3. Row 1 has 3 and "
            "one token: hidden state 2, (4, 0). The rest is padding.",
        ),
        _case(
            hidden_states=[
                [[2, -1, 1], [1, 1, 0], [-3, 2, 2], [1, 0, 4], [6, 6, 6]],
                [[0, 2, 1], [5, -2, 0], [1, 1, 1], [2, 3, -1], [0, -4, 1]],
                [[4, 0, 3], [0, 0, 5], [2, 2, -2], [1, -1, 7], [3, 1, 0]],
            ],
            weights=[2, -1, 3],
            bias=-2.0,
            prompts=[1, 3, 4],
            completions=[3, 2, 1],
            expected=[[6.0, -1.0, -4.0], [2.0, -4.0, 0.0], [22.0, 0.0, 0.0]],
            reason="row 0, hidden states 0, 1, 2: 4 + 1 + 3 - 2, 2 - 1 - 2, -6 - 2 + 6 - 2. Row 1, "
            "2 and 3: 2 - 1 + 3 - 2, 4 - 3 - 3 - 2. Row 2, 3 alone: 2 + 1 + 21 - 2. Its columns "
            "of padding lie behind the end of the row.",
        ),
        _case(
            hidden_states=[[[3], [-2], [4], [1], [7]]],
            weights=[2],
            bias=1.0,
            prompts=[1],
            completions=[4],
            expected=[[7.0, -3.0, 9.0, 3.0]],
            reason="one token of prompt, four of completion: the values of the first four states, "
            "2 h + 1.",
        ),
        _case(
            hidden_states=[
                [[1, 2], [4, 1], [2, 0], [3, 3]],
                [[5, 1], [1, 4], [0, 6], [2, 2]],
            ],
            weights=[-1, 0.5],
            bias=0.0,
            prompts=[2, 1],
            completions=[2, 3],
            expected=[[-3.5, -2.0, 0.0], [-4.5, 1.0, 3.0]],
            reason="states 1 and 2 of row 0: -4 + .5, -2. States 0, 1 and 2 of row 1: -5 + .5, "
            "-1 + 2, 3. Both rows have four tokens.",
        ),
    ],
    solutions=[values_by_rows, _values_by_gathering],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
