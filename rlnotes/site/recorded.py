"""An explorer at every setting of a page: the pieces of its pictures, its sentences."""

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import ipywidgets
import numpy as np

from rlnotes.explorers.base import Explorer, plain
from rlnotes.explorers.controls import every_value, specification
from rlnotes.plotting.operations import NotRecordableError
from rlnotes.plotting.style import house_style

KEEP = 0xFFFF  # in place of a piece: the one that was shown before
FIXED = "The page keeps this value. The notebook moves it."


class Recorded(NamedTuple):
    """What a page holds of an explorer.

    A frame is `head` and a piece of every slot: one slot for each artist that changes.
    Frame i belongs to the i-th combination of values, the last control's fastest.

    Attributes:
        title, size: of the explorer, and of its picture in pixels.
        controls: what a panel needs to build each of them, and for each of its values
            in the page `plain`, as the text says it, and `code`, as Python does.
        line: the beginning of the line of Python that rebuilds a setting.
        background, sheet: what never changes, and the outlines, as a panel takes them.
        head: the first words of every frame.
        slots: of each artist the distinct pieces.
        pieces: [frames, slots] numbers of the pieces. A setting without a picture keeps
            those shown before, `KEEP`, under a sentence that says so.
        sentences: the distinct ones that say the main numbers.
        said: [frames] numbers of the sentences.
    """

    title: str
    size: tuple[int, int]
    controls: list[dict]
    line: str
    background: bytes
    sheet: bytes
    head: bytes
    slots: list[list[bytes]]
    pieces: np.ndarray
    sentences: list[str]
    said: np.ndarray


@house_style()  # ticks are chosen by the size of their letters
def record(explorer: Explorer, values: Mapping[str, list]) -> Recorded:
    """Set the explorer to every combination of the values, and take down what it shows.

    Raises:
        ValueError: if a picture has something that no frame can hold.
    """
    scene = explorer.scene
    are_notices = [artist is explorer.notice for artist in scene.artists]
    slots: list[dict[bytes, int]] = [{} for _ in scene.artists]
    sentences: dict[str, int] = {}
    pieces, said = [], []
    for combination in product(*values.values()):
        explorer.set(**dict(zip(values, combination, strict=True)))
        try:
            parts = scene.pieces()
        except NotRecordableError as problem:
            name = type(explorer).__name__
            raise ValueError(f"{name} must be recorded for the page, got {problem}") from problem
        has_picture = not explorer.notice.get_visible()
        pieces.append(
            [
                slot.setdefault(part, len(slot)) if has_picture or is_notice else KEEP
                for slot, part, is_notice in zip(slots, parts, are_notices, strict=True)
            ]
        )
        said.append(sentences.setdefault(explorer.main_numbers, len(sentences)))
    return Recorded(
        title=explorer.title,
        size=scene.size,
        controls=[
            page_control(key, control, values[key], explorer.defaults[key])
            for key, control in explorer.controls.items()
        ],
        line=explorer.code.partition("(")[0],
        background=scene.background,
        sheet=scene.sheet,
        head=scene.head,
        slots=[list(slot) for slot in slots],
        pieces=np.array(pieces),
        sentences=list(sentences),
        said=np.array(said),
    )


def page_control(name: str, control: ipywidgets.ValueWidget, values: list, default) -> dict:
    """What a panel needs to build a control that has these values only."""
    spec = specification(name, control)
    place = values.index(default)
    extra = {"plain": [plain(value) for value in values], "code": [repr(value) for value in values]}
    if len(values) == 1:
        extra["fixed"] = FIXED
    if spec["kind"] == "checkbox":
        return {**spec, **extra, "value": default}
    every = every_value(control)
    texts = [spec["texts"][every.index(value)] for value in values]
    ends = {"min": 0, "max": len(values) - 1, "step": 1} if spec["kind"] == "range" else {}
    return {**spec, **ends, **extra, "value": place, "texts": texts}
