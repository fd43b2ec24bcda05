"""Weights of an invoice reward, and which of eight answers it pays most."""

from functools import lru_cache

import ipywidgets
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle

from rlnotes.explorers.base import Explorer
from rlnotes.explorers.written_invoices import TARGETS, TRUTH, candidate_answers
from rlnotes.functional.extraction import REWARD_WEIGHTS, invoice_reward
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.checks import naive_checks
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, FURTHER, GREEN, GREY, VERMILION, label, new_figure

PARTS = tuple(REWARD_WEIGHTS)  # fields, structure, format, hallucination
LOOKS = {  # colour, hatch
    "fields": (BLUE, None),
    "structure": (FURTHER[0], "///"),
    "format": (GREEN, "..."),
    "hallucination": (VERMILION, "xxx"),
}
NUM_ANSWERS = 8
MISSING = ("pass", "half", "fail")
COLUMNS = {"F1": 1.24, "struct.": 1.42, "format": 1.60, "halluc.": 1.78, "R": 1.96}


class RewardWeights(Explorer):
    """Answers in the order of their reward, each as a bar of its weighted parts."""

    title = "What the reward pays for"

    def make_controls(self):
        def weight(part, words):
            return ipywidgets.FloatSlider(
                value=REWARD_WEIGHTS[part], min=0, max=1, step=0.05, description=words
            )

        return {
            "document": ipywidgets.Dropdown(options=list(TARGETS), description="document"),
            "w_fields": weight("fields", "w1, fields"),
            "w_structure": weight("structure", "w2, structure"),
            "w_format": weight("format", "w3, format"),
            "w_hallucination": weight("hallucination", "w4, hallucination"),
            "label_known": ipywidgets.Checkbox(value=True, description="the label is known"),
            "rules": ipywidgets.Dropdown(options=["full", "naive"], description="rules"),
            "missing_rows": ipywidgets.Dropdown(
                options=list(MISSING), description="missing rows (no label, full rules)"
            ),
        }

    def build(self):
        figure, (axes,) = new_figure(1, size=(10.4, 4.3))
        label(axes, heading="Eight answers, best paid first", x="reward", y="")
        axes.set(xlim=(-0.75, 2.06), ylim=(NUM_ANSWERS + 0.6, -1.6), yticks=[])
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.plot([0, 0], [-0.5, NUM_ANSWERS - 0.5], color=GREY, linewidth=1.2)
        self.stacks = {part: PolyCollection([], **_look(part)) for part in PARTS}
        for stack in self.stacks.values():
            axes.add_collection(stack, autolim=False)
        for name, x in COLUMNS.items():
            axes.text(x, -0.85, name, ha="center", va="center", fontsize=9.5, weight="bold")
        x = -0.06
        for part in PARTS:
            axes.add_patch(_swatch(part, x))
            axes.text(x + 0.07, NUM_ANSWERS + 0.2, part, fontsize=9.5, va="center")
            x += 0.12 + 0.023 * len(part)
        rows = range(NUM_ANSWERS)
        names = [(-0.44, row) for row in rows]
        numbers = [(x, row) for row in rows for x in COLUMNS.values()]
        self.texts = Labels(
            axes, [*names, *numbers, (0.5, -1.25), (1.6, NUM_ANSWERS + 0.2)], size=9.5, zorder=12
        )
        (self.mark,) = axes.plot([0], [0], "D", color="black", markersize=6, zorder=13)
        return figure, [*self.stacks.values(), self.texts, self.mark]

    def update(
        self,
        document,
        w_fields,
        w_structure,
        w_format,
        w_hallucination,
        label_known,
        rules,
        missing_rows,
    ):
        names, parts = scored(document, label_known, rules, missing_rows)
        weights = np.array([w_fields, w_structure, w_format, -w_hallucination])
        weighted = parts * weights
        totals = weighted.sum(axis=1).round(10) + 0.0
        order = np.argsort(-totals, kind="stable")
        self._draw(weighted[order])
        place = int(np.flatnonzero(order == 0)[0])
        self.mark.set_data([-0.7], [place])
        cells = [number(value, 2) for row in order for value in (*parts[row], totals[row])]
        verdict = _verdict(names, totals)
        acts = rules == "full" and not label_known
        note = (
            f"missing rows {missing_rows}" if acts else f"missing rows ({missing_rows}): no effect"
        )
        self.texts.set_texts([*(names[row] for row in order), *cells, verdict, note])
        rows = "; ".join(
            f"{names[row]} {number(totals[row], 3)} (F1 {number(parts[row, 0], 3)}, structure "
            f"{number(parts[row, 1], 3)}, format {number(parts[row, 2], 3)}, hallucination "
            f"{number(parts[row, 3], 3)})"
            for row in order
        )
        return f"Reward of eight answers, best first: {rows}. {verdict} {note.capitalize()}."

    def _draw(self, weighted: np.ndarray) -> None:
        """Bars of the weighted parts [8, 4], end to end; a penalty to the left."""
        ends = weighted[:, :3].cumsum(axis=1)
        starts = ends - weighted[:, :3]
        for k, part in enumerate(PARTS[:3]):
            self.stacks[part].set_verts(_bars(starts[:, k], ends[:, k]))
        self.stacks[PARTS[3]].set_verts(_bars(weighted[:, 3], np.zeros(len(weighted))))


@lru_cache(maxsize=64)
def scored(
    document: str, label_known: bool, rules: str, missing_rows: str
) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the answers, and [8, 4] parts of their rewards."""
    target = TARGETS[document]
    answers = candidate_answers(target)
    parts = np.empty((len(answers), len(PARTS)))
    for row, answer in zip(parts, answers.values(), strict=True):
        breakdown = invoice_reward(
            answer,
            target if label_known else None,
            weights=REWARD_WEIGHTS,
            missing_rows=missing_rows,
        )
        row[:] = [getattr(breakdown, part) for part in PARTS]
        if rules == "naive":
            checks = naive_checks(read_answer(answer))
            row[1] = np.mean([check.passed for check in checks]) if checks else 1.0
    return tuple(answers), parts


def _verdict(names: tuple[str, ...], totals: np.ndarray) -> str:
    truth = totals[names.index(TRUTH)]
    above = [name for name, total in zip(names, totals, strict=True) if total > truth + 1e-9]
    ties = [
        name
        for name, total in zip(names, totals, strict=True)
        if name != TRUTH and abs(total - truth) <= 1e-9
    ]
    first = f"Above the truth: {', '.join(above) or 'none'}."
    return f"{first} As much as the truth: {', '.join(ties) or 'none'}."


def _look(part: str) -> dict:
    colour, hatch = LOOKS[part]
    return {"facecolor": colour, "edgecolor": "white", "linewidth": 0.8, "hatch": hatch}


def _swatch(part: str, x: float) -> Rectangle:
    return Rectangle((x, NUM_ANSWERS + 0.0), 0.05, 0.4, **_look(part))


def _bars(lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
    """[N, 4, 2] corners of horizontal bars in rows 0 to N - 1."""
    rows = np.arange(len(lows))
    corners = ((lows, -0.36), (highs, -0.36), (highs, 0.36), (lows, 0.36))
    return np.stack([np.stack([x, rows + y], axis=-1) for x, y in corners], axis=1)
