"""Every chapter in a real JupyterLab and browser; and the check itself, on bad ones.

Run with `make browser`: it needs Debian's Chromium, or another one named in CHROMIUM.
"""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from rlnotes.scripts.render_notebooks import METADATA
from tests.browser.chapter import visit
from tests.browser.lab import ROOT
from tests.browser.notebook import READY, SHOW_ALL, SHUT_DOWN

CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
SCREENSHOTS = ROOT / "screenshots"

BROKEN = """
class Broken(Discounting):
    def update(self, gamma, delay, far_reward):
        if gamma > 0.72:
            raise ZeroDivisionError("a bug in the callback")
        return super().update(gamma, delay, far_reward)


Broken(gamma=0.72)
"""
IDLE = """
class Idle(Discounting):
    def update(self, gamma, delay, far_reward):
        return super().update(gamma, 5, far_reward)


Idle()
"""
NOISY = """
from IPython.display import Javascript

Javascript("console.error('ours')")
"""
RAISES = "1 / 0"


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_control_of_a_chapter_changes_its_picture(lab, page, name):
    report = visit(page, lab.url(name), SCREENSHOTS, Path(name).stem)
    page.evaluate(SHUT_DOWN)
    assert report.failures == []
    assert report.controls > 0


@pytest.mark.parametrize(
    ("cell", "failure"),
    [
        (BROKEN, "kernel: ZeroDivisionError: a bug in the callback"),
        (BROKEN, "problem: This setting failed (ZeroDivisionError"),
        (BROKEN, "unchanged picture: range 'gamma' by keyboard"),
        (IDLE, "unchanged picture: range 'steps to the far reward'"),
        (NOISY, "console: ours"),
        (RAISES, "kernel: ZeroDivisionError"),
    ],
    ids=[
        "broken callback",
        "its sentence",
        "its picture stays",
        "range without effect",
        "console error",
        "failing cell",
    ],
)
def test_the_check_sees_what_is_broken(lab, page, tmp_path, cell, failure):
    imports = "from rlnotes.explorers.discounting import Discounting"
    cells = [new_code_cell(imports), new_code_cell(cell.strip())]
    notebook = new_notebook(cells=cells, metadata=METADATA)
    (lab.notebooks / "bad.ipynb").write_text(nbformat.writes(notebook))
    report = visit(page, lab.url("bad.ipynb"), tmp_path, "bad")
    assert any(found.startswith(failure) for found in report.failures), report.failures


SAVE = """async () => {
    await window.jupyterapp.shell.currentWidget.context.save();
}"""


def test_what_was_run_and_saved_shows_its_pictures_the_next_day(lab, page, tmp_path):
    name = "saved.ipynb"
    sources = ["from rlnotes.explorers.discounting import Discounting", "Discounting()"]
    cells = [new_code_cell(source) for source in sources]
    notebook = new_notebook(cells=cells, metadata=METADATA)
    (lab.notebooks / name).write_text(nbformat.writes(notebook))
    assert visit(page, lab.url(name), tmp_path, "saved").failures == []
    page.evaluate(SAVE)
    assert page.locator(".rlnotes-panel").count() == 1, "the open page lost its explorer"
    page.evaluate(SHUT_DOWN)
    saved = nbformat.read(lab.notebooks / name, as_version=4)
    assert [cell.source for cell in saved.cells] == sources

    page.goto(lab.url(name))
    page.wait_for_function(READY, timeout=60_000)
    page.evaluate(SHOW_ALL)
    page.wait_for_selector(".jp-RenderedImage img", timeout=60_000)
    assert page.get_by_text("model not found").count() == 0
    assert page.locator(".rlnotes-panel").count() == 0
