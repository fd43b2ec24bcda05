"""Bradley-Terry: hand numbers, gradients, extremes; scores fitted to counted wins."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.bradley_terry import bradley_terry_scores
from rlnotes.functional.preferences import (
    preference_probs,
    reward_model_loss,
)

NAN, INF = math.nan, math.inf


def doubles(*numbers) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


# preference_probs


def test_odds_are_a_ratio_of_strengths():
    # exp(score) 6, 1, 2 against 2, 3, 2: 6 / 8, 1 / 4, 2 / 4.
    probs = preference_probs(doubles(6, 1, 2).log(), doubles(2, 3, 2).log())
    assert_close(probs, doubles(0.75, 0.25, 0.5))


def test_only_the_difference_of_scores_counts():
    chosen, rejected = doubles(0.3, -2.0, 5.0), doubles(1.0, 0.5, 4.0)
    shifted = preference_probs(chosen + 7, rejected + 7)
    assert_close(shifted, preference_probs(chosen, rejected))
    assert_close(preference_probs(rejected, chosen), 1 - shifted)


def test_scores_far_apart_are_certain_and_not_nan():
    huge = torch.tensor([3e38, -3e38, 200.0])
    assert preference_probs(huge, -huge).tolist() == [1.0, 0.0, 1.0]


def test_the_slope_of_a_preference_is_p_times_1_minus_p():
    chosen, rejected = doubles(0.75).log().requires_grad_(), doubles(0.25).log().requires_grad_()
    preference_probs(chosen, rejected).sum().backward()
    assert_close(chosen.grad, doubles(0.75 * 0.25))
    assert_close(rejected.grad, doubles(-0.75 * 0.25))


# reward_model_loss


@pytest.mark.parametrize(
    ("margin", "loss"),
    [(5.0, 0.0067), (1.0, 0.3133), (0.0, 0.6931), (-0.1, 0.7444), (-2.0, 2.1269)],
)
def test_one_pair_at_a_margin(margin, loss):
    scores = doubles(-3.0)
    assert reward_model_loss(scores + margin, scores).item() == pytest.approx(loss, abs=5e-5)


def test_it_is_the_mean_negative_log_probability_of_the_choices():
    # Probabilities 3/4 and 1/4: -log(3/16) / 2.
    loss = reward_model_loss(doubles(3, 1).log(), doubles(1, 3).log())
    assert loss.item() == pytest.approx(-math.log(3 / 16) / 2)


def test_its_gradient_is_the_probability_of_the_answer_not_chosen():
    chosen, rejected = doubles(3, 1).log().requires_grad_(), doubles(1, 3).log().requires_grad_()
    reward_model_loss(chosen, rejected).backward()
    assert_close(chosen.grad, doubles(-1 / 8, -3 / 8))
    assert_close(rejected.grad, doubles(1 / 8, 3 / 8))


def test_gradients_by_finite_differences():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    leaves = tuple(row.clone().requires_grad_() for row in scores)
    assert torch.autograd.gradcheck(reward_model_loss, leaves)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pairs_ranked_far_the_wrong_way_have_a_finite_loss_and_gradient(dtype):
    # log(1 + e^1000) = 1000; log of a sigmoid that has become 0 would be infinite.
    chosen = torch.tensor([-1000.0], dtype=dtype, requires_grad=True)
    loss = reward_model_loss(chosen, torch.zeros(1, dtype=dtype))
    loss.backward()
    assert loss.item() == 1000
    assert chosen.grad.item() == -1
    # And log(1 + e^-40) is e^-40, which 1 - e^-40 would lose.
    right = reward_model_loss(torch.tensor([40.0], dtype=dtype), torch.zeros(1, dtype=dtype))
    assert right.item() == pytest.approx(math.exp(-40))


def test_equal_scores_are_an_even_choice():
    scores = torch.full((2, 3), 1.5)
    assert reward_model_loss(scores, scores).item() == pytest.approx(math.log(2))


def test_a_padded_batch_counts_its_pairs_only():
    chosen = torch.tensor([[3.0, NAN], [1.0, INF]]).log()
    rejected = torch.tensor([[1.0, NAN], [3.0, NAN]]).log()
    mask = torch.tensor([[True, False], [True, False]])
    loss = reward_model_loss(chosen, rejected, mask=mask)
    assert loss.item() == pytest.approx(-math.log(3 / 16) / 2)


@pytest.mark.parametrize(
    ("chosen", "rejected", "message"),
    [
        ([0.0, NAN], [0.0, 0.0], r"chosen_scores must be finite, got nan at \(1,\)"),
        # A loss of 0 would hide these two.
        ([0.0, INF], [0.0, 0.0], r"chosen_scores must be finite, got inf at \(1,\)"),
        ([0.0, 0.0], [-INF, 0.0], r"rejected_scores must be finite, got -inf at \(0,\)"),
        ([-3e38, 0.0], [3e38, 0.0], r"must not overflow .* chosen_scores up to 3e\+38"),
    ],
)
def test_a_score_that_is_not_finite_is_refused_by_name(chosen, rejected, message):
    with pytest.raises(ValueError, match=message):
        reward_model_loss(torch.tensor(chosen), torch.tensor(rejected))
    if "overflow" not in message:
        with pytest.raises(ValueError, match=message):
            preference_probs(torch.tensor(chosen), torch.tensor(rejected))


# bradley_terry_scores


def test_two_items_by_hand():
    # 30 to 10: odds 3, so the scores differ by log 3.
    scores = bradley_terry_scores(doubles([0, 30], [10, 0]))
    assert_close(scores, doubles(math.log(3) / 2, -math.log(3) / 2))


def test_exact_proportions_give_back_the_scores_that_made_them():
    truth = doubles(1.5, -0.2, 0.4, -1.7)
    probs = torch.sigmoid(truth[:, None] - truth).fill_diagonal_(0)
    games = doubles([0, 3, 1, 7], [3, 0, 9, 0], [1, 9, 0, 2], [7, 0, 2, 0])  # 1 and 3 never met
    assert_close(bradley_terry_scores(games * probs), truth, atol=1e-12, rtol=0)


def test_each_item_wins_as_often_as_the_fit_expects():
    generator = torch.Generator().manual_seed(3)
    wins = torch.poisson(torch.full((7, 7), 2.0, dtype=torch.float64), generator=generator)
    wins.fill_diagonal_(0)
    scores = bradley_terry_scores(wins)
    expected = (wins + wins.T) * preference_probs(*torch.broadcast_tensors(scores[:, None], scores))
    assert_close(wins.sum(1), expected.sum(1))
    assert scores.sum().item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_no_neighbouring_scores_are_more_likely(ridge):
    wins = doubles([0, 5, 1], [2, 0, 4], [3, 1, 0])
    scores = bradley_terry_scores(wins, ridge=ridge)

    def log_likelihood(s):
        pairs = itertools.permutations(range(3), 2)
        terms = [wins[i, j].item() * math.log(1 / (1 + math.exp(s[j] - s[i]))) for i, j in pairs]
        return sum(terms) - ridge / 2 * sum(x**2 for x in s)

    best = log_likelihood(scores.tolist())
    for place, nudge in itertools.product(range(3), (-1e-3, 1e-3)):
        other = scores.tolist()
        other[place] += nudge
        other = [x - sum(other) / 3 for x in other]
        assert log_likelihood(other) < best - 1e-8


def test_a_cycle_of_wins_is_a_draw():
    assert bradley_terry_scores(torch.tensor([[0, 1, 0], [0, 0, 1], [1, 0, 0]])).tolist() == [0] * 3


def test_a_ridge_pulls_towards_zero():
    # Scores s and -s: the slope 4 sigmoid(-2 s) - s is 0.
    scores = bradley_terry_scores(doubles([0, 4], [0, 0]), ridge=1.0)
    s = scores[0].item()
    assert s == pytest.approx(4 / (1 + math.exp(2 * s)))
    assert scores[1].item() == pytest.approx(-s)
    strong = bradley_terry_scores(doubles([0, 4], [0, 0]), ridge=1e9)
    assert strong[0].item() == pytest.approx(2e-9)  # 4 / 2 / ridge


def test_with_a_ridge_any_counts_will_do():
    assert bradley_terry_scores(torch.zeros(3, 3), ridge=0.1).tolist() == [0, 0, 0]
    scores = bradley_terry_scores(doubles([0, 9, 0], [0, 0, 0], [0, 0, 0]), ridge=1e-9)
    assert scores[0].item() == pytest.approx(-scores[1].item())
    assert scores[0].item() > 8
    assert scores[2].item() == pytest.approx(0, abs=1e-6)


def test_scores_far_apart_and_very_unequal_counts():
    million = bradley_terry_scores(doubles([0, 1e12], [1, 0]))
    assert million.diff().item() == pytest.approx(-12 * math.log(10))
    # A chain 1000 : 1, 1000 : 1, ...: each step is log 1000.
    wins = torch.diag(torch.full((7,), 1000.0), 1) + torch.diag(torch.ones(7), -1)
    steps = bradley_terry_scores(wins.double()).diff()
    assert_close(steps, torch.full((7,), -math.log(1000), dtype=torch.float64))


@pytest.mark.parametrize(
    ("wins", "message"),
    [
        ([[0, 5], [0, 0]], r"items \[0\] that never lost to any of the others: .* grow"),
        ([[0, 0], [5, 0]], r"items \[0\] that never won against any of the others: .* fall"),
        (
            [[0, 1, 1], [1, 0, 2], [0, 0, 0]],
            r"items \[2\] that never won against any of the others: .* fall",
        ),
        (
            [[0, 1, 0], [1, 0, 0], [0, 0, 0]],
            r"items \[2\] that were never compared with any of the others: .* not determined",
        ),
        # Each of these four has won and lost, 0 and 3 never against 1 and 2.
        (
            [[0, 1, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]],
            r"items \[0, 3\] that never lost to any of the others",
        ),
        (
            [[0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]],
            r"items \[0, 3\] that were never compared",
        ),
        # A long way round: 0 > 1 > 2 > 3 > 4 > 1.
        (
            [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 1, 0, 0, 0]],
            r"items \[0\] that never lost",
        ),
    ],
)
def test_without_a_finite_maximum_the_items_are_named(wins, message):
    with pytest.raises(ValueError, match=f"wins must connect all .* got {message}.*ridge"):
        bradley_terry_scores(torch.tensor(wins))
    scores = bradley_terry_scores(torch.tensor(wins), ridge=0.01)
    assert scores.isfinite().all()
    assert scores.sum().item() == pytest.approx(0, abs=1e-5)


def test_a_long_circle_is_connected():
    # Only the whole way round leads from an item to the one before it.
    assert bradley_terry_scores(torch.eye(33).roll(1, 1)).abs().max().item() < 1e-6


@pytest.mark.parametrize(
    ("wins", "ridge", "message"),
    [
        ([[0, 1], [1, 0]], 0.0, "wins must be a torch tensor, got list"),
        (torch.zeros(2, 3), 1.0, r"wins must have shape \[K, K\] .* got \(2, 3\)"),
        (torch.zeros(4), 1.0, r"wins must have shape \[K, K\] .* got \(4,\)"),
        (torch.zeros(1, 1), 1.0, r"wins must have shape \[K, K\] .* got \(1, 1\)"),
        (torch.zeros(0, 0), 1.0, r"wins must have shape \[K, K\] .* got \(0, 0\)"),
        (torch.zeros(2, 2, dtype=torch.complex64), 1.0, "wins must be real numbers"),
        (torch.tensor([[0.0, -1], [1, 0]]), 1.0, r"wins must not be negative, got -1 at \(0, 1\)"),
        (
            torch.tensor([[0.0, 1], [1, 2]]),
            1.0,
            r"wins must be 0 on the diagonal, got 2 at \(1, 1\)",
        ),
        (torch.tensor([[0.0, NAN], [1, 0]]), 1.0, r"wins must be finite, got nan at \(0, 1\)"),
        (torch.tensor([[0.0, INF], [1, 0]]), 1.0, r"wins must be finite, got inf at \(0, 1\)"),
        (
            torch.ones(2, 2) - torch.eye(2),
            -0.5,
            r"ridge must be finite and not negative, got -0\.5",
        ),
        (torch.ones(2, 2) - torch.eye(2), NAN, "ridge must be finite and not negative, got nan"),
        (torch.ones(2, 2) - torch.eye(2), INF, "ridge must be finite and not negative, got inf"),
    ],
)
def test_bad_counts_are_refused(wins, ridge, message):
    with pytest.raises(ValueError, match=message):
        bradley_terry_scores(wins, ridge=ridge)


def test_scores_are_numbers_in_the_dtype_of_the_counts_or_float32():
    wins = torch.tensor([[0, 3], [1, 0]])
    expected = {torch.float64: torch.float64}
    for dtype in (torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64):
        given = wins.to(dtype)
        if given.is_floating_point():
            given.requires_grad_()
        scores = bradley_terry_scores(given)
        assert scores.dtype == expected.get(dtype, torch.float32)
        assert not scores.requires_grad


@pytest.mark.parametrize("ridge", [0.0, 1e-6])
def test_a_step_that_would_go_too_far_is_halved(ridge):
    # Strong links and weak ones: here a whole Newton step lowers the likelihood.
    wins = doubles(
        [0, 10, 0, 0, 0, 0],
        [10, 0, 0, 1, 0, 0],
        [100, 1, 0, 1, 0, 1000],
        [1, 0, 100, 0, 10, 100],
        [0, 1000, 0, 10, 0, 1],
        [0, 100, 10, 0, 1000, 0],
    )
    scores = bradley_terry_scores(wins, ridge=ridge)
    probs = torch.sigmoid(scores[:, None] - scores)
    slopes = wins.sum(1) - ((wins + wins.T) * probs).sum(1) - ridge * scores
    assert_close(slopes, torch.zeros_like(slopes), atol=1e-9, rtol=0)
    assert abs(scores.sum().item()) < 1e-13


@pytest.mark.parametrize("ridge", ["a", None, [0.1], 10**400])
def test_a_ridge_that_is_no_number_is_refused(ridge):
    with pytest.raises(ValueError, match="ridge must be finite and not negative, got"):
        bradley_terry_scores(torch.tensor([[0, 3], [1, 0]]), ridge=ridge)
