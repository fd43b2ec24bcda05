"""What a panel holds, what it answers, and what is left when an explorer closes."""

import base64
import gc
import io
import subprocess
import sys
import weakref

import comm
import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from PIL import Image

from rlnotes.explorers import catalog
from rlnotes.explorers.base import BadSetting, Explorer
from rlnotes.plotting.style import new_figure
from tests.plotting import replay

NAMES = list(catalog())
VIEW = "application/vnd.jupyter.widget-view+json"


class Toy(Explorer):
    title = "A point"

    def make_controls(self):
        return {
            "height": ipywidgets.FloatSlider(value=0.25, min=0, max=1, step=0.05),
            "steps": ipywidgets.IntSlider(value=1, min=0, max=3),
            "which": ipywidgets.Dropdown(options=["one", "two"], value="one"),
            "on": ipywidgets.Checkbox(value=True),
        }

    def build(self):
        figure, (axes,) = new_figure(1, size=(3, 2))
        axes.set(xlim=(0, 3), ylim=(0, 1))
        (self.point,) = axes.plot([0], [0], "o", zorder=10)
        return figure, [self.point]

    def update(self, height, steps, which, on):
        if steps == 3:
            raise ZeroDivisionError("a real bug")
        if height == 1:
            raise BadSetting("the point would touch the lid.")
        self.point.set_data([steps], [height])
        return f"The point is at {height:g}."


def ask(explorer: Explorer, changes, number: int = 1, view: str = "here") -> dict:
    """What a browser asks for, by the road that its message takes; the answer."""
    request = {"view": view, "number": number, "changes": changes}
    explorer.panel._handle_custom_msg(request, [])
    return explorer.panel.state


def place_of_the_point(toy: Toy) -> tuple:
    (marks,) = replay.read(toy.panel.frame)
    return tuple(marks.places[0].tolist())


def test_what_a_panel_knows_at_first():
    toy = Toy()
    panel = toy.panel
    assert (panel.title, panel.size) == ("A point", [330, 220])
    assert [spec["name"] for spec in panel.controls] == ["height", "steps", "which", "on"]
    assert panel.state == {
        "values": {"height": 0.25, "steps": 1, "which": 0, "on": True},
        "text": toy.description,
        "line": toy.code,
        "problem": "",
        "answers": ["", 0],
    }
    assert len(replay.read(panel.background)) > 5
    assert len(replay.read(panel.frame)) == 1
    assert len(replay.read_sheet(panel.sheet)) > 5
    assert toy.panel is panel


def test_the_panel_is_given_the_setting_as_it_stands():
    toy = Toy()
    toy.set(height=0.5, which="two", on=False)
    values = toy.panel.state["values"]
    assert values == {"height": 0.5, "steps": 1, "which": 1, "on": False}


def test_a_request_sets_draws_and_answers():
    toy = Toy()
    before = place_of_the_point(toy)
    state = ask(toy, {"height": 0.75, "which": 1, "on": False}, number=7, view="here")
    assert state["answers"] == ["here", 7]
    assert state["values"] == {"height": 0.75, "steps": 1, "which": 1, "on": False}
    assert toy.settings == {"height": 0.75, "steps": 1, "which": "two", "on": False}
    assert "height = 0.75" in state["text"]
    assert "height=0.75" in state["line"]
    assert state["problem"] == ""
    assert place_of_the_point(toy)[1] < before[1]  # higher up


def test_a_request_for_nothing_is_answered():
    assert ask(Toy(), {}, number=3)["answers"] == ["here", 3]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"height": 2}, "Ignored: height must be between 0.0 and 1.0, got 2."),
        ({"height": "a"}, "Ignored: height must be a number, got 'a'."),
        ({"height": 10**400}, "Ignored: height must be between 0.0 and 1.0, got 1000"),
        ({"steps": 1.5}, "Ignored: steps must be an integer between 0 and 3, got 1.5."),
        ({"steps": True}, "Ignored: steps must be a number, got True."),
        ({"which": "two"}, "Ignored: which must be a number, got 'two'."),
        ({"which": 2}, "Ignored: which must be the place of an option, 0 to 1, got 2."),
        ({"on": 0}, "Ignored: on must be True or False, got 0."),
        ({"none": 1}, "Ignored: control must be one of "),
        ({"height": 0.5, "none": 1}, "Ignored: control must be one of "),
        ({"height": 0.5, "steps": None}, "Ignored: steps must be a number, got None."),
        (None, "Ignored: changes must have a value for each control, got None."),
        ([["height", 0.5]], "Ignored: changes must have a value for each control, got [["),
    ],
)
def test_a_bad_request_is_answered_and_changes_nothing(changes, problem):
    toy = Toy()
    before, frame = toy.settings, toy.panel.frame
    state = ask(toy, changes, number=5)
    assert state["problem"].startswith(problem)
    assert state["answers"] == ["here", 5]
    assert toy.settings == before
    assert toy.panel.frame == frame
    assert ask(toy, {"height": 0.5}, number=6)["problem"] == ""


@pytest.mark.parametrize(
    ("request_", "answers"),
    [
        ({}, ["", 0]),
        ({"view": "here", "number": 2}, ["here", 2]),
        ({"number": 2, "changes": {}}, ["", 0]),
        (None, ["", 0]),
        ("height", ["", 0]),
        ([1, 2], ["", 0]),
    ],
)
def test_a_request_without_its_parts_is_answered(request_, answers):
    toy = Toy()
    before = toy.settings
    toy.panel._handle_custom_msg(request_, [])
    assert toy.panel.state["answers"] == answers
    assert toy.settings == before


def test_an_error_in_the_maths_is_told_and_raised():
    toy = Toy()
    frame = toy.panel.frame
    with pytest.raises(ZeroDivisionError, match="a real bug"):
        toy._take({"view": "here", "number": 1, "changes": {"steps": 3}})
    state = toy.panel.state
    assert state["answers"] == ["here", 1]
    assert state["problem"] == (
        "This setting failed (ZeroDivisionError: a real bug). The picture is the one before."
    )
    assert toy.panel.frame == frame
    assert ask(toy, {"steps": 2}, number=2)["problem"] == ""


def test_a_setting_without_picture_is_an_answer_like_any_other():
    toy = Toy()
    state = ask(toy, {"height": 1})
    assert state["problem"] == ""
    assert "Not shown: the point would touch the lid." in state["text"]
    assert {it.kind for it in replay.read(toy.panel.frame)} == {"markers", "path", "glyphs"}


def test_a_value_set_in_python_shows_at_once():
    toy = Toy()
    before = place_of_the_point(toy)
    toy.controls["height"].value = 0.5
    assert toy.panel.state["values"]["height"] == 0.5
    assert "height = 0.5" in toy.panel.state["text"]
    assert place_of_the_point(toy)[1] < before[1]
    toy.set(height=0.25)
    assert place_of_the_point(toy) == before


def test_a_change_is_one_message():
    toy = Toy()
    sent = []
    toy.panel.send_state = lambda key=None: sent.append(set(key))
    toy.set(height=0.5, steps=2)
    assert len(sent) == 1
    assert sent[0] == {"frame", "state"}  # the background and the outlines are there


def test_an_answer_says_which_request_even_if_nothing_else_changed():
    toy = Toy()
    first = dict(ask(toy, {"height": 0.25}, number=1))
    second = ask(toy, {"height": 0.25}, number=2)
    assert second == {**first, "answers": ["here", 2]}


def test_what_a_notebook_stores():
    toy = Toy()
    bundle, metadata = toy._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png", VIEW}
    assert bundle["text/plain"] == toy.description
    assert base64.b64decode(bundle["image/png"]) == toy.png()
    assert bundle[VIEW]["model_id"] == toy.panel.model_id
    assert metadata == {"image/png": {"alt": toy.description}}


# Closing.


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_explorer_is_freed_and_comes_back(name):
    gc.collect()
    explorer = catalog()[name]()
    before, numbers = explorer.png(), len(_instances)
    panel = explorer.panel
    frame, background, model = panel.frame, panel.background, panel.model_id
    attributes = set(vars(explorer))
    freed = [weakref.ref(it) for it in (panel, panel.layout, explorer.figure(), explorer._scene)]
    del panel
    explorer.close()
    explorer.close()
    gc.collect()
    assert [it() for it in freed] == [None] * 4
    assert model not in _instances
    assert len(_instances) == numbers
    # Everything works, and looks as it did.
    assert explorer.png() == before
    assert explorer.figure() is explorer.figure()
    assert (explorer.panel.frame, explorer.panel.background) == (frame, background)
    assert set(vars(explorer)) == attributes
    explorer.close()


def test_the_setting_survives_closing():
    toy = Toy(height=0.75)
    toy.close()
    toy.set(steps=2)
    toy.close()
    assert toy.settings["height"] == 0.75
    assert toy.panel.state["values"] == {"height": 0.75, "steps": 2, "which": 0, "on": True}


def test_a_replaced_explorer_takes_its_panel_with_it():
    toy = Toy()
    gc.collect()
    before = set(_instances)
    assert toy.panel.model_id not in before
    assert len(_instances) == len(before) + 2
    del toy
    gc.collect()
    assert set(_instances) == before


def test_a_message_to_the_panel_of_an_explorer_that_is_gone_does_nothing():
    toy = Toy()
    panel = toy.panel
    del toy
    gc.collect()
    panel._handle_custom_msg({"view": "here", "number": 1, "changes": {"height": 0.5}}, [])


def test_no_widget_of_the_controls_is_left_in_the_registry():
    gc.collect()
    before = set(_instances)
    toy = Toy()
    assert set(_instances) == before
    toy.panel  # noqa: B018
    assert len(set(_instances) - before) == 2  # the panel and its layout


GROWTH = """
import sys, psutil
from rlnotes.explorers.{module} import {kind}
def megabytes():
    return psutil.Process().memory_info().rss / 2**20
def make():
    explorer = {kind}()
    if {shown}:
        explorer._repr_mimebundle_()
    return explorer
for _ in range(15):
    explorer = make()
before = megabytes()
for _ in range(100):
    explorer = make()
print(megabytes() - before)
"""


@pytest.mark.parametrize("shown", [False, True])
def test_explorers_made_again_and_again_take_no_more_memory(shown):
    script = GROWTH.format(module="maze_values", kind="MazeValues", shown=shown)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True
    )
    assert float(done.stdout) < 20


def test_the_png_is_the_whole_figure():
    picture = np.asarray(Image.open(io.BytesIO(Toy().png())))
    assert picture.shape == (220, 330, 3)


def test_no_page_hears_of_the_controls(monkeypatch):
    opened = []
    create = comm.create_comm
    monkeypatch.setattr(comm, "create_comm", lambda **args: opened.append(args) or create(**args))
    toy = Toy()
    toy.set(height=0.8)
    assert opened == []
    panel = toy.panel
    toy.controls["height"].value = 0.7
    assert len(opened) == 2  # the panel and its layout
    assert len(panel.frame) > 0
    ipywidgets.IntSlider()
    assert len(opened) == 5  # other widgets are announced as ever
