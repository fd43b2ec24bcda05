"""Drag a slider by mouse in JupyterLab, and keep a picture of each move.

`python -m tests.browser.recording` makes the animation of the README again.
"""

import io
import math
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, ElementHandle, Page

from rlnotes.scripts.output_files import replace_file
from tests.browser.animation import CANVAS, SIZE, as_gif, with_pointer
from tests.browser.chromium import running_browser
from tests.browser.lab import ROOT, Lab
from tests.browser.notebook import READY, SHOW_ALL
from tests.browser.panels import IDLE, PICTURE_SECONDS, THUMB

ANIMATION = ROOT / "docs" / "images" / "reward_kl_drag.gif"
CHAPTER, SLIDER = "07_rlhf.ipynb", "beta"
SOURCES = ["%matplotlib inline\n", "RewardKLPlane()"]  # of the two cells that are run
# There and back around the default, as many steps of the slider to each side.
FRAMES, STEPS = 36, 18
WINDOW = {"width": 1300, "height": 900}  # leaves the canvas the width of CANVAS

_RUN = """async source => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = notebook.widgets.findIndex(cell =>
        cell.model.type === 'code' && cell.model.sharedModel.source.includes(source));
    await window.jupyterapp.commands.execute('notebook:run-cell');
}"""
_RANGE = """input => ({
    value: Number(input.value), least: Number(input.min), most: Number(input.max),
    shown: Number(input.getAttribute('aria-valuetext')),
})"""


class Shot(NamedTuple):
    """A move: picture [height, width, 3], value of the slider, mouse at (x, y)."""

    picture: np.ndarray
    value: float
    mouse: tuple[float, float]
    thumb: float  # x of the middle of the slider's thumb


def record(lab: Lab, browser: Browser) -> list[Shot]:
    """Drag the slider of the chapter there and back."""
    page = browser.new_page(viewport=WINDOW)
    try:
        page.goto(lab.url(CHAPTER))
        page.wait_for_function(READY, timeout=60_000)
        page.evaluate(SHOW_ALL)
        for source in SOURCES:
            page.evaluate(_RUN, source)
        panel = page.wait_for_selector(".rlnotes-panel")
        panel.scroll_into_view_if_needed()
        return _drag(page, panel)
    finally:
        page.close()


def _drag(page: Page, panel: ElementHandle) -> list[Shot]:
    _wait(page, panel)
    slider = panel.query_selector(f"[name={SLIDER}]")
    start, box = slider.evaluate(_RANGE), slider.bounding_box()
    left, track = box["x"] + THUMB / 2, box["width"] - THUMB
    step = track / (start["most"] - start["least"])
    middle, y = left + step * (start["value"] - start["least"]), box["y"] + box["height"] / 2
    clip = _clip(panel.query_selector("canvas").bounding_box())
    page.mouse.move(middle, y)
    page.mouse.down()
    shots = []
    for number in range(FRAMES):
        x = middle - step * STEPS * math.sin(2 * math.pi * number / FRAMES)
        page.mouse.move(x, y)
        _wait(page, panel)
        now = slider.evaluate(_RANGE)
        png = page.screenshot(clip=clip)
        picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
        thumb = left + step * (now["value"] - now["least"]) - clip["x"]
        shots.append(Shot(picture, now["shown"], (x - clip["x"], y - clip["y"]), thumb))
    page.mouse.up()
    return shots


def _wait(page: Page, panel: ElementHandle) -> None:
    page.wait_for_function(IDLE, arg=panel, timeout=1000 * PICTURE_SECONDS)


def _clip(canvas: dict) -> dict:
    """The part of the window that a frame shows."""
    left, top, width, height = CANVAS
    found = round(canvas["width"]), round(canvas["height"])
    if found != (width, height):
        raise ValueError(f"the canvas must be {(width, height)} pixels, got {found}")
    corner = {"x": round(canvas["x"]) - left, "y": round(canvas["y"]) - top}
    return {**corner, "width": SIZE[0], "height": SIZE[1]}


def animation(shots: list[Shot]) -> bytes:
    """The GIF of a drag, with the pointer."""
    pictures = [with_pointer(shot.picture, shot.mouse) for shot in shots]
    return as_gif(pictures, [shot.value for shot in shots])


def main() -> None:
    """Write the animation of the README."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab(Path(folder) / "root") as lab,
        running_browser() as browser,
    ):
        made = animation(record(lab, browser))
    replace_file(made, ANIMATION)
    print(f"{ANIMATION.relative_to(ROOT)}: {len(made) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
