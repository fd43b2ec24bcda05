"""Prioritized replay: probabilities, weights that undo them, places, bad input."""

import numpy as np
import pytest

from rlnotes.data.prioritized_replay import (
    PrioritizedReplayBuffer,
    importance_weights,
    sampling_probs,
)


def buffer_with(priorities, alpha=1.0, capacity=None):
    """Transition i has reward i; priorities set through TD errors, margin 1/8."""
    buffer = PrioritizedReplayBuffer(capacity or len(priorities), 1, alpha=alpha, margin=0.125)
    for i in range(len(priorities)):
        buffer.add(np.array([i]), 0, i, np.array([i]), False)
    buffer.update_priorities(np.arange(len(priorities)), np.array(priorities) - 0.125)
    return buffer


class FixedDraws:
    """Stands in for a generator whose uniform numbers are known."""

    def __init__(self, *numbers):
        self.numbers = np.array(numbers)

    def random(self, size):
        return self.numbers[:size]


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [(0.0, [1 / 3, 1 / 3, 1 / 3]), (0.5, [1 / 6, 2 / 6, 3 / 6]), (1.0, [1 / 14, 4 / 14, 9 / 14])],
)
def test_probabilities_by_hand(alpha, expected):
    np.testing.assert_allclose(sampling_probs(np.array([1.0, 4.0, 9.0]), alpha=alpha), expected)


def test_only_ratios_of_priorities_matter_however_large():
    priorities = np.array([1.0, 4.0, 9.0])
    for factor in (1e-300, 1e-9, 7.0, 1.9e307):
        np.testing.assert_allclose(
            sampling_probs(factor * priorities, alpha=1.0), priorities / 14, rtol=1e-12
        )


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
def test_at_beta_one_the_weighted_mean_is_the_mean(alpha):
    rng = np.random.default_rng(0)
    probs, values = sampling_probs(rng.random(9) + 0.01, alpha=alpha), rng.normal(size=9)
    weights = importance_weights(probs, beta=1.0)
    assert (probs * weights * values).sum() == pytest.approx(values.mean())


def test_weights_by_hand():
    # N P = 1/2, 1/2, 2: the weights at beta 1/2 are the roots of 2, 2, 1/2.
    probs = np.array([1, 1, 4]) / 6
    np.testing.assert_allclose(importance_weights(probs, beta=0.5) ** 2, [2, 2, 0.5])
    np.testing.assert_allclose(importance_weights(probs, beta=1.0), [2, 2, 0.5])
    np.testing.assert_allclose(importance_weights(probs, beta=0.0), [1, 1, 1])


@pytest.mark.parametrize("count", [5, 12])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_draws_follow_the_priorities(alpha, count):
    # Chi-square with N - 1 degrees of freedom, five standard deviations.
    priorities = np.arange(1, count + 1) ** 2.0
    buffer, rng = buffer_with(priorities, alpha, capacity=12), np.random.default_rng(0)
    draws = np.concatenate([buffer.sample(5, rng).indices for _ in range(2000)])
    expected = 10_000 * priorities**alpha / (priorities**alpha).sum()
    counts = np.bincount(draws, minlength=count)
    assert len(counts) == count
    statistic = ((counts - expected) ** 2 / expected).sum()
    assert statistic < count - 1 + 5 * np.sqrt(2 * (count - 1))


def test_a_uniform_number_finds_its_share():
    # Shares 1/8, 2/8, 5/8: the edges are 0.125 and 0.375, each the start of the next.
    buffer = buffer_with([1.0, 2.0, 5.0])
    assert buffer.sample(3, FixedDraws(0.0, 0.124, 0.126)).indices.tolist() == [0, 0, 1]
    assert buffer.sample(3, FixedDraws(0.374, 0.376, 1 - 2**-53)).indices.tolist() == [1, 2, 2]
    assert buffer.sample(2, FixedDraws(0.125, 0.375)).indices.tolist() == [1, 2]


@pytest.mark.parametrize("count", [3, 7, 10, 49, 1000])
def test_the_largest_and_smallest_number_never_reach_an_empty_place(count):
    # A cumulative sum of rounded shares may end below or above one.
    for seed in range(5):
        priorities = np.random.default_rng(seed).random(count) + 0.125
        buffer = buffer_with(priorities, capacity=count + 5)
        assert buffer.sample(2, FixedDraws(0.0, 1 - 2**-53)).indices.tolist() == [0, count - 1]


def test_the_largest_weight_of_a_batch_is_one_and_ratios_are_kept():
    buffer = buffer_with([1.0, 4.0, 3.0])
    batch = buffer.sample(3, FixedDraws(0.3, 0.9, 0.9), beta=0.5)
    assert batch.indices.tolist() == [1, 2, 2]
    np.testing.assert_allclose(batch.weights.numpy(), [(3 / 4) ** 0.5, 1, 1], rtol=1e-6)
    full = buffer.sample(3, FixedDraws(0.3, 0.9, 0.9))  # beta = 1
    np.testing.assert_allclose(full.weights.numpy(), [3 / 4, 1, 1], rtol=1e-6)


def test_a_priority_is_the_size_of_the_td_error_plus_the_margin():
    buffer = PrioritizedReplayBuffer(3, 1, alpha=1.0)
    for _ in range(3):
        buffer.add(np.zeros(1), 0, 0.0, np.zeros(1), False)
    buffer.update_priorities(np.array([2, 0]), np.array([-3.0, 0.0]))
    np.testing.assert_allclose(buffer.priorities, [0.01, 1.0, 3.01])  # the margin is 0.01


def test_a_new_transition_gets_the_largest_priority_ever_seen():
    buffer = buffer_with([0.5, 8.0, 2.0])
    buffer.update_priorities(np.array([1]), np.array([0.0]))  # the 8 is gone, not forgotten
    buffer.add(np.zeros(1), 0, 0.0, np.zeros(1), False)  # takes the first place
    assert buffer.priorities.tolist() == [8.0, 0.125, 2.0]


def test_before_any_error_is_known_all_are_equal():
    buffer = PrioritizedReplayBuffer(5, 1, alpha=1.0)
    for _ in range(3):
        buffer.add(np.zeros(1), 0, 0.0, np.zeros(1), False)
    assert buffer.priorities.tolist() == [1, 1, 1, 0, 0]
    assert (buffer.sample(3, np.random.default_rng(0)).weights == 1).all()


def test_small_errors_do_not_lower_the_priority_of_new_transitions():
    buffer = buffer_with([0.25, 0.25])
    buffer.add(np.zeros(1), 0, 0.0, np.zeros(1), False)
    assert buffer.priorities.tolist() == [1.0, 0.25]


@pytest.mark.parametrize(
    ("indices", "td_errors", "message"),
    [
        ([0, 1], [1.0], r"common shape, got indices \(2,\), td_errors \(1,\)"),
        ([0], [[1.0]], r"td_errors \(1, 1\)"),
        ([0, 1], [1.0, np.nan], r"td_errors must be finite, got nan at \(1,\)"),
        ([0], [-np.inf], "td_errors must be finite, got -inf"),
        ([0, 2], [1.0, 1.0], r"indices must lie in \[0, 2\), got \[0 2\]"),  # empty place
        ([-1], [1.0], r"indices must lie in \[0, 2\), got \[-1\]"),
    ],
)
def test_bad_updates_are_refused_and_change_nothing(indices, td_errors, message):
    buffer = buffer_with([2.0, 3.0], capacity=4)
    with pytest.raises(ValueError, match=message):
        buffer.update_priorities(np.array(indices), np.array(td_errors))
    assert buffer.priorities.tolist() == [2.0, 3.0, 0.0, 0.0]
    assert buffer.largest_priority == 3.0


@pytest.mark.parametrize("bad", [[], [1.0, 0.0], [1.0, -1.0], [np.nan], [np.inf, 1.0]])
def test_priorities_must_be_positive(bad):
    with pytest.raises(ValueError, match="priorities must be positive and finite, got"):
        sampling_probs(np.array(bad), alpha=0.5)


@pytest.mark.parametrize("bad", [[], [1.0, 0.0], [1.5, -0.5], [np.nan]])
def test_probabilities_must_be_positive(bad):
    with pytest.raises(ValueError, match="probs must be positive, got"):
        importance_weights(np.array(bad), beta=0.5)


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_exponents_must_lie_in_the_unit_interval(bad):
    with pytest.raises(ValueError, match=rf"alpha must lie in \[0, 1\], got {bad}"):
        sampling_probs(np.ones(2), alpha=bad)
    with pytest.raises(ValueError, match=rf"alpha must lie in \[0, 1\], got {bad}"):
        PrioritizedReplayBuffer(4, 1, alpha=bad)
    with pytest.raises(ValueError, match=rf"beta must lie in \[0, 1\], got {bad}"):
        importance_weights(np.ones(2) / 2, beta=bad)
    with pytest.raises(ValueError, match=rf"beta must lie in \[0, 1\], got {bad}"):
        buffer_with([1.0, 2.0]).sample(1, np.random.default_rng(0), beta=bad)


@pytest.mark.parametrize("margin", [0, -1.0, np.nan])
def test_the_margin_must_be_positive(margin):
    with pytest.raises(ValueError, match=f"margin must be positive, got {margin}"):
        PrioritizedReplayBuffer(4, 1, alpha=0.5, margin=margin)
