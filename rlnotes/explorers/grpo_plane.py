"""GRPO on the plane: where the price of the KL stands, and in which form."""

import ipywidgets
import numpy as np

from rlnotes.explorers.base import Explorer
from rlnotes.explorers.reward_kl_plane import best_gap, draw_frontier
from rlnotes.explorers.runs_on_plane import RunsOnPlane, best_point, runs_by_setting, span
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import BLUE, ESTIMATE, GREY, label, new_figure

KINDS = {
    "RLOO, KL in the reward": "rloo, reward",
    "Dr. GRPO, KL in the reward": "dr_grpo, reward",
    "GRPO, KL in the reward": "grpo, reward",
    "GRPO, k3 in the loss": "grpo, k3",
    "Dr. GRPO, k1 in the loss": "dr_grpo, k1",
    "Dr. GRPO, k2 in the loss": "dr_grpo, k2",
    "Dr. GRPO, k3 in the loss": "dr_grpo, k3",
    "Dr. GRPO, k3 times ratio in the loss": "dr_grpo, k3_times_ratio",
    "RLOO, k2 of whole answers in the loss": "rloo, k2",
}
BETAS = [1.0, 0.5, 0.25, 0.1]
LAST, EVERY = 300, 30
LARGEST_KL, REWARDS = 6.0, (0.2, 4.4)
GAPS = (1e-3, 3.0)  # what is smaller stands at the left end
TICKS = {0.001: "\N{LESS-THAN OR EQUAL TO} 0.001", 0.01: "0.01", 0.1: "0.1", 1: "1"}


class GRPOPlane(Explorer):
    """Recorded runs of all kinds at one price, and the way of one kind on the plane."""

    title = "GRPO: where the price of the KL stands"

    def make_controls(self):
        return {
            "kind": ipywidgets.Dropdown(
                options=list(KINDS), value="GRPO, k3 in the loss", description="trained by"
            ),
            "beta": ipywidgets.SelectionSlider(options=BETAS, value=0.25, description="beta"),
            "update": ipywidgets.IntSlider(
                value=LAST, min=0, max=LAST, step=EVERY, description="updates of the runs"
            ),
        }

    def build(self):
        figure, (plane, gaps) = new_figure(2, size=(10.8, 4.0), width_ratios=[1.25, 1.0])
        label(
            plane,
            heading="Where the runs are",
            x="KL to the reference (nats per reply)",
            y="expected gold reward",
        )
        plane.set(xlim=(-0.15, LARGEST_KL), ylim=REWARDS)
        draw_frontier(plane)
        self.runs = RunsOnPlane(plane, num_runs=max(map(len, recorded().values())))
        plane.text(
            0.98,
            0.03,
            "black: exact frontier, nothing lies above\ncircle: best for reward less beta KL\n"
            "squares: runs, one per seed, lines: their way",
            transform=plane.transAxes,
            ha="right",
            va="bottom",
            fontsize=9.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
        label(gaps, heading="All kinds at this beta", x="gold reward below the frontier", y="")
        gaps.set(xscale="log", xlim=(GAPS[0] / 1.4, GAPS[1] * 1.4), ylim=(len(KINDS) - 0.4, -0.6))
        gaps.set_xticks(list(TICKS), list(TICKS.values()))
        gaps.set_yticks(range(len(KINDS)), list(KINDS), fontsize=9)
        gaps.minorticks_off()
        (self.frame,) = gaps.plot([], [], "-", color=BLUE, lw=1, zorder=10)
        (self.others,) = gaps.plot([], [], "o", mfc="none", color=GREY, ms=5, zorder=11)
        chosen = {**ESTIMATE, "linestyle": "", "markersize": 6, "zorder": 12}
        (self.chosen,) = gaps.plot([], [], **chosen, markeredgecolor="white")
        return figure, [*self.runs.artists, self.frame, self.others, self.chosen]

    def update(self, kind, beta, update):
        count = update // EVERY + 1
        runs = [run[:count] for run in recorded()[KINDS[kind], beta]]
        self.runs.show(runs, beta)
        gaps = {name: gaps_after(name, beta, count) for name in KINDS}
        row = list(KINDS).index(kind)
        self.chosen.set_data(*_places(row, gaps[kind]))
        others = [_places(k, gaps[name]) for k, name in enumerate(KINDS) if name != kind]
        self.others.set_data(*np.concatenate(others, axis=1))
        self.frame.set_data(_frame(row))
        reward, kl = best_point(beta)
        spans = {key: span([run[-1][key] for run in runs]) for key in SAID}
        listed = "; ".join(f"{name} {span(gaps[name])}" for name in KINDS if name != kind)
        return (
            f"{kind}, at beta {beta:g}, after {update} of {LAST} updates, {len(runs)} seeds: gold "
            f"reward {spans['reward']}, KL {spans['kl']} nats, below the frontier by "
            f"{span(gaps[kind])}, total variation to the best policy {spans['distance']}. The "
            f"log: score {spans['score']}, loss {spans['loss']}, KL {spans['logged_kl']} nats. "
            f"Best for reward less beta KL: reward {number(reward, 3)}, KL {number(kl, 3)}. "
            f"The others are below the frontier by: {listed}."
        )


SAID = ("reward", "kl", "distance", "score", "loss", "logged_kl")


def recorded() -> dict:
    """The runs of each kind and price."""
    return runs_by_setting("grpo_plane", "kind")


def gaps_after(kind: str, beta: float, count: int) -> list[float]:
    """How far each seed's run lies below the frontier at this row."""
    rows = [run[count - 1] for run in recorded()[KINDS[kind], beta]]
    return [best_gap(row["kl"], row["reward"]) for row in rows]


def _places(row: int, gaps: list[float]) -> np.ndarray:
    """One point for each seed, apart from each other within the row: x, y [2, n]."""
    return np.stack([np.clip(gaps, *GAPS), row + np.linspace(-0.2, 0.2, len(gaps))])


def _frame(row: int) -> tuple[list[float], list[float]]:
    """Corners of the frame around a row, once around."""
    left, right = GAPS[0] / 1.33, GAPS[1] * 1.33
    return [left, right, right, left, left], [row + y for y in (-0.45, -0.45, 0.45, 0.45, -0.45)]
