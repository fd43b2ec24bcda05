"""Training on rules alone: what is kept, what is lost, and which answers pay."""

import ipywidgets

from rlnotes.explorers.base import Explorer
from rlnotes.explorers.earned_bars import EarnedBars
from rlnotes.explorers.invoice_exploits import (
    ABOVE,
    AS_MUCH,
    BY_RULES,
    DOCUMENTS,
    Scored,
    example_of,
    printed,
    scored,
)
from rlnotes.explorers.invoice_runs import said
from rlnotes.explorers.runs_by_rules import (
    EVERY,
    LAST,
    RUNS,
    Curve,
    run_of,
    shares_of_truth,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, FURTHER, GREEN, INK, VERMILION, label, new_figure

WORDS = {
    "keeps_rules": "keep the rules",
    "macro_f1": "macro F1",
    "gives_subtotal": "give a subtotal",
    "gives_tax": "give a tax",
}
LOOKS = {
    "keeps_rules": {"color": VERMILION, "linestyle": ":", "marker": "X"},
    "macro_f1": {"color": GREEN, "linestyle": "-", "marker": "^"},
    "gives_subtotal": {"color": BLUE, "linestyle": "-", "marker": "s"},
    "gives_tax": {"color": FURTHER[0], "linestyle": "-.", "marker": "D"},
}
TRULY = {  # column: words, look
    "has_subtotal": ("have a subtotal", {"color": BLUE, "linestyle": "--", "lw": 1.4}),
    "has_tax": ("have a tax", {"color": FURTHER[0], "linestyle": (0, (1, 1)), "lw": 2}),
}
PANELS = (("keeps_rules", "macro_f1"), ("gives_subtotal", "gives_tax"))
MOMENT = {
    "color": INK,
    "linestyle": "",
    "marker": "o",
    "markerfacecolor": "none",
    "markersize": 11,
    "markeredgewidth": 1.8,
    "zorder": 13,
}
NOTES = (1.33, 1.23, 1.13)  # heights in the panels of curves


class RewardHacking(Explorer):
    """Left, middle: recorded runs. Right: exact rewards of answers to one document."""

    title = "Rules alone are hacked"

    def make_controls(self):
        betas = sorted({beta for _, beta in RUNS})
        return {
            "missing_rows": ipywidgets.Dropdown(
                options=list(BY_RULES), description="a missing row counts as"
            ),
            "beta": ipywidgets.SelectionSlider(
                options=betas, description="beta (advantage per nat)"
            ),
            "update": ipywidgets.IntSlider(
                value=LAST, min=0, max=LAST, step=EVERY, description="update"
            ),
            "document": ipywidgets.Dropdown(options=list(DOCUMENTS), description="document"),
        }

    def build(self):
        for document in DOCUMENTS:  # read once, before the first of them is chosen
            example_of(document)
        figure, (left, middle, right) = new_figure(3, size=(13.0, 4.5), width_ratios=[1, 1, 1.2])
        label(
            left,
            heading="What rules see, and what is meant",
            x="updates",
            y="share of documents; F1",
        )
        label(
            middle, heading="What is given, and what is there", x="updates", y="share of documents"
        )
        self.curves, self.moments, self.notes = {}, [], []
        for axes, columns in zip((left, middle), PANELS, strict=True):
            axes.set(xlim=(-6, LAST + 6), ylim=(-0.04, 1.4), yticks=[0, 0.25, 0.5, 0.75, 1])
            self.curves |= {column: Curve(axes, **LOOKS[column]) for column in columns}
            self.moments += axes.plot([], [], **MOMENT)
            self.notes.append(Labels(axes, [(LAST / 2, y) for y in NOTES], size=9, zorder=15))
        named = {WORDS[column]: curve.line for column, curve in self.curves.items()}
        for column, (words, look) in TRULY.items():
            named[words] = middle.axhline(shares_of_truth()[column], **look)
        figure.legend(named.values(), named, loc="outside lower left", fontsize=9, ncols=6)
        self.bars = EarnedBars(right)
        curves = [each for curve in self.curves.values() for each in (curve.band, curve.line)]
        return figure, [*curves, *self.moments, *self.notes, *self.bars.artists]

    def update(self, missing_rows, beta, update, document):
        run, rows = run_of(missing_rows, beta), scored(document, missing_rows)
        place, num_seeds = update // EVERY, len(run["macro_f1"])
        for column, curve in self.curves.items():
            curve.show(run[column])
        for columns, moment, note in zip(PANELS, self.moments, self.notes, strict=True):
            moment.set_data([update] * 2, [run[column][:, place].mean() for column in columns])
            lines = [f"{WORDS[column]} {said(run[column][:, place], 2)}" for column in columns]
            note.set_texts([f"at update {update}, {num_seeds} seeds (range):", *lines])
        self.bars.show(rows, f"printed: {printed(document)}")
        now, first, last = (
            ", ".join(f"{words} {said(run[column][:, at])}" for column, words in WORDS.items())
            for at in (place, 0, -1)
        )
        had = ", ".join(
            f"{number(shares_of_truth()[column], 3)} {words}"
            for column, (words, _) in TRULY.items()
        )
        listed = "; ".join(
            f"{row.name} {number(row.by_rules, 3)} and {number(row.with_label, 3)}" for row in rows
        )
        documents = f"{run['documents'][0, 0]:.0f} other documents"
        return (
            f"Training by rules alone, mean of {num_seeds} seeds (and range) on {documents}. After "
            f"{update} of {LAST} updates: {now}. Of these documents {had}. At update 0: {first}. "
            f"At update {LAST}: {last}. One document, {document}: {printed(document)}. Its answers "
            f"by rules alone and with the label: {listed}. By rules alone, above the truth: "
            f"{_names(rows, ABOVE)}; as much as the truth: {_names(rows, AS_MUCH)}."
        )


def _names(rows: tuple[Scored, ...], word: str) -> str:
    return ", ".join(row.name for row in rows if row.word == word) or "none"
