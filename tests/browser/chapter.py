"""Open a chapter, run it, move every slider, and list what went wrong."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, TimeoutError

PICTURE_SECONDS = 10
RUN_SECONDS = 300

# Listens to the kernel: an error in a slider's callback appears nowhere on the page.
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
# All cells on the page: the notebook would otherwise keep only the visible ones.
SHOW_ALL = """() => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.notebookConfig = {...notebook.notebookConfig, windowingMode: 'none'};
}"""
# A number that changes with the pixels of the pictures beside a slider.
CHECKSUM = """async handle => {
    const images = handle.closest('.jp-Cell').querySelectorAll('img.widget-image');
    let sum = 0;
    for (const image of images) {
        await image.decode().catch(() => null);
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        if (!canvas.width) continue;
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0);
        for (const value of context.getImageData(0, 0, canvas.width, canvas.height).data)
            sum = (31 * sum + value) | 0;
    }
    return sum;
}"""


@dataclass
class Report:
    """What a visit to a chapter found."""

    failures: list[str] = field(default_factory=list)
    sliders: int = 0
    menus: int = 0


def visit(page: Page, url: str, screenshots: Path, name: str) -> Report:
    """Open a notebook, run all cells, move every control; screenshots on the way.

    Args:
        page: a fresh page.
        url: the notebook's address, token included.
        screenshots: folder for the pictures.
        name: beginning of their file names.

    Returns:
        A `Report`; its `failures` are empty if all went well.
    """
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
    page.set_default_timeout(RUN_SECONDS * 1000)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(READY)
    page.wait_for_timeout(1000)

    _move_sliders(page, report)
    _choose_from_menus(page, report)
    _take_pictures(page, screenshots, name)
    report.failures += [f"kernel: {text}" for text in page.evaluate("() => window.kernelErrors")]
    return report


def _move_sliders(page: Page, report: Report) -> None:
    handles = page.locator(".jp-OutputArea .noUi-handle").all()
    report.sliders = len(handles)
    for number, handle in enumerate(handles):
        label = _label(handle, "slider")
        before = _settled(page, handle)
        value = handle.get_attribute("aria-valuetext"), handle.get_attribute("aria-valuenow")
        handle.focus()
        towards = "ArrowLeft" if _at_its_end(handle) else "ArrowRight"
        for _ in range(3):
            page.keyboard.press(towards)
        _expect_change(page, handle, before, f"{label} by keyboard (was {value})", report)
        if number == 0:
            before = _settled(page, handle)
            _drag(page, handle)
            _expect_change(page, handle, before, f"{label} by mouse", report)


def _choose_from_menus(page: Page, report: Report) -> None:
    menus = page.locator(".jp-OutputArea .widget-dropdown select").all()
    report.menus = len(menus)
    for menu in menus:
        label = _label(menu, "menu")
        before = _settled(page, menu)
        count = menu.evaluate("menu => menu.options.length")
        menu.select_option(index=(menu.evaluate("menu => menu.selectedIndex") + 1) % count)
        _expect_change(page, menu, before, label, report)


def _settled(page: Page, control) -> int:
    """The checksum once pictures that are still on their way have arrived."""
    last, now = None, control.evaluate(CHECKSUM)
    while now != last:
        page.wait_for_timeout(300)
        last, now = now, control.evaluate(CHECKSUM)
    return now


def _expect_change(page: Page, control, before: int, what: str, report: Report) -> None:
    for _ in range(PICTURE_SECONDS * 10):
        if control.evaluate(CHECKSUM) != before:
            return
        page.wait_for_timeout(100)
    report.failures.append(f"unchanged picture: {what}")


def _label(control, kind: str) -> str:
    text = control.evaluate(
        "c => c.closest('.widget-inline-hbox, .widget-dropdown')?.querySelector('label')?.innerText"
    )
    return f"{kind} {text!r}"


def _at_its_end(handle) -> bool:
    now, most = (float(handle.get_attribute(name)) for name in ("aria-valuenow", "aria-valuemax"))
    return now >= most


def _drag(page: Page, handle) -> None:
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    # In small moves, as a hand does, to a third of the track.
    track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]").bounding_box()
    page.mouse.move(track["x"] + track["width"] / 3, y, steps=12)
    page.mouse.up()


def _take_pictures(page: Page, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, figure in enumerate(page.locator("img.widget-image").all(), start=1):
        cell = figure.locator("xpath=ancestor::*[contains(@class, 'jp-Cell')][1]")
        try:
            cell.screenshot(path=folder / f"{name}_{number}.png", timeout=10_000)
        except TimeoutError:
            page.screenshot(path=folder / f"{name}_{number}.png")
