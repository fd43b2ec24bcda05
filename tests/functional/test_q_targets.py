"""Targets and losses of Q-learning: hand numbers, ends, gradients, bad input."""

import itertools

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.q_targets import (
    chosen_q_values,
    double_q_learning_targets,
    huber_td_loss,
    q_learning_targets,
    squared_td_loss,
)

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


def test_each_transition_may_have_its_own_discount():
    rewards, no = torch.tensor([1.0, 2.0]), torch.tensor([False, False])
    values, discounts = torch.tensor([[4.0, 8.0], [4.0, 8.0]]), torch.tensor([0.5, 0.25])
    expected = [5.0, 4.0]  # 1 + 8 / 2, 2 + 8 / 4
    assert q_learning_targets(rewards, values, no, gamma=discounts).tolist() == expected
    targets = double_q_learning_targets(rewards, values, values, no, gamma=discounts)
    assert targets.tolist() == expected
    for bad, message in (
        (torch.tensor([0.5, 1.5]), r"gamma must lie in \[0, 1\], got \[0.5, 1.5\]"),
        (torch.tensor([0.5, torch.nan]), r"gamma must lie in \[0, 1\]"),
        (torch.tensor([0.5]), "rewards.*gamma"),
    ):
        with pytest.raises(ValueError, match=message):
            q_learning_targets(rewards, values, no, gamma=bad)


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
        ({"next_q_values": torch.zeros(1, 0)}, r"A > 0, got \(1, 0\) for rewards"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    arguments = {"rewards": ONE, "next_q_values": q(1, 2), "terminated": GO_ON, "gamma": 0.9}
    with pytest.raises(ValueError, match=message):
        q_learning_targets(**{**arguments, **change})


def test_the_two_estimates_must_have_one_shape():
    with pytest.raises(ValueError, match="next_q_values_online"):
        double_q_learning_targets(ONE, q(1, 2, 3), q(1, 2), GO_ON, gamma=0.9)


def test_chosen_values_pick_one_action_per_row():
    values = torch.arange(12, dtype=torch.float64).reshape(2, 2, 3)
    actions = torch.tensor([[2, 0], [1, 2]])
    assert chosen_q_values(values, actions).tolist() == [[2.0, 3.0], [7.0, 11.0]]
    assert chosen_q_values(values[0, 1], torch.tensor(1)).item() == 4  # no batch axis
    assert chosen_q_values(values[:1, :1], torch.tensor([[0]])).tolist() == [[0.0]]


def test_only_the_chosen_value_gets_a_gradient():
    values = torch.zeros(2, 3, requires_grad=True)
    chosen_q_values(values, torch.tensor([2, 0])).sum().backward()
    assert values.grad.tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("values", "actions", "message"),
    [
        (torch.zeros(2, 3), torch.tensor([0, 3]), r"actions must lie in \[0, 3\), got \[0, 3\]"),
        (torch.zeros(2, 3), torch.tensor([-1, 0]), r"actions must lie in \[0, 3\), got \[-1, 0\]"),
        (torch.zeros(2, 3), torch.tensor([0]), r"q_values must have shape .* got \(2, 3\)"),
        (torch.zeros(2, 3), torch.tensor([[0], [0]]), r"for actions \(2, 1\)"),
        (torch.tensor(1.0), torch.tensor(0), r"q_values must have shape .* got \(\)"),
    ],
)
def test_actions_that_do_not_fit_are_refused(values, actions, message):
    with pytest.raises(ValueError, match=message):
        chosen_q_values(values, actions)


# TD errors 3, -3, 1/2 and 0. Half the squares: 9/2, 9/2, 1/8, 0, mean 73/32. Huber is
# 5/2 for the first two.
CHOSEN = torch.tensor([1.0, 3.0, 0.5, 2.0], dtype=torch.float64)
TARGETS = torch.tensor([4.0, 0.0, 1.0, 2.0], dtype=torch.float64)


def test_losses_by_hand():
    assert squared_td_loss(CHOSEN, TARGETS).item() == pytest.approx(73 / 32)
    assert huber_td_loss(CHOSEN, TARGETS).item() == pytest.approx((5 + 1 / 8) / 4)


def test_a_descent_step_moves_each_value_towards_its_target():
    # The slope is minus the TD error over B; Huber clips the error to [-1, 1].
    for loss, slopes in ((squared_td_loss, [-3, 3, -0.5, 0]), (huber_td_loss, [-1, 1, -0.5, 0])):
        chosen = CHOSEN.clone().requires_grad_()
        loss(chosen, TARGETS).backward()
        assert_close(chosen.grad, torch.tensor(slopes, dtype=torch.float64) / 4)


@pytest.mark.parametrize("loss", [squared_td_loss, huber_td_loss])
def test_the_slope_is_that_of_finite_differences(loss):
    weights = torch.tensor([0.3, 1.0, 0.7, 0.1], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: loss(x, TARGETS, weights), (CHOSEN + 0.1).requires_grad_()
    )


@pytest.mark.parametrize("loss", [squared_td_loss, huber_td_loss])
def test_weights_multiply_and_the_mean_still_divides_by_the_batch(loss):
    weights = torch.tensor([0.0, 0.0, 4.0, 1.0], dtype=torch.float64)
    assert loss(CHOSEN, TARGETS, weights).item() == pytest.approx(1 / 8)  # 4 / 8 / 4
    assert loss(CHOSEN, TARGETS, torch.ones_like(CHOSEN)) == loss(CHOSEN, TARGETS)


@pytest.mark.parametrize("loss", [squared_td_loss, huber_td_loss])
def test_no_gradient_flows_into_targets_or_weights(loss):
    chosen, targets = CHOSEN.clone().requires_grad_(), TARGETS.clone().requires_grad_()
    weights = torch.ones_like(CHOSEN).requires_grad_()
    loss(chosen, targets, weights).backward()
    assert chosen.grad is not None
    assert targets.grad is None
    assert weights.grad is None


@pytest.mark.parametrize("loss", [squared_td_loss, huber_td_loss])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_losses_keep_the_dtype_and_take_any_shape(loss, dtype):
    result = loss(torch.zeros(2, 3, dtype=dtype), torch.full((2, 3), 2, dtype=dtype))
    assert result.dtype == dtype
    assert result.item() == {squared_td_loss: 2.0, huber_td_loss: 1.5}[loss]


@pytest.mark.parametrize("loss", [squared_td_loss, huber_td_loss])
def test_losses_refuse_shapes_that_would_broadcast(loss):
    with pytest.raises(ValueError, match=r"targets \(4, 1\)"):
        loss(CHOSEN, TARGETS[:, None])
    with pytest.raises(ValueError, match=r"weights \(1,\)"):
        loss(CHOSEN, TARGETS, torch.ones(1))


def test_actions_of_another_type_and_empty_batches_are_refused():
    with pytest.raises(ValueError, match=r"actions must be int64, got torch\.int32"):
        chosen_q_values(torch.zeros(1, 2), torch.zeros(1, dtype=torch.int32))
    for loss in (squared_td_loss, huber_td_loss):
        with pytest.raises(ValueError, match="action_values must hold at least one number"):
            loss(torch.zeros(0), torch.zeros(0))


def test_a_reward_that_is_not_finite_is_refused():
    no = torch.zeros(1, dtype=torch.bool)
    with pytest.raises(ValueError, match="rewards must be finite, got inf"):
        q_learning_targets(torch.tensor([torch.inf]), torch.zeros(1, 2), no, gamma=0.9)


def test_double_refuses_nan_in_the_row_that_chooses_and_in_the_value_chosen():
    nan, inf = float("nan"), float("inf")
    double_q_learning_targets(ONE, q(nan, 1), q(2, 3), END, gamma=0.5)  # ignored
    double_q_learning_targets(ONE, q(-inf, 1), q(nan, 3), GO_ON, gamma=0.5)  # not chosen
    for online in (q(1, nan), q(nan, 1), q(inf, 1), q(-inf, -inf)):
        with pytest.raises(ValueError, match="next_q_values_online must be finite, got"):
            double_q_learning_targets(ONE, online, q(2, 3), GO_ON, gamma=0.5)
    with pytest.raises(ValueError, match=r"next_q_values_target must be finite, got nan at \(0,\)"):
        double_q_learning_targets(ONE, q(0, 1), q(2, nan), GO_ON, gamma=0.5)
    with pytest.raises(ValueError, match=r"next_q_values must be finite, got nan at \(0,\)"):
        q_learning_targets(ONE, q(5, nan), GO_ON, gamma=0.5)


def test_half_precision_targets_and_losses_keep_their_digits():
    # 2048 + 1 is 2048 in float16 and 256 + 1 is 256 in bfloat16.
    for dtype, large in ((torch.float16, 2048.0), (torch.bfloat16, 256.0)):
        one, values = torch.ones(1, dtype=dtype), torch.tensor([[large]], dtype=dtype)
        assert q_learning_targets(one, values, GO_ON, gamma=1.0).item() == large + 1
        targets = double_q_learning_targets(one, values, values, GO_ON, gamma=1.0)
        assert targets.item() == large + 1
    # 300^2 / 2 = 45000 per element; as a sum of squares it does not fit into float16.
    error = torch.full((4,), 300.0, dtype=torch.float16)
    assert squared_td_loss(error, 0 * error).item() == 45000


@pytest.mark.parametrize("loss", [squared_td_loss, huber_td_loss])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_of_what_is_not_finite_is_refused_by_name(loss, bad):
    for name in ("action_values", "targets", "weights"):
        given = {"action_values": CHOSEN, "targets": TARGETS, "weights": torch.ones_like(CHOSEN)}
        given[name] = given[name].clone()
        given[name][2] = bad
        with pytest.raises(ValueError, match=rf"{name} must be finite, got {bad} at \(2,\)"):
            loss(**given)
        if name != "weights":
            del given["weights"]
            with pytest.raises(ValueError, match=rf"{name} must be finite, got {bad} at \(2,\)"):
                loss(**given)
