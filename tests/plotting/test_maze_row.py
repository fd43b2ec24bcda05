"""Mazes side by side: which table stands where, and what its ends are called."""

import numpy as np
import pytest
from matplotlib.quiver import Quiver

from rlnotes.plotting.maze_row import draw_value_row
from rlnotes.plotting.numbers import Labels
from rlnotes.plotting.style import new_figure

PICTURE = ("S.", "TG")
UP, RIGHT = np.tile(np.eye(4)[0], (4, 1)), np.tile(np.eye(4)[3], (4, 1))
TABLES = {
    "left": (np.array([1.0, 2, 99, 99]), UP),
    "right": (np.array([-3.0, 4, 99, 99]), RIGHT),
}


@pytest.fixture
def panels():
    return new_figure(2)[1]


def numbers(axes) -> list[str]:
    return next(artist.texts for artist in axes.artists if isinstance(artist, Labels))


def test_each_panel_has_its_heading_values_and_arrows(panels):
    draw_value_row(panels, PICTURE, TABLES, limit=10)
    assert [axes.get_title(loc="left") for axes in panels] == ["left", "right"]
    assert numbers(panels[0]) == ["1.00", "2.00"]
    assert numbers(panels[1]) == ["\N{MINUS SIGN}3.00", "4.00"]
    arrows = [
        next(artist for artist in axes.collections if isinstance(artist, Quiver)) for axes in panels
    ]
    shown = [np.flatnonzero(~np.broadcast_to(a.Umask, 8)).tolist() for a in arrows]
    assert shown == [[0, 4], [3, 7]]  # action 0 of both open cells, then action 3


def test_all_panels_share_the_limit_of_the_colours():
    ends = []
    for limit in (7, 14):
        _, panels = new_figure(2, size=(6, 3))
        draw_value_row(panels, PICTURE, TABLES, limit=limit)
        for axes in panels:
            (shades,) = [c for c in axes.collections if c.get_array() is not None]
            low, high = shades.get_clim()
            assert low == -high
            ends.append(high)
    assert ends[0] == ends[1] == ends[2] / 2 == ends[3] / 2


def test_only_the_first_names_its_rows(panels):
    draw_value_row(panels, PICTURE, TABLES, limit=10)
    assert [axes.get_ylabel() for axes in panels] == ["row", ""]
    assert [axes.get_xlabel() for axes in panels] == ["column", "column"]


def test_ends_can_have_other_names(panels):
    draw_value_row(panels, PICTURE, TABLES, limit=10, ends={"G": "goal", "T": "hole"})
    for axes in panels:
        assert {text.get_text() for text in axes.texts} == {"goal", "hole"}


def test_a_missing_panel_is_refused(panels):
    with pytest.raises(ValueError, match="panels must be 2, one per table, got 1"):
        draw_value_row(panels[:1], PICTURE, TABLES, limit=10)
