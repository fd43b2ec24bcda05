"""Pass rates: dead groups, pass@k and an erring verifier, against enumeration."""

import itertools
import math

import numpy as np
import pytest

from rlnotes.exact.pass_rates import (
    no_signal_probability,
    observed_pass_rates,
    pass_at_k,
    pass_at_k_estimate,
    success_probs,
)

RATES = np.array([0.0, 0.02, 0.3, 0.5, 0.9, 1.0])


def enumerated(p: float, num_replies: int, event) -> float:
    """Probability of an event among independent replies, over all 2^n outcomes."""
    return sum(
        math.prod(p if right else 1 - p for right in outcome)
        for outcome in itertools.product((0, 1), repeat=num_replies)
        if event(sum(outcome))
    )


def test_success_probs_by_hand_and_for_many_replies():
    assert success_probs([0.25], 2)[0] == pytest.approx([0.5625, 0.375, 0.0625])
    assert success_probs([0.0, 1.0], 3).tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]
    many = success_probs([0.3, 1e-300], 5000)
    assert many.sum(axis=1) == pytest.approx([1, 1], rel=1e-10)
    assert many[0] @ np.arange(5001) == pytest.approx(1500)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_dead_groups_and_pass_at_k_by_enumeration(size):
    dead = no_signal_probability(RATES, group_size=size)
    passed = pass_at_k(RATES, k=size)
    for p, no_signal, at_k in zip(RATES, dead, passed, strict=True):
        assert no_signal == pytest.approx(enumerated(p, size, lambda c: c in (0, size)))
        assert at_k == pytest.approx(enumerated(p, size, lambda c: c > 0))


def test_dead_groups_by_hand():
    # 0.5^4 twice; 0.9^4 + 0.1^4; 0.99^64 and next to nothing
    assert no_signal_probability(0.5, group_size=4) == 0.125
    four = no_signal_probability([0.1, 0.9, 0.99], group_size=4)
    assert four == pytest.approx([0.6562, 0.6562, 0.96059602])
    assert no_signal_probability(0.99, group_size=64) == pytest.approx(0.5256, abs=5e-5)
    assert no_signal_probability(0.9, group_size=16) == pytest.approx(0.185, abs=5e-4)


def test_pass_at_k_keeps_the_digits_of_small_pass_rates():
    assert pass_at_k([1e-18, 1.0, 0.0], k=7) == pytest.approx([7e-18, 1, 0], rel=1e-12, abs=0)


@pytest.mark.parametrize(("num_replies", "k"), [(1, 1), (4, 1), (4, 2), (6, 3), (6, 6)])
def test_the_estimate_of_pass_at_k_is_the_share_of_choices_and_right_on_average(num_replies, k):
    estimates = [pass_at_k_estimate(num_replies, c, k=k) for c in range(num_replies + 1)]
    for c, estimate in enumerate(estimates):
        choices = list(itertools.combinations(range(num_replies), k))
        holding = sum(any(i < c for i in choice) for choice in choices)
        assert estimate == pytest.approx(holding / len(choices), abs=1e-15)
    for p in (0.1, 0.5, 0.8):
        mean = sum(
            enumerated(p, num_replies, lambda c, right=right: c == right) * estimates[right]
            for right in range(num_replies + 1)
        )
        assert mean == pytest.approx(pass_at_k(p, k=k))


def test_the_plain_formula_at_the_measured_share_is_too_low():
    # n = k = 2 at p = 0.5: shares 0, 1/2, 1 give 0, 3/4, 1, mean 5/8; pass@2 is 3/4.
    plain = pass_at_k([0, 0.5, 1], k=2)
    assert plain @ [0.25, 0.5, 0.25] == 0.625
    assert pass_at_k(0.5, k=2) == 0.75


def test_the_estimate_of_many_replies_does_not_overflow():
    # 1 - C(9,990, 100) / C(10,000, 100), by logarithms of factorials
    def log_choices(n):
        return math.lgamma(n + 1) - math.lgamma(n - 99)

    expected = -math.expm1(log_choices(9990) - log_choices(10_000))
    assert pass_at_k_estimate(10_000, 10, k=100) == pytest.approx(expected, rel=1e-6)
    assert pass_at_k_estimate(10_000, 0, k=100) == 0
    assert pass_at_k_estimate(10_000, 9901, k=100) == 1


def test_the_observed_pass_rate_counts_both_errors():
    # 0.3 right of which 3/4 pass, 0.7 wrong of which 1/10 pass: 0.225 + 0.07
    rates = {"false_positive_rate": 0.1, "false_negative_rate": 0.25}
    assert observed_pass_rates(0.3, **rates) == pytest.approx(0.295)
    ends = observed_pass_rates([0.0, 1.0], **rates)
    assert ends == pytest.approx([0.1, 0.75])
    upside_down = observed_pass_rates(RATES, false_positive_rate=1.0, false_negative_rate=1.0)
    assert upside_down == pytest.approx(1 - RATES)


def test_an_observed_pass_rate_is_never_outside_the_interval():
    nearly = 1 - 2.0**-53
    grid = np.concatenate([np.linspace(0, 1, 1001), [nearly, 2.0**-53, 5e-324]])
    for fp, fn in [(1, 0), (nearly, 2.0**-53), (0.3, 0.7), (0.3, 1), (0.1, 0.9), (1, 1), (0, 0)]:
        seen = observed_pass_rates(grid, false_positive_rate=fp, false_negative_rate=fn)
        assert ((seen >= 0) & (seen <= 1)).all()


def test_shapes_are_kept():
    grid = np.full((2, 3), 0.5)
    assert no_signal_probability(grid, group_size=2).shape == (2, 3)
    assert pass_at_k(grid, k=2).shape == (2, 3)
    assert observed_pass_rates(grid, false_positive_rate=0, false_negative_rate=0).shape == (2, 3)


ERRORS = {"false_positive_rate": 0.1, "false_negative_rate": 0.1}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: no_signal_probability([0.5, 1.1], group_size=2), r"pass_rates .* got 1\.1"),
        (lambda: no_signal_probability([-0.1], group_size=2), r"pass_rates .* got -0\.1"),
        (lambda: no_signal_probability([math.nan, 0.5], group_size=2), "pass_rates .* got nan"),
        (lambda: pass_at_k("half", k=2), "pass_rates must be a rectangular array of numbers"),
        (lambda: pass_at_k([2.0], k=2), r"pass_rates must lie in \[0, 1\], got 2"),
        (lambda: success_probs(0.5, 0), "num_replies must be a positive integer, got 0"),
        (lambda: success_probs(1.5, 2), r"pass_rates must lie in \[0, 1\], got 1\.5"),
        (lambda: pass_at_k(0.5, k=0), "k must be a positive integer, got 0"),
        (lambda: no_signal_probability(0.5, group_size=0), "group_size must be a positive integer"),
        (lambda: no_signal_probability(0.5, group_size=2.0), "group_size must be a positive int"),
        (lambda: pass_at_k_estimate(4, 5, k=1), "num_right must be an integer from 0 to 4, got 5"),
        (lambda: pass_at_k_estimate(4, -1, k=1), "num_right must be an integer .* got -1"),
        (lambda: pass_at_k_estimate(4, 1.0, k=1), r"num_right must be an integer .* got 1\.0"),
        (lambda: pass_at_k_estimate(4, True, k=1), "num_right must be an integer .* got True"),
        (lambda: pass_at_k_estimate(4, 1, k=5), "k must be at most num_replies, got k 5 of 4"),
        (lambda: pass_at_k_estimate(4, 1, k=0), "k must be a positive integer, got 0"),
        (lambda: pass_at_k_estimate(0, 0, k=1), "num_replies must be a positive integer, got 0"),
        (
            lambda: observed_pass_rates(0.5, **{**ERRORS, "false_positive_rate": 1.5}),
            r"false_positive_rate must lie in \[0, 1\], got 1\.5",
        ),
        (
            lambda: observed_pass_rates(0.5, **{**ERRORS, "false_negative_rate": -1}),
            r"false_negative_rate must lie in \[0, 1\], got -1",
        ),
        (lambda: observed_pass_rates(1.5, **ERRORS), r"pass_rates must lie in \[0, 1\], got 1\.5"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
