"""Weights of group estimators, against enumeration of all groups and closed forms."""

import itertools
import math

import numpy as np
import pytest
import torch

from rlnotes.exact.group_weights import (
    ADVANTAGES,
    group_objectives,
    group_weights,
    limit_weights,
    mean_advantage_sizes,
    mean_advantages,
    noisy_group_weights,
    two_answer_moments,
)
from rlnotes.exact.pass_rates import pass_at_k

EVEN = ("reward", "leave_one_out", "group_mean")
GRID = np.linspace(0, 1, 41)
everywhere = pytest.mark.parametrize("estimator", ADVANTAGES)


def hand_advantages(rewards: tuple[int, ...], estimator: str) -> list[float]:
    """The formulas of the literature, in plain Python, for rewards of 0 and 1."""
    size, mean = len(rewards), sum(rewards) / len(rewards)
    centered = [reward - mean for reward in rewards]
    if estimator == "reward":
        return list(rewards)
    if estimator == "leave_one_out":
        return [reward - (sum(rewards) - reward) / (size - 1) for reward in rewards]
    squares = sum(number**2 for number in centered)
    divisor = {
        "group_mean": 1.0,
        "sample_std": math.sqrt(squares / (size - 1)),
        "sample_std_plus": math.sqrt(squares / (size - 1)) + 1e-4,
        "population_std": math.sqrt(squares / size),
        "mean": mean,
    }[estimator]
    return [number / divisor if number else 0.0 for number in centered]


def enumerated_update(
    logits: torch.Tensor, is_right: list[bool], group_size: int, estimator: str, flips=(0.0, 0.0)
) -> torch.Tensor:
    """Mean update over every group of replies and every verdict, scores by autograd.

    flips: probability that a wrong answer is passed, and that a right one is failed.
    """
    log_probs = logits.log_softmax(-1)
    scores = [torch.autograd.grad(one, logits, retain_graph=True)[0] for one in log_probs]
    probs = log_probs.detach().exp().tolist()
    outcomes = []  # probability, score, observed reward
    for prob, score, right in zip(probs, scores, is_right, strict=True):
        passed = 1 - flips[1] if right else flips[0]
        outcomes += [(prob * passed, score, 1), (prob * (1 - passed), score, 0)]
    total = torch.zeros_like(logits)
    for group in itertools.product([o for o in outcomes if o[0]], repeat=group_size):
        advantages = hand_advantages(tuple(reward for _, _, reward in group), estimator)
        chance = math.prod(prob for prob, _, _ in group)
        for advantage, (_, score, _) in zip(advantages, group, strict=True):
            total = total + chance * advantage * score / group_size
    return total


def slope_and_rate(logits: torch.Tensor, is_right: list[bool]) -> tuple[torch.Tensor, float]:
    rate = logits.softmax(-1)[torch.tensor(is_right)].sum()
    return torch.autograd.grad(rate, logits)[0], rate.item()


@everywhere
@pytest.mark.parametrize("group_size", [2, 3, 5])
@pytest.mark.parametrize(
    ("logits", "is_right"),
    [
        ([0.3, -0.9], [True, False]),
        ([-2.0, 1.5], [True, False]),
        ([0.3, -0.9, 0.5], [True, False, True]),
        ([0.1, 0.8, 1.5], [True, False, False]),
    ],
)
def test_the_mean_update_over_all_groups_is_the_weight_times_the_slope(
    estimator, group_size, logits, is_right
):
    logits = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    update = enumerated_update(logits, is_right, group_size, estimator)
    slope, rate = slope_and_rate(logits, is_right)
    weight = group_weights(rate, group_size=group_size, estimator=estimator)
    assert update.tolist() == pytest.approx((weight * slope).tolist(), rel=1e-11, abs=1e-15)


@everywhere
@pytest.mark.parametrize(("fp", "fn"), [(0.1, 0.0), (0.0, 0.3), (0.2, 0.25), (0.7, 0.9)])
def test_an_erring_verifier_by_enumeration(estimator, fp, fn):
    logits = torch.tensor([0.3, -0.9, 0.5], dtype=torch.float64, requires_grad=True)
    is_right = [True, False, False]
    update = enumerated_update(logits, is_right, 3, estimator, flips=(fp, fn))
    slope, rate = slope_and_rate(logits, is_right)
    weight = noisy_group_weights(
        rate, group_size=3, estimator=estimator, false_positive_rate=fp, false_negative_rate=fn
    )
    assert update.tolist() == pytest.approx((weight * slope).tolist(), rel=1e-11, abs=1e-15)


@pytest.mark.parametrize(
    ("estimator", "weights"),
    [
        ("reward", (1, 1, 1)),
        ("leave_one_out", (1, 1, 1)),
        ("group_mean", (0.875, 0.875, 0.875)),
        ("sample_std", (2.41, 1.74, 2.41)),
        ("sample_std_plus", (2.41, 1.74, 2.41)),
        ("population_std", (2.57, 1.86, 2.57)),
        ("mean", (6.59, 1.98, 1.02)),
    ],
)
def test_groups_of_eight_at_three_pass_rates(estimator, weights):
    computed = group_weights([0.02, 0.5, 0.98], group_size=8, estimator=estimator)
    assert computed == pytest.approx(weights, abs=5e-3)


@pytest.mark.parametrize("group_size", [2, 7, 64])
def test_closed_forms(group_size):
    weights = {e: group_weights(GRID, group_size=group_size, estimator=e) for e in ADVANTAGES}
    assert weights["reward"] == pytest.approx(np.ones(41))
    assert weights["leave_one_out"] == pytest.approx(np.ones(41))
    assert weights["group_mean"] == pytest.approx(np.full(41, 1 - 1 / group_size))
    ratio = math.sqrt(group_size / (group_size - 1))
    assert weights["population_std"] == pytest.approx(ratio * weights["sample_std"])
    # (1 - (1 - p)^(G - 1)) / p, a geometric series
    series = sum((1 - GRID) ** j for j in range(group_size - 1))
    assert weights["mean"] == pytest.approx(series)


@everywhere
def test_mean_advantages_of_a_right_and_of_a_wrong_reply_by_enumeration(estimator):
    p, size = 0.3, 4
    sums = {0: 0.0, 1: 0.0}
    for rewards in itertools.product((0, 1), repeat=size):
        others = math.prod(p if right else 1 - p for right in rewards[1:])
        sums[rewards[0]] += others * hand_advantages(rewards, estimator)[0]
    right, wrong = mean_advantages([p], group_size=size, estimator=estimator)
    assert right[0] == pytest.approx(sums[1])
    assert wrong[0] == pytest.approx(sums[0])


def test_in_groups_of_two_or_three_the_std_is_a_mere_factor():
    # All mixed groups have one std: sqrt(1/2) of (0, 1), sqrt(1/3) of (0, 0, 1) and
    # of (0, 1, 1).
    for group_size in (2, 3):
        weights = group_weights(GRID, group_size=group_size, estimator="sample_std")
        factor = (1 - 1 / group_size) * math.sqrt(group_size)
        assert weights == pytest.approx(np.full(41, factor))


@pytest.mark.parametrize("group_size", [4, 8, 64])
def test_dividing_by_the_std_is_symmetric_and_largest_at_the_ends(group_size):
    weights = group_weights(GRID, group_size=group_size, estimator="sample_std")
    assert weights == pytest.approx(weights[::-1])
    assert weights.argmin() == 20  # p = 1/2
    # A lone success: (G - 1) / sqrt(G), against 0; at p = 0 no other group has any.
    top = (1 - 1 / group_size) * math.sqrt(group_size)
    assert weights[[0, -1]] == pytest.approx(top)
    assert (weights[1:-1] < top).all()
    population = group_weights(GRID, group_size=group_size, estimator="population_std")
    assert population[[0, -1]] == pytest.approx(math.sqrt(group_size - 1))


def test_the_small_number_in_the_denominator_only_shrinks_the_weight():
    plain = group_weights(GRID, group_size=8, estimator="sample_std")
    plus = group_weights(GRID, group_size=8, estimator="sample_std_plus")
    # The largest std of eight is sqrt(2/7), the smallest of a mixed group sqrt(1/8).
    shrunk = 1 - plus / plain
    assert (shrunk > 1e-4 / (math.sqrt(2 / 7) + 1e-4) - 1e-12).all()
    assert (shrunk < 1e-4 / (math.sqrt(1 / 8) + 1e-4) + 1e-12).all()


@everywhere
def test_large_groups_reach_the_limit(estimator):
    inside = np.array([0.1, 0.5, 0.9])
    limits = limit_weights(inside, estimator=estimator)
    errors = []
    for group_size in (500, 2000):
        weights = group_weights(inside, group_size=group_size, estimator=estimator)
        errors.append(np.abs(weights - limits).max())
        assert errors[-1] < 5 / group_size * limits.max()
    assert errors[1] < errors[0] / 3 or errors[1] < 1e-11


def test_limits_by_hand():
    for estimator in ("sample_std", "population_std"):
        limits = limit_weights([0.5, 0.1, 0.01], estimator=estimator)
        assert limits == pytest.approx([2, 10 / 3, 10.05], abs=1e-3)
    assert limit_weights([0.5, 0.01], estimator="mean") == pytest.approx([2, 100])
    assert limit_weights([0.0], estimator="sample_std_plus") == pytest.approx([1e4])
    assert limit_weights([0.0, 1.0], estimator="sample_std").tolist() == [math.inf] * 2
    assert limit_weights([0.0, 1.0], estimator="mean").tolist() == [math.inf, 1]


@everywhere
@pytest.mark.parametrize("group_size", [2, 8, 33])
def test_the_weight_is_the_slope_of_the_objective(estimator, group_size):
    # Gauss-Legendre with 20 nodes is exact for polynomials of degree below 40.
    nodes, shares = np.polynomial.legendre.leggauss(20)
    for upper in (0.1, 0.6, 1.0):
        weights = group_weights(upper * (nodes + 1) / 2, group_size=group_size, estimator=estimator)
        objective = group_objectives(upper, group_size=group_size, estimator=estimator)
        assert objective == pytest.approx(upper / 2 * shares @ weights, rel=1e-11)
    assert group_objectives(0.0, group_size=group_size, estimator=estimator) == 0


def test_objectives_in_closed_form():
    for estimator, factor in zip(EVEN, (1, 1, 7 / 8), strict=True):
        objective = group_objectives(GRID, group_size=8, estimator=estimator)
        assert objective == pytest.approx(factor * GRID, abs=1e-14)
    harmonic = sum(pass_at_k(GRID, k=j) / j for j in range(1, 8))
    assert group_objectives(GRID, group_size=8, estimator="mean") == pytest.approx(harmonic)


def test_objectives_of_large_groups_are_the_arcsine_and_the_logarithm():
    inside = np.array([0.2, 0.5, 0.8])

    def rise(estimator):
        return group_objectives(inside, group_size=1000, estimator=estimator)

    arcsine = 2 * np.arcsin(np.sqrt(inside))
    # Near 0 and 1 the weight stays below sqrt(G): a root is missing there.
    assert rise("sample_std") == pytest.approx(arcsine, abs=0.05)
    assert np.diff(rise("sample_std")) == pytest.approx(np.diff(arcsine), abs=3e-3)
    assert np.diff(rise("mean")) == pytest.approx(np.diff(np.log(inside)), abs=1e-10)


@everywhere
def test_moments_of_two_answers_by_enumeration(estimator):
    p, size = 0.3, 4
    total, squares = 0.0, 0.0
    for rewards in itertools.product((0, 1), repeat=size):
        advantages = hand_advantages(rewards, estimator)
        chance = math.prod(p if right else 1 - p for right in rewards)
        scores = [1 - p if right else -p for right in rewards]
        update = sum(a * s for a, s in zip(advantages, scores, strict=True)) / size
        total += chance * update
        squares += chance * update**2
    mean, variance = two_answer_moments([p, 0.0, 1.0], group_size=size, estimator=estimator)
    assert mean[0] == pytest.approx(total)
    assert variance[0] == pytest.approx(squares - total**2)
    assert mean[1:].tolist() == variance[1:].tolist() == [0, 0]


def test_the_mean_of_two_answers_is_the_weight_times_the_slope():
    for estimator in ADVANTAGES:
        mean, _ = two_answer_moments(GRID, group_size=8, estimator=estimator)
        weight = group_weights(GRID, group_size=8, estimator=estimator)
        assert mean == pytest.approx(weight * GRID * (1 - GRID), abs=1e-15)


def test_without_a_baseline_the_variance_grows_with_the_pass_rate():
    # One group is G independent replies: G times less than p (1 - p)^2 - (p (1 - p))^2.
    _, variance = two_answer_moments(GRID, group_size=8, estimator="reward")
    assert variance == pytest.approx(GRID * (1 - GRID) ** 3 / 8, abs=1e-16)
    _, left_out = two_answer_moments([0.9], group_size=8, estimator="leave_one_out")
    _, centered = two_answer_moments([0.9], group_size=8, estimator="group_mean")
    assert centered == pytest.approx((7 / 8) ** 2 * left_out)


@everywhere
def test_weights_are_vectorized_and_never_negative(estimator):
    grid = GRID[:40].reshape(4, 10)
    weights = group_weights(grid, group_size=5, estimator=estimator)
    assert weights.shape == (4, 10)
    assert (weights > 0).all()
    assert group_weights(0.3, group_size=5, estimator=estimator).shape == ()
    alone = [group_weights(p, group_size=5, estimator=estimator) for p in grid.flat]
    assert weights.ravel() == pytest.approx(alone)


def test_a_verifier_that_guesses_teaches_nothing_and_a_worse_one_the_opposite():
    def weight(rate):
        return noisy_group_weights(
            [0.2, 0.7],
            group_size=8,
            estimator="leave_one_out",
            false_positive_rate=rate,
            false_negative_rate=rate,
        )

    assert weight(0.0) == pytest.approx([1, 1])
    assert weight(0.5) == pytest.approx([0, 0])
    assert weight(0.75) == pytest.approx([-0.5, -0.5])


@pytest.mark.parametrize(
    "function", [group_weights, mean_advantages, group_objectives, two_answer_moments]
)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pass_rates": [0.5, 1.5]}, r"pass_rates must lie in \[0, 1\], got 1\.5"),
        ({"pass_rates": [math.nan]}, r"pass_rates must lie in \[0, 1\], got nan"),
        ({"pass_rates": "half"}, "pass_rates must be a rectangular array of numbers"),
        ({"group_size": 1}, "group_size must be at least 2, got 1"),
        ({"group_size": 0}, "group_size must be a positive integer, got 0"),
        ({"group_size": 8.0}, r"group_size must be a positive integer, got 8\.0"),
        ({"estimator": "grpo"}, "estimator must be one of .*'sample_std'.* got 'grpo'"),
        ({"estimator": ["mean"]}, r"estimator must be one of .* got \['mean'\]"),
    ],
)
def test_bad_input_names_the_argument(function, change, message):
    arguments = {"pass_rates": [0.5], "group_size": 8, "estimator": "mean", **change}
    with pytest.raises(ValueError, match=message):
        function(**arguments)


def test_bad_input_of_the_others():
    with pytest.raises(ValueError, match=r"pass_rates must lie in \[0, 1\], got -0\.5"):
        limit_weights([-0.5], estimator="mean")
    with pytest.raises(ValueError, match=r"estimator must be one of .* got 'median'"):
        limit_weights([0.5], estimator="median")
    rates = {"false_positive_rate": 0.1, "false_negative_rate": 1.2}
    with pytest.raises(ValueError, match=r"false_negative_rate must lie in \[0, 1\], got 1\.2"):
        noisy_group_weights([0.5], group_size=8, estimator="mean", **rates)


# Rewards that are missing.


@pytest.mark.parametrize("rule", ADVANTAGES)
def test_a_missing_reward_leaves_the_others_as_if_it_had_not_been_drawn(rule):
    rewards = torch.tensor([[1.0, torch.nan, 0.0, 0.5, torch.inf], [0.0, 1.0, 1.0, 0.0, 0.25]])
    mask = rewards.isfinite()
    advantages = ADVANTAGES[rule](rewards, mask=mask)
    assert not advantages[~mask].any()
    for row, given, kept in zip(advantages, rewards, mask, strict=True):
        compact = ADVANTAGES[rule](given[kept][None])[0]
        assert torch.allclose(row[kept], compact, atol=1e-6)


@pytest.mark.parametrize("rule", [rule for rule in ADVANTAGES if rule != "reward"])
@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_rewards_compare_nothing(rule, number):
    mask = torch.arange(4)[None] < number
    rewards = torch.full((1, 4), torch.nan).masked_fill(mask, 1.0)
    assert ADVANTAGES[rule](rewards, mask=mask).tolist() == [[0.0] * 4]


@pytest.mark.parametrize("rule", ["sample_std", "population_std", "mean"])
@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_what_divides_by_the_spread_or_the_mean_has_no_unit(rule, size):
    rewards = torch.tensor([[3.0, 0.0, 1.0], [0.0, 0.0, 2.0]])
    pair = ADVANTAGES[rule](rewards), ADVANTAGES[rule](size * rewards)
    assert torch.allclose(*pair, rtol=1e-5)


@pytest.mark.parametrize("rule", ADVANTAGES)
@pytest.mark.parametrize(
    ("rewards", "mask", "message"),
    [
        (torch.ones(3), None, r"rewards must have shape \[P, G\]"),
        (torch.ones(2, 1), None, r"rewards must have shape \[P, G\]"),
        ([[1.0, 0.0]], None, "rewards must be a torch tensor, got list"),
        (torch.ones(1, 2, dtype=torch.int64), None, "rewards must be floating-point numbers"),
        (torch.tensor([[1.0, torch.nan]]), None, "rewards must be finite, got nan"),
        (torch.tensor([[3e38, 3e38, -3e38]]), None, "rewards must not overflow"),
        (torch.ones(1, 2), torch.ones(1, 2), "mask must be a bool tensor"),
        (torch.ones(1, 2), torch.ones(1, 3, dtype=torch.bool), "common shape"),
    ],
)
def test_every_rule_names_what_is_no_group_of_rewards(rule, rewards, mask, message):
    with pytest.raises(ValueError, match=message):
        ADVANTAGES[rule](rewards, mask=mask)


@pytest.mark.parametrize("rule", ADVANTAGES)
def test_every_rule_computes_half_precision_in_float32(rule):
    assert ADVANTAGES[rule](torch.tensor([[1.0, 0.0, 1.0]]).half()).dtype == torch.float32


def test_a_sum_that_overflows_is_no_mean():
    with pytest.raises(ValueError, match="rewards must not overflow in the result"):
        ADVANTAGES["mean"](torch.tensor([[3e38, 3e38, 2e38]]))


def test_a_mean_below_zero_is_not_divided_by():
    assert not ADVANTAGES["mean"](torch.tensor([[-1.0, -2.0, 0.0]])).any()


@pytest.mark.parametrize("rule", ADVANTAGES)
def test_the_mean_size_of_an_advantage_by_enumeration(rule):
    rewards = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)), dtype=torch.float64)
    sizes = ADVANTAGES[rule](rewards).abs().mean(dim=1).numpy()
    for p in (0.0, 0.1, 0.6, 1.0):
        chances = np.where(rewards.numpy() == 1, p, 1 - p).prod(axis=1)
        given = mean_advantage_sizes(p, group_size=4, estimator=rule)
        assert given == pytest.approx(chances @ sizes, abs=1e-12)
