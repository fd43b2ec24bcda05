"""Panels on a bare page, without JupyterLab: the real module, fed by a test."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser

import rlnotes.explorers

_FOLDER = Path(rlnotes.explorers.__file__).parent
_BYTES = ("background", "sheet", "frame")

# Stands in for the model that JupyterLab hands to an anywidget.
_OPEN = """async ([source, first]) => {
    const address = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
    const {default: panel} = await import(address);
    const decode = text => new DataView(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
    const values = {}, listeners = new Set();
    const take = changes => {
        for (const [name, {bytes, value}] of Object.entries(changes))
            values[name] = bytes === undefined ? value : decode(bytes);
    };
    take(first);
    const model = {
        get: name => values[name],
        on: (event, callback) => listeners.add(callback),
        off: (event, callback) => listeners.delete(callback),
        send: () => {},
    };
    document.querySelector('main').replaceChildren();
    window.closePanel?.();
    window.closePanel = panel.render({model, el: document.querySelector('main')});
    const canvas = document.querySelector('canvas');
    const nextFrame = () => new Promise(requestAnimationFrame);
    window.show = async changes => {
        take(changes);
        for (const callback of listeners) callback();
        await nextFrame();
        await nextFrame();
        return canvas.toDataURL();
    };
}"""


class BarePage:
    """A page that shows one panel at a time.

    Args:
        browser: opens the page.
        ratio: device pixels per pixel of the page.
        width: of the page, in its pixels.
    """

    def __init__(self, browser: Browser, *, ratio: float = 1, width: int = 1600):
        viewport = {"width": width, "height": 900}
        self.page = browser.new_page(viewport=viewport, device_scale_factor=ratio)
        style = (_FOLDER / "panel.css").read_text()
        self.page.set_content(f"<!doctype html><style>{style}</style><main></main>")
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._source = (_FOLDER / "panel.js").read_text()
        self._sent: dict[str, object] = {}

    def open(self, traits: dict) -> None:
        """Show a panel with these traits in place of the last one."""
        self._sent = {}
        self.page.evaluate(_OPEN, [self._source, self._changes(traits)])

    def picture(self, traits: dict) -> np.ndarray:
        """What the canvas shows for these traits [height, width, 3]."""
        address = self.page.evaluate("changes => show(changes)", self._changes(traits))
        png = base64.b64decode(address.partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

    def _changes(self, traits: dict) -> dict:
        # Like a comm: only what has changed.
        changed = {
            name: value
            for name, value in traits.items()
            if name not in self._sent or self._sent[name] != value
        }
        self._sent |= changed
        return {name: _packed(name, value) for name, value in changed.items()}


def traits_of(explorer) -> dict:
    """What the panel of an explorer has now."""
    panel = explorer.panel
    names = ("title", "size", "controls", "state", *_BYTES)
    return {name: getattr(panel, name) for name in names}


def _packed(name: str, value) -> dict:
    if name in _BYTES:
        return {"bytes": base64.b64encode(value).decode("ascii")}
    return {"value": value}
