"""Fits of preferences: flips, groups by hand, limits, Wilson's interval, bad input."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.bradley_terry import (
    comparable_groups,
    flipped_probs,
    limit_scores,
    population_scores,
    wilson_interval,
)
from rlnotes.functional.bradley_terry import bradley_terry_scores

SCORES = torch.tensor([1.8, 0.6, -0.9, -1.5], dtype=torch.float64)
CIRCLE = torch.tensor([[0, 3, 1], [1, 0, 3], [3, 1, 0]], dtype=torch.float64)
APART = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]])  # nobody met the last one


def with_unbeaten(wins: torch.Tensor, count: float) -> torch.Tensor:
    """The same comparisons, and a last item that won all of `count` against each."""
    grown = torch.zeros(len(wins) + 1, len(wins) + 1, dtype=wins.dtype)
    grown[:-1, :-1] = wins
    grown[-1, :-1] = count
    return grown


def test_flips_by_their_two_cases():
    # .8 * .9 stays, .2 * .1 comes over: .74.
    assert flipped_probs(torch.tensor([0.9]), flip_rate=0.2).item() == pytest.approx(0.74)
    assert flipped_probs(torch.tensor([0.9]), flip_rate=0.5).item() == pytest.approx(0.5)
    assert flipped_probs(torch.tensor([0.9]), flip_rate=1.0).item() == pytest.approx(0.1)


def test_without_flips_the_population_has_the_true_scores_up_to_a_constant():
    shifted = population_scores(SCORES + 7.0, flip_rate=0.0)
    assert_close(shifted, SCORES - SCORES.mean(), atol=1e-9, rtol=0)


def test_flips_shrink_the_scores_and_half_of_them_leaves_nothing():
    sizes = [population_scores(SCORES, flip_rate=rate).abs() for rate in (0.0, 0.1, 0.3)]
    assert (sizes[0] > sizes[1] + 0.1).all()
    assert (sizes[1] > sizes[2] + 0.1).all()
    nothing = population_scores(SCORES, flip_rate=0.5)
    assert_close(nothing, torch.zeros(4, dtype=torch.float64), atol=1e-9, rtol=0)


def test_the_population_fit_expects_as_many_wins_as_there_are():
    # The derivative of the likelihood, by hand: each item's expected wins agree.
    scores = population_scores(SCORES, flip_rate=0.2)
    margins, true = scores[:, None] - scores, SCORES[:, None] - SCORES
    seen = 0.8 * true.sigmoid() + 0.2 * (-true).sigmoid()
    assert_close(margins.sigmoid().sum(1), seen.sum(1), atol=1e-9, rtol=0)


def test_groups_by_hand():
    assert comparable_groups(CIRCLE) == [[0, 1, 2]]
    assert comparable_groups(with_unbeaten(CIRCLE, 2.0)) == [[3], [0, 1, 2]]
    assert comparable_groups(with_unbeaten(CIRCLE, 2.0).T) == [[0, 1, 2], [3]]
    ladder = torch.tensor([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
    assert comparable_groups(ladder) == [[0], [1], [2]]
    # 0 beat 1 beat 2 beat 3 beat 0: one chain of four leads round.
    assert comparable_groups(torch.eye(4).roll(1, dims=1)) == [[0, 1, 2, 3]]


def test_limits_are_those_of_a_vanishing_prior():
    wins = with_unbeaten(CIRCLE * torch.tensor([[1.0], [2.0], [3.0]]), 5.0)
    limits = limit_scores(wins)
    assert limits[3] == math.inf
    nearly = bradley_terry_scores(wins, ridge=1e-6)
    among = nearly[:3] - nearly[:3].mean()
    assert_close(limits[:3], among, atol=1e-4, rtol=0)
    assert nearly[3] - nearly[:3].max() > 10
    assert limit_scores(wins.T)[3] == -math.inf
    assert_close(limit_scores(wins.T)[:3], -limits[:3])
    assert_close(limit_scores(wins.int()), limits)  # in float64, whatever counts them


def test_limits_are_finite_where_a_maximum_exists_and_count_from_the_best_of_a_ladder():
    assert_close(limit_scores(CIRCLE), bradley_terry_scores(CIRCLE))
    ladder = torch.tensor([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
    assert limit_scores(ladder).tolist() == [0.0, -math.inf, -math.inf]


@pytest.mark.parametrize("num_trials", [1, 5, 100])
def test_wilson_ends_lie_two_deviations_away(num_trials):
    counts = np.arange(num_trials + 1)
    low, high = wilson_interval(counts, num_trials, z=2.0)
    for end in (low, high):
        distance = np.abs(counts / num_trials - end)
        assert distance == pytest.approx(2 * np.sqrt(end * (1 - end) / num_trials), abs=1e-7)
    assert (low <= counts / num_trials + 1e-12).all()
    assert (counts / num_trials - 1e-12 <= high).all()
    assert (high - low > 0.01).all()
    assert (low[0], high[-1]) == (pytest.approx(0), pytest.approx(1))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: flipped_probs(SCORES, flip_rate=1.1), r"flip_rate must lie in \[0, 1\], got 1.1"),
        (lambda: population_scores(SCORES * math.inf, flip_rate=0.1), "scores must be finite"),
        (lambda: comparable_groups(torch.zeros(2, 3)), r"wins must have shape \[K, K\], got"),
        (lambda: comparable_groups(-CIRCLE), "wins must not be negative, got -3"),
        (lambda: limit_scores(CIRCLE * math.nan), "wins must be finite, got nan"),
        (lambda: flipped_probs(SCORES + 9, flip_rate=0.1), r"probs must lie in \[0, 1\], got"),
        (lambda: flipped_probs(SCORES * math.nan, flip_rate=0.1), r"probs must .* got nan"),
        (lambda: flipped_probs([0.5], flip_rate=0.1), "probs must be a torch tensor, got list"),
        (lambda: population_scores([0.5], flip_rate=0.1), "scores must be a torch tensor, got"),
        (lambda: population_scores(SCORES[:1], flip_rate=0.1), r"scores must have shape \[K\]"),
        (lambda: comparable_groups([[0]]), "wins must be a torch tensor, got list"),
        (lambda: limit_scores([[0]]), "wins must be a torch tensor, got list"),
        (lambda: limit_scores(torch.zeros(0, 0)), r"wins must have shape \[K, K\], got"),
        (lambda: limit_scores(APART), "wins must compare every two .* of items 0 and 2$"),
        (lambda: wilson_interval([3], 2), r"successes must lie in \[0, 2\], got \[3\]"),
        (lambda: wilson_interval([3], 0), "num_trials must be a positive integer, got 0"),
        (lambda: wilson_interval([3], 4, z=0.0), "z must be positive and finite, got 0"),
    ],
)
def test_bad_input_names_the_argument(function, message):
    with pytest.raises(ValueError, match=message):
        function()
