"""A page as arrays: by hand, odd documents, ranges on every layout."""

from dataclasses import replace

import numpy as np
import pytest

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.page_features import (
    NUM_NEIGHBOURS,
    NUM_NUMBERS,
    NUM_PAIRS,
    NUMBERS,
    page_features,
)
from rlnotes.data.documents.page_numbers import amount_numbers
from rlnotes.data.documents.page_places import find_neighbours, on_one_row, pair_numbers
from rlnotes.data.documents.page_words import word_bags
from rlnotes.data.documents.pointing import spellings
from rlnotes.data.invoices import LAYOUTS, sample_invoices
from tests.data.documents.random_pages import messy_document


def column(features, name):
    return features.numbers[:, NUMBERS.index(name)].tolist()


def three_pages():
    boxes = [[0, 0, 50, 20], [50, 40, 150, 50], [20, 10, 60, 20], [0, 90, 40, 100]]
    sizes = [(200, 100), (100, 50), (400, 200)]
    return Document("three", ["Tax 6%", "9.60", "AB c", "-"], boxes, [0, 0, 1, 2], sizes)


def test_places_by_hand():
    features = page_features(three_pages())
    assert len(features) == 4
    assert column(features, "left") == pytest.approx([0, 0.25, 0.2, 0])
    assert column(features, "right") == pytest.approx([0.25, 0.75, 0.6, 0.1])
    assert column(features, "width") == pytest.approx([0.25, 0.5, 0.4, 0.1])
    assert column(features, "top") == pytest.approx([0, 0.4, 0.2, 0.45])
    assert column(features, "height") == [0.5, 0.25, 0.25, 0.25]  # 10 is usual, 4 the most
    assert column(features, "order") == [0, 0.25, 0.5, 0.75]
    assert column(features, "first page") == [1, 1, 0, 0]
    assert column(features, "last page") == [0, 0, 0, 1]


def test_forms_by_hand():
    features = page_features(three_pages())
    assert column(features, "length") == pytest.approx([6 / 40, 4 / 40, 4 / 40, 1 / 40])
    assert column(features, "digits") == pytest.approx([1 / 6, 3 / 4, 0, 0])
    assert column(features, "letters") == pytest.approx([3 / 6, 0, 3 / 4, 0])
    assert column(features, "capitals") == pytest.approx([1 / 6, 0, 2 / 4, 0])
    assert column(features, "signs") == pytest.approx([2 / 6, 1 / 4, 1 / 4, 1])


def test_the_header_are_the_first_eight():
    document = messy_document(0, count=11)
    assert column(page_features(document), "header") == [1] * 8 + [0] * 3


def test_lengths_and_heights_are_cut_off():
    boxes = [[0, 0, 9, 5], [0, 5, 9, 10], [0, 10, 9, 90]]
    document = Document("tall", ["A" * 41, "A" * 40, "A" * 39], boxes, [0] * 3, [(9, 90)])
    features = page_features(document)
    assert column(features, "height") == [0.25, 0.25, 1]
    assert column(features, "length") == pytest.approx([1, 1, 39 / 40])


def test_the_parts_are_those_of_the_modules():
    document = messy_document(3)
    features = page_features(document)
    rows, counts = word_bags(document.segments)
    assert features.word_rows.tolist() == rows.tolist()
    assert features.word_counts.tolist() == counts.tolist()
    assert features.neighbours.tolist() == find_neighbours(document).tolist()
    assert (features.pairs == pair_numbers(document, on_one_row(document))).all()
    for name, numbers in amount_numbers(document, spellings(document)).items():
        assert column(features, name) == pytest.approx(numbers.astype(float).tolist())


def test_spellings_at_hand_give_the_same():
    document = messy_document(4)
    one, other = page_features(document), page_features(document, spelled=spellings(document))
    assert (one.numbers == other.numbers).all()


def test_the_label_is_never_read():
    (document,) = sample_invoices(1, seed=0)
    bare = replace(document, target=None, layout=None, printed=None, name="other")
    one, other = page_features(document), page_features(bare)
    for name in ("word_rows", "word_counts", "numbers", "neighbours", "pairs"):
        assert (getattr(one, name) == getattr(other, name)).all()


@pytest.mark.parametrize("flat", [False, True])
def test_a_document_of_one_segment(flat):
    box = [10, 20, 10, 20] if flat else [10, 20, 30, 40]
    features = page_features(Document("one", ["9.60"], [box], [0], [(100, 50)]))
    assert features.numbers.shape == (1, NUM_NUMBERS)
    assert features.neighbours.tolist() == [[-1] * NUM_NEIGHBOURS]
    assert features.pairs.shape == (NUM_PAIRS, 1, 1)
    assert column(features, "height") == [0 if flat else 0.25]
    assert column(features, "width") == pytest.approx([0 if flat else 0.2])
    assert column(features, "largest") == column(features, "last page") == [1]


def assert_in_range(features):
    numbers, pairs = features.numbers, features.pairs
    assert numbers.dtype == pairs.dtype == np.float32
    assert ((numbers >= 0) & (numbers <= 1)).all()
    assert ((pairs >= -1) & (pairs <= 1)).all()
    assert ((features.neighbours >= -1) & (features.neighbours < len(features))).all()
    assert features.word_counts.sum() == len(features.word_rows)


def test_boxes_without_height():
    for seed in range(5):
        document = messy_document(seed, num_pages=3)
        boxes = document.boxes.copy()
        boxes[:, 3] = boxes[:, 1]
        features = page_features(replace(document, boxes=boxes))
        assert_in_range(features)
        assert column(features, "height") == [0] * len(features)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_numbers_of_a_layout_are_in_range(layout):
    for document in sample_invoices(15, seed=6, layouts=(layout,), noise=0.2):
        assert_in_range(page_features(document))


def test_names_are_unique():
    assert len(set(NUMBERS)) == NUM_NUMBERS == 34
    assert NUM_NEIGHBOURS == 4
    assert NUM_PAIRS == 7


def test_a_document_without_a_segment_is_refused():
    with pytest.raises(ValueError, match="document must have a segment, got none in 'empty'"):
        page_features(Document("empty", [], [], [], [(1, 1)]))
    with pytest.raises(ValueError, match="spelled must have one row for each of the 14 segments"):
        page_features(messy_document(0), spelled=spellings(messy_document(0, count=3)))


def test_the_usual_height_is_that_of_boxes_that_have_one():
    # Of all five heights the median would be 0.
    boxes = [[0, 10 * i, 30, 10 * i + height] for i, height in enumerate((0, 0, 0, 4, 8))]
    document = Document("d", ["a"] * 5, boxes, [0] * 5, [(100, 100)])
    assert column(page_features(document), "height") == pytest.approx([0, 0, 0, 1 / 6, 1 / 3])


def test_a_share_of_no_other_sign_is_not_below_zero_by_rounding():
    assert 1 - 4 / 5 - 1 / 5 < 0
    document = Document("d", ["1234A"], [[0, 0, 30, 10]], [0], [(100, 100)])
    assert column(page_features(document), "signs") == [0]
