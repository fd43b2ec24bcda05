"""An explorer on its own page says and shows what it does in the notebook."""

import io

import numpy as np
import pytest
from PIL import Image

from rlnotes.explorers import class_names, explorer_class
from rlnotes.scripts.checkout import ROOT
from rlnotes.site.book import chapters_of, wanted_settings
from tests.browser.pictures import difference
from tests.built_site.open_page import OpenPage

NUM_RANDOM = 4


def random_places(values: dict[str, list], name: str) -> list[dict[str, int]]:
    rng = np.random.default_rng(sum(name.encode()))
    return [
        {key: int(rng.integers(len(some))) for key, some in values.items()}
        for _ in range(NUM_RANDOM)
    ]


def as_sent(places: dict[str, int], values: dict[str, list]) -> dict:
    """Places as an input takes them: a checkbox is on or off, and fixed ones stay."""
    return {
        key: values[key][place] if isinstance(values[key][place], bool) else place
        for key, place in places.items()
        if len(values[key]) > 1
    }


@pytest.fixture(params=class_names())
def name(request):
    return request.param


@pytest.fixture
def explorer(name):
    explorer = explorer_class(name)()
    yield explorer
    explorer.close()


def test_at_random_settings_the_page_agrees_with_the_notebook(
    browser, site, values, name, explorer
):
    some = values[name]
    with OpenPage(browser, site / "embed" / f"{name}.html") as opened:
        opened.wait_until_live()
        for places in random_places(some, name):
            explorer.set(**{key: some[key][place] for key, place in places.items()})
            opened.set(as_sent(places, some))
            assert opened.text("twin") == explorer.description
            assert opened.page.locator(".rlnotes-code code").text_content() == explorer.code
            by_agg = np.asarray(Image.open(io.BytesIO(explorer.png())))
            assert difference(opened.picture(), by_agg).faults == [], places
        assert opened.faults == []


def test_every_control_that_varies_moves_text_and_picture(browser, site, values, name, explorer):
    some = values[name]
    default = {key: some[key].index(explorer.defaults[key]) for key in some}
    with OpenPage(browser, site / "embed" / f"{name}.html") as opened:
        opened.wait_until_live()
        assert opened.text("twin") == explorer.description
        for key in some:
            control = opened.page.locator(f'.rlnotes-panel [name="{key}"]')
            assert control.is_enabled() == (len(some[key]) > 1), key
            moved = []
            for place in range(len(some[key])):
                opened.set(as_sent({**default, key: place}, some))
                moved.append((opened.text("twin"), opened.picture().tobytes()))
            assert len({text for text, _ in moved}) == len(some[key]), key
            if len(some[key]) > 1:
                assert len({picture for _, picture in moved}) > 1, key


def test_what_the_texts_ask_to_try_is_there(browser, site, values, name, explorer):
    some = values[name]
    wanted = wanted_settings(chapters_of(ROOT / "notebooks"))[name]
    with OpenPage(browser, site / "embed" / f"{name}.html") as opened:
        opened.wait_until_live()
        for setting in wanted:
            explorer.set(**{**explorer.defaults, **setting})
            places = {key: some[key].index(value) for key, value in explorer.settings.items()}
            opened.set(as_sent(places, some))
            assert opened.text("twin") == explorer.description
