"""The constant that a dueling network cannot know: three heads on a maze cell."""

from functools import lru_cache

import ipywidgets
import numpy as np
import torch

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.exact.mdp import optimal_values, policy_values, q_values
from rlnotes.explorers.base import Explorer
from rlnotes.functional.bellman import greedy_policy
from rlnotes.functional.dueling import (
    dueling_q_values,
    max_centered_dueling_q_values,
    summed_dueling_q_values,
)
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import BLUE, CURRENT, EXACT, FURTHER, GREY, label, new_figure

GAMMA = 0.9
MDP = Maze(picture=PICTURE_2X3).mdp()
CELLS = {MDP.state_names[state]: int(state) for state in np.flatnonzero(~MDP.terminal)}
HEADS = {
    "plain sum": summed_dueling_q_values,
    "mean-centered": dueling_q_values,
    "max-centered": max_centered_dueling_q_values,
}
PLACES = np.arange(1, MDP.num_actions + 1)
STREAMS = np.arange(MDP.num_actions + 1)  # V, then one advantage per action
NUMBER_ROW = -28.5  # height at which the numbers are written


class DuelingConstant(Explorer):
    """Two streams that fit the exact Q of a policy; c is taken off the advantages."""

    title = f"What the V stream of a dueling network holds, gamma = {GAMMA}"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "head": ipywidgets.Dropdown(options=list(HEADS), description="head"),
            "constant": slider(
                value=3, min=-6, max=6, step=0.1, description="c, taken off every A"
            ),
            "epsilon": slider(
                value=0.4, min=0, max=1, step=0.01, description="policy: epsilon-greedy"
            ),
            "cell": ipywidgets.Dropdown(options=list(CELLS), description="cell"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        label(left, heading="Streams of the network", x="", y="discounted reward")
        label(right, heading="Q = what the head makes of them", x="", y="discounted reward")
        names = list(MDP.action_names)
        left.set(xlim=(-0.6, 4.6), xticks=STREAMS, xticklabels=["V", *(f"A {n}" for n in names)])
        right.set(xlim=(0.4, 4.6), xticks=PLACES, xticklabels=names)
        for axes in (left, right):
            axes.set(ylim=(-31, 22))
            axes.axhline(0, color=GREY, linewidth=0.8)
        self.stream_bars = left.bar(STREAMS, np.zeros(5), width=0.6, color=FURTHER[0], zorder=10)
        self.stream_bars[0].set(facecolor="white", hatch="///", edgecolor=BLUE)
        self.q_bars = right.bar(PLACES, np.zeros(4), width=0.6, color=FURTHER[2], zorder=10)
        self.stream_numbers = Labels(left, [(x, NUMBER_ROW) for x in STREAMS], size=10, zorder=13)
        self.q_numbers = Labels(right, [(x, NUMBER_ROW) for x in PLACES], size=10, zorder=13)
        (self.exact_left,) = left.plot([], [], **{**EXACT, "zorder": 11})
        (self.exact_right,) = right.plot([], [], **{**EXACT, "zorder": 11})
        (self.v_stream,) = right.plot([], [], **{**CURRENT, "linestyle": "--", "zorder": 12})
        place = {"x": 0.02, "va": "top", "fontsize": 9}
        left.text(y=0.98, s="ink: exact V of the policy", transform=left.transAxes, **place)
        left.text(
            y=0.92, s="hatched: V stream; plain: A streams", transform=left.transAxes, **place
        )
        right.text(y=0.98, s="ink: exact V of the policy", transform=right.transAxes, **place)
        right.text(y=0.92, s="dashed: V stream", color=BLUE, transform=right.transAxes, **place)
        changing = [*self.stream_bars, *self.q_bars, self.stream_numbers, self.q_numbers]
        return figure, [*changing, self.exact_left, self.exact_right, self.v_stream]

    def update(self, head, constant, epsilon, cell):
        exact_q, exact_v = exact_values(epsilon, CELLS[cell])
        v_stream, a_stream = fitted_streams(exact_q, exact_v, head, constant)
        shown = HEADS[head](
            torch.tensor(v_stream, dtype=torch.float64), torch.from_numpy(a_stream)
        ).numpy()
        streams = [v_stream, *a_stream]

        bars, heights = [*self.stream_bars, *self.q_bars], [*streams, *shown]
        for bar, height in zip(bars, heights, strict=True):
            bar.set_height(height)
        self.stream_numbers.set_texts([number(value) for value in streams])
        self.q_numbers.set_texts([number(value) for value in shown])
        self.exact_left.set_data([-0.45, 0.45], [exact_v, exact_v])
        self.exact_right.set_data([0.4, 4.6], [exact_v, exact_v])
        self.v_stream.set_data([0.5, 4.5], [v_stream, v_stream])
        actions = ", ".join(
            f"{name} {number(value)}" for name, value in zip(MDP.action_names, shown, strict=True)
        )
        return (
            f"V stream {number(v_stream, 4)}, exact V of the policy {number(exact_v, 4)}. "
            f"A streams from {number(a_stream.min(), 4)} to {number(a_stream.max(), 4)}. "
            f"Q: {actions}, as exact; its mean {number(shown.mean(), 4)}, "
            f"its largest {number(shown.max(), 4)}."
        )


@lru_cache(maxsize=4)
def _solve(epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    best = greedy_policy(q_values(MDP, optimal_values(MDP, gamma=GAMMA), gamma=GAMMA))
    policy = (1 - epsilon) * best + epsilon / MDP.num_actions
    values = policy_values(MDP, policy, gamma=GAMMA)
    return q_values(MDP, values, gamma=GAMMA), values


def exact_values(epsilon: float, state: int) -> tuple[np.ndarray, float]:
    """Exact Q [A] and V of a policy: the optimal one with probability 1 - epsilon."""
    action_values, values = _solve(epsilon)
    return action_values[state], float(values[state])


def fitted_streams(
    exact_q: np.ndarray, exact_v: float, head: str, constant: float
) -> tuple[float, np.ndarray]:
    """Streams from which the head makes the exact Q: V, and advantages [A] less c."""
    advantages = exact_q - exact_v - constant
    without_v = HEADS[head](torch.tensor(0.0, dtype=torch.float64), torch.from_numpy(advantages))
    return float((exact_q - without_v.numpy()).mean()), advantages
