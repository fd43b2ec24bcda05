"""The README's animation: a real drag, true to Agg, and still the committed one."""

import io

import numpy as np
import pytest
from PIL import Image

from rlnotes.explorers.reward_kl_plane import RewardKLPlane
from tests.browser.animation import CANVAS, read_gif
from tests.browser.lab import ROOT
from tests.browser.pictures import COARSE, difference, unlike
from tests.browser.recording import ANIMATION, FRAMES, SLIDER, STEPS, animation, record


@pytest.fixture(scope="module")
def shots(lab, browser):
    return record(lab, browser)


@pytest.fixture(scope="module")
def fresh(shots):
    made = animation(shots)
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    (folder / ANIMATION.name).write_bytes(made)
    return read_gif(made)


def test_the_slider_goes_there_and_back_under_the_mouse(shots):
    explorer = RewardKLPlane()
    options = list(explorer.controls[SLIDER].options)
    places = [options.index(shot.value) for shot in shots]
    turns = places.index(min(places)), places.index(max(places))
    default = options.index(explorer.defaults[SLIDER])
    assert len(shots) == FRAMES
    assert places[0] == default
    assert [places[turn] for turn in turns] == [default - STEPS, default + STEPS]
    assert places == [
        *sorted(places[: turns[0] + 1], reverse=True),
        *sorted(places[turns[0] + 1 : turns[1] + 1]),
        *sorted(places[turns[1] + 1 :], reverse=True),
    ]
    # Half a step of the slider, 134 / 46 pixels.
    assert max(abs(shot.thumb - shot.mouse[0]) for shot in shots) < 1.6


def test_each_move_shows_what_agg_draws_at_its_setting(shots):
    explorer = RewardKLPlane()
    left, top, width, height = CANVAS
    for shot in shots:
        explorer.set(**{SLIDER: shot.value})
        expected = np.asarray(Image.open(io.BytesIO(explorer.png())).convert("RGB"))
        shown = shot.picture[top : top + height, left : left + width]
        assert unlike(expected, shown) < COARSE, shot.value


def test_the_committed_animation_is_what_a_drag_gives_today(fresh):
    committed = read_gif(ANIMATION)
    assert committed.pictures.shape == fresh.pictures.shape
    assert committed.values == fresh.values
    pairs = list(zip(fresh.canvases, committed.canvases, strict=True))
    for value, pair in zip(fresh.values, pairs, strict=True):
        assert difference(*pair).faults == [], value
    # One step of the slider earlier or later would be seen.
    assert difference(pairs[0][0], pairs[1][1]).faults != []
