"""The panel of an explorer: one widget, drawn in the browser by `panel.js`."""

import weakref
from pathlib import Path

import anywidget
from traitlets import Bytes, Dict, List, Unicode

_HERE = Path(__file__).parent


class Panel(anywidget.AnyWidget):
    """What the browser knows about an explorer.

    Args:
        receive: method of the explorer that takes a request of the browser, a dict of
            `view`, `number` and `changes`. Its object is not kept alive by the panel.
        **state: the synchronised traits below.
    """

    # As text: a path would be watched for changes, on behalf of every panel ever made.
    _esm = (_HERE / "panel.js").read_text(encoding="utf-8")
    _css = (_HERE / "panel.css").read_text(encoding="utf-8")

    title = Unicode().tag(sync=True)
    size = List().tag(sync=True)  # pixels
    controls = List().tag(sync=True)  # as `rlnotes.explorers.controls` specifies them
    background = Bytes().tag(sync=True)  # a frame, and so is `frame`
    sheet = Bytes().tag(sync=True)
    frame = Bytes().tag(sync=True)
    # values of the controls, text twin, line of Python, problem, answered request
    state = Dict().tag(sync=True)

    def __init__(self, receive, **state):
        super().__init__(**state)
        self._receive = weakref.WeakMethod(receive)
        self.on_msg(self._pass_on)
        self._with_explorer = weakref.finalize(receive.__self__, self.close)
        self._with_explorer.atexit = False

    def close(self) -> None:
        """Leave the page with the layout; freed, even if the explorer lives on."""
        if self.comm is not None:
            self._with_explorer.detach()
            self.layout.close()
        super().close()

    def show(self, **state) -> None:
        """Send what has changed, in one message."""
        with self.hold_sync():
            for name, value in state.items():
                setattr(self, name, value)

    def _pass_on(self, _panel, content, _buffers) -> None:
        receive = self._receive()
        if receive is not None:
            receive(content)
