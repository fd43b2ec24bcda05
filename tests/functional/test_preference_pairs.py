"""Best and worst answers as pairs: hand numbers, enumeration, masks, bad input."""

import itertools
import math

import pytest
import torch

from rlnotes.functional.preference_pairs import BestAndWorst, best_and_worst

NAN = math.nan


def as_lists(pairs: BestAndWorst) -> tuple[list, list, list]:
    return tuple(part.tolist() for part in pairs)


def pair_by_definition(scores: list[float | None]) -> tuple[int, int, bool]:
    """Of all pairs (better, worse), the first that no answer lies above or below."""
    given = [score for score in scores if score is not None]
    places = range(len(scores))
    for better, worse in itertools.product(places, places):
        pair = scores[better], scores[worse]
        if None in pair or pair[0] <= pair[1]:
            continue
        if all(pair[1] <= score <= pair[0] for score in given):
            return better, worse, True
    return 0, 0, False


def test_three_prompts_by_hand():
    rewards = torch.tensor([[0.2, 0.9, 0.5], [-1.0, -3.0, -2.0], [0.4, 0.6, 0.0]])
    assert as_lists(best_and_worst(rewards)) == ([1, 0, 1], [0, 1, 2], [True] * 3)


def test_of_equal_rewards_the_first_is_taken_and_a_tie_of_all_gives_no_pair():
    rewards = torch.tensor([[0.5, 1, 1, 0, 0], [1, 0, 0, 1, 1], [0.3] * 5, [0.0, -0.0] * 2 + [0]])
    assert as_lists(best_and_worst(rewards)) == (
        [1, 0, 0, 0],
        [3, 1, 0, 0],
        [True, True, False, False],
    )


@pytest.mark.parametrize("size", [7, 1000, 40_000])
def test_the_first_of_equals_in_long_rows(size):
    rewards = torch.tensor([0.0, 1.0]).repeat(2, size)
    rewards[1] = rewards[1].flip(0)
    assert as_lists(best_and_worst(rewards)) == ([1, 0], [0, 1], [True, True])


def test_every_small_table_agrees_with_the_definition():
    scores = [list(row) for row in itertools.product((None, -1.0, 0.0, 2.0), repeat=4)]
    rewards = torch.tensor([[NAN if score is None else score for score in row] for row in scores])
    expected = [pair_by_definition(row) for row in scores]
    got = best_and_worst(rewards, mask=~rewards.isnan())
    assert list(zip(*as_lists(got), strict=True)) == expected
    assert 0 < sum(kept for *_, kept in expected) < len(expected)


def test_no_score_is_not_a_score_of_zero():
    rewards = torch.tensor([[-1.0, -2.0, 0.0], [1.0, 2.0, 0.0]])
    mask = torch.tensor([[True, True, False]] * 2)
    assert as_lists(best_and_worst(rewards, mask=mask)) == ([0, 1], [1, 0], [True, True])
    assert as_lists(best_and_worst(rewards)) == ([2, 1], [1, 2], [True, True])


@pytest.mark.parametrize("junk", [NAN, math.inf, -math.inf, 1e30, -1e30])
def test_what_does_not_count_reaches_nothing(junk):
    rewards = torch.tensor([[junk, 3.0, 5.0, junk], [2.0, junk, junk, 2.0]])
    rewards = torch.cat([rewards, torch.tensor([[junk, junk, 4.0, junk], [junk] * 4])])
    mask = torch.tensor([[0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]]).bool()
    pairs = best_and_worst(rewards, mask=mask)
    assert as_lists(pairs) == ([2, 0, 0, 0], [1, 0, 0, 0], [True, False, False, False])


def test_a_mask_that_counts_all_changes_nothing():
    rewards = torch.randn(50, 3, generator=torch.Generator().manual_seed(2)).round()
    every = torch.ones_like(rewards, dtype=torch.bool)
    assert as_lists(best_and_worst(rewards, mask=every)) == as_lists(best_and_worst(rewards))


def test_turned_round_rewards_exchange_chosen_and_rejected():
    rewards = torch.randn(50, 4, generator=torch.Generator().manual_seed(3)).round()
    chosen, rejected, kept = as_lists(best_and_worst(rewards))
    assert as_lists(best_and_worst(-rewards)) == (rejected, chosen, kept)
    assert as_lists(best_and_worst(3 * rewards + 7)) == (chosen, rejected, kept)


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16], ids=str
)
def test_types_of_the_answer_and_small_gaps(dtype):
    small = torch.finfo(dtype).eps
    rewards = torch.tensor([[1, 1 + small, 1], [1, 1, 1]], dtype=dtype).requires_grad_()
    chosen, rejected, kept = best_and_worst(rewards)
    assert (chosen.dtype, rejected.dtype, kept.dtype) == (torch.int64, torch.int64, torch.bool)
    assert (chosen.tolist(), rejected.tolist(), kept.tolist()) == ([1, 0], [0, 0], [True, False])
    assert chosen.shape == rejected.shape == kept.shape == (2,)


def test_neither_argument_is_changed():
    rewards = torch.tensor([[NAN, 3.0, 1.0]])
    mask = ~rewards.isnan()
    best_and_worst(rewards, mask=mask)
    assert torch.equal(mask, torch.tensor([[False, True, True]]))
    assert torch.equal(rewards.nan_to_num(9.0), torch.tensor([[9.0, 3.0, 1.0]]))


@pytest.mark.parametrize(
    ("rewards", "message"),
    [
        (torch.zeros(3), r"rewards must have shape \[P, K\], K > 1, got \(3,\)"),
        (torch.zeros(3, 1), r"rewards must have shape \[P, K\], K > 1, got \(3, 1\)"),
        (torch.zeros(2, 3, 4), r"rewards must have shape \[P, K\], K > 1, got \(2, 3, 4\)"),
        (torch.zeros(0, 4), r"rewards must hold at least one number, got shape \(0, 4\)"),
        (torch.tensor([[1, 2]]), r"rewards must be floating-point numbers, got torch\.int64"),
        (torch.tensor([[1.0, NAN]]), r"rewards must be finite, got nan at \(0, 1\)"),
        (torch.tensor([[0.0, 1], [math.inf, 2]]), r"rewards must be finite, got inf at \(1, 0\)"),
        (torch.tensor([[0.0, -math.inf]]), r"rewards must be finite, got -inf at \(0, 1\)"),
        ([[1.0, 2.0]], "rewards must be a torch tensor, got list"),
    ],
)
def test_bad_rewards_are_named(rewards, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        best_and_worst(rewards)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.ones(2, 1).bool(), r"arguments must have a common shape, got .*mask \(2, 1\)"),
        (torch.ones(2), r"mask must be a bool tensor, got torch\.float32"),
        ([[True, True]], "mask must be a torch tensor, got list"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(mask, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        best_and_worst(torch.zeros(2, 2), mask=mask)


def test_a_counted_reward_must_be_finite():
    rewards = torch.tensor([[NAN, 1.0, 2.0], [1.0, math.inf, 2.0]])
    with pytest.raises(ValueError, match=r"^rewards must be finite, got inf at \(1, 1\)"):
        best_and_worst(rewards, mask=~rewards.isnan())
