"""Advantages within a group of replies: hand numbers, identities, limits, bad input."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.advantages import (
    group_centered_advantages,
    group_relative_advantages,
    leave_one_out_advantages,
)

EXAMPLE = (1.0, 0.0, 1.0, 0.5)  # mean 0.625, sum of squares 0.6875
FUNCTIONS = (group_relative_advantages, group_centered_advantages, leave_one_out_advantages)
everywhere = pytest.mark.parametrize("advantages_of", FUNCTIONS)


def group(*rewards: float) -> torch.Tensor:
    return torch.tensor([rewards], dtype=torch.float64)


def random_groups(group_size: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(group_size)
    return torch.randn(4, group_size, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(
    ("advantages_of", "expected"),
    [
        (group_centered_advantages, (0.375, -0.625, 0.375, -0.125)),
        (leave_one_out_advantages, (0.5, -2.5 / 3, 0.5, -0.5 / 3)),
        # sqrt(0.6875 / 3) = 0.478714, plus 0.0001
        (group_relative_advantages, (0.783186, -1.305310, 0.783186, -0.261062)),
    ],
)
def test_the_example_by_hand(advantages_of, expected):
    assert advantages_of(group(*EXAMPLE))[0].tolist() == pytest.approx(expected, abs=1e-6)


def test_the_std_has_one_less_in_the_denominator_and_the_small_number_outside_the_root():
    # Gap 0.01: 0.005 / (0.01 / sqrt(2) + 0.0001) = 0.697; with the number inside the
    # root it would be 0.408, with all replies in the denominator 0.980.
    tiny = group_relative_advantages(group(0.01, 0.0))[0, 0].item()
    assert tiny == pytest.approx(0.005 / (0.01 / math.sqrt(2) + 1e-4), rel=1e-12)
    assert tiny == pytest.approx(0.697, abs=5e-4)
    # (0, 0, 0, d): centred -d/4, 3d/4, std d/2; far below 1e-4 it no longer divides.
    nearly = group_relative_advantages(group(0, 0, 0, 1e-6))[0].tolist()
    assert nearly == pytest.approx([-0.25e-6 / 1.005e-4] * 3 + [0.75e-6 / 1.005e-4])


@pytest.mark.parametrize("gap", [1.0, 100.0, 1e6])
def test_two_replies_lose_the_size_of_their_gap(gap):
    advantages = group_relative_advantages(group(3.0, 3.0 + gap))[0].tolist()
    assert advantages == pytest.approx([-math.sqrt(0.5), math.sqrt(0.5)], rel=2e-4)
    assert group_centered_advantages(group(3.0, 3.0 + gap))[0].tolist() == [-gap / 2, gap / 2]


@pytest.mark.parametrize("group_size", [2, 3, 8])
def test_each_group_is_a_row_of_its_own_with_sum_zero(group_size):
    rewards = random_groups(group_size)
    for advantages_of in FUNCTIONS:
        advantages = advantages_of(rewards)
        assert_close(advantages.sum(dim=1), torch.zeros(4).double(), atol=1e-13, rtol=0)
        for row, alone in zip(advantages, rewards, strict=True):
            assert_close(row, advantages_of(alone[None])[0])
        assert_close(advantages_of(rewards + 7), advantages)
        flipped = advantages_of(rewards.flip(1)).flip(1)
        assert_close(flipped, advantages)


@pytest.mark.parametrize("group_size", [2, 3, 8])
def test_the_group_mean_takes_one_gth_of_leaving_one_out(group_size):
    rewards = random_groups(group_size)
    shrunk = (group_size - 1) / group_size * leave_one_out_advantages(rewards)
    assert_close(group_centered_advantages(rewards), shrunk)
    assert_close(group_centered_advantages(3 * rewards), 3 * group_centered_advantages(rewards))


@pytest.mark.parametrize("group_size", [2, 5, 64])
def test_divided_by_the_std_the_squares_sum_to_the_degrees_of_freedom(group_size):
    rewards = 1e6 * random_groups(group_size)  # the small number does not show
    squares = group_relative_advantages(rewards).square().sum(dim=1)
    assert squares.tolist() == pytest.approx([group_size - 1] * 4, rel=1e-8)


@pytest.mark.parametrize("group_size", [2, 8, 64])
def test_a_lone_success_gets_the_largest_number_of_all(group_size):
    # Centred (G - 1) / G, std sqrt(1 / G): (G - 1) / sqrt(G).
    rewards = torch.zeros(1, group_size).double()
    rewards[0, 0] = 1
    lone = group_relative_advantages(rewards)[0, 0].item()
    assert lone == pytest.approx((group_size - 1) / math.sqrt(group_size), rel=1e-3)


@everywhere
@pytest.mark.parametrize("reward", [0.0, 1.0, 0.1, 1e8 + 0.1, -7.7e-30])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_equal_rewards_leave_exactly_nothing(advantages_of, reward, dtype):
    rewards = torch.full((2, 7), reward, dtype=torch.float64).to(dtype)
    if rewards.isinf().any():  # 1e8 in float16
        rewards = torch.full((2, 7), 60_000.0, dtype=dtype)
    assert advantages_of(rewards).tolist() == [[0.0] * 7] * 2


def test_one_group_of_equal_rewards_does_not_reach_the_others():
    rewards = torch.tensor([EXAMPLE, (0.1,) * 4], dtype=torch.float64).requires_grad_()
    advantages = group_relative_advantages(rewards)
    assert_close(advantages[0], group_relative_advantages(rewards[:1])[0])
    assert advantages[1].tolist() == [0.0] * 4
    (slope,) = torch.autograd.grad(advantages.square().sum(), rewards)
    assert torch.isfinite(slope).all()


@everywhere
def test_gradients_with_respect_to_rewards(advantages_of):
    assert torch.autograd.gradcheck(advantages_of, (random_groups(3).requires_grad_(),))


@everywhere
def test_nearly_equal_rewards_keep_their_difference(advantages_of):
    # The mean in float32 would be a multiple of 1/16; the std is 0.125 / sqrt(3).
    rewards = torch.tensor([[1e6, 1e6 + 0.125, 1e6]])
    small = advantages_of(torch.tensor([[0.0, 0.125, 0.0]]))
    assert_close(advantages_of(rewards), small, rtol=1e-6, atol=0)


@everywhere
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_and_returned_in_float32(advantages_of, dtype):
    # A third has ten bits in float16 and seven in bfloat16.
    rewards = torch.tensor([[1.0, 0.0, 0.0]], dtype=dtype)
    advantages = advantages_of(rewards)
    assert advantages.dtype == torch.float32
    assert_close(advantages, advantages_of(rewards.float()), rtol=1e-6, atol=0)
    assert (group_centered_advantages(rewards)[0, 0] - 2 / 3).abs().item() < 1e-7
    large = torch.tensor([[60_000.0, -60_000.0]]).to(dtype)
    assert torch.isfinite(advantages_of(large)).all()


def test_the_dtype_and_the_given_tensor_are_kept():
    for advantages_of in FUNCTIONS:
        rewards = group(*EXAMPLE)
        assert advantages_of(rewards).dtype == torch.float64
        assert advantages_of(rewards.float()).dtype == torch.float32
        assert rewards.tolist() == [list(EXAMPLE)]


def test_leaving_one_out_by_hand():
    # The mean of the others to 1 is (0 + 1 + .5) / 3 = .5, to 0 it is 2.5 / 3.
    rewards = torch.tensor([[1.0, 0.0, 1.0, 0.5], [3.0, 1.0, 1.0, -1.0]])
    expected = torch.tensor([[0.5, -2.5 / 3, 0.5, -0.5 / 3], [8 / 3, 0.0, 0.0, -8 / 3]])
    assert_close(leave_one_out_advantages(rewards), expected)
    assert leave_one_out_advantages(torch.tensor([[5.0, 2.0]])).tolist() == [[3.0, -3.0]]


@pytest.mark.parametrize("group_size", [2, 3, 8])
def test_each_reply_is_compared_with_the_mean_of_the_others(group_size):
    rewards = torch.randn(4, group_size, generator=torch.Generator().manual_seed(1)).double()
    advantages = leave_one_out_advantages(rewards)
    for prompt, row in enumerate(rewards.tolist()):
        for i, reward in enumerate(row):
            others = row[:i] + row[i + 1 :]
            expected = reward - sum(others) / len(others)
            assert advantages[prompt, i].item() == pytest.approx(expected)
    assert_close(advantages.mean(dim=1), torch.zeros(4).double())
    assert_close(leave_one_out_advantages(rewards + 7), advantages)
    assert_close(leave_one_out_advantages(3 * rewards), 3 * advantages)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_leaving_one_out_in_half_precision_is_computed_in_float32(dtype):
    advantages = leave_one_out_advantages(torch.tensor([[1.0, 0.0, 0.0, 0.0]], dtype=dtype))
    assert_close(advantages, torch.tensor([[1.0, -1 / 3, -1 / 3, -1 / 3]]))
    large = leave_one_out_advantages(torch.tensor([[60_000.0, -60_000.0]]).half())
    assert large.tolist() == [[120_000.0, -120_000.0]]


def test_the_expected_gradient_is_that_without_a_baseline():
    # Both replies enumerated: E of A_i d log pi(y_i) is the slope of E r.
    probs, rewards = torch.tensor([0.2, 0.3, 0.5]).double(), torch.tensor([1.0, -2, 4]).double()
    scores = torch.eye(3).double() - probs  # row y: d log pi(y) / d logits
    total = torch.zeros(3).double()
    for first, second in itertools.product(range(3), repeat=2):
        advantages = leave_one_out_advantages(rewards[[first, second]][None])[0]
        each = (advantages[0] * scores[first] + advantages[1] * scores[second]) / 2
        total += probs[first] * probs[second] * each
    assert_close(total, probs * (rewards - (probs * rewards).sum()))


@everywhere
@pytest.mark.parametrize(
    ("rewards", "message"),
    [
        (torch.zeros(3), r"rewards must have shape \[P, G\], G > 1, got \(3,\)"),
        (torch.zeros(3, 1), r"rewards must have shape \[P, G\], G > 1, got \(3, 1\)"),
        (torch.zeros(2, 3, 4), r"rewards must have shape \[P, G\], G > 1, got \(2, 3, 4\)"),
        (torch.tensor(1.0), r"rewards must have shape \[P, G\], G > 1, got \(\)"),
        (torch.zeros(0, 4), r"rewards must hold at least one number, got shape \(0, 4\)"),
        (torch.zeros(4, 0), r"rewards must hold at least one number, got shape \(4, 0\)"),
        (torch.tensor([[1, 2]]), r"rewards must be floating-point numbers, got torch\.int64"),
        (torch.tensor([[True, False]]), r"rewards must be floating-point .* got torch\.bool"),
        (torch.zeros(1, 2) * 1j, r"rewards must be floating-point .* got torch\.complex64"),
        (torch.tensor([[1.0, math.nan]]), r"rewards must be finite, got nan at \(0, 1\)"),
        (torch.tensor([[0.0, 1], [math.inf] * 2]), r"rewards must be finite, got inf at \(1, 0\)"),
        (torch.tensor([[0.0, -math.inf]]), r"rewards must be finite, got -inf at \(0, 1\)"),
        (torch.tensor([[3e38, -3e38]]), r"rewards must not overflow in the result, got .* 3e\+38"),
        ([[1.0, 2.0]], "rewards must be a torch tensor, got list"),
        (None, "rewards must be a torch tensor, got NoneType"),
    ],
)
def test_bad_rewards_are_named(advantages_of, rewards, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        advantages_of(rewards)


def test_a_reward_too_far_below_the_others_is_refused():
    # -3 - (0 + 1.6 + 1.6) / 3 = -4.1, times 1e38: beyond float32, the others are not.
    rewards = torch.tensor([[0.0, 1.6e38, 1.6e38, -3e38]])
    with pytest.raises(ValueError, match=r"rewards must not overflow .* 3e\+38"):
        leave_one_out_advantages(rewards)
    assert torch.isfinite(group_centered_advantages(rewards)).all()


def test_a_variance_that_overflows_is_refused():
    with pytest.raises(ValueError, match=r"rewards must not overflow .* 1e\+200"):
        group_relative_advantages(group(1e200, -1e200))
    assert group_centered_advantages(group(1e200, -1e200)).tolist() == [[1e200, -1e200]]
