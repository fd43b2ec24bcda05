"""DQN with its parts on switches: recorded runs on the maze and on CartPole."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import ESTIMATE, REFERENCE, SHADE, label, new_figure
from rlnotes.training.recordings import load

PERIODS, BUFFER_SIZES = [10, 50, 250], [100, 1000, 3000]
EPSILONS = ["1 to 0.3", "always 0.1", "always 1"]
MAZE_LIMIT, CARTPOLE_LIMIT = 18.0, 500.0  # the widest band of the maze ends at 15.4


class DQNSwitches(Explorer):
    """Medians and ranges over five seeds; nothing is trained here."""

    title = "DQN with its parts on switches, five recorded seeds for each setting"

    def make_controls(self):
        checkbox = ipywidgets.Checkbox
        return {
            "replay": checkbox(value=True, description="replay", indent=False),
            "prioritized": checkbox(value=False, description="prioritized", indent=False),
            "target_copy": checkbox(value=True, description="target copy", indent=False),
            "double": checkbox(value=False, description="double", indent=False),
            "dueling": checkbox(value=False, description="dueling", indent=False),
            "target_period": ipywidgets.Dropdown(
                options=PERIODS, value=50, description="period C (updates)"
            ),
            "buffer_size": ipywidgets.Dropdown(
                options=BUFFER_SIZES, value=1000, description="buffer (transitions)"
            ),
            "epsilon_schedule": ipywidgets.Dropdown(
                options=EPSILONS, value=EPSILONS[0], description="epsilon"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(
            left,
            heading="Slippery maze, squared loss: distance to Q*",
            x="environment steps",
            y="largest error (discounted reward)",
        )
        label(
            right,
            heading="CartPole, Huber loss: greedy return",
            x="environment steps\n(period 100, buffer 50 000, epsilon 1 to 0.05)",
            y="return (steps, at most 500)",
        )
        steps = [row["step"] for row in maze_recording()[maze_key()]]
        left.set(xlim=(0, 1.02 * steps[-1]), ylim=(0, MAZE_LIMIT))
        steps = [row["step"] for row in cartpole_recording()[cartpole_key()]]
        right.set(xlim=(0, 1.02 * steps[-1]), ylim=(0, 1.06 * CARTPOLE_LIMIT))
        right.text(0.02 * steps[-1], 482, "dotted: solved, 475", va="bottom", zorder=15)
        self.panels = [Panel(left), Panel(right)]
        place = {"transform": left.transAxes, "va": "top", "fontsize": 9, "zorder": 15}
        lines = "median and range of five seeds; dashed grey: default"
        explained = left.text(0.02, 0.98, lines, **place)
        self.note = left.text(0.02, 0.91, "", **place)
        above = {**REFERENCE, "zorder": 11}  # the band would hide them
        default = maze_recording()[maze_key()], cartpole_recording()[cartpole_key()]
        references = [right.axhline(475, **{**above, "linestyle": ":"})]
        for axes, rows in zip((left, right), default, strict=True):
            steps, medians = [row["step"] for row in rows], [row["median"] for row in rows]
            references += axes.plot(steps, medians, **above)
        panels = [*self.panels[0].artists, *self.panels[1].artists]
        return figure, [*panels, *references, *right.texts, explained, self.note]

    def update(
        self,
        replay,
        prioritized,
        target_copy,
        double,
        dueling,
        target_period,
        buffer_size,
        epsilon_schedule,
    ):
        kind = ("prioritized" if prioritized else "uniform") if replay else "none"
        maze = maze_recording()[
            maze_key(
                kind,
                buffer_size if replay else BUFFER_SIZES[0],
                target_period if target_copy else 1,
                double,
                dueling,
                epsilon_schedule,
            )
        ]
        cartpole = cartpole_recording()[cartpole_key(kind, target_copy, double, dueling)]
        idle = []
        if not replay:
            idle.append("prioritized, buffer: idle without replay")
        if not target_copy:
            idle.append("period C, double: idle without a target copy")
        self.note.set_text("\n".join(idle))
        for panel, rows in zip(self.panels, (maze, cartpole), strict=True):
            panel.update(rows)
        last, end = maze[-1], cartpole[-1]
        return (
            f"Maze, after {last['step']:.0f} steps with the squared loss: largest distance to the "
            f"exact Q*, median {last['median']:.2f}, from {last['low']:.2f} to {last['high']:.2f}. "
            f"CartPole, after {end['step']:.0f} steps with the Huber loss: return, median "
            f"{end['median']:.1f}, from {end['low']:.1f} to {end['high']:.1f}. Grey dashed: the "
            "default setting." + "".join(f" Note: {note}." for note in idle)
        )


class Panel:
    """Median and range of one recording."""

    def __init__(self, axes):
        self.band = axes.fill_between([0, 1], [0, 0], [1, 1], color=SHADE, zorder=10)
        (self.median,) = axes.plot([], [], **{**ESTIMATE, "zorder": 12, "markevery": 4})
        self.artists = [self.band, self.median]

    def update(self, rows: list[dict]) -> None:
        columns = ("step", "low", "median", "high")
        steps, low, median, high = np.array([[row[c] for c in columns] for row in rows]).T
        self.band.set_data(steps, low, high)
        self.median.set_data(steps, median)


def maze_key(
    replay="uniform",
    buffer_size=1000,
    target_period=50,
    double=False,
    dueling=False,
    epsilon_schedule=EPSILONS[0],
) -> tuple:
    """The key of one setting in `maze_recording`."""
    return replay, buffer_size, target_period, double, dueling, epsilon_schedule


def cartpole_key(replay="uniform", target_copy=True, double=False, dueling=False) -> tuple:
    """The key of one setting in `cartpole_recording`."""
    return replay, target_copy, double, dueling


@lru_cache(maxsize=1)
def maze_recording() -> dict[tuple, list[dict]]:
    """Rows of each setting, by `maze_key`."""
    settings: dict[tuple, list[dict]] = {}
    for row in load("dqn_maze"):
        key = maze_key(
            row["replay"],
            int(row["buffer_size"]),
            int(row["target_period"]),
            row["double"] == "True",
            row["dueling"] == "True",
            row["epsilon_schedule"],
        )
        settings.setdefault(key, []).append(row)
    return settings


@lru_cache(maxsize=1)
def cartpole_recording() -> dict[tuple, list[dict]]:
    """Rows of each setting, by `cartpole_key`."""
    settings: dict[tuple, list[dict]] = {}
    for row in load("dqn_cartpole"):
        switches = row["target_period"] > 1, row["double"] == "True", row["dueling"] == "True"
        settings.setdefault(cartpole_key(row["replay"], *switches), []).append(row)
    return settings
