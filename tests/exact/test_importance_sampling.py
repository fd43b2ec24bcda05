"""Importance sampling: hand numbers, identities, holes, bad input."""

from itertools import product

import numpy as np
import pytest

from rlnotes.exact.importance_sampling import (
    effective_sample_size,
    importance_weights,
    missed_mass,
    reweighted_moments,
    reweighting_cost,
    sequence_second_moment,
    weight_second_moment,
)

P, Q, F = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5]), np.array([4.0, -1.0, 3.0])


def test_weights_by_hand():
    assert importance_weights(P, Q).tolist() == pytest.approx([2.5, 1.0, 0.4])


def test_the_reweighted_mean_is_the_expectation_under_the_target():
    mean, variance = reweighted_moments(P, Q, F)
    assert mean == pytest.approx(0.5 * 4 - 0.3 + 0.2 * 3)  # 2.3
    # Outcomes 10, -1, 1.2 with chances 0.2, 0.3, 0.5: 20 + 0.3 + 0.72 - 2.3^2.
    assert variance == pytest.approx(15.73)


def test_without_a_difference_it_is_the_plain_mean_and_variance():
    mean, variance = reweighted_moments(P, P, F)
    assert variance == pytest.approx(P @ F**2 - mean**2)
    assert weight_second_moment(P, P) == pytest.approx(1)


def test_a_hole_loses_its_share_of_the_mean():
    hole = np.array([0.0, 0.4, 0.6])
    mean, _ = reweighted_moments(P, hole, F)
    assert mean == pytest.approx(2.3 - 0.5 * 4)
    assert missed_mass(P, hole) == 0.5
    assert missed_mass(P, Q) == 0
    assert importance_weights(P, hole)[0] == 0
    assert hole @ importance_weights(P, hole) == pytest.approx(1 - 0.5)


def test_a_hole_where_f_is_zero_loses_nothing():
    mean, _ = reweighted_moments(P, [0.5, 0.5, 0.0], [4.0, -1.0, 0.0])
    assert mean == pytest.approx(1.7)


def test_the_cost_of_reweighting_by_hand():
    # Var_Q(w f) = 15.73 as above; under P: 8 + 0.3 + 1.8 - 2.3^2 = 4.81.
    assert reweighting_cost(P, Q, F) == pytest.approx(15.73 / 4.81)
    assert reweighting_cost(P, P, F) == pytest.approx(1)


def test_reweighted_draws_may_be_worth_more_than_draws_from_the_target():
    assert reweighting_cost([0.5, 0.5], [0.25, 0.75], [1.0, 3.0]) == 0  # 2 or 2
    assert weight_second_moment([0.5, 0.5], [0.25, 0.75]) > 1


def test_dividing_by_the_sum_of_the_weights_costs_what_the_centred_values_cost():
    drawn = np.random.default_rng(0).choice(3, size=(4_000, 500), p=Q)
    weights = importance_weights(P, Q)[drawn]
    estimates = (weights * F[drawn]).sum(axis=1) / weights.sum(axis=1)
    cost = 500 * estimates.var() / 4.81
    # The variance of 4,000 runs is known to 2.2 %.
    assert cost == pytest.approx(reweighting_cost(P, Q, F - 2.3), rel=0.08)


def test_second_moment_of_a_sequence_by_enumeration():
    m, squares = weight_second_moment(P, Q), 0.0
    for steps in product(range(3), repeat=4):
        prob_p, prob_q = np.prod(P[list(steps)]), np.prod(Q[list(steps)])
        squares += prob_q * (prob_p / prob_q) ** 2
    assert sequence_second_moment(m, 4) == pytest.approx(squares)
    assert sequence_second_moment(1e300, 3) == np.inf
    assert m == pytest.approx(0.25 / 0.2 + 0.3 + 0.04 / 0.5)


def test_effective_sample_size():
    assert effective_sample_size([3.0] * 7) == pytest.approx(7)
    assert effective_sample_size([0.0, 5.0, 0.0]) == pytest.approx(1)
    assert effective_sample_size([3.0, 1.0]) == pytest.approx(16 / 10)
    assert effective_sample_size([3e200, 1e200]) == pytest.approx(1.6)


def test_the_share_of_effective_samples_is_one_over_the_second_moment():
    rng = np.random.default_rng(0)
    weights = importance_weights(P, Q)[rng.choice(3, size=40_000, p=Q)]
    share = effective_sample_size(weights) / len(weights)
    assert share == pytest.approx(1 / weight_second_moment(P, Q), abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: importance_weights(P, Q[:2]), "sampling_probs must have shape"),
        (lambda: importance_weights(2 * P, Q), "target_probs must sum to one"),
        (lambda: missed_mass(P, [0.5, 0.7, -0.2]), "sampling_probs must not be negative"),
        (lambda: reweighted_moments(P, Q, F[:2]), "values must have shape"),
        (lambda: reweighted_moments(P, Q, [1, np.nan, 0]), "values must be finite, got nan"),
        (lambda: reweighting_cost(P, [0.0, 0.4, 0.6], F), "sampling_probs must be positive"),
        (lambda: reweighting_cost([0.5, 0.5, 0.0], Q, [0.1, 0.1, 7]), "values must differ under P"),
        (lambda: sequence_second_moment(1.1, 0), "length must be a positive integer, got 0"),
        (lambda: sequence_second_moment(-1.0, 2), "second_moment must be positive"),
        (lambda: effective_sample_size([0.0, 0.0]), "weights must be a vector"),
        (lambda: effective_sample_size([-1.0, 2.0]), "weights must be a vector"),
        (lambda: effective_sample_size([[1.0]]), "weights must be a vector"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
