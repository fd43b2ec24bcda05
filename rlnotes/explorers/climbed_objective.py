"""Which objective each advantage climbs, by pass rate, group size and verifier."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.exact.group_weights import (
    group_objectives,
    group_weights,
    limit_weights,
    noisy_group_weights,
)
from rlnotes.exact.pass_rates import observed_pass_rates
from rlnotes.explorers.base import Explorer
from rlnotes.explorers.likelihood_displacement import spread
from rlnotes.explorers.written_groups import NAMES as WITH_CONSTANT
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, CURRENT, FURTHER, GREEN, GREY, INK, label, new_figure

# Without the 1e-4 that is added to the sample std: the limits are then those of theory.
NAMES = {**WITH_CONSTANT, "sample std (GRPO)": "sample_std"}
STYLES = {
    "reward": (GREY, (0, (1, 2))),
    "leave_one_out": (INK, "-"),
    "group_mean": (GREEN, "-."),
    "sample_std": (FURTHER[0], (0, (5, 1, 1, 1, 1, 1))),
    "population_std": (FURTHER[2], (0, (3, 1))),
    "mean": (FURTHER[1], (0, (8, 2))),
}
CLIMBS = {
    "sample_std": "2 arcsin(sqrt {})",
    "population_std": "2 arcsin(sqrt {})",
    "mean": "log {}",
}
SHORT = {"mean": "MaxRL"}  # where the label beside a curve is not the plain name
SIZES = [2, 3, 4, 8, 16, 32, 64]
RATES = np.linspace(0, 1, 51)  # every pass rate of the slider among them
WEIGHTS, OBJECTIVES = (-3.3, 10.4), (-1.05, 1.42)
TOP, GAP = 8.6, 0.72  # weights beyond are not drawn; between two labels


class ClimbedObjective(Explorer):
    """Left: the weight of the slope of p, by p. Right: what has that slope."""

    title = "Which objective a group climbs"

    def make_controls(self):
        def slider(value, low, high, step, words):
            return ipywidgets.FloatSlider(
                value=value, min=low, max=high, step=step, description=words
            )

        return {
            "advantage": ipywidgets.Dropdown(
                options=list(NAMES), value="sample std (GRPO)", description="advantage"
            ),
            "group_size": ipywidgets.SelectionSlider(
                options=SIZES, value=8, description="group_size"
            ),
            "pass_rate": slider(0.1, 0.02, 0.98, 0.02, "pass_rate p"),
            "false_positive_rate": slider(0, 0, 0.75, 0.05, "false_positive_rate"),
            "false_negative_rate": slider(0, 0, 0.75, 0.05, "false_negative_rate"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(9.2, 3.8), width_ratios=[1.4, 1])
        label(
            left,
            heading="How hard a prompt pushes",
            x="pass rate p of the prompt",
            y="weight, times dp / d theta",
        )
        left.set(xlim=(-0.02, 1.42), ylim=WEIGHTS, xticks=[0, 0.25, 0.5, 0.75, 1])
        label(
            right,
            heading="What it climbs on average",
            x="pass rate p of the prompt",
            y="objective, scaled",
        )
        right.set(xlim=(-0.02, 1.02), ylim=OBJECTIVES, xticks=[0, 0.25, 0.5, 0.75, 1])
        words = {"fontsize": 9, "va": "top"}
        left.text(0.0, -2.35, "blue: chosen; black dashes: its limit, large groups", **words)
        right.text(
            0.0,
            -0.68,
            "thin: the others, in the lines of the left panel;\n"
            "each rises by 1 from p = 0 to 1 without noise",
            **words,
        )
        for axes in (left, right):
            axes.plot([0, 1], [0, 0], color=INK, linewidth=0.8)

        self.lines = [
            {
                name: axes.plot([], [], color=color, ls=style, lw=1.3, zorder=10)[0]
                for name, (color, style) in STYLES.items()
            }
            for axes in (left, right)
        ]
        panels = left, right
        thick = {"color": BLUE, "linewidth": 2.8, "zorder": 11}
        self.chosen = [axes.plot([], [], **thick)[0] for axes in panels]
        dashes = {"color": INK, "linestyle": (0, (4, 3)), "linewidth": 1.4, "zorder": 12}
        (self.limit,) = left.plot([], [], **dashes)
        self.verticals = [axes.plot([], [], color=GREY, lw=0.9, zorder=10)[0] for axes in panels]
        self.points = [axes.plot([], [], **{**CURRENT, "zorder": 13})[0] for axes in panels]
        self.names = Labels(left, [(1.27, 0)] * len(NAMES), size=9, zorder=14)
        self.notes = [
            Labels(left, [(0.5, 9.95), (0.5, 9.2)], size=9, zorder=14),
            Labels(right, [(0.5, 1.35), (0.5, 1.22)], size=9, zorder=14),
        ]
        lines = [line for lines in self.lines for line in lines.values()]
        marks = [*self.verticals, *self.chosen, self.limit, *self.points]
        return figure, [*lines, *marks, self.names, *self.notes]

    def update(self, advantage, group_size, pass_rate, false_positive_rate, false_negative_rate):
        chosen = NAMES[advantage]
        noise = {
            "false_positive_rate": false_positive_rate,
            "false_negative_rate": false_negative_rate,
        }
        tables = curves(group_size, **noise)
        seen = float(observed_pass_rates(pass_rate, **noise))
        factor = float(np.diff(observed_pass_rates([0, 1], **noise))[0])
        here = round(pass_rate * (len(RATES) - 1))
        weights = {key: float(table[0][here]) for key, table in tables.items()}
        limits = factor * limit_weights(observed_pass_rates(RATES, **noise), estimator=chosen)
        limit, height = float(limits[here]), float(tables[chosen][1][here])

        self.draw_lines(tables, chosen)
        self.limit.set_data(RATES, cut(limits))
        beyond = self.draw_points(pass_rate, weights[chosen], height)
        words = f"p = {number(pass_rate)}: weight {number(weights[chosen])}"
        self.notes[0].set_texts([f"{words}, in large groups {number(limit)}", beyond])
        climbs = CLIMBS.get(chosen, "{}").format("p" if factor == 1 else "q")
        self.notes[1].set_texts([f"large groups climb {climbs}", noise_words(factor)])
        bound = float(group_weights(0.0, group_size=group_size, estimator=chosen))
        each = ", ".join(f"{name} {number(weights[key], 3)}" for name, key in NAMES.items())
        after = f"; {noise_words(factor)}" if noise_words(factor) else ""
        return (
            f"At p = {number(pass_rate)} the verifier passes {number(seen, 3)} of the answers; "
            f"noise factor {number(factor)}. Weights: {each}. Chosen: {advantage}; in large "
            f"groups {number(limit, 3)}, without noise at most {number(bound, 3)} for a group of "
            f"{group_size}; objective {number(height, 3)} of its rise. It climbs "
            f"{climbs} in large groups{after}."
        )

    def draw_lines(self, tables: dict, chosen: str) -> None:
        """All curves, each with its name at its right end."""
        ends = np.clip([tables[key][0][-1] for key in STYLES], WEIGHTS[0], TOP)
        heights = spread(ends, gap=GAP, low=WEIGHTS[0] + GAP, high=TOP)
        for index, key in enumerate(STYLES):
            weights, objectives = tables[key]
            # The line leads on to its name.
            self.lines[0][key].set_data(
                np.append(RATES, 1.09), np.append(cut(weights), heights[index])
            )
            self.lines[1][key].set_data(RATES, objectives)
        self.names.positions[:, 1] = heights
        self.names.set_texts([SHORT.get(key, name.split(" (")[0]) for name, key in NAMES.items()])
        self.chosen[0].set_data(RATES, cut(tables[chosen][0]))
        self.chosen[1].set_data(RATES, tables[chosen][1])

    def draw_points(self, pass_rate: float, weight: float, height: float) -> str:
        """The prompt on both curves; words if its mark is at the edge of the panel."""
        inside = min(weight, TOP)
        for point, vertical, y in zip(self.points, self.verticals, (inside, height), strict=True):
            point.set_data([pass_rate], [y])
            vertical.set_data([pass_rate, pass_rate], [0, y])
        return "" if inside == weight else "beyond the panel: mark at its edge"


@lru_cache(maxsize=64)
def curves(group_size: int, **noise: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Weights and objectives at `RATES` of each estimator, with this noise."""
    seen = observed_pass_rates(RATES, **noise)
    tables = {}
    for key in STYLES:
        given = {"group_size": group_size, "estimator": key}
        # The climbed number is that of the pass rate which the verifier sees.
        rises = group_objectives(np.concatenate([seen, [0, 1]]), **given)
        objectives = (rises[:-2] - rises[0]) / (rises[-1] - rises[-2])
        tables[key] = noisy_group_weights(RATES, **given, **noise), objectives
    return tables


def cut(weights: np.ndarray) -> np.ndarray:
    """Without what lies beyond the panel."""
    return np.where((weights < WEIGHTS[0]) | (weights > TOP), np.nan, weights)


def noise_words(factor: float) -> str:
    """What the verifier's errors do to the direction."""
    if abs(factor) < 1e-9:
        return "fp + fn = 1: learns nothing"
    return "fp + fn > 1: goes backwards" if factor < 0 else ""
