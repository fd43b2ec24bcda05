"""k1, k2, k3: hand numbers, exact means and mean gradients, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.kl import kl_k1, kl_k2, kl_k3

ESTIMATORS = [kl_k1, kl_k2, kl_k3]
everywhere = pytest.mark.parametrize("estimator", ESTIMATORS)

POLICY = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
REFERENCE = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
# .6 log 3 + .1 log(1/5);   .2 log(1/3) + .5 log 5
REVERSE_KL = 0.6 * math.log(3) - 0.1 * math.log(5)
FORWARD_KL = 0.5 * math.log(5) - 0.2 * math.log(3)


def mean_over_actions(estimates: torch.Tensor) -> float:
    return (POLICY * estimates).sum().item()


def mean_gradient(loss_of) -> torch.Tensor:
    """Gradient in the policy's logits, samples held fixed, mean over actions."""
    logits = POLICY.log().requires_grad_()
    losses = loss_of(logits.log_softmax(-1), REFERENCE.log())
    (POLICY * losses).sum().backward()  # the weights carry no gradient
    return logits.grad


def slope(divergence_of) -> torch.Tensor:
    """Gradient in the logits of a function of the policy's probabilities, by nudges."""
    nudges = 1e-6 * torch.eye(3, dtype=torch.float64)
    up, down = ((POLICY.log() + sign * nudges).softmax(-1) for sign in (1, -1))
    return (
        torch.stack([divergence_of(p) - divergence_of(q) for p, q in zip(up, down, strict=True)])
        / 2e-6
    )


def reverse_kl(probs: torch.Tensor) -> torch.Tensor:
    return (probs * (probs / REFERENCE).log()).sum()


def forward_kl(probs: torch.Tensor) -> torch.Tensor:
    return (REFERENCE * (REFERENCE / probs).log()).sum()


def test_one_sample_by_hand():
    # pi = 1/2, pi_ref = 1/8, so r = 1/4 and log r = -2 log 2.
    log_probs, ref_log_probs = torch.tensor([0.5]).log(), torch.tensor([0.125]).log()
    assert_close(kl_k1(log_probs, ref_log_probs), torch.tensor([2 * math.log(2)]))
    assert_close(kl_k2(log_probs, ref_log_probs), torch.tensor([2 * math.log(2) ** 2]))
    assert_close(kl_k3(log_probs, ref_log_probs), torch.tensor([2 * math.log(2) - 0.75]))


@pytest.mark.parametrize("estimator", [kl_k1, kl_k3])
def test_unbiased_estimators_average_to_the_exact_kl(estimator):
    expectation = mean_over_actions(estimator(POLICY.log(), REFERENCE.log()))
    assert expectation == pytest.approx(REVERSE_KL, abs=1e-14)
    assert expectation != pytest.approx(FORWARD_KL, abs=1e-2)


def test_k2_is_biased():
    # .6 (log 3)^2 / 2 + .1 (log 5)^2 / 2, about .49; the KL is .498.
    expectation = mean_over_actions(kl_k2(POLICY.log(), REFERENCE.log()))
    assert expectation == pytest.approx(0.3 * math.log(3) ** 2 + 0.05 * math.log(5) ** 2)
    assert expectation != pytest.approx(REVERSE_KL, abs=1e-3)


def test_swapping_the_arguments_gives_a_different_quantity():
    swapped = {estimator: estimator(REFERENCE.log(), POLICY.log()) for estimator in ESTIMATORS}
    assert mean_over_actions(swapped[kl_k1]) == pytest.approx(-REVERSE_KL)
    for kl in (REVERSE_KL, FORWARD_KL, -REVERSE_KL):
        assert mean_over_actions(swapped[kl_k3]) != pytest.approx(kl, abs=1e-2)
    assert_close(swapped[kl_k2], kl_k2(POLICY.log(), REFERENCE.log()))  # the square hides it


def test_the_mean_gradient_of_k1_is_zero_although_its_mean_is_the_kl():
    assert slope(reverse_kl).abs().max() > 0.1
    assert_close(mean_gradient(kl_k1), torch.zeros(3, dtype=torch.float64), atol=1e-15, rtol=0)


def test_the_mean_gradient_of_k2_is_that_of_the_kl_to_the_reference():
    assert_close(mean_gradient(kl_k2), slope(reverse_kl), atol=1e-9, rtol=0)


def test_the_mean_gradient_of_k3_is_that_of_the_kl_the_other_way_round():
    assert_close(mean_gradient(kl_k3), slope(forward_kl), atol=1e-9, rtol=0)
    assert_close(mean_gradient(kl_k3), POLICY - REFERENCE)  # d KL(ref || softmax) / d logits
    assert (slope(forward_kl) - slope(reverse_kl)).abs().max() > 0.05


@pytest.mark.parametrize("estimator", [kl_k1, kl_k3])
def test_times_the_ratio_an_unbiased_estimator_has_the_gradient_of_its_mean(estimator):
    def weighted(log_probs, ref_log_probs):
        ratios = (log_probs - log_probs.detach()).exp()  # pi / pi_old at pi = pi_old
        return ratios * estimator(log_probs, ref_log_probs)

    assert_close(mean_gradient(weighted), slope(reverse_kl), atol=1e-9, rtol=0)


@everywhere
def test_gradients_in_both_arguments_by_finite_differences(estimator):
    leaves = (POLICY.log().requires_grad_(), REFERENCE.log().requires_grad_())
    assert torch.autograd.gradcheck(estimator, leaves)


@everywhere
def test_equal_policies_have_no_divergence_in_any_shape(estimator):
    for shape in ((), (3,), (2, 3), (2, 3, 4)):
        log_probs = torch.full(shape, -1.5)
        assert torch.equal(estimator(log_probs, log_probs), torch.zeros(shape))


def test_k2_and_k3_are_never_negative_however_small_the_ratio():
    sizes = torch.logspace(-12, 1.5, 20_001)
    log_ratios = torch.cat([sizes, -sizes])
    for estimator in (kl_k2, kl_k3):
        assert (estimator(torch.zeros_like(log_ratios), log_ratios) >= 0).all()
    assert (kl_k1(torch.zeros_like(sizes), sizes) < 0).all()


def test_k3_keeps_its_digits_near_the_reference():
    # k3 = x^2 / 2 + x^3 / 6 + ...: in float32 exp(x) - 1 is off by 6e-8, all of 5e-9.
    x = torch.tensor([1e-4, -1e-4])
    assert_close(kl_k3(torch.zeros(2), x), torch.tensor([5e-9, 5e-9]), rtol=2e-3, atol=0)


def test_k3_far_from_the_reference():
    # r = e^80 alone counts; and at log r = -1000 k3 = r - 1 + 1000.
    x = torch.tensor([80.0, -1000.0])
    assert_close(kl_k3(torch.zeros(2), x), torch.tensor([math.exp(80), 999.0]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_an_estimate_that_overflows_is_refused_with_the_difference(dtype):
    log_probs = torch.tensor([[-1.0, -1.0], [-2.0, -96.0]], dtype=dtype)
    ref_log_probs = torch.ones_like(log_probs) * -1
    message = r"ref_log_probs - log_probs .* k3 overflows, got 95 at \(1, 1\)"
    with pytest.raises(ValueError, match=message):
        kl_k3(log_probs, ref_log_probs)
    assert kl_k3(log_probs.double(), ref_log_probs.double()).isfinite().all()
    assert kl_k2(log_probs, ref_log_probs)[1, 1].item() == 95**2 / 2


@pytest.mark.parametrize(
    ("estimator", "name", "size"), [(kl_k1, "k1", 3e38), (kl_k2, "k2", 1e20), (kl_k3, "k3", 3e38)]
)
def test_differences_that_no_policy_has_are_refused_too(estimator, name, size):
    huge = torch.tensor([0.0, size])
    with pytest.raises(ValueError, match=rf"{name} overflows, got .* at \(1,\)"):
        estimator(huge, -huge)


def test_finite_estimates_whose_sum_overflows_are_no_error():
    log_ratios = torch.full((40,), 88.0)  # each e^88 = 1.7e38, all together more than 3.4e38
    assert kl_k3(torch.zeros(40), log_ratios).isfinite().all()


@everywhere
def test_a_probability_of_zero_is_refused_by_name(estimator):
    finite, zero = torch.tensor([-1.0, -2.0]), torch.tensor([-1.0, -math.inf])
    with pytest.raises(ValueError, match=r"ref_log_probs must be finite, got -inf at \(1,\)"):
        estimator(finite, zero)
    with pytest.raises(ValueError, match=r"^log_probs must be finite, got -inf at \(1,\)"):
        estimator(zero, finite)
    with pytest.raises(ValueError, match=r"^log_probs must be finite, got -inf at \(1,\)"):
        estimator(zero, zero)  # inf - inf
