"""The built site, and one Chromium for all tests here. `make site` builds it."""

import json
from pathlib import Path

import pytest

from rlnotes.scripts.checkout import ROOT
from tests.browser.chromium import running_browser

SITE, KEPT = ROOT / "site", ROOT / ".site"


@pytest.fixture(scope="session")
def site() -> Path:
    assert (SITE / "index.html").is_file(), "no site: make site"
    return SITE


@pytest.fixture(scope="session")
def values():
    """Name of an explorer -> of each control, the values in the page."""
    return {path.stem: json.loads(path.read_text())["values"] for path in KEPT.glob("*.json")}


@pytest.fixture(scope="session")
def browser():
    with running_browser() as running:
        yield running
