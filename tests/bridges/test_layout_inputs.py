"""Boxes, tokens and windows of a LayoutLMv3: by hand, and against its own tokenizer."""

import numpy as np
import pytest
import torch

from rlnotes.bridges.layout_inputs import LayoutPage, LayoutReader, thousandths
from rlnotes.bridges.tiny_layout_model import save_tiny_layout_model
from rlnotes.data.documents.document import Document
from rlnotes.data.invoices.sampling import sample_invoices
from rlnotes.training.invoices.batches import draw_pages, join_pages
from rlnotes.training.invoices.examples import make_example
from tests.bridges.layout_pages import SPECIAL, document, letters_tokenizer

LETTERS = letters_tokenizer()
CLS, PAD, SEP = 0, 1, 2


def tokens_of(*words):
    """The numbers of the letters, with the blank before each word."""
    known = LETTERS.get_vocab()
    return [known[letter] for word in words for letter in f"Ġ{word}"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The tokenizer of the tiny model, as a user would load it."""
    folder = tmp_path_factory.mktemp("tiny")
    save_tiny_layout_model(folder)
    return type(LETTERS).from_pretrained(folder)


# Boxes.


@pytest.mark.parametrize(
    ("box", "size", "expected"),
    [
        ([10, 20, 30, 40], [100, 200], [100, 100, 300, 200]),
        ([0, 0, 595, 842], [595, 842], [0, 0, 1000, 1000]),
        ([100, 200, 200, 299], [300, 300], [333, 666, 666, 996]),  # cut off, not rounded
        ([30, 40, 10, 20], [100, 200], [100, 100, 300, 200]),  # both corners swapped
        ([30, 20, 10, 40], [100, 200], [100, 100, 300, 200]),  # only left and right
        ([-5, -1, 120, 260], [100, 200], [0, 0, 1000, 1000]),
        ([7, 7, 7, 7], [14, 28], [500, 250, 500, 250]),
    ],
)
def test_boxes_by_hand(box, size, expected):
    boxes = thousandths(np.array([box]), np.array([size]))
    assert boxes.dtype == np.int64
    assert boxes.tolist() == [expected]


def test_each_box_has_the_size_of_its_own_page():
    boxes = thousandths([[10, 10, 20, 20]] * 2, [[100, 100], [200, 40]])
    assert boxes.tolist() == [[100, 100, 200, 200], [50, 250, 100, 500]]


@pytest.mark.parametrize(
    ("box", "size", "message"),
    [
        ([np.nan, 0, 1, 1], [1, 1], "boxes must be finite"),
        ([0, 0, np.inf, 1], [1, 1], "boxes must be finite"),
        ([0, 0, 1, 1], [0, 1], "sizes must be positive, got 0"),
        ([0, 0, 1, 1], [1, np.inf], "sizes must be finite"),
        ([0, 0, 1, 1], [np.nan, 1], "sizes must be finite"),
        ([0, 0, 1], [1, 1], "boxes must have shape"),
        ([0, 0, 1, 1], [1, 1, 1], "sizes must have shape"),
    ],
)
def test_bad_boxes(box, size, message):
    with pytest.raises(ValueError, match=message):
        thousandths([box], [size])


# Tokens and windows.


def test_tokens_and_boxes_of_one_window_by_hand():
    page = LayoutReader(LETTERS, 512).read(document("Tea 4.80", "RM", " 1  2 "))
    assert [row.tolist() for row in page.token_ids] == [
        [CLS, *tokens_of("Tea", "4.80", "RM", "1", "2"), SEP]
    ]
    tea, rm, one = [100, 0, 200, 25], [100, 50, 210, 75], [100, 100, 220, 125]
    zero = [0, 0, 0, 0]
    assert page.boxes[0].tolist() == [zero, *[tea] * 9, *[rm] * 3, *[one] * 4, zero]
    assert page.starts.tolist() == [1, 10, 13]
    assert page.windows.tolist() == [0, 0, 0]
    assert (len(page), page.num_cut, page.pad_id) == (3, 0, PAD)


def test_windows_hold_whole_segments_and_one_page():
    texts = "Tea 4.80", "Total", "Sum", "RM", "abcdefghijklmnop", "x", "y"
    # Tokens: 9, 6, 4, 3, 17, 2, 2; there is room for 10 in a window.
    page = LayoutReader(LETTERS, 12).read(document(*texts, pages=[0, 0, 0, 1, 1, 1, 2]))
    assert page.windows.tolist() == [0, 1, 1, 2, 3, 4, 5]
    assert page.starts.tolist() == [1, 1, 7, 1, 1, 1, 1]
    assert [len(row) for row in page.token_ids] == [11, 12, 5, 12, 4, 4]
    assert page.num_cut == 7
    assert page.token_ids[3].tolist() == [CLS, *tokens_of("abcdefghi"), SEP]
    assert [len(row) for row in page.boxes] == [11, 12, 5, 12, 4, 4]


def test_a_segment_that_just_fits_is_not_cut():
    page = LayoutReader(LETTERS, 12).read(document("abcdefghi", "abcdefghij"))
    assert [len(row) for row in page.token_ids] == [12, 12]
    assert page.num_cut == 1


def test_of_a_segment_200_letters_are_read():
    page = LayoutReader(LETTERS, 512).read(document("x" * 199 + "yz"))
    assert page.token_ids[0].tolist() == [CLS, *tokens_of("x" * 199 + "y"), SEP]


def test_each_segment_has_the_size_of_its_own_page():
    sheets = [(100, 200), (50, 400)]
    two = Document("two", ["a", "b"], [(10, 20, 30, 40)] * 2, [1, 0], sheets)
    page = LayoutReader(LETTERS, 512).read(two)
    assert [row[1].tolist() for row in page.boxes] == [[200, 50, 600, 100], [100, 100, 300, 200]]


def test_pages_in_any_order_begin_a_window_each():
    page = LayoutReader(LETTERS, 512).read(document("a", "b", "c", pages=[1, 0, 1]))
    assert page.windows.tolist() == [0, 1, 2]


@pytest.mark.parametrize("text", ["☃", "naïve 9,60 €", "a\ud800b", "\U0001f600"])
def test_letters_of_any_alphabet_have_tokens(text):
    page = LayoutReader(LETTERS, 512).read(document(text, "end"))
    start = page.starts[1]
    assert LETTERS.decode(page.token_ids[0][1:start]).strip() == text.replace("\ud800", "?")
    assert page.token_ids[0][start:-1].tolist() == tokens_of("end")


def test_one_window_is_what_the_tokenizer_makes_of_the_words(trained):
    receipts = sample_invoices(8, seed=3, layouts=["receipt_till", "receipt_counter"])
    for invoice in receipts:  # of one page each
        page = LayoutReader(trained, 4096).read(invoice)
        sizes = invoice.page_sizes[invoice.pages]
        places = thousandths(invoice.boxes, sizes).tolist()
        pairs = [
            (word, place)
            for text, place in zip(invoice.segments, places, strict=True)
            for word in text.split()
        ]
        words, boxes = zip(*pairs, strict=True)
        expected = trained(list(words), boxes=list(boxes), verbose=False)
        assert [row.tolist() for row in page.token_ids] == [expected["input_ids"]]
        assert [row.tolist() for row in page.boxes] == [expected["bbox"]]


def test_windows_lose_nothing(trained):
    whole, split = LayoutReader(trained, 10_000), LayoutReader(trained, 60)
    for invoice in sample_invoices(8, seed=4):
        one, many = whole.read(invoice), split.read(invoice)
        assert many.num_cut == 0
        assert len(many.token_ids) > len(one.token_ids)
        assert max(map(len, many.token_ids)) <= 60
        for name in ("token_ids", "boxes"):
            inside = [
                np.concatenate([row[1:-1] for row in getattr(page, name)]) for page in (one, many)
            ]
            assert np.array_equal(*inside)
        for window, start, other, place in zip(
            many.windows, many.starts, one.windows, one.starts, strict=True
        ):
            assert many.token_ids[window][start] == one.token_ids[other][place]
            assert np.array_equal(many.boxes[window][start], one.boxes[other][place])


# Batches.


def test_a_batch_by_hand():
    reader = LayoutReader(LETTERS, 8)  # room for 6
    pages = join_pages([reader.read(document("ab")), reader.read(document("abc", "de", "f"))])
    # Tokens 3; 4, 3, 2: the second document has two windows.
    assert pages.attention_mask.tolist() == [[1] * 5 + [0] * 2, [1] * 6 + [0], [1] * 7]
    assert pages.token_ids[0].tolist() == [CLS, *tokens_of("ab"), SEP, PAD, PAD]
    assert pages.token_ids[2].tolist() == [CLS, *tokens_of("de", "f"), SEP]
    assert pages.boxes.shape == (3, 7, 4)
    assert pages.boxes[2, :, 1].tolist() == [0, 50, 50, 50, 100, 100, 0]
    assert pages.owners.tolist() == [0, 1, 1]
    assert pages.places.tolist() == [[1, 0, 0], [8, 15, 18]]
    assert pages.mask.tolist() == [[True, False, False], [True, True, True]]
    assert {part.dtype for part in pages} == {torch.int64, torch.bool}


def test_the_same_trainers_draw_them():
    example = make_example(document("Acme", "9.60"))
    ready = LayoutReader(LETTERS, 512).ready(example)
    assert isinstance(ready.features, LayoutPage)
    assert ready.spelled is example.spelled
    assert ready.document is example.document
    pages = draw_pages([ready], None)
    assert pages.token_ids[0].tolist() == [CLS, *tokens_of("Acme", "9.60"), SEP]
    with pytest.raises(ValueError, match="vary must be False"):
        draw_pages([ready], np.random.default_rng(0))


def test_a_document_without_a_segment():
    with pytest.raises(ValueError, match="document must have a segment, got none in 'page'"):
        LayoutReader(LETTERS, 512).read(document())


def test_the_special_tokens_are_those_of_the_released_tokenizer(trained):
    assert trained.convert_tokens_to_ids(SPECIAL) == [0, 1, 2, 3, 4]
