"""The page of each layout: what is printed on it, and where the total's name stands."""

import re

import numpy as np
import pytest

from rlnotes.data.invoices.sampling import (
    HELD_OUT_LAYOUTS,
    LAYOUTS,
    SEEN_LAYOUTS,
    sample_invoice,
)
from rlnotes.explorers.layout_pages import SEED, layout_page


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_marked_box_alone_reads_as_the_total(layout):
    page = layout_page(layout)
    document = sample_invoice(np.random.default_rng(SEED), layouts=(layout,))
    assert len(page.boxes) == len(page.texts)
    width, height = document.page_sizes[0]
    assert page.width == pytest.approx(width / height)
    assert page.boxes.min() >= 0
    assert page.boxes[:, [1, 3]].max() <= 1
    assert page.boxes[:, [0, 2]].max() <= page.width
    assert float(document.target["total"]) > 0
    total = digits(document.target["total"])
    assert [i for i, text in enumerate(page.texts) if digits(text) == total] == [page.total]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_its_name_is_on_the_same_line(layout):
    page = layout_page(layout)
    middles = page.boxes[[page.total, page.name]][:, [1, 3]].mean(axis=1)
    assert np.ptp(middles) < 0.01
    assert page.texts[page.name][0].isalpha()


def test_the_name_changes_sides_where_a_layout_is_held_out():
    assert {layout_page(layout).side for layout in SEEN_LAYOUTS} == {"left"}
    assert {layout_page(layout).side for layout in HELD_OUT_LAYOUTS} == {"right"}


def test_all_receipts_set_one_bill():
    receipts = [layout_page(name) for name in LAYOUTS if name.startswith("receipt")]
    assert {page.texts[page.total].lstrip("RM$ ") for page in receipts} == {"36.90"}
    assert len({page.boxes.tobytes() for page in receipts}) == 4


@pytest.mark.parametrize(
    ("layout", "seed"),
    [
        ("receipt_till", 1),  # the total is printed twice
        ("receipt_till", 0),  # beside it stands a colon
        ("invoice_plain", 6),  # two pages
    ],
)
def test_a_page_that_leaves_a_doubt_is_refused(layout, seed):
    with pytest.raises(ValueError, match=f"one named total in {layout}, got {seed}"):
        layout_page(layout, seed)
