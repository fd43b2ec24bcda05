"""Small random pages for tests of the policy that points, padded by plain loops."""

from typing import NamedTuple

import torch
from torch import Tensor

from rlnotes.models.pointer_policy import Pages, PointerPolicy

NUM_FIELDS, NUM_NUMBERS, NUM_SIDES, NUM_PAIRS, NUM_WORDS = 2, 3, 2, 3, 11


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


class Page(NamedTuple):
    """One document of n segments."""

    words: list[list[int]]  # rows of the table, segment by segment
    numbers: Tensor  # [n, numbers]
    neighbours: list[list[int]]  # [n, sides], -1 for none
    pairs: Tensor  # [pairs, n, n]


def random_page(count, seed):
    """Segments of none to four words, and with no neighbour on some sides."""
    generator = seeded(seed)

    def integers(high, *shape):
        return torch.randint(high, shape, generator=generator).tolist()

    words = [integers(NUM_WORDS, length) for length in integers(5, count)]
    neighbours = [[place - 1 for place in row] for row in integers(count + 1, count, NUM_SIDES)]
    numbers = torch.randn(count, NUM_NUMBERS, generator=generator)
    return Page(
        words, numbers, neighbours, torch.randn(NUM_PAIRS, count, count, generator=generator)
    )


def joined(*pages, length=None, dtype=torch.float32, filling=0.0):
    """One batch; filling stands where padding has numbers that nobody should read."""
    length = length or max(len(page.words) for page in pages)
    numbers = torch.full((len(pages), length, NUM_NUMBERS), filling, dtype=dtype)
    neighbours = torch.full((len(pages), length, NUM_SIDES), length)
    pairs = torch.zeros(len(pages), NUM_PAIRS + 1, length + 1, length + 1, dtype=dtype)
    mask = torch.zeros(len(pages), length, dtype=torch.bool)
    rows, starts = [], []
    for batch, page in enumerate(pages):
        count = len(page.words)
        for i in range(length):
            starts.append(len(rows))
            if i < count:
                rows += page.words[i]
                mask[batch, i] = True
                numbers[batch, i] = page.numbers[i]
                for side, place in enumerate(page.neighbours[i]):
                    neighbours[batch, i, side] = length if place < 0 else place
        pairs[batch, :NUM_PAIRS, 1 : count + 1, 1 : count + 1] = page.pairs
        pairs[batch, NUM_PAIRS, :, count + 1 :] = 1
    rows, starts = (torch.tensor(each, dtype=torch.int64) for each in (rows, starts))
    return Pages(rows, starts, numbers, neighbours, pairs, mask)


def permuted(page, order):
    """The same page with its segments in another order: place i holds order[i]."""
    place_of = {old: new for new, old in enumerate(order)} | {-1: -1}
    return Page(
        [page.words[old] for old in order],
        page.numbers[order],
        [[place_of[place] for place in page.neighbours[old]] for old in order],
        page.pairs[:, order][:, :, order],
    )


def new_policy(seed=0, **shape):
    return PointerPolicy(
        seeded(seed),
        num_fields=NUM_FIELDS,
        num_numbers=NUM_NUMBERS,
        num_neighbours=NUM_SIDES,
        num_pairs=NUM_PAIRS,
        num_words=NUM_WORDS,
        **({"width": 8, "num_heads": 2} | shape),
    )


def random_policy(seed=0, **shape):
    """A policy far from its start: every weight is moved."""
    policy, generator = new_policy(seed, **shape), seeded(seed + 100)
    with torch.no_grad():
        for weights in policy.parameters():
            weights.add_(torch.randn(weights.shape, generator=generator) * 0.4)
    return policy
