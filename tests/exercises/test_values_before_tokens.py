"""The value before each token: blind to the token itself, other forms, mistakes."""

import numpy as np
import pytest
import torch

from rlnotes.exercises import catalog
from tests.exercises.edits import edited

EXERCISE = catalog()["values_before_tokens"]
THEN = catalog()["token_advantages"]


def passes(right):
    verdict = EXERCISE.check(right)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("case", EXERCISE.cases)
@pytest.mark.parametrize("index", [0, 1])
def test_no_value_knows_its_own_token_or_a_later_one(case, index):
    # Hidden states from a token on are changed: its own value and earlier ones stay.
    solution, given = EXERCISE.solutions[index], case.arguments
    for row, prompt_length in enumerate(given["prompt_lengths"]):
        for token in range(given["completion_mask"][row].sum()):
            hidden = given["hidden_states"].copy()
            hidden[row, prompt_length + token :] += 100.0
            changed = solution(**{**given, "hidden_states": hidden})
            np.testing.assert_array_equal(
                changed[row, : token + 1], case.expected[row][: token + 1]
            )
            later = solution(**{**given, "hidden_states": hidden + 1})
            assert later[row, token] != case.expected[row][token]


def test_the_answer_is_what_the_advantages_take_as_values():
    given = EXERCISE.cases[0].arguments
    values = EXERCISE.solutions[0](**given)
    scores = np.array([16.5, 5.5])  # of the last tokens: both 1 above their values
    advantages = THEN.solutions[0](scores, values, given["completion_mask"], gae_lambda=0.0)
    np.testing.assert_allclose(advantages, [[7.0, -5.0, 1.0], [1.0, 0.0, 0.0]])


def test_the_cases_hold_what_makes_it_hard():
    prompts = [case.arguments["prompt_lengths"] for case in EXERCISE.cases]
    assert sum(len(set(lengths)) == len(lengths) > 1 for lengths in prompts) >= 3
    beyond = [
        case.arguments["prompt_lengths"].max() - 1 + case.arguments["completion_mask"].shape[1]
        > case.arguments["hidden_states"].shape[1]
        for case in EXERCISE.cases
    ]
    assert any(beyond)


TEXT = """
def values_before_tokens(hidden_states, weights, bias, prompt_lengths, completion_mask):
    per_position = hidden_states @ weights + bias
    values = np.zeros(completion_mask.shape)
    for row, prompt_length in enumerate(prompt_lengths):
        length = completion_mask[row].sum()
        first = prompt_length - 1
        values[row, :length] = per_position[row, first : first + length]
    return values
"""
GATHERED = """
def values_before_tokens(hidden_states, weights, bias, prompt_lengths, completion_mask):
    columns = prompt_lengths[:, None] + np.arange(completion_mask.shape[1]) - 1
    columns = np.minimum(columns, hidden_states.shape[1] - 1)
    values = np.take_along_axis(hidden_states @ weights + bias, columns, axis=1)
    return values * completion_mask
"""


def in_torch(hidden_states, weights, bias, prompt_lengths, completion_mask):
    hidden, mask = torch.tensor(hidden_states), torch.tensor(completion_mask)
    head = torch.nn.Linear(len(weights), 1, dtype=torch.float64)
    with torch.no_grad():
        head.weight.copy_(torch.tensor(weights)[None])
        head.bias.fill_(bias)
    per_position = head(hidden).squeeze(-1)
    columns = torch.tensor(prompt_lengths)[:, None] - 1 + torch.arange(mask.shape[1])
    columns = columns.clamp(max=per_position.shape[1] - 1)
    return per_position.gather(1, columns).masked_fill(~mask, 0.0)


def by_a_roll_of_the_whole_row(hidden_states, weights, bias, prompt_lengths, completion_mask):
    """The shift is made before the cut, and what wraps around lies in the prompt."""
    shifted = np.roll(hidden_states @ weights + bias, 1, axis=1)
    values = np.zeros(completion_mask.shape)
    for row, start in enumerate(prompt_lengths):
        stop = start + completion_mask[row].sum()
        values[row, : stop - start] = shifted[row, start:stop]
    return values


def by_a_mask_of_the_whole_row(hidden_states, weights, bias, prompt_lengths, completion_mask):
    """Both masks run row by row, so they hold the same tokens in the same order."""
    places = np.arange(hidden_states.shape[1])
    first = prompt_lengths[:, None] - 1
    states = (places >= first) & (places < first + completion_mask.sum(axis=1, keepdims=True))
    values = np.zeros(completion_mask.shape)
    values[completion_mask] = (hidden_states[states] * weights).sum(axis=-1) + bias
    return values


def in_plain_python(hidden_states, weights, bias, prompt_lengths, completion_mask):
    values = []
    for states, prompt_length, mask in zip(
        hidden_states, prompt_lengths, completion_mask, strict=True
    ):
        row = []
        for j, counted in enumerate(mask):
            if not counted:
                row.append(0.0)
                continue
            state = states[prompt_length + j - 1]
            row.append(sum(w * h for w, h in zip(weights, state, strict=True)) + bias)
        values.append(row)
    return values


def padded_first(hidden_states, weights, bias, prompt_lengths, completion_mask):
    width = completion_mask.shape[1]
    longer = np.pad(hidden_states, ((0, 0), (0, width), (0, 0)))
    rows = [
        longer[row, start - 1 : start - 1 + width] @ weights + bias
        for row, start in enumerate(prompt_lengths)
    ]
    return np.where(completion_mask, rows, 0)


def by_one_product(hidden_states, weights, bias, prompt_lengths, completion_mask):
    """A selection matrix [B, T, L] picks the states."""
    places = np.arange(hidden_states.shape[1])
    wanted = prompt_lengths[:, None] - 1 + np.arange(completion_mask.shape[1])
    chosen = (places == wanted[:, :, None]) & completion_mask[:, :, None]
    return np.einsum("btl,bld,d->bt", chosen, hidden_states, weights) + bias * completion_mask


def with_the_bias_as_a_weight(hidden_states, weights, bias, prompt_lengths, completion_mask):
    ones = np.ones((*hidden_states.shape[:2], 1))
    longer = np.concatenate([hidden_states, ones], axis=2)
    right = edited(TEXT)
    return right(longer, np.append(weights, bias), 0.0, prompt_lengths, completion_mask)


def in_float32(hidden_states, weights, bias, prompt_lengths, completion_mask):
    right = edited(GATHERED)
    return right(
        np.float32(hidden_states), np.float32(weights), bias, prompt_lengths, completion_mask
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "right",
    [
        edited(TEXT),
        edited(GATHERED),
        edited(TEXT, "return values", "return torch.from_numpy(values).requires_grad_()"),
        edited(TEXT, "return values", "return (row for row in values)"),
        in_torch,
        by_a_roll_of_the_whole_row,
        by_a_mask_of_the_whole_row,
        in_plain_python,
        padded_first,
        by_one_product,
        with_the_bias_as_a_weight,
        in_float32,
    ],
)
def test_other_right_forms_pass(right):
    passes(right)


CLIP = "    columns = np.minimum(columns, hidden_states.shape[1] - 1)\n"
PAIRED = "np.take_along_axis(hidden_states @ weights + bias, columns, axis=1)"
ALL_BY_ALL = "(hidden_states @ weights + bias)[:, columns]"
FIRST, HEAD = "first = prompt_length - 1", "hidden_states @ weights + bias"
CUT, LENGTH = "per_position[row, first : first + length]", "length = completion_mask[row].sum()"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (FIRST, "first = min(prompt_length, per_position.shape[1] - length)", "shift by one"),
        (FIRST, "first = min(prompt_length + 1, per_position.shape[1] - length)", "wrong way"),
        (FIRST, "first = max(prompt_length - 2, 0)", "the shift is by two"),
        (FIRST, "first = 0", "from the first position on"),
        (FIRST, "first = 1", "from the second position on"),
        (FIRST, "first = prompt_lengths[0] - 1", "the first row's prompt length"),
        (FIRST, "first = prompt_lengths[-1] - 1", "the last row's prompt length"),
        (FIRST, "first = prompt_lengths.min() - 1", "the shortest prompt"),
        (FIRST, "first = per_position.shape[1] - length", "the end of its row, without"),
        (FIRST, "first = per_position.shape[1] - length - 1", "the end of its row. The"),
        (FIRST, "first = int(prompt_lengths.mean()) - 1", ""),
        (HEAD, "hidden_states @ weights", "the bias is missing"),
        (HEAD, "hidden_states @ weights - bias", "subtracted"),
        (HEAD, "(hidden_states + bias) @ weights", "to each hidden entry"),
        (HEAD, "(hidden_states * weights).mean(axis=-1) + bias", "averaged over the width"),
        (HEAD, "hidden_states.sum(axis=-1) + bias", "without their weights"),
        (HEAD, "hidden_states.mean(axis=-1)", ""),
        (HEAD, "hidden_states[..., 0] * weights[0] + bias", "only the first entry"),
        (HEAD, "hidden_states[..., -1] * weights[-1] + bias", "only the last entry"),
        (HEAD, "np.tanh(hidden_states @ weights + bias)", "tanh"),
        (HEAD, "np.maximum(hidden_states @ weights + bias, 0)", "cut off"),
        (HEAD, "(hidden_states @ weights + bias).cumsum(axis=1)", "added up along the row"),
        (LENGTH, "length = completion_mask[row].sum() - 1", "has no value"),
        (LENGTH, "length = 1", "only the first token"),
        (CUT, "per_position[row, first]", "the value of the prompt"),
        (CUT, "per_position[row, first + length]", "last hidden state"),
        (CUT, "per_position[row, first + length - 1]", "before the last one"),
        (CUT, "per_position[row, -1]", "the value of the last column"),
        (CUT, "per_position[row, first : first + length][::-1]", "values are reversed"),
        (CUT, "np.roll(per_position[row], -prompt_length)[:length]", "shift by one"),
        (CUT, "np.roll(per_position[row, first : first + length], 1)", ""),
        (CUT, "per_position[0, first : first + length]", "values of row 0"),
        ("np.zeros(completion_mask.shape)", "np.full(completion_mask.shape, bias)", "the bias"),
        ("np.zeros(completion_mask.shape)", "np.full(completion_mask.shape, np.nan)", "nan"),
        (
            "np.zeros(completion_mask.shape)",
            "np.ones(completion_mask.shape)",
            "the padding holds ones",
        ),
        (
            f"values[row, :length] = {CUT}",
            "for j in range(1, length):\n"
            "            values[row, j] = per_position[row, prompt_length + j - 1]",
            "or is token 0 skipped?",
        ),
        ("np.zeros(completion_mask.shape)", "np.zeros_like(completion_mask)", "True and False"),
        ("    return values", "        return values", "the return stand inside the loop"),
        (HEAD, "hidden_states.cumsum(axis=1) @ weights + bias", "the products are added up"),
        (
            HEAD,
            "(hidden_states + np.roll(hidden_states, -1, axis=1)) @ weights / 2 + bias",
            "the values before and after each token",
        ),
        (LENGTH, "length = completion_mask[0].sum()", "first row's mask"),
        (
            LENGTH,
            "length = min(completion_mask[row].sum() + 1, completion_mask.shape[1])",
            "one value too many, in its padding",
        ),
        ("return values", "return np.roll(values, -1, axis=1)", "a roll to the left"),
        (
            "return values",
            "return np.pad(values, ((0, 0), (0, 1)))[:, 1:]",
            "the last one 0: a shift to the left",
        ),
        ("return values", "return values.cumsum(axis=1)", "and then added up"),
        ("return values", "return values[:, ::-1]", "each row is reversed"),
        ("return values", "return values.T", "exchanged"),
        ("return values", "return values[:, 1:]", "first token of the completion is dropped"),
        ("return values", "return per_position", "values of all positions"),
        ("return values", "return per_position[:, :-1]", "all positions but the last"),
        ("return values", "return per_position[:, -1]", ""),
        ("return values", "return values[completion_mask]", "in one line"),
        ("return values", "return values.mean()", ""),
    ],
)
def test_an_edited_answer_is_refused(old, new, hint):
    verdict = EXERCISE.check(edited(TEXT, old, new))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


@pytest.mark.parametrize(
    ("pieces", "hint"),
    [
        (("return values * completion_mask", "return values"), "the padding holds values"),
        (("* completion_mask", "* ~completion_mask"), "the mask is turned round"),
        ((" - 1\n    columns =", "\n    columns ="), "shift by one is missing"),
        (("prompt_lengths[:, None] +", "prompt_lengths.max() + 0 * prompt_lengths[:, None] +"), ""),
        (("weights + bias", "weights"), "the bias is missing"),
        ((PAIRED, ALL_BY_ALL), "at the columns of all rows, and masked"),
        ((PAIRED, ALL_BY_ALL, " * completion_mask", ""), "at the columns of all rows. Pair"),
        (
            (PAIRED, ALL_BY_ALL, " * completion_mask", "", CLIP, ""),
            "at the columns of all rows. Pair",
        ),
        (("* completion_mask", "* completion_mask[0]"), "the first row's mask"),
        (("values * completion_mask", "(values - bias) * completion_mask + bias"), "the bias"),
    ],
)
def test_an_edited_gathering_is_refused(pieces, hint):
    verdict = EXERCISE.check(edited(GATHERED, *pieces))
    assert not verdict.passed
    assert hint in verdict.message.partition("Hint")[2]


def test_masked_and_then_rolled_and_one_state_more_get_their_hints():
    rolled = edited(TEXT, FIRST, "first = prompt_length")
    longer = edited(
        TEXT,
        LENGTH,
        f"{LENGTH} + 1",
        "np.zeros(completion_mask.shape)",
        "np.zeros(np.add(completion_mask.shape, (0, 1)))",
    )
    assert "one column too many" in EXERCISE.check(longer).message
    message = EXERCISE.check(lambda **given: np.roll(rolled(**given), 1, axis=1)).message
    assert "masked, and then rolled" in message


@pytest.mark.parametrize(
    ("text", "pieces", "message"),
    [
        # A window as wide as the longest completion may reach behind the end of a row.
        (
            GATHERED,
            (CLIP, ""),
            "IndexError: index 5 is out of bounds",
        ),
        (TEXT, ("return values", "return values, per_position"), "could not read your answer"),
        (TEXT, ("return values", "prompt_lengths -= 1; return values"), "changes its argument"),
        (TEXT, ("    return values", "    values"), "Is a return missing?"),
        (
            TEXT,
            ("return values", "return [row[keep] for row, keep in zip(values, completion_mask)]"),
            "it has rows of different lengths: [array([13.5, 20.5, 15.5]), array([4.5])]",
        ),
        (TEXT, ("return values", "return values[0]"), "expected an array of shape (2, 3)"),
        (TEXT, ("bias, prompt", "b, prompt"), "Keep the argument names"),
    ],
)
def test_strange_answers_get_a_sentence(text, pieces, message):
    verdict = EXERCISE.check(edited(text, *pieces))
    assert not verdict.passed
    assert message in verdict.message
    assert "rlnotes" not in verdict.message
