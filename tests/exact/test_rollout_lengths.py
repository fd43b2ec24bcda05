"""The longest answer by enumeration, and the worth of old samples."""

import itertools

import numpy as np
import pytest

from rlnotes.exact.rollout_lengths import (
    drifting_policies,
    expected_length,
    expected_longest,
    stale_share,
)

LENGTHS, PROBS = [1.0, 4.0, 10.0], [0.5, 0.3, 0.2]


@pytest.mark.parametrize("num_answers", [1, 2, 3, 5])
def test_the_longest_by_enumeration(num_answers):
    total = sum(
        np.prod([PROBS[k] for k in drawn]) * max(LENGTHS[k] for k in drawn)
        for drawn in itertools.product(range(3), repeat=num_answers)
    )
    found = expected_longest(LENGTHS, PROBS, num_answers=num_answers)
    assert found == pytest.approx(total)


def test_the_longest_is_the_mean_for_one_answer_and_the_maximum_for_many():
    assert expected_length(LENGTHS, PROBS) == pytest.approx(3.7)
    assert expected_longest(LENGTHS, PROBS, num_answers=1) == pytest.approx(3.7)
    assert expected_longest(LENGTHS, PROBS, num_answers=1000) == pytest.approx(10)
    assert expected_longest([7], [1.0], num_answers=5) == 7


def test_a_policy_moves_by_the_same_kl_at_each_update_and_one_way():
    start, reward = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.0, 1.0, 5.0, 2.0])
    policies = drifting_policies(start, reward, kl_per_update=0.05, num_updates=5)
    np.testing.assert_allclose(policies[0], start)
    np.testing.assert_allclose(policies.sum(axis=1), 1)
    for old, new in itertools.pairwise(policies):
        assert (new * np.log(new / old)).sum() == pytest.approx(0.05)
        tilt = np.log(new / old)
        slopes = np.diff(tilt[np.argsort(reward)]) / np.diff(np.sort(reward))
        assert slopes.min() > 0
        assert np.ptp(slopes) < 1e-9


def test_a_policy_that_does_not_move_stays_worth_all():
    still = drifting_policies([0.5, 0.5], [0, 1], kl_per_update=0.0, num_updates=3)
    np.testing.assert_array_equal(still, np.full((4, 2), 0.5))
    assert [stale_share(still, s) for s in range(4)] == [1, 1, 1, 1]


def test_a_fine_normal_policy_is_worth_what_the_closed_form_says():
    # A normal mean that moves by d has KL d^2 / 2; after s moves E[w^2] = exp(s^2 d^2).
    outcomes = np.linspace(-12, 14, 2601)
    start = np.exp(-(outcomes**2) / 2)
    policies = drifting_policies(start / start.sum(), outcomes, kl_per_update=0.02, num_updates=4)
    shares = [stale_share(policies, s) for s in range(5)]
    np.testing.assert_allclose(shares, np.exp(-2 * 0.02 * np.arange(5) ** 2), rtol=1e-6)


def test_older_samples_are_worth_less():
    policies = drifting_policies([0.2] * 5, range(5), kl_per_update=0.03, num_updates=4)
    shares = [stale_share(policies, s) for s in range(5)]
    assert shares[0] == pytest.approx(1)
    assert (np.diff(shares) < 0).all()
    weights = policies[-1] / policies[1]
    assert shares[3] == pytest.approx(1 / (policies[1] @ weights**2))


@pytest.mark.parametrize(
    ("lengths", "probs", "message"),
    [
        ([1, 2], [1.0], "probs must have shape"),
        ([2, 1], [0.5, 0.5], "lengths must rise"),
        ([1, 1], [0.5, 0.5], "lengths must rise"),
        ([-1, 1], [0.5, 0.5], "lengths must rise and not be negative"),
        ([1, 2], [0.5, 0.6], "probs must sum to one"),
        ("long", [1.0], "lengths must be a rectangular array"),
    ],
)
def test_bad_lengths_are_refused(lengths, probs, message):
    with pytest.raises(ValueError, match=message):
        expected_length(lengths, probs)
    with pytest.raises(ValueError, match=message):
        expected_longest(lengths, probs, num_answers=2)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="num_answers must be a positive integer, got 0"):
        expected_longest(LENGTHS, PROBS, num_answers=0)
    start = [0.5, 0.5]
    for changed, message in (
        ({"direction": [1, 1]}, "direction differ"),
        ({"direction": [1, 2, 3]}, "direction must have shape"),
        ({"start_probs": [0.0, 1.0]}, "start_probs must be positive"),
        ({"start_probs": [0.7, 0.7]}, "start_probs must sum to one"),
        ({"kl_per_update": -0.1}, "kl_per_update must be finite and not negative"),
        ({"kl_per_update": 0.7}, "kl_per_update must leave room to move, got 0.7"),
        ({"num_updates": 0}, "num_updates must be a positive integer"),
    ):
        given = {"start_probs": start, "direction": [0, 1], "kl_per_update": 0.1, "num_updates": 1}
        arguments = {**given, **changed}
        with pytest.raises(ValueError, match=message):
            drifting_policies(arguments.pop("start_probs"), arguments.pop("direction"), **arguments)
    for bad in (2, -1, True, 0.5):
        with pytest.raises(ValueError, match="staleness must be from 0 to 1, got"):
            stale_share(np.full((2, 2), 0.5), bad)
