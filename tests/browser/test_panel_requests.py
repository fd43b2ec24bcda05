"""What a panel asks of the kernel, and what it shows when answers fail, lag or err."""

import ipywidgets
import pytest

from rlnotes.explorers.base import Explorer
from rlnotes.plotting.style import new_figure
from tests.browser.loose_panel import LoosePanel

PATIENCE = 4000  # ms, as in panel.js


class Toy(Explorer):
    title = "A point"

    def make_controls(self):
        return {
            "height": ipywidgets.FloatSlider(
                value=0.25, min=0, max=1, step=0.01, description="height"
            ),
            "steps": ipywidgets.IntSlider(value=1, min=0, max=3, description="steps"),
            "colour": ipywidgets.Dropdown(
                options=["red", "blue"], value="red", description="colour"
            ),
            "filled": ipywidgets.Checkbox(value=True, description="filled"),
        }

    def build(self):
        self.updates = []
        figure, (axes,) = new_figure(1)
        axes.set(ylim=(0, 1), xlim=(0, 3))
        (self.point,) = axes.plot([0], [0], "o", zorder=10)
        return figure, [self.point]

    def update(self, height, steps, colour, filled):
        self.updates.append(height)
        self.point.set_data([steps], [height])
        if height == 0.13:
            raise ZeroDivisionError("a bug")
        return f"The point is at {height:g}."


@pytest.fixture
def toy(browser):
    loose = LoosePanel(browser, Toy())
    yield loose
    loose.close()


@pytest.fixture
def twins(browser):
    loose = LoosePanel(browser, Toy(), views=2)
    yield loose
    loose.close()


def thumb(loose, view=0):
    return float(loose.control("height", view).input_value())


def test_two_requests_are_under_way_and_only_the_newest_setting_waits(toy):
    for percent in range(30, 60):
        toy.move("height", percent / 100)
    assert [request["changes"] for request in toy.sent()] == [{"height": 0.3}, {"height": 0.31}]
    toy.answer()
    assert [request["changes"] for request in toy.sent()] == [{"height": 0.31}, {"height": 0.59}]
    toy.answer(2)
    assert toy.sent() == []
    assert toy.explorer.updates[1:] == [0.3, 0.31, 0.59]
    assert thumb(toy) == 0.59


def test_the_thumb_stays_under_the_hand_until_its_setting_is_answered(toy):
    for percent in (30, 40, 50):
        toy.move("height", percent / 100)
    seen = []
    while toy.sent():
        toy.answer()
        seen.append((toy.explorer.settings["height"], thumb(toy)))
    assert seen == [(0.3, 0.5), (0.4, 0.5), (0.5, 0.5)]


def test_a_setting_that_waited_for_a_busy_kernel_is_applied_in_the_end(toy):
    for percent in (30, 40, 50):
        toy.move("height", percent / 100)
    toy.wait(PATIENCE - 100)
    assert toy.text("problem") == ""
    toy.wait(200)
    assert toy.text("problem").startswith("No answer from the kernel")
    assert thumb(toy) == 0.5
    assert [request["changes"]["height"] for request in toy.sent()] == [0.3, 0.4, 0.5]
    toy.answer()
    assert toy.text("problem") == ""  # late, and still an answer
    assert thumb(toy) == 0.5
    while toy.sent():
        toy.answer()
    assert toy.explorer.settings["height"] == 0.5
    assert (thumb(toy), toy.text("readout")) == (0.5, "0.501")


def test_the_sentence_comes_although_the_hand_keeps_moving(toy):
    for percent in range(30, 60):
        toy.move("height", percent / 100)
        toy.wait(200)
    assert toy.text("problem").startswith("No answer from the kernel")
    assert len(toy.sent()) <= 4  # two for each time that it waited


def test_what_was_lost_is_asked_for_again_with_the_next_change(toy):
    toy.move("height", 0.5)
    toy.move("steps", 2)
    toy.lose(2)
    toy.wait(PATIENCE + 100)
    toy.move("colour", 1)
    assert toy.sent()[0]["changes"] == {"height": 0.5, "steps": 2, "colour": 1}
    toy.answer()
    assert toy.text("problem") == ""
    settings = toy.explorer.settings
    assert (settings["height"], settings["steps"], settings["colour"]) == (0.5, 2, "blue")
    toy.move("height", 0.6)
    toy.lose()
    toy.wait(PATIENCE + 100)
    toy.move("steps", 3)
    assert toy.sent()[0]["changes"] == {"height": 0.6, "steps": 3}


def test_patience_counts_from_the_first_request_without_an_answer(toy):
    toy.move("height", 0.5)
    toy.wait(PATIENCE - 100)
    toy.move("height", 0.6)
    toy.wait(200)
    assert toy.text("problem").startswith("No answer from the kernel")


def test_an_old_answer_that_comes_again_counts_for_nothing(toy):
    toy.move("height", 0.5)
    toy.move("height", 0.6)
    first, second = toy.lose(2)
    for request in (first, second, first):
        toy.deliver(request)
    toy.explorer.set(height=0.3)
    toy.push()
    assert thumb(toy) == 0.3


def test_a_lost_request_is_noticed_even_after_a_later_answer_of_an_earlier_one(toy):
    toy.move("height", 0.5)
    toy.move("height", 0.6)
    toy.wait(PATIENCE + 100)
    toy.answer()
    toy.lose()
    assert toy.text("problem") == ""
    toy.wait(PATIENCE + 100)
    assert toy.text("problem").startswith("No answer from the kernel")


def test_a_request_that_cannot_be_sent_is_said_and_repeated(toy):
    toy.page.evaluate("() => { disconnected = true; }")
    toy.move("height", 0.5)
    assert toy.text("problem").startswith("No answer from the kernel")
    toy.page.evaluate("() => { disconnected = false; }")
    toy.move("steps", 3)
    assert toy.sent()[0]["changes"] == {"height": 0.5, "steps": 3}


def test_answers_of_another_view_are_no_answers(twins):
    twins.move("height", 0.5)
    twins.move("height", 0.6, view=1)
    own, other = twins.lose(2)
    twins.deliver(other)
    assert (thumb(twins), thumb(twins, 1)) == (0.5, 0.6)
    twins.deliver(own)
    assert (thumb(twins), thumb(twins, 1)) == (0.5, 0.5)


def test_a_second_view_follows_the_first(twins):
    twins.move("steps", 3)
    twins.move("colour", 1)
    twins.answer(2)
    assert twins.picture(0) == twins.picture(1)
    assert twins.control("steps", 1).input_value() == "3"
    assert twins.control("colour", 1).input_value() == "1"
    assert twins.text("twin", 0) == twins.text("twin", 1) == twins.explorer.description


def test_an_update_that_raises_keeps_the_picture_and_says_so(toy):
    before = toy.picture()
    toy.move("height", 0.13)
    with pytest.raises(ZeroDivisionError):
        toy.answer()
    assert "This setting failed (ZeroDivisionError: a bug)." in toy.text("problem")
    assert "height = 0.13" in toy.text("twin")
    assert "The point is at" not in toy.text("twin")
    assert toy.picture() == before
    toy.wait(2 * PATIENCE)
    assert "No answer" not in toy.text("problem")
    toy.move("height", 0.9)
    toy.answer()
    assert toy.text("problem") == ""
    assert toy.picture() != before


def test_reset_asks_once_for_the_defaults_not_for_the_start_values(browser):
    loose = LoosePanel(browser, Toy(height=0.7, colour="blue"))
    default = LoosePanel(browser, Toy())
    assert loose.picture() != default.picture()
    loose.view().get_by_role("button", name="Reset").click()
    wanted = {"height": 0.25, "steps": 1, "colour": 0, "filled": True}
    assert [request["changes"] for request in loose.sent()] == [wanted]
    loose.answer()
    assert loose.explorer.settings == Toy().settings
    assert loose.picture() == default.picture()
    assert loose.text("code") == default.text("code")
    loose.close()
    default.close()


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (b"\x02\x00" * 8, "another version of rlnotes: restart the kernel"),
        (b"\x01\x00\x10\x00\x10\x00\x10\x00" + b"\x00\x00" * 8, "cannot be read"),
    ],
    ids=["another version", "an operation without length"],
)
def test_a_frame_that_cannot_be_read_leaves_the_picture(toy, frame, sentence):
    before = toy.picture()
    toy.push(frame=frame)
    assert sentence in toy.text("problem")
    assert toy.picture() == before
    toy.move("height", 0.9)
    toy.answer()
    assert toy.text("problem") == ""


def test_a_closed_view_asks_and_listens_no_more(toy):
    toy.page.evaluate("() => { window.closeView = addView(); }")
    toy.wait(50)
    toy.move("height", 0.5, view=1)
    toy.answer()
    toy.page.evaluate("() => closeView()")
    toy.move("height", 0.9)
    toy.answer()
    toy.wait(PATIENCE)
    assert thumb(toy, 1) == 0.5
