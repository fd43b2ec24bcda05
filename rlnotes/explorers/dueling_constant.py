"""Two streams of a dueling network: what fixes V, and how one step spreads."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.exact.mdp import optimal_values, q_values
from rlnotes.explorers.base import Explorer
from rlnotes.functional.dueling import (
    dueling_q_values,
    max_centered_dueling_q_values,
    summed_dueling_q_values,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, CURRENT, FURTHER, GREY, INK, label, new_figure, title

GAMMA, START = 0.9, 0
MDP = Maze(picture=PICTURE_2X3).mdp()
ACTIONS = list(MDP.action_names)
HEADS = {
    "plain sum": summed_dueling_q_values,
    "mean-centered": dueling_q_values,
    "max-centered": max_centered_dueling_q_values,
}
PLACES = np.arange(1, len(ACTIONS) + 1)
NUMBER_ROW = -12.6  # height at which the values are written


class DuelingConstant(Explorer):
    """c moves from the advantages to V, away from streams that fit Q* of the start."""

    title = f"A dueling network in the start cell of the maze, gamma = {GAMMA}"

    def make_controls(self):
        return {
            "head": ipywidgets.Dropdown(options=list(HEADS), description="head"),
            "constant": ipywidgets.FloatSlider(
                value=3, min=-6, max=6, step=0.1, description="c, added to V, taken off every A"
            ),
            "action": ipywidgets.Dropdown(
                options=ACTIONS, value="right", description="action that gets the step"
            ),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading=" ", x="action; below the bars: Q of the network", y=" ")
        left.set(xlim=(0.4, 4.6), xticks=PLACES, xticklabels=ACTIONS, ylim=(-13.7, 21.5))
        left.set_ylabel("discounted reward")
        left.axhline(0, color=GREY, linewidth=0.8)
        self.verdict = title(left, " ")
        self.bars = left.bar(PLACES, np.zeros(4), width=0.5, color=FURTHER[0], zorder=10)
        (self.v_stream,) = left.plot([], [], **{**CURRENT, "marker": "", "zorder": 11})
        exact = left.plot(PLACES, exact_q(), "_", color=INK, markersize=34, zorder=12)
        exact[0].set_markeredgewidth(2.2)
        self.numbers = Labels(left, [(x, NUMBER_ROW) for x in PLACES], size=10, zorder=13)
        key = {"transform": left.transAxes, "va": "top", "fontsize": 9}
        self.v_key = left.text(0.02, 0.98, "", color=BLUE, **key)
        left.text(0.02, 0.92, "bars: what the head adds for each action", color="#a66f00", **key)
        left.text(0.02, 0.86, f"black: exact Q*; largest, V* = {exact_q().max():.2f}", **key)

        label(
            right,
            heading="One small step on one action moves all",
            x="action",
            y="change of Q (the action's own = 1)",
        )
        right.set(xlim=(0.4, 4.6), xticks=PLACES, xticklabels=ACTIONS, ylim=(0, 1.42))
        self.spread = right.bar(PLACES, np.zeros(4), width=0.6, color=BLUE, zorder=10)
        (self.table,) = right.plot([], [], "_", color=INK, markersize=40, zorder=12)
        self.table.set_markeredgewidth(2.2)
        self.shares = Labels(right, [(x, 1.1) for x in PLACES], size=10, zorder=13)
        key["transform"] = right.transAxes
        right.text(0.02, 0.98, "bars: gradient step on V and A (no encoder)", color=BLUE, **key)
        right.text(0.02, 0.92, "black: one number per action, as in a table", **key)
        on_the_left = [self.verdict, *self.bars, self.v_stream, *exact, self.numbers, self.v_key]
        return figure, [*on_the_left, *self.spread, self.table, self.shares]

    def update(self, head, constant, action):
        v_stream, shown = moved_streams(head, constant)
        shares = step_shares(head)[:, ACTIONS.index(action)]
        off = np.abs(shown - exact_q()).max()
        loss = ((shown - exact_q()) ** 2).mean() / 2

        for bar, height in zip(self.bars, shown - v_stream, strict=True):
            bar.set(y=v_stream, height=height)
        self.v_stream.set_data([0.5, 4.5], [v_stream, v_stream])
        self.numbers.set_texts([number(value) for value in shown])
        self.v_key.set_text(f"blue: V stream = {number(v_stream)}")
        self.verdict.set_text(f"{head.capitalize()}: Q is off by {off:.1f}, loss {loss:.2f}")
        for bar, share in zip(self.spread, shares, strict=True):
            bar.set_height(share)
        self.shares.set_texts([f"{share:.2f}" for share in shares])
        self.table.set_data(PLACES, [float(name == action) for name in ACTIONS])
        return (
            f"V stream {number(v_stream, 4)}, V* {exact_q().max():.4f}. Q: {_listed(shown)}; "
            f"exact Q*: {_listed(exact_q())}; largest difference {off:.4f}, loss {loss:.4f}. "
            f"A step that moves Q of {action} by 1 moves: {_listed(shares)}; in a table only "
            f"{action}."
        )


def _listed(values: np.ndarray) -> str:
    return ", ".join(f"{n} {number(v, 4)}" for n, v in zip(ACTIONS, values, strict=True))


@lru_cache(maxsize=1)
def exact_q() -> np.ndarray:
    """[A] the exact Q* of the start cell."""
    return q_values(MDP, optimal_values(MDP, gamma=GAMMA), gamma=GAMMA)[START]


def moved_streams(head: str, constant: float) -> tuple[float, np.ndarray]:
    """V and the head's Q [A], once c has gone from the advantages to V.

    Before, the head made the exact Q* of them. For the plain sum, which fits for any V,
    V starts as the mean of Q*.
    """
    exact = torch.from_numpy(exact_q())
    start = exact.max() if head == "max-centered" else exact.mean()
    v_stream = start + constant
    return v_stream.item(), HEADS[head](v_stream, exact - start - constant).numpy()


@lru_cache(maxsize=len(HEADS))
def step_shares(head: str) -> np.ndarray:
    """[A, A] change of each Q (row) by a step on one (column), whose own change is 1.

    A gradient step on Q_a moves the streams along its gradient g_a, so it moves Q_b in
    proportion to g_b . g_a.
    """
    exact = torch.from_numpy(exact_q())
    streams = exact.mean(), exact - exact.mean()
    by_v, by_a = torch.autograd.functional.jacobian(HEADS[head], streams)
    gradients = torch.cat([by_v[:, None], by_a], dim=1).numpy()
    moves = gradients @ gradients.T
    return moves / np.diag(moves)
