"""Small languages by enumeration: probabilities, gradients, bad input."""

import itertools

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.envs.token_tree import (
    BIGRAM_LOGITS,
    VOCABULARY,
    all_completions,
    bigram_policy,
    completion_probs,
    token_level_mdp,
    verifier_reward,
)
from rlnotes.exact.language import (
    enumerate_completions,
    expected_reward,
    gibbs_optimum,
    log_partition,
)
from rlnotes.exact.policy_gradients import objective, policy_gradient

TABLE = torch.tensor(list(BIGRAM_LOGITS.values()), dtype=torch.float64)  # [4, 3]
REWARDS = torch.tensor([verifier_reward(text) for text in all_completions()]).double()


def bigram(table):
    """The token tree's model as a step: row 0 at the start, then by the last token."""

    def next_logits(tokens):
        last = tokens[:, -1] + 1 if tokens.shape[1] else torch.zeros(len(tokens)).long()
        return table[last]

    return next_logits


def test_all_completions_come_in_the_order_of_the_tree_with_its_probabilities():
    every = enumerate_completions(bigram(TABLE), vocabulary_size=3, length=3)
    texts = ["".join(VOCABULARY[token] for token in row) for row in every.tokens.tolist()]
    assert texts == all_completions()
    expected = torch.from_numpy(completion_probs(bigram_policy(temperature=1.0)))
    assert_close(every.log_probs.exp(), expected)
    assert every.token_log_probs.shape == (27, 3)


@pytest.mark.parametrize(("vocabulary_size", "length"), [(1, 4), (2, 1), (5, 3)])
def test_every_completion_occurs_once_and_the_probabilities_sum_to_one(vocabulary_size, length):
    weights = torch.randn(
        length, vocabulary_size, generator=torch.Generator().manual_seed(0)
    ).double()
    every = enumerate_completions(
        lambda tokens: weights[tokens.shape[1]] + tokens.sum(dim=1, keepdim=True) * weights[0],
        vocabulary_size=vocabulary_size,
        length=length,
    )
    expected = itertools.product(range(vocabulary_size), repeat=length)
    assert [tuple(row) for row in every.tokens.tolist()] == list(expected)
    assert every.log_probs.exp().sum().item() == pytest.approx(1)


def test_the_gradient_through_the_enumeration_is_the_policy_gradient():
    # One logit per prefix; the theorem, by occupancy and advantages, is the other road.
    mdp = token_level_mdp()
    logits = torch.from_numpy(np.log(bigram_policy(temperature=0.7))).requires_grad_()
    first = [0, 1, 4]  # number of the first prefix of each length

    def next_logits(tokens):
        digits = torch.zeros(len(tokens), dtype=torch.int64)
        for column in tokens.T:
            digits = 3 * digits + column
        return logits[first[tokens.shape[1]] + digits]

    every = enumerate_completions(next_logits, vocabulary_size=3, length=3)
    value = expected_reward(every.log_probs, REWARDS)
    value.backward()
    table = logits.detach().numpy()
    assert value.item() == pytest.approx(objective(mdp, table, gamma=1.0))
    np.testing.assert_allclose(
        logits.grad.numpy(), policy_gradient(mdp, table, gamma=1.0), atol=1e-12
    )


@pytest.mark.parametrize("end", [0, 1, 2])
def test_with_an_end_every_completion_up_to_it_occurs_once(end):
    # Words in a row, then the end: by hand, without the tree.
    every = enumerate_completions(bigram(TABLE), vocabulary_size=3, length=3, end=end)
    table = torch.log_softmax(TABLE, dim=-1).tolist()
    assert every.tokens.shape == every.token_log_probs.shape == (15, 3)
    assert len({tuple(row) for row in every.tokens.tolist()}) == 15
    for row, scores in zip(every.tokens.tolist(), every.token_log_probs.tolist(), strict=True):
        expected, last = [], 0
        for symbol in row:
            expected.append(table[last][symbol])
            last = symbol + 1
            if symbol == end:
                break
        assert set(row[len(expected) :]) <= {end}
        assert scores == pytest.approx(expected + [0.0] * (3 - len(expected)))
    assert every.log_probs.exp().sum().item() == pytest.approx(1)
    assert_close(every.log_probs, every.token_log_probs.sum(dim=-1))


@pytest.mark.parametrize("beta", [0.1, 1.0, 7.0])
def test_the_log_partition_is_the_logarithm_of_the_mean_weight(beta):
    ref = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.9, 0.0]]).double()
    rewards = torch.tensor([[1.0, 0.0, 2.0], [-1.0, 3.0, 50.0]]).double()
    for row in range(2):
        total = sum(
            ref[row, y].item() * np.exp(rewards[row, y].item() / beta)
            for y in range(3)
            if ref[row, y] > 0
        )
        logarithm = log_partition(ref.log(), rewards, beta=beta)[row].item()
        assert logarithm == pytest.approx(np.log(total))
    with pytest.raises(ValueError, match="beta must be positive and finite, got 0"):
        log_partition(ref.log(), rewards, beta=0)


def test_gradients_of_probabilities_sum_to_zero():
    # They are no distribution: one cannot sample from them.
    table = TABLE.clone().requires_grad_()
    every = enumerate_completions(bigram(table), vocabulary_size=3, length=3)
    (gradient,) = torch.autograd.grad(every.log_probs.exp().sum(), table)
    assert_close(gradient, torch.zeros_like(gradient), atol=1e-14, rtol=0)


def test_the_expected_reward_of_a_shared_table_against_finite_differences():
    def value(table):
        every = enumerate_completions(bigram(table), vocabulary_size=3, length=3)
        return expected_reward(every.log_probs, REWARDS)

    assert torch.autograd.gradcheck(value, (TABLE.clone().requires_grad_(),))


def test_the_gibbs_optimum_by_hand():
    ref, rewards = torch.tensor([0.5, 0.3, 0.2]).double().log(), torch.tensor([1.0, 0, 2]).double()
    e = np.e  # weights 0.5 e, 0.3, 0.2 e^2 with sum 3.137
    total = 0.5 * e + 0.3 + 0.2 * e * e
    best = gibbs_optimum(ref, rewards, beta=1.0)
    assert best.exp().tolist() == pytest.approx([0.4333, 0.0956, 0.4711], abs=5e-5)
    assert best.exp().tolist() == pytest.approx([0.5 * e / total, 0.3 / total, 0.2 * e * e / total])
    half = gibbs_optimum(ref, rewards, beta=2.0).exp()  # e^(1/2), 1, e
    weights = np.array([0.5 * e**0.5, 0.3, 0.2 * e])
    assert half.tolist() == pytest.approx((weights / weights.sum()).tolist())
    assert_close(gibbs_optimum(ref, rewards + 7, beta=1.0), best)
    assert_close(gibbs_optimum(ref, rewards, beta=1e9), ref, atol=1e-7, rtol=0)


def test_no_policy_has_more_penalized_reward_than_the_gibbs_optimum():
    ref = enumerate_completions(bigram(TABLE), vocabulary_size=3, length=3).log_probs
    beta, generator = 0.3, torch.Generator().manual_seed(0)

    def penalized(log_probs):
        probs = log_probs.exp()
        return ((probs * REWARDS).sum() - beta * (probs * (log_probs - ref)).sum()).item()

    best = gibbs_optimum(ref, REWARDS, beta=beta)
    # Its value is beta log Z.
    normalizer = (ref.exp() * (REWARDS / beta).exp()).sum().log().item()
    assert penalized(best) == pytest.approx(beta * normalizer)
    for scale in (0.01, 0.1, 1.0):
        noise = scale * torch.randn(20, 27, generator=generator, dtype=torch.float64)
        for other in torch.log_softmax(best + noise, dim=-1):
            assert penalized(other) < penalized(best)


def test_the_gibbs_optimum_leaves_what_the_reference_never_says():
    ref = torch.tensor([0.5, 0.5, 0.0]).log()
    probs = gibbs_optimum(ref, torch.tensor([0.0, 0.0, 9.0]), beta=0.1).exp()
    assert probs.tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize("beta", [0, -1.0, np.nan, np.inf])
def test_a_bad_beta_is_refused(beta):
    with pytest.raises(ValueError, match=f"beta must be positive and finite, got {beta}"):
        gibbs_optimum(torch.zeros(1), torch.zeros(1), beta=beta)


def test_bad_input_names_the_argument():
    with pytest.raises(ValueError, match="length must be a positive integer, got 0"):
        enumerate_completions(bigram(TABLE), vocabulary_size=3, length=0)
    with pytest.raises(ValueError, match=r"next_logits must return shape \(1, 4\), got \(1, 3\)"):
        enumerate_completions(bigram(TABLE), vocabulary_size=4, length=2)
    with pytest.raises(ValueError, match="end must be a symbol from 0 to 2, got 3"):
        enumerate_completions(bigram(TABLE), vocabulary_size=3, length=2, end=3)
    with pytest.raises(ValueError, match=r"logits must .* got nan"):
        enumerate_completions(bigram(TABLE * np.nan), vocabulary_size=3, length=2)
    with pytest.raises(ValueError, match="common shape"):
        expected_reward(torch.zeros(1), torch.zeros(2))
    with pytest.raises(ValueError, match="log_probs must be those of all completions"):
        expected_reward(torch.tensor([0.5, 0.2]).log(), torch.zeros(2))
    with pytest.raises(ValueError, match="log_probs must be those of all completions"):
        expected_reward(torch.tensor([float("nan")]), torch.zeros(1))
    with pytest.raises(ValueError, match="common shape"):
        gibbs_optimum(torch.zeros(1), torch.zeros(2), beta=1.0)
    with pytest.raises(ValueError, match="rewards must be finite, got inf"):
        gibbs_optimum(torch.zeros(1), torch.tensor([np.inf]), beta=1.0)
    with pytest.raises(ValueError, match="ref_log_probs must be those of all completions"):
        gibbs_optimum(torch.tensor([0.5, 0.2]).log(), torch.zeros(2), beta=1.0)
    for bad in ([0.0], np.zeros(1)):
        for call in (expected_reward, lambda *both: gibbs_optimum(*both, beta=1.0)):
            with pytest.raises(ValueError, match="log_probs must be a torch tensor, got"):
                call(bad, torch.zeros(1))
            with pytest.raises(ValueError, match="rewards must be a torch tensor, got"):
                call(torch.zeros(1), bad)
    with pytest.raises(ValueError, match="rewards must be finite, got inf"):
        expected_reward(torch.tensor([0.0, -np.inf]), torch.tensor([1.0, np.inf]))
    with pytest.raises(ValueError, match="log_probs must hold at least one number"):
        expected_reward(torch.zeros(0), torch.zeros(0))


@pytest.mark.parametrize(
    ("dtype", "size", "beta"),
    [
        (torch.float32, 1.0, 1e-39),
        (torch.float32, 1.0, 1e-320),
        (torch.float64, 1.0, 1e-320),
        (torch.float32, 3e38, 0.1),
        (torch.float16, 6e4, 0.1),
        (torch.bfloat16, 3e38, 0.1),
    ],
)
def test_a_tiny_price_leaves_the_best_of_what_the_reference_says(dtype, size, beta):
    ref = (
        torch.tensor([0.25, 0.25, 0.5, 0.0])
        .log()
        .to(dtype if dtype.itemsize > 2 else torch.float32)
    )
    rewards = torch.tensor([-0.5, -0.5, -1.0, 1.0]).to(dtype) * size
    optimum = gibbs_optimum(ref, rewards, beta=beta)
    assert_close(optimum.exp().double(), torch.tensor([0.5, 0.5, 0, 0]).double())
    assert optimum.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)


def test_a_partition_beyond_every_float_is_refused():
    ref = torch.tensor([0.5, 0.5]).log()
    message = r"rewards / beta must not overflow, got rewards up to 2 and beta = 1e-39"
    with pytest.raises(ValueError, match=message):
        log_partition(ref, torch.tensor([1.0, 2.0]), beta=1e-39)
    # Zero is the best reward here, and log Z is that of its probability.
    assert log_partition(ref, torch.tensor([0.0, -1.0]), beta=1e-39) == ref[0]
