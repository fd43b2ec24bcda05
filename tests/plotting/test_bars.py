"""Bars of one collection: their corners, their picture, bad input."""

import numpy as np
import pytest

from rlnotes.plotting.bars import Bars
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
