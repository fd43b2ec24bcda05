"""DPO with endless data: against sums by hand, draws, descent, and the closed forms."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.language import gibbs_optimum
from rlnotes.exact.population_dpo import (
    best_margins,
    distinct_log_ratios,
    mean_log_ratios,
    population_dpo_loss,
)
from rlnotes.functional.kl import kl_divergence
from rlnotes.functional.preference_variants import LOSSES, conservative_dpo_loss, robust_dpo_loss
from rlnotes.functional.preferences import dpo_loss

REF, REWARDS = (0.5, 0.3, 0.2), (1.0, 0.0, 2.0)
NAN, INF = math.nan, math.inf


def doubles(*numbers) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


@pytest.fixture
def world():
    """Three answers: a policy, the reference, and rewards."""
    return doubles(0.2, 0.2, 0.6).log(), doubles(*REF).log(), doubles(*REWARDS)


@pytest.fixture
def many():
    """Seven answers, some of equal reward; none of the tables is even."""
    tables = torch.randn(2, 7, generator=torch.Generator().manual_seed(0)).double()
    own, ref = torch.log_softmax(1.5 * tables, dim=-1)
    return own, ref, doubles(1, -0.5, 2, 2, 0, 1, 3)


# population_dpo_loss


def by_hand(policy, beta, flip_rate):
    """Unordered pairs of three answers, both labels, in plain numbers."""
    total = mass = 0.0
    for i, j in itertools.combinations(range(3), 2):
        weight = REF[i] * REF[j]
        label = sigmoid(REWARDS[i] - REWARDS[j])
        label = label * (1 - flip_rate) + (1 - label) * flip_rate
        margin = beta * (math.log(policy[i] / REF[i]) - math.log(policy[j] / REF[j]))
        total -= weight * label * math.log(sigmoid(margin))
        total -= weight * (1 - label) * math.log(sigmoid(-margin))
        mass += weight
    return total / mass


@pytest.mark.parametrize("flip_rate", [0.0, 0.3])
@pytest.mark.parametrize("beta", [0.1, 1.0, 4.0])
def test_the_three_pairs_of_three_answers(world, beta, flip_rate):
    loss = population_dpo_loss(*world, beta=beta, flip_rate=flip_rate)
    assert loss.dtype == torch.float64
    assert loss.item() == pytest.approx(by_hand((0.2, 0.2, 0.6), beta, flip_rate), rel=1e-12)


def drawn_pairs(num):
    """Pairs by the recipe: two draws, again while equal, then a label."""
    generator = torch.Generator().manual_seed(1)
    pairs = torch.multinomial(doubles(*REF).expand(num, 3), 2, True, generator=generator)
    while (equal := pairs[:, 0] == pairs[:, 1]).any():
        again = doubles(*REF).expand(int(equal.sum()), 3)
        pairs[equal] = torch.multinomial(again, 2, True, generator=generator)
    rewards = doubles(*REWARDS)[pairs]
    chance = torch.rand(num, generator=generator).double()
    first = chance < torch.sigmoid(rewards[:, 0] - rewards[:, 1])
    return torch.where(first[:, None], pairs, pairs.flip(1)).unbind(dim=1)


def test_it_is_what_many_drawn_pairs_lose_on_average(world):
    num = 200_000
    chosen, rejected = drawn_pairs(num)
    own, ref, _ = world
    margins = 0.5 * ((own - ref)[chosen] - (own - ref)[rejected])
    losses = -torch.nn.functional.logsigmoid(margins)
    spread = (losses.std() / num**0.5).item()
    mean = dpo_loss(own[chosen], own[rejected], ref[chosen], ref[rejected], beta=0.5).item()
    assert mean == pytest.approx(population_dpo_loss(*world, beta=0.5).item(), abs=4 * spread)
    ratios = distinct_log_ratios(*world)
    for picked, exact in zip((chosen, rejected), ratios, strict=True):
        drawn = (own - ref)[picked]
        assert drawn.mean().item() == pytest.approx(
            exact.item(), abs=4 * (drawn.std() / num**0.5).item()
        )


def test_the_reference_has_the_loss_log_2(many):
    _, ref, rewards = many
    for beta in (0.01, 1.0, 30.0):
        loss = population_dpo_loss(ref, ref, rewards, beta=beta).item()
        assert loss == pytest.approx(math.log(2), abs=1e-14)


@pytest.mark.parametrize("beta", [0.2, 1.0, 5.0])
def test_the_best_policy_is_that_of_rlhf_and_what_is_left_is_the_entropy_of_labels(world, beta):
    _, ref, rewards = world
    best = gibbs_optimum(ref, rewards, beta=beta).requires_grad_()
    loss = population_dpo_loss(best, ref, rewards, beta=beta)
    loss.backward()
    assert best.grad.abs().max().item() < 1e-15 * max(1, beta)
    entropy = mass = 0.0
    for i, j in itertools.combinations(range(3), 2):
        p = sigmoid(REWARDS[i] - REWARDS[j])
        entropy -= REF[i] * REF[j] * (p * math.log(p) + (1 - p) * math.log(1 - p))
        mass += REF[i] * REF[j]
    assert loss.item() == pytest.approx(entropy / mass, rel=1e-12)
    generator = torch.Generator().manual_seed(2)
    for _ in range(20):
        other = torch.log_softmax(best.detach() + torch.randn(3, generator=generator), dim=-1)
        assert population_dpo_loss(other, ref, rewards, beta=beta) > loss


def test_descent_from_the_reference_ends_at_the_best_policy(world):
    _, ref, rewards = world
    logits = ref.clone().requires_grad_()
    for _ in range(400):
        (slope,) = torch.autograd.grad(population_dpo_loss(logits, ref, rewards, beta=0.5), logits)
        logits = (logits - 8 * slope).requires_grad_()
    best = gibbs_optimum(ref, rewards, beta=0.5)
    assert (logits.softmax(dim=-1) - best.exp()).abs().sum().item() / 2 < 1e-6


def test_with_flipped_labels_the_best_policy_is_nearer_to_the_reference(world):
    _, ref, rewards = world
    best = gibbs_optimum(ref, rewards, beta=1.0).requires_grad_()
    population_dpo_loss(best, ref, rewards, beta=1.0, flip_rate=0.1).backward()
    # Down the slope the best answer loses and the worst gains.
    assert best.grad[2] > 0.005
    assert best.grad[1] < -0.005


def test_a_common_constant_changes_nothing(many):
    own, ref, rewards = many
    loss = population_dpo_loss(own, ref, rewards, beta=0.7)
    assert_close(population_dpo_loss(own + 3, ref, rewards - 2, beta=0.7), loss)


def test_gradients_by_finite_differences(many):
    own, ref, rewards = many
    own.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: population_dpo_loss(x, ref, rewards, beta=0.7, flip_rate=0.2), own
    )
    for function in (mean_log_ratios, distinct_log_ratios):
        assert torch.autograd.gradcheck(
            lambda x, f=function: f(x - x.logsumexp(0), ref, rewards), own
        )


def test_an_answer_that_the_reference_never_gives_counts_for_nothing(world):
    own, ref, rewards = world
    more = [
        torch.cat([part, doubles(extra)])
        for part, extra in zip(world, (-INF, -INF, 9), strict=True)
    ]
    odd = [
        torch.cat([part, doubles(extra)])
        for part, extra in zip(world, (-1.0, -INF, 9), strict=True)
    ]
    odd[0] = torch.log_softmax(odd[0], dim=-1)
    for given in (more, odd):
        leaf = given[0].clone().requires_grad_()
        loss = population_dpo_loss(leaf, given[1], given[2], beta=0.3)
        loss.backward()
        assert_close(loss.detach(), population_dpo_loss(own, ref, rewards, beta=0.3))
        assert leaf.grad[3] == 0
        assert leaf.grad.isfinite().all()
    assert_close(mean_log_ratios(*more), mean_log_ratios(*world))
    assert_close(distinct_log_ratios(*more), distinct_log_ratios(*world))


def test_single_precision_is_computed_in_float64(world):
    singles = [part.float() for part in world]
    doubled = [part.double() for part in singles]
    loss = population_dpo_loss(*singles, beta=0.7)
    assert loss.dtype == torch.float64
    assert_close(loss, population_dpo_loss(*doubled, beta=0.7), atol=0, rtol=0)


def test_so_many_answers_are_quick_enough_for_descent():
    generator = torch.Generator().manual_seed(3)
    ref = torch.log_softmax(torch.randn(1500, generator=generator).double(), dim=-1)
    rewards = torch.randn(1500, generator=generator).double()
    best = gibbs_optimum(ref, rewards, beta=0.5).requires_grad_()
    population_dpo_loss(best, ref, rewards, beta=0.5).backward()
    assert best.grad.abs().max().item() < 1e-12


# mean_log_ratios and distinct_log_ratios


def ratios_by_hand(own, ref, rewards, *, keep_equal):
    """Every ordered pair with both labels, in plain numbers."""
    own, ref, rewards = own.tolist(), ref.tolist(), rewards.tolist()
    chosen = rejected = mass = 0.0
    for i, j in itertools.product(range(len(ref)), repeat=2):
        if i == j and not keep_equal:
            continue
        weight = math.exp(ref[i] + ref[j])
        first = sigmoid(rewards[i] - rewards[j])
        one, other = own[i] - ref[i], own[j] - ref[j]
        chosen += weight * (first * one + (1 - first) * other)
        rejected += weight * (first * other + (1 - first) * one)
        mass += weight
    return chosen / mass, rejected / mass


@pytest.mark.parametrize(
    ("function", "keep_equal"), [(mean_log_ratios, True), (distinct_log_ratios, False)]
)
def test_log_ratios_by_every_pair(many, function, keep_equal):
    exact = [part.item() for part in function(*many)]
    assert exact == pytest.approx(ratios_by_hand(*many, keep_equal=keep_equal), rel=1e-12)
    swapped = [row.flip(-1) for row in many]
    batch = function(*(torch.stack(rows) for rows in zip(many, swapped, strict=True)))
    assert batch.chosen.tolist() == pytest.approx([exact[0]] * 2)
    assert batch.rejected.tolist() == pytest.approx([exact[1]] * 2)


def test_the_two_log_ratios_together_are_the_kl_of_the_reference(many):
    own, ref, _ = many
    chosen, rejected = mean_log_ratios(*many)
    kl = kl_divergence(ref, own)
    assert_close((chosen + rejected) / 2, -kl, atol=1e-14, rtol=0)
    assert kl > 0.5


def test_at_the_best_policy_the_chosen_answers_may_have_lost_probability(world):
    _, ref, rewards = world
    signs = []
    for beta in (0.05, 0.5, 5.0):
        best = gibbs_optimum(ref, rewards, beta=beta)
        chosen, rejected = mean_log_ratios(best, ref, rewards)
        signs.append(chosen.item() < 0)
        assert signs[-1] == ((chosen - rejected).item() / 2 < kl_divergence(ref, best).item())
    assert signs == [True, True, False]


def test_where_equal_pairs_are_drawn_again_the_mean_of_both_may_rise():
    # Two answers, 0.9 and 0.1: each is one half of every distinct pair.
    own, ref = doubles(0.5, 0.5).log(), doubles(0.9, 0.1).log()
    chosen, rejected = distinct_log_ratios(own, ref, doubles(0, 0))
    assert chosen.item() == pytest.approx((math.log(0.5 / 0.9) + math.log(0.5 / 0.1)) / 2)
    assert chosen.item() == pytest.approx(rejected.item())
    assert (chosen + rejected).item() > 0 > sum(mean_log_ratios(own, ref, doubles(0, 0))).item()


def test_the_help_desk_of_19608_replies_is_no_trouble():
    generator = torch.Generator().manual_seed(4)
    own, ref = torch.log_softmax(torch.randn(2, 6, 19608, generator=generator).double(), dim=-1)
    rewards = torch.randint(30, (6, 19608), generator=generator) / 4.0
    chosen, rejected = mean_log_ratios(own, ref, rewards)
    assert_close((chosen + rejected) / 2, -kl_divergence(ref, own))


# best_margins


def logit(p):
    return math.log(p / (1 - p))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("flip_rate", [0.0, 0.2])
@pytest.mark.parametrize("p", [0.15, 0.5, 0.8])
def test_a_margin_is_where_the_mean_over_labels_is_least(loss, flip_rate, p):
    label = (1 - flip_rate) * p + flip_rate * (1 - p)
    smooth = 0.9 * label + 0.1 * (1 - label)
    expected = {
        "dpo": logit(label),
        "conservative": logit(smooth),
        "robust": logit((label - 0.1) / 0.8),
        "ipo": label - 0.5,
        "hinge": (label > 0.5) - (label < 0.5),
    }[loss]
    assumed = 0.1 if loss in ("conservative", "robust") else 0.0
    margin = best_margins(doubles(p), loss=loss, flip_rate=flip_rate, assumed_flip_rate=assumed)
    assert margin.item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("loss", "function"),
    [
        ("dpo", dpo_loss),
        (
            "conservative",
            lambda *x, beta: conservative_dpo_loss(*x, beta=beta, label_smoothing=0.1),
        ),
        ("robust", lambda *x, beta: robust_dpo_loss(*x, beta=beta, flip_rate=0.1)),
    ],
)
def test_at_the_margin_the_mean_slope_of_the_loss_is_zero(loss, function):
    assumed = 0.0 if loss == "dpo" else 0.1
    probs, zeros = doubles(0.2, 0.6, 0.85), torch.zeros(3, dtype=torch.float64)
    margins = best_margins(probs, loss=loss, flip_rate=0.05, assumed_flip_rate=assumed)
    margins.requires_grad_()
    slopes = [
        torch.autograd.grad(function(*given, zeros, zeros, beta=1.0), margins)[0]
        for given in ((margins, zeros), (zeros, margins))
    ]
    labels = 0.95 * probs + 0.05 * (1 - probs)
    assert_close(labels * slopes[0] + (1 - labels) * slopes[1], zeros, atol=1e-15, rtol=0)


def test_flips_shrink_margins_smoothing_shrinks_them_again_and_robust_restores_them():
    probs = torch.linspace(0.05, 0.95, 19).double()
    clean = best_margins(probs, loss="dpo")
    plain = best_margins(probs, loss="dpo", flip_rate=0.2)
    smooth = best_margins(probs, loss="conservative", flip_rate=0.2, assumed_flip_rate=0.2)
    robust = best_margins(probs, loss="robust", flip_rate=0.2, assumed_flip_rate=0.2)
    odd = probs != 0.5
    assert (smooth.abs() < plain.abs())[odd].all()
    assert (plain.abs() < clean.abs())[odd].all()
    assert_close(robust, clean, atol=1e-12, rtol=0)


def test_a_label_that_the_assumed_flips_cannot_explain_has_no_finite_robust_margin():
    margins = best_margins(doubles(0.05, 0.5, 0.95), loss="robust", assumed_flip_rate=0.1)
    assert margins.tolist() == [-INF, 0, INF]


# What is refused.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({0: doubles(0.0)}, "arguments must have a common shape"),
        ({1: [0.0]}, "ref_log_probs must be a torch tensor, got list"),
        ({1: doubles(*REF)}, "ref_log_probs must be those of all completions, got a sum"),
        ({0: doubles(-1, -INF, -1)}, r"log_probs must be finite, got -inf at \(1,\)"),
        ({0: doubles(-1, NAN, -1)}, r"log_probs must be finite, got nan at \(1,\)"),
        ({2: doubles(0, 1, INF)}, r"rewards must be finite, got inf at \(2,\)"),
        ({1: doubles(0, -INF, -INF)}, "ref_log_probs must leave a choice of answers"),
        ({0: doubles(-1, -1, -1) * 1j}, "log_probs must be real numbers, got torch.complex128"),
        ({0: doubles(1e308, 0, -1e308)}, "log_probs must not overflow in the result, .* 1e.308"),
        ({"beta": 0.0}, "beta must be positive and finite, got 0.0"),
        ({"beta": NAN}, "beta must be positive and finite, got nan"),
        ({"flip_rate": 0.5}, r"flip_rate must lie in \[0, 0.5\), got 0.5"),
    ],
)
def test_bad_input_of_the_loss(world, change, message):
    given, options = list(world), {"beta": 1.0}
    for name, value in change.items():
        if isinstance(name, int):
            given[name] = value
        else:
            options[name] = value
    with pytest.raises(ValueError, match=message):
        population_dpo_loss(*given, **options)


def test_the_loss_is_that_of_one_prompt(world):
    with pytest.raises(ValueError, match=r"log_probs must have shape \[N\], got \(1, 3\)"):
        population_dpo_loss(*(part[None] for part in world), beta=1.0)


def test_rewards_that_are_learned_do_not_stop_the_gradient(world):
    own, ref, rewards = world
    leaf = own.clone().requires_grad_()
    sum(mean_log_ratios(leaf, ref, rewards.clone().requires_grad_())).backward()
    # The two add up to -2 KL(pi_ref || pi), with the gradient 2 pi_ref.
    assert_close(leaf.grad, 2 * ref.exp())


@pytest.mark.parametrize("function", [mean_log_ratios, distinct_log_ratios])
def test_log_ratios_of_logits_are_refused(world, function):
    own, ref, rewards = world
    with pytest.raises(ValueError, match=r"^log_probs must be those of all completions"):
        function(own + 1, ref, rewards)
    with pytest.raises(ValueError, match=r"^log_probs must be finite, got -inf at \(0,\)"):
        function(doubles(0, 0.5, 0.5).log(), ref, rewards)


def test_a_certain_answer_makes_no_distinct_pair():
    certain = doubles(1, 0).log()
    with pytest.raises(ValueError, match="must leave a choice of answers, got one that is certain"):
        distinct_log_ratios(certain, certain, doubles(0, 1))
    assert [part.item() for part in mean_log_ratios(certain, certain, doubles(0, 1))] == [0, 0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_best_margins_of_half_precision_have_single(dtype):
    margins = best_margins(torch.tensor([0.75], dtype=dtype), loss="conservative")
    assert margins.dtype == torch.float32
    assert margins.item() == pytest.approx(math.log(3), abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probs": [0.5]}, "probs must be a torch tensor, got list"),
        ({"probs": doubles(0.5) * 1j}, "probs must be real numbers, got torch.complex128"),
        ({"probs": doubles(1.5)}, r"probs must lie in \[0, 1\], got 1.5"),
        ({"loss": "kto"}, "loss must be one of .*, got 'kto'"),
        ({"flip_rate": 0.5}, r"flip_rate must lie in \[0, 0.5\), got 0.5"),
        ({"assumed_flip_rate": 0.5}, r"assumed_flip_rate must lie in \[0, 0.5\), got 0.5"),
        ({"assumed_flip_rate": 0.1}, "assumed_flip_rate must be 0 unless loss is .*, got 0.1"),
    ],
)
def test_bad_input_of_best_margins(change, message):
    with pytest.raises(ValueError, match=message):
        best_margins(**{"probs": doubles(0.5), "loss": "dpo", **change})


def test_a_rare_second_answer_is_a_choice_and_every_row_needs_one():
    rare, certain = doubles(0.999, 0.001).log(), doubles(1, 0).log()
    chosen, rejected = distinct_log_ratios(rare, rare, doubles(0, 1))
    assert (chosen.item(), rejected.item()) == (0, 0)
    rows, rewards = torch.stack([rare, certain]), doubles(0, 1).repeat(2, 1)
    with pytest.raises(ValueError, match="must leave a choice of answers, got one that is certain"):
        distinct_log_ratios(rows, rows, rewards)
