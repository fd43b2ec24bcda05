"""One JupyterLab and one Chromium for all tests of this folder."""

import pytest

from tests.browser.chromium import running_browser
from tests.browser.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("lab") / "root") as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    yield page
    page.close()
