"""Pages for the policy: padded to one length, and varied."""

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
import torch

from rlnotes.data.documents.page_features import (
    NUM_NEIGHBOURS,
    NUM_NUMBERS,
    NUM_PAIRS,
    PageFeatures,
)
from rlnotes.data.documents.page_variants import mirrored, upside_down, with_lost_words
from rlnotes.models.pointer_policy import Pages
from rlnotes.training.invoices.examples import Example

MIRRORED, UPSIDE_DOWN, LOST_WORDS = 0.5, 0.3, 0.3


class OtherFeatures(Protocol):
    """One document as a policy of another kind reads it: N segments, its length.

    An `Example` may hold such features in place of `PageFeatures`. Their policy turns
    the joined pages into `Choices`, and all trainers here take it.
    """

    def __len__(self) -> int: ...

    def join(self, features: Sequence[Self]) -> tuple:
        """The pages of B documents, this one first; a mask [B, N] is among them."""

    def vary(self, generator: np.random.Generator) -> Self:
        """The page as it might also be."""


def join_pages(features: Sequence[PageFeatures | OtherFeatures]) -> Pages | tuple:
    """Documents in one batch, padded to the longest.

    Args:
        features: of B documents, see `page_features`; or all `OtherFeatures`.

    Returns:
        `Pages`, a copy. What is padding has no word, is no neighbour, and is marked in
        the last of the pairs. Of other features what they are joined to.

    Raises:
        ValueError: if there is no document.
    """
    if not features:
        raise ValueError("features must hold at least one document, got none")
    if not isinstance(features[0], PageFeatures):
        return features[0].join(features)
    batch, length = len(features), max(map(len, features))
    counts = np.zeros((batch, length), dtype=np.int64)
    numbers = np.zeros((batch, length, NUM_NUMBERS), dtype=np.float32)
    neighbours = np.full((batch, length, NUM_NEIGHBOURS), length)
    pairs = np.zeros((batch, NUM_PAIRS + 1, length + 1, length + 1), dtype=np.float32)
    mask = np.zeros((batch, length), dtype=bool)
    for row, page in enumerate(features):
        n = len(page)
        counts[row, :n] = page.word_counts
        numbers[row, :n] = page.numbers
        neighbours[row, :n] = np.where(page.neighbours < 0, length, page.neighbours)
        pairs[row, :NUM_PAIRS, 1 : n + 1, 1 : n + 1] = page.pairs
        pairs[row, NUM_PAIRS, :, n + 1 :] = 1
        mask[row, :n] = True
    ends = np.cumsum(counts.ravel())
    words = np.concatenate([page.word_rows for page in features])
    arrays = words, ends - counts.ravel(), numbers, neighbours, pairs, mask
    return Pages(*map(torch.from_numpy, arrays))


def vary(
    features: PageFeatures | OtherFeatures, generator: np.random.Generator
) -> PageFeatures | OtherFeatures:
    """A page as it might also be: mirrored, upside down, with words lost.

    Args:
        features: of a document; not changed. Other features vary in their own way.
        generator: decides, with the probabilities `MIRRORED`, `UPSIDE_DOWN` and, for
            each segment alone, `LOST_WORDS`.
    """
    if not isinstance(features, PageFeatures):
        return features.vary(generator)
    if generator.random() < MIRRORED:
        features = mirrored(features)
    if generator.random() < UPSIDE_DOWN:
        features = upside_down(features)
    return with_lost_words(features, share=LOST_WORDS, generator=generator)


def draw_pages(examples: Sequence[Example], generator: np.random.Generator | None) -> Pages | tuple:
    """The pages of some examples in one batch, varied if there is a generator.

    Raises:
        ValueError: if there is no example.
    """
    features = [example.features for example in examples]
    if generator is not None:
        features = [vary(page, generator) for page in features]
    return join_pages(features)
