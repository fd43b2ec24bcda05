"""The prefix tree: order, sums, and every completion scored by a full pass alone."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.language import expected_reward
from rlnotes.exact.prefix_tree import (
    all_completions,
    prefix_tree,
    require_countable,
    walk_prefixes,
)
from rlnotes.functional.kl import kl_divergence
from rlnotes.models.tiny_lm import TinyLM


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def small_model(seed, num_outputs=3):
    """A transformer over 3 symbols and 2 prompt tokens, float64, far from its start."""
    model = TinyLM(
        seeded(seed), num_outputs=num_outputs, num_tokens=5, length=5, width=8, num_blocks=1
    ).double()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(2.0)
    return model


PROMPTS = torch.tensor([[3, 4], [4, 3], [4, 4]])


def tree_of(model, *, length=3, end=None):
    return prefix_tree(*model.start(PROMPTS), model.step, length=length, end=end)


@pytest.mark.parametrize(("symbols", "length"), [(1, 1), (2, 3), (3, 2), (4, 4)])
def test_completions_without_an_end_are_the_product(symbols, length):
    expected = itertools.product(range(symbols), repeat=length)
    assert [tuple(row) for row in all_completions(symbols, length).tolist()] == [*expected]


@pytest.mark.parametrize("end", [0, 1, 2])
def test_completions_with_an_end_are_the_products_of_every_length(end):
    words = [symbol for symbol in range(3) if symbol != end]
    expected = [
        (*row, *[end] * (3 - length))
        for length in range(4)
        for row in itertools.product(words, repeat=length)
    ]
    assert [tuple(row) for row in all_completions(3, 3, end=end).tolist()] == expected
    assert len(expected) == 1 + 2 + 4 + 8


def test_an_end_may_be_a_numpy_integer():
    end = np.int64(1)
    assert torch.equal(all_completions(3, 2, end=end), all_completions(3, 2, end=1))
    model = small_model(0)
    assert_close(tree_of(model, end=end).log_probs, tree_of(model, end=1).log_probs)


def test_a_language_of_nothing_but_its_end_has_one_completion():
    assert all_completions(1, 3, end=0).tolist() == [[0, 0, 0]]


def scored_alone(model, prompt, row, end):
    """log pi(y_t | x, y_<t) by one full pass for this prompt and completion."""
    logits = model(prompt[None], row[None])[0].tolist()
    scores = []
    for t, symbol in enumerate(row.tolist()):
        total = math.log(sum(math.exp(logit) for logit in logits[t]))
        scores.append(logits[t][symbol] - total)
        if symbol == end:
            break
    return scores + [0.0] * (len(row) - len(scores))


@pytest.mark.parametrize("end", [None, 0, 1, 2])
def test_every_completion_has_the_score_that_a_full_pass_gives_it(end):
    model = small_model(0)
    tree, rows = tree_of(model, end=end), all_completions(3, 3, end=end)
    expected = torch.tensor(
        [[scored_alone(model, prompt, row, end) for row in rows] for prompt in PROMPTS],
        dtype=torch.float64,
    )
    assert_close(tree.token_log_probs, expected)
    assert_close(tree.log_probs, expected.sum(dim=-1))
    assert_close(tree.log_probs.exp().sum(dim=1), torch.ones(3).double())
    assert [level.shape for level in tree.levels][1:] == (
        [(3, 3, 3), (3, 9, 3)] if end is None else [(3, 2, 3), (3, 4, 3)]
    )


def test_walking_prefixes_gives_the_output_after_each_of_them():
    model = small_model(1, num_outputs=1)
    words = torch.tensor([2, 0])  # any order, any choice
    outputs, cache = model.start(PROMPTS)
    levels = walk_prefixes(outputs, cache, model.step, words=words, depth=3)
    assert len(levels) == 4
    for t, level in enumerate(levels):
        prefixes = torch.tensor([*itertools.product([2, 0], repeat=t)]).long()
        for number, prompt in enumerate(PROMPTS):
            prompts = prompt.expand(len(prefixes), 2)
            expected = model(prompts, prefixes)[:, -1]
            assert_close(level[number], expected)


def test_kl_by_the_chain_rule_over_prefixes_equals_kl_over_completions():
    one, other = (tree_of(small_model(seed), end=0) for seed in (0, 1))
    total = torch.zeros(3).double()
    reached = torch.ones(3, 1).double()  # probability of each prefix under the first
    for level, against in zip(one.levels, other.levels, strict=True):
        total += (reached * (level.exp() * (level - against)).sum(dim=-1)).sum(dim=1)
        reached = (reached[..., None] * level.exp()[..., 1:]).flatten(1)
    assert (total > 0.1).all()
    assert_close(kl_divergence(one.log_probs, other.log_probs), total)


def test_the_gradient_of_the_expected_reward_against_finite_differences():
    model, num = small_model(2), len(all_completions(3, 3, end=0))
    rewards = torch.randn(3, num, generator=seeded(3)).double()

    def value():
        return expected_reward(tree_of(model, end=0).log_probs, rewards).mean()

    value().backward()
    block, step = model.trunk.blocks[0], 1e-5
    for weights, place in [
        (model.head.bias, (1,)),
        (model.head.weight, (2, 5)),
        (block.query_key_value.weight, (3, 1)),
        (block.narrow.weight, (0, 7)),
        (model.trunk.embed.weight, (1, 2)),
        (model.trunk.place.weight, (4, 2)),  # after the last word that is read: no effect
        (model.trunk.place.weight, (3, 2)),
    ]:
        with torch.no_grad():
            weights[place] += step
            above = value().item()
            weights[place] -= 2 * step
            below = value().item()
            weights[place] += step
        slope = (above - below) / (2 * step)
        assert weights.grad[place].item() == pytest.approx(slope, abs=1e-8, rel=1e-5)
    assert model.head.weight.grad.abs().max() > 1e-3


class NoCache(NamedTuple):
    def rows(self, index):
        return self


def tree_from(logits, **change):
    def step(tokens, cache):
        return torch.zeros(len(tokens), logits.shape[-1]), cache

    return prefix_tree(logits, NoCache(), step, **{"length": 2, **change})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: all_completions(0, 2), "vocabulary_size must be a positive integer, got 0"),
        (lambda: all_completions(2, 0), "length must be a positive integer, got 0"),
        (lambda: all_completions(2, 2.0), "length must be a positive integer, got 2.0"),
        (lambda: all_completions(2, 2, end=2), "end must be a symbol from 0 to 1, got 2"),
        (lambda: all_completions(2, 2, end=-1), "end must be a symbol from 0 to 1, got -1"),
        (lambda: all_completions(2, 2, end=1.0), "end must be a symbol from 0 to 1, got 1.0"),
        (lambda: tree_from(torch.zeros(2, 3), end=3), "end must be a symbol from 0 to 2, got 3"),
        (lambda: tree_from(torch.zeros(2, 3), length=0), "length must be a positive integer"),
        (lambda: tree_from(torch.zeros(3)), r"logits must have shape \[P, V\], got \(3,\)"),
        (lambda: tree_from(torch.zeros(1, 2, 3)), r"must have shape \[P, V\], got \(1, 2, 3\)"),
        (lambda: tree_from(torch.zeros(2, 3).long()), "logits must be floating-point numbers"),
        (lambda: tree_from(torch.full((1, 2), math.nan)), "logits must .* got nan"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_logits_that_turn_nan_after_a_word_are_refused():
    def step(tokens, cache):
        return torch.where(tokens[:, None] == 1, math.nan, torch.zeros(len(tokens), 2)), cache

    with pytest.raises(ValueError, match=r"logits must .* got nan"):
        prefix_tree(torch.zeros(1, 2), NoCache(), step, length=2)


@pytest.mark.parametrize(
    ("vocabulary_size", "length", "end"), [(10, 8, 0), (216, 3, None), (10**9, 2, 0), (2, 10**9, 0)]
)
def test_more_completions_than_memory_holds_are_refused(vocabulary_size, length, end):
    message = f"length and vocabulary_size .* got {length} and {vocabulary_size}$"
    with pytest.raises(ValueError, match=message):
        all_completions(vocabulary_size, length, end=end)


def test_the_largest_language_is_not_refused():
    require_countable(10, 7, None)  # 10 million
    require_countable(215, 3, 0)  # 214^3 and fewer
    with pytest.raises(ValueError, match="length and vocabulary_size"):
        require_countable(10_000_001, 1, None)


@pytest.mark.parametrize("end", [True, False, 0.0])
def test_an_end_that_is_no_integer_is_refused(end):
    with pytest.raises(ValueError, match=f"end must be a symbol from 0 to 1, got {end}"):
        all_completions(2, 2, end=end)
