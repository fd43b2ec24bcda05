"""PPO's losses: hand numbers, slopes, identities, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.kl_penalty import adapted_kl_beta, ppo_kl_penalty_loss
from rlnotes.functional.log_probs import action_log_probs
from rlnotes.functional.policy_gradients import (
    clip_fraction,
    ppo_clip_loss,
    ppo_gradient_mask,
    reinforce_loss,
)
from rlnotes.functional.ratios import clipped_surrogate, probability_ratios

RATIOS = (0.5, 0.8, 1.0, 1.2, 1.5, 2.0)


def numbers(*values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def objective(ratio: float, advantage: float, clip_epsilon: float = 0.2) -> float:
    """The clipped objective of one sample."""
    loss = ppo_clip_loss(
        numbers(ratio).log(), numbers(0), numbers(advantage), clip_epsilon=clip_epsilon
    )
    return -loss.item()


def slope(ratio: float, advantage: float, clip_epsilon: float) -> float:
    """Derivative of the clipped objective of one sample in its ratio, by autograd."""
    ratio = numbers(ratio).requires_grad_()
    loss = ppo_clip_loss(ratio.log(), numbers(0), numbers(advantage), clip_epsilon=clip_epsilon)
    (gradient,) = torch.autograd.grad(loss, ratio)
    return -gradient.item()


@pytest.mark.parametrize(
    ("advantage", "objectives"),
    [
        (5, (2.5, 4, 5, 6, 6, 6)),
        (-5, (-4, -4, -5, -6, -7.5, -10)),
        (1, (0.5, 0.8, 1, 1.2, 1.2, 1.2)),
        (-1, (-0.8, -0.8, -1, -1.2, -1.5, -2)),
        (0, (0,) * 6),
    ],
)
def test_clipped_objective_by_hand(advantage, objectives):
    assert [objective(ratio, advantage) for ratio in RATIOS] == pytest.approx(objectives)


def test_the_loss_is_minus_the_mean_of_the_objectives():
    # Objectives 6 and -10: the loss is -(6 - 10) / 2 = 2, in any shape.
    log_probs, advantages = numbers(2, 2).log(), numbers(5, -5)
    assert ppo_clip_loss(
        log_probs, numbers(0, 0), advantages, clip_epsilon=0.2
    ).item() == pytest.approx(2)
    grid = ppo_clip_loss(
        log_probs.repeat(3, 4),
        torch.zeros(3, 8).double(),
        advantages.repeat(3, 4),
        clip_epsilon=0.2,
    )
    assert grid.item() == pytest.approx(2)


def test_each_sample_has_its_own_clipped_surrogate():
    # Good: min(ratio, 1.2) * 5; bad: max(ratio, 0.8) * -5.
    ratios = numbers(*RATIOS)
    good = clipped_surrogate(ratios, torch.full_like(ratios, 5), clip_epsilon=0.2)
    bad = clipped_surrogate(ratios, torch.full_like(ratios, -5), clip_epsilon=0.2)
    assert good.tolist() == pytest.approx([2.5, 4, 5, 6, 6, 6])
    assert bad.tolist() == pytest.approx([-4, -4, -5, -6, -7.5, -10])


@pytest.mark.parametrize("clip_epsilon", [0.05, 0.2, 0.5, 1.5])
@pytest.mark.parametrize("advantage", [-7.0, -1.0, 0.0, 0.5, 3.0])
def test_autograd_slope_is_mask_times_advantage(advantage, clip_epsilon):
    for ratio in [0.01 + 0.0173 * i for i in range(160)]:  # meets no kink
        mask = ppo_gradient_mask(numbers(ratio), numbers(advantage), clip_epsilon=clip_epsilon)
        expected = pytest.approx(mask.item() * advantage, rel=1e-12, abs=0)
        assert slope(ratio, advantage, clip_epsilon) == expected


def test_the_mask_in_all_six_regions():
    ratios = numbers(0.5, 1.0, 1.5)
    good = ppo_gradient_mask(ratios, numbers(1, 1, 1), clip_epsilon=0.2)
    bad = ppo_gradient_mask(ratios, numbers(-1, -1, -1), clip_epsilon=0.2)
    assert good.dtype == torch.bool
    assert good.tolist() == [True, True, False]
    assert bad.tolist() == [False, True, True]  # worse and likelier: the full gradient
    assert ppo_gradient_mask(ratios, numbers(0, 0, 0), clip_epsilon=0.2).all()


def test_on_a_kink_the_slopes_left_and_right_differ_and_autograd_takes_the_full_one():
    # Halves and quarters are exact in binary, so 1.5 is the kink itself.
    for advantage, kink, inside in ((4.0, 1.5, 1.4), (-4.0, 0.5, 0.6)):
        outside = 2 * kink - inside
        assert slope(inside, advantage, 0.5) == pytest.approx(advantage)
        assert slope(outside, advantage, 0.5) == 0
        mask = ppo_gradient_mask(numbers(kink), numbers(advantage), clip_epsilon=0.5)
        assert mask.item()
        one = numbers(kink).requires_grad_()
        clipped = torch.minimum(one * advantage, one.clamp(0.5, 1.5) * advantage)
        assert torch.autograd.grad(clipped.sum(), one)[0].item() == advantage


def test_the_objective_is_the_smaller_of_the_two_and_never_above_the_plain_surrogate():
    for advantage in (-3.0, 2.0):
        for ratio in (0.1, 0.9, 1.1, 4.0):
            assert objective(ratio, advantage) <= ratio * advantage + 1e-12


def test_the_first_step_is_the_policy_gradient_whatever_epsilon_is():
    # At ratio 1 nothing is clipped, however odd the advantage.
    logits = numbers(0.2, -0.4, 1.0).repeat(4, 1).requires_grad_()
    log_probs = action_log_probs(logits, torch.tensor([0, 1, 2, 1]))
    advantages = numbers(1.0, -2.0, 500.0, 0.3)
    loss = ppo_clip_loss(log_probs, log_probs.detach(), advantages, clip_epsilon=1e-3)
    (clipped,) = torch.autograd.grad(loss, logits, retain_graph=True)
    (plain,) = torch.autograd.grad(reinforce_loss(log_probs, advantages), logits)
    assert_close(clipped, plain)


def test_only_log_probs_get_a_gradient():
    given = {name: numbers(0.1, -0.3) for name in ("log_probs", "old_log_probs", "advantages")}
    for name in given:
        arguments = {**given, name: given[name].clone().requires_grad_()}
        loss = ppo_clip_loss(**arguments, clip_epsilon=0.2)
        assert loss.requires_grad == (name == "log_probs")
    assert not clip_fraction(
        numbers(0.1).requires_grad_(), numbers(0.5), clip_epsilon=0.2
    ).requires_grad


def test_gradient_with_respect_to_log_probs():
    log_probs = numbers(0.1, -0.5, 0.7, -1.0).requires_grad_()

    def loss(log_probs):
        return ppo_clip_loss(
            log_probs, numbers(0.0, 0.0, 0.0, 0.0), numbers(1, 2, -3, -4), clip_epsilon=0.2
        )

    assert torch.autograd.gradcheck(loss, (log_probs,))


def test_ratios_divide_new_by_old_and_may_come_from_densities():
    assert_close(
        probability_ratios(numbers(0.6, 4.0).log(), numbers(0.5, 8.0).log()), numbers(1.2, 0.5)
    )


def test_a_loss_that_overflows_is_refused():
    old = torch.zeros(2)
    with pytest.raises(ValueError, match=r"advantages must not be so large .* got 1e\+20 at"):
        ppo_clip_loss(old + 80, old, torch.tensor([-1e20, 1.0]), clip_epsilon=0.2)


def test_clip_fraction_counts_both_sides_and_no_ratio_on_the_edge():
    # Ratios 0.4, 0.5, 1, 1.5, 1.6, 3 with the band from 0.5 to 1.5: three lie outside.
    log_probs = numbers(0.4, 0.5, 1.0, 1.5, 1.6, 3.0).log()
    assert log_probs.exp()[[1, 3]].tolist() == [0.5, 1.5]  # exactly on the edges
    zeros = torch.zeros(6, dtype=torch.float64)
    assert clip_fraction(log_probs, zeros, clip_epsilon=0.5).item() == 0.5
    assert clip_fraction(zeros, zeros, clip_epsilon=1e-9).item() == 0


def test_clip_fraction_is_not_the_share_of_stopped_gradients():
    # All four ratios lie outside; only two samples have lost their gradient.
    ratios, advantages = numbers(2, 2, 0.5, 0.5), numbers(1, -1, 1, -1)
    zeros = torch.zeros(4, dtype=torch.float64)
    assert clip_fraction(ratios.log(), zeros, clip_epsilon=0.2).item() == 1
    mask = ppo_gradient_mask(ratios, advantages, clip_epsilon=0.2)
    assert mask.tolist() == [False, True, True, False]


def test_float32_and_float64_are_kept():
    for dtype in (torch.float32, torch.float64):
        one = torch.zeros(1, dtype=dtype)
        assert ppo_clip_loss(one, one, one, clip_epsilon=0.2).dtype == dtype
        assert clip_fraction(one, one, clip_epsilon=0.2).dtype == dtype


def test_kl_penalty_loss_by_hand_and_its_gradients():
    # Objectives 1.5 * 4 - 2 * 0.5 = 5 and 0.5 * 2 - 2 * 1 = -1: the loss is -2.
    log_probs = numbers(1.5, 0.5).log().requires_grad_()
    kl = numbers(0.5, 1.0).requires_grad_()
    loss = ppo_kl_penalty_loss(log_probs, numbers(0, 0), numbers(4, 2), kl, beta=2.0)
    assert loss.item() == pytest.approx(-2)
    by_log_probs, by_kl = torch.autograd.grad(loss, (log_probs, kl))
    assert by_log_probs.tolist() == pytest.approx([-1.5 * 4 / 2, -0.5 * 2 / 2])
    assert by_kl.tolist() == [1, 1]
    advantages = numbers(4).requires_grad_()
    given = numbers(0), numbers(0), advantages, numbers(0)
    assert not ppo_kl_penalty_loss(*given, beta=2.0).requires_grad


def test_without_a_price_the_penalized_loss_is_the_plain_surrogate_and_equals_a_wide_clip():
    log_probs, advantages = numbers(1.5, 0.2).log(), numbers(3, -2)
    zeros = numbers(0, 0)
    free = ppo_kl_penalty_loss(log_probs, zeros, advantages, numbers(9, 9), beta=0.0)
    assert free.item() == pytest.approx(-(1.5 * 3 - 0.2 * 2) / 2)
    assert_close(ppo_clip_loss(log_probs, zeros, advantages, clip_epsilon=100.0), free)


@pytest.mark.parametrize(
    ("kl", "following"),
    [(0.0, 2), (0.0199, 2), (0.0201, 4), (0.03, 4), (0.0449, 4), (0.0451, 8), (-0.01, 2)],
)
def test_the_price_is_halved_below_and_doubled_above_a_band_around_the_target(kl, following):
    assert adapted_kl_beta(4.0, kl, target_kl=0.03) == following


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"advantages": numbers(1, 2)[:, None]}, "common shape"),
        ({"old_log_probs": numbers(0)}, "common shape"),  # would broadcast
        ({"log_probs": numbers(0, math.nan)}, "log_probs must be finite, got nan"),
        ({"old_log_probs": numbers(-math.inf, 0)}, "old_log_probs must be finite, got -inf"),
        ({"advantages": numbers(math.inf, 0)}, "advantages must be finite, got inf"),
        ({"log_probs": numbers(0, 800)}, "log_probs must not lie so far above.*difference of 800"),
        ({"clip_epsilon": 0.0}, "clip_epsilon must be positive and finite, got 0.0"),
        ({"clip_epsilon": -0.2}, "clip_epsilon must be positive and finite, got -0.2"),
        ({"clip_epsilon": math.nan}, "clip_epsilon must be positive and finite, got nan"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    arguments = {
        "log_probs": numbers(0, 0),
        "old_log_probs": numbers(0, 0),
        "advantages": numbers(1, 2),
        "clip_epsilon": 0.2,
        **change,
    }
    with pytest.raises(ValueError, match=message):
        ppo_clip_loss(**arguments)
    if "advantages" not in change:
        del arguments["advantages"]
        with pytest.raises(ValueError, match=message):
            clip_fraction(**arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ppo_gradient_mask(numbers(-1), numbers(1), clip_epsilon=0.2), "ratios must not"),
        (lambda: ppo_gradient_mask(numbers(1), numbers(1), clip_epsilon=0), "clip_epsilon must be"),
        (lambda: clipped_surrogate(numbers(-1), numbers(1), clip_epsilon=0.2), "ratios must not"),
        (lambda: ppo_gradient_mask(numbers(1, 2), numbers(1), clip_epsilon=0.2), "common shape"),
        (lambda: probability_ratios(numbers(), numbers()), "log_probs must hold at least one"),
        (
            lambda: ppo_kl_penalty_loss(*[numbers(0)] * 4, beta=-1.0),
            "beta must be finite and not negative, got -1.0",
        ),
        (
            lambda: ppo_kl_penalty_loss(*[numbers(0)] * 3, numbers(math.nan), beta=1.0),
            "kl must be finite",
        ),
        (lambda: adapted_kl_beta(0.0, 0.1, target_kl=0.1), "beta must be positive"),
        (lambda: adapted_kl_beta(1.0, math.nan, target_kl=0.1), "kl must be finite, got nan"),
        (lambda: adapted_kl_beta(1.0, 0.1, target_kl=0.0), "target_kl must be positive"),
    ],
)
def test_bad_input_of_the_others(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_ratios_of_half_precision_keep_their_digits(dtype):
    # Both logarithms are exact in bfloat16, 1/64 apart; its neighbours of 0.984 are
    # 1/256 apart. The mean of 4,000 equal ratios is that ratio.
    log_probs, old = torch.tensor([-3.0156250]).to(dtype), torch.tensor([-3.0]).to(dtype)
    ratio = math.exp(float(log_probs) + 3)
    assert probability_ratios(log_probs, old).item() == pytest.approx(ratio, rel=1e-6)
    many = log_probs.expand(4000), old.expand(4000), torch.ones(4000, dtype=dtype)
    loss = ppo_clip_loss(*many, clip_epsilon=0.2)
    assert loss.item() == pytest.approx(-ratio, rel=1e-5)
    # -90,000 is beyond float16.
    large = torch.tensor([300.0]).to(dtype)
    assert clipped_surrogate(large, -large, clip_epsilon=0.2).item() == pytest.approx(
        -(float(large) ** 2)
    )


def test_a_product_that_overflows_is_refused_for_each_sample():
    ratios, advantages = torch.tensor([1e20, 1.0]), torch.tensor([-1e20, 1.0])
    with pytest.raises(ValueError, match=r"must not overflow .* ratios up to 1e\+20"):
        clipped_surrogate(ratios, advantages, clip_epsilon=0.2)


def test_a_ratio_that_rounds_to_zero_is_no_error_but_a_missing_probability_is():
    old = torch.zeros(2)
    ratios = probability_ratios(torch.tensor([-3e38, 0.0]), old)
    assert ratios.tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"^log_probs must be finite, got -inf at \(0,\)"):
        probability_ratios(torch.tensor([-math.inf, 0.0]), old)
    with pytest.raises(ValueError, match=r"^old_log_probs must be finite, got inf at \(1,\)"):
        probability_ratios(old, torch.tensor([0.0, math.inf]))


@pytest.mark.parametrize("wrong", ["a", None, [0.1], 10**400])
def test_prices_and_divergences_that_are_no_numbers_are_refused(wrong):
    for given in ((wrong, 0.1, 0.1), (1.0, wrong, 0.1), (1.0, 0.1, wrong)):
        beta, kl, target_kl = given
        with pytest.raises(ValueError, match=r"must be .*finite, got"):
            adapted_kl_beta(beta, kl, target_kl=target_kl)
    assert adapted_kl_beta(1.0, torch.tensor(9.0), target_kl=0.1) == 2.0
