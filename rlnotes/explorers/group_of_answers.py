"""A group of K answers: rewards, advantages, and a few steps on the same group."""

from typing import ClassVar

import ipywidgets
import numpy as np

from rlnotes.explorers.base import Explorer
from rlnotes.explorers.written_groups import (
    GROUPS,
    NAMES,
    compared,
    moves,
    policy_path,
    start_probs,
    stopped_answers,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, GREY, INK, SHADE, WRONG, label, new_figure

MOST = 8  # answers in a group
FAR, TOP = 3.2, 2.4  # advantages and ratios beyond are drawn there
HEAD, FOOT = -0.09, 1.1  # heights of words above and below the rows


class GroupOfAnswers(Explorer):
    """Left: rewards and their baseline. Middle: advantages. Right: ratios."""

    title = "A group of K answers"
    in_page: ClassVar = {
        "group": tuple(GROUPS),
        "advantage": tuple(NAMES),
        "reward_change": (-1.0, 0.0, 1.0),
        "clip_epsilon": (0.05, 0.2),
        "beta": (0.04, 0.8),
        "num_epochs": (1, 2, 4, 5, 10),
    }

    def make_controls(self):
        def slider(value, low, high, step, words):
            return ipywidgets.FloatSlider(
                value=value, min=low, max=high, step=step, description=words
            )

        return {
            "group": ipywidgets.Dropdown(options=list(GROUPS), description="group"),
            "advantage": ipywidgets.Dropdown(
                options=list(NAMES), value="sample std (GRPO)", description="advantage"
            ),
            "reward_change": slider(0, -1, 1, 0.25, "added to the last reward"),
            "reward_shift": slider(0, 0, 1, 0.25, "added to every reward"),
            "clip_epsilon": slider(0.2, 0.05, 0.5, 0.05, "clip_epsilon"),
            "beta": slider(0.04, 0, 0.8, 0.04, "beta (price of the KL, k3)"),
            "num_epochs": ipywidgets.IntSlider(
                value=4, min=1, max=10, description="steps on this group"
            ),
        }

    def build(self):
        figure, panels = new_figure(3, size=(10.4, 3.8), width_ratios=[1.2, 0.8, 1.35])
        left, middle, right = panels
        for axes in panels:
            axes.set(ylim=(1.16, -0.15), yticks=[])
        label(left, heading="Rewards and their baseline", x="reward", y="answers of the group")
        left.set(xlim=(-1.7, 6.3), xticks=[-1, 0, 1, 2, 3])
        label(middle, heading="Advantages", x="advantage", y="")
        middle.set(xlim=(-FAR - 0.1, FAR + 0.1), xticks=[-3, -2, -1, 0, 1, 2, 3])
        label(
            right,
            heading="The band stops a gradient, not a ratio",
            x="ratio, new / old (up: A > 0)",
            y="",
        )
        right.set(xlim=(-0.1, 4.6), xticks=[0, 0.5, 1, 1.5, 2])
        words = {"ha": "center", "va": "center", "fontsize": 9}
        for axes, x, text in (
            (left, -1.4, "no."),
            (left, 3.9, "reward"),
            (left, 5.4, "baseline"),
            (right, 2.9, "ratio"),
            (right, 3.9, "probability"),
        ):
            axes.text(x, HEAD, text, **words)
        for axes in (left, middle):
            axes.plot([0, 0], [-0.02, 1.02], color=INK, linewidth=0.8)

        bar = {"linewidth": 9, "solid_capstyle": "butt", "zorder": 11}
        (self.rewards,) = left.plot([], [], color=GREY, **bar)
        (self.baselines,) = left.plot([], [], "|", color=INK, ms=19, mew=2.4, zorder=12)
        self.bars = [middle.plot([], [], color=color, **bar)[0] for color in (BLUE, WRONG["color"])]
        self.band = right.axvspan(0.8, 1.2, color=SHADE, zorder=10)
        (self.one,) = right.plot([1, 1], [-0.15, 1.16], color=GREY, linewidth=1, zorder=11)
        (self.paths,) = right.plot([], [], ".-", color=GREY, lw=1, ms=5, zorder=12)
        looks = ("^", BLUE), ("v", WRONG["color"]), ("o", GREY)  # A > 0, A < 0, A = 0
        self.points = [
            right.plot([], [], marker, color=color, ms=9, mec="white", zorder=14)[0]
            for marker, color in looks
        ]
        (self.rings,) = right.plot([], [], "o", mfc="none", mec=INK, ms=15, mew=1.6, zorder=13)
        self.columns = {
            name: Labels(axes, np.zeros((MOST, 2)), size=9, zorder=15)
            for name, axes in (
                ("names", left),
                ("rewards", left),
                ("baselines", left),
                ("advantages", middle),
                ("ratios", right),
                ("probs", right),
            )
        }
        places = (left, 2.3), (middle, 0), (right, 2.2)
        self.notes = [Labels(axes, [(x, FOOT)], size=9, zorder=15) for axes, x in places]
        lines = [self.rewards, self.baselines, *self.bars, self.one, self.paths, *self.points]
        return figure, [self.band, *lines, self.rings, *self.columns.values(), *self.notes]

    def update(self, group, advantage, reward_change, reward_shift, clip_epsilon, beta, num_epochs):
        rewards = np.array(GROUPS[group], dtype=float)
        rewards[-1] += reward_change
        rewards += reward_shift
        baselines, advantages = compared(tuple(rewards), NAMES[advantage])
        probs = policy_path(
            start_probs(group),
            tuple(advantages),
            clip_epsilon=clip_epsilon,
            beta=beta,
            num_epochs=num_epochs,
        )
        ratios = probs / probs[0]
        stopped = stopped_answers(ratios[-1], advantages, clip_epsilon=clip_epsilon)
        outside = abs(ratios[-1] - 1) > clip_epsilon + 1e-9

        rows = (np.arange(len(rewards)) + 0.5) / len(rewards)
        self.draw_rewards(rows, rewards, baselines)
        self.draw_advantages(rows, advantages)
        self.draw_ratios(rows, ratios, advantages, stopped)
        self.band.set(x=1 - clip_epsilon, width=2 * clip_epsilon)
        self.write("probs", rows, 3.9, [f"{a:.3f} \u2192 {b:.3f}" for a, b in probs[[0, -1]].T])
        mean, count = number(rewards.mean(), 3), len(rewards)
        stds = [number(rewards.std(ddof=ddof), 4) for ddof in (1, 0)]
        self.notes[0].set_texts([f"mean {mean}; std {stds[0]} sample, {stds[1]} population"])
        total = number(advantages.sum(), 3)
        lost = NAMES[advantage] == "mean" and rewards.mean() <= 0
        self.notes[1].set_texts(["no mean above 0: all 0" if lost else f"sum {total}"])
        self.notes[2].set_texts(
            [f"gradient stopped (ring): {stopped.sum()}; outside the band: {outside.sum()}"]
        )
        return (
            f"Rewards {listed(rewards)}: mean {mean}, sample std {stds[0]}, population std "
            f"{stds[1]}. Baselines {listed(baselines)}; advantages {listed(advantages)}, sum "
            f"{total}. After {num_epochs} step{'s' * (num_epochs > 1)} the ratios are "
            f"{listed(ratios[-1])}; probabilities {listed(probs[0])} at the start, "
            f"{listed(probs[-1])} now. Clipped, gradient stopped: {stopped.sum()} of {count}; "
            f"outside the band: {outside.sum()} of {count}. {moves(ratios[-1], advantages)}"
        )

    def draw_rewards(self, rows, rewards, baselines) -> None:
        """The left panel."""
        self.rewards.set_data(*bars_to(rewards, rows))
        self.baselines.set_data(baselines, rows)
        self.write("names", rows, -1.4, [str(k + 1) for k in range(len(rows))])
        self.write("rewards", rows, 3.9, [number(reward, 3) for reward in rewards])
        self.write("baselines", rows, 5.4, [number(baseline, 3) for baseline in baselines])

    def draw_advantages(self, rows, advantages) -> None:
        """The middle panel: each number stands across from its bar."""
        for bar, sign in zip(self.bars, (1, -1), strict=True):
            drawn = advantages * sign > 0
            bar.set_data(*bars_to(np.clip(advantages[drawn], -FAR, FAR), rows[drawn]))
        sides = np.where(advantages > 0, -1.05, 1.05)
        texts = [("+" if a > 5e-4 else "") + number(a, 3) for a in advantages]
        self.write("advantages", rows, sides, texts)

    def draw_ratios(self, rows, ratios, advantages, stopped) -> None:
        """The right panel: the way of each ratio, where it is, and who is stopped."""
        shown = np.minimum(ratios, TOP)
        gaps = np.full((1, len(rows)), np.nan)
        ways = np.concatenate([shown, gaps]).T.ravel()
        self.paths.set_data(ways, np.repeat(rows, len(ratios) + 1))
        for points, sign in zip(self.points, (1, -1, 0), strict=True):
            chosen = np.sign(advantages) == sign
            points.set_data(shown[-1][chosen], rows[chosen])
        self.rings.set_data(shown[-1][stopped], rows[stopped])
        self.write("ratios", rows, 2.9, [number(ratio, 3) for ratio in ratios[-1]])

    def write(self, column: str, rows, xs, texts: list[str]) -> None:
        """One text beside each row; the labels of missing rows are empty."""
        labels = self.columns[column]
        labels.positions[: len(rows)] = np.column_stack([np.broadcast_to(xs, rows.shape), rows])
        labels.set_texts(texts + [""] * (MOST - len(rows)))


def bars_to(values: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One line that draws a bar from 0 to each value."""
    xs = np.column_stack([np.zeros_like(values), values, np.full_like(values, np.nan)])
    return xs.ravel(), np.repeat(rows, 3)


def listed(values: np.ndarray) -> str:
    return ", ".join(number(value, 3) for value in values)
