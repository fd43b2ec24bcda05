"""Losses of a policy and a value function: hand numbers, gradients, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.log_probs import action_log_probs
from rlnotes.functional.policy_gradients import entropy_bonus, reinforce_loss, value_loss


def numbers(*values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_reinforce_loss_by_hand():
    # -(-1 * 3 + -2 * -1) / 2 = 0.5
    assert reinforce_loss(numbers(-1, -2), numbers(3, -1)).item() == pytest.approx(0.5)


def test_a_step_against_the_gradient_raises_what_has_a_positive_weight_only():
    for weight, change in ((0.1, 1), (-0.1, -1), (0.0, 0)):
        logits = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
        reinforce_loss(action_log_probs(logits, torch.tensor([1])), numbers(weight)).backward()
        stepped = torch.softmax((logits - logits.grad).detach(), dim=-1)
        assert torch.sign((stepped[0, 1] - 1 / 3).round(decimals=12)).item() == change


def test_the_expected_gradient_of_the_loss_is_minus_that_of_the_expected_reward():
    # All actions of three arms, each weighted by its probability: no sampling.
    rewards = numbers(1.0, -0.5, 3.0)
    logits = numbers(0.2, -0.4, 1.0).requires_grad_()
    objective = (torch.softmax(logits, dim=0) * rewards).sum()
    (true_gradient,) = torch.autograd.grad(objective, logits)
    mean_gradient = torch.zeros(3, dtype=torch.float64)
    for action, prob in enumerate(torch.softmax(logits, dim=0).detach()):
        log_prob = action_log_probs(logits[None], torch.tensor([action]))
        (gradient,) = torch.autograd.grad(reinforce_loss(log_prob, rewards[[action]]), logits)
        mean_gradient += prob * gradient
    assert_close(mean_gradient, -true_gradient)


def test_weights_and_value_targets_get_no_gradient():
    log_probs, weights = numbers(-1.0, -2.0), numbers(3.0, -1.0).requires_grad_()
    assert not reinforce_loss(log_probs, weights).requires_grad
    assert not value_loss(log_probs, weights).requires_grad


def test_every_loss_is_a_mean_over_all_elements():
    log_probs, weights = numbers(-1, -2, -3, -4), numbers(1, 2, 3, 4)
    for loss in (reinforce_loss, value_loss):
        once = loss(log_probs, weights)
        assert_close(loss(log_probs.reshape(2, 2), weights.reshape(2, 2)), once)
        assert_close(loss(log_probs.repeat(3), weights.repeat(3)), once)


def test_value_loss_by_hand_and_its_gradient_is_the_error():
    # ((1 - 3)^2 + (2 - 2)^2) / 2 / 2 = 1, gradient (V - target) / 2.
    values = numbers(1, 2).requires_grad_()
    loss = value_loss(values, numbers(3, 2))
    loss.backward()
    assert loss.item() == 1
    assert values.grad.tolist() == [-1, 0]


def test_entropy_bonus_is_the_mean_entropy_and_its_gradient_evens_the_policy_out():
    # A certain row and a fair one: (0 + log 2) / 2.
    certain = torch.tensor([[0.0, -math.inf], [0.0, 0.0]], dtype=torch.float64)
    assert entropy_bonus(certain).item() == pytest.approx(math.log(2) / 2)
    logits = numbers(1.0, 0.0).requires_grad_()
    entropy_bonus(logits).backward()
    assert logits.grad[0] < 0 < logits.grad[1]


@pytest.mark.parametrize("loss", [reinforce_loss, value_loss])
@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (numbers(1, 2), numbers(1, 2)[:, None], "common shape"),  # would give [2, 2]
        (numbers(1, math.nan), numbers(1, 2), "(log_probs|values) must be finite, got nan"),
        (numbers(-math.inf, 1), numbers(1, 2), "(log_probs|values) must be finite, got -inf"),
        (numbers(1, 2), numbers(math.inf, 2), "(weights|value_targets) must be finite, got inf"),
        (numbers(), numbers(), "must hold at least one number"),
    ],
)
def test_bad_input_names_the_argument(loss, first, second, message):
    with pytest.raises(ValueError, match=message):
        loss(first, second)


def test_the_entropy_of_no_state_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        entropy_bonus(torch.zeros(0, 3))
