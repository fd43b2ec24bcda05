"""Scores of a verifier: numbers, gaps, and all that is no score."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.advantages import group_centered_advantages
from rlnotes.training.verifying import scores_of

NUMBERS = torch.tensor([0, 0, 1])
REPLIES = torch.arange(15).view(3, 5)


def scored(returned):
    return scores_of(lambda numbers, replies: returned, NUMBERS, REPLIES)


def test_the_score_function_gets_numbers_and_replies():
    seen = []

    def score(numbers, replies):
        seen.append((numbers, replies))
        return replies[:, 0] + 100.0 * numbers

    rewards, counted = scores_of(score, NUMBERS, REPLIES)
    assert rewards.tolist() == [0, 5, 110]
    assert counted.tolist() == [True] * 3
    assert len(seen) == 1
    assert seen[0][0] is NUMBERS
    assert seen[0][1] is REPLIES


@pytest.mark.parametrize("kind", [list, tuple])
def test_no_score_is_a_reward_of_zero_that_does_not_count(kind):
    rewards, counted = scored(kind([2.5, None, 0]))
    assert rewards.dtype == torch.float32
    assert rewards.tolist() == [2.5, 0.0, 0.0]
    assert counted.dtype == torch.bool
    assert counted.tolist() == [True, False, True]


def test_a_group_is_compared_without_the_reply_that_has_no_score():
    rewards, counted = scored([1.0, None, 0.0])
    advantages = group_centered_advantages(rewards[None], mask=counted[None])
    assert advantages.tolist() == [[0.5, 0.0, -0.5]]


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ([None] * 3, [0, 0, 0]),
        ([True, False, 1], [1, 0, 1]),
        ([np.array(None), 1, 1], [0, 1, 1]),
        ([np.float32(0.5), np.int64(2), torch.tensor(3.0)], [0.5, 2, 3]),
        ([Fraction(1, 2), -1, np.array(4.0)], [0.5, -1, 4]),
        (torch.tensor([True, False, True]), [1, 0, 1]),
        (torch.tensor([1, 2, 3]), [1, 2, 3]),
        (torch.tensor([0.5, 1, 2]).half(), [0.5, 1, 2]),
    ],
)
def test_every_real_number_is_a_score(returned, expected):
    rewards, counted = scored(returned)
    assert rewards.dtype == torch.float32
    assert rewards.tolist() == expected
    assert counted.dtype == torch.bool
    assert counted.tolist() == [one is not None and one != np.array(None) for one in returned]


def test_a_tensor_of_float64_keeps_its_digits():
    assert scored(torch.tensor([0.1, 0.2, 0.3]).double())[0].dtype == torch.float64


def test_no_reply_has_no_score():
    for returned in ([], (), torch.zeros(0)):
        rewards, counted = scores_of(lambda *_, given=returned: given, NUMBERS[:0], REPLIES[:0])
        assert rewards.shape == counted.shape == (0,)
        assert (rewards.dtype, counted.dtype) == (torch.float32, torch.bool)


def test_rewards_have_no_gradient_and_no_memory_of_the_score_function():
    memory = torch.ones(3)
    rewards, _ = scored(memory)
    memory[0] = 7
    assert_close(rewards, torch.ones(3))
    assert not scored(torch.ones(3, requires_grad=True))[0].requires_grad


def test_an_exception_in_the_score_function_is_chained():
    def score(numbers, replies):
        raise KeyError("weights")

    with pytest.raises(
        ValueError, match=r"^score must .*, got KeyError from it: 'weights'"
    ) as seen:
        scores_of(score, NUMBERS, REPLIES)
    assert isinstance(seen.value.__cause__, KeyError)


def test_what_is_no_function_is_named():
    with pytest.raises(ValueError, match=r"^score must return scores, got TypeError"):
        scores_of(None, NUMBERS, REPLIES)


def test_an_interruption_passes():
    def score(numbers, replies):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scores_of(score, NUMBERS, REPLIES)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "score must return a tensor, a list or a tuple, got NoneType"),
        ("abc", "score must return a tensor, a list or a tuple, got str"),
        (1.0, "score must return a tensor, a list or a tuple, got float"),
        (np.zeros(3), "score must return a tensor, a list or a tuple, got ndarray"),
        ({0: 1, 1: 2, 2: 3}, "score must return a tensor, a list or a tuple, got dict"),
        ([1.0], "score must return one score for each of 3 replies, got 1"),
        ([1.0] * 4, "score must return one score for each of 3 replies, got 4"),
        ((), "score must return one score for each of 3 replies, got 0"),
        ([1, math.nan, 1], r"score\[1\] must be finite, got nan"),
        ([1, 1, -math.inf], r"score\[2\] must be finite, got -inf"),
        ([np.float32("nan"), 1, 1], r"score\[0\] must be finite, got nan"),
        ([None, "1", 1], r"score\[1\] must be finite, got '1'"),
        ([1, [1.0], 1], r"score\[1\] must be finite, got \[1\.0\]"),
        ([1, 1j, 1], r"score\[1\] must be finite, got 1j"),
        ([1, torch.ones(1), 1], r"score\[1\] must be finite, got tensor\(\[1\.\]\)"),
        ([10**400, 1, 1], r"score\[0\] must be finite, got 1000"),
        ([1, 1e300, 1], r"score must be finite, got inf at \(1,\)"),
        (torch.zeros(3, 1), r"score must return shape \(3,\), .* got \(3, 1\)"),
        (torch.zeros(4), r"score must return shape \(3,\), .* got \(4,\)"),
        (torch.tensor(1.0), r"score must return shape \(3,\), .* got \(\)"),
        (torch.tensor([1.0, 2.0, math.nan]), r"score must be finite, got nan at \(2,\)"),
        (torch.tensor([1.0, math.inf, 0.0]).half(), r"score must be finite, got inf at \(1,\)"),
        (torch.zeros(3) * 1j, r"score must be real numbers, got torch\.complex64"),
    ],
)
def test_what_is_no_score_is_named(returned, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        scored(returned)
