"""A panel on a bare page: a real explorer answers it, when and if the test says so."""

import base64
from pathlib import Path

from playwright.sync_api import Browser

import rlnotes.explorers
from rlnotes.explorers.base import Explorer

_FOLDER = Path(rlnotes.explorers.__file__).parent
_TRAITS = ("title", "size", "controls", "background", "sheet", "frame", "state")

# What JupyterLab hands to an anywidget, with the messages kept for the test.
_PREPARE = """async source => {
    const address = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
    const {default: panel} = await import(address);
    const decode = text => new DataView(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
    const values = {}, listeners = new Set();
    window.sent = [];
    window.take = traits => {
        for (const [name, {bytes, value}] of Object.entries(traits))
            values[name] = bytes === undefined ? value : decode(bytes);
        for (const callback of listeners) callback();
    };
    window.disconnected = false;
    const model = {
        get: name => values[name],
        on: (event, callback) => listeners.add(callback),
        off: (event, callback) => listeners.delete(callback),
        send: request => {
            if (window.disconnected) throw new Error('Cannot send');
            window.sent.push(request);
        },
    };
    window.addView = () => {
        const el = document.createElement('div');
        document.querySelector('main').append(el);
        return panel.render({model, el});
    };
}"""
_INPUT = """(control, value) => {
    if (control.type === 'checkbox') control.checked = value; else control.value = value;
    control.dispatchEvent(new Event('input', {bubbles: true}));
}"""


class LoosePanel:
    """A page with views of one panel, and the explorer behind it.

    Time stands still on the page: `wait` lets it pass.

    Args:
        browser: opens the page.
        explorer: answers.
        views: how many there are of the panel.
        ratio: pixels of the screen for a pixel of the page.
    """

    def __init__(self, browser: Browser, explorer: Explorer, *, views: int = 1, ratio: float = 1):
        self.explorer, self._had = explorer, {}
        viewport = {"width": 1200, "height": 900}
        self.page = browser.new_page(viewport=viewport, device_scale_factor=ratio)
        self.page.clock.install(time=0)
        self.page.set_content(
            f"<!doctype html><style>{(_FOLDER / 'panel.css').read_text()}</style><main></main>"
        )
        self.page.clock.pause_at(1000)
        self.page.evaluate(_PREPARE, (_FOLDER / "panel.js").read_text())
        self.push()
        for _ in range(views):
            self.page.evaluate("() => { addView(); }")
        self.wait(50)

    def wait(self, milliseconds: int) -> None:
        """Let time pass on the page."""
        self.page.clock.run_for(milliseconds)

    def move(self, name: str, value, *, view: int = 0) -> None:
        """Set a control, as a hand does."""
        self.control(name, view).evaluate(_INPUT, value)

    def control(self, name: str, view: int = 0):
        """The input of this name."""
        return self.view(view).locator(f"[name={name}]")

    def view(self, number: int = 0):
        """A view of the panel."""
        return self.page.locator(".rlnotes-panel").nth(number)

    def text(self, part: str, view: int = 0) -> str:
        """The text of all elements of the class rlnotes-PART."""
        return "".join(self.view(view).locator(f".rlnotes-{part}").all_text_contents())

    def picture(self, view: int = 0) -> str:
        """The pixels of the canvas, as text to compare."""
        return self.view(view).locator("canvas").evaluate("canvas => canvas.toDataURL()")

    def sent(self) -> list[dict]:
        """Requests that nobody has taken yet, the oldest first."""
        return self.page.evaluate("() => sent")

    def lose(self, count: int = 1) -> list[dict]:
        """Take the oldest requests without an answer."""
        return self.page.evaluate("count => sent.splice(0, count)", count)

    def answer(self, count: int = 1) -> None:
        """Let the explorer answer the oldest requests."""
        for request in self.lose(count):
            self.deliver(request)

    def deliver(self, request: object) -> None:
        """Let the explorer answer this request."""
        try:
            self.explorer.panel._pass_on(None, request, [])
        finally:
            self.push()

    def push(self, **changed) -> None:
        """Bring the page what has changed in the panel; `changed` goes before it."""
        now = {name: getattr(self.explorer.panel, name) for name in _TRAITS} | changed
        new = {name: now[name] for name in now if self._had.get(name) != now[name]}
        self._had |= new
        self.page.evaluate("traits => take(traits)", {k: _packed(v) for k, v in new.items()})
        self.wait(50)

    def close(self) -> None:
        """Close the page."""
        self.page.close()


def _packed(value) -> dict:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    return {"value": value}
