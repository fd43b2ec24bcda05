"""The 2x3 maze under live gamma, step noise and an edited reward: V, policy, Q, A."""

import ipywidgets
import numpy as np

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.exact.mdp import optimal_values, policy_values, q_values
from rlnotes.explorers.base import BadSetting, Explorer
from rlnotes.functional.bellman import greedy_policy
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.plotting.maze import ActionValues, MazeGrid, StateValues
from rlnotes.plotting.numbers import number
from rlnotes.plotting.style import VERMILION, new_figure, title

RIGHT = 3
COLOUR_LIMIT = 18  # colours saturate here; pale enough for dark numbers on top
CELLS = {f"({row},{column})": (row, column) for row, column in Maze(picture=PICTURE_2X3).cells}
TITLES = {
    "action values Q": "Action values Q",
    "advantages A": "Advantages A = Q \N{MINUS SIGN} V",
}


class MazeValues(Explorer):
    """Exact V, Q and A on the maze; every number is solved for, none is learned."""

    title = "Exact values on the 2x3 maze"

    def make_controls(self):
        slider = ipywidgets.FloatSlider
        return {
            "gamma": slider(value=0.9, min=0, max=1, step=0.01, description="gamma"),
            "step_noise": slider(value=0, min=0, max=1, step=0.05, description="step noise"),
            "cell_reward": slider(
                value=-10, min=-10, max=10, step=0.5, description="reward of the cell"
            ),
            "cell": ipywidgets.Dropdown(
                options=list(CELLS), value="(1,0)", description="cell to edit (dotted)"
            ),
            "policy": ipywidgets.Dropdown(
                options=["optimal", "uniform", "always right"], description="policy"
            ),
            "quantity": ipywidgets.Dropdown(options=list(TITLES), description="right panel"),
        }

    def build(self):
        figure, (left, right) = new_figure(2)
        self.state_panel = StateValues(MazeGrid(left, PICTURE_2X3), limit=COLOUR_LIMIT)
        self.action_panel = ActionValues(MazeGrid(right, PICTURE_2X3), limit=COLOUR_LIMIT)
        title(left, "State values V and policy (arrows)")
        self.right_title = title(right, "Action values Q")
        self.right_title.set_zorder(12)
        (self.edited,) = left.plot([], [], ":", color=VERMILION, linewidth=3, zorder=13)
        panels = self.state_panel.artists + self.action_panel.artists
        return figure, [*panels, self.right_title, self.edited]

    def update(self, gamma, step_noise, cell_reward, cell, policy, quantity):
        row, column = CELLS[cell]
        maze = Maze(
            picture=PICTURE_2X3,
            step_noise=step_noise,
            cell_rewards={(row, column): cell_reward},
        )
        mdp = maze.mdp()
        try:
            values, arrows = solve(mdp, policy, gamma=gamma)
        except ValueError as error:
            raise BadSetting(_why(policy, cell)) from error
        shown = q_values(mdp, values, gamma=gamma)
        if quantity == "advantages A":
            shown = shown - values[:, None]

        self.state_panel.update(values, arrows)
        self.action_panel.update(shown)
        self.right_title.set_text(TITLES[quantity])
        outline = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * 0.47
        self.edited.set_data(outline[:, 0] + column, outline[:, 1] + row)
        return _numbers(mdp, values, arrows, shown, quantity)


def solve(mdp: FiniteMDP, policy: str, *, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact values [S] and policy [S, A] for one of the policies on the menu.

    Raises:
        ValueError: at gamma = 1, if the policy never ends or a loop earns for ever.
    """
    if policy == "optimal":
        values = optimal_values(mdp, gamma=gamma)
        return values, greedy_policy(q_values(mdp, values, gamma=gamma))
    table = np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)
    if policy == "always right":
        table = np.tile(np.eye(mdp.num_actions)[RIGHT], (mdp.num_states, 1))
    return policy_values(mdp, table, gamma=gamma), table


def _why(policy: str, cell: str) -> str:
    if policy == "optimal":
        return f"at gamma = 1 a loop through {cell} earns for ever, so no value is finite."
    return "at gamma = 1 this policy never ends: it bumps into the wall at (0,2) for ever."


def _numbers(
    mdp: FiniteMDP, values: np.ndarray, policy: np.ndarray, shown: np.ndarray, quantity: str
) -> str:
    open_states = np.flatnonzero(~mdp.terminal)
    states = ", ".join(f"V{mdp.state_names[s]} = {number(values[s])}" for s in open_states)
    steps = "; ".join(
        f"{mdp.state_names[s]} "
        + " or ".join(mdp.action_names[a] for a in np.flatnonzero(policy[s] > 0))
        for s in open_states
    )
    actions = ", ".join(
        f"{name} {number(value)}" for name, value in zip(mdp.action_names, shown[0], strict=True)
    )
    return f"{states}. Policy: {steps}. At the start, {quantity}: {actions}."
