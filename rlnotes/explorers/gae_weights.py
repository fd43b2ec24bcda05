"""One record: TD errors, the weight of each, and the advantage that they add up to."""

from dataclasses import dataclass
from functools import lru_cache

import ipywidgets
import numpy as np
import torch
from matplotlib.collections import PolyCollection

from rlnotes.exact.mdp import policy_values
from rlnotes.explorers.base import Explorer
from rlnotes.explorers.gae_bias_variance import slippery_maze
from rlnotes.functional.advantages import generalized_advantage_estimation, td_errors
from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import (
    BLUE,
    CURRENT,
    ESTIMATE,
    EXACT,
    FURTHER,
    GREEN,
    GREY,
    INK,
    house_style,
    label,
    new_figure,
)

LENGTH = 12
LAMBDAS = np.linspace(0, 1, 51)
LIMITS = (-1.3, 1.7)
UNDER = LIMITS[0] - 0.13  # where the numbers of the steps stand
NUM_TICKS = LENGTH // 2 + 1
ENDINGS = ("terminated", "truncated")
MAZE_WALK = (0, 0, 1, 4, 1, 2, 2, 1, 0, 1, 4, 4, 5)  # with two bumps; 5 is the goal


@dataclass(frozen=True)
class Record:
    """T steps; the last value is that of the state after the last step."""

    rewards: np.ndarray  # [T]
    values: np.ndarray  # [T + 1]


@lru_cache(maxsize=128)
def records(gamma: float) -> dict[str, Record]:
    """The records of the drop-down, all in rewards of about one.

    The values of the maze are exact at this gamma; the others are made up.
    """
    delayed = np.eye(LENGTH)[-1]
    return {
        "three steps": Record(np.array([0.0, 0.0, 1.0]), np.array([0.5, 0.6, 0.8, 0.9])),
        "maze": _maze_walk(gamma),
        "late reward, V = 0": Record(delayed, np.zeros(LENGTH + 1)),
        "standing pole": Record(np.full(LENGTH, 0.1), np.ones(LENGTH + 1)),
    }


def _maze_walk(gamma: float) -> Record:
    """Twelve steps to the goal of the slippery maze, in tenths of its rewards."""
    mdp, policy = slippery_maze()
    visited = np.array(MAZE_WALK)
    rewards = mdp.transition_rewards[visited[:-1], :, visited[1:]].max(axis=1)
    return Record(rewards / 10, policy_values(mdp, policy, gamma=gamma)[visited] / 10)


def advantages_and_errors(
    record: Record, *, ending: str, gamma: float, gae_lambda: float
) -> tuple[np.ndarray, np.ndarray]:
    """[T] GAE advantages and [T] TD errors of a record that ends in this way."""
    arrays, flags = _as_tensors(record, ending)
    advantages = generalized_advantage_estimation(
        *arrays, *flags, gamma=gamma, gae_lambda=gae_lambda
    )
    return advantages.numpy(), td_errors(*arrays, flags[0], gamma=gamma).numpy()


def _as_tensors(record: Record, ending: str):
    last = torch.arange(len(record.rewards)) == len(record.rewards) - 1
    flags = [last & (ending == name) for name in ENDINGS]
    arrays = (record.rewards, record.values[:-1], record.values[1:])
    return [torch.from_numpy(array) for array in arrays], flags


class GAEWeights(Explorer):
    """Left: what happened. Middle: TD errors, and their parts. Right: A by lambda."""

    title = "GAE: an advantage is a weighted sum of TD errors"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "record": ipywidgets.Dropdown(options=list(records(1.0)), description="record"),
            "ending": ipywidgets.Dropdown(options=list(ENDINGS), description="last step"),
            "gamma": slider(value=1.0, min=0, max=1, step=0.01, description="gamma"),
            "gae_lambda": slider(value=0.95, min=0, max=1, step=0.01, description="gae_lambda"),
            "step": ipywidgets.IntSlider(value=0, min=0, max=LENGTH - 1, description="step t"),
        }

    def build(self):
        figure, (left, middle, right) = new_figure(3, size=(9.9, 3.8))
        label(left, heading="What happened", x="step", y="reward, or value V")
        label(
            middle,
            heading="TD errors, and their parts in A",
            x="step",
            y="bars: reward; line: a factor",
        )
        label(right, heading="A for every lambda", x="gae_lambda", y="A (reward)")
        for axes in (left, middle):
            axes.set(ylim=LIMITS, xticks=[])
            axes.xaxis.labelpad = 20  # the numbers of the steps stand there
        self.steps = [
            Labels(axes, np.full((NUM_TICKS, 2), UNDER), size=10, zorder=14)
            for axes in (left, middle)
        ]
        right.set(xlim=(-0.06, 1.06), ylim=LIMITS, xticks=[0, 0.25, 0.5, 0.75, 1])
        for axes in (left, middle, right):
            axes.axhline(0, color=GREY, linewidth=1)
        (self.values,) = left.plot([], [], **{**ESTIMATE, "zorder": 11}, label="V")
        (self.end_value,) = left.plot(
            [],
            [],
            "s",
            color=BLUE,
            markerfacecolor="white",
            markersize=7,
            zorder=12,
            label="V at the end",
        )
        (self.rewards,) = left.plot([], [], "^", color=GREEN, markersize=8, zorder=13, label="r")
        self.errors = PolyCollection([], facecolor="none", edgecolor=GREY, linewidth=1.3, zorder=10)
        self.parts = PolyCollection([], facecolor=BLUE, zorder=11)
        for bars in (self.errors, self.parts):
            middle.add_collection(bars, autolim=False)
        (self.weights,) = middle.plot([], [], "o-", color=FURTHER[0], markersize=4, zorder=12)
        (self.curve,) = right.plot([], [], **{**EXACT, "zorder": 11})
        (self.now,) = right.plot([], [], **{**CURRENT, "zorder": 13})
        with house_style():
            left.legend(loc="lower left", fontsize=9, ncols=3, columnspacing=0.8, handlelength=1.2)
            middle.legend(
                [self.errors, self.parts, self.weights],
                ["TD error", "its part", "weight"],
                loc="lower left",
                fontsize=9,
                ncols=3,
                columnspacing=0.8,
                handlelength=1.2,
            )
            right.text(0.0, -1.2, "the TD error", fontsize=9, color=INK)
            right.text(1.0, -1.2, "return minus V", fontsize=9, ha="right", color=INK)
        self.number = Labels(right, [(0.5, 1.53)], size=11, zorder=14)
        lines = [self.values, self.end_value, self.rewards, self.weights, self.curve, self.now]
        return figure, [self.errors, self.parts, *lines, self.number, *self.steps]

    def update(self, record, ending, gamma, gae_lambda, step):
        chosen = records(gamma)[record]
        length = len(chosen.rewards)
        t = min(step, length - 1)
        advantages, errors = advantages_and_errors(
            chosen, ending=ending, gamma=gamma, gae_lambda=gae_lambda
        )
        weights = (gamma * gae_lambda) ** np.arange(length - t, dtype=float)
        curve = advantage_curve(chosen, t, ending=ending, gamma=gamma)

        self._show_steps(length)
        self.values.set_data(np.arange(length), chosen.values[:-1])
        shown = ending == "truncated"
        self.end_value.set_data([length] * shown, [chosen.values[-1]] * shown)
        self.rewards.set_data(np.arange(length), chosen.rewards)
        self.errors.set_verts(_bars(np.arange(length), errors, 0.8))
        self.parts.set_verts(_bars(np.arange(t, length), weights * errors[t:], 0.5))
        self.weights.set_data(np.arange(t, length), weights)
        self.curve.set_data(LAMBDAS, curve)
        self.now.set_data([gae_lambda], [advantages[t]])
        self.number.set_texts([f"A at step {t}: {number(advantages[t], 4)}"])

        reach = look_ahead(gamma * gae_lambda)
        reach_words = f"{reach:.1f} steps" if np.isfinite(reach) else "without end"
        after = f"V = {number(chosen.values[-1])}" if shown else "0"
        return (
            f"Step {t} of {length}: A = {number(advantages[t], 4)}, from the TD errors "
            f"{_listed(errors[t:])} with weights {_listed(weights, 4)}. "
            f"lambda 0 gives {number(curve[0], 4)}, lambda 1 gives {number(curve[-1], 4)}. "
            f"The last step counts {after} behind it. "
            f"Look-ahead 1/(1 - gamma lambda): {reach_words}."
        )

    def _show_steps(self, length: int) -> None:
        """Let the record fill the two panels of steps, whatever its length."""
        ticks = step_ticks(length)
        for labels in self.steps:
            labels.axes.set_xlim(-0.8, length + 0.6)
            labels.positions[: len(ticks), 0] = ticks
            labels.set_texts([str(t) for t in ticks] + [""] * (NUM_TICKS - len(ticks)))


def step_ticks(length: int) -> list[int]:
    """Steps to number: all of a short record, every second one of a long record.

    Example:
        >>> step_ticks(3), step_ticks(12)
        ([0, 1, 2, 3], [0, 2, 4, 6, 8, 10, 12])
    """
    return list(range(0, length + 1, 1 if length < NUM_TICKS else 2))


def advantage_curve(record: Record, step: int, *, ending: str, gamma: float) -> np.ndarray:
    """[L] A at this step for each of `LAMBDAS`: all at once, as rows of a batch."""
    errors = advantages_and_errors(record, ending=ending, gamma=gamma, gae_lambda=0.0)[1]
    powers = (gamma * LAMBDAS[:, None]) ** np.arange(len(errors) - step)
    return powers @ errors[step:]


def _bars(centers: np.ndarray, heights: np.ndarray, width: float) -> np.ndarray:
    """[N, 4, 2] corners of bars that stand on zero: one artist draws them all."""
    left, right, zero = centers - width / 2, centers + width / 2, 0 * heights
    xs = np.stack([left, left, right, right], axis=-1)
    return np.stack([xs, np.stack([zero, heights, heights, zero], axis=-1)], axis=-1)


def look_ahead(decay: float) -> float:
    """1 / (1 - gamma lambda) in steps: the sum of all weights; infinite at 1."""
    return np.inf if decay == 1 else 1 / (1 - decay)


def _listed(values: np.ndarray, digits: int = 2) -> str:
    return ", ".join(number(value, digits) for value in values)
