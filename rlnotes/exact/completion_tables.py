"""From a table of completions back to the tree: the next symbol by its prefix."""

import torch
from torch import Tensor

from rlnotes.exact.language import require_all_completions
from rlnotes.exact.prefix_tree import PrefixTree, require_countable
from rlnotes.functional.inputs import require_tensors


def tree_of_table(log_probs: Tensor, *, vocabulary_size: int, length: int, end: int) -> PrefixTree:
    """The tree whose completions have these log-probabilities.

        pi(end | prefix)    = pi(prefix, end) / mass(prefix)
        pi(symbol | prefix) = mass(prefix, symbol) / mass(prefix)

    The mass of a prefix is that of all completions that begin with it. So a
    distribution given as a whole, such as the Gibbs optimum, gets a next symbol.

    Args:
        log_probs: [P, N] in the order of `all_completions`, nats.
        vocabulary_size: V.
        length: T.
        end: the symbol that ends a completion.

    Returns:
        `PrefixTree`; its `log_probs` are those given.

    Raises:
        ValueError: if a number is not a positive integer, end is no symbol, there are
            not N columns or too many, a completion has no probability at all, or the
            probabilities do not sum to one.

    Example:
        >>> table = torch.tensor([[0.5, 0.2, 0.3]]).log()  # end; 1, end; 1, 1
        >>> tree = tree_of_table(table, vocabulary_size=2, length=2, end=0)
        >>> tree.levels[1].exp()
        tensor([[[0.4000, 0.6000]]])
    """
    require_tensors(log_probs=log_probs)
    require_countable(vocabulary_size, length, end)
    if end is None:
        raise ValueError(f"end must be a symbol from 0 to {vocabulary_size - 1}, got None")
    sizes = [(vocabulary_size - 1) ** t for t in range(length + 1)]
    if log_probs.ndim != 2 or log_probs.shape[1] != sum(sizes):
        raise ValueError(
            f"log_probs must have shape [P, {sum(sizes)}], got {tuple(log_probs.shape)}"
        )
    if not torch.isfinite(log_probs).all():
        raise ValueError("log_probs must be finite, got a completion without probability")
    require_all_completions(log_probs=log_probs)
    *ends, mass = log_probs.split(sizes, dim=1)
    levels = []
    for stops in reversed(ends):
        goes_on = mass.unflatten(1, (stops.shape[1], -1))  # [P, W^t, W]
        both = torch.cat([goes_on[..., :end], stops[..., None], goes_on[..., end:]], dim=-1)
        mass = torch.logsumexp(both, dim=-1)
        levels.append(both - mass[..., None])
    return PrefixTree(tuple(reversed(levels)), end)
