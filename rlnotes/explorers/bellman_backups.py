"""Sweep by sweep: value iteration, policy evaluation, policy iteration on the maze."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.envs.maze import PICTURE_2X3, maze_2x3
from rlnotes.exact.mdp import greedy_values, optimal_values, policy_values, q_values
from rlnotes.explorers.base import Explorer
from rlnotes.functional.bellman import bellman_backup, greedy_policy
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.plotting.maze import MazeGrid, StateValues
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import (
    CURRENT,
    ESTIMATE,
    FURTHER,
    GREEN,
    REFERENCE,
    label,
    new_figure,
    title,
)

MAX_SWEEPS = 40
SWEEPS = np.arange(MAX_SWEEPS + 1)
FLOOR = 1e-9  # an error of zero is drawn here, at the bottom of a logarithmic axis
TOP = 1e4
METHODS = ["value iteration", "policy evaluation (uniform)", "policy iteration"]
NO_NOISE = (
    " Step noise moves no V here: a uniformly random direction that slips sideways is still "
    "uniformly random."
)
KEY = (
    "dashed: gamma^k times the first error    dotted: gamma / (1 \N{MINUS SIGN} gamma) times the "
    "last change, which needs no exact values\n"
    "green triangle: the greedy policy is optimal from here on    bottom of the axis: no error left"
)


class BellmanBackups(Explorer):
    """How far the values are from the exact ones after each sweep, and two bounds."""

    title = "Bellman backups on the 2x3 maze"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "num_sweeps": ipywidgets.IntSlider(
                value=2, min=0, max=MAX_SWEEPS, description="sweeps or rounds k"
            ),
            "gamma": slider(value=0.9, min=0, max=1, step=0.01, description="gamma"),
            "step_noise": slider(value=0.2, min=0, max=1, step=0.05, description="step noise"),
            "method": ipywidgets.Dropdown(options=METHODS, description="method"),
        }

    def build(self):
        figure, (left, right) = new_figure(2, size=(9.0, 4.2))
        figure.get_layout_engine().set(rect=(0, 0.11, 1, 0.89))
        figure.text(0.012, 0.02, KEY, ha="left", va="bottom", fontsize=9)
        self.values_panel = StateValues(MazeGrid(left, PICTURE_2X3), limit=18)
        left.set_anchor("N")
        self.left_title = title(left, "V after k sweeps, and its greedy policy")
        label(right, heading="Distance to the exact values", x="sweeps k", y="largest error")
        self.unit = right.xaxis.label
        right.set(yscale="log", xlim=(-0.5, MAX_SWEEPS + 0.5), ylim=(FLOOR / 2, TOP))
        (self.bound,) = right.plot([], [], **{**REFERENCE, "zorder": 11})
        dotted = {"color": FURTHER[0], "linestyle": ":", "linewidth": 2.2, "zorder": 11}
        (self.computable,) = right.plot([], [], **dotted)
        (self.errors,) = right.plot([], [], **{**ESTIMATE, "zorder": 12, "markersize": 4})
        (self.now,) = right.plot([], [], **{**CURRENT, "zorder": 13})
        (self.optimal,) = right.plot([], [], "v", color=GREEN, markersize=10, zorder=13)
        lines = [self.bound, self.computable, self.errors, self.now, self.optimal]
        return figure, [*self.values_panel.artists, self.left_title, self.unit, *lines]

    def update(self, num_sweeps, gamma, step_noise, method):
        mdp, unit = maze_2x3(step_noise=step_noise), unit_of(method)
        history = sweep_history(mdp, method, gamma=gamma)
        exact = target_values(mdp, method, gamma=gamma)
        errors = np.abs(history - exact).max(axis=1)
        bound, computable = gamma**SWEEPS * errors[0], computable_bound(history, gamma=gamma)
        since = optimal_since(mdp, method, gamma=gamma)
        values = history[num_sweeps]

        self.values_panel.update(values, greedy_policy(q_values(mdp, values, gamma=gamma)))
        self.left_title.set_text(f"V after k {unit}, and its greedy policy")
        self.unit.set_text(f"{unit} k")
        self.bound.set_data(SWEEPS, np.maximum(bound, FLOOR))
        self.computable.set_data(SWEEPS, np.maximum(computable, FLOOR))
        self.errors.set_data(SWEEPS, np.maximum(errors, FLOOR))
        self.now.set_data([num_sweeps], [max(errors[num_sweeps], FLOOR)])
        self.optimal.set_data([np.nan if since is None else since], [0.3 * TOP])
        cells = ", ".join(
            f"V{mdp.state_names[s]} = {number(values[s])}" for s in np.flatnonzero(~mdp.terminal)
        )
        solves = ", each a linear solve" if unit == "rounds" else ""
        return (
            f"After {num_sweeps} {unit}{solves}: {cells}. Largest error "
            f"{errors[num_sweeps]:.6f}, bound {bound[num_sweeps]:.6f}"
            f"{' (void at gamma 1)' if gamma == 1 else ''}. "
            f"{_computable_words(computable[num_sweeps], num_sweeps, gamma)} "
            f"{_since_words(since, unit)}{NO_NOISE if 'uniform' in method else ''}"
        )


def unit_of(method: str) -> str:
    """What one step of the method is called."""
    return "rounds" if method == "policy iteration" else "sweeps"


def computable_bound(history: np.ndarray, *, gamma: float) -> np.ndarray:
    """[K] bounds on the error that need no exact values; NaN where there is none.

    |V_k - V| <= gamma / (1 - gamma) * max over s of |V_k(s) - V_{k-1}(s)|
    """
    bounds = np.full(len(history), np.nan)
    if gamma < 1:
        changes = np.abs(np.diff(history, axis=0)).max(axis=1)
        bounds[1:] = gamma / (1 - gamma) * changes
    return bounds


def _computable_words(bound: float, num_sweeps: int, gamma: float) -> str:
    if gamma == 1:
        return "Without the exact values: no bound at gamma 1, whatever the last change."
    if not num_sweeps:
        return "Without the exact values: no bound yet, since nothing has changed."
    return f"Without the exact values, from the last change: at most {bound:.6f}."


def _since_words(since: int | None, unit: str) -> str:
    if since is None:
        return f"The greedy policy is not optimal at {unit[:-1]} {MAX_SWEEPS}, the last one shown."
    return f"The greedy policy, ties at random, is optimal from {unit[:-1]} {since} on."


@lru_cache(maxsize=64)
def optimal_since(mdp: FiniteMDP, method: str, *, gamma: float) -> int | None:
    """First k from which on the greedy policy has the optimal values in every state."""
    best = optimal_values(mdp, gamma=gamma)
    tables = [q_values(mdp, v, gamma=gamma) for v in sweep_history(mdp, method, gamma=gamma)]
    policies = [greedy_policy(table).tobytes() for table in tables]
    loses = {  # few policies in many sweeps: each is solved for once
        policy: (best - greedy_values(mdp, table, gamma=gamma)[0] > 1e-9 * (1 + np.abs(best))).any()
        for policy, table in dict(zip(policies, tables, strict=True)).items()
    }
    worse = [k for k, policy in enumerate(policies) if loses[policy]]
    since = worse[-1] + 1 if worse else 0
    return since if since <= MAX_SWEEPS else None


@lru_cache(maxsize=64)
def sweep_history(mdp: FiniteMDP, method: str, *, gamma: float) -> np.ndarray:
    """[K, S] values after 0, 1, 2, ... sweeps; 0 is zero, or the uniform policy's."""
    uniform = np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)
    values = np.zeros(mdp.num_states)
    if method == "policy iteration":
        values = policy_values(mdp, uniform, gamma=gamma)
    history = [values]
    for _ in range(MAX_SWEEPS):
        if method == "value iteration":
            values = bellman_backup(mdp, values, gamma=gamma)
        elif method == "policy iteration":
            policy = greedy_policy(q_values(mdp, values, gamma=gamma))
            values = policy_values(mdp, policy, gamma=gamma)
            if (values == history[-1]).all():  # and so in all sweeps to come
                return np.stack(history + [values] * (MAX_SWEEPS + 1 - len(history)))
        else:
            values = (uniform * q_values(mdp, values, gamma=gamma)).sum(axis=1)
        history.append(values)
    return np.stack(history)


@lru_cache(maxsize=64)
def target_values(mdp: FiniteMDP, method: str, *, gamma: float) -> np.ndarray:
    """What the method converges to: optimal values, or those of the uniform policy."""
    if method == "policy evaluation (uniform)":
        uniform = np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)
        return policy_values(mdp, uniform, gamma=gamma)
    return optimal_values(mdp, gamma=gamma)
