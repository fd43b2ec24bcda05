"""Losses that the checkers cannot differentiate are named, not called an error."""

import pytest
import torch

from rlnotes.exercises import catalog

EXERCISES = catalog()


def parts(log_probs, values, **_others):
    return -log_probs, values**2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda policy, value: policy.mean() + value.mean(), "got one tensor"),
        (lambda policy, value: (policy, value), "must be one number, got shape [3]"),
        (lambda policy, value: (policy.mean(), value.mean().item()), "got float"),
        (lambda policy, value: [policy.mean()], "it wants two losses"),
    ],
)
def test_two_losses_are_wanted(change, message):
    verdict = EXERCISES["actor_critic_losses"].check(lambda **given: change(*parts(**given)))
    assert message in verdict.message
    assert "raised an error" not in verdict.message


def test_two_losses_may_be_stacked_or_keep_an_axis():
    solution = EXERCISES["actor_critic_losses"].solutions[0]
    for pack in (torch.stack, lambda pair: [loss[None] for loss in pair]):
        verdict = EXERCISES["actor_critic_losses"].check(lambda pack=pack, **g: pack(solution(**g)))
        assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda loss: loss.item(), "must be a tensor, got float"),
        (lambda loss: loss + torch.zeros(4), "must be one number, got shape [4]"),
        (lambda loss: (loss, 0.1), "must be a tensor, got tuple"),
    ],
)
def test_one_loss_is_wanted(change, message):
    exercise = EXERCISES["ppo_loss"]
    verdict = exercise.check(lambda **given: change(exercise.solutions[0](**given)))
    assert message in verdict.message
    assert "raised an error" not in verdict.message
