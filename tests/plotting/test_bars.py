"""Bars of one collection: their corners, their picture, bad input."""

import numpy as np
import pytest

from rlnotes.plotting.bars import Bars, bar_path, rectangles
from rlnotes.plotting.style import new_figure


def picture(draw) -> np.ndarray:
    figure, (axes,) = new_figure(1, size=(3.0, 2.0))
    axes.set(xlim=(0, 4), ylim=(-1, 3))
    draw(axes)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


def test_the_corners_are_those_of_the_ends():
    def check(axes):
        bars = Bars(axes, [1, 3], width=0.5, edgecolor="none", zorder=10)
        bars.set_ends([0, -1], [2, 0.5])
        first, second = (path.vertices[:4].tolist() for path in bars.get_paths())
        assert first == [[0.75, 0], [1.25, 0], [1.25, 2], [0.75, 2]]
        assert second == [[2.75, -1], [3.25, -1], [3.25, 0.5], [2.75, 0.5]]
        assert axes.get_xlim() == (0, 4)

    picture(check)


def test_they_look_as_the_bars_of_matplotlib():
    def ours(axes):
        bars = Bars(axes, [1, 3], width=0.5, edgecolor="black", zorder=10)
        bars.set_ends([0, 0], [2, -0.5])

    def plain(axes):
        axes.bar([1, 3], [2, -0.5], 0.5, color="#e9ebee", edgecolor="black", zorder=10)

    different = (picture(ours) != picture(plain)).any(axis=-1).mean()
    assert different < 0.005  # snapped to pixels by another rule
    assert (picture(ours) != picture(lambda axes: None)).any(axis=-1).mean() > 0.05


def test_one_end_for_each_bar():
    def check(axes):
        bars = Bars(axes, [1, 3], width=0.5, edgecolor="none", zorder=10)
        with pytest.raises(ValueError, match=r"common shape, got centres \(2,\), lows \(3,\)"):
            bars.set_ends(np.zeros(3), np.zeros(2))

    picture(check)


def test_rectangles_are_closed_one_after_the_other():
    path = rectangles([[0, 1, 2, 4], [5, 6, 7, 9]])
    first, second = path.to_polygons()
    assert first.tolist() == [[0, 1], [2, 1], [2, 4], [0, 4], [0, 1]]
    assert second.tolist() == [[5, 6], [7, 6], [7, 9], [5, 9], [5, 6]]


@pytest.mark.parametrize("boxes", [np.zeros((2, 3)), np.zeros(4)])
def test_a_rectangle_has_four_sides(boxes):
    with pytest.raises(ValueError, match=r"boxes must have shape \[N, 4\], got"):
        rectangles(boxes)


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
