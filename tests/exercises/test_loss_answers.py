"""Losses: what has no gradient is named, half precision will do, changes are seen."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import kl_div

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

    def with_the_others_as_baseline(log_probs, ref_log_probs):
        log_ratios = (log_probs - ref_log_probs).detach()
        others = (log_ratios.sum() - log_ratios) / (len(log_ratios) - 1)
        return (log_ratios - others) * log_probs

    for right in (
        k1_times_ratio,
        k1_as_weight_of_itself,
        with_a_baseline,
        with_the_others_as_baseline,
        one_by_one,
    ):
        verdict = EXERCISES["kl_as_loss"].check(right)
        assert verdict.passed, verdict.message


def kl_div_for_each_sample(log_probs, ref_log_probs):
    whole = kl_div(ref_log_probs, log_probs, reduction="sum", log_target=True)
    return whole.repeat(len(log_probs))


def half_square_of_centred_ratios(log_probs, ref_log_probs):
    log_ratios = log_probs - ref_log_probs
    return (log_ratios - log_ratios.mean()) ** 2 / 2


def half_square_less_its_mean(log_probs, ref_log_probs):
    half_squares = (log_probs - ref_log_probs) ** 2 / 2
    return half_squares - half_squares.mean()


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (kl_div_for_each_sample, "Hint: these are samples, not the list of all actions"),
        (half_square_of_centred_ratios, "Hint: the mean of the batch has each sample itself in it"),
        (half_square_less_its_mean, "Terms less their own mean have a mean gradient of zero"),
    ],
)
def test_samples_are_no_list_of_all_actions(wrong, hint):
    verdict = EXERCISES["kl_as_loss"].check(wrong)
    assert not verdict.passed
    assert hint in verdict.message


def test_batches_of_samples_occur_as_often_as_the_policy_draws_them():
    seen = []

    def watched(log_probs, ref_log_probs):
        seen.append(tuple(log_probs.tolist()))
        return (log_probs - ref_log_probs) ** 2 / 2

    for case in EXERCISES["kl_as_loss"].cases:
        seen.clear()
        measured = EXERCISES["kl_as_loss"].measure(watched)(**case.arguments)
        assert np.allclose(measured, case.expected, atol=1e-8)
        assert np.isclose(sum(np.exp(sum(batch)) for batch in seen), 1.0)
        assert any(len(set(batch)) == 1 for batch in seen)


LOSSES = ("actor_critic_losses", "ppo_loss", "preference_loss", "kl_as_loss", "dpo_pair_loss")
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


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("switched_off", [torch.no_grad, torch.inference_mode, nullcontext])
def test_gradients_that_somebody_switched_off_change_no_verdict(name, switched_off):
    exercise = EXERCISES[name]
    switched_on = switched_off is nullcontext
    wrong, mistake = next(iter(exercise.wrong_answers.items()))
    with switched_off():
        for solution in exercise.solutions:
            verdict = exercise.check(solution)
            assert verdict.passed, verdict.message
        assert exercise.check(mistake).message.endswith(f"Hint: {exercise.hints[wrong]}")
        assert torch.is_grad_enabled() == switched_on
        assert torch.is_inference_mode_enabled() == (switched_off is torch.inference_mode)


@pytest.mark.parametrize("name", LOSSES)
def test_a_candidate_that_switches_gradients_off_leaves_them_on(name):
    def switches_off(**given):
        answer = EXERCISES[name].solutions[0](**given)
        torch.set_grad_enabled(False)
        return answer

    verdict = EXERCISES[name].check(switches_off)
    switched_on = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    assert verdict.passed, verdict.message
    assert switched_on


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
        ("dpo_pair_loss", "rejected_log_probs", lambda log_probs: log_probs.data.zero_()),
        ("dpo_pair_loss", "ref_chosen_log_probs", lambda log_probs: log_probs.sub_(1)),
        ("dpo_pair_loss", "chosen_lengths", lambda lengths: lengths.sub_(1)),
    ],
)
def test_a_changed_argument_is_named(name, argument, change):
    verdict = EXERCISES[name].check(after_computing(name, lambda given: change(given[argument])))
    assert not verdict.passed
    assert verdict.message == f"your function changes its argument {argument!r}; work on a copy."


@pytest.mark.parametrize(
    "in_place",
    [
        lambda scores, mask: scores.mul_(mask),
        lambda scores, mask: scores[0].zero_(),
        lambda scores, mask: scores.requires_grad_(False).mul_(mask),
    ],
)
def test_an_argument_changed_in_place_is_no_riddle_of_torch(in_place):
    def changes(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
        in_place(chosen_scores, chosen_mask)
        return chosen_scores.mean()

    message = EXERCISES["preference_loss"].check(changes).message
    assert message.startswith("your function changes")
    assert "work on a copy" in message


def test_other_errors_of_torch_are_shown():
    def mixes_shapes(chosen_scores, **_others):
        return (chosen_scores + torch.zeros(7)).mean()

    message = EXERCISES["preference_loss"].check(mixes_shapes).message
    assert "RuntimeError: The size of tensor" in message


@pytest.mark.parametrize("name", ["ppo_loss", "preference_loss", "kl_as_loss", "dpo_pair_loss"])
def test_a_yield_in_place_of_return_is_asked_about(name):
    def yields(**given):
        yield EXERCISES[name].solutions[0](**given)

    message = EXERCISES[name].check(yields).message
    assert "got generator (did you write yield instead of return?)." in message


def test_arguments_that_a_generator_changes_on_the_way_are_noticed():
    def one_by_one(**given):
        yield from EXERCISES["actor_critic_losses"].solutions[0](**given)
        given["values"].data.mul_(0)

    verdict = EXERCISES["actor_critic_losses"].check(one_by_one)
    assert "changes its argument 'values'" in verdict.message
