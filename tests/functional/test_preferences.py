"""Bradley-Terry and DPO: hand numbers, gradients, extremes; scores fitted to wins."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.bradley_terry import bradley_terry_scores
from rlnotes.functional.preferences import (
    dpo_loss,
    implicit_rewards,
    pair_margins,
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


# implicit_rewards


def test_an_implicit_reward_is_beta_times_the_log_ratio():
    log_probs, ref_log_probs = doubles(0.5, 0.1, 0.3).log(), doubles(0.25, 0.4, 0.3).log()
    expected = doubles(2 * math.log(2), -4 * math.log(2), 0)
    assert_close(implicit_rewards(log_probs, ref_log_probs, beta=2.0), expected)


def test_implicit_rewards_give_back_a_reward_up_to_a_constant():
    # pi* of chapter 7's table at beta 1, and log Z = log 3.13695.
    ref = doubles(0.5, 0.3, 0.2)
    tilted = ref * doubles(1, 0, 2).exp()
    rewards = implicit_rewards((tilted / tilted.sum()).log(), ref.log(), beta=1.0)
    assert_close(doubles(1, 0, 2) - rewards, doubles(*[math.log(3.13695)] * 3), atol=1e-5, rtol=0)


def test_the_slopes_of_an_implicit_reward_are_beta_and_minus_beta():
    own, reference = doubles(-3.0).requires_grad_(), doubles(-2.0).requires_grad_()
    implicit_rewards(own, reference, beta=0.3).backward()
    assert (own.grad.item(), reference.grad.item()) == (0.3, -0.3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_comes_back_in_float32(dtype):
    halves = [torch.tensor([-50.0, -3.0], dtype=dtype) * k for k in (1, 2, 3, 4)]
    assert implicit_rewards(halves[0], halves[1], beta=0.7).dtype == torch.float32
    for function in (dpo_loss, pair_margins):
        result = function(*halves, beta=0.7)
        assert result.dtype == torch.float32
        assert_close(result, function(*(half.float() for half in halves), beta=0.7))


@pytest.mark.parametrize(
    ("own", "reference", "beta", "message"),
    [
        ([0.0], [0.0], 0.0, r"beta must be positive and finite, got 0\.0"),
        ([0.0], [0.0], -1.0, r"beta must be positive and finite, got -1\.0"),
        ([0.0], [0.0], NAN, "beta must be positive and finite, got nan"),
        ([0.0], [0.0], "1", "beta must be positive and finite, got '1'"),
        ([0.0, NAN], [0.0, 0.0], 1.0, r"log_probs must be finite, got nan at \(1,\)"),
        ([0.0], [-INF], 1.0, r"ref_log_probs must be finite, got -inf at \(0,\)"),
        ([0.0, 0.0], [0.0], 1.0, r"common shape, got log_probs \(2,\), ref_log_probs \(1,\)"),
        ([], [], 1.0, r"log_probs must hold at least one number, got shape \(0,\)"),
        ([3e38], [-3e38], 1.0, r"rewards must be finite, got inf at \(0,\)"),
    ],
)
def test_bad_input_of_implicit_rewards(own, reference, beta, message):
    with pytest.raises(ValueError, match=message):
        implicit_rewards(torch.tensor(own), torch.tensor(reference), beta=beta)


# dpo_loss and pair_margins


def logs(chosen_ratio, rejected_ratio) -> tuple[torch.Tensor, ...]:
    """Four log-probabilities with these log-ratios, and answers of unequal lengths."""
    ref_chosen, ref_rejected = doubles(-9.0), doubles(-4.0)
    return ref_chosen + chosen_ratio, ref_rejected + rejected_ratio, ref_chosen, ref_rejected


@pytest.mark.parametrize("log_ratios", [(1, -0.5), (-4, -5.5)])
def test_only_the_difference_of_the_log_ratios_counts(log_ratios):
    # 0.1 * 1.5 = 0.15 whether the preferred answer gained or lost.
    assert pair_margins(*logs(*log_ratios), beta=0.1).item() == pytest.approx(0.15)
    loss = dpo_loss(*logs(*log_ratios), beta=0.1).item()
    assert loss == pytest.approx(math.log(1 + math.exp(-0.15)))
    assert f"{loss:.4f}" == "0.6210"


@pytest.mark.parametrize("beta", [0.01, 1.0, 50.0])
def test_a_policy_that_is_its_reference_has_the_loss_log_2(beta):
    chosen, rejected = -10 * torch.rand(2, 7, generator=torch.Generator().manual_seed(0))
    assert dpo_loss(chosen, rejected, chosen, rejected, beta=beta).item() == pytest.approx(
        math.log(2), abs=1e-7
    )
    assert (pair_margins(chosen, rejected, chosen, rejected, beta=beta) == 0).all()


def test_a_pair_pulls_with_beta_times_the_chance_of_the_other_label():
    # sigmoid(-margin) = 1/4, 3/4 at margins +- log 3; two pairs, so half of each.
    given = [part.repeat(2).requires_grad_() for part in logs(0.0, 0.0)]
    with torch.no_grad():
        given[0] += doubles(1, -1) * math.log(3) / 0.2
    dpo_loss(*given, beta=0.2).backward()
    weights = 0.2 * doubles(0.25, 0.75) / 2
    for part, sign in zip(given, (-1, 1, 1, -1), strict=True):
        assert_close(part.grad, sign * weights)


def random_logs(*shape) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(4)]


def test_dpo_gradients_by_finite_differences():
    leaves = tuple(part.requires_grad_() for part in random_logs(5))
    for function in (dpo_loss, pair_margins):
        assert torch.autograd.gradcheck(lambda *x, f=function: f(*x, beta=0.7), leaves)
    given, h = [part.detach() for part in leaves], 1e-5
    dpo_loss(*leaves, beta=0.7).backward()
    for n, leaf in enumerate(leaves):
        ends = []
        for nudge in (h, -h):
            moved = [part.clone() for part in given]
            moved[n][2] += nudge
            ends.append(dpo_loss(*moved, beta=0.7).item())
        assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(leaf.grad[2].item(), abs=1e-9)


def test_dpo_is_the_reward_model_loss_of_the_implicit_rewards():
    chosen, rejected, ref_chosen, ref_rejected = random_logs(3, 4)
    rewards = [
        implicit_rewards(own, reference, beta=0.3)
        for own, reference in ((chosen, ref_chosen), (rejected, ref_rejected))
    ]
    loss = dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta=0.3)
    assert_close(loss, reward_model_loss(*rewards))
    margins = pair_margins(chosen, rejected, ref_chosen, ref_rejected, beta=0.3)
    assert margins.shape == (3, 4)
    assert_close(margins, rewards[0] - rewards[1])


def test_two_equal_answers_teach_nothing():
    log_probs, ref_log_probs = doubles(-7.3).requires_grad_(), doubles(-2.1)
    loss = dpo_loss(log_probs, log_probs, ref_log_probs, ref_log_probs, beta=0.4)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2), abs=1e-15)
    assert log_probs.grad.item() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_margins_have_finite_losses_and_gradients(dtype):
    zeros = torch.zeros(2, dtype=dtype)
    chosen = torch.tensor([1e4, -1e4], dtype=dtype, requires_grad=True)
    loss = dpo_loss(chosen, zeros, zeros, zeros, beta=1.0)
    loss.backward()
    assert loss.item() == 5e3  # the mean of 0 and 10,000
    assert chosen.grad.tolist() == [0, -0.5]


def test_a_mask_selects_pairs():
    given = [torch.tensor([[a, NAN], [b, INF]]) for a, b in ((1, 0), (-0.5, 0), (0, 0), (0, 0))]
    given = [part.requires_grad_() for part in given]
    mask = torch.tensor([[True, False], [True, False]])
    assert_close(pair_margins(*given, beta=0.1, mask=mask), torch.tensor([0.15, 0.0]))
    loss = dpo_loss(*given, beta=0.1, mask=mask)
    assert loss.item() == pytest.approx((math.log(1 + math.exp(-0.15)) + math.log(2)) / 2)
    loss.backward()
    for part in given:
        assert (part.grad[:, 1] == 0).all()
        assert (part.grad[:, 0] != 0).all()


NAMES = ("chosen_log_probs", "rejected_log_probs", "ref_chosen_log_probs", "ref_rejected_log_probs")


@pytest.mark.parametrize("function", [dpo_loss, pair_margins])
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.tensor([0.0, NAN]), r"NAME must be finite, got nan at \(1,\)"),
        # A loss of 0 would hide one of each two.
        (torch.tensor([INF, 0.0]), r"NAME must be finite, got inf at \(0,\)"),
        (torch.tensor([-INF, 0.0]), r"NAME must be finite, got -inf at \(0,\)"),
        (torch.zeros(3), r"common shape, got .*NAME \(3,\)"),
        (torch.tensor([0, 0]), r"NAME must be floating-point numbers, got torch\.int64"),
        ([0.0, 0.0], "NAME must be a torch tensor, got list"),
    ],
)
def test_bad_log_probs_are_refused_by_name(function, place, bad, message):
    given = [torch.zeros(2) for _ in range(4)]
    given[place] = bad
    with pytest.raises(ValueError, match=message.replace("NAME", NAMES[place])):
        function(*given, beta=0.1)


@pytest.mark.parametrize("function", [dpo_loss, pair_margins])
@pytest.mark.parametrize("beta", [0.0, -0.1, NAN, INF, None, "0.1"])
def test_a_beta_that_is_no_price_is_refused(function, beta):
    with pytest.raises(ValueError, match="beta must be positive and finite, got"):
        function(*logs(1, 2), beta=beta)


@pytest.mark.parametrize("function", [dpo_loss, pair_margins])
def test_pairs_that_are_none_or_too_large_are_refused(function):
    empty, huge, zeros = torch.zeros(0), torch.full((2,), 3e38), torch.zeros(2)
    with pytest.raises(ValueError, match=r"chosen_log_probs must hold at least one number"):
        function(*[empty] * 4, beta=1.0)
    with pytest.raises(ValueError, match=r"must not overflow .* rejected_log_probs up to 3e\+38"):
        function(huge, -huge, zeros, zeros, beta=1.0)
    with pytest.raises(ValueError, match="mask must count at least one element, got none of 2"):
        function(*[zeros] * 4, beta=1.0, mask=torch.tensor([False, False]))
    up_and_down = torch.tensor([3e38, -3e38, 3e38, -3e38])  # a sum of 0, a loss of inf
    with pytest.raises(ValueError, match="must not overflow"):
        function(up_and_down, *[torch.zeros(4)] * 3, beta=1.0)


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


def test_scores_too_far_apart_for_double_precision_are_refused():
    wins = torch.tensor([[0, 1e300], [1e-300, 0]], dtype=torch.float64)  # log 1e600 apart
    with pytest.raises(ValueError, match="wins must have a maximum within reach, got scores up to"):
        bradley_terry_scores(wins)
    assert bradley_terry_scores(wins, ridge=np.array(1e-300)).diff().item() < -700
