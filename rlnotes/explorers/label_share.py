"""How many labels: imitation of them, and what a score of further answers adds."""

from functools import lru_cache
from typing import NamedTuple

import ipywidgets
import numpy as np

from rlnotes.explorers.base import Explorer
from rlnotes.explorers.invoice_runs import (
    UPDATES,
    by_setting,
    capital,
    rows,
    said,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, GREEN, GREY, INK, VERMILION, label, new_figure
from rlnotes.training.invoices.examples import LAYOUT_KINDS
from rlnotes.training.invoices.starts import NUM_DOCUMENTS, STEPS

LABELS = list(STEPS)
FIELDS = ("vendor", "date", "currency", "subtotal", "tax", "total", "line_items", "lines_total")
KEYS = ("layouts", "method", "labels")


class Method(NamedTuple):
    """How a line is called and drawn; it stands beside the others of its column."""

    words: str
    colour: str
    line: str
    marker: str
    beside: float


METHODS = {
    "SFT": Method("SFT alone", GREY, "--", "o", -0.09),
    "GRPO": Method("SFT, then GRPO, labels in its score", BLUE, "-", "s", 0.0),
    "rules": Method("SFT, then GRPO, rules only", VERMILION, ":", "^", 0.09),
}


class LabelShare(Explorer):
    """Left: a measure by the number of labels. Right: F1 by field at one number."""

    title = "How many labels, and what a reward adds"

    def make_controls(self):
        slide, choose = ipywidgets.SelectionSlider, ipywidgets.Dropdown
        measures = ["macro F1", "documents right", "rules kept"]
        return {
            "labels": slide(options=LABELS, value=12, description="labels imitated"),
            "measure": choose(options=measures, value="documents right", description="measure"),
            "layouts": choose(options=list(LAYOUT_KINDS), description="layouts of the test"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(10.6, 4.6), width_ratios=[1.8, 1])
        label(
            left,
            heading="What labels bring, and a reward",
            x=f"labels imitated, of {NUM_DOCUMENTS} documents",
            y="share of documents, or F1",
        )
        places = np.log2(LABELS)
        left.set(xlim=(places[0] - 0.4, places[-1] + 0.4), ylim=(-0.03, 1.42))
        left.set_xticks(places, LABELS)
        left.set_yticks([0, 0.25, 0.5, 0.75, 1])
        label(right, heading="F1 by field at this number", x="F1", y="")
        right.set(xlim=(-0.04, 1.04), ylim=(len(FIELDS) - 0.4, -0.6))
        right.set_yticks(range(len(FIELDS)), FIELDS)
        right.grid(visible=False, axis="y")

        (self.here,) = left.plot([0, 0], [-0.03, 1.08], "-", color=GREY, lw=1, zorder=8)
        (self.ceiling,) = left.plot([], [], "-.", color=GREEN, lw=1.6, zorder=9)
        self.lines, self.ranges, self.marked, self.by_field = {}, {}, {}, {}
        for name, (_, colour, line, marker, _) in METHODS.items():
            look = {"color": colour, "marker": marker}
            (self.ranges[name],) = left.plot([], [], "-", color=colour, lw=3, alpha=0.4, zorder=10)
            (self.lines[name],) = left.plot([], [], ls=line, lw=1.8, ms=5, zorder=11, **look)
            large = {**look, "ls": "", "ms": 11, "mec": INK, "mew": 1.2}
            (self.marked[name],) = left.plot([], [], zorder=12, **large)
            (self.by_field[name],) = right.plot([], [], ls="", ms=7, zorder=11, **look)
        middle = (places[0] + places[-1]) / 2
        spots = [(middle, height) for height in (1.36, 1.28, 1.20, 1.12)]
        self.notes = Labels(left, spots, size=10, zorder=14)
        named = {method.words: self.lines[name] for name, method in METHODS.items()}
        named[f"SFT on all {NUM_DOCUMENTS} labels"] = self.ceiling
        figure.legend(named.values(), named, loc="outside lower center", fontsize=9, ncols=4)
        artists = [self.lines, self.ranges, self.marked, self.by_field]
        changing = [artist for each in artists for artist in each.values()]
        return figure, [self.here, self.ceiling, *changing, self.notes]

    def update(self, labels, measure, layouts):
        numbers = {name: by_labels(name, layouts, measure) for name in METHODS}
        for name, over_seeds in numbers.items():
            self._draw(name, over_seeds, labels)
            self.by_field[name].set_data(*_field_places(name, layouts, labels))
        most = numbers["SFT"][NUM_DOCUMENTS]
        self.here.set_xdata([np.log2(labels)] * 2)
        self.ceiling.set_data(np.log2([LABELS[0], LABELS[-1]]), [most.mean()] * 2)
        now = {name: each[labels] for name, each in numbers.items() if labels in each}
        others = NUM_DOCUMENTS - labels
        notes = [f"{measure} with {labels} labels, mean (range of {len(most)} seeds)"]
        notes += [f"{METHODS[name].words}: {said(each)}" for name, each in now.items()]
        nothing = "" if others else "No document is left for a reward to work on."
        self.notes.set_texts([*notes, nothing, ""][:4])
        spoken = "; ".join(f"{METHODS[name].words} {said(each)}" for name, each in now.items())
        return (
            f"{capital(measure)} with {labels} labels, on {num_tested(layouts)} documents of "
            f"{layouts} layouts ({', '.join(LAYOUT_KINDS[layouts])}), mean of {len(most)} seeds "
            f"(smallest to largest): {spoken}. {nothing or _said_of_others(others)} By number of "
            f"labels: {_said_lines(numbers)}. SFT on all {NUM_DOCUMENTS} labels: {said(most)}. "
            f"Imitation takes {STEPS[labels]} steps with {labels} labels. "
            f"F1 by field: {_said_fields(layouts, labels)}."
        )

    def _draw(self, name: str, over_seeds: dict[int, np.ndarray], labels: int) -> None:
        """The line of a method with its ranges over seeds; larger at this number."""
        places = np.log2(list(over_seeds)) + METHODS[name].beside
        means = [each.mean() for each in over_seeds.values()]
        self.lines[name].set_data(places, means)
        ends = [(each.min(), each.max(), np.nan) for each in over_seeds.values()]
        self.ranges[name].set_data(places.repeat(3), np.ravel(ends))
        here = np.array(list(over_seeds)) == labels
        self.marked[name].set_data(places[here], np.array(means)[here])


@lru_cache(maxsize=512)
def by_labels(method: str, layouts: str, measure: str) -> dict[int, np.ndarray]:
    """[seeds] what was reached, by number of labels from few to many."""
    numbers = by_setting("invoice_labels", KEYS, measure)
    found = {count: numbers.get((layouts, method, count)) for count in LABELS}
    return {count: each for count, each in found.items() if each is not None}


def num_tested(layouts: str) -> int:
    """How many documents were answered."""
    return int(next(r["documents"] for r in rows("invoice_labels") if r["layouts"] == layouts))


def field_f1(method: str, layouts: str, labels: int) -> list[float]:
    """Mean F1 over seeds of each field; nothing where there is no run."""
    runs = [by_labels(method, layouts, f"f1_{field}") for field in FIELDS]
    return [run[labels].mean() for run in runs if labels in run]


def _field_places(method: str, layouts: str, labels: int) -> tuple[list[float], np.ndarray]:
    values = field_f1(method, layouts, labels)
    return values, np.arange(len(values)) + 2 * METHODS[method].beside


def _said_of_others(others: int) -> str:
    return (
        f"GRPO: {UPDATES}, out of the other {others}. With labels in its score, answers are "
        f"compared with the labels of these: all {NUM_DOCUMENTS} labels are used, {others} of "
        "them as one number for each answer. With rules only none of these is looked at (a "
        "missing row counts half; KL to the start costs 0.1 per nat)."
    )


def _said_lines(numbers: dict[str, dict[int, np.ndarray]]) -> str:
    return "; ".join(
        f"{METHODS[name].words} "
        + ", ".join(f"{number(each.mean(), 3)} at {count}" for count, each in line.items())
        for name, line in numbers.items()
    )


def _said_fields(layouts: str, labels: int) -> str:
    table = {name: field_f1(name, layouts, labels) for name in METHODS}
    return "; ".join(
        f"{METHODS[name].words} "
        + ", ".join(f"{f} {number(v, 2)}" for f, v in zip(FIELDS, values, strict=True))
        for name, values in table.items()
        if values
    )
