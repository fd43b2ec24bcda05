"""Bars as one path: where they are, and that the ends and rows must be as many."""

import numpy as np
import pytest

from rlnotes.plotting.bar_paths import bar_path


def test_each_bar_is_a_closed_rectangle_between_its_ends_around_its_row():
    path = bar_path([0, -2], [3, 0.5], [0, 4], thickness=0.5)
    first, second = (each.vertices for each in path._iter_connected_components())
    assert first.tolist() == [[0, -0.25], [3, -0.25], [3, 0.25], [0, 0.25], [0, -0.25]]
    assert second[:, 0].tolist() == [-2, 0.5, 0.5, -2, -2]
    assert second[:, 1].tolist() == [3.75, 3.75, 4.25, 4.25, 3.75]
    points = [(1, 0), (-1, 4), (1, 4), (1, 2), (-0.1, 0)]
    assert path.contains_points(points).tolist() == [True, True, False, False, False]


def test_no_bar_is_an_empty_path():
    assert len(bar_path([], [], [], thickness=1).vertices) == 0


def test_there_is_one_end_and_one_row_for_each_bar():
    with pytest.raises(ValueError, match=r"common shape, got lows \(2,\), highs \(3,\), rows \(2,"):
        bar_path(np.zeros(2), np.zeros(3), np.zeros(2), thickness=1)
