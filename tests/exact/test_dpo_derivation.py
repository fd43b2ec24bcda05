"""DPO's derivation: holds on many tables, and each saboteur's gap is known by hand."""

import dataclasses
import fractions
import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.dpo_derivation import (
    FLIP_RATE,
    RUNGS,
    SABOTEURS,
    Table,
    dpo_ladder,
    multipliers,
    objective,
)
from rlnotes.exact.population_dpo import population_dpo_loss

BROKEN = [name for name in SABOTEURS if name != "none"]


def doubles(*numbers) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def table(beta=1.0, reward=2.0) -> Table:
    """The two prompts of the explorer; reward is that of answer C to the first."""
    ref = doubles([0.5, 0.3, 0.2], [0.2, 0.2, 0.6])
    return Table(doubles(0.6, 0.4), ref.log(), doubles([1, 0, reward], [0.2, -0.5, 0.1]), beta)


def random_table(seed, beta) -> Table:
    """Three prompts, four answers."""
    generator = torch.Generator().manual_seed(seed)
    ref, rewards = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    prompts = torch.randn(3, generator=generator, dtype=torch.float64).softmax(dim=0)
    return Table(prompts, ref.log_softmax(dim=1), rewards, beta)


def lit(rungs) -> list[int]:
    assert all(rung.residual < 1e-10 or rung.residual > 1e-4 for rung in rungs)
    return [number + 1 for number, rung in enumerate(rungs) if rung.residual > 1e-4]


@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("seed", range(5))
def test_every_line_holds_on_tables_of_any_kind(seed, beta):
    rungs = dpo_ladder(random_table(seed, beta))
    assert [rung.name for rung in rungs] == list(RUNGS)
    assert lit(rungs) == []


@pytest.mark.parametrize("saboteur", SABOTEURS)
@pytest.mark.parametrize("beta", [0.2, 0.5, 1.5, 10.0])
@pytest.mark.parametrize("reward", [-1.0, 0.0, 2.0, 3.0])
def test_each_saboteur_lights_its_own_line_alone(saboteur, beta, reward):
    expected = [] if saboteur == "none" else [SABOTEURS[saboteur]]
    assert lit(dpo_ladder(table(beta, reward), saboteur=saboteur)) == expected


def test_counting_beta_twice_shows_unless_it_is_one():
    assert lit(dpo_ladder(table(1.0), saboteur="beta counted twice")) == []


def test_every_line_has_its_saboteur():
    assert {line for line in SABOTEURS.values() if line} == set(range(1, len(RUNGS) + 1))


# The two prompts at beta 1: Z = 0.5 e + 0.3 + 0.2 e^2 = 3.13695, and Z of the other.
Z1 = 0.5 * math.e + 0.3 + 0.2 * math.e**2
Z2 = 0.2 * math.exp(0.2) + 0.2 * math.exp(-0.5) + 0.6 * math.exp(0.1)


def test_the_numbers_of_the_first_prompt():
    assert pytest.approx(3.13695, abs=5e-6) == Z1
    world = table()
    assert world.best[0].exp().tolist() == pytest.approx([0.4333, 0.0956, 0.4711], abs=5e-5)
    assert world.log_z.tolist() == pytest.approx([math.log(Z1), math.log(Z2)])
    rungs = dpo_ladder(world)
    # At prompt 1: of line 1 and 5 answer C, of 6 and 7 answers A and C.
    expected = [math.log(Z1) - 1, 1.0, 0.6 * (math.log(Z1) - 1)]
    expected += [0.6 * math.log(Z1) + 0.4 * math.log(Z2), 2.0, -1.0, 1 / (1 + math.e)]
    assert [rung.left for rung in rungs[:7]] == pytest.approx(expected, abs=1e-10)
    assert rungs[5].place == rungs[6].place == "prompt 1, answers A and C"
    assert rungs[4].place == "prompt 1, answer C"
    assert rungs[2].place == "prompt 1"
    assert rungs[3].place == ""
    # Pull up on C: pairs with A and B, 2 w P(C over .) P(. over C); w over 0.62.
    chance = [1 / (1 + math.exp(gap)) for gap in (1, 2)]
    pull = sum(2 * w * p * (1 - p) / 0.62 for w, p in zip((0.1, 0.06), chance, strict=True))
    assert (rungs[7].left, rungs[7].right) == pytest.approx((pull, pull))


def broken(saboteur, world):
    """The failing rung."""
    return dpo_ladder(world, saboteur=saboteur)[SABOTEURS[saboteur] - 1]


def test_without_its_constraint_the_table_sums_to_z_over_e():
    rung = broken("constraint forgotten", table())
    assert (rung.left, rung.right) == pytest.approx((Z2 / math.e, 1.0))
    assert rung.place == "prompt 2"


def test_without_p_of_x_a_multiplier_is_too_large_by_one_over_p():
    rung = broken("p(x) forgotten", table())
    assert rung.right / rung.left == pytest.approx(1 / 0.4)  # worst at the rarer prompt
    assert rung.place == "prompt 2"


def test_one_lambda_is_the_mean_of_the_two():
    one, two = math.log(Z1) - 1, math.log(Z2) - 1
    rung = broken("one lambda for all prompts", table())
    assert (rung.left, rung.right) == pytest.approx((two, 0.6 * one + 0.4 * two), abs=1e-9)


def test_the_kl_the_other_way_round_has_the_slope_of_a_ratio():
    # Of -beta KL(pi_ref || pi): beta pi_ref / pi, largest for B, and B's reward is 0.
    rung = broken("KL the other way round", table())
    assert rung.place == "prompt 1, answer B"
    assert rung.left == pytest.approx(Z1)
    assert rung.right == pytest.approx(0.4333 * 1 + 0.4711 * 2 + 1.0, abs=1e-3)


def test_without_z_the_value_would_be_zero():
    rung = broken("Z dropped from the value", table())
    assert (rung.left, rung.right) == (
        pytest.approx(0.6 * math.log(Z1) + 0.4 * math.log(Z2)),
        0.0,
    )


def test_another_reference_shifts_rewards_by_its_log_ratio():
    # Over an even reference C of prompt 2 stands out most: 0.6 against 1/3.
    rung = broken("another reference in the ratio", table(beta=0.5))
    assert rung.place == "prompt 2, answer C"
    assert rung.right - rung.left == pytest.approx(0.5 * math.log(1.8))


def test_one_constant_misses_that_of_the_rarer_prompt_most():
    rung = broken("one constant for all prompts", table())
    assert rung.place.startswith("prompt 2")
    assert rung.right - rung.left == pytest.approx(0.6 * (math.log(Z1) - math.log(Z2)))


@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_between_prompts_the_difference_of_beta_log_z_is_left(beta):
    world = table(beta)
    rung = broken("answers to different prompts", world)
    gap = beta * (world.log_z[0] - world.log_z[1]).item()
    assert abs(rung.left - rung.right) == pytest.approx(abs(gap))


def test_beta_counted_twice_is_a_preference_at_the_wrong_temperature():
    rung = broken("beta counted twice", table(beta=3.0))
    margin = math.log(rung.left / (1 - rung.left))
    assert math.log(rung.right / (1 - rung.right)) == pytest.approx(3 * margin)


@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_the_pulls_differ_by_the_slope_of_the_population_loss(beta):
    world = table(beta)
    for saboteur, rate in (("none", 0.0), ("labels are flipped", FLIP_RATE)):
        rung = dpo_ladder(world, saboteur=saboteur)[7]
        prompt, answer = int(rung.place[7]) - 1, "ABC".index(rung.place[-1])
        logits = world.best.clone().requires_grad_()
        rows = zip(logits, world.ref_log_probs, world.rewards, strict=True)
        losses = [population_dpo_loss(*row, beta=beta, flip_rate=rate) for row in rows]
        sum(losses).backward()
        slope = logits.grad[prompt, answer].item()
        assert rung.right - rung.left == pytest.approx(slope, abs=1e-12)
        assert (abs(slope) > 1e-3) == (rate > 0)
        assert logits.grad.abs().max().item() == pytest.approx(abs(slope), abs=1e-12)


# objective and multipliers


def test_the_objective_of_a_policy_by_hand():
    probs = doubles([0.25, 0.25, 0.5], [1 / 3, 1 / 3, 1 / 3])
    first = 0.25 + 2 * 0.5 - 0.25 * (math.log(0.5) + math.log(0.25 / 0.3)) - 0.5 * math.log(2.5)
    second = -0.2 / 3 - (2 * math.log(1 / 0.6) + math.log(1 / 1.8)) / 3
    assert objective(table(), probs).item() == pytest.approx(0.6 * first + 0.4 * second)
    reverse = 0.5 * math.log(2) + 0.3 * math.log(0.3 / 0.25) + 0.2 * math.log(0.4)
    other = 0.4 * math.log(0.6) + 0.6 * math.log(1.8)
    value = 0.6 * (1.25 - reverse) + 0.4 * (-0.2 / 3 - other)
    assert objective(table(), probs, forward=True).item() == pytest.approx(value)


def test_no_table_of_the_same_sum_has_a_higher_objective():
    world, generator = table(0.7), torch.Generator().manual_seed(0)
    top = objective(world, world.best.exp())
    for size in (0.01, 0.3, 2.0):
        noise = size * torch.randn(2, 3, generator=generator, dtype=torch.float64)
        assert objective(world, torch.softmax(world.best + noise, dim=1)) < top


def test_a_multiplier_is_what_more_probability_is_worth():
    world, step = table(0.7), 1e-4
    best = world.best.exp()
    for prompt, price in enumerate(multipliers(world).tolist()):
        more = best.clone()
        more[prompt, 0] += step  # on any answer: all are worth the same
        gain = (objective(world, more) - objective(world, best)).item()
        assert gain / step == pytest.approx(price, abs=1e-3)
    assert multipliers(world).shape == (2,)


# What is refused.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt_probs": [0.6, 0.4]}, "prompt_probs must be a torch tensor, got list"),
        ({"prompt_probs": doubles(1.0)}, r"shapes \[X\] and \[X, N\], got \(1,\) and \(2, 3\)"),
        ({"prompt_probs": doubles(0.6, 0.6)}, "prompt_probs must be positive and sum to one"),
        ({"prompt_probs": doubles(1.0, 0.0)}, "prompt_probs must be positive and sum to one"),
        ({"prompt_probs": doubles(math.nan, 1.0)}, "prompt_probs must be finite, got nan"),
        ({"beta": 0.0}, "beta must be positive and finite, got 0.0"),
        ({"rewards": doubles([1, 2, 3])}, "arguments must have a common shape"),
        (
            {"ref_log_probs": doubles(0, 0, 0).repeat(2, 1)},
            "ref_log_probs must be those of all completions",
        ),
        (
            {"ref_log_probs": doubles([0.5, 0.5, 0], [0.2, 0.2, 0.6]).log()},
            r"ref_log_probs must be finite, got -inf at \(0, 2\)",
        ),
    ],
)
def test_bad_tables_are_refused(change, message):
    given = {name: getattr(table(), name) for name in Table.__dataclass_fields__}
    with pytest.raises(ValueError, match=message):
        Table(**{**given, **change})


@pytest.mark.parametrize("name", ["prompt_probs", "ref_log_probs", "rewards"])
def test_a_table_is_of_float64(name):
    single = {name: getattr(table(), name).float()}
    with pytest.raises(ValueError, match=f"{name} must be float64, got torch.float32"):
        dataclasses.replace(table(), **single)


def test_a_fraction_is_a_price():
    third = dataclasses.replace(table(), beta=fractions.Fraction(1, 3))
    assert all(rung.residual < 1e-7 for rung in dpo_ladder(third))


def test_rewards_too_large_for_odds_are_refused():
    large = dataclasses.replace(table(), rewards=table().rewards * 1e3)
    with pytest.raises(
        ValueError, match="rewards and beta must not overflow in line 1, got rewards"
    ):
        dpo_ladder(large)


def test_an_unknown_saboteur_is_refused():
    with pytest.raises(ValueError, match=r"saboteur must be one of .*, got \['none'\]"):
        dpo_ladder(table(), saboteur=["none"])
    with pytest.raises(ValueError, match=r"saboteur must be one of .*, got 'sign'"):
        dpo_ladder(table(), saboteur="sign")


def test_the_table_is_left_as_it_was():
    world = table()
    before = [world.prompt_probs.clone(), world.ref_log_probs.clone(), world.rewards.clone()]
    for saboteur in SABOTEURS:
        dpo_ladder(world, saboteur=saboteur)
    assert_close([world.prompt_probs, world.ref_log_probs, world.rewards], before, rtol=0, atol=0)
