"""Five yes/no questions, the tree that asks them, and the reason at the end."""

import textwrap
from functools import lru_cache
from itertools import pairwise

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb

from rlnotes.explorers.base import Explorer
from rlnotes.plotting.numbers import Labels
from rlnotes.plotting.style import BLUE, GREY, INK, REFERENCE, label, new_figure
from rlnotes.review.decisions import Decision, decide, decision_tree

SIZE = (10.6, 6.4)
COLUMNS = (0.95, 3.05, 5.15, 7.25)  # middles of the boxes of the questions
LEAF_COLUMN = 9.65
BOX = (1.5, 0.5)
LEAF_BOX = (1.6, 0.36)
TOP, STEP = 6.15, 0.42  # the first leaf, and from leaf to leaf
LIST_TOP, LINE = 1.94, 0.185
LIST_LEFT, WORDS_LEFT = 0.3, 3.85
QUESTION_WIDTH, REASON_WIDTH, NUM_LINES = 18, 90, 8
PALE = (*to_rgb(BLUE), 0.16)  # the words beneath stay readable
ANSWERS = ("yes", "no")


@lru_cache(maxsize=1)
def layout() -> dict[str, tuple[float, float]]:
    """Middle of the box of each node and leaf; leaves in the order of the tree."""
    tree, places, leaves = decision_tree(), {}, []

    def place(name: str, depth: int) -> float:
        if name in tree.leaves:
            leaves.append(name)
            y = TOP - STEP * (len(leaves) - 1)
            places[name] = (LEAF_COLUMN, y)
            return y
        node = tree.nodes[name]
        y = (place(node.yes, depth + 1) + place(node.no, depth + 1)) / 2
        places[name] = (COLUMNS[depth], y)
        return y

    place(tree.root, 0)
    return places


def edge(parent: str, child: str) -> np.ndarray:
    """[4, 2] points of a branch, and a gap after it."""
    (x, y), (end_x, end_y) = layout()[parent], layout()[child]
    width = LEAF_BOX[0] if child in decision_tree().leaves else BOX[0]
    end = end_x - width / 2
    turn = x + BOX[0] / 2 + 0.42
    return np.array([(x + BOX[0] / 2, y), (turn, end_y), (end, end_y), (np.nan, np.nan)])


def box(name: str) -> np.ndarray:
    """[4, 2] corners of the box of a node or a leaf."""
    (x, y), is_leaf = layout()[name], name in decision_tree().leaves
    width, height = LEAF_BOX if is_leaf else BOX
    left, right, low, top = x - width / 2, x + width / 2, y - height / 2, y + height / 2
    return np.array([(left, low), (right, low), (right, top), (left, top)])


class DecisionHelper(Explorer):
    """Above: the tree and the path. Below: the answers, and the reason in words."""

    title = "Which method? Five questions and a reason"

    def make_controls(self):
        start = {"has_pairs": "no", "few_actions": "no"}
        return {
            name: ipywidgets.Dropdown(
                options=list(ANSWERS), value=start.get(name, "yes"), description=question.short
            )
            for name, question in decision_tree().questions.items()
        }

    def build(self):
        figure, (axes,) = new_figure(1, size=SIZE)
        label(axes, heading="Thick: the path. Hollow: not asked", x="", y="")
        axes.set(xlim=(0, SIZE[0]), ylim=(0.3, 6.45))
        axes.set_axis_off()
        tree = decision_tree()
        (self.others,) = axes.plot([], [], **{**REFERENCE, "zorder": 10})
        (self.walked,) = axes.plot([], [], color=BLUE, linewidth=4, zorder=11)
        for node in tree.nodes.values():
            for answer, child in zip(ANSWERS, (node.yes, node.no), strict=True):
                x, y = edge(node.name, child)[1]
                side = "bottom" if answer == "yes" else "top"
                axes.text(x - 0.09, y, answer, fontsize=9, ha="right", va=side)
        every = [box(name) for name in layout()]
        hollow = PolyCollection(every, facecolor="white", edgecolor=GREY, zorder=3)
        self.asked = PolyCollection([], facecolor=PALE, edgecolor=BLUE, linewidth=2, zorder=13)
        self.leaf = PolyCollection([], facecolor=PALE, edgecolor=INK, linewidth=2.5, zorder=13)
        for boxes in (hollow, self.asked, self.leaf):
            axes.add_collection(boxes, autolim=False)
        _write_names(axes)
        rows = [LIST_TOP - 0.34 * k for k in range(len(tree.questions))]
        marks = {"linestyle": "", "marker": "o", "markersize": 10, "zorder": 12}
        (self.matter,) = axes.plot([], [], color=BLUE, **marks)
        (self.idle,) = axes.plot([], [], color=GREY, mfc="white", mew=1.5, **marks)
        self.rows = dict(zip(tree.questions, rows, strict=True))
        places = [(LIST_LEFT + 0.22, row) for row in rows]
        self.answers = Labels(axes, places, size=9.5, zorder=14, shift=0)
        lines = [(WORDS_LEFT, LIST_TOP - LINE * k) for k in range(NUM_LINES)]
        self.words = Labels(axes, lines, size=9.5, zorder=14, shift=0)
        return figure, [
            *(self.others, self.walked, self.asked, self.leaf),
            *(self.matter, self.idle, self.answers, self.words),
        ]

    def update(self, **answers):
        decision = decide({name: answer == "yes" for name, answer in answers.items()})
        tree = decision_tree()
        places = [*(name for name, _ in decision.path), decision.leaf.name]
        steps = set(pairwise(places))
        branches = [(n.name, child) for n in tree.nodes.values() for child in (n.yes, n.no)]
        walked = [edge(*branch) for branch in branches if branch in steps]
        others = [edge(*branch) for branch in branches if branch not in steps]
        self.walked.set_data(*np.concatenate(walked).T)
        self.others.set_data(*np.concatenate(others).T)
        self.asked.set_verts([box(name) for name in places[:-1]])
        self.leaf.set_verts([box(places[-1])])
        for marks, names in ((self.matter, decision.asked), (self.idle, decision.ignored)):
            marks.set_data([LIST_LEFT] * len(names), [self.rows[name] for name in names])
        self.answers.set_texts([_answered(name, answers, decision) for name in answers])
        lines = reason_lines(decision)
        self.words.set_texts([*lines, *[""] * (NUM_LINES - len(lines))])
        return _said(decision)


def _write_names(axes: Axes) -> None:
    """The words in the boxes."""
    tree = decision_tree()
    for name, (x, y) in layout().items():
        words = name if name in tree.leaves else tree.questions[tree.nodes[name].question].short
        wrapped = textwrap.fill(words, QUESTION_WIDTH)
        axes.text(x, y, wrapped, fontsize=9.5, ha="center", va="center", zorder=4)


def reason_lines(decision: Decision) -> list[str]:
    """The words beneath the tree, in lines that fit."""
    leaf = decision.leaf
    paragraphs = [leaf.title, leaf.reason, f"Gives up: {leaf.gives_up}", f"Watch: {leaf.watch}"]
    return [line for words in paragraphs for line in textwrap.wrap(words, REASON_WIDTH)]


def _answered(name: str, answers: dict[str, str], decision: Decision) -> str:
    note = "" if name in decision.asked else ", not asked"
    return f"{decision_tree().questions[name].short}: {answers[name]}{note}"


def _said(decision: Decision) -> str:
    questions, leaf = decision_tree().questions, decision.leaf
    path = "; ".join(
        f"{questions[name].short}: {'yes' if answer else 'no'}"
        for name, (_, answer) in zip(decision.asked, decision.path, strict=True)
    )
    ignored = "; ".join(questions[name].short for name in decision.ignored)
    return (
        f"Path: {path}. Leads to {leaf.name}. {leaf.title}. Why: {leaf.reason} Gives up: "
        f"{leaf.gives_up} Watch: {leaf.watch} Does not matter here: {ignored}."
    )
