"""The base class: what happens with a setting that has no picture."""

import io

import ipywidgets
import matplotlib
import numpy as np
import pytest
from PIL import Image

from rlnotes.explorers.base import BadSetting, Explorer
from rlnotes.plotting.style import new_figure


class Toy(Explorer):
    title = "A point"

    def make_controls(self):
        return {
            "height": ipywidgets.FloatSlider(value=0.25, min=0, max=1, description="height"),
            "steps": ipywidgets.IntSlider(value=1, min=0, max=3, description="steps"),
        }

    def build(self):
        self.updates = 0
        figure, (axes,) = new_figure(1)
        axes.set(ylim=(0, 1))
        (self.point,) = axes.plot([0], [0], "o", zorder=10)
        return figure, [self.point]

    def update(self, height, steps):
        self.updates += 1
        if height == 1:
            raise BadSetting("the point would touch <the lid>.")
        self.point.set_data([steps], [height])
        return f"The point is at {height:g}."


def pixels(explorer):
    return np.asarray(Image.open(io.BytesIO(explorer.png()))).astype(int)


def test_a_setting_without_picture_says_so_and_keeps_the_last_one():
    toy = Toy(height=0.5)
    toy.controls["height"].value = 1.0
    assert toy.point.get_ydata()[0] == 0.5
    assert "Not shown: the point would touch <the lid>." in toy.description
    assert "height = 1" in toy.description
    assert toy.panel.state["text"] == toy.description
    toy.controls["height"].value = 0.5
    assert "Not shown" not in toy.description
    np.testing.assert_array_equal(pixels(toy), pixels(Toy(height=0.5)))


def test_the_sentence_stands_in_the_picture_too():
    good, bad = Toy(height=0.5), Toy(height=0.5)
    bad.set(height=1.0)
    assert (pixels(good) != pixels(bad)).any()


def test_setting_several_controls_draws_once():
    toy = Toy()
    before = toy.updates
    toy.set(height=0.75, steps=2)
    assert toy.updates == before + 1


def test_setting_a_widgets_value_draws_at_once():
    toy = Toy()
    toy.controls["steps"].value = 3
    assert toy.point.get_xdata()[0] == 3


@pytest.mark.parametrize("steps", [1.5, -1, 4])
def test_an_integer_slider_takes_integers_in_its_range(steps):
    with pytest.raises(ValueError, match=rf"steps must be an integer between 0 and 3, got {steps}"):
        Toy(steps=steps)


@pytest.mark.parametrize(
    "foreign",
    [
        {"figure.facecolor": "black", "text.color": "white"},
        {"font.size": 20.0},
        {"axes.grid": False},
    ],
)
def test_the_users_own_style_does_not_show_through(foreign):
    own = Toy(height=0.5).png()
    with matplotlib.rc_context(foreign):
        toy = Toy()
        toy.set(height=0.5)
        assert toy.png() == own


def test_an_error_in_the_maths_is_not_hidden():
    class Broken(Toy):
        def update(self, height, steps):
            raise ZeroDivisionError("a real bug")

    with pytest.raises(ZeroDivisionError, match="a real bug"):
        Broken()


def test_rounding_noise_of_the_browser_reaches_neither_maths_nor_text():
    toy = Toy()
    toy.controls["height"].value = 0.30000000000000004
    assert toy.settings["height"] == 0.3
    assert "height=0.3," in toy.code
