"""Bias of a maximum: closed forms, derivatives, simulation, bad input."""

import math

import numpy as np
import pytest

from rlnotes.exact.max_bias import (
    argmax_probs,
    double_estimator_bias,
    estimator_biases,
    max_estimator_bias,
)

UNEQUAL = np.array([0.3, -0.5, 0.0, 0.25, -2.0])


def normal_cdf(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


@pytest.mark.parametrize(
    ("num_values", "bias"),
    [
        (1, 0),
        (2, 1 / math.sqrt(math.pi)),
        (3, 3 / (2 * math.sqrt(math.pi))),
        (4, 3 / math.sqrt(math.pi) * (0.5 + math.asin(1 / 3) / math.pi)),
        (5, 5 / math.sqrt(math.pi) * (0.25 + 1.5 * math.asin(1 / 3) / math.pi)),
    ],
)
def test_closed_forms_for_equal_values(num_values, bias):
    values = np.full(num_values, 7.0)
    assert max_estimator_bias(values, noise_std=1.0) == pytest.approx(bias, abs=1e-12)
    assert max_estimator_bias(values, noise_std=2.5) == pytest.approx(2.5 * bias, abs=1e-12)


@pytest.mark.parametrize(("num_values", "bias"), [(2, 0.564), (4, 1.029), (10, 1.539)])
def test_the_numbers_of_the_chapter(num_values, bias):
    assert max_estimator_bias(np.zeros(num_values), noise_std=1.0) == pytest.approx(bias, abs=5e-4)


@pytest.mark.parametrize("gap", [0.0, 0.1, 1.0, 6.0])
@pytest.mark.parametrize("noise_std", [0.2, 1.0, 3.0])
def test_two_values_in_closed_form(gap, noise_std):
    # The difference of the estimates is normal with standard deviation sqrt(2) * noise.
    scale = math.sqrt(2) * noise_std
    wrong = normal_cdf(-gap / scale)
    density = math.exp(-((gap / scale) ** 2) / 2) / math.sqrt(2 * math.pi)
    values = np.array([5 - gap, 5.0])
    assert argmax_probs(values, noise_std=noise_std) == pytest.approx([wrong, 1 - wrong], abs=1e-12)
    assert max_estimator_bias(values, noise_std=noise_std) == pytest.approx(
        scale * density - gap * wrong, abs=1e-12
    )
    assert double_estimator_bias(values, noise_std=noise_std) == pytest.approx(
        -gap * wrong, abs=1e-12
    )


@pytest.mark.parametrize("num_values", [17, 1000, 50_000])
def test_many_equal_values_against_an_integral_of_the_distribution(num_values):
    # E[M] = integral of P(M > x) over x > 0 less that of P(M < x) over x < 0.
    step = 1 / 400
    midpoints = step * (np.arange(4000) + 0.5)
    above = sum(-math.expm1(num_values * math.log1p(-normal_cdf(-x))) for x in midpoints)
    below = sum(normal_cdf(-x) ** num_values for x in midpoints)
    bias = max_estimator_bias(np.zeros(num_values), noise_std=1.0)
    assert bias == pytest.approx((above - below) * step, abs=2e-6)


def test_the_bias_grows_like_the_root_of_two_log_n_and_stays_below():
    counts = [2, 10, 100, 1000, 50_000]
    biases = np.array([max_estimator_bias(np.zeros(n), noise_std=1.0) for n in counts])
    ratios = biases / np.sqrt(2 * np.log(counts))
    assert (np.diff(biases) > 0).all()
    assert (np.diff(ratios) > 0).all()
    assert 0.9 < ratios[-1] < 1


def test_moving_one_value_moves_the_mean_maximum_by_its_probability():
    # d E[max] / d q_i = P(i is the largest): a derivative, so no probability is used.
    step = 1e-4
    for i in range(len(UNEQUAL)):
        shifts = step * np.eye(len(UNEQUAL))[i]
        up, down = (
            max_estimator_bias(values, noise_std=0.8) + values.max()
            for values in (UNEQUAL + shifts, UNEQUAL - shifts)
        )
        slope = (up - down) / (2 * step)
        assert argmax_probs(UNEQUAL, noise_std=0.8)[i] == pytest.approx(slope, abs=1e-8)


def test_both_estimators_against_simulation():
    rng = np.random.default_rng(0)
    first, second = UNEQUAL + 0.8 * rng.standard_normal((2, 400_000, 5))
    picks = first.argmax(axis=1)
    for samples, bias in [
        (first.max(axis=1), max_estimator_bias(UNEQUAL, noise_std=0.8)),
        (second[np.arange(len(picks)), picks], double_estimator_bias(UNEQUAL, noise_std=0.8)),
    ]:
        error = samples.std() / math.sqrt(len(samples))
        assert abs(samples.mean() - UNEQUAL.max() - bias) < 4 * error


def test_probabilities_sum_to_one_and_follow_their_values():
    values = np.array([1.0, 0.0, 1.0, -0.5, 0.0])
    probs = argmax_probs(values, noise_std=0.7)
    assert probs.sum() == pytest.approx(1, abs=1e-12)
    assert probs[0] == probs[2] > probs[1] == probs[4] > probs[3] > 0
    np.testing.assert_array_equal(argmax_probs(values[::-1], noise_std=0.7), probs[::-1])


@pytest.mark.parametrize("num_values", [1, 2, 20, 50_000])
def test_double_is_unbiased_for_equal_values(num_values):
    assert double_estimator_bias(np.full(num_values, 3.0), noise_std=2.0) == 0


def test_double_underestimates_otherwise_and_at_worst_picks_at_random():
    values = np.linspace(-1, 0, 6)
    biases = [double_estimator_bias(values, noise_std=s) for s in (0.0, 0.1, 1.0, 10.0, 1e4)]
    assert biases[0] == 0
    assert (np.diff(biases) < 0).all()
    assert biases[-1] == pytest.approx(values.mean(), abs=1e-4)


def test_units_and_offsets_do_not_matter():
    for bias in (max_estimator_bias, double_estimator_bias):
        one = bias(UNEQUAL, noise_std=0.8)
        assert bias(1000 * UNEQUAL + 7, noise_std=800.0) == pytest.approx(1000 * one, rel=1e-9)


@pytest.mark.parametrize("noise_std", [0.0, 0.05, 1.0, 3.0])
def test_biases_of_several_lists_are_those_of_each(noise_std):
    lists = [UNEQUAL, np.zeros(20), np.array([4.0]), np.linspace(-30, 0, 7)]
    each = [
        [bias(values, noise_std=noise_std) for values in lists]
        for bias in (max_estimator_bias, double_estimator_bias)
    ]
    biases = estimator_biases(lists, noise_std=noise_std)
    np.testing.assert_allclose(biases, each, rtol=0, atol=1e-13)


def test_several_lists_are_checked_too():
    with pytest.raises(ValueError, match="true_values must hold at least one list, got"):
        estimator_biases([], noise_std=1.0)
    with pytest.raises(ValueError, match="true_values must be finite numbers"):
        estimator_biases([np.zeros(2), np.zeros(0)], noise_std=1.0)
    with pytest.raises(ValueError, match="noise_std must be finite and not negative, got -1"):
        estimator_biases([np.zeros(2)], noise_std=-1)


def test_without_noise_there_is_no_bias_and_ties_share():
    values = np.array([1.0, 3.0, 3.0])
    assert max_estimator_bias(values, noise_std=0.0) == 0
    assert double_estimator_bias(values, noise_std=0.0) == 0
    assert argmax_probs(values, noise_std=0.0).tolist() == [0, 0.5, 0.5]
    assert argmax_probs(values, noise_std=1e-9) == pytest.approx([0, 0.5, 0.5], abs=1e-12)


@pytest.mark.parametrize("function", [max_estimator_bias, double_estimator_bias, argmax_probs])
@pytest.mark.parametrize(
    ("values", "noise_std", "message"),
    [
        ([], 1.0, r"true_values must be finite numbers \[N\], N > 0, got \[\]"),
        ([[1.0, 2.0]], 1.0, "true_values must be finite numbers"),
        ([1.0, math.nan], 1.0, "true_values must be finite numbers .*nan"),
        ([1.0, 2.0], -0.5, "noise_std must be finite and not negative, got -0.5"),
        ([1.0, 2.0], math.nan, "noise_std must be finite and not negative, got nan"),
        ([1.0, 2.0], math.inf, "noise_std must be finite and not negative, got inf"),
    ],
)
def test_bad_input_names_the_argument(function, values, noise_std, message):
    with pytest.raises(ValueError, match=message):
        function(values, noise_std=noise_std)
