"""Mazes drawn as text, as finite MDPs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from rlnotes._checks import require_finite_numbers, require_in_unit_interval, require_option
from rlnotes.envs.pictures import require_picture
from rlnotes.functional.finite_mdp import FiniteMDP

ACTIONS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
PICTURE_2X3 = ("S..", "T.G")

Cell = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Maze:
    """A grid of cells to walk in, drawn with one letter per cell.

    `S` start, `G` goal, `T` trap, `#` wall, `.` floor. Goal and trap end the episode.
    A reward is paid on entering a cell; bumping into a wall or the border means
    staying, and staying enters nothing. States are the cells that are no wall, row
    by row; the actions are up, down, left, right.

    Args:
        picture: rows of equal length, with exactly one S and at least one G or T.
        goal_reward: for entering a G.
        trap_reward: for entering a T.
        step_reward: added to every step, also to a bump.
        step_noise: probability in [0, 1] that a step slips sideways: to either side
            of the chosen direction, half of it each.
        cell_rewards: {(row, column): reward}; replaces what entering the cell pays.

    Raises:
        ValueError: for a picture with other letters, ragged rows, no or several
            starts or no end; step_noise outside [0, 1]; a reward that is not finite; a
            cell that does not exist.

    References:
        The slip follows the grid world of Russell & Norvig, Artificial Intelligence:
        A Modern Approach, where the noise is 0.2.
    """

    picture: Sequence[str]
    goal_reward: float = 10.0
    trap_reward: float = -10.0
    step_reward: float = 0.0
    step_noise: float = 0.0
    cell_rewards: Mapping[Cell, float] = field(default_factory=dict)

    def __post_init__(self):
        _check_picture(self.picture)
        require_in_unit_interval(step_noise=self.step_noise)
        _check_rewards(self)

    @property
    def cells(self) -> list[Cell]:
        """(row, column) of each state, in the order of the states."""
        return [
            (row, column)
            for row, letters in enumerate(self.picture)
            for column, letter in enumerate(letters)
            if letter != "#"
        ]

    def letter(self, cell: Cell) -> str:
        return self.picture[cell[0]][cell[1]]

    def entry_reward(self, cell: Cell) -> float:
        """What entering this cell pays, without the step reward."""
        default = {"G": self.goal_reward, "T": self.trap_reward}.get(self.letter(cell), 0.0)
        return float(self.cell_rewards.get(cell, default))

    def mdp(self) -> FiniteMDP:
        """The tables of this maze."""
        cells = self.cells
        terminal = np.array([self.letter(cell) in "GT" for cell in cells])
        entries = np.array([self.entry_reward(cell) for cell in cells])
        shape = (len(cells), len(ACTIONS), len(cells))
        transition_probs, transition_rewards = np.zeros(shape), np.zeros(shape)
        expected_rewards = np.zeros(shape[:2])
        number, rows, columns = self._numbers()
        ends, live = np.flatnonzero(terminal), np.flatnonzero(~terminal)
        transition_probs[ends, :, ends] = 1
        for action, direction in enumerate(ACTIONS.values()):
            for move, probability in self._moves(direction):
                landings = number[rows[live] + move[0], columns[live] + move[1]]
                landings = np.where(landings < 0, live, landings)  # a bump stays
                rewards = self.step_reward + np.where(landings == live, 0.0, entries[landings])
                transition_probs[live, action, landings] += probability
                transition_rewards[live, action, landings] = rewards
                expected_rewards[live, action] += probability * rewards
        for large in (transition_probs, transition_rewards):
            large.flags.writeable = False  # so that they are kept without a copy
        return FiniteMDP(
            transition_probs=transition_probs,
            expected_rewards=expected_rewards,
            start_probs=np.array([float(self.letter(cell) == "S") for cell in cells]),
            terminal=terminal,
            transition_rewards=transition_rewards,
            state_names=tuple(f"({row},{column})" for row, column in cells),
            action_names=tuple(ACTIONS),
        )

    def _numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which state is where, -1 for walls and a frame; row and column of each."""
        height, width = len(self.picture), len(self.picture[0])
        number = np.full((height + 2, width + 2), -1)
        rows, columns = np.array(self.cells).T + 1
        number[rows, columns] = np.arange(len(rows))
        return number, rows, columns

    def _moves(self, direction: Cell) -> list[tuple[Cell, float]]:
        row, column = direction
        slip = self.step_noise / 2
        moves = [(direction, 1 - self.step_noise), ((column, row), slip), ((-column, -row), slip)]
        return [(move, probability) for move, probability in moves if probability > 0]


@lru_cache(maxsize=32)
def maze_2x3(*, step_noise: float = 0.0) -> FiniteMDP:
    """The maze of this book: start (0,0), trap (1,0) -10, goal (1,2) +10, 0 elsewhere.

        S . .      state numbers   0 1 2
        T . G                      3 4 5

    Its tables are read-only and built once for each step_noise (see `Maze`).

    Example:
        >>> maze_2x3().state_names[3]
        '(1,0)'
    """
    return Maze(picture=PICTURE_2X3, step_noise=step_noise).mdp()


def _check_picture(picture: Sequence[str]) -> None:
    require_picture(picture, letters="SGT#.", once={"S": "start"})
    if not {"G", "T"} & set("".join(picture)):
        raise ValueError(f"picture must have a goal G or a trap T, got {list(picture)}")


def _check_rewards(maze: Maze) -> None:
    require_finite_numbers(
        goal_reward=maze.goal_reward, trap_reward=maze.trap_reward, step_reward=maze.step_reward
    )
    if not isinstance(maze.cell_rewards, Mapping):
        raise ValueError(f"cell_rewards must map cells to rewards, got {maze.cell_rewards!r}")
    for cell, reward in maze.cell_rewards.items():
        require_option(maze.cells, cell_rewards=cell)
        require_finite_numbers(cell_rewards=reward)
