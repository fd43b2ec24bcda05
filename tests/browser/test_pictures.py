"""What the canvas shows, against what Agg draws of the same figure."""

import io

import numpy as np
import pytest
from PIL import Image

from rlnotes.explorers import catalog
from rlnotes.explorers.discounting import Discounting
from tests.browser.bare_page import BarePage, traits_of
from tests.browser.faults import (
    with_a_marker_shifted,
    with_longer_dashes,
    without_a_label,
    without_clips,
)
from tests.browser.pictures import COARSE, LOCAL, contrast, difference, unlike
from tests.explorers.test_every_explorer import choices

NUM_RANDOM = 20
SHARP = ["kl_laboratory", "maze_values", "prioritized_sampling", "trust_region_step"]


@pytest.fixture(scope="module")
def bare(browser):
    bare = BarePage(browser)
    yield bare
    bare.page.close()


@pytest.fixture
def explorer(request):
    explorer = catalog()[request.param]()
    yield explorer
    explorer.close()


def by_agg(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.png())))


def random_settings(explorer) -> list[dict]:
    rng = np.random.default_rng(1)
    values = {name: choices(control) for name, control in explorer.controls.items()}
    return [
        {name: some[rng.integers(len(some))] for name, some in values.items()}
        for _ in range(NUM_RANDOM)
    ]


@pytest.mark.parametrize("explorer", catalog(), indirect=True)
def test_the_canvas_shows_what_agg_draws(bare, explorer):
    bare.open(traits_of(explorer))
    for setting in [{}, *random_settings(explorer)]:
        explorer.set(**setting)
        found = difference(bare.picture(traits_of(explorer)), by_agg(explorer))
        assert found.faults == [], setting
    assert bare.errors == []


@pytest.mark.parametrize(
    ("fault", "explorer"),
    [
        *((without_clips, name) for name in ("maze_values", "moving_target", "ppo_ingredients")),
        *((with_longer_dashes, name) for name in ("discounting", "kl_laboratory", "maze_values")),
        *((with_a_marker_shifted, name) for name in ("discounting", "dpo_loss", "gae_weights")),
        *((without_a_label, name) for name in ("discounting", "group_of_answers", "maze_values")),
    ],
    indirect=["explorer"],
)
def test_the_check_sees_a_planted_fault(bare, explorer, fault):
    traits = traits_of(explorer)
    wrong = fault(traits["frame"])
    assert wrong != traits["frame"]
    bare.open({**traits, "frame": wrong})
    found = difference(bare.picture({**traits, "frame": wrong}), by_agg(explorer))
    assert found.local > 1.5 * LOCAL, found


class Sketched(Discounting):
    """One artist is drawn as if by hand, which no frame can say."""

    artist = 0

    def build(self):
        figure, artists = super().build()
        chosen = figure.axes[0].spines["left"] if self.artist is None else artists[self.artist]
        chosen.set_sketch_params(2, 50, 10)
        return figure, artists


class SketchedAxis(Sketched):
    artist = None


@pytest.mark.parametrize("kind", [Sketched, SketchedAxis])
def test_a_figure_that_no_frame_can_hold_comes_as_a_picture(bare, kind):
    explorer = kind()
    bare.open(traits_of(explorer))
    for setting in [{}, *random_settings(explorer)[:3]]:
        explorer.set(**setting)
        shown = bare.picture(traits_of(explorer))
        assert "as if drawn by hand" in bare.page.locator(".rlnotes-panel").inner_text()
        assert difference(shown, by_agg(explorer)).faults == []


@pytest.mark.parametrize("ratio", [1.5, 2])
@pytest.mark.parametrize("explorer", SHARP, indirect=True)
def test_more_pixels_show_the_same_picture_at_least_as_sharp(bare, browser, explorer, ratio):
    traits = traits_of(explorer)
    bare.open(traits)
    small = bare.picture(traits)
    finer = BarePage(browser, ratio=ratio)
    finer.open(traits)
    large = finer.picture(traits)
    mutilated = finer.picture({**traits, "frame": without_a_label(traits["frame"])})
    finer.page.close()
    width, height = explorer.panel.size
    assert large.shape == (round(height * ratio), round(width * ratio), 3)
    assert unlike(large, small) < COARSE < unlike(mutilated, small)

    enlarged = Image.fromarray(small).resize(large.shape[1::-1], Image.Resampling.BILINEAR)
    assert contrast(np.asarray(enlarged), ratio) < 0.6 * contrast(small, 1)
    assert contrast(large, ratio) > contrast(small, 1)
