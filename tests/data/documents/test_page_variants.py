"""Other pages: twice is the same, and once is that of a document drawn so."""

import numpy as np
import pytest

from rlnotes.data.documents.page_features import NUMBERS, page_features
from rlnotes.data.documents.page_places import PAIRS
from rlnotes.data.documents.page_variants import mirrored, upside_down, with_lost_words
from rlnotes.data.invoices import LAYOUTS, sample_invoices
from tests.data.documents.random_pages import (
    HEIGHT,
    messy_document,
    mirrored_document,
    tidy_document,
    turned_document,
)

BY_RIGHT_EDGES = {"column", "in a run", "sum of a run"}
RUNS = {"in a run", "sum of a run"}  # the first of the longest: another one from below


def documents():
    return [
        *(messy_document(seed, num_pages=3) for seed in range(6)),
        *(tidy_document(seed) for seed in range(4)),
        *sample_invoices(8, seed=5, layouts=LAYOUTS),
    ]


def arrays(features):
    return {name: getattr(features, name) for name in features.__dataclass_fields__}


def without(names, left_out):
    return [number for number, name in enumerate(names) if name not in left_out]


@pytest.mark.parametrize("change", [mirrored, upside_down])
def test_twice_is_the_page_itself(change):
    for document in documents():
        features = page_features(document)
        for name, array in arrays(change(change(features))).items():
            np.testing.assert_allclose(array, getattr(features, name), atol=1e-6, err_msg=name)


@pytest.mark.parametrize("change", [mirrored, upside_down])
def test_once_is_another_page_of_the_same_kind(change):
    features = page_features(tidy_document(0))
    kept = {name: array.copy() for name, array in arrays(features).items()}
    changed = change(features)
    for name, array in arrays(changed).items():
        assert array.dtype == kept[name].dtype
        assert array.shape == kept[name].shape
        assert (array == kept[name]).all() == (name in ("word_rows", "word_counts"))
        assert (getattr(features, name) == kept[name]).all()  # itself it stays as it was


def test_mirrored_and_upside_down_can_go_in_either_order():
    features = page_features(messy_document(1))
    one, other = mirrored(upside_down(features)), upside_down(mirrored(features))
    for name, array in arrays(one).items():
        assert (array == getattr(other, name)).all()


@pytest.mark.parametrize("seed", range(8))
def test_mirrored_is_a_document_with_mirrored_boxes(seed):
    for document in (messy_document(seed, num_pages=3), tidy_document(seed)):
        expected = page_features(mirrored_document(document))
        features = mirrored(page_features(document))
        kept = without(NUMBERS, BY_RIGHT_EDGES)
        np.testing.assert_allclose(features.numbers[:, kept], expected.numbers[:, kept], atol=1e-6)
        kept = without(PAIRS, {"aligned"})
        np.testing.assert_allclose(features.pairs[kept], expected.pairs[kept], atol=1e-6)
        assert (features.neighbours == expected.neighbours).all()
        assert (features.word_rows == expected.word_rows).all()


@pytest.mark.parametrize("seed", range(4))
def test_where_all_are_equally_wide_columns_and_alignment_are_mirrored_too(seed):
    document = tidy_document(seed, width=64)
    expected = page_features(mirrored_document(document))
    features = mirrored(page_features(document))
    np.testing.assert_allclose(features.numbers, expected.numbers, atol=1e-6)
    np.testing.assert_allclose(features.pairs, expected.pairs, atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_upside_down_is_a_document_turned_over(seed):
    document = tidy_document(seed)
    count = len(document.segments)
    turned = page_features(turned_document(document))
    features = upside_down(page_features(document))
    kept = without(NUMBERS, {"top", *RUNS})
    np.testing.assert_allclose(features.numbers[::-1, kept], turned.numbers[:, kept], atol=1e-6)
    np.testing.assert_allclose(features.pairs[:, ::-1, ::-1], turned.pairs, atol=1e-6)
    places = np.where(turned.neighbours < 0, -1, count - 1 - turned.neighbours)
    assert (features.neighbours[::-1] == places).all()
    top = NUMBERS.index("top")  # where the lower edge comes to lie, all are 16 high
    expected = turned.numbers[:, top] + 16 / HEIGHT
    np.testing.assert_allclose(features.numbers[::-1, top], expected, atol=1e-6)


def parts(features):
    return np.split(features.word_rows, np.cumsum(features.word_counts)[:-1])


def test_lost_words_are_those_of_whole_segments():
    features = page_features(messy_document(2, count=40))
    lost = with_lost_words(features, share=0.5, generator=np.random.default_rng(0))
    kept = 0
    for before, after in zip(parts(features), parts(lost), strict=True):
        assert after.tolist() in ([], before.tolist())
        kept += len(after) > 0
    assert 5 < kept < 35
    for name in ("numbers", "neighbours", "pairs"):
        assert getattr(lost, name) is getattr(features, name)
    assert lost.word_rows.dtype == lost.word_counts.dtype == np.int64


def test_all_words_lost_and_none():
    features = page_features(messy_document(2))
    generator = np.random.default_rng(0)
    none = with_lost_words(features, share=0.0, generator=generator)
    assert none.word_rows.tolist() == features.word_rows.tolist()
    assert none.word_counts.tolist() == features.word_counts.tolist()
    every = with_lost_words(features, share=1.0, generator=generator)
    assert every.word_rows.tolist() == []
    assert every.word_counts.tolist() == [0] * len(features)


@pytest.mark.parametrize("share", [0.1, 0.7])
def test_each_segment_loses_its_words_with_this_probability(share):
    features = page_features(messy_document(3, count=50))
    generator = np.random.default_rng(1)
    lost = sum(
        (with_lost_words(features, share=share, generator=generator).word_counts == 0)
        for _ in range(400)
    )
    spread = np.sqrt(share * (1 - share) / 400)
    assert abs(lost / 400 - share).max() < 4.5 * spread  # each of 50
    assert abs(lost.mean() / 400 - share) < 4.5 * spread / np.sqrt(50)


def test_the_same_seed_loses_the_same_words():
    features = page_features(messy_document(3))
    one, other, third = (
        with_lost_words(features, share=0.5, generator=np.random.default_rng(seed)).word_counts
        for seed in (7, 7, 8)
    )
    assert (one == other).all()
    assert (one != third).any()


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), "0.5"])
def test_a_share_outside_of_0_to_1_is_refused(share):
    with pytest.raises(ValueError, match=r"share must lie in \[0, 1\], got"):
        with_lost_words(
            page_features(messy_document(0)), share=share, generator=np.random.default_rng(0)
        )
