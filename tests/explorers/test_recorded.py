"""What the browser gets of every explorer: complete, and the picture that Agg draws."""

import io

import ipywidgets
import numpy as np
import pytest
from matplotlib.artist import Artist
from PIL import Image

from rlnotes.explorers import catalog
from rlnotes.explorers.base import Explorer
from rlnotes.plotting import frames
from rlnotes.plotting.style import new_figure
from tests.explorers.settings import settings_to_try
from tests.plotting import replay

NAMES = list(catalog())
NUM_COMPARED = 5


@pytest.fixture(scope="module", params=NAMES)
def explorer(request):
    explorer = catalog()[request.param]()
    yield explorer
    explorer.close()


def settings_compared(explorer) -> list[dict]:
    # The last ones are random.
    return [explorer.defaults, *settings_to_try(explorer)[-NUM_COMPARED:]]


def pixels(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.png())))[..., :3]


def replayed(explorer) -> np.ndarray:
    panel = explorer.panel
    return replay.draw([panel.background, panel.frame], panel.sheet)


def outlines_used(operations) -> set[int]:
    numbers = {number for it in operations for number, _, _ in it.glyphs}
    return numbers | {it.hatch["outline"] for it in operations if it.hatch}


def test_every_setting_is_recorded_whole(explorer):
    panel = explorer.panel
    background, sheet = panel.background, panel.sheet
    used = outlines_used(replay.read(background))
    for setting in settings_to_try(explorer):
        explorer.set(**setting)
        assert panel.state["problem"] == "", setting
        assert panel.background == background, setting
        assert panel.sheet.startswith(sheet), setting
        sheet = panel.sheet
        assert frames.unpack(panel.frame)[0][:2] == tuple(panel.size)
        used |= outlines_used(replay.read(panel.frame))
    assert max(used) < len(replay.read_sheet(sheet))


def test_the_replayed_picture_is_that_of_agg(explorer):
    for setting in settings_compared(explorer):
        explorer.set(**setting)
        marked = replay.differing(replayed(explorer), pixels(explorer))
        # Dashes along thousands of steps may drift by a sixteenth of a pixel each.
        assert marked.mean() < 0.002, setting
        assert not replay.has_block(marked, 5), setting


def test_equal_settings_are_equal_bytes(explorer):
    panel = explorer.panel
    explorer.set(**explorer.defaults)
    before, sheet = panel.frame, panel.sheet
    for setting in settings_to_try(explorer)[::12]:
        explorer.set(**setting)
    explorer.set(**explorer.defaults)
    assert panel.frame == before
    assert panel.sheet.startswith(sheet)


@pytest.mark.parametrize("name", ["maze_values", "ppo_clip", "trust_region_step"])
def test_two_explorers_with_the_same_history_have_equal_bytes(name):
    one, other = catalog()[name](), catalog()[name]()
    for setting in settings_to_try(one)[::20]:
        one.set(**setting)
        other.set(**setting)
        assert one.panel.frame == other.panel.frame
    assert one.panel.background == other.panel.background
    assert one.panel.sheet == other.panel.sheet


# An artist that no frame can hold.


class Shaded(Artist):
    """A triangle with shaded colours."""

    def draw(self, renderer):
        points = np.array([[(100.0, 100), (300, 100), (200, 250 + self.height)]])
        colours = np.array([[(1.0, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1)]])
        transform = self.axes.transData.frozen() - self.axes.transData.frozen()
        renderer.draw_gouraud_triangles(renderer.new_gc(), points, colours, transform)


class Toy(Explorer):
    title = "A shaded triangle"

    def make_controls(self):
        return {"height": ipywidgets.IntSlider(value=10, min=0, max=90, description="height")}

    def build(self):
        figure, (axes,) = new_figure(1, size=(4, 3))
        self.shaded = axes.add_artist(Shaded())
        self.shaded.height = 10
        self.line = axes.plot([0, 1], [0, 1], zorder=10)[0]
        return figure, [self.line, *self.changing()]

    def changing(self):
        self.shaded.set_zorder(11)
        return [self.shaded]

    def update(self, height):
        self.shaded.height = height
        return f"The height is {height}."


class ShadedBackground(Toy):
    def changing(self):
        return []


@pytest.mark.parametrize("kind", [Toy, ShadedBackground])
def test_what_cannot_be_recorded_is_sent_as_a_picture_and_named(kind):
    toy = kind()
    for height in (10, 80):
        toy.set(height=height)
        assert toy.panel.state["problem"] == (
            "Sent as a picture, and slowly, since no frame can hold triangles with shaded colours."
        )
        (image,) = replay.read(toy.panel.frame)
        assert image.kind == "image"
        assert image.num_colours  # a palette, a quarter of the bytes
        difference = np.abs(replayed(toy) - pixels(toy))
        assert difference.mean() < 3
        assert (difference.max(axis=-1) > 32).mean() < 0.02


def test_the_frame_asked_for_first_is_a_picture_too():
    toy = ShadedBackground()
    frame, problem = toy.scene.frame()
    assert problem
    assert [it.kind for it in replay.read(frame)] == ["image"]


def test_the_sentence_goes_when_the_artist_does():
    toy = Toy()
    toy.shaded.set_visible(False)
    toy.shaded.draw = lambda renderer: None
    toy.set(height=20)
    assert toy.panel.state["problem"] == ""
    assert {it.kind for it in replay.read(toy.panel.frame)} == {"path"}
