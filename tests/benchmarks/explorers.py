"""An explorer's update: recorded frames against the same pictures as PNG."""

import json
import time

import ipywidgets
import numpy as np

from rlnotes.explorers import catalog

MOVES = 12  # neighbouring values of each control, as in a drag
HEADER = """

An explorer of the catalogue at each move of a slider, without the browser: maths, picture
and message. *Frame* is what the panel sends: what the changing artists draw, recorded.
*PNG* is the picture drawn by Agg over a cached background and compressed at level 1. Each
control walks through {moves} neighbouring values, one way for frames and the other way for
PNG, since what is cached would be a present to the second. Means over the controls, CPU
time on one thread. Bytes are those of the picture and of the text beside it, per move.

| explorer | frame, ms | PNG, ms | frame, bytes | PNG, bytes | dearest control, frame, ms |
| --- | --- | --- | --- | --- | --- |
"""


def section() -> str:
    """One line for each explorer, and the means over all."""
    rows = [(name, *_walk(build)) for name, build in catalog().items()]
    mean = np.mean([numbers for _, *numbers in rows], axis=0)
    lines = [_line(*row) for row in [*rows, ("**mean**", *mean)]]
    ratios = f"PNG over frame, of the means: CPU {mean[1] / mean[0]:.1f}, "
    ratios += f"bytes {mean[3] / mean[2]:.1f}."
    return HEADER.format(moves=MOVES) + "\n".join(lines) + "\n\n" + ratios


def _line(name: str, frame: float, png: float, frame_bytes: float, png_bytes: float, worst: float):
    sizes = f"{frame_bytes:,.0f} | {png_bytes:,.0f}"
    return f"| {name} | {frame:.1f} | {png:.1f} | {sizes} | {worst:.1f} |"


def _walk(build) -> tuple[float, ...]:
    """Frame and PNG in ms, bytes of both, the dearest control's frame in ms."""
    framed, pictured = build(), build()
    framed.panel.show()  # what a page opens with is no part of a move, nor is
    pictured.png()  # the background
    rows = []
    for name, control in framed.controls.items():
        frames = [_frame(framed, name, value) for value in _neighbours(control, 1)]
        pngs = [_png(pictured, name, value) for value in _neighbours(control, -1)]
        rows.append(np.ravel([np.mean(frames, axis=0), np.mean(pngs, axis=0)]))
        framed.set(**framed.defaults)
        pictured.set(**pictured.defaults)
    frame, frame_bytes, png, png_bytes = np.mean(rows, axis=0)
    return frame, png, frame_bytes, png_bytes, max(row[0] for row in rows)


def _frame(explorer, name: str, value) -> tuple[float, int]:
    start = time.process_time()
    explorer.controls[name].value = value
    spent = 1000 * (time.process_time() - start)
    panel = explorer.panel
    return spent, len(panel.frame) + len(json.dumps(panel.state))


def _png(explorer, name: str, value) -> tuple[float, int]:
    start = time.process_time()
    explorer.controls[name].value = value
    png = explorer.png()
    return 1000 * (time.process_time() - start), len(png) + len(explorer.description)


def _neighbours(control, direction: int) -> list:
    """The values that follow the control's own, or come before it, round the ends."""
    if isinstance(control, ipywidgets.Checkbox):
        return [not control.value, control.value] * (MOVES // 2)
    places = direction * np.arange(1, MOVES + 1)
    if hasattr(control, "options"):
        return [control.options[k] for k in (control.index + places) % len(control.options)]
    count = round((control.max - control.min) / control.step) + 1
    steps = (round((control.value - control.min) / control.step) + places) % count
    return [type(control.value)(control.min + k * control.step) for k in steps.tolist()]
