"""How many labels: twin and artists against the raw recording."""

import numpy as np
import pytest

from rlnotes.explorers.label_share import FIELDS, LABELS, METHODS, LabelShare
from rlnotes.training.invoices.examples import LAYOUT_KINDS
from rlnotes.training.recordings import load
from tests.explorers.test_twins import found
from tests.explorers.test_twins_06 import at

RAW = load("invoice_labels")
NUMBERS = {
    "documents right": lambda row: row["right"] / row["documents"],
    "rules kept": lambda row: row["keeps_rules"] / row["documents"],
    "macro F1": lambda row: row["macro_f1"],
}
WORDS = {
    "SFT": "SFT alone",
    "GRPO": "SFT, then GRPO, labels in its score",
    "rules": "SFT, then GRPO, rules only",
}
SAID = {
    "documents right": "Documents right",
    "rules kept": "Rules kept",
    "macro F1": "Macro F1",
}
SETTINGS = [
    (12, "documents right", "seen"),
    (6, "macro F1", "foreign"),
    (96, "rules kept", "new"),
    (600, "documents right", "foreign"),
]


def raw(method, layouts, labels, measure) -> np.ndarray:
    rows = [
        row
        for row in RAW
        if (row["method"], row["layouts"], row["labels"]) == (method, layouts, labels)
    ]
    number = NUMBERS.get(measure, lambda row: row[measure])
    return np.array([number(row) for row in sorted(rows, key=lambda row: row["seed"])])


def shown(labels, measure, layouts):
    return at(LabelShare, labels=labels, measure=measure, layouts=layouts)


def spread(numbers: np.ndarray) -> list[float]:
    return [numbers.mean(), numbers.min(), numbers.max()]


def counts(method) -> list[int]:
    return LABELS if method == "SFT" else LABELS[:-1]


def test_all_that_was_recorded_can_be_chosen():
    assert {(row["method"], row["labels"]) for row in RAW} == {
        (method, count) for method in METHODS for count in counts(method)
    }
    assert {row["layouts"] for row in RAW} == set(LAYOUT_KINDS)
    assert {name: method.words for name, method in METHODS.items()} == WORDS


@pytest.mark.parametrize(("labels", "measure", "layouts"), SETTINGS)
def test_the_twin_says_what_each_method_reached(labels, measure, layouts):
    text = shown(labels, measure, layouts).description
    assert f"{SAID[measure]} with {labels} labels, on " in text
    documents, seeds = found(f"on # documents of {layouts} layouts .*, mean of # seeds", text)
    assert documents == next(row["documents"] for row in RAW if row["layouts"] == layouts)
    assert seeds == len(raw("SFT", layouts, labels, measure)) >= 3
    head = text.split("(smallest to largest): ")[1].split(" By number of labels: ")[0]
    for method, words in WORDS.items():
        if labels in counts(method):
            said = found(rf"{words} # \(# to #\)", head)
            assert said == pytest.approx(spread(raw(method, layouts, labels, measure)), abs=6e-4)
        else:
            assert words not in head
    most = spread(raw("SFT", layouts, 600, measure))
    assert found(r"SFT on all 600 labels: # \(# to #\)", text) == pytest.approx(most, abs=6e-4)


@pytest.mark.parametrize(("labels", "measure", "layouts"), SETTINGS)
def test_the_twin_holds_the_whole_lines(labels, measure, layouts):
    text = shown(labels, measure, layouts).description
    lines = text.split("By number of labels: ")[1].split(". SFT on all")[0].split("; ")
    assert len(lines) == len(METHODS)
    for line, (method, words) in zip(lines, WORDS.items(), strict=True):
        assert line.startswith(f"{words} ")
        pattern = ", ".join(f"# at {count}" for count in counts(method))
        means = [raw(method, layouts, count, measure).mean() for count in counts(method)]
        assert found(f"{pattern}$", line) == pytest.approx(means, abs=6e-4)


@pytest.mark.parametrize(("labels", "measure", "layouts"), SETTINGS)
def test_fields_are_those_of_this_number_of_labels(labels, measure, layouts):
    explorer = shown(labels, measure, layouts)
    said = explorer.description.split("F1 by field: ")[1]
    for method, words in WORDS.items():
        points = explorer.by_field[method].get_xydata()
        if labels not in counts(method):
            assert len(points) == 0
            assert words not in said
            continue
        means = [raw(method, layouts, labels, f"f1_{field}").mean() for field in FIELDS]
        assert points[:, 0] == pytest.approx(means)
        assert np.round(points[:, 1]).tolist() == list(range(len(FIELDS)))
        pattern = ", ".join(f"{field} #" for field in FIELDS)
        assert found(f"{words} {pattern}", said) == pytest.approx(means, abs=6e-3)
    names = [text.get_text() for text in explorer.figure().axes[1].get_yticklabels()]
    assert names == list(FIELDS)


@pytest.mark.parametrize(("labels", "measure", "layouts"), SETTINGS)
def test_lines_ranges_and_marks_are_these_numbers(labels, measure, layouts):
    explorer = shown(labels, measure, layouts)
    assert explorer.here.get_xdata() == pytest.approx([np.log2(labels)] * 2)
    most = raw("SFT", layouts, 600, measure).mean()
    assert explorer.ceiling.get_ydata() == pytest.approx([most, most])
    for method in METHODS:
        runs = {count: raw(method, layouts, count, measure) for count in counts(method)}
        x, y = explorer.lines[method].get_data()
        assert np.round(2 ** (x - METHODS[method].beside)).tolist() == list(runs)
        assert y == pytest.approx([run.mean() for run in runs.values()])
        ends = explorer.ranges[method].get_ydata().reshape(-1, 3)
        assert ends[:, 0] == pytest.approx([run.min() for run in runs.values()])
        assert ends[:, 1] == pytest.approx([run.max() for run in runs.values()])
        assert np.isnan(ends[:, 2]).all()
        marked = explorer.marked[method].get_xydata()
        place = np.log2(labels) + METHODS[method].beside
        expected = [[place, runs[labels].mean()]] if labels in runs else np.empty((0, 2))
        assert marked == pytest.approx(np.array(expected))


@pytest.mark.parametrize(("labels", "measure", "layouts"), SETTINGS)
def test_the_notes_in_the_figure_are_those_of_the_marks(labels, measure, layouts):
    first, *notes = shown(labels, measure, layouts).notes.texts
    assert first.startswith(f"{measure} with {labels} labels, mean (range of ")
    present = [method for method in METHODS if labels in counts(method)]
    for note, method in zip(notes, present, strict=False):
        said = found(rf"^{WORDS[method]}: # \(# to #\)$", note)
        assert said == pytest.approx(spread(raw(method, layouts, labels, measure)), abs=6e-4)
    if labels == 600:
        assert notes[1:] == ["No document is left for a reward to work on.", ""]


@pytest.mark.parametrize("labels", LABELS)
def test_it_is_said_whose_labels_are_looked_at(labels):
    text = shown(labels, "macro F1", "seen").description
    if labels == 600:
        assert "No document is left for a reward to work on." in text
        assert "labels in its score, answers" not in text
        return
    others = 600 - labels
    assert f"out of the other {others}. With labels in its score, answers are compared" in text
    assert f"all 600 labels are used, {others} of them as one number for each answer" in text
    assert "With rules only none of these is looked at" in text
    assert "No document is left" not in text


def test_imitation_is_said_with_its_steps():
    steps = [
        found("Imitation takes # steps with", shown(labels, "macro F1", "seen").description)
        for labels in LABELS
    ]
    assert steps == [[200], [200], [200], [300], [400], [600]]


def test_the_methods_differ_in_more_than_colour():
    lines = at(LabelShare).lines.values()
    assert len({line.get_marker() for line in lines}) == 3
    assert len({line.get_linestyle() for line in lines}) == 3


def test_everything_that_was_recorded_fits_below_the_notes():
    axes = at(LabelShare).here.axes
    lowest_note = at(LabelShare).notes.positions[:, 1].min()
    for row in RAW:
        for number in NUMBERS.values():
            assert axes.get_ylim()[0] < number(row) < lowest_note
