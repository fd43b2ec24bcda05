"""Mazes drawn as text, as finite MDPs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rlnotes._checks import require_in_unit_interval, require_option
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
            starts or no end; step_noise outside [0, 1]; a cell that does not exist.

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
        for cell in self.cell_rewards:
            require_option(self.cells, cell_rewards=cell)

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
        number = {cell: state for state, cell in enumerate(cells)}
        terminal = np.array([self.letter(cell) in "GT" for cell in cells])
        shape = (len(cells), len(ACTIONS), len(cells))
        transition_probs, transition_rewards = np.zeros(shape), np.zeros(shape)
        for state, cell in enumerate(cells):
            if terminal[state]:
                transition_probs[state, :, state] = 1
                continue
            for action, direction in enumerate(ACTIONS.values()):
                for (row, column), probability in self._moves(direction):
                    target = (cell[0] + row, cell[1] + column)
                    target = target if target in number else cell
                    landing = number[target]
                    transition_probs[state, action, landing] += probability
                    entry = self.entry_reward(target) if target != cell else 0.0
                    transition_rewards[state, action, landing] = entry + self.step_reward
        start_probs = np.array([float(self.letter(cell) == "S") for cell in cells])
        return FiniteMDP(
            transition_probs=transition_probs,
            expected_rewards=(transition_probs * transition_rewards).sum(axis=-1),
            start_probs=start_probs,
            terminal=terminal,
            transition_rewards=transition_rewards,
            state_names=tuple(f"({row},{column})" for row, column in cells),
            action_names=tuple(ACTIONS),
        )

    def _moves(self, direction: Cell) -> list[tuple[Cell, float]]:
        row, column = direction
        slip = self.step_noise / 2
        moves = [(direction, 1 - self.step_noise), ((column, row), slip), ((-column, -row), slip)]
        return [(move, probability) for move, probability in moves if probability > 0]


def maze_2x3() -> FiniteMDP:
    """The maze of this book: start (0,0), trap (1,0) -10, goal (1,2) +10, 0 elsewhere.

        S . .      state numbers   0 1 2
        T . G                      3 4 5

    Example:
        >>> maze_2x3().state_names[3]
        '(1,0)'
    """
    return Maze(picture=PICTURE_2X3).mdp()


def _check_picture(picture: Sequence[str]) -> None:
    if isinstance(picture, str) or len({len(row) for row in picture}) != 1 or not picture[0]:
        raise ValueError(
            f"picture must be a sequence of rows of one common length, got {picture!r}"
        )
    letters = "".join(picture)
    if unknown := set(letters) - set("SGT#."):
        raise ValueError(f"picture may contain S G T # and . only, got {sorted(unknown)}")
    if letters.count("S") != 1:
        raise ValueError(f"picture must have exactly one start S, got {letters.count('S')}")
    if not {"G", "T"} & set(letters):
        raise ValueError(f"picture must have a goal G or a trap T, got {list(picture)}")
