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
