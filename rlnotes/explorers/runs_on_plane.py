"""Recorded runs on the reward-KL plane: the way of each seed, and the best policy."""

from functools import lru_cache

import torch
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rlnotes.exact.frontier import frontier
from rlnotes.explorers.reward_kl_plane import masses
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import BLUE, CURRENT, ESTIMATE
from rlnotes.training.recordings import load

Run = list[dict]  # rows of one seed, as recorded


class RunsOnPlane:
    """A line and, at its end, a square for each run; a circle at the best policy.

    Args:
        plane: KL to the right, reward upwards, its limits set.
        num_runs: the most that are shown at once.
    """

    def __init__(self, plane: Axes, num_runs: int):
        self.paths = [
            plane.plot([], [], "-", color=BLUE, lw=1, zorder=8)[0] for _ in range(num_runs)
        ]
        ends = {**ESTIMATE, "linestyle": "", "markersize": 6, "zorder": 12}
        (self.ends,) = plane.plot([], [], **ends, markeredgecolor="white")
        (self.best,) = plane.plot([], [], **{**CURRENT, "zorder": 11, "linestyle": ""})

    @property
    def artists(self) -> list[Line2D]:
        """All that `show` changes."""
        return [*self.paths, self.best, self.ends]

    def show(self, runs: list[Run], beta: float) -> None:
        """Draw the runs as far as these rows go, and the best policy at this price."""
        for path in self.paths[len(runs) :]:
            path.set_data([], [])
        for path, run in zip(self.paths, runs, strict=False):
            path.set_data([row["kl"] for row in run], [row["reward"] for row in run])
        self.ends.set_data([run[-1]["kl"] for run in runs], [run[-1]["reward"] for run in runs])
        reward, kl = best_point(beta)
        self.best.set_data([kl], [reward])


@lru_cache(maxsize=8)
def best_point(beta: float) -> tuple[float, float]:
    """Reward and KL of the best policy at this price."""
    reward, kl = frontier(masses(), torch.tensor([beta], dtype=torch.float64))
    return float(reward), float(kl)


@lru_cache(maxsize=4)
def runs_by_setting(name: str, setting: str) -> dict[tuple[str, float], list[Run]]:
    """The runs of a recording, a list over its seeds for each (setting, beta)."""
    found: dict[tuple, dict[float, Run]] = {}
    for row in load(name):
        seeds = found.setdefault((row[setting], row["beta"]), {})
        seeds.setdefault(row["seed"], []).append(row)
    return {key: [seeds[seed] for seed in sorted(seeds)] for key, seeds in found.items()}


def span(numbers: list[float], digits: int = 3) -> str:
    """The smallest and the largest, in words."""
    return f"{number(min(numbers), digits)} to {number(max(numbers), digits)}"
