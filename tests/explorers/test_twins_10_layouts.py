"""Layouts seen and not seen: twin and artists against the raw recording."""

import re

import numpy as np
import pytest

from rlnotes.explorers.layout_pages import layout_page
from rlnotes.explorers.layout_shift import FAMILIES, METHODS, NOISE, ORDER, LayoutShift
from rlnotes.training.recordings import load
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

RAW = load("invoice_shift")
NUMBERS = {
    "documents right": lambda row: row["right"] / row["documents"],
    "rules kept": lambda row: row["keeps_rules"] / row["documents"],
    "micro F1": lambda row: row["micro_f1"],
}
SAID = {
    "documents right": "Documents right",
    "rules kept": "Rules kept",
    "micro F1": "Micro F1",
}
SETTINGS = [
    (4, "12 labels + GRPO", 0.0, "documents right"),
    (1, "12 labels", 0.3, "rules kept"),
    (2, "all labels", 0.1, "micro F1"),
    (6, "12 labels + GRPO", 0.3, "micro F1"),
]
RECORDED_AS = {
    "12 labels": "12 labels",
    "12 labels + GRPO": "12 labels, GRPO",
    "all labels": "all labels",
}


def raw(families, method, noise, measure) -> np.ndarray:
    """[8, seeds] in the order of the rows, then of the seeds."""
    chosen = {
        (row["layout"], row["seed"]): NUMBERS[measure](row)
        for row in RAW
        if (row["families"], row["method"], row["noise"]) == (families, RECORDED_AS[method], noise)
    }
    seeds = sorted({seed for _, seed in chosen})
    return np.array([[chosen[layout, seed] for seed in seeds] for layout in ORDER])


def shown(setting, **more):
    names = ("families", "method", "noise", "measure")
    return at(LayoutShift, **dict(zip(names, setting, strict=True)), **more)


def spread(numbers: np.ndarray) -> list[float]:
    return [numbers.mean(), numbers.min(), numbers.max()]


def bars_of(patch) -> np.ndarray:
    """[N, 2, 2] two opposite corners of each rectangle."""
    return patch.get_path().vertices.reshape(-1, 5, 2)[:, [0, 2]]


def test_all_that_was_recorded_can_be_chosen():
    assert {(row["families"], row["method"], row["noise"]) for row in RAW} == {
        (families, method, noise)
        for families in FAMILIES
        for method in METHODS.values()
        for noise in NOISE
    }
    assert METHODS == RECORDED_AS
    assert {row["layout"] for row in RAW} == set(ORDER)
    assert len({row["documents"] for row in RAW}) == 1


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_twin_holds_every_layout(setting):
    text = shown(setting).description
    numbers = raw(*setting)
    documents, seeds = found("on # documents of each layout, mean of # seeds", text)
    assert documents == RAW[0]["documents"]
    assert seeds == numbers.shape[1] >= 3
    assert f"{SAID[setting[3]]} on " in text
    for place, (layout, row) in enumerate(zip(ORDER, numbers, strict=True)):
        word = "seen" if place < setting[0] else "not seen"
        said = found(rf"{layout}, {word}, # \(# to #\)", text)
        assert said == pytest.approx(spread(row), abs=6e-4)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_means_are_taken_over_layouts_of_one_kind_for_each_seed(setting):
    explorer = shown(setting)
    families, _, noise, measure = setting
    text, numbers = explorer.description, raw(*setting)
    alone = raw(families, "12 labels", noise, measure)
    expected = [
        value
        for table in (numbers, alone)
        for part in (table[:families], table[families:])
        for value in spread(part.mean(axis=0))
    ]
    pattern = r"# \(# to #\), not seen # \(# to #\)"
    said = found(f"Mean over the layouts seen {pattern}", text)
    said += found(f"12 labels alone: seen {pattern}", text)
    assert said == pytest.approx(expected, abs=6e-4)
    notes = " ".join(explorer.means.texts)
    notes = found(r"those seen: # \(# to #\) .*not seen: # \(# to #\)$", notes)
    assert notes == pytest.approx(expected[:6], abs=6e-4)


@pytest.mark.parametrize("setting", SETTINGS)
def test_bars_points_and_words_are_these_numbers(setting):
    explorer, numbers = shown(setting), raw(*setting)
    families, _, noise, measure = setting
    seen, others = bars_of(explorer.seen), bars_of(explorer.others)
    assert (len(seen), len(others)) == (families, len(ORDER) - families)
    corners = np.concatenate([seen, others])
    assert corners[:, 0, 0] == pytest.approx(np.zeros(len(ORDER)))
    assert corners[:, 1, 0] == pytest.approx(numbers.mean(axis=1))
    assert corners[..., 1].mean(axis=1) == pytest.approx(range(len(ORDER)))
    assert explorer.border.get_ydata() == [families - 0.5] * 2
    points = explorer.seeds.get_xydata()
    for place, row in enumerate(numbers):
        assert points[np.round(points[:, 1]) == place][:, 0] == pytest.approx(row)
    alone = raw(families, "12 labels", noise, measure).mean(axis=1)
    assert explorer.start.get_xydata() == pytest.approx(np.column_stack([alone, range(8)]))
    for place, text in enumerate(explorer.values.texts):
        value, word = text.split(" ", 1)
        assert float(value) == pytest.approx(numbers[place].mean(), abs=6e-4)
        assert word == ("seen" if place < families else "not seen")
    names = [text.get_text() for text in explorer.figure().axes[0].get_yticklabels()]
    assert names == list(ORDER)


def test_seen_and_not_seen_differ_in_more_than_colour():
    explorer = shown(SETTINGS[0])
    assert explorer.seen.get_hatch() is None
    assert explorer.others.get_hatch()
    assert explorer.name.get_hatch()
    assert explorer.total.get_hatch() is None


@pytest.mark.parametrize("layout", ORDER)
def test_the_page_shows_each_box_once_and_marks_two(layout):
    explorer = shown(SETTINGS[0], layout=layout)
    page = layout_page(layout)
    ((left, top), (right, bottom)) = bars_of(explorer.page)[0]
    assert (right - left, top, bottom) == pytest.approx((page.width, 0, 1))
    low, high = explorer.page.axes.get_xlim()
    assert left - low == pytest.approx(high - right)
    boxes = bars_of(explorer.boxes).reshape(-1, 4) - [left, 0, left, 0]
    assert boxes == pytest.approx(page.boxes)
    for patch, number in ((explorer.total, page.total), (explorer.name, page.name)):
        assert bars_of(patch).reshape(4) - [left, 0, left, 0] == pytest.approx(page.boxes[number])
    assert explorer.total.get_zorder() > explorer.boxes.get_zorder()
    assert explorer.chosen.get_xydata()[0, 1] == ORDER.index(layout)


@pytest.mark.parametrize(
    ("layout", "caption", "side"),
    [
        ("receipt_till", "TOTAL INCL. GST | 36.90", "left"),
        ("receipt_counterfoil", "36.90 | BILL AMOUNT", "right"),
        ("invoice_german", "Gesamtbetrag brutto | 3.619,41", "left"),
        ("invoice_ledger", "3,287.88 | Full claim", "right"),
    ],
)
def test_the_total_and_its_name_are_said_as_they_stand(layout, caption, side):
    explorer = shown(SETTINGS[0], layout=layout)
    assert explorer.caption.texts == [layout, caption, f"name on the {side} of the amount"]
    parts = caption.split(" | ")
    total, name = parts if side == "right" else reversed(parts)
    said = rf"the total, {re.escape(total)}, stands at # of the height from the top, its name, "
    (height,) = found(said + rf"{re.escape(name)}, on its {side}\.$", explorer.description)
    top, bottom = layout_page(layout).boxes[layout_page(layout).total, [1, 3]]
    assert height == pytest.approx((top + bottom) / 2, abs=6e-4)
    assert f"page of {layout}: {len(layout_page(layout).boxes)} boxes" in explorer.description


def test_the_page_does_not_depend_on_the_run():
    one, other = (shown(setting).boxes.get_path().vertices for setting in SETTINGS[:2])
    assert np.array_equal(one, other)
