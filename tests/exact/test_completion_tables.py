"""From a table to the tree and back."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.completion_tables import tree_of_table
from rlnotes.exact.prefix_tree import all_completions


@pytest.mark.parametrize(("vocabulary_size", "length", "end"), [(2, 1, 1), (3, 2, 1), (4, 3, 0)])
def test_the_tree_has_the_given_table_and_each_row_sums_to_one(vocabulary_size, length, end):
    count = len(all_completions(vocabulary_size, length, end=end))
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(5, count, generator=generator, dtype=torch.float64).log_softmax(dim=1)
    tree = tree_of_table(table, vocabulary_size=vocabulary_size, length=length, end=end)
    assert_close(tree.log_probs, table)
    for level in tree.levels:
        assert level.shape[-1] == vocabulary_size
        assert_close(level.exp().sum(dim=-1), torch.ones_like(level[..., 0]))


def test_the_next_symbol_by_counting_completions():
    completions = all_completions(3, 2, end=2)
    table = torch.arange(1.0, len(completions) + 1).log().log_softmax(dim=0)[None]
    tree = tree_of_table(table, vocabulary_size=3, length=2, end=2)
    probs = table[0].exp()
    for prefix in ([], [0], [1]):
        begins = [row[: len(prefix)] == prefix for row in completions.tolist()]
        mass = probs[torch.tensor(begins)].sum()
        level = tree.levels[len(prefix)][0, prefix[0] if prefix else 0].exp()
        for symbol in range(3):
            with_it = [*prefix, symbol]
            follows = [row[: len(with_it)] == with_it for row in completions.tolist()]
            assert_close(level[symbol], probs[torch.tensor(follows)].sum() / mass)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"length": 0}, "length must be a positive integer, got 0"),
        ({"end": 2}, "end must be a symbol from 0 to 1, got 2"),
        ({"end": True}, "end must be a symbol from 0 to 1, got True"),
        ({"end": 0.0}, "end must be a symbol from 0 to 1, got 0.0"),
        ({"end": None}, "end must be a symbol from 0 to 1, got None"),
        ({"length": 10**9}, "length and vocabulary_size must give at most"),
        ({}, "log_probs must be those of all completions, got a sum of 3"),
        ({"length": 3}, r"log_probs must have shape \[P, 4\], got \(1, 3\)"),
    ],
)
def test_bad_input_is_named(change, message):
    given = {"vocabulary_size": 2, "length": 2, "end": 0}
    with pytest.raises(ValueError, match=message):
        tree_of_table(torch.zeros(1, 3), **{**given, **change})
    empty = torch.tensor([[0.0, -torch.inf, -torch.inf]])
    with pytest.raises(ValueError, match="finite"):
        tree_of_table(empty, **given)
    with pytest.raises(ValueError, match="log_probs must be a torch tensor, got list"):
        tree_of_table([[0.0]], **given)
