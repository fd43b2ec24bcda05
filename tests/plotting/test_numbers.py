"""Numbers and labels: the text, and where the ink of it lands on the canvas."""

import numpy as np
import pytest

from rlnotes.plotting.numbers import Labels, number
from rlnotes.plotting.style import INK, new_figure

MINUS = "\N{MINUS SIGN}"
BACKGROUND = 255


def canvas():
    """A blank figure whose data coordinates run from 0 to 10 in both directions."""
    figure, (axes,) = new_figure(1, size=(5, 4))
    axes.set(xlim=(0, 10), ylim=(0, 10))
    axes.set_axis_off()
    return figure, axes


def pixels(figure) -> np.ndarray:
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)


def ink_box(image: np.ndarray) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of what is not background; rows count from below."""
    rows, columns = np.nonzero((image < BACKGROUND - 40).any(axis=-1))
    height = len(image)
    return columns.min(), columns.max() + 1, height - rows.max() - 1, height - rows.min()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.1, "8.10"),
        (-10, f"{MINUS}10.00"),
        (0, "0.00"),
        (-0.0, "0.00"),
        (-0.0049, "0.00"),
        (-0.0051, f"{MINUS}0.01"),
        (0.996, "1.00"),
        (np.float64(-2.5), f"{MINUS}2.50"),
        (float("nan"), "nan"),
    ],
)
def test_two_decimals_a_true_minus_and_no_minus_zero(value, text):
    assert number(value) == text


def test_the_number_of_decimals_can_be_chosen():
    assert number(-1.26, 1) == f"{MINUS}1.3"
    assert number(-0.4, 0) == "0"
    assert number(1 / 3, digits=4) == "0.3333"


@pytest.mark.parametrize("position", [(2.0, 8.0), (5.0, 5.0), (7.5, 1.5)])
def test_a_label_is_centred_on_its_point(position):
    figure, axes = canvas()
    Labels(axes, [position], size=30, zorder=3).set_texts(["000"])
    left, right, bottom, top = ink_box(pixels(figure))
    x, y = axes.transData.transform(position)
    # Half a pixel of smoothing on each side, and the side bearings of the zeros.
    assert (left + right) / 2 == pytest.approx(x, abs=2)
    assert (bottom + top) / 2 == pytest.approx(y, abs=1)


@pytest.mark.parametrize("text", ["8.10", f"{MINUS}10.00", "start", "a b"])
def test_a_label_is_as_large_as_the_same_text_of_matplotlib(text):
    ours, ours_axes = canvas()
    Labels(ours_axes, [(5, 5)], size=24, zorder=3).set_texts([text])
    theirs, theirs_axes = canvas()
    theirs_axes.text(5, 5, text, size=24, ha="center", va="center", color=INK)
    boxes = np.array([ink_box(pixels(ours)), ink_box(pixels(theirs))])
    widths, heights = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    # Matplotlib rounds each advance to a whole pixel and kerns; ours does not.
    assert abs(widths[0] - widths[1]) <= 1 + len(text)
    assert abs(heights[0] - heights[1]) <= 2


def test_a_label_without_shift_begins_at_its_point_however_long_it_is():
    for text in ("000", "0000000"):
        figure, axes = canvas()
        labels = Labels(axes, [(2, 5)], size=20, zorder=3, shift=0)
        labels.set_texts([text])
        left, *_ = ink_box(pixels(figure))
        assert left == pytest.approx(axes.transData.transform((2, 5))[0], abs=3)


def test_a_bold_label_has_more_ink():
    inked = []
    for weight in ("normal", "bold"):
        figure, axes = canvas()
        blank = pixels(figure)
        Labels(axes, [(5, 5)], size=24, zorder=3, weight=weight).set_texts(["110"])
        inked.append((pixels(figure) != blank).sum())
    assert inked[1] > 1.2 * inked[0]


def test_each_text_goes_to_its_own_point_and_an_empty_one_draws_nothing():
    figure, axes = canvas()
    labels = Labels(axes, [(2, 5), (5, 5), (8, 5)], size=12, zorder=3)
    blank = pixels(figure)
    labels.set_texts(["1", "", "88"])
    image = pixels(figure)
    inked = (image != blank).any(axis=(0, 2))
    edges = axes.transData.transform([(3.5, 5), (6.5, 5)])[:, 0].astype(int)
    left, middle, right = np.split(inked, edges)
    assert (left.any(), middle.any(), right.any()) == (True, False, True)
    assert right.sum() > 1.5 * left.sum()  # two digits are wider than one


def test_labels_start_empty_and_can_be_emptied_again():
    figure, axes = canvas()
    blank = pixels(figure)
    labels = Labels(axes, [(5, 5)], size=12, zorder=3)
    np.testing.assert_array_equal(pixels(figure), blank)
    labels.set_texts(["8"])
    assert (pixels(figure) != blank).any()
    labels.set_texts([""])
    np.testing.assert_array_equal(pixels(figure), blank)


def test_labels_that_are_not_visible_draw_nothing():
    figure, axes = canvas()
    blank = pixels(figure)
    labels = Labels(axes, [(5, 5)], size=12, zorder=3)
    labels.set_texts(["8"])
    labels.set_visible(False)
    np.testing.assert_array_equal(pixels(figure), blank)


def test_labels_are_written_in_ink():
    figure, axes = canvas()
    Labels(axes, [(5, 5)], size=60, zorder=3).set_texts([MINUS])  # thick: full pixels inside
    red, green, blue = (int(INK[i : i + 2], 16) for i in (1, 3, 5))
    assert (red, green, blue) in {tuple(p) for p in pixels(figure).reshape(-1, 3).tolist()}


def test_a_new_text_asks_for_a_new_drawing():
    figure, axes = canvas()
    labels = Labels(axes, [(5, 5)], size=12, zorder=7)
    figure.canvas.draw()
    labels.stale = figure.stale = False
    labels.set_texts(["8"])
    assert labels.stale
    assert figure.stale
    assert labels.get_zorder() == 7


def test_a_list_that_changes_later_changes_no_label():
    labels = Labels(canvas()[1], [(5, 5)], size=12, zorder=3)
    texts = ["1"]
    labels.set_texts(texts)
    texts[0] = "2"
    assert labels.texts == ["1"]


def test_there_must_be_one_text_per_point():
    labels = Labels(canvas()[1], [(2, 5), (5, 5)], size=12, zorder=3)
    with pytest.raises(ValueError, match="texts must have 2 entries, got 3"):
        labels.set_texts(["1", "2", "3"])
