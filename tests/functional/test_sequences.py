"""Completions: masks by hand, log-probabilities by enumeration, padding is harmless."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.sequences import (
    completion_mask,
    last_counted,
    last_places,
    sequence_log_probs,
    token_log_probs,
)

NAN, INF = math.nan, math.inf
MASK = torch.tensor([[True, True, True], [True, False, False], [False, False, False]])
TOKENS = torch.tensor([[1, 0, 3], [2, 1, 1], [0, 0, 0]])


@pytest.fixture
def logits() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, 3, 4, generator=generator, dtype=torch.float64)


# completion_mask


@pytest.mark.parametrize(
    ("tokens", "counted"),
    [
        ([5, 6, 0, 0], [1, 1, 1, 0]),
        ([0, 5, 6, 7], [1, 0, 0, 0]),  # an empty answer is its end token
        ([5, 6, 7, 8], [1, 1, 1, 1]),  # cut before its end
        ([5, 6, 7, 0], [1, 1, 1, 1]),
        ([5, 0, 6, 0], [1, 1, 0, 0]),  # only the first end ends it
        ([], []),
    ],
)
def test_a_completion_goes_up_to_and_including_its_first_end(tokens, counted):
    mask = completion_mask(torch.tensor(tokens, dtype=torch.int64), end=0)
    assert mask.dtype == torch.bool
    assert mask.int().tolist() == counted


def test_each_row_has_its_own_end_and_any_token_may_be_it():
    tokens = torch.tensor([[[7, -1, 7]], [[-1, 7, 7]]])
    assert completion_mask(tokens, end=-1).int().tolist() == [[[1, 1, 0]], [[1, 0, 0]]]
    assert completion_mask(tokens, end=np.int64(7)).int().tolist() == [[[1, 0, 0]], [[1, 1, 0]]]


@pytest.mark.parametrize(
    ("tokens", "end", "message"),
    [
        ([[1, 0]], 0, "tokens must be a torch tensor, got list"),
        (torch.zeros(2), 0, r"tokens must be int64, got torch\.float32"),
        (torch.tensor(3), 0, r"tokens must have shape \[..., T\], got \(\)"),
        (TOKENS, 0.0, r"end must be an integer, got 0\.0"),
        (TOKENS, True, "end must be an integer, got True"),
        (TOKENS, None, "end must be an integer, got None"),
    ],
)
def test_a_mask_needs_tokens_and_an_end(tokens, end, message):
    with pytest.raises(ValueError, match=message):
        completion_mask(tokens, end)


# token_log_probs, sequence_log_probs


def test_token_log_probs_by_hand():
    # Weights (1, 1, 2) and (1, 3, 0): probabilities 2/4 and 3/4.
    logits = torch.tensor([[1.0, 1.0, 2.0], [1.0, 3.0, 0.0]]).log()
    log_probs = token_log_probs(logits, torch.tensor([2, 1]), torch.tensor([True, True]))
    assert_close(log_probs.exp(), torch.tensor([0.5, 0.75]))


def test_the_probabilities_of_all_completions_sum_to_one():
    # Two tokens of three, the second row of logits depending on the first token.
    generator = torch.Generator().manual_seed(1)
    first, second = torch.randn(3, generator=generator), torch.randn(3, 3, generator=generator)
    texts = torch.tensor(list(itertools.product(range(3), repeat=2)))
    logits = torch.stack([first.expand(9, 3), second[texts[:, 0]]], dim=1)
    everything = torch.ones(9, 2, dtype=torch.bool)
    log_probs = sequence_log_probs(token_log_probs(logits, texts, everything), everything)
    assert log_probs.exp().sum().item() == pytest.approx(1)


def test_completions_that_end_by_themselves_have_all_the_probability():
    # Token 0 ends; at most two tokens: (0), (1, 0), (1, 1). Behind an end all goes.
    logits = torch.tensor([0.3, -0.8]).expand(3, 2, 2)
    tokens = torch.tensor([[0, 99], [1, 0], [1, 1]])
    mask = completion_mask(tokens, end=0)
    log_probs = sequence_log_probs(token_log_probs(logits, tokens, mask), mask)
    assert log_probs.exp().sum().item() == pytest.approx(1)


def test_a_sequence_is_a_sum_over_its_tokens():
    log_probs = torch.tensor([[-1.0, -2.0, -4.0], [-3.0, NAN, INF], [NAN, NAN, -INF]])
    assert sequence_log_probs(log_probs, MASK).tolist() == [-7.0, -3.0, 0.0]


@pytest.mark.parametrize("junk", [NAN, INF, -INF, 1e30])
@pytest.mark.parametrize("token", [-100, 4, 10**9])
def test_padding_reaches_neither_value_nor_gradient(logits, junk, token):
    alone = logits.clone().requires_grad_()
    expected = token_log_probs(alone, TOKENS, torch.ones_like(MASK))
    expected[MASK].pow(2).sum().backward()
    padded = logits.clone()
    padded[~MASK] = junk
    padded.requires_grad_()
    log_probs = token_log_probs(padded, TOKENS.masked_fill(~MASK, token), MASK)
    assert_close(log_probs[MASK], expected[MASK], atol=0, rtol=0)
    assert (log_probs[~MASK] == 0).all()
    log_probs.pow(2).sum().backward()
    assert (padded.grad[~MASK] == 0).all()
    assert_close(padded.grad[MASK], alone.grad[MASK], atol=0, rtol=0)


def test_gradients_by_finite_differences(logits):
    def sequences(given):
        log_probs = token_log_probs(given, TOKENS, MASK)
        return log_probs, sequence_log_probs(log_probs, MASK)

    assert torch.autograd.gradcheck(sequences, (logits.requires_grad_(),))


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (2, 3)])
def test_saying_nothing_has_probability_one(shape):
    tokens, nothing = torch.zeros(shape, dtype=torch.int64), torch.zeros(shape, dtype=torch.bool)
    log_probs = token_log_probs(torch.full((*shape, 4), NAN), tokens, nothing)
    assert torch.equal(log_probs, torch.zeros(shape))
    assert torch.equal(sequence_log_probs(log_probs, nothing), torch.zeros(shape[0]))


def test_large_logits_do_not_overflow_and_small_probabilities_keep_their_logarithm():
    logits = torch.tensor([[1000.0, 800.0], [-1000.0, -2000.0]])
    log_probs = token_log_probs(logits, torch.tensor([1, 0]), torch.tensor([True, True]))
    assert log_probs.tolist() == [-200.0, 0.0]


def good() -> dict:
    return {"logits": torch.zeros(3, 3, 4), "tokens": TOKENS, "mask": MASK}


def changed(tensor: torch.Tensor, place: tuple, value: float) -> torch.Tensor:
    copy = tensor.clone()
    copy[place] = value
    return copy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logits": torch.zeros(3, 3)}, r"logits must have shape \[\*tokens.shape, V\]"),
        ({"logits": torch.zeros(3, 2, 4)}, r"V\], got \(3, 2, 4\) for tokens \(3, 3\)"),
        ({"logits": torch.zeros(1, 3, 4)}, r"V\], got \(1, 3, 4\) for tokens \(3, 3\)"),
        ({"logits": torch.zeros(3, 3, 0)}, r"logits must hold .* got shape \(3, 3, 0\)"),
        ({"logits": torch.zeros(3, 3, 4).long()}, "logits must be floating-point numbers"),
        (
            {"logits": torch.zeros(3, 3, 4).long(), "mask": MASK & False},
            "logits must be floating-point numbers",
        ),
        ({"logits": [0.0]}, "logits must be a torch tensor, got list"),
        ({"tokens": TOKENS.int()}, r"tokens must be int64, got torch\.int32"),
        ({"tokens": TOKENS[0]}, r"common shape, got tokens \(3,\), mask \(3, 3\)"),
        ({"mask": MASK[:1]}, r"common shape, got tokens \(3, 3\), mask \(1, 3\)"),
        ({"mask": MASK.float()}, r"mask must be a bool tensor, got torch\.float32"),
        ({"mask": None}, "mask must be a torch tensor, got NoneType"),
        ({"tokens": TOKENS + 1}, r"tokens must lie in \[0, 4\), got 4 at \(0, 2\)"),
        ({"tokens": TOKENS - 1}, r"tokens must lie in \[0, 4\), got -1 at \(0, 1\)"),
        (
            {"logits": changed(torch.zeros(3, 3, 4), (0, 2, 3), -INF)},
            r"tokens must not be masked out, got 3 at \(0, 2\), whose logit is -inf",
        ),
        (
            {"logits": changed(torch.zeros(3, 3, 4), (1, 0, 3), NAN)},
            r"logits must not be NaN or plus infinity, got nan at \(1, 0, 3\)",
        ),
        (
            {"logits": changed(torch.zeros(3, 3, 4), (1, 0), -INF)},
            r"logits must leave one action in each row, got only -inf at \(1, 0\)",
        ),
    ],
)
def test_bad_input_names_the_argument(change, message):
    token_log_probs(**good())
    with pytest.raises(ValueError, match=message):
        token_log_probs(**{**good(), **change})


def test_a_token_that_is_not_taken_may_be_masked_out():
    logits = torch.tensor([[0.0, 0.0, -INF]])
    log_probs = token_log_probs(logits, torch.tensor([1]), torch.tensor([True]))
    assert_close(log_probs.exp(), torch.tensor([0.5]))


def test_a_sequence_with_a_bad_counted_number_is_refused():
    log_probs = torch.tensor([[-1.0, -INF, NAN], [NAN, -1.0, 0.0]])
    mask = torch.tensor([[True, True, False], [False, True, True]])
    with pytest.raises(ValueError, match=r"log_probs must be finite, got -inf at \(0, 1\)"):
        sequence_log_probs(log_probs, mask)


# last_counted, last_places


def test_the_last_counted_value_is_not_the_last_value():
    values = torch.tensor([[1.0, 2.0, 3.0], [4.0, 8.0, NAN], [5.0, INF, NAN]])
    mask = torch.tensor([[True, True, True], [True, True, False], [True, False, False]])
    assert last_counted(values, mask).tolist() == [3.0, 8.0, 5.0]
    assert last_counted(values[1], mask[1]).item() == 8.0
    assert last_counted(values[None], mask[None]).tolist() == [[3.0, 8.0, 5.0]]


def test_gaps_and_padding_in_front_do_not_matter():
    mask = torch.tensor([[False, True, False, True, False], [False, False, False, False, True]])
    assert last_places(mask).int().tolist() == [[0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]


def test_only_the_value_that_is_read_gets_a_gradient_and_must_be_finite():
    values = torch.tensor([[NAN, 2.0, 3.0], [4.0, 8.0, NAN]], requires_grad=True)
    mask = torch.tensor([[True, True, True], [True, True, False]])
    (last_counted(values, mask) ** 2).sum().backward()
    assert values.grad.tolist() == [[0, 0, 6], [0, 16, 0]]
    with pytest.raises(ValueError, match=r"values must be finite, got nan at \(0, 2\)"):
        last_counted(values.detach().roll(-1, 1), mask)


@pytest.mark.parametrize(
    ("values", "mask", "message"),
    [
        (torch.zeros(3, 3), MASK, r"mask must count at least one token .* none at \(2,\)"),
        (torch.zeros(2, 0), torch.zeros(2, 0).bool(), r"mask must count .* none at \(0,\)"),
        (torch.zeros(3), MASK, r"common shape, got values \(3,\), mask \(3, 3\)"),
        (torch.tensor(1.0), torch.tensor(True), r"values must have shape \[..., T\], got \(\)"),
        (torch.zeros(3, 3).long(), MASK, "values must be floating-point numbers"),
        (torch.zeros(3, 3), MASK.long(), "mask must be a bool tensor"),
        (MASK.numpy(), MASK, "values must be a torch tensor, got ndarray"),
    ],
)
def test_without_a_last_value_there_is_an_error(values, mask, message):
    with pytest.raises(ValueError, match=message):
        last_counted(values, mask)


def test_last_places_refuses_what_is_no_mask():
    with pytest.raises(ValueError, match=r"mask must have shape \[..., T\], got \(\)"):
        last_places(torch.tensor(True))
    with pytest.raises(ValueError, match="mask must be a bool tensor"):
        last_places(torch.ones(2))
    with pytest.raises(ValueError, match=r"log_probs must have shape \[..., T\], got \(\)"):
        sequence_log_probs(torch.tensor(1.0), torch.tensor(True))


# dtypes


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_half_precision_is_computed_and_returned_in_float32(logits, dtype):
    given = logits.to(dtype)
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    log_probs = token_log_probs(given, TOKENS, MASK)
    assert log_probs.dtype == wide
    assert_close(log_probs, token_log_probs(given.to(wide), TOKENS, MASK), atol=0, rtol=0)
    assert token_log_probs(given, TOKENS, ~torch.ones_like(MASK)).dtype == wide
    for function in (sequence_log_probs, last_counted):
        values = given[:2, :, 0].clone().requires_grad_()
        result = function(values, MASK[:2])
        assert result.dtype == wide
        assert_close(result, function(values.to(wide), MASK[:2]), atol=0, rtol=0)
        result.sum().backward()
        assert values.grad.dtype == dtype


def test_many_small_terms_are_summed_in_float32():
    # In bfloat16 a running sum of 1s stops at 256.
    ones = -torch.ones(1000, dtype=torch.bfloat16)
    assert sequence_log_probs(ones, ones < 0).item() == -1000
