"""KL divergence: hand numbers, direction, zeros, gradient, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.kl import kl_divergence

P = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
Q = torch.tensor([0.25, 0.5, 0.25], dtype=torch.float64)
R = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)


def test_by_hand_and_not_symmetric():
    # .5 log 2 - .25 log 2 = .25 log 2;   KL(R || P) = .5 log 1 + .5 log 2
    assert kl_divergence(P.log(), Q.log()).item() == pytest.approx(0.25 * math.log(2))
    assert kl_divergence(R.log(), P.log()).item() == pytest.approx(0.5 * math.log(2))
    assert kl_divergence(P.log(), R.log()).item() == math.inf


def test_rows_do_not_mix():
    both = kl_divergence(torch.stack([P, Q, R]).log(), torch.stack([Q, Q, P]).log())
    assert_close(both, torch.tensor([0.25, 0.0, 0.5], dtype=torch.float64) * math.log(2))


def test_never_negative_and_zero_only_for_equals():
    generator = torch.Generator().manual_seed(0)
    p, q = torch.log_softmax(torch.randn(2, 50, 4, generator=generator), dim=-1).double()
    p, q = p - p.logsumexp(-1, keepdim=True), q - q.logsumexp(-1, keepdim=True)
    assert (kl_divergence(p, q) > 0).all()
    assert_close(kl_divergence(p, p), torch.zeros(50, dtype=torch.float64))


def test_gradient_in_both_arguments_and_none_through_an_impossible_action():
    def of_logits(first, second):
        return kl_divergence(first.log_softmax(-1), second.log_softmax(-1))

    logits = (P.log().requires_grad_(), Q.log().requires_grad_())
    assert torch.autograd.gradcheck(of_logits, logits)
    # d KL / d second logits = q - p.
    second = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    kl_divergence(R.log(), second.log_softmax(-1)).backward()
    assert_close(second.grad, 1 / 3 - R)


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        (P.log(), Q.log()[:2], "common shape"),
        (P, Q.log(), "log_probs_p must be log-probabilities that sum to one, got 4.2"),
        (P.log(), torch.zeros(3), "log_probs_q must be log-probabilities that sum to one, got 3"),
        (P.log(), P.log() * math.nan, "log_probs_q must be log-probabilities .* got nan"),
        (torch.zeros(()), torch.zeros(()), r"log_probs_p must have shape \[..., A\]"),
        (torch.zeros(0, 3), torch.zeros(0, 3), r"log_probs_p must have shape \[..., A\]"),
    ],
)
def test_bad_input_names_the_argument(p, q, message):
    with pytest.raises(ValueError, match=message):
        kl_divergence(p, q)


HALVES = [torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("num_actions", [2, 3, 50, 5000])
def test_rounded_log_probabilities_are_accepted_and_logits_are_not(dtype, num_actions):
    generator = torch.Generator().manual_seed(0)
    for scale in (0.0, 0.1, 1.0, 5.0):
        logits = (scale * torch.randn(40, num_actions, generator=generator)).to(dtype)
        log_probs = logits.log_softmax(-1)
        exact = log_probs.double()
        assert_close(
            kl_divergence(log_probs, log_probs.roll(1, 0)).double(),
            (exact.exp() * (exact - exact.roll(1, 0))).sum(-1),
            atol=1e-5,
            rtol=1e-4,
        )
        with pytest.raises(ValueError, match="log_probs_p must be log-probabilities that sum"):
            kl_divergence(logits, log_probs)


@pytest.mark.parametrize(
    ("dtype", "slip"),
    # eps (1 + log 3): 2^-10 and 2^-7 times 2.0986; 1e-4 where that is less.
    [(torch.float16, 0.00205), (torch.bfloat16, 0.0164), (torch.float32, 1e-4)],
)
def test_the_sum_may_miss_one_by_what_the_dtype_explains(dtype, slip):
    certain = torch.tensor([0.0, -math.inf, -math.inf]).to(dtype)
    for factor, fits in ((0.97, True), (1.03, False)):
        # One number near 0 holds the slip itself: half precision is fine-grained there.
        off = certain.clone()
        off[0] = math.log1p(factor * slip)
        if fits:
            kl_divergence(certain, off)
            continue
        with pytest.raises(ValueError, match="log_probs_q must be log-probabilities that sum"):
            kl_divergence(certain, off)


def test_a_probability_that_rounds_to_zero_counts_as_zero_in_value_and_gradient():
    # exp(-200) is 0 in float32, so 0 * (-200 + inf) must not come up.
    log_p = torch.tensor([0.0, -200.0], requires_grad=True)
    log_q = torch.tensor([0.0, -math.inf], requires_grad=True)
    divergence = kl_divergence(log_p, log_q)
    divergence.backward()
    assert divergence.item() == 0
    assert log_p.grad.tolist() == [1, 0]
    assert log_q.grad.tolist() == [-1, 0]
