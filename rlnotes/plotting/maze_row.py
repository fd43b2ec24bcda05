"""Several tables of values of one maze, side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from rlnotes.plotting.maze import ENDS, MazeGrid, StateValues
from rlnotes.plotting.style import house_style, title


def draw_value_row(
    panels: Sequence[Axes],
    picture: Sequence[str],
    tables: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    limit: float,
    ends: Mapping[str, str] = ENDS,
) -> None:
    """Draw one maze per table: values as shades and numbers, a policy as arrows.

    The name of the rows stands at the first maze only.

    Args:
        panels: Axes, as many as there are tables.
        picture: the maze as rows of letters, as in `rlnotes.envs.maze.Maze`.
        tables: {heading: (values [S], policy [S, A])}, actions up, down, left, right.
        limit: size of the value that has the full colour, discounted reward.
        ends: {letter: name} of the cells that end an episode.

    Raises:
        ValueError: if there are not as many panels as tables.
    """
    if len(panels) != len(tables):
        raise ValueError(f"panels must be {len(tables)}, one per table, got {len(panels)}")
    for axes, (heading, (values, policy)) in zip(panels, tables.items(), strict=True):
        grid = MazeGrid(axes, picture, ends=ends)
        StateValues(grid, limit=limit).update(np.asarray(values), np.asarray(policy))
        with house_style():
            title(axes, heading)
            if axes is not panels[0]:
                axes.set_ylabel("")
