"""A reward model that only counts words: logistic regression on differences.

It cannot know that a word should come once, or where it should stand. So it is wrong
about some replies whatever the number of comparisons, and an optimizer finds those.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes._checks import require_finite, require_indices, require_positive, require_shape
from rlnotes.data.help_desk import END, MAX_WORDS, PROMPTS, SYMBOLS
from rlnotes.functional.inputs import require_tensors
from rlnotes.training.comparisons import Comparisons, require_comparisons
from rlnotes.training.replies import all_replies

NUM_WORDS = len(SYMBOLS) - 1


def word_counts(replies: Tensor) -> Tensor:
    """[..., 7] how often each word stands before the first end of [..., 5] tokens.

    Raises:
        ValueError: for what is no int64 tensor of symbols.

    Example:
        >>> word_counts(torch.tensor([1, 4, 4, 0, 0])).tolist()
        [1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]
    """
    require_indices(len(SYMBOLS), replies=replies)
    return _word_counts(replies)


def _word_counts(replies: Tensor) -> Tensor:
    is_word = (replies != END).long().cumprod(dim=-1)
    counts = torch.zeros(*replies.shape[:-1], len(SYMBOLS), dtype=torch.float64)
    return counts.scatter_add_(-1, replies * is_word, is_word.double())[..., 1:]


class Bags(NamedTuple):
    """The 792 bags of at most five words: all that a word-count score tells apart."""

    counts: Tensor  # [792, 7] how often each word is in the bag
    of_reply: Tensor  # [19608] int64, the bag of each reply


@lru_cache(maxsize=1)
def bags() -> Bags:
    """Every bag of words once, and where each of `all_replies` belongs."""
    counts, of_reply = word_counts(all_replies()).unique(dim=0, return_inverse=True)
    return Bags(counts, of_reply)


class CountedPairs(NamedTuple):
    """Comparisons as a word-count model sees them; many are the same."""

    prompts: Tensor  # [U] int64 of each distinct pair
    differences: Tensor  # [U, 7] counts of the chosen reply less the rejected one's
    of_pair: Tensor  # [N] int64, which distinct pair each comparison is


def count_pairs(comparisons: Comparisons) -> CountedPairs:
    """Each distinct pair of prompt and difference once, in the order of a number.

    The number has a digit for the prompt and one for each word's difference.

    Raises:
        ValueError: if a prompt or reply does not exist.
    """
    require_comparisons(comparisons)
    differences = _word_counts(comparisons.chosen) - _word_counts(comparisons.rejected)
    base = 2 * MAX_WORDS + 1
    powers = base ** torch.arange(NUM_WORDS + 1)
    digits = torch.cat([differences.long() + MAX_WORDS, comparisons.prompts[:, None]], dim=1)
    codes, of_pair = (digits * powers).sum(dim=1).unique(return_inverse=True)
    digits = codes[:, None] // powers % base
    return CountedPairs(digits[:, -1], (digits[:, :-1] - MAX_WORDS).double(), of_pair)


def fit_word_counts(
    comparisons: Comparisons | CountedPairs, *, num_pairs: int | None = None, ridge: float = 0.1
) -> Tensor:
    """[6, 7] weights, for each prompt its own, fitted by Newton's method.

        margin = w . (counts(chosen) - counts(rejected))
        minimize  sum over pairs of -log sigmoid(margin) + ridge / 2 |w|^2

    A logistic regression without intercept in which every label is 1. The ridge keeps w
    finite where few pairs leave no contradiction; many pairs drown it.

    Args:
        comparisons: a prompt without pairs gets weights of zero. Counted pairs save
            time where the same ones are fitted again and again.
        num_pairs: fit the first ones only; None takes all.
        ridge: positive.

    Raises:
        ValueError: if ridge is not positive, or so small that the weights of pairs
            without contradiction are not found; if num_pairs is out of its range, or a
            prompt or reply does not exist.

    References:
        Bradley & Terry (1952); Hastie, Tibshirani & Friedman (2009), section 4.4.1
        (Newton's method for logistic regression).
    """
    require_positive(ridge=ridge)
    pairs = comparisons if isinstance(comparisons, CountedPairs) else count_pairs(comparisons)
    total = len(pairs.of_pair)
    if num_pairs is not None and num_pairs not in range(1, total + 1):
        raise ValueError(f"num_pairs must be an integer from 1 to {total}, got {num_pairs}")
    repeats = torch.bincount(pairs.of_pair[:num_pairs], minlength=len(pairs.prompts))
    found = repeats > 0
    differences, repeats = _by_prompt(
        pairs.prompts[found], pairs.differences[found], repeats[found].double()
    )
    return pair_weights(differences, repeats, ridge=ridge)


def _by_prompt(prompts: Tensor, differences: Tensor, repeats: Tensor) -> tuple[Tensor, Tensor]:
    """[6, M, 7] differences and [6, M] repeats of sorted prompts; filled with zeros."""
    sizes = torch.bincount(prompts, minlength=len(PROMPTS))
    places = torch.arange(len(prompts)) - (sizes.cumsum(0) - sizes)[prompts]
    shape = len(PROMPTS), int(sizes.max())
    padded = torch.zeros(*shape, NUM_WORDS, dtype=torch.float64)
    padded_repeats = torch.zeros(shape, dtype=torch.float64)
    padded[prompts, places], padded_repeats[prompts, places] = differences, repeats
    return padded, padded_repeats


def pair_weights(differences: Tensor, repeats: Tensor, *, ridge: float) -> Tensor:
    """[P, F] weights at which the gradient of every prompt's loss is zero, by Newton.

    Args:
        differences: [P, M, F] features of the chosen reply less the rejected one's.
        repeats: [P, M] how often each pair stands in the data; 0 leaves it out.
        ridge: positive.

    Raises:
        ValueError: if the ridge is so small that the weights are not found.
    """
    num_features = differences.shape[-1]
    price = ridge * torch.eye(num_features, dtype=torch.float64)
    weights = torch.zeros(len(differences), num_features, dtype=torch.float64)
    for _ in range(50):
        margins = (differences @ weights[..., None]).squeeze(-1)
        doubts = torch.sigmoid(-margins)  # of each label, by this model
        gradient = ridge * weights - ((repeats * doubts)[:, None] @ differences).squeeze(1)
        if gradient.abs().max() < 1e-9 * max(1.0, repeats.sum().item()):
            return weights
        spread = repeats * doubts * (1 - doubts)
        curvature = (differences * spread[..., None]).mT @ differences + price
        weights = weights - torch.linalg.solve_ex(curvature, gradient).result
    raise ValueError(f"ridge must be larger for these comparisons, got {ridge}")


def word_count_scores(weights: Tensor) -> Tensor:
    """[6, 19608] scores of all replies by weights [6, 7], float64.

    Raises:
        ValueError: for weights of another shape, or that are not finite.
    """
    require_tensors(weights=weights)
    require_shape((len(PROMPTS), NUM_WORDS), weights=weights)
    require_finite(weights=weights)
    return (weights @ bags().counts.T)[:, bags().of_reply]
