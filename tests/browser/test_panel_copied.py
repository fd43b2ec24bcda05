"""A notebook from somewhere else: its pictures show, its scripts do not run."""

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output

from rlnotes.scripts.render_notebooks import METADATA
from tests.browser.live_notebook import LiveNotebook, write
from tests.browser.notebook import READY

CELL = "from rlnotes.explorers.discounting import Discounting\nDiscounting(gamma=0.8)"
VIEW = "application/vnd.jupyter.widget-view+json"
SCRIPTS = {
    "text/html": "<b>harmless</b><script>window.ran = true;</script>",
    "application/javascript": "window.ran = true;",
}


def executed() -> nbformat.NotebookNode:
    notebook = new_notebook(cells=[new_code_cell(CELL)], metadata=METADATA)
    NotebookClient(notebook, kernel_name="python3", record_timing=False).execute()
    return notebook


def test_a_copied_notebook_shows_picture_and_no_script_until_it_is_run(lab, page):
    notebook = executed()
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {VIEW, "image/png", "text/plain"}
    assert "gamma = 0.8," in output.data["text/plain"]
    assert output.metadata["image/png"]["alt"] == output.data["text/plain"]
    for kind, script in SCRIPTS.items():
        notebook.cells[0].outputs.append(new_output("display_data", data={kind: script}))

    live = LiveNotebook(lab, page, "copied.ipynb", [])
    write(live.path, notebook)
    live.open()
    picture = page.locator(".jp-RenderedImage img")
    picture.wait_for()
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth; }")
    page.get_by_text("harmless").wait_for()
    page.wait_for_timeout(500)
    assert page.locator(".rlnotes-panel").count() == 0
    assert page.evaluate("() => window.ran") is None

    live.run(0)
    live.panel().wait_for()
    page.wait_for_function(READY)
    assert live.control("gamma").input_value() == "0.8"
    live.control("gamma").fill("0.7")
    live.wait_for_text("twin", "gamma = 0.7,")
    assert picture.count() == 0
