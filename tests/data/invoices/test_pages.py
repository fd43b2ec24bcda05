"""Where things stand: boxes on pages, and the label's values among the texts."""

from decimal import Decimal

import numpy as np
import pytest

from rlnotes.data.invoices.sheets import Cell, Sheet
from rlnotes.data.invoices.widths import text_width
from tests.data.invoices.reading import amounts_in, dates_in, every_layout


def overlaps(document) -> int:
    """Pairs of boxes on one page that share more than a line."""
    boxes, pages = document.boxes, document.pages
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low > 1e-6).all(axis=-1) & (pages[:, None] == pages[None, :])
    return int(np.triu(shared, 1).sum())


def test_boxes_lie_on_their_page_apart_from_each_other():
    for document in every_layout():
        assert overlaps(document) == 0
        sizes = document.page_sizes[document.pages]
        assert (document.boxes[:, :2] > 0).all()
        assert (document.boxes[:, 2:] < sizes).all()
        assert (document.boxes[:, 2:] - document.boxes[:, :2] > 1).all()


def test_a_box_is_as_wide_as_its_text():
    for document in every_layout()[::7]:
        for text, (left, top, right, bottom) in zip(document.segments, document.boxes, strict=True):
            assert right - left == pytest.approx(text_width(text, (bottom - top) / 1.06), rel=0.02)


def test_segments_come_in_reading_order():
    for document in every_layout():
        keys = [
            (page, top, left)
            for page, (left, top, _, _) in zip(document.pages, document.boxes, strict=True)
        ]
        assert keys == sorted(keys)


def test_pages_have_real_sizes():
    for document in every_layout():
        width, height = document.page_sizes[0]
        if document.layout.startswith("receipt"):
            assert len(document.page_sizes) == 1
            assert 1 < height / width < 5
        else:
            assert (width, height) == (595, 842)
            assert 1 <= len(document.page_sizes) <= 4
    pages = [len(d.page_sizes) for d in every_layout() if d.layout.startswith("invoice")]
    assert {1, 2, 3} <= set(pages)


def is_printed(document, key: str, value: str) -> bool:
    texts = document.segments
    joined = " ".join(texts)
    if key == "date":
        return value in {day.isoformat() for text in texts for day, _, _ in dates_in(text)}
    if key == "currency":
        return value in joined or (value == "MYR" and "RM" in joined)
    if key in ("vendor", "description"):
        return value in joined or all(word in joined for word in value.split())
    if key in ("quantity", "rate"):
        words = {w for t in texts for w in t.replace(",", ".").replace(".00", "").split()}
        return value in words
    sign = -1 if key in ("allowances", "prepaid") else 1
    return sign * Decimal(value) in {v for text in texts for v in amounts_in(text)}


def test_every_value_of_a_label_is_printed():
    for document in every_layout():
        rows = [document.target, *document.target["line_items"]]
        rows += document.target.get("tax_breakdown", [])
        for row in rows:
            for key, value in row.items():
                if isinstance(value, str):
                    assert is_printed(document, key, value), (document.name, key, value)


def test_a_long_description_runs_on_below():
    sheet = Sheet(width=100, margin=10, top=5, size=10)
    sheet.row(Cell("iron iron iron iron", 0.0, "l", 0.5), Cell("1.00", 1.0, "r"))
    sheet.row(Cell("left and long", 0.0), Cell("12345678", 0.5, "r"))
    document = sheet.document(name="d", target={}, layout="l")
    assert document.segments[:3] == ("iron iron", "1.00", "iron iron")
    assert document.segments[3:] == ("left and long", "12345678")
    tops = document.boxes[:, 1].tolist()
    assert tops == pytest.approx([5, 5, 19, 33, 47])
    assert document.boxes[1, 2] == pytest.approx(90)


def test_cells_may_come_in_any_order():
    sheet = Sheet(width=100, margin=10, top=5, size=10)
    sheet.row(Cell("right", 0.6), Cell("left", 0.5, "r"))
    document = sheet.document(name="d", target={}, layout="l")
    assert document.segments == ("left", "right")
    assert document.boxes[:, 1].tolist() == [5, 5]


def test_a_full_page_is_followed_by_another():
    sheet = Sheet(width=100, margin=10, top=10, size=10, height=60)
    sheet.on_new_page = lambda new: new.row(Cell("head"))
    for i in range(4):
        sheet.row(Cell(f"row {i}"))
    document = sheet.document(name="d", target={}, layout="l")
    assert document.segments == ("row 0", "row 1", "head", "row 2", "head", "row 3")
    assert document.pages.tolist() == [0, 0, 1, 1, 2, 2]
