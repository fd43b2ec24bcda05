"""A link to a cell of another chapter opens JupyterLab there."""

import pytest

from tests.browser.notebook import READY, SHOW_ALL

# The chapter in front, and whether the cell with this id is on the screen.
ARRIVED = """([file, name]) => {
    const notebook = window.jupyterapp.shell.currentWidget;
    if (!notebook?.context?.path.endsWith(file)) return false;
    const cell = notebook.content.widgets.find(w => w.model.id === name);
    if (!cell?.node.isConnected) return false;
    const box = cell.node.getBoundingClientRect();
    return box.height > 0 && box.bottom > 0 && box.top < window.innerHeight;
}"""
LINKS = [
    ("08_dpo.ipynb", "07_rlhf.ipynb", "07cffd8b"),
    ("00_start_here.ipynb", "10_invoices.ipynb", "10-10-16-lora-a-large-model-is-often-n"),
]


@pytest.mark.parametrize(("start", "file", "name"), LINKS)
def test_a_link_opens_the_chapter_at_the_cell(lab, page, start, file, name):
    page.goto(lab.url(start))
    page.wait_for_function(READY, timeout=60_000)
    selector = f'.jp-NotebookPanel a[href*="{file}"][href*="cell-id={name}"]'
    page.evaluate(SHOW_ALL)
    page.locator(selector).first.click()
    page.wait_for_function(ARRIVED, arg=[file, name], timeout=60_000)
