"""Pictures of pages: ink inside boxes, none outside."""

import math

import numpy as np
import pytest
from PIL import ImageFont

from rlnotes.data.documents.document import Document
from rlnotes.data.invoices import LAYOUTS, render_page
from rlnotes.data.invoices.widths import text_width
from tests.data.invoices.reading import documents


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("scale", [0.7, 1.5])
def test_ink_lies_inside_boxes_and_in_each_of_them(name, scale):
    document = documents((name,), 150)[4]
    for page, (width, height) in enumerate(document.page_sizes):
        picture = np.asarray(render_page(document, page, scale=scale))
        assert picture.shape == (math.ceil(height * scale), math.ceil(width * scale))
        outside = np.ones(picture.shape, dtype=bool)
        for box in document.boxes[document.pages == page] * scale:
            left, top = np.floor(box[:2]).astype(int)
            right, bottom = np.ceil(box[2:]).astype(int)
            outside[top:bottom, left:right] = False
            assert picture[top:bottom, left:right].min() < 200
        assert (picture[outside] == 255).all()


def test_text_fills_its_box():
    document = documents(("receipt_till",), 150)[0]
    ink = np.asarray(render_page(document)) < 200
    for text, box in zip(document.segments, document.boxes, strict=True):
        if len(text) > 4:
            left, top = np.ceil(box[:2]).astype(int)
            right, bottom = np.floor(box[2:]).astype(int)
            part = ink[top:bottom, left:right]
            columns, rows = np.flatnonzero(part.any(0)), np.flatnonzero(part.any(1))
            assert columns[-1] - columns[0] > 0.85 * (right - left)
            assert rows[-1] - rows[0] > 0.5 * (bottom - top)


def test_the_same_page_gives_the_same_pixels():
    document = documents(("invoice_german",), 150)[0]
    first, again = render_page(document), render_page(document)
    assert first.mode == "L"
    assert first.tobytes() == again.tobytes()


def test_characters_that_the_font_lacks_are_drawn():
    def picture(text):
        document = Document("d", [text], [[0, 0, 30, 40]], [0], [[40, 44]])
        return np.asarray(render_page(document))

    pictures = [picture(text).tobytes() for text in ("a", "ä", "€", "C", "£", "L", "ü", "u", "ß")]
    assert len(set(pictures)) == len(pictures)


def test_widths_are_those_of_the_font():
    font = ImageFont.load_default(100)
    for character in map(chr, range(32, 127)):
        assert text_width(character, 100) == pytest.approx(font.getlength(character), abs=3)


def test_a_box_without_a_size_stays_empty():
    document = Document("d", ["a"], [[1, 1, 1, 3]], [0], [[4, 4]])
    assert (np.asarray(render_page(document)) == 255).all()


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.1, 1.3])
@pytest.mark.parametrize("top", [10.0, 10.3, 10.5, 10.9])
def test_letters_are_not_cut_off(scale, top):
    # A bracket is as high above the line as anything, and goes below it like a p.
    def rows_with_ink(text, high):
        box = [5, top, 5 + text_width(text, high / 1.06), top + high]
        document = Document("d", [text], [box], [0], [[600, 300]])
        ink = np.asarray(render_page(document, scale=scale)) < 200
        return np.flatnonzero(ink.any(axis=1))

    small, large = rows_with_ink("(p|", 10.0), rows_with_ink("(p|", 200.0)
    assert len(small) > len(large) / 20 - 0.6


@pytest.mark.parametrize("page", [-1, 1, 0.0])
def test_there_is_no_such_page(page):
    document = documents(("receipt_till",), 150)[0]
    with pytest.raises(ValueError, match=f"page must be an integer in .* got {page}"):
        render_page(document, page)


@pytest.mark.parametrize("scale", [0, -1.0, math.inf])
def test_a_scale_is_positive(scale):
    document = documents(("receipt_till",), 150)[0]
    with pytest.raises(ValueError, match="scale must be positive and finite"):
        render_page(document, scale=scale)
