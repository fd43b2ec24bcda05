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
from rlnotes.exact.language import enumerate_completions, expected_reward
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


def test_bad_input_names_the_argument():
    with pytest.raises(ValueError, match="length must be a positive integer, got 0"):
        enumerate_completions(bigram(TABLE), vocabulary_size=3, length=0)
    with pytest.raises(ValueError, match=r"next_logits must return shape \(1, 4\), got \(1, 3\)"):
        enumerate_completions(bigram(TABLE), vocabulary_size=4, length=2)
    with pytest.raises(ValueError, match="common shape"):
        expected_reward(torch.zeros(1), torch.zeros(2))
    with pytest.raises(ValueError, match="log_probs must be those of all completions"):
        expected_reward(torch.tensor([0.5, 0.2]).log(), torch.zeros(2))
    with pytest.raises(ValueError, match="log_probs must be those of all completions"):
        expected_reward(torch.tensor([float("nan")]), torch.zeros(1))
