"""Other pages that say the same: mirrored, upside down, with words blotted out.

Who learns on them cannot rely on a label that stands on the left, a name that stands on
top, or a single word. The numbers on how amounts fit together stay as they are: they
are the same on each of these pages, or nearly so (columns are found by right edges).
"""

from dataclasses import replace

import numpy as np

from rlnotes._checks import require_in_unit_interval
from rlnotes.data.documents.page_features import NUMBERS, PageFeatures
from rlnotes.data.documents.page_places import PAIRS

_AT = {name: column for column, name in enumerate(NUMBERS)}
_PAIR_AT = {name: row for row, name in enumerate(PAIRS)}


def mirrored(features: PageFeatures) -> PageFeatures:
    """The page with left and right exchanged.

    "Aligned" stays what it was: segments with one right edge have one left edge now.
    Pages are taken to be equally wide. Twice is the page itself.
    """
    numbers, pairs = features.numbers.copy(), features.pairs.copy()
    numbers[:, _AT["left"]] = 1 - features.numbers[:, _AT["right"]]
    numbers[:, _AT["right"]] = 1 - features.numbers[:, _AT["left"]]
    left, right = _PAIR_AT["left in row"], _PAIR_AT["right in row"]
    pairs[[left, right]] = features.pairs[[right, left]]
    pairs[_PAIR_AT["right"]] *= -1
    neighbours = features.neighbours[:, [2, 1, 0, 3]]
    return replace(features, numbers=numbers, neighbours=neighbours, pairs=pairs)


def upside_down(features: PageFeatures) -> PageFeatures:
    """The page with top and bottom exchanged, and the order of its segments.

    The segments keep their numbers; what is exchanged is their column "order". "Top" is
    where the lower edge comes to lie: heights in parts of the page are not at hand.
    Twice is the page itself.
    """
    numbers, pairs = features.numbers.copy(), features.pairs.copy()
    numbers[:, _AT["top"]] = 1 - features.numbers[:, _AT["top"]]
    for name in ("order", "header"):
        numbers[:, _AT[name]] = features.numbers[::-1, _AT[name]]
    pages = [_AT["first page"], _AT["last page"]]
    numbers[:, pages] = features.numbers[:, pages[::-1]]
    pairs[_PAIR_AT["down"]] *= -1
    neighbours = features.neighbours[:, [0, 3, 2, 1]]
    return replace(features, numbers=numbers, neighbours=neighbours, pairs=pairs)


def with_lost_words(
    features: PageFeatures, *, share: float, generator: np.random.Generator
) -> PageFeatures:
    """The page with the words of some segments lost, each with probability share.

    Args:
        features: N segments; their numbers stay, those on the form of a text as well.
        share: probability in [0, 1], independent for each segment.
        generator: draws N numbers.

    Raises:
        ValueError: if share lies outside [0, 1].
    """
    require_in_unit_interval(share=share)
    kept = generator.random(len(features)) >= share
    counts = np.where(kept, features.word_counts, 0)
    rows = features.word_rows[np.repeat(kept, features.word_counts)]
    return replace(features, word_rows=rows, word_counts=counts)
