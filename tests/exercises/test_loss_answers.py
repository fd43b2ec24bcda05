"""Losses: what has no gradient is named, half precision will do, changes are seen."""

from dataclasses import replace

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
        (lambda policy, value: (policy.mean() for _ in range(3)), "it wants two losses"),
        (lambda policy, value: 0.5, "it wants two losses"),
        (lambda policy, value: (policy.mean(), value.mean().long()), "16 bits or more"),
        (
            lambda policy, value: {"p": policy.mean(), "v": value.mean()},
            "it wants a pair, not a dict",
        ),
    ],
)
def test_two_losses_are_wanted(change, message):
    verdict = EXERCISES["actor_critic_losses"].check(lambda **given: change(*parts(**given)))
    assert message in verdict.message
    assert "raised an error" not in verdict.message


def test_two_losses_may_come_in_any_container_with_an_order():
    solution = EXERCISES["actor_critic_losses"].solutions[0]
    for pack in (torch.stack, lambda pair: [loss[None] for loss in pair], iter):
        verdict = EXERCISES["actor_critic_losses"].check(lambda pack=pack, **g: pack(solution(**g)))
        assert verdict.passed, verdict.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda loss: loss.item(), "must be a tensor, got float"),
        (lambda loss: loss + torch.zeros(4), "must be one number, got shape [4]"),
        (lambda loss: (loss, 0.1), "must be a tensor, got tuple"),
        (lambda loss: loss * 1j, "16 bits or more, got torch.complex128"),
        (lambda loss: loss.to(torch.float8_e5m2), "16 bits or more, got torch.float8_e5m2"),
    ],
)
def test_one_loss_is_wanted(change, message):
    exercise = EXERCISES["ppo_loss"]
    verdict = exercise.check(lambda **given: change(exercise.solutions[0](**given)))
    assert message in verdict.message
    assert "raised an error" not in verdict.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda terms: terms.mean(), "must be one term per sample, shape [3], got []"),
        (lambda terms: terms[:, None], "must be one term per sample, shape [3], got [3, 1]"),
        (lambda terms: terms.tolist(), "must be a tensor of floating-point numbers, got list"),
        (lambda terms: [], "must be one term per sample, shape [3], got [0]"),
        (lambda terms: terms.long(), "floating-point numbers, got torch.int64"),
        (lambda terms: terms.to(torch.float8_e5m2), "got torch.float8_e5m2"),
        (lambda terms: terms.detach(), "the terms have no gradient"),
    ],
)
def test_one_term_per_sample_is_wanted(change, message):
    exercise = EXERCISES["kl_as_loss"]
    verdict = exercise.check(lambda **given: change(exercise.solutions[0](**given)))
    assert message in verdict.message
    assert "raised an error" not in verdict.message


def test_any_loss_with_the_right_mean_gradient_will_do():
    def k1_times_ratio(log_probs, ref_log_probs):
        return (log_probs - log_probs.detach()).exp() * (log_probs - ref_log_probs)

    def k1_as_weight_of_itself(log_probs, ref_log_probs):
        log_ratios = log_probs - ref_log_probs
        return log_ratios.detach() * log_ratios

    def with_a_baseline(log_probs, ref_log_probs):
        log_ratios = (log_probs - ref_log_probs).detach()
        return (log_ratios - 7) * log_probs

    def one_by_one(log_probs, ref_log_probs):
        return [(own - ref) ** 2 / 2 for own, ref in zip(log_probs, ref_log_probs, strict=True)]

    for right in (k1_times_ratio, k1_as_weight_of_itself, with_a_baseline, one_by_one):
        verdict = EXERCISES["kl_as_loss"].check(right)
        assert verdict.passed, verdict.message


LOSSES = ("actor_critic_losses", "ppo_loss", "preference_loss", "kl_as_loss")
HALVES = (torch.bfloat16, torch.float16)


def in_type(dtype, function):
    """The function, which computes in another type inside."""

    def computed(**given):
        return function(
            **{
                name: value.to(dtype)
                if torch.is_tensor(value) and value.is_floating_point()
                else value
                for name, value in given.items()
            }
        )

    return computed


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, *HALVES])
def test_a_right_loss_may_be_computed_in_fewer_digits(name, dtype):
    for solution in EXERCISES[name].solutions:
        verdict = EXERCISES[name].check(in_type(dtype, solution))
        assert verdict.passed, verdict.message


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", HALVES)
def test_fewer_digits_hide_no_known_mistake(name, dtype):
    wrong_answers = EXERCISES[name].wrong_answers
    exercise = replace(EXERCISES[name], wrong_answers={}, hints={})  # no search for a hint
    passed = [
        n for n, wrong in wrong_answers.items() if exercise.check(in_type(dtype, wrong)).passed
    ]
    assert not passed


def after_computing(name, change):
    """A right answer that changes its arguments afterwards."""

    def computed(**given):
        answer = EXERCISES[name].solutions[0](**given)
        change(given)
        return answer

    return computed


@pytest.mark.parametrize(
    ("name", "argument", "change"),
    [
        ("actor_critic_losses", "values", lambda values: values.data.mul_(0)),
        ("actor_critic_losses", "next_values", lambda values: values.detach().add_(1)),
        ("actor_critic_losses", "next_values", lambda values: values.detach_()),
        ("actor_critic_losses", "terminated", lambda flags: flags.logical_not_()),
        ("ppo_loss", "old_log_probs", lambda log_probs: log_probs.data.zero_()),
        ("ppo_loss", "old_log_probs", lambda log_probs: log_probs.detach_()),
        ("ppo_loss", "advantages", lambda advantages: advantages.sub_(1)),
        ("preference_loss", "chosen_mask", lambda mask: mask.logical_not_()),
        ("kl_as_loss", "log_probs", lambda log_probs: log_probs.data.zero_()),
        ("kl_as_loss", "ref_log_probs", lambda log_probs: log_probs.sub_(1)),
        ("preference_loss", "rejected_scores", lambda scores: scores.data.zero_()),
    ],
)
def test_a_changed_argument_is_named(name, argument, change):
    verdict = EXERCISES[name].check(after_computing(name, lambda given: change(given[argument])))
    assert not verdict.passed
    assert verdict.message == f"your function changes its argument {argument!r}; work on a copy."


def test_arguments_that_a_generator_changes_on_the_way_are_noticed():
    def one_by_one(**given):
        yield from EXERCISES["actor_critic_losses"].solutions[0](**given)
        given["values"].data.mul_(0)

    verdict = EXERCISES["actor_critic_losses"].check(one_by_one)
    assert "changes its argument 'values'" in verdict.message
