"""What a browser may ask of an explorer: it is answered in any case."""

import pytest

from tests.explorers.test_base import Toy

GOOD = {"view": "hand", "number": 7}


def ask(explorer, request) -> dict:
    explorer.panel._pass_on(None, request, [])
    return explorer.panel.state


def test_a_good_request_sets_its_controls_and_is_answered():
    toy = Toy()
    state = ask(toy, {**GOOD, "changes": {"height": 0.5, "steps": 2}})
    assert toy.settings == {"height": 0.5, "steps": 2}
    assert (state["answers"], state["problem"]) == (["hand", 7], "")
    assert state["values"] == {"height": 0.5, "steps": 2}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"height": 2}, "height must be between 0.0 and 1.0, got 2"),
        ({"height": 10**400}, "height must be between 0.0 and 1.0, got 1000000"),
        ({"height": float("nan")}, "height must be a number, got nan"),
        ({"height": True}, "height must be a number, got True"),
        ({"steps": 1.5}, "steps must be an integer between 0 and 3, got 1.5"),
        ({"height": 0.5, "depth": 1}, r"control must be one of ['height', 'steps'], got 'depth'"),
        (["height"], "changes must have a value for each control, got ['height']"),
        (None, "changes must have a value for each control, got None"),
    ],
)
def test_a_bad_request_is_answered_with_a_sentence_and_changes_nothing(changes, sentence):
    toy = Toy()
    state = ask(toy, {**GOOD, "changes": changes})
    assert state["problem"].startswith(f"Ignored: {sentence}")
    assert len(state["problem"]) < 400
    assert state["answers"] == ["hand", 7]
    assert toy.settings == Toy().settings


@pytest.mark.parametrize(
    "request_",
    [None, [], "height", {}, {"view": 1, "number": 2}, {"view": "hand", "number": True}],
)
def test_a_request_without_a_sender_gets_its_sentence_too(request_):
    toy = Toy()
    state = ask(toy, request_)
    assert state["problem"].startswith("Ignored: request must have a view and a number")
    assert state["answers"] == ["", 0]


def test_an_update_that_raises_is_answered_and_keeps_the_picture_that_was_sent():
    class Broken(Toy):
        def update(self, height, steps):
            self.point.set_data([steps], [height])
            if steps == 2:
                raise ZeroDivisionError("a bug")
            return f"The point is at {height:g}."

    toy = Broken()
    before = toy.panel.frame
    with pytest.raises(ZeroDivisionError):
        ask(toy, {**GOOD, "changes": {"steps": 2}})
    state = toy.panel.state
    assert state["answers"] == ["hand", 7]
    assert "This setting failed (ZeroDivisionError: a bug)" in state["problem"]
    assert "steps = 2" in state["text"]
    assert "The point is at" not in state["text"]
    assert toy.panel.frame == before
    assert ask(toy, {**GOOD, "number": 8, "changes": {"steps": 0, "height": 0.75}})["problem"] == ""
    assert toy.panel.frame != before


def test_the_panel_knows_the_defaults_not_the_start_values():
    toy = Toy(height=0.5, steps=3)
    assert [control["value"] for control in toy.panel.controls] == [0.25, 1]
