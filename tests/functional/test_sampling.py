"""Temperature and nucleus: hand numbers, limits, ties, gradient, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.sampling import truncated_log_probs

POLICY = torch.tensor([0.1, 0.5, 0.4], dtype=torch.float64).log()


def sampler(log_probs, temperature=1.0, top_p=1.0) -> list[float]:
    return truncated_log_probs(log_probs, temperature=temperature, top_p=top_p).exp().tolist()


@pytest.mark.parametrize(
    ("top_p", "expected"),
    [
        (0.5, [0, 1, 0]),
        (0.51, [0, 5 / 9, 4 / 9]),
        (0.9, [0, 5 / 9, 4 / 9]),  # reached, though 0.5 + 0.4 is rounded
        (0.91, [0.1, 0.5, 0.4]),
        (1.0, [0.1, 0.5, 0.4]),
        (1e-12, [0, 1, 0]),
    ],
)
def test_the_smallest_set_that_reaches_top_p(top_p, expected):
    assert sampler(POLICY, top_p=top_p) == pytest.approx(expected)
    assert sampler(POLICY.float(), top_p=top_p) == pytest.approx(expected, abs=1e-6)


def test_a_total_that_only_rounding_keeps_below_top_p_reaches_it():
    # In binary .6 + .3 is .8999999999999999, and a sum of ten tenths .9999999999999999.
    policy = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64).log()
    assert sampler(policy, top_p=0.9) == pytest.approx([2 / 3, 1 / 3, 0])
    for count in range(1, 11):
        kept = truncated_log_probs(torch.zeros(10).double(), temperature=1.0, top_p=count / 10)
        assert torch.isfinite(kept).sum() == count


def test_temperature_is_a_power_of_the_probabilities():
    # Squares .01, .25, .16 sum to .42.
    assert sampler(POLICY, temperature=0.5) == pytest.approx([1 / 42, 25 / 42, 16 / 42])
    roots = [math.sqrt(p) for p in (0.1, 0.5, 0.4)]
    assert sampler(POLICY, temperature=2.0) == pytest.approx([r / sum(roots) for r in roots])


def test_the_temperature_comes_before_the_nucleus():
    # At temperature 1 the two likeliest reach .85, at 0.5 one alone has .5952.
    assert sampler(POLICY, temperature=0.5, top_p=0.55) == pytest.approx([0, 1, 0])
    assert sampler(POLICY, top_p=0.55) == pytest.approx([0, 5 / 9, 4 / 9])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("temperature", "expected"), [(1e-300, [0, 1, 0]), (1e300, [0.5, 0.5, 0])])
def test_extreme_temperatures_are_greedy_and_uniform(dtype, temperature, expected):
    policy = torch.tensor([0.4, 0.6, 0.0], dtype=dtype).log()
    assert sampler(policy, temperature) == pytest.approx(expected)


def test_of_equals_the_first_is_kept():
    fair = torch.zeros(64)
    kept = truncated_log_probs(fair, temperature=1.0, top_p=0.5)
    assert torch.isfinite(kept).tolist() == [True] * 32 + [False] * 32
    assert sampler(torch.tensor([0.2, 0.4, 0.4]).log(), top_p=0.3) == pytest.approx([0, 1, 0])


def test_a_certain_or_impossible_action_stays_so():
    with_zero = torch.tensor([0.5, 0.0, 0.5]).log()
    assert sampler(with_zero, temperature=3.0) == pytest.approx([0.5, 0, 0.5])
    assert sampler(torch.tensor([0.0, 1.0]).log(), top_p=1.0) == [0, 1]


def test_rows_do_not_mix_and_logits_will_do():
    rows = torch.stack([POLICY + 3.0, POLICY.flip(0)])
    both = truncated_log_probs(rows, temperature=1.0, top_p=0.6).exp()
    assert_close(both, torch.tensor([[0, 5 / 9, 4 / 9], [4 / 9, 5 / 9, 0]], dtype=torch.float64))


def test_gradient_reaches_what_is_kept():
    logits = POLICY.clone().requires_grad_()

    def kept(logits):
        return truncated_log_probs(logits, temperature=0.7, top_p=0.9)[1:]

    assert torch.autograd.gradcheck(kept, (logits,))
    kept(logits)[0].backward()
    # d log p(1) / d logits = (onehot - p) / temperature, among the kept.
    p = kept(logits).exp().detach()
    assert_close(logits.grad, torch.tensor([0.0, 1 - p[0], -p[1]], dtype=torch.float64) / 0.7)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_and_returned_in_float32(dtype):
    assert truncated_log_probs(POLICY.to(dtype), temperature=1.0, top_p=1.0).dtype == torch.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, "temperature must be positive and finite, got 0.0"),
        ({"temperature": math.inf}, "temperature must be positive and finite, got inf"),
        ({"temperature": -1.0}, "temperature must be positive and finite, got -1.0"),
        ({"top_p": 0.0}, "top_p must be positive and finite, got 0.0"),
        ({"top_p": 1.01}, r"top_p must lie in \(0, 1\], got 1.01"),
        ({"top_p": math.nan}, "top_p must be positive and finite, got nan"),
        ({"log_probs": [0.0]}, "log_probs must be a torch tensor, got list"),
        ({"log_probs": torch.tensor([0, 1])}, "log_probs must be floating-point numbers"),
        ({"log_probs": torch.tensor([0.0, math.nan])}, "log_probs must not be NaN .* nan at"),
        ({"log_probs": torch.tensor([-math.inf])}, "log_probs must leave one action"),
        ({"log_probs": torch.zeros(2, 0)}, r"log_probs must have shape \[..., A\]"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    arguments = {"log_probs": POLICY, "temperature": 1.0, "top_p": 1.0, **change}
    with pytest.raises(ValueError, match=message):
        truncated_log_probs(arguments.pop("log_probs"), **arguments)
