"""A y axis that follows the data: where its numbers stand, against its own limits."""

import numpy as np
import pytest

from rlnotes.plotting.scales import Scale, round_top
from rlnotes.plotting.style import new_figure


@pytest.mark.parametrize(
    ("value", "top"),
    [(1.0, 1.0), (1.01, 1.2), (4.5, 6.0), (9.0, 10.0), (169, 200), (0.00165, 0.002), (0.3, 0.3)],
)
def test_the_top_is_the_next_round_number(value, top):
    assert round_top(value) == pytest.approx(top, rel=1e-12)


def test_the_top_is_never_below_the_value_nor_half_as_much_again():
    for value in np.geomspace(1e-6, 1e6, 500):
        assert 1 - 1e-9 <= round_top(value) / value <= 1.5 + 1e-9


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan])
def test_a_top_that_is_not_positive_is_refused(value):
    with pytest.raises(ValueError, match="value must be positive and finite, got"):
        round_top(value)


@pytest.fixture
def axes():
    _, (axes,) = new_figure(1)
    axes.set(xlim=(2, 4))
    return axes


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (2.4, ["0.00", "0.75", "1.50", "2.25", "3.00"]),
        (90, ["0", "25", "50", "75", "100"]),
        (0.0016, ["0.0000", "0.0004", "0.0008", "0.0012", "0.0016"]),
    ],
)
def test_the_numbers_are_written_with_as_many_decimals_as_they_need(axes, value, texts):
    scale = Scale(axes, zorder=1)
    scale.set_top(value)
    assert scale.texts == texts


@pytest.mark.parametrize(("below", "above"), [(0.0, 0.0), (0.1, 0.3)])
def test_each_number_stands_at_its_value_on_a_line_of_the_grid(axes, below, above):
    scale = Scale(axes, below=below, above=above, zorder=1)
    lines = [line.get_ydata()[0] for line in axes.lines]
    for value in (0.07, 12.0):
        scale.set_top(value)
        assert scale.positions[:, 1] == pytest.approx([float(text) for text in scale.texts])
        on_axes = axes.transData + axes.transAxes.inverted()
        places = on_axes.transform(scale.positions)
        assert places[:, 1] == pytest.approx(lines)
        assert (places[:, 0] < 0).all()
        heights = on_axes.transform([(3, scale.height(share)) for share in (0, 0.3, 1)])[:, 1]
        assert heights == pytest.approx([0, 0.3, 1])
        assert places[-1, 1] == pytest.approx((1 + below) / (1 + below + above))
    assert len(axes.get_yticks()) == 0
