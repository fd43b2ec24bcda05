"""Layouts that a policy has not seen: what it loses there, and how a page looks."""

from functools import lru_cache
from itertools import chain

import ipywidgets
import numpy as np
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from rlnotes.explorers.base import Explorer
from rlnotes.explorers.invoice_runs import (
    UPDATES,
    by_setting,
    capital,
    rows,
    said,
)
from rlnotes.explorers.layout_pages import LayoutPage, layout_page
from rlnotes.plotting.bars import bar_path, rectangles
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, FURTHER, GREY, INK, SHADE, label, new_figure
from rlnotes.training.invoices.examples import FAMILIES, FOREIGN_LAYOUTS
from rlnotes.training.invoices.starts import NUM_DOCUMENTS, STEPS

# The first so many are trained on.
ORDER = tuple(dict.fromkeys(chain(*FAMILIES.values(), FOREIGN_LAYOUTS)))
LABELS = 12
METHODS = {
    "12 labels": "12 labels",
    "12 labels + GRPO": "12 labels, GRPO",
    "all labels": "all labels",
}
TRAINED_BY = {
    "12 labels": f"{STEPS[LABELS]} steps of imitation of {LABELS} labels",
    "12 labels + GRPO": f"{STEPS[LABELS]} steps of imitation of {LABELS} labels, then {UPDATES}; "
    f"its score looks at the labels of the other {NUM_DOCUMENTS - LABELS} documents",
    "all labels": f"{STEPS[NUM_DOCUMENTS]} steps of imitation of all {NUM_DOCUMENTS} labels",
}
NOISE = [0.0, 0.1, 0.3]
KEYS = ("families", "method", "noise", "layout")
SEEN = {"facecolor": BLUE, "edgecolor": "white", "linewidth": 0.8}
NOT_SEEN = {"facecolor": FURTHER[2], "edgecolor": "white", "linewidth": 0.8, "hatch": "///"}
BOX = {"facecolor": SHADE, "edgecolor": GREY, "linewidth": 0.6}
NAME = {"facecolor": "white", "edgecolor": INK, "linewidth": 1.2, "hatch": "xxx"}
TOTAL = {"facecolor": BLUE, "edgecolor": INK, "linewidth": 1.2}
WIDEST = 595 / 842  # of the pages here, in their heights


class LayoutShift(Explorer):
    """Left: a bar for each layout, seen in training or not. Right: a page of one."""

    title = "Layouts that the policy has not seen"

    def make_controls(self):
        slide, choose = ipywidgets.SelectionSlider, ipywidgets.Dropdown
        measures = ["documents right", "rules kept", "micro F1"]
        return {
            "families": slide(options=list(FAMILIES), value=4, description="layouts trained on"),
            "method": choose(
                options=list(METHODS), value="12 labels + GRPO", description="trained by"
            ),
            "noise": slide(options=NOISE, value=0.0, description="share of segments misread"),
            "measure": choose(options=measures, description="measure"),
            "layout": choose(options=list(ORDER), value=ORDER[-1], description="page of"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(10.4, 4.6), width_ratios=[2.6, 1])
        label(left, heading="What is lost on other layouts", x="share of documents, or F1", y="")
        left.set(xlim=(-0.05, 1.42), ylim=(len(ORDER) - 0.4, -1.5))
        left.set_xticks([0, 0.25, 0.5, 0.75, 1])
        left.set_yticks(range(len(ORDER)), ORDER)
        left.grid(visible=False, axis="y")
        self.seen, self.others = (
            left.add_patch(PathPatch(Path([(0, 0)]), zorder=10, **look))
            for look in (SEEN, NOT_SEEN)
        )
        (self.border,) = left.plot([-0.05, 1.42], [0, 0], "--", color=INK, lw=1, zorder=11)
        (self.start,) = left.plot([], [], "D", mfc="white", color=INK, ms=6, zorder=12)
        (self.seeds,) = left.plot([], [], "o", color=INK, mec="white", ms=5, zorder=13)
        (self.chosen,) = left.plot([], [], ">", color=INK, ms=7, zorder=12)
        self.values = Labels(left, [(1.22, row) for row in range(len(ORDER))], size=10, zorder=14)
        self.means = Labels(left, [(0.68, -1.26), (0.68, -0.78)], size=10, zorder=14)

        label(right, heading="A page of one layout", x="", y="")
        right.set(xlim=(-0.02, WIDEST + 0.02), ylim=(1.26, -0.02), aspect="equal", anchor="N")
        right.axis("off")
        self.page = right.add_patch(PathPatch(Path([(0, 0)]), fill=False, ec=GREY, zorder=9))
        self.boxes, self.name, self.total = (
            right.add_patch(PathPatch(Path([(0, 0)]), zorder=zorder, **look))
            for zorder, look in ((10, BOX), (11, NAME), (12, TOTAL))
        )
        places = [(WIDEST / 2, y) for y in (1.06, 1.13, 1.20)]
        self.caption = Labels(right, places, size=9.5, zorder=14)
        named = {
            "seen in training": Rectangle((0, 0), 1, 1, **SEEN),
            "not seen": Rectangle((0, 0), 1, 1, **NOT_SEEN),
            "one seed": self.seeds,
            f"{LABELS} labels alone": self.start,
            "page: the total": Rectangle((0, 0), 1, 1, **TOTAL),
            "its name": Rectangle((0, 0), 1, 1, **NAME),
        }
        figure.legend(named.values(), named, loc="outside lower center", fontsize=9, ncols=6)
        on_left = [self.seen, self.others, self.border, self.start, self.seeds, self.chosen]
        on_right = [self.page, self.boxes, self.name, self.total]
        return figure, [*on_left, self.values, self.means, *on_right, self.caption]

    def update(self, families, method, noise, measure, layout):
        now = by_layout(families, method, noise, measure)
        start = by_layout(families, "12 labels", noise, measure)
        places, means = np.arange(len(ORDER)), now.mean(axis=1)
        for patch, part in (
            (self.seen, slice(families)),
            (self.others, slice(families, None)),
        ):
            ends = means[part]
            patch.set_path(bar_path(0 * ends, ends, places[part], thickness=0.72))
        self.border.set_ydata([families - 0.5] * 2)
        self.start.set_data(start.mean(axis=1), places)
        spread = np.linspace(-0.2, 0.2, now.shape[1])
        self.seeds.set_data(now.ravel(), (places[:, None] + spread).ravel())
        self.chosen.set_data([-0.025], [ORDER.index(layout)])
        words = ["seen" if place < families else "not seen" for place in places]
        self.values.set_texts([f"{number(m, 3)} {w}" for m, w in zip(means, words, strict=True)])
        groups = group_means(now, families)
        self.means.set_texts(
            [f"mean of those {group}: {said(each)}" for group, each in groups.items()]
        )
        page = layout_page(layout)
        self._draw(page, layout)
        listed = "; ".join(
            f"{name}, {word}, {said(each)}"
            for name, word, each in zip(ORDER, words, now, strict=True)
        )
        alone = group_means(start, families)
        return (
            f"{capital(measure)} on {num_tested()} documents of each layout, mean of "
            f"{now.shape[1]} seeds (smallest to largest): {listed}. Mean over the layouts seen "
            f"{said(groups['seen'])}, not seen {said(groups['not seen'])}. Trained by: "
            f"{TRAINED_BY[method]}. {LABELS} labels alone: seen {said(alone['seen'])}, not seen "
            f"{said(alone['not seen'])}. Pages of training are read without mistakes. The page of "
            f"{layout}: {len(page.boxes)} boxes; the total, {page.texts[page.total]}, stands at "
            f"{number(middle_height(page), 3)} of the height from the top, its name, "
            f"{page.texts[page.name]}, on its {page.side}."
        )

    def _draw(self, page: LayoutPage, layout: str) -> None:
        """The boxes, in the middle of the panel, and what they say of the total."""
        shift = np.array([(WIDEST - page.width) / 2, 0] * 2)
        boxes = page.boxes + shift
        self.page.set_path(rectangles([np.array([0, 0, page.width, 1]) + shift]))
        self.boxes.set_path(rectangles(boxes))
        self.name.set_path(rectangles(boxes[[page.name]]))
        self.total.set_path(rectangles(boxes[[page.total]]))
        words = (layout, page.texts[page.name], page.texts[page.total])
        beside = words[1:] if page.side == "left" else words[:0:-1]
        where = f"name on the {page.side} of the amount"
        self.caption.set_texts([layout, " | ".join(beside), where])


@lru_cache(maxsize=64)
def by_layout(families: int, method: str, noise: float, measure: str) -> np.ndarray:
    """[8, seeds] what was reached on each layout, in `ORDER`."""
    numbers = by_setting("invoice_shift", KEYS, measure)
    return np.stack([numbers[families, METHODS[method], noise, layout] for layout in ORDER])


def group_means(numbers: np.ndarray, families: int) -> dict[str, np.ndarray]:
    """[seeds] the means over layouts seen in training, and over the others."""
    return {
        "seen": numbers[:families].mean(axis=0),
        "not seen": numbers[families:].mean(axis=0),
    }


def num_tested() -> int:
    """How many documents of each layout were answered."""
    return int(rows("invoice_shift")[0]["documents"])


def middle_height(page: LayoutPage) -> float:
    """Where the middle of the total stands: 0 at the top of the page, 1 at its foot."""
    return float(page.boxes[page.total, [1, 3]].mean())
