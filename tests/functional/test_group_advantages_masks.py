"""mask= of the advantages within a group: a reply without a score reaches nothing."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.advantages import (
    group_centered_advantages,
    group_relative_advantages,
    leave_one_out_advantages,
)

FUNCTIONS = (group_relative_advantages, group_centered_advantages, leave_one_out_advantages)
everywhere = pytest.mark.parametrize("advantages_of", FUNCTIONS)
anything = pytest.mark.parametrize("junk", [math.nan, math.inf, -math.inf, 1e30])

# Rows that count 3, 5 (all), 2, 1 and 0 replies; the first is not always among them.
MASK = torch.tensor(
    [[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
).bool()


def rewards_with(junk: float, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    rewards = torch.randn(MASK.shape, generator=generator, dtype=torch.float64)
    return torch.where(MASK, rewards, junk).to(dtype)


@pytest.mark.parametrize(
    ("advantages_of", "expected"),
    [
        # Counted are 1, 0 and 0.5, which have mean 0.5 and std sqrt(0.5 / 2) = 0.5.
        (group_centered_advantages, (0.5, -0.5, 0, 0)),
        (leave_one_out_advantages, (0.75, -0.75, 0, 0)),  # 1 - (0 + 0.5) / 2
        (group_relative_advantages, (0.5 / 0.5001, -0.5 / 0.5001, 0, 0)),
    ],
)
def test_three_of_four_by_hand(advantages_of, expected):
    rewards = torch.tensor([[1.0, 0.0, math.nan, 0.5]], dtype=torch.float64)
    advantages = advantages_of(rewards, mask=rewards.isfinite())
    assert advantages[0].tolist() == pytest.approx(expected, abs=1e-12)


def test_no_score_is_not_a_score_of_zero():
    rewards = torch.tensor([[1.0, 0.0, 0.0]])
    mask = torch.tensor([[True, True, False]])
    assert group_centered_advantages(rewards, mask=mask).tolist() == [[0.5, -0.5, 0.0]]
    assert group_centered_advantages(rewards)[0, 0].item() == pytest.approx(2 / 3)


@everywhere
@anything
def test_a_group_is_its_counted_replies_alone(advantages_of, junk):
    advantages = advantages_of(rewards_with(junk), mask=MASK)
    for row, reward, counts in zip(advantages[:3], rewards_with(junk), MASK, strict=False):
        assert_close(row[counts], advantages_of(reward[None, counts])[0], rtol=1e-13, atol=1e-15)
    assert (advantages[~MASK] == 0).all()
    assert (advantages[3:] == 0).all()  # fewer than two


@everywhere
@anything
def test_the_gradient_is_that_of_the_counted_replies_alone(advantages_of, junk):
    weights = torch.arange(25.0).double().view(5, 5).sin()
    rewards = rewards_with(junk).requires_grad_()
    (weights * advantages_of(rewards, mask=MASK)).sum().backward()
    assert (rewards.grad[~MASK] == 0).all()
    assert (rewards.grad[3:] == 0).all()
    for row in range(3):
        alone = rewards_with(junk)[row][MASK[row]][None].requires_grad_()
        (weights[row][MASK[row]] * advantages_of(alone)).sum().backward()
        assert_close(rewards.grad[row][MASK[row]], alone.grad[0], rtol=1e-12, atol=1e-14)


@everywhere
def test_gradcheck_with_a_mask(advantages_of):
    rewards = rewards_with(0.3).requires_grad_()
    assert torch.autograd.gradcheck(lambda given: advantages_of(given, mask=MASK), (rewards,))


@everywhere
def test_equal_counted_rewards_leave_exactly_nothing_and_a_finite_gradient(advantages_of):
    rewards = torch.where(MASK, 0.1, 7.0).requires_grad_()
    advantages = advantages_of(rewards, mask=MASK)
    assert (advantages == 0).all()
    (slope,) = torch.autograd.grad(advantages.square().sum(), rewards)
    assert (slope == 0).all()


@everywhere
def test_nearly_equal_counted_rewards_keep_their_difference(advantages_of):
    rewards = torch.tensor([[0.0, 1e6, 1e6 + 0.125, 1e6]])
    advantages = advantages_of(rewards, mask=rewards > 0)
    small = advantages_of(torch.tensor([[0.0, 0.125, 0.0]]))
    assert_close(advantages[:, 1:], small, rtol=1e-6, atol=0)


@everywhere
def test_a_mask_that_counts_all_or_none_changes_nothing(advantages_of):
    rewards = rewards_with(0.3)
    every = torch.ones_like(MASK)
    assert_close(advantages_of(rewards, mask=every), advantages_of(rewards), rtol=1e-14, atol=0)
    assert torch.equal(advantages_of(rewards, mask=None), advantages_of(rewards))
    nothing = advantages_of(torch.full_like(rewards, math.nan), mask=~every)
    assert torch.equal(nothing, torch.zeros_like(rewards))


@everywhere
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_half_precision_is_computed_and_returned_in_float32(advantages_of, dtype):
    rewards = rewards_with(math.nan, dtype)
    advantages = advantages_of(rewards, mask=MASK)
    assert advantages.dtype == torch.float32
    assert torch.equal(advantages, advantages_of(rewards.float(), mask=MASK))
    wide = advantages_of(rewards.double(), mask=MASK)
    assert_close(advantages.double(), wide, rtol=2e-6, atol=1e-7)


@everywhere
def test_neither_argument_is_changed(advantages_of):
    rewards, mask = rewards_with(math.nan), MASK.clone()
    advantages_of(rewards, mask=mask)
    assert torch.equal(mask, MASK)
    assert_close(rewards, rewards_with(math.nan), equal_nan=True, rtol=0, atol=0)


@everywhere
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("row", [0, 2, 3])  # of three counted replies, two and one
def test_a_counted_reward_must_be_finite_and_the_message_tells_its_place(advantages_of, bad, row):
    place = (row, int(MASK[row].nonzero()[-1]))
    rewards = rewards_with(math.nan)
    rewards[place] = bad
    with pytest.raises(ValueError, match=rf"^rewards must be finite, got {bad} at \({place[0]}, "):
        advantages_of(rewards, mask=MASK)


@everywhere
def test_what_overflows_is_named_by_the_counted_rewards(advantages_of):
    rewards = torch.tensor([[3e38, -3e38, math.inf], [1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match=r"^rewards must not overflow in .* 3e\+38"):
        advantages_of(rewards, mask=rewards.isfinite())
    assert advantages_of(rewards, mask=rewards.abs() < 1e38)[0].tolist() == [0, 0, 0]


@everywhere
@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (MASK[0], r"arguments must have a common shape, got rewards \(5, 5\), mask \(5,\)"),
        (MASK[:, :1], r"arguments must have a common shape, got .*mask \(5, 1\)"),
        (MASK.double(), r"mask must be a bool tensor, got torch\.float64"),
        (MASK.long(), r"mask must be a bool tensor, got torch\.int64"),
        (MASK.numpy(), "mask must be a torch tensor, got ndarray"),
        (MASK.tolist(), "mask must be a torch tensor, got list"),
        (True, "mask must be a torch tensor, got bool"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(advantages_of, mask, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        advantages_of(rewards_with(0.0), mask=mask)


@everywhere
def test_the_rewards_are_checked_as_without_a_mask(advantages_of):
    with pytest.raises(ValueError, match=r"^rewards must have shape \[P, G\], G > 1, got \(5, 1\)"):
        advantages_of(torch.zeros(5, 1), mask=MASK[:, :1])
    with pytest.raises(ValueError, match=r"^rewards must be floating-point numbers"):
        advantages_of(MASK, mask=MASK)
