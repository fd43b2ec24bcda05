"""Rewards of RLHF: by hand, as a sum, as an expectation by enumeration, bad input."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.kl_penalty import kl_penalized_rewards

NAN, INF = math.nan, math.inf
MASK = torch.tensor([[True, True, True], [True, True, False], [True, False, False]])


def good() -> dict:
    generator = torch.Generator().manual_seed(0)
    log_probs, ref_log_probs = -torch.rand(2, 3, 3, generator=generator, dtype=torch.float64)
    scores = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    return {
        "scores": scores,
        "log_probs": log_probs,
        "ref_log_probs": ref_log_probs,
        "mask": MASK,
        "beta": 0.3,
    }


def test_by_hand():
    # log-ratios 1, -2, .5 and 4; beta .1; the score comes on top at the last token.
    rewards = kl_penalized_rewards(
        torch.tensor([10.0, -10.0]),
        torch.tensor([[-1.0, -4.0, -0.5], [-1.0, 7.0, 7.0]]),
        torch.tensor([[-2.0, -2.0, -1.0], [-5.0, 9.0, 9.0]]),
        torch.tensor([[True, True, True], [True, False, False]]),
        beta=0.1,
    )
    assert_close(rewards, torch.tensor([[-0.1, 0.2, 9.95], [-10.4, 0.0, 0.0]]))


def test_the_sum_over_tokens_is_the_score_minus_the_price_of_the_whole():
    given = good()
    totals = kl_penalized_rewards(**given).sum(-1)
    for row, length in enumerate((3, 2, 1)):
        whole = sum(
            given["log_probs"][row, t] - given["ref_log_probs"][row, t] for t in range(length)
        )
        assert_close(totals[row], given["scores"][row] - 0.3 * whole)


def test_its_mean_over_all_completions_is_the_objective_of_rlhf():
    # Two tokens of two, position by position: the KL is a sum of two divergences.
    policy = torch.tensor([[0.7, 0.3], [0.2, 0.8]], dtype=torch.float64)
    reference = torch.tensor([[0.5, 0.5], [0.6, 0.4]], dtype=torch.float64)
    texts = torch.tensor(list(itertools.product(range(2), repeat=2)))
    places = torch.arange(2)
    scores = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    rewards = kl_penalized_rewards(
        scores,
        policy.log()[places, texts],
        reference.log()[places, texts],
        torch.ones(4, 2, dtype=torch.bool),
        beta=0.25,
    )
    mean_score = 0.14 * 1 + 0.56 * -2 + 0.06 * 0.5 + 0.24 * 3  # .7 * .2, .7 * .8, ...
    kl = 0.7 * math.log(7 / 5) + 0.3 * math.log(3 / 5) + 0.2 * math.log(1 / 3) + 0.8 * math.log(2)
    mean = (policy[places, texts].prod(-1) * rewards.sum(-1)).sum().item()
    assert mean == pytest.approx(mean_score - 0.25 * kl)


def test_without_a_price_only_the_score_is_left():
    rewards = kl_penalized_rewards(**{**good(), "beta": 0.0})
    assert rewards.tolist() == [[0, 0, 2], [0, -1, 0], [0.5, 0, 0]]


def test_at_the_reference_nothing_is_charged():
    given = good()
    rewards = kl_penalized_rewards(**{**given, "ref_log_probs": given["log_probs"]})
    assert rewards.tolist() == [[0, 0, 2], [0, -1, 0], [0.5, 0, 0]]


@pytest.mark.parametrize("junk", [NAN, INF, -INF, 1e300])
def test_padding_may_be_anything_and_has_no_reward(junk):
    given = good()
    expected = kl_penalized_rewards(**given)
    assert (expected[~MASK] == 0).all()
    for name in ("log_probs", "ref_log_probs"):
        given[name] = given[name].masked_fill(~MASK, junk)
    assert_close(kl_penalized_rewards(**given), expected, atol=0, rtol=0)


def test_rewards_carry_no_gradient():
    given = good()
    for name in ("scores", "log_probs", "ref_log_probs"):
        given[name].requires_grad_()
    assert not kl_penalized_rewards(**given).requires_grad


def test_one_completion_and_more_axes_work_as_well():
    given = good()
    expected = kl_penalized_rewards(**given)
    tensors = {name: value for name, value in given.items() if name != "beta"}
    one = kl_penalized_rewards(**{name: value[1] for name, value in tensors.items()}, beta=0.3)
    assert_close(one, expected[1])
    pair = {name: torch.stack([value, value]) for name, value in tensors.items()}
    assert_close(kl_penalized_rewards(**pair, beta=0.3), torch.stack([expected, expected]))


def at(tensor: torch.Tensor, place: tuple, value: float) -> torch.Tensor:
    copy = tensor.clone()
    copy[place] = value
    return copy


ZEROS = torch.zeros(3, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": -0.1}, r"beta must be finite and not negative, got -0\.1"),
        ({"beta": NAN}, "beta must be finite and not negative, got nan"),
        ({"beta": INF}, "beta must be finite and not negative, got inf"),
        ({"scores": torch.zeros(3, 1)}, r"scores must have shape \(3,\), .* got \(3, 1\)"),
        ({"scores": torch.zeros(1)}, r"scores must have shape \(3,\), .* got \(1,\)"),
        ({"scores": torch.zeros(())}, r"scores must have shape \(3,\), .* got \(\)"),
        ({"scores": torch.tensor([1, 2, 3])}, "scores must be floating-point numbers"),
        ({"scores": [1.0, 2.0, 3.0]}, "scores must be a torch tensor, got list"),
        ({"scores": torch.tensor([0, INF, 0])}, r"scores must be finite, got inf at \(1,\)"),
        ({"log_probs": ZEROS[:1]}, r"common shape, got log_probs \(1, 3\), ref_log_probs \(3, 3\)"),
        ({"ref_log_probs": ZEROS[:, :1]}, r"common shape, got .* ref_log_probs \(3, 1\)"),
        ({"mask": MASK[:, :2]}, r"common shape, got .* mask \(3, 2\)"),
        ({"mask": MASK.long()}, r"mask must be a bool tensor, got torch\.int64"),
        ({"mask": MASK.roll(1, 1) & MASK}, r"mask must count at least one .* none at \(2,\)"),
        ({"log_probs": at(ZEROS, (1, 1), -INF)}, r"log_probs must be finite, got -inf at \(1, 1\)"),
        ({"ref_log_probs": at(ZEROS, (0, 2), NAN)}, r"ref_log_probs must be finite, got nan at"),
        (
            {
                "scores": ZEROS[0],
                "log_probs": at(ZEROS, (0, 1), 1e38),
                "ref_log_probs": ZEROS,
                "beta": 1e9,
            },
            r"must not overflow in the reward, got -inf at \(0, 1\) with beta = 1e\+09",
        ),
    ],
)
def test_bad_input_names_the_argument(change, message):
    with pytest.raises(ValueError, match=message):
        kl_penalized_rewards(**{**good(), **change})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_half_precision_is_computed_and_returned_in_float32(dtype):
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    names = ("scores", "log_probs", "ref_log_probs")
    given = good()
    given |= {name: given[name].to(dtype) for name in names}
    rewards = kl_penalized_rewards(**given)
    assert rewards.dtype == wide
    given |= {name: given[name].to(wide) for name in names}
    assert_close(rewards, kl_penalized_rewards(**given), atol=0, rtol=0)


@pytest.mark.parametrize("beta", ["a", None, [0.1], 10**400])
def test_a_price_that_is_no_number_is_refused(beta):
    log_probs, mask = torch.zeros(1, 2), torch.ones(1, 2).bool()
    with pytest.raises(ValueError, match="beta must be finite and not negative, got"):
        kl_penalized_rewards(torch.zeros(1), log_probs, log_probs, mask, beta=beta)


def test_a_price_may_be_a_tensor_of_no_axis():
    given = torch.ones(1), torch.zeros(1, 2), torch.ones(1, 2), torch.ones(1, 2).bool()
    expected = kl_penalized_rewards(*given, beta=0.5)
    assert torch.equal(kl_penalized_rewards(*given, beta=torch.tensor(0.5)), expected)
