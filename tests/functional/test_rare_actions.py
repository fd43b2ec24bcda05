"""What a sampler draws from: by hand, limits, ties, rare actions, bad input."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.sampling import truncated_log_probs

POLICY = torch.tensor([0.1, 0.5, 0.4], dtype=torch.float64)


@pytest.mark.parametrize(
    ("temperature", "top_p", "expected"),
    [
        (1.0, 1.0, [0.1, 0.5, 0.4]),
        (1.0, 0.95, [0.1, 0.5, 0.4]),
        (1.0, 0.9, [0, 5 / 9, 4 / 9]),  # .5 + .4 reaches it
        (1.0, 0.5, [0, 1, 0]),
        (1.0, 0.01, [0, 1, 0]),  # one is always kept
        (1.0, 1e-20, [0, 1, 0]),
        (0.5, 1.0, [1 / 42, 25 / 42, 16 / 42]),  # squares: 1, 25, 16
        (0.5, 0.6, [0, 25 / 41, 16 / 41]),  # 25/42 = .595 does not reach .6
        (1e-9, 1.0, [0, 1, 0]),
    ],
)
def test_by_hand(temperature, top_p, expected):
    probs = truncated_log_probs(POLICY.log(), temperature=temperature, top_p=top_p).exp()
    assert_close(probs, torch.tensor(expected, dtype=torch.float64))


def test_a_nucleus_of_one_keeps_even_the_rarest_action():
    policy = torch.tensor([1.0, 1e-7, 1e-30]).log()
    assert_close(truncated_log_probs(policy, temperature=1.0, top_p=1.0), policy)


def test_of_equal_actions_the_first_are_kept():
    fair = torch.zeros(4)
    probs = truncated_log_probs(fair, temperature=1.0, top_p=0.5).exp()
    assert_close(probs, torch.tensor([0.5, 0.5, 0, 0]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_total_that_misses_the_nucleus_by_rounding_reaches_it(tenths, dtype):
    # In binary 0.1 added eight times is less than 0.8.
    fair = torch.zeros(10, dtype=dtype)
    kept = truncated_log_probs(fair, temperature=1.0, top_p=tenths / 10) > -torch.inf
    assert kept.tolist() == [True] * tenths + [False] * (10 - tenths)


def test_impossible_actions_stay_impossible_and_rows_do_not_mix():
    rows = torch.tensor([[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]]).log()
    probs = truncated_log_probs(rows, temperature=1.0, top_p=0.55).exp()
    assert_close(probs, torch.tensor([[0.5, 0.5, 0], [0, 0, 1]]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, "temperature must be positive and finite, got 0.0"),
        ({"top_p": 0.0}, "top_p must be positive and finite, got 0.0"),
        ({"top_p": 1.5}, r"top_p must lie in \(0, 1\], got 1.5"),
        ({"log_probs": [0.5]}, "log_probs must be a torch tensor, got list"),
        ({"log_probs": torch.tensor([0.0, float("nan")])}, "log_probs must .* got nan"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    arguments = {"log_probs": POLICY.log(), "temperature": 1.0, "top_p": 1.0, **change}
    with pytest.raises(ValueError, match=message):
        truncated_log_probs(**arguments)
