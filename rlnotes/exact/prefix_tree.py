"""The tree of all prefixes of a small language, walked level by level.

A model is a step here: it reads one more symbol and says what it thinks of the next.
A table and a transformer with its cache are one and the same, each prefix is computed
once, and the results keep the graph of the outputs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import require_positive_integer
from rlnotes.functional.log_probs import checked_logits

_MOST_TOKENS = 100_000_000  # of all completions: 800 MB


def all_completions(vocabulary_size: int, length: int, *, end: int | None = None) -> Tensor:
    """Every completion: shorter ones first, then in the order of the symbols as digits.

    Without an end all V^T completions have length T. With one, a completion stops at
    its end symbol or at length T, and the rest of its row is filled with the end.

    Args:
        vocabulary_size: V.
        length: T, at least 1.
        end: the symbol that ends a completion, or None.

    Returns:
        [N, T] int64; with an end, N is the sum over t = 0 ... T of (V - 1)^t.

    Raises:
        ValueError: if a number is not a positive integer, end is no symbol, or there
            are more than 10 million completions or 100 million tokens.

    Example:
        >>> all_completions(2, 2, end=0).tolist()
        [[0, 0], [1, 0], [1, 1]]
    """
    words = _words(vocabulary_size, length, end)
    rows, levels = torch.zeros(1, 0, dtype=torch.int64), []
    for t in range(length):
        if end is not None:
            levels.append(torch.nn.functional.pad(rows, (0, length - t), value=end))
        following = words.repeat(len(rows))[:, None]
        rows = torch.cat([rows.repeat_interleave(len(words), dim=0), following], dim=1)
    return torch.cat([*levels, rows])


def walk_prefixes(
    outputs: Tensor, cache: Any, step: Callable, *, words: Tensor, depth: int
) -> list[Tensor]:
    """What a model says after every prefix, level by level, each computed once.

    Args:
        outputs: [P, K] after the prompt.
        cache: what step needs to go on; `cache.rows(index)` repeats rows of it.
        step: (tokens [B] int64, cache) to (outputs [B, K], cache).
        words: [W] the symbols that a prefix goes on with.
        depth: longest prefix.

    Returns:
        Levels t = 0 ... depth, each [P, W^t, K], prefixes in the order of their digits.
    """
    num_prompts, levels = len(outputs), [outputs[:, None]]
    for _ in range(depth):
        parents = torch.arange(len(outputs)).repeat_interleave(len(words))
        outputs, cache = step(words.repeat(len(outputs)), cache.rows(parents))
        levels.append(outputs.unflatten(0, (num_prompts, -1)))
    return levels


@dataclass(frozen=True)
class PrefixTree:
    """The distribution over all completions, by its conditional probabilities.

    log pi(y) = sum over t of log pi(y_t | y_<t), the end's included if there is one
    """

    levels: tuple[Tensor, ...]  # level t: [P, W^t, V] nats, log pi(next symbol | prefix)
    end: int | None  # the symbol that ends a completion

    @property
    def log_probs(self) -> Tensor:
        """[P, N] log-probability of each of `all_completions`, nats."""
        return torch.cat([part.sum(dim=-1) for part in self._by_length()], dim=1)

    @property
    def token_log_probs(self) -> Tensor:
        """[P, N, T] log pi(y_t | y_<t), nats; 0 after the end."""
        length = len(self.levels)
        parts = [
            torch.nn.functional.pad(part, (0, length - part.shape[-1]))
            for part in self._by_length()
        ]
        return torch.cat(parts, dim=1)

    def _by_length(self):
        reached = self.levels[0][..., :0]  # [P, W^t, t]
        for level in self.levels:
            if self.end is not None:
                yield torch.cat([reached, level[..., self.end, None]], dim=-1)
                level = torch.cat([level[..., : self.end], level[..., self.end + 1 :]], dim=-1)
            num_words = level.shape[-1]
            reached = reached.repeat_interleave(num_words, dim=1)
            reached = torch.cat([reached, level.flatten(1)[..., None]], dim=-1)
        yield reached


def prefix_tree(
    logits: Tensor, cache: Any, step: Callable, *, length: int, end: int | None = None
) -> PrefixTree:
    """The tree of a model that starts with these logits, see `walk_prefixes`.

    Args:
        logits: [P, V] of the first symbol.
        cache: as for `walk_prefixes`.
        step: as for `walk_prefixes`; its outputs are logits.
        length: T, the longest completion; it needs no end.
        end: the symbol that ends a completion, or None.

    Returns:
        `PrefixTree`, in the logits' dtype and differentiable in them.

    Raises:
        ValueError: for what is no [P, V] of floating-point numbers, NaN, a length that
            is not a positive integer, too many completions, or an end that is no
            symbol.
    """
    logits = checked_logits(logits)
    if logits.ndim != 2:
        raise ValueError(f"logits must have shape [P, V], got {tuple(logits.shape)}")
    words = _words(logits.shape[-1], length, end)
    levels = walk_prefixes(logits, cache, step, words=words, depth=length - 1)
    return PrefixTree(
        tuple(torch.log_softmax(checked_logits(level), dim=-1) for level in levels), end
    )


def require_countable(vocabulary_size: int, length: int, end: int | None) -> None:
    """Raise unless these describe a language whose completions fit into memory."""
    require_positive_integer(vocabulary_size=vocabulary_size, length=length)
    number = isinstance(end, int | np.integer) and not isinstance(end, bool)
    if end is not None and not (number and 0 <= end < vocabulary_size):
        raise ValueError(f"end must be a symbol from 0 to {vocabulary_size - 1}, got {end}")
    num_words = int(vocabulary_size) - (end is not None)
    num, level = 0, 1  # completions that have ended, prefixes of t symbols
    for _ in range(length):
        num, level = num + (end is not None) * level, level * num_words
        if (num + level) * max(length, 10) > _MOST_TOKENS:
            raise ValueError(
                f"length and vocabulary_size must give at most {_MOST_TOKENS // 10:,} completions "
                f"and {_MOST_TOKENS:,} tokens, got {length} and {vocabulary_size}"
            )


def _words(vocabulary_size: int, length: int, end: int | None) -> Tensor:
    require_countable(vocabulary_size, length, end)
    words = torch.arange(vocabulary_size)
    return words if end is None else words[words != end]
