"""From a key press to new pixels in JupyterLab: the panel against sliders and a PNG."""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, TimeoutError, sync_playwright

from rlnotes.scripts.render_notebooks import METADATA
from tests.browser.lab import Lab
from tests.browser.notebook import READY, SHOW_ALL

NAMES = ("ppo_clip", "gae_bias_variance", "trust_region_step", "maze_values", "moving_target")
EVENTS, MOVES, HERTZ = 20, 120, 60
HEADER = """

The same explorers in JupyterLab in headless Chromium: *panel* is what a reader gets, *PNG*
the same update behind ipywidgets' sliders, with the picture as PNG in an `Image` and the
text as `HTML`. From the key press to the end of the browser frame that shows the new
picture, over {events} presses on each slider; then the first slider dragged with {hertz}
moves a second. Real time, not CPU time: run it on a machine with nothing else to do.

| explorer | panel, p50 / p95 ms | PNG, p50 / p95 ms | panel, pictures/s | PNG, pictures/s |
| --- | --- | --- | --- | --- |
"""
# Two cells for each explorer: the panel, and its peer of plain ipywidgets.
PEER = """
def pictured(explorer):
    sliders = explorer.make_controls()
    image = ipywidgets.Image(value=explorer.png(), format="png")
    text = ipywidgets.HTML(explorer.description)

    def move(change, name):
        explorer.set(**{name: change.new})
        image.value = explorer.png()
        text.value = explorer.description

    for name, slider in sliders.items():
        slider.observe(lambda change, name=name: move(change, name), names="value")
    return ipywidgets.VBox([*sliders.values(), image, text])
"""
# Each change of the picture, timed at the end of the frame that shows it.
WATCH = """cell => {
    const times = window.pictures = [];
    const shown = () => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => times.push(performance.now());
        channel.port2.postMessage(0);
    });
    window.watching?.disconnect();
    const twin = cell.querySelector('.rlnotes-twin');
    const image = cell.querySelector('img.widget-image');
    if (twin) {
        window.watching = new MutationObserver(shown);
        window.watching.observe(twin, {childList: true, characterData: true, subtree: true});
    } else image.onload = shown;
    cell.addEventListener('keydown', event => { window.pressed = event.timeStamp; }, true);
}"""


def section() -> str:
    """The table, as Markdown."""
    rows = _measure()
    lines = [f"| {name} | {' | '.join(cells)} |" for name, *cells in rows]
    return HEADER.format(events=EVENTS, hertz=HERTZ) + "\n".join(lines)


def _measure() -> list[tuple[str, ...]]:
    cells = ["import ipywidgets\nfrom rlnotes.explorers import catalog\n" + PEER]
    for name in NAMES:
        cells += [f"catalog()[{name!r}]()", f"pictured(catalog()[{name!r}]())"]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=METADATA)
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab(Path(folder) / "root") as lab,
        sync_playwright() as playwright,
    ):
        (lab.notebooks / "pixels.ipynb").write_text(nbformat.writes(notebook))
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(lab.url("pixels.ipynb"))
        page.wait_for_function(READY, timeout=60_000)
        page.evaluate(SHOW_ALL)
        page.set_default_timeout(120_000)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(READY)
        page.wait_for_timeout(2000)
        shown = page.locator(".jp-CodeCell").all()[1:]
        both = [
            (_cell(page, a), _cell(page, b)) for a, b in zip(shown[::2], shown[1::2], strict=True)
        ]
        chromium.close()
    return [(name, a[0], b[0], a[1], b[1]) for name, (a, b) in zip(NAMES, both, strict=True)]


def _cell(page: Page, cell: Locator) -> tuple[str, str]:
    """Key press to pixels, and pictures per second in a drag."""
    cell.scroll_into_view_if_needed()
    cell.evaluate(WATCH)
    handles = cell.locator("input[type=range], .noUi-handle").all()
    spent = sorted(ms for handle in handles for ms in _press(page, handle))
    p50, p95 = statistics.median(spent), spent[int(0.95 * len(spent))]
    return f"{p50:.0f} / {p95:.0f}", f"{_drag(page, handles[0]):.0f}"


def _press(page: Page, handle: Locator) -> list[float]:
    handle.focus()
    spent, key = [], "ArrowRight"
    for _ in range(EVENTS):
        page.evaluate("() => { window.pictures.length = 0; }")
        page.keyboard.press(key)
        try:
            page.wait_for_function("() => window.pictures.length", timeout=1000)
        except TimeoutError:  # the end of the range
            key = "ArrowLeft" if key == "ArrowRight" else "ArrowRight"
            continue
        spent.append(page.evaluate("() => window.pictures[0] - window.pressed"))
        page.wait_for_timeout(60)
    return spent


def _drag(page: Page, handle: Locator) -> float:
    box = handle.bounding_box()
    is_range = handle.evaluate("handle => handle.tagName") == "INPUT"
    track = box if is_range else handle.locator("xpath=../..").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("() => { window.pictures.length = 0; }")
    start = time.perf_counter()
    for move in range(MOVES):
        share = abs((move / 30 + 0.5) % 2 - 1)  # to and fro
        page.mouse.move(track["x"] + track["width"] * (0.1 + 0.8 * share), y)
        time.sleep(max(0, start + (move + 1) / HERTZ - time.perf_counter()))
    pictures = page.evaluate("() => window.pictures.length") / (time.perf_counter() - start)
    page.mouse.up()
    page.wait_for_timeout(500)
    return pictures


if __name__ == "__main__":
    print(section())
