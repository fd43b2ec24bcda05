"""Sweep by sweep: value iteration, policy evaluation, policy iteration on the maze."""

from functools import lru_cache

import ipywidgets
import numpy as np

from rlnotes.envs.maze import PICTURE_2X3, maze_2x3
from rlnotes.exact.mdp import optimal_values, policy_values, q_values
from rlnotes.explorers.base import Explorer
from rlnotes.functional.bellman import bellman_backup, greedy_policy
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.plotting.maze import MazeGrid, StateValues
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import CURRENT, ESTIMATE, REFERENCE, label, new_figure, title

MAX_SWEEPS = 40
SWEEPS = np.arange(MAX_SWEEPS + 1)
FLOOR = 1e-9  # an error of zero is drawn here, at the bottom of a logarithmic axis
METHODS = ["value iteration", "policy evaluation (uniform)", "policy iteration"]


class BellmanBackups(Explorer):
    """How far the values are from the exact ones after each sweep, and the bound."""

    title = "Bellman backups on the 2x3 maze"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "num_sweeps": ipywidgets.IntSlider(
                value=2, min=0, max=MAX_SWEEPS, description="sweeps k"
            ),
            "gamma": slider(value=0.9, min=0, max=1, step=0.01, description="gamma"),
            "step_noise": slider(value=0.2, min=0, max=1, step=0.05, description="step noise"),
            "method": ipywidgets.Dropdown(options=METHODS, description="method"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        self.values_panel = StateValues(MazeGrid(left, PICTURE_2X3), limit=18)
        title(left, "V after k sweeps, and its greedy policy")
        label(right, heading="Distance to the exact values", x="sweeps k", y="largest error")
        right.set(yscale="log", xlim=(-0.5, MAX_SWEEPS + 0.5), ylim=(FLOOR / 2, 100))
        (self.bound,) = right.plot([], [], **{**REFERENCE, "zorder": 11})
        (self.errors,) = right.plot([], [], **{**ESTIMATE, "zorder": 12, "markersize": 4})
        (self.now,) = right.plot([], [], **{**CURRENT, "zorder": 13})
        note = "dashed: bound, gamma^k times the first error\nbottom of the axis: no error left"
        right.text(0.98, 0.97, note, transform=right.transAxes, ha="right", va="top", fontsize=9)
        return figure, [*self.values_panel.artists, self.bound, self.errors, self.now]

    def update(self, num_sweeps, gamma, step_noise, method):
        mdp = maze_2x3(step_noise=step_noise)
        history = sweep_history(mdp, method, gamma=gamma)
        exact = target_values(mdp, method, gamma=gamma)
        errors = np.abs(history - exact).max(axis=1)
        bound = gamma**SWEEPS * errors[0]
        values = history[num_sweeps]

        self.values_panel.update(values, greedy_policy(q_values(mdp, values, gamma=gamma)))
        self.bound.set_data(SWEEPS, np.maximum(bound, FLOOR))
        self.errors.set_data(SWEEPS, np.maximum(errors, FLOOR))
        self.now.set_data([num_sweeps], [max(errors[num_sweeps], FLOOR)])
        cells = ", ".join(
            f"V{mdp.state_names[s]} = {number(values[s])}" for s in np.flatnonzero(~mdp.terminal)
        )
        return (
            f"After {num_sweeps} sweeps: {cells}. Largest error {errors[num_sweeps]:.6f}, bound "
            f"{bound[num_sweeps]:.6f}{' (void at gamma 1)' if gamma == 1 else ''}."
        )


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
