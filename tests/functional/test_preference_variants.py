"""Relatives of DPO: hand numbers, exact means over flips, what each margin grows to."""

import itertools
import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.preference_variants import (
    conservative_dpo_loss,
    hinge_dpo_loss,
    ipo_loss,
    robust_dpo_loss,
)
from rlnotes.functional.preferences import dpo_loss

NAN, INF = math.nan, math.inf
VARIANTS = {
    "conservative": partial(conservative_dpo_loss, label_smoothing=0.1),
    "robust": partial(robust_dpo_loss, flip_rate=0.1),
    "ipo": ipo_loss,
    "hinge": hinge_dpo_loss,
}
every_variant = pytest.mark.parametrize("name", VARIANTS)


def doubles(*numbers) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def logs(*margins, beta=1.0) -> tuple[torch.Tensor, ...]:
    """Pairs with these margins, whose reference does not hold them equally likely."""
    ref_chosen, ref_rejected = torch.full((2, len(margins)), -4.0, dtype=torch.float64)
    ref_rejected = ref_rejected - 5
    return ref_chosen + doubles(*margins) / beta, ref_rejected.clone(), ref_chosen, ref_rejected


def random_logs(num) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    return list(torch.randn(4, num, generator=generator, dtype=torch.float64))


# At margin 0.15 the loss of DPO is 0.62096, at -0.15 it is 0.77096.
@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("conservative", 0.9 * 0.62096 + 0.1 * 0.77096),
        ("robust", (0.9 * 0.62096 - 0.1 * 0.77096) / 0.8),
        ("ipo", 3.5**2),  # (0.15 - 0.5) / 0.1
        ("hinge", 0.85),
    ],
)
def test_one_pair_by_hand(name, loss):
    assert VARIANTS[name](*logs(0.15, beta=0.1), beta=0.1).item() == pytest.approx(loss, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "loss", "slope"),
    [
        ("conservative", math.log(2), -0.4),  # -(0.9 - 0.1) / 2
        ("robust", math.log(2), -0.625),  # -(0.9 + 0.1) / 2 / 0.8
        ("ipo", 0.25 / 0.3**2, -1 / 0.3**2),
        ("hinge", 1.0, -1.0),
    ],
)
def test_loss_and_slope_in_the_margin_where_policy_and_reference_agree(name, loss, slope):
    given = [part.requires_grad_() for part in logs(0.0, beta=0.3)]
    value = VARIANTS[name](*given, beta=0.3)
    value.backward()
    assert value.item() == pytest.approx(loss)
    for part, sign in zip(given, (1, -1, -1, 1), strict=True):
        assert part.grad.item() == pytest.approx(sign * slope * 0.3)


def test_ipo_pulls_back_beyond_a_half_and_hinge_lets_go_at_one():
    given = [part.requires_grad_() for part in logs(0.4, 0.5, 0.6, beta=2.0)]
    ipo_loss(*given, beta=2.0).backward()
    assert_close(given[0].grad.sign(), doubles(-1, 0, 1))
    given = [part.requires_grad_() for part in logs(0.9, 1.1, 5.0)]
    hinge_dpo_loss(*given, beta=1.0).backward()
    assert_close(given[0].grad, doubles(-1 / 3, 0, 0))


@pytest.mark.parametrize("margin", [-3.0, -0.2, 0.0, 0.4, 5.0])
def test_without_doubt_two_of_them_are_dpo(margin):
    given = logs(margin)
    expected = dpo_loss(*given, beta=1.0)
    assert_close(conservative_dpo_loss(*given, beta=1.0, label_smoothing=0.0), expected)
    assert_close(robust_dpo_loss(*given, beta=1.0, flip_rate=0.0), expected)


def flipped(given, flips):
    """The same pairs with some labels the wrong way round."""
    chosen, rejected, ref_chosen, ref_rejected = given
    return (
        torch.where(flips, rejected, chosen),
        torch.where(flips, chosen, rejected),
        torch.where(flips, ref_rejected, ref_chosen),
        torch.where(flips, ref_chosen, ref_rejected),
    )


def mean_over_flips(loss, given, rate):
    """Exact mean over all 2^N patterns of flipped labels."""
    total = 0.0
    for pattern in itertools.product([False, True], repeat=len(given[0])):
        chance = math.prod(rate if flip else 1 - rate for flip in pattern)
        total = total + chance * loss(*flipped(given, torch.tensor(pattern)), beta=0.7)
    return total


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.45])
def test_the_robust_loss_of_flipped_labels_is_dpo_of_the_true_ones_on_average(rate):
    given = [part.requires_grad_() for part in random_logs(3)]
    robust = mean_over_flips(partial(robust_dpo_loss, flip_rate=rate), given, rate)
    clean = dpo_loss(*given, beta=0.7)
    assert_close(robust, clean, atol=1e-12, rtol=0)
    gradients = [torch.autograd.grad(value, given) for value in (robust, clean)]
    assert_close(*gradients, atol=1e-12, rtol=0)
    # Those of plain and of conservative DPO are not.
    for biased in (dpo_loss, partial(conservative_dpo_loss, label_smoothing=rate)):
        assert abs(mean_over_flips(biased, given, rate) - clean).item() > 0.01


def test_smoothing_is_the_mean_of_dpo_over_labels_that_are_flipped_so_often():
    given = random_logs(3)
    smooth = conservative_dpo_loss(*given, beta=0.7, label_smoothing=0.3)
    assert_close(smooth, mean_over_flips(dpo_loss, given, 0.3), atol=1e-12, rtol=0)


def best_margin(loss, prob) -> float:
    """Margin of least mean loss if the first of two answers is preferred with prob."""

    def mean_loss(margin):
        first, second = logs(margin), flipped(logs(margin), torch.tensor([True]))
        return (prob * loss(*first, beta=1.0) + (1 - prob) * loss(*second, beta=1.0)).item()

    low, high = -8.0, 8.0
    while high - low > 1e-7:
        left, right = low + 0.382 * (high - low), low + 0.618 * (high - low)
        low, high = (low, right) if mean_loss(left) < mean_loss(right) else (left, high)
    return (low + high) / 2


def logit(p):
    return math.log(p / (1 - p))


@pytest.mark.parametrize("p", [0.2, 0.45, 0.6, 0.85])
def test_what_the_margin_of_a_pair_grows_to(p):
    near = partial(pytest.approx, abs=1e-5)
    assert best_margin(dpo_loss, p) == near(logit(p))
    smooth = 0.9 * p + 0.1 * (1 - p)
    assert best_margin(VARIANTS["conservative"], p) == near(logit(smooth))
    assert best_margin(ipo_loss, p) == near(p - 0.5)
    assert best_margin(hinge_dpo_loss, p) == near(1 if p > 0.5 else -1)
    # p before flips, smooth after: the robust loss finds p again.
    assert best_margin(VARIANTS["robust"], smooth) == near(logit(p))


def test_a_pair_always_ranked_one_way_is_pulled_to_a_finite_margin_or_for_ever():
    assert best_margin(VARIANTS["conservative"], 1.0) == pytest.approx(math.log(9), abs=1e-5)
    assert best_margin(ipo_loss, 1.0) == pytest.approx(0.5, abs=1e-5)
    losses = [robust_dpo_loss(*logs(m), beta=1.0, flip_rate=0.1).item() for m in (10.0, 1e3, 1e4)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(-0.1 * 1e4 / 0.8)


@every_variant
def test_gradients_by_finite_differences(name):
    leaves = tuple(part.requires_grad_() for part in random_logs(5))
    assert torch.autograd.gradcheck(lambda *given: VARIANTS[name](*given, beta=0.7), leaves)


@every_variant
def test_two_equal_answers_have_no_pull(name):
    log_probs, ref_log_probs = doubles(-7.3).requires_grad_(), doubles(-2.1)
    loss = VARIANTS[name](log_probs, log_probs, ref_log_probs, ref_log_probs, beta=0.4)
    loss.backward()
    assert log_probs.grad.item() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@every_variant
def test_extreme_margins_have_finite_losses_and_gradients(name, dtype):
    zeros = torch.zeros(2, dtype=dtype)
    chosen = torch.tensor([1e4, -1e4], dtype=dtype, requires_grad=True)
    loss = VARIANTS[name](chosen, zeros, zeros, zeros, beta=1.0)
    loss.backward()
    # Mean of the losses at 10,000 and -10,000, where log sigmoid is 0 or the margin.
    expected = {"conservative": 5e3, "robust": 5e3, "ipo": 1e8 + 0.25, "hinge": 5000.5}
    assert loss.item() == pytest.approx(expected[name], rel=1e-6)
    assert chosen.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@every_variant
def test_half_precision_is_computed_in_float32(name, dtype):
    halves = [part.to(dtype) for part in random_logs(4)]
    loss = VARIANTS[name](*halves, beta=0.7)
    assert loss.dtype == torch.float32
    assert_close(loss, VARIANTS[name](*(half.float() for half in halves), beta=0.7))


@every_variant
@pytest.mark.parametrize(
    ("place", "bad", "message"),
    [
        (0, torch.tensor([0.0, NAN]), r"^chosen_log_probs must be finite, got nan at \(1,\)"),
        (1, torch.tensor([-INF, 0.0]), r"^rejected_log_probs must be finite, got -inf at \(0,\)"),
        (2, torch.zeros(3), r"common shape, got .*ref_chosen_log_probs \(3,\)"),
        (3, [0.0, 0.0], "^ref_rejected_log_probs must be a torch tensor, got list"),
        (3, torch.tensor([1, 1]), "^ref_rejected_log_probs must be floating-point numbers"),
        (0, torch.tensor([3e38, 3e38]), "must not overflow"),
    ],
)
def test_bad_log_probs_are_refused_by_name(name, place, bad, message):
    given = [torch.zeros(2) for _ in range(4)]
    given[place] = bad
    with pytest.raises(ValueError, match=message):
        VARIANTS[name](*given, beta=1.0)


@every_variant
@pytest.mark.parametrize("beta", [0.0, -1.0, NAN, INF, None])
def test_a_beta_that_is_no_price_is_refused(name, beta):
    with pytest.raises(ValueError, match="beta must be positive and finite, got"):
        VARIANTS[name](*logs(0.0), beta=beta)


@every_variant
def test_no_pair_is_refused(name):
    with pytest.raises(ValueError, match="chosen_log_probs must hold at least one number"):
        VARIANTS[name](*[torch.zeros(0)] * 4, beta=1.0)
    with pytest.raises(ValueError, match="mask must count at least one element"):
        VARIANTS[name](*logs(0.0), beta=1.0, mask=torch.tensor([False]))


@pytest.mark.parametrize("rate", [-0.01, 0.5, 0.9, 1.5, NAN, None, "0.1"])
def test_a_share_of_wrong_labels_of_half_or_more_is_refused(rate):
    with pytest.raises(ValueError, match=r"flip_rate must lie in \[0, 0\.5\), got"):
        robust_dpo_loss(*logs(0.0), beta=1.0, flip_rate=rate)
    with pytest.raises(ValueError, match=r"label_smoothing must lie in \[0, 0\.5\), got"):
        conservative_dpo_loss(*logs(0.0), beta=1.0, label_smoothing=rate)


def test_a_result_that_overflows_is_refused():
    singles = [part.float() for part in logs(0.0)]
    with pytest.raises(ValueError, match=r"beta must not be so small .* got 1e-25 for margins up"):
        ipo_loss(*singles, beta=1e-25)
    singles[0] = singles[0] - 1e36
    with pytest.raises(ValueError, match=r"margins must not overflow in the result, .* 1e\+36"):
        robust_dpo_loss(*singles, beta=1.0, flip_rate=0.4999)


@pytest.mark.parametrize("number", [Fraction(1, 3), np.float32(1 / 3), np.float64(1 / 3)])
def test_any_real_number_is_a_price_and_a_share(number):
    four = [torch.tensor([value]) for value in (-5.0, -4.0, -6.0, -3.0)]
    for loss, share in (
        (dpo_loss, None),
        (ipo_loss, None),
        (hinge_dpo_loss, None),
        (conservative_dpo_loss, "label_smoothing"),
        (robust_dpo_loss, "flip_rate"),
    ):
        told, plain = ({share: value} if share else {} for value in (number, 1 / 3))
        assert_close(loss(*four, beta=number, **told), loss(*four, beta=1 / 3, **plain))


def test_a_whole_number_beyond_64_bits_overflows_by_name():
    one = torch.ones(1)
    for loss in (dpo_loss, hinge_dpo_loss, ipo_loss):
        with pytest.raises(
            ValueError, match="must not overflow in the result, got chosen_log_probs"
        ):
            loss(one, -one, -one, one, beta=10**40)
