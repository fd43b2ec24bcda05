"""Targets of Q-learning: hand numbers, ends, the maximisation bias, bad input."""

import itertools

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.q_targets import double_q_learning_targets, q_learning_targets

END, GO_ON = torch.tensor([True]), torch.tensor([False])
ONE = torch.ones(1, dtype=torch.float64)


def q(*values):
    return torch.tensor([values], dtype=torch.float64)


def test_worked_example_by_hand():
    # 1 + 0.9 * max(2, 5, 3) = 5.5; with Double, the online estimate picks the third.
    assert q_learning_targets(ONE, q(2, 5, 3), GO_ON, gamma=0.9).item() == pytest.approx(5.5)
    target = double_q_learning_targets(ONE, q(0, 1, 4), q(2, 5, 3), GO_ON, gamma=0.9)
    assert target.item() == pytest.approx(1 + 0.9 * 3)


def test_a_terminal_step_ignores_the_next_state_whatever_it_holds():
    nothing = q(float("nan"), float("inf"))
    assert q_learning_targets(ONE, nothing, END, gamma=0.9).item() == 1
    assert double_q_learning_targets(ONE, q(1, 2), nothing, END, gamma=0.9).item() == 1


def test_gamma_zero_leaves_the_reward():
    assert q_learning_targets(ONE, q(2, 5), GO_ON, gamma=0.0).item() == 1


def test_double_with_one_estimate_for_both_is_plain_q_learning():
    values = torch.randn(4, 7, 3, generator=torch.Generator().manual_seed(0))
    rewards, terminated = values[..., 0], values[..., 1] > 0.5
    assert_close(
        double_q_learning_targets(rewards, values, values, terminated, gamma=0.9),
        q_learning_targets(rewards, values, terminated, gamma=0.9),
    )


def test_the_maximum_of_noisy_equal_values_is_too_high_and_double_is_right():
    # Two actions worth 0, each estimated as +1 or -1 with probability 1/2. All cases:
    # the maximum is 1 in three of four, so its mean is 0.5; a second, independent
    # estimate of the action chosen has mean 0.
    signs = [-1.0, 1.0]
    zero = torch.zeros(1, dtype=torch.float64)
    plain = [
        q_learning_targets(zero, q(a, b), GO_ON, gamma=1.0).item()
        for a, b in itertools.product(signs, repeat=2)
    ]
    double = [
        double_q_learning_targets(zero, q(a, b), q(c, d), GO_ON, gamma=1.0).item()
        for a, b, c, d in itertools.product(signs, repeat=4)
    ]
    assert sum(plain) / 4 == pytest.approx(0.5)
    assert sum(double) / 16 == pytest.approx(0.0)


def test_gradient_flows_to_the_values_and_not_through_the_choice():
    values = q(2, 5, 3).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda v: q_learning_targets(ONE, v, GO_ON, gamma=0.9), (values,)
    )
    online, target = q(0, 1, 4).requires_grad_(), q(2, 5, 3).requires_grad_()
    double_q_learning_targets(ONE, online, target, GO_ON, gamma=0.9).sum().backward()
    assert online.grad is None
    assert_close(target.grad, q(0, 0, 0.9))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gamma": 1.5}, r"gamma must lie in \[0, 1\], got 1.5"),
        ({"terminated": torch.tensor([0.0])}, "terminated must be a bool tensor"),
        ({"terminated": torch.tensor([True, False])}, "common shape"),
        ({"next_q_values": torch.zeros(3, 2)}, "next_q_values must have shape"),
        ({"next_q_values": torch.tensor(1.0)}, "next_q_values must have shape"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    arguments = {"rewards": ONE, "next_q_values": q(1, 2), "terminated": GO_ON, "gamma": 0.9}
    with pytest.raises(ValueError, match=message):
        q_learning_targets(**{**arguments, **change})


def test_the_two_estimates_must_have_one_shape():
    with pytest.raises(ValueError, match="next_q_values_online"):
        double_q_learning_targets(ONE, q(1, 2, 3), q(1, 2), GO_ON, gamma=0.9)
