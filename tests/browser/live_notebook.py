"""A small notebook of the test's own, open in JupyterLab with a kernel of its own."""

import json
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page

from rlnotes.scripts.render_notebooks import METADATA
from tests.browser.lab import Lab
from tests.browser.notebook import LISTEN, READY, SHOW_ALL

_RUN = """async index => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    await window.jupyterapp.commands.execute('notebook:run-cell');
}"""
_PYTHON = """async code => {
    const {kernel} = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
    const future = kernel.requestExecute({code, store_history: false});
    let text = '';
    future.onIOPub = ({content}) => {
        if (content.name === 'stdout') text += content.text;
        if (content.ename) text += `${content.ename}: ${content.evalue}`;
    };
    await future.done;
    return text;
}"""
_STATE = """() => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    return {
        cells: notebook.widgets.map(cell => cell.model.sharedModel.source),
        counts: notebook.widgets.map(cell => cell.model.executionCount),
        active: notebook.activeCellIndex,
        selected: notebook.widgets.map(cell => notebook.isSelected(cell)),
        mode: notebook.mode,
        dialogs: document.querySelectorAll('.jp-Dialog').length,
    };
}"""
_NOTEBOOK = "() => window.jupyterapp.shell.currentWidget.content.model.toJSON()"
_SEND = """content => {
    const {kernel} = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
    const [id, data] = content;
    kernel.sendShellMessage({
        header: {
            msg_id: crypto.randomUUID(), msg_type: 'comm_msg', session: kernel.clientId,
            username: '', version: '5.3', date: new Date().toISOString(),
        },
        parent_header: {}, metadata: {}, buffers: [], channel: 'shell',
        content: {comm_id: id, data: {method: 'custom', content: data}},
    });
}"""
CHECKSUM = """canvas => {
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const pixels = new Uint32Array(data.buffer);
    let sum = 0;
    for (let n = 0; n < pixels.length; n++) sum = (Math.imul(31, sum) + pixels[n]) | 0;
    return sum;
}"""


class LiveNotebook:
    """A page with a notebook.

    Args:
        lab: the running server; gets the file.
        page: a fresh page.
        name: of the file.
        cells: sources of its code cells.
    """

    def __init__(self, lab: Lab, page: Page, name: str, cells: list[str]):
        self.page, self.url, self.path = page, lab.url(name), lab.notebooks / name
        notebook = new_notebook(cells=[new_code_cell(c) for c in cells], metadata=METADATA)
        write(self.path, notebook)
        self.page_errors: list[str] = []
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        self.open()

    def open(self, *, whole: bool = True) -> None:
        """Open the file anew; `whole`: with all its cells on the page."""
        self.page.goto(self.url)
        self.page.wait_for_function(READY, timeout=60_000)
        if whole:
            self.page.evaluate(SHOW_ALL)
        self.page.evaluate(LISTEN)

    def keep(self) -> None:
        """Write the file with its outputs, widget views too, as a trusted one."""
        write(self.path, nbformat.from_dict(self.page.evaluate(_NOTEBOOK)))
        NotebookNotary().sign(nbformat.read(self.path, as_version=4))

    def run(self, *indices: int) -> None:
        """Run cells, one after the other."""
        for index in indices:
            self.page.evaluate(_RUN, index)

    def python(self, code: str) -> str:
        """Run code in the kernel, not in a cell; what it printed, or the error."""
        return self.page.evaluate(_PYTHON, code).strip()

    def value(self, expression: str):
        """The value of a Python expression, by way of JSON."""
        return json.loads(self.python(f"import json; print(json.dumps({expression}))"))

    def send(self, explorer: str, content: object) -> None:
        """Send a message to the panel of this explorer, as its view would."""
        self.page.evaluate(_SEND, [self.value(f"{explorer}.panel.model_id"), content])

    def state(self) -> dict:
        """Cells, selection and mode of the notebook."""
        return self.page.evaluate(_STATE)

    def kernel_errors(self) -> list[str]:
        """Errors in the kernel since the notebook was opened, callbacks included."""
        return self.page.evaluate("() => window.kernelErrors")

    def panel(self, number: int = 0):
        """A panel of the page, from the top."""
        return self.page.locator(".rlnotes-panel").nth(number)

    def control(self, name: str, number: int = 0):
        """A control of a panel."""
        return self.panel(number).locator(f"[name={name}]")

    def checksum(self, number: int = 0) -> int:
        """A number that changes with the picture."""
        return self.panel(number).locator("canvas").evaluate(CHECKSUM)

    def wait_for_text(self, part: str, text: str, number: int = 0, seconds: float = 60) -> None:
        """Wait until a `.rlnotes-PART` of a panel contains the text."""
        place = self.panel(number).locator(f".rlnotes-{part}", has_text=text).first
        place.wait_for(state="attached", timeout=1000 * seconds)

    def wait_until_answered(self, number: int = 0) -> None:
        """Wait until the picture stays as it is."""
        last = None
        while last != (last := self.checksum(number)):
            self.page.wait_for_timeout(200)


def write(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a notebook file."""
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
