"""The built site, and one Chromium for all tests here. `make site` builds it."""

from pathlib import Path

import pytest

from rlnotes.explorers import class_names
from rlnotes.scripts.checkout import ROOT
from rlnotes.site.made import made_of
from tests.browser.chromium import running_browser

SITE, KEPT = ROOT / "site", ROOT / ".site"


@pytest.fixture(scope="session")
def site() -> Path:
    assert (SITE / "index.html").is_file(), "no site: make site"
    return SITE


@pytest.fixture(scope="session")
def values():
    """Name of an explorer -> of each control, the values in the page."""
    return {name: made_of(KEPT, name).values for name in class_names()}


@pytest.fixture(scope="session")
def browser():
    with running_browser() as running:
        yield running
