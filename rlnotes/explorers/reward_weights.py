"""Weights of an invoice reward, and which of eight answers it pays most."""

from functools import lru_cache
from typing import ClassVar

import ipywidgets
import numpy as np
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from rlnotes.explorers.base import BadSetting, Explorer
from rlnotes.explorers.written_invoices import TARGETS, TRUTH, candidate_answers
from rlnotes.functional.extraction import REWARD_WEIGHTS, composite_reward, invoice_reward
from rlnotes.functional.extraction.answers import read_answer
from rlnotes.functional.extraction.structure import naive_score
from rlnotes.plotting.bars import bar_path
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, FURTHER, GREEN, GREY, VERMILION, label, new_figure

PARTS = tuple(REWARD_WEIGHTS)  # fields, structure, format, hallucination
LOOKS = {  # colour, hatch
    "fields": (BLUE, None),
    "structure": (FURTHER[0], "///"),
    "format": (GREEN, "..."),
    "hallucination": (VERMILION, "xxx"),
}
SIGNS = np.array([1, 1, 1, -1])  # a penalty lies on the left of zero
NUM_ANSWERS = 8
MISSING = ("pass", "half", "fail")
COLUMNS = ("F1", "struct.", "format", "halluc.", "R")


class RewardWeights(Explorer):
    """Answers in the order of their reward, each as a bar of its weighted parts."""

    title = "What the reward pays for"
    in_page: ClassVar = {
        "document": tuple(TARGETS),
        "w_fields": (0.0, 0.4, 1.0),
        "w_structure": (0.0, 0.3, 0.6, 1.0),
        "w_hallucination": (0.0, 0.1, 0.5, 1.0),
        "label_known": (False, True),
        "rules": ("full", "naive"),
        "missing_rows": MISSING,
    }

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
        figure, (left, axes, table) = new_figure(3, size=(10.8, 4.4), width_ratios=[0.9, 2, 1.5])
        label(axes, heading="Best paid first", x="reward / sum of the weights", y="")
        limits = (NUM_ANSWERS + 0.8, -2.0)
        axes.set(xlim=(-0.5, 1.02), ylim=limits, yticks=[], xticks=[-0.5, 0, 0.5, 1])
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.plot([0, 0], [-0.5, NUM_ANSWERS - 0.5], color=GREY, linewidth=1.2)
        self.stacks = {part: PathPatch(Path([(0, 0)]), **_look(part)) for part in PARTS}
        for stack in self.stacks.values():
            axes.add_patch(stack)
        for part, x in zip(PARTS, (-0.5, -0.18, 0.24, 0.58), strict=True):
            axes.add_patch(_swatch(part, x))
            axes.text(x + 0.07, NUM_ANSWERS + 0.2, part, fontsize=9.5, va="center")
        for panel, width in ((left, 1), (table, len(COLUMNS))):
            panel.set(xlim=(0, width), ylim=limits)
            panel.axis("off")
        for column, name in enumerate(COLUMNS):
            table.text(column + 0.5, -0.9, name, ha="center", fontsize=9.5, weight="bold")
        rows = range(NUM_ANSWERS)
        self.names = Labels(left, [(0.56, row) for row in rows], size=9.5, zorder=12)
        (self.mark,) = left.plot([0.06], [0], "D", color="black", markersize=6, zorder=13)
        self.verdict = Labels(axes, [(0.26, -1.6), (0.26, -1.05)], size=9.5, zorder=12)
        places = [(column + 0.5, row) for row in rows for column in range(len(COLUMNS))]
        note = (len(COLUMNS) / 2, NUM_ANSWERS + 0.2)
        self.numbers = Labels(table, [*places, note], size=9.5, zorder=12)
        texts = [self.names, self.verdict, self.numbers]
        return figure, [*self.stacks.values(), *texts, self.mark]

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
        if not any((w_fields, w_structure, w_format, w_hallucination)):
            raise BadSetting("All weights are 0: every answer earns 0.")
        names, parts = scored(document, label_known, rules, missing_rows)
        chosen = dict(zip(PARTS, (w_fields, w_structure, w_format, w_hallucination), strict=True))
        weights = np.array(list(chosen.values())) * SIGNS
        totals = np.array([composite_reward(*row, weights=chosen) for row in parts]).round(10) + 0.0
        order = np.argsort(-totals, kind="stable")
        self._draw(parts[order] * weights / abs(weights).sum())
        place = int(np.flatnonzero(order == 0)[0])
        self.mark.set_ydata([place])
        cells = [number(value, 2) for row in order for value in (*parts[row], totals[row])]
        above, ties = _rivals(names, totals)
        acts = rules == "full" and not label_known
        note = f"missing rows: {missing_rows}{'' if acts else ', no effect here'}"
        self.names.set_texts([names[row] for row in order])
        lines = [f"above the truth: {_few(above)}", f"as much as the truth: {_few(ties)}"]
        self.verdict.set_texts(lines)
        self.numbers.set_texts([*cells, note])
        rows = "; ".join(
            f"{names[row]} {number(totals[row], 3)} (F1 {number(parts[row, 0], 3)}, structure "
            f"{number(parts[row, 1], 3)}, format {number(parts[row, 2], 3)}, hallucination "
            f"{number(parts[row, 3], 3)})"
            for row in order
        )
        return (
            f"Reward of eight answers, best first: {rows}. Above the truth: "
            f"{', '.join(above) or 'none'}. As much as the truth: {', '.join(ties) or 'none'}. "
            f"{note.capitalize()}."
        )

    def _draw(self, weighted: np.ndarray) -> None:
        """Bars of the weighted parts [8, 4], end to end; a penalty to the left."""
        ends = weighted[:, :3].cumsum(axis=1)
        starts = ends - weighted[:, :3]
        for k, part in enumerate(PARTS[:3]):
            self.stacks[part].set_path(_bars(starts[:, k], ends[:, k]))
        self.stacks[PARTS[3]].set_path(_bars(weighted[:, 3], np.zeros(NUM_ANSWERS)))


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
            row[1] = naive_score(read_answer(answer))
    return tuple(answers), parts


def _rivals(names: tuple[str, ...], totals: np.ndarray) -> tuple[list[str], list[str]]:
    """Names of the answers that are paid more than the truth, and as much."""
    gaps = totals - totals[names.index(TRUTH)]
    above = [name for name, gap in zip(names, gaps, strict=True) if gap > 1e-9]
    ties = [name for name, gap in zip(names, gaps, strict=True) if abs(gap) <= 1e-9]
    return above, [name for name in ties if name != TRUTH]


def _few(names: list[str]) -> str:
    """Names in one short line."""
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return (", ".join(names[:2]) or "none") + more


def _look(part: str) -> dict:
    colour, hatch = LOOKS[part]
    return {"facecolor": colour, "edgecolor": "white", "linewidth": 0.8, "hatch": hatch}


def _swatch(part: str, x: float) -> Rectangle:
    return Rectangle((x, NUM_ANSWERS), 0.055, 0.4, **_look(part))


def _bars(lows: np.ndarray, highs: np.ndarray) -> Path:
    return bar_path(lows, highs, range(NUM_ANSWERS), thickness=0.72)
