"""The frontier and best of n: against the Gibbs optimum, enumeration and simulation."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.frontier import (
    RewardMasses,
    best_of_n_log_probs,
    best_reward_at,
    frontier,
    reward_masses,
)
from rlnotes.exact.language import expected_reward, gibbs_optimum, log_partition
from rlnotes.functional.kl import kl_divergence

BETAS = torch.tensor([0.05, 0.3, 1.0, 4.0, 100.0], dtype=torch.float64)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def world() -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities and a few distinct rewards of 40 replies to three prompts."""
    logits = 2 * torch.randn(3, 40, generator=seeded(), dtype=torch.float64)
    rewards = torch.randint(-3, 4, (3, 40), generator=seeded(1)).double() / 2
    rewards[2].clamp_(max=0.5)  # this prompt never reaches the highest reward
    return torch.log_softmax(logits, dim=-1), rewards


def test_reward_masses_against_sums_in_a_loop(world):
    ref, rewards = world
    masses = reward_masses(ref, rewards)
    assert masses.rewards.tolist() == [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]
    for prompt, value in itertools.product(range(3), range(7)):
        of_this = rewards[prompt] == masses.rewards[value]
        expected = sum(ref[prompt].exp()[of_this].tolist())
        assert masses.log_masses[prompt, value].exp().item() == pytest.approx(expected)
    assert masses.log_masses[2, 5:].tolist() == [-math.inf, -math.inf]


def test_a_point_of_the_frontier_is_the_gibbs_optimum(world):
    ref, rewards = world
    reached, kls = frontier(reward_masses(ref, rewards), BETAS)
    for beta, reward, kl in zip(BETAS.tolist(), reached, kls, strict=True):
        best = gibbs_optimum(ref, rewards, beta=beta)
        assert_close(reward, expected_reward(best, rewards).mean())
        assert_close(kl, kl_divergence(best, ref).mean())


def test_the_slope_of_the_optimal_value_in_beta_is_minus_the_kl(world):
    # The envelope theorem: d/d beta of max (E r - beta KL) = beta log Z.
    ref, rewards = world
    _, kls = frontier(reward_masses(ref, rewards), BETAS)
    for beta, kl in zip(BETAS.tolist(), kls.tolist(), strict=True):
        step = 1e-5 * beta
        above, below = (
            price * log_partition(ref, rewards, beta=price).mean().item()
            for price in (beta + step, beta - step)
        )
        assert (above - below) / (2 * step) == pytest.approx(-kl, rel=1e-4, abs=1e-9)


def test_a_cheaper_divergence_buys_more_reward(world):
    reached, kls = frontier(reward_masses(*world), BETAS)
    assert (reached.diff() < 0).all()
    assert (kls.diff() < 0).all()


def rivals(ref, rewards):
    """Policies of many kinds: mixtures, tilts by something else, noise, greedy ones."""
    best = gibbs_optimum(ref, rewards, beta=0.3)
    other = torch.log_softmax(torch.randn(ref.shape, generator=seeded(5)).double(), dim=-1)
    for share in (0.1, 0.5, 0.9):
        yield ((1 - share) * ref.exp() + share * best.exp()).log()
        yield ((1 - share) * best.exp() + share * other.exp()).log()
    for seed, scale in itertools.product(range(20), (0.1, 1.0, 3.0)):
        noise = scale * torch.randn(ref.shape, generator=seeded(seed)).double()
        yield torch.log_softmax(ref + noise, dim=-1)
        yield torch.log_softmax(best + noise / 10, dim=-1)
    for n in (2, 4, 30):
        yield best_of_n_log_probs(ref, rewards, n)
    # One price per prompt in place of one for all.
    own = [gibbs_optimum(ref[p], rewards[p], beta=0.2 + p) for p in range(3)]
    yield torch.stack(own)


def test_no_policy_of_the_same_kl_has_more_reward_than_the_frontier(world):
    ref, rewards = world
    masses = reward_masses(ref, rewards)
    gaps = []
    for policy in rivals(ref, rewards):
        kl = kl_divergence(policy, ref).mean().item()
        gaps.append(best_reward_at(masses, kl) - expected_reward(policy, rewards).mean().item())
    assert len(gaps) > 100
    assert min(gaps) > -1e-7
    assert sorted(gaps)[len(gaps) // 2] > 0.01  # the bound is no empty one


def test_the_reward_at_a_kl_lies_on_the_frontier(world):
    masses = reward_masses(*world)
    for reward, kl in zip(*frontier(masses, BETAS), strict=True):
        assert best_reward_at(masses, kl.item()) == pytest.approx(reward.item(), abs=1e-6)


def test_the_ends_of_the_frontier(world):
    ref, rewards = world
    masses = reward_masses(ref, rewards)
    start = (ref.exp() * rewards).sum(dim=1).mean().item()
    assert best_reward_at(masses, 0.0) == pytest.approx(start, abs=1e-4)
    highest = rewards.max(dim=1).values.mean().item()
    assert best_reward_at(masses, 1e9) == pytest.approx(highest, abs=1e-9)


@pytest.mark.parametrize("beta", [1e-3, 1e-9, 1e-300])
def test_a_tiny_price_leaves_only_the_best_replies(world, beta):
    ref, rewards = world
    (reward,), (kl,) = frontier(reward_masses(ref, rewards), [beta])
    best = rewards == rewards.max(dim=1, keepdim=True).values
    missing = torch.stack([-ref[p][best[p]].exp().sum().log() for p in range(3)])
    assert reward.item() == rewards.max(dim=1).values.mean().item()
    assert kl.item() == pytest.approx(missing.mean().item(), rel=1e-12)


def test_equal_rewards_leave_nothing_to_gain():
    ref = torch.tensor([[0.5, 0.5]]).double().log()
    masses = reward_masses(ref, torch.full((1, 2), 3.0).double())
    (reward,), (kl,) = frontier(masses, [0.1])
    assert (reward.item(), kl.item()) == (3.0, 0.0)
    assert best_reward_at(masses, 0.5) == 3.0


def test_what_the_reference_never_says_is_out_of_reach():
    ref = torch.tensor([[0.75, 0.25, 0.0]]).double().log()
    masses = reward_masses(ref, torch.tensor([[0.0, 1.0, 9.0]]).double())
    reached, kls = frontier(masses, [0.01, 1.0])
    assert reached[0].item() == pytest.approx(1.0)
    assert kls[0].item() == pytest.approx(math.log(4))
    e = math.e  # weights .75 and .25 e
    assert reached[1].item() == pytest.approx(0.25 * e / (0.75 + 0.25 * e))
    (reward,), (kl,) = frontier(masses, [1e-320])  # 8 / beta is no number any more
    assert reward.item() == 1.0
    assert kl.item() == pytest.approx(math.log(4))


def test_betas_may_come_in_any_form(world):
    masses = reward_masses(*world)
    expected = frontier(masses, torch.tensor([1.0, 2.0]))
    for betas in ([1, 2], (1.0, 2.0), np.array([1.0, 2.0]), torch.tensor([1, 2])):
        assert_close(frontier(masses, betas), expected)


FIVE = torch.tensor([[0.1, 0.3, 0.2, 0.25, 0.15], [0.3, 0.0, 0.5, 0.1, 0.1]]).double()
SCORES = torch.tensor([[2.0, 0.0, 2.0, 1.0, 0.0], [-1.0, 5.0, 0.0, 5.0, -1.0]]).double()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_best_of_n_against_every_possible_draw(n):
    # A tie is won by the first of the highest: each of them equally often is the same.
    expected = torch.zeros_like(FIVE)
    for prompt in range(2):
        for draw in itertools.product(range(5), repeat=n):
            chance = math.prod(FIVE[prompt, y].item() for y in draw)
            winner = max(draw, key=lambda y: SCORES[prompt, y].item())
            expected[prompt, winner] += chance
    actual = best_of_n_log_probs(FIVE.log(), SCORES, n)
    assert_close(actual.exp(), expected)
    assert actual[1, 1].item() == -math.inf


def test_best_of_one_is_the_reference(world):
    assert_close(best_of_n_log_probs(*world, 1), world[0])


def test_best_of_n_against_simulation(world):
    ref, rewards = world
    draws = torch.multinomial(ref[0].exp(), 20_000 * 8, replacement=True, generator=seeded(2))
    draws = draws.view(20_000, 8)
    winners = draws.gather(1, rewards[0][draws].argmax(dim=1, keepdim=True)).flatten()
    counts = winners.bincount(minlength=40).double()
    probs = best_of_n_log_probs(ref, rewards, 8)[0].exp()
    spread = (20_000 * probs * (1 - probs)).sqrt() + 1
    assert ((counts - 20_000 * probs).abs() < 5 * spread).all()


@pytest.mark.parametrize("n", [2, 16, 1024])
def test_the_kl_of_best_of_n_stays_below_its_bound(world, n):
    ref, rewards = world
    bound = math.log(n) - (n - 1) / n
    assert (kl_divergence(best_of_n_log_probs(ref, rewards, n), ref) < bound).all()
    # Without ties and with no reply of much weight, it comes close to the bound.
    many = torch.full((1, 100_000), -math.log(100_000), dtype=torch.float64)
    scores = torch.arange(100_000.0, dtype=torch.float64)[None]
    kl = kl_divergence(best_of_n_log_probs(many, scores, n), many).item()
    assert kl == pytest.approx(bound, rel=0.01)
    assert kl < bound


@pytest.mark.parametrize("n", [16_384, 10**9])
def test_an_extreme_n_takes_the_best_and_stays_a_distribution(world, n):
    ref, rewards = world
    log_probs = best_of_n_log_probs(ref, rewards, n)
    assert not log_probs.isnan().any()
    assert_close(log_probs.exp().sum(dim=1), torch.ones(3).double())
    assert expected_reward(log_probs, rewards).mean() > rewards.max(dim=1).values.mean() - 1e-3


def test_a_rare_best_reply_wins_in_proportion_to_n():
    # Mass 1e-18 at the top: n times that, which 1 - (1 - 1e-18)^n would round to 0.
    ref = torch.tensor([[0.0, math.log(1e-18)]], dtype=torch.float64)
    log_probs = best_of_n_log_probs(ref, torch.tensor([[0.0, 1.0]]).double(), 1000)
    assert log_probs[0, 1].item() == pytest.approx(math.log(1e-15), abs=1e-9)


def test_what_is_too_rare_for_its_precision_never_wins():
    # exp(-800) is 0 in float64, as a reply of the reference and as the best of many.
    ref = torch.tensor([[0.0, -800.0], [-800.0, 0.0]], dtype=torch.float64)
    scores = torch.tensor([[0.0, 1.0], [0.0, 1.0]]).double()
    log_probs = best_of_n_log_probs(ref, scores, 100)
    assert log_probs.tolist() == [[0.0, -math.inf], [-math.inf, 0.0]]


REF = FIVE.log()
MASSES = reward_masses(REF, SCORES)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reward_masses(REF, SCORES[:1]), "common shape"),
        (lambda: reward_masses(REF[0], SCORES[0]), r"must have shape \[P, N\], got \(5,\)"),
        (lambda: reward_masses(REF, SCORES / 0), "rewards must be finite, got"),
        (lambda: reward_masses(REF - 1, SCORES), "ref_log_probs must be those of all completions"),
        (lambda: frontier(MASSES, [1.0, 0.0]), r"betas must be a row of positive, .*\[1.0, 0.0\]"),
        (lambda: frontier(MASSES, torch.tensor([-1.0])), r"betas must be .* got \[-1.0\]"),
        (lambda: frontier(MASSES, np.array([np.inf])), r"betas must be .* got \[inf\]"),
        (lambda: frontier(MASSES, [math.nan]), r"betas must be .* got \[nan\]"),
        (lambda: frontier(MASSES, 1.0), "betas must be a row of positive, finite .* got 1.0"),
        (lambda: frontier(MASSES, "many"), "betas must be a rectangular array of numbers, got 'm"),
        (lambda: best_reward_at(MASSES, -0.1), "kl must be finite and not negative, got -0.1"),
        (lambda: best_reward_at(MASSES, math.inf), "kl must be finite and not negative, got inf"),
        (lambda: best_of_n_log_probs(REF, SCORES, 0), "n must be a positive integer, got 0"),
        (lambda: best_of_n_log_probs(REF, SCORES, 1.5), "n must be a positive integer, got 1.5"),
        (lambda: best_of_n_log_probs(REF, SCORES[:, :4], 2), "common shape"),
        (lambda: best_of_n_log_probs(REF, SCORES * math.nan, 2), "scores must be finite, got nan"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_masses_may_be_written_down_directly():
    # Half on 0 and half on 1: at beta 1 the odds are e.
    masses = RewardMasses(torch.tensor([0.0, 1.0]), torch.tensor([[0.5, 0.5]]).log())
    (reward,), (kl,) = frontier(masses, [1.0])
    probability = math.e / (1 + math.e)
    assert reward.item() == pytest.approx(probability)
    assert kl.item() == pytest.approx(probability - math.log((1 + math.e) / 2), abs=1e-6)


@pytest.mark.parametrize("n", [1e4, 3e38])
def test_the_largest_rewards_of_float32_give_no_nan(n):
    masses = reward_masses(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[-n, n]]))
    (reward,), (kl,) = frontier(masses, [1e-3])
    assert (reward.item(), kl.item()) == (pytest.approx(n), pytest.approx(math.log(2)))


def test_a_wider_dtype_of_the_rewards_is_kept():
    masses = reward_masses(torch.zeros(1, 1), torch.tensor([[1e200]], dtype=torch.float64))
    assert masses.rewards.tolist() == [1e200]


def test_no_distance_buys_no_reward_in_float32():
    generator = seeded()
    ref = torch.log_softmax(torch.randn(6, 500, generator=generator), dim=-1)
    rewards = torch.randn(6, 500, generator=generator)
    masses, mean = reward_masses(ref, rewards), (ref.double().exp() * rewards).sum(-1).mean()
    assert best_reward_at(masses, 0) == pytest.approx(mean.item(), abs=2e-5)
    best = rewards.amax(dim=-1).double().mean().item()
    assert best_reward_at(masses, 100.0) <= best + 1e-9


@pytest.mark.parametrize("kl", ["a", None, [0.1], 10**400])
def test_a_distance_that_is_no_number_is_refused(kl):
    with pytest.raises(ValueError, match="kl must be finite and not negative, got"):
        best_reward_at(MASSES, kl)


@pytest.mark.parametrize("bad", [[[0.0]], np.zeros((1, 1))])
def test_what_is_no_tensor_is_refused(bad):
    for name, pair in (("ref_log_probs", (bad, SCORES)), ("rewards", (REF, bad))):
        with pytest.raises(ValueError, match=f"{name} must be a torch tensor, got"):
            reward_masses(*pair)
    with pytest.raises(ValueError, match="scores must be a torch tensor, got"):
        best_of_n_log_probs(REF, bad, 2)
    with pytest.raises(ValueError, match="ref_log_probs must hold at least one number"):
        reward_masses(torch.zeros(1, 0), torch.zeros(1, 0))
