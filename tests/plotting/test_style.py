"""The house style: figures of a known size, colours with a meaning, no global state."""

import base64
import subprocess
import sys

import matplotlib
import pytest
from matplotlib.colors import to_hex

from rlnotes.plotting import style
from rlnotes.plotting.style import house_style, label, new_figure, title


def test_a_figure_has_the_size_and_the_panels_it_was_asked_for():
    figure, axes = new_figure(3, size=(6, 2))
    assert figure.get_size_inches().tolist() == [6, 2]
    assert figure.dpi == 110
    assert figure.axes == axes
    assert len(axes) == 3
    figure.canvas.draw()
    lefts = [panel.get_position().x0 for panel in axes]
    assert lefts == sorted(lefts)


def test_by_default_two_equal_panels_of_nine_by_3_8_inches():
    figure, (left, right) = new_figure()
    assert figure.get_size_inches().tolist() == [9.0, 3.8]
    figure.canvas.draw()
    assert left.get_position().width == pytest.approx(right.get_position().width, rel=1e-6)


def test_width_ratios_set_the_panels_apart():
    figure, (left, right) = new_figure(2, width_ratios=[3, 1])
    figure.canvas.draw()
    assert left.get_position().width == pytest.approx(3 * right.get_position().width, rel=0.01)


@pytest.mark.parametrize("number", [0, 1.5])
def test_the_number_of_panels_must_be_a_positive_integer(number):
    with pytest.raises(ValueError, match=f"num_panels must be a positive integer, got {number}"):
        new_figure(number)


def test_panels_have_no_top_or_right_spine_and_a_pale_grid_behind():
    axes = new_figure(1)[1][0]
    visible = {side: spine.get_visible() for side, spine in axes.spines.items()}
    assert visible == {"left": True, "bottom": True, "top": False, "right": False}
    assert axes.get_axisbelow() is True
    line = axes.get_xgridlines()[0]
    assert line.get_visible()
    assert to_hex(line.get_color()) == style.SHADE
    texts = [axes.get_xticklabels()[0], axes.get_yticklabels()[0]]
    assert {to_hex(text.get_color()) for text in texts} == {style.INK}


FOREIGN = [
    {"axes.facecolor": "black", "figure.facecolor": "black", "text.color": "white"},
    {"lines.linewidth": 9.0, "axes.prop_cycle": matplotlib.cycler(color=["red"])},
    {"savefig.facecolor": "green", "xtick.major.size": 20.0, "axes.unicode_minus": False},
]


def drawn() -> str:
    figure, (left, right) = new_figure(2)
    label(left, heading="Rising", x="step", y="reward")
    with house_style():
        left.plot([-2, 1, 3])
        right.text(0.5, 0.5, "a word")
        right.axis("off")
    return figure._repr_mimebundle_()[0]["image/png"]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_the_users_own_style_does_not_show_through(foreign):
    own = drawn()
    with matplotlib.rc_context(foreign):
        assert drawn() == own


def test_a_figure_brings_its_text_along():
    figure, (left, right) = new_figure(2)
    label(left, heading="Rising", x="step", y="reward")
    right.axis("off")
    assert figure.alt == "Rising: reward against step."
    figure.alt = "The reward rises from -2 to 3."
    bundle, metadata = figure._repr_mimebundle_()
    assert bundle["text/plain"] == figure.alt
    assert metadata == {"image/png": {"alt": "The reward rises from -2 to 3."}}
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")


def test_no_setting_leaks_out_even_after_an_error():
    own_taste = {"font.size": 7.5, "axes.titlelocation": "right", "axes.grid": False}
    with matplotlib.rc_context(own_taste):
        before = dict(matplotlib.rcParams)
        _, (axes, _) = new_figure(2)
        label(axes, heading="A", x="x", y="y")
        with house_style():
            assert matplotlib.rcParams["font.size"] == 11
            assert matplotlib.rcParams["axes.titlelocation"] == "left"
        with pytest.raises(RuntimeError), house_style():
            raise RuntimeError
        assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_loaded_and_the_backend_is_left_alone():
    code = """
import sys, matplotlib
before = matplotlib.rcParams._get("backend")
import rlnotes.plotting.maze
from rlnotes.plotting.style import new_figure, label
figure, (axes,) = new_figure(1)
label(axes, heading="A", x="x", y="y")
figure.canvas.draw()
assert "matplotlib.pyplot" not in sys.modules
assert matplotlib.rcParams._get("backend") is before
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_title_is_bold_and_stands_at_the_left():
    axes = new_figure(1)[1][0]
    text = title(axes, "What to see")
    assert axes.get_title(loc="left") == "What to see"
    assert (axes.get_title(loc="center"), axes.get_title(loc="right")) == ("", "")
    assert (text.get_weight(), text.get_size()) == ("bold", 11)
    assert to_hex(text.get_color()) == style.INK


def test_a_title_that_is_hidden_for_a_while_comes_back_to_its_place():
    figure, (axes,) = new_figure(1)
    text = title(axes, "What to see")
    for visible in (True, False, True):
        text.set_visible(visible)
        figure.canvas.draw()
        assert text.get_position() == (0, 1.01)


def test_panels_make_room_for_their_labels():
    figure, panels = new_figure(2)
    for axes in panels:
        label(axes, heading="Two\nlines", x="x\nsecond", y="y\nsecond")
    figure.canvas.draw()
    left, right = (axes.get_tightbbox() for axes in panels)
    assert left.x1 <= right.x0
    assert left.x0 >= 0 <= left.y0
    assert left.y1 <= figure.bbox.height


def test_labels_go_to_their_own_axis():
    axes = new_figure(1)[1][0]
    label(axes, heading="Heading", x="steps", y="reward")
    assert axes.get_title(loc="left") == "Heading"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("steps", "reward")
    assert to_hex(axes.xaxis.label.get_color()) == style.INK


def test_signed_maps_are_white_at_zero_and_unsigned_ones_start_there():
    # Middle of 256 colours: 128 of 0 ... 255 is half a step past white.
    assert to_hex(style.SIGNED(0.0)).upper() == style.VERMILION
    assert style.SIGNED(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.005)
    assert to_hex(style.SIGNED(1.0)).upper() == style.BLUE
    assert style.UNSIGNED(0.0)[:3] == (1, 1, 1)
    assert to_hex(style.UNSIGNED(1.0)).upper() == style.BLUE


def test_colours_are_those_of_the_style_guide():
    assert (style.INK, style.BLUE, style.VERMILION) == ("#22262b", "#0072B2", "#D55E00")
    assert (style.GREY, style.GREEN, style.SHADE) == ("#8a9099", "#009E73", "#e9ebee")
    assert style.FURTHER == ("#E69F00", "#CC79A7", "#56B4E9")


def test_colour_is_never_the_only_code():
    series = [style.EXACT, style.ESTIMATE, style.CURRENT, style.WRONG, style.REFERENCE]
    codes = [(kind["linestyle"], kind.get("marker")) for kind in series]
    assert len(set(codes)) == len(codes)
    widths = {kind["linewidth"]: kind for kind in series}
    assert widths[max(widths)] is style.CURRENT  # the object of the page is the thickest


def test_each_kind_of_line_can_be_drawn():
    axes = new_figure(1)[1][0]
    for kind in (style.EXACT, style.ESTIMATE, style.CURRENT, style.WRONG, style.REFERENCE):
        (line,) = axes.plot([0, 1], [0, 1], **kind)
        assert line.get_color() == kind["color"]
