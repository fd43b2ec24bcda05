"""A page of the site in Chromium, opened from the disk, and what goes wrong there."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser

# The controls take their values all at once, as if by hand.
SET = """places => {
    for (const [name, value] of Object.entries(places)) {
        const input = document.querySelector(`.rlnotes-panel [name="${name}"]`);
        if (input.type === 'checkbox') input.checked = value;
        else if (input.type === 'range') input.value = value;
        else input.selectedIndex = value;
        input.dispatchEvent(new Event('input', {bubbles: true}));
    }
}"""
IDLE = "document.querySelector('.rlnotes-panel')?.dataset.idle === 'true'"
LIVE = """() => [...document.querySelectorAll('figure.explorer')]
    .every(figure => figure.dataset.live === 'true')"""


class OpenPage:
    """One page, its requests and its faults.

    Args:
        browser: opens it.
        path: of the file.
        width: of the window; at a ratio of one pixel of the screen to one of the page.
        script: whether scripts may run.
    """

    def __init__(self, browser: Browser, path: Path, *, width: int = 1500, script: bool = True):
        self.context = browser.new_context(
            viewport={"width": width, "height": 1000}, java_script_enabled=script
        )
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda line: self.faults.append(f"{line.type}: {line.text}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def wait_until_live(self) -> None:
        """Scroll to every explorer, and wait for its frames."""
        for figure in self.page.locator("figure.explorer").all():
            figure.scroll_into_view_if_needed()
        self.page.wait_for_function(LIVE, timeout=60_000)

    def set(self, places: dict) -> None:
        """Give the only explorer of the page these places among its values."""
        self.page.evaluate(SET, places)
        self.page.wait_for_function(IDLE)

    def text(self, part: str) -> str:
        """What a part of the only explorer says."""
        return self.page.locator(f".rlnotes-{part}").first.text_content()

    def picture(self) -> np.ndarray:
        """Pixels of its canvas [height, width, 3]."""
        address = self.page.evaluate("document.querySelector('canvas').toDataURL()")
        png = base64.b64decode(address.partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
