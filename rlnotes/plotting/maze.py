"""A maze on given Axes: coloured values, policy arrows, one wedge per action."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import GREY, INK, SHADE, SIGNED, house_style

# Unit steps (right, down) of up, down, left, right; the y axis points down.
_STEPS = np.array([(0, -1), (0, 1), (-1, 0), (1, 0)], dtype=float)
ENDS = {"G": "goal", "T": "trap"}
# How far the colours go: on the full ones the ink of a number has a contrast below 4.5.
_PALE = 0.75
_COLOURS = LinearSegmentedColormap.from_list(
    "rlnotes_signed_pale", SIGNED([(1 - _PALE) / 2, 0.5, (1 + _PALE) / 2])
)


class MazeGrid:
    """The fixed part of a maze: walls, hatched ends with names, row and column ticks.

    Args:
        axes: where to draw.
        picture: the maze as rows of letters, as in `rlnotes.envs.maze.Maze`.
        ends: {letter: name} of the cells that end an episode.
    """

    def __init__(self, axes: Axes, picture: Sequence[str], *, ends: Mapping[str, str] = ENDS):
        self.axes, self.ends = axes, ends
        letters = {
            (row, column): letter
            for row, line in enumerate(picture)
            for column, letter in enumerate(line)
        }
        self.cells = [cell for cell, letter in letters.items() if letter != "#"]
        self.open_cells = [cell for cell in self.cells if letters[cell] not in ends]
        self.start = next(cell for cell, letter in letters.items() if letter == "S")
        self.open_states = [self.cells.index(cell) for cell in self.open_cells]
        with house_style():
            self._draw_fixed(letters)
        rows, columns = len(picture), len(picture[0])
        axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal")
        axes.set(xticks=range(columns), yticks=range(rows), xlabel="column", ylabel="row")
        axes.grid(False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    def _draw_fixed(self, letters: dict) -> None:
        for (row, column), letter in letters.items():
            face = GREY if letter == "#" else "white"
            hatch = "///" if letter in self.ends else None
            corner = (column - 0.5, row - 0.5)
            self.axes.add_patch(
                Rectangle(corner, 1, 1, facecolor=face, edgecolor=SHADE, hatch=hatch, zorder=1)
            )
            self.axes.add_patch(
                Rectangle(corner, 1, 1, fill=False, edgecolor=INK, linewidth=1, zorder=2)
            )
            if name := self.ends.get(letter):
                box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
                self.axes.text(column, row, name, ha="center", va="center", weight="bold", bbox=box)


class StateValues:
    """One coloured square and number per open cell, with the policy as arrows.

    Full blue and vermilion would stand at `limit` and `-limit`; beyond three quarters
    of them the colour stays, so that the number on top can be read. `artists` are the
    ones that `update` changes.
    """

    def __init__(self, grid: MazeGrid, *, limit: float):
        self.grid = grid
        centres = _centres(grid.open_cells)
        self.patches = _patches(grid, [_square(centre) for centre in centres], limit)
        tails = (centres[:, None] + 0.26 * _STEPS).reshape(-1, 2)
        self.arrows = grid.axes.quiver(
            *tails.T,
            np.ones(len(tails)),
            np.ones(len(tails)),
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.012,
            minlength=0,
            color=INK,
            zorder=11,
        )
        self.numbers = Labels(grid.axes, centres, size=11, zorder=12)
        corner_of_start = centres[[grid.open_cells.index(grid.start)]] - (0.28, 0.38)
        start = Labels(grid.axes, corner_of_start, size=9, zorder=12)
        start.set_texts(["start"])
        self.artists = [self.patches, self.arrows, self.numbers, start]

    def update(self, values: np.ndarray, policy: np.ndarray) -> None:
        """Show values [S] and a policy [S, A]; an arrow's length is its probability."""
        values, policy = values[self.grid.open_states], policy[self.grid.open_states]
        self.patches.set_array(values)
        lengths = np.where(policy > 0, 0.04 + 0.18 * policy, np.nan)
        vectors = (lengths[..., None] * _STEPS).reshape(-1, 2)
        self.arrows.set_UVC(*vectors.T)  # masks what is NaN
        self.numbers.set_texts([number(value) for value in values])


class ActionValues:
    """Four wedges per open cell, one per action, each coloured and numbered.

    `wedges` holds their corners by (state, action), for outlines on top.
    """

    def __init__(self, grid: MazeGrid, *, limit: float):
        self.grid = grid
        centres = _centres(grid.open_cells)
        self.wedges = {
            (state, action): _wedge(centre, step)
            for state, centre in zip(grid.open_states, centres, strict=True)
            for action, step in enumerate(_STEPS)
        }
        self.patches = _patches(grid, list(self.wedges.values()), limit)
        places = (centres[:, None] + np.array([0.31, 0.37]) * _STEPS).reshape(-1, 2)
        self.numbers = Labels(grid.axes, places, size=9, zorder=12)
        self.artists = [self.patches, self.numbers]

    def update(self, action_values: np.ndarray) -> None:
        """Show one number per action, [S, A]."""
        action_values = action_values[self.grid.open_states].ravel()
        self.patches.set_array(action_values)
        self.numbers.set_texts([_in_a_wedge(value) for value in action_values])


def _patches(grid: MazeGrid, polygons: list[np.ndarray], limit: float) -> PolyCollection:
    patches = PolyCollection(polygons, cmap=_COLOURS, edgecolors=INK, linewidths=1, zorder=10)
    patches.set_clim(-_PALE * limit, _PALE * limit)
    grid.axes.add_collection(patches)
    return patches


def _in_a_wedge(value: float) -> str:
    """Two decimals; one from 100 on, where two would touch the next wedge."""
    return number(value, 1 if abs(value) >= 99.995 else 2)


def _centres(cells: list[tuple[int, int]]) -> np.ndarray:
    return np.array([(column, row) for row, column in cells], dtype=float)


def _square(centre: np.ndarray) -> np.ndarray:
    return centre + 0.5 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])


def _wedge(centre: np.ndarray, step: np.ndarray) -> np.ndarray:
    side = step[::-1]
    return np.array([centre, centre + 0.5 * (step + side), centre + 0.5 * (step - side)])
