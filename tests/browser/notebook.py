"""A notebook in JupyterLab: open it, run it, and hear what goes wrong in it."""

from dataclasses import dataclass, field

from playwright.sync_api import Page

RUN_SECONDS = 300

# Listens to the kernel: an error in the callback of a control is no output of a cell.
LISTEN = """() => {
    window.kernelErrors = [];
    const session = window.jupyterapp.shell.currentWidget.context.sessionContext;
    session.iopubMessage.connect((_, message) => {
        const content = message.content;
        if (message.header.msg_type === 'error')
            window.kernelErrors.push(`${content.ename}: ${content.evalue}`);
        // JupyterLab may greet the kernel before ipywidgets is loaded there ("No such
        // comm"): only tracebacks and warnings of Python are ours.
        if (content.name === 'stderr' && /Traceback|Warning:/.test(content.text))
            window.kernelErrors.push(content.text);
    });
}"""
READY = """() => {
    const context = window.jupyterapp?.shell.currentWidget?.context;
    return context?.isReady && context.sessionContext.session?.kernel?.status === 'idle';
}"""
# All cells on the page, seen or not. JupyterLab attaches them when idle, and stops
# where it is when the mode changes: so the mode waits until the last one is there.
SHOW_ALL = """async () => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const all = () => notebook.widgets.every(cell => cell.node.isConnected);
    for (const end = Date.now() + 60000; !all() && Date.now() < end;)
        await new Promise(resolve => setTimeout(resolve, 50));
    if (!all()) throw new Error('JupyterLab did not attach all cells');
    notebook.notebookConfig = {...notebook.notebookConfig, windowingMode: 'none'};
}"""
RUN = """() => {
    window.hasRun = false;
    window.jupyterapp.commands.execute('notebook:run-all-cells')
        .finally(() => { window.hasRun = true; });
}"""
# Each explorer among the outputs has its panel, and the panel its picture.
SHOWN = """() => {
    if (!window.hasRun) return false;
    const outputs = window.jupyterapp.shell.currentWidget.content.widgets
        .flatMap(cell => cell.model.outputs?.toJSON() ?? []);
    const explorers = outputs.filter(output => output.data?.['image/png']
        && output.data['application/vnd.jupyter.widget-view+json']);
    const panels = [...document.querySelectorAll('.rlnotes-panel')];
    return panels.length === explorers.length && panels.every(p => p.dataset.idle === 'true');
}"""
SHUT_DOWN = """async () => {
    await window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown();
}"""


@dataclass
class Report:
    """What a visit to a chapter found."""

    failures: list[str] = field(default_factory=list)
    panels: int = 0
    controls: int = 0


def begin(page: Page, url: str) -> Report:
    """Open a notebook and start all its cells; the report hears what goes wrong."""
    report = Report()
    page.on(
        "console",
        lambda m: report.failures.append(f"console: {m.text}") if m.type == "error" else None,
    )
    page.on("pageerror", lambda error: report.failures.append(f"page: {error}"))
    page.goto(url)
    page.wait_for_function(READY, timeout=60_000)
    page.evaluate(SHOW_ALL)
    page.evaluate(LISTEN)
    page.evaluate(RUN)
    return report


def finish(page: Page) -> None:
    """Wait until all cells have run and every explorer shows its picture."""
    page.wait_for_function(SHOWN, timeout=RUN_SECONDS * 1000)


def kernel_errors(page: Page) -> list[str]:
    """What the kernel has complained about since the notebook was opened."""
    return [f"kernel: {text}" for text in page.evaluate("() => window.kernelErrors")]
