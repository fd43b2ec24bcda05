"""An explorer for the pages: its frames, its picture, its values."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rlnotes.site.kept import Job, Result, result_of

LARGEST = 500_000  # bytes of the frames of one explorer
PART = 120_000  # characters in a file of frames, so that a page can tell how far it is
FRAMES, PICTURE = "frames", "picture.png"


class Live(NamedTuple):
    """What a page must know of an explorer.

    Attributes:
        name: in the catalogue.
        files: addresses of its frames.
        values: of each control, those in the page.
        defaults: of each control.
    """

    name: str
    files: list[str]
    values: dict[str, list]
    defaults: dict[str, object]

    def at(self, setting: Mapping, *, up: str = "") -> dict:
        """For `figure_of`; `up` leads from the folder of the page to the site."""
        start = {**self.defaults, **setting}
        return {
            "name": self.name,
            "files": [up + address for address in self.files],
            "setting": [values.index(start[name]) for name, values in self.values.items()],
        }


class Made(NamedTuple):
    """What the pages need of an explorer.

    Attributes:
        name: in the catalogue.
        title, text: of its default setting.
        values: of each control, those in the page.
        defaults: of each control.
        packed: the file of its frames.
        picture: PNG of its default setting.
    """

    name: str
    title: str
    text: str
    values: dict[str, list]
    defaults: dict[str, object]
    packed: bytes
    picture: bytes

    @property
    def frame_files(self) -> dict[str, bytes]:
        """The frames as scripts, which a page may load from a disk, too."""
        digest = hashlib.sha256(self.packed).hexdigest()[:8]  # no browser keeps an old one
        text = base64.b64encode(self.packed).decode("ascii")
        parts = (text[start : start + PART] for start in range(0, len(text), PART))
        return {
            f"frames/{self.name}-{digest}-{number}.js": (
                f'rlnotesFrames("{self.name}",{number},"{part}");\n'.encode()
            )
            for number, part in enumerate(parts)
        }

    @property
    def live(self) -> Live:
        """What a page must know of it."""
        return Live(self.name, list(self.frame_files), self.values, self.defaults)


def job_of(name: str, wanted: Iterable[Mapping]) -> Job:
    """How to make an explorer whose page must have the wanted settings."""
    settings = [dict(setting) for setting in wanted]
    return Job(name, {"wanted": settings}, partial(recorded_explorer, name, settings))


def made_of(kept: Path, name: str) -> Made:
    """An explorer that is kept."""
    told, files = result_of(kept, name)
    return Made(name, **told, packed=files[FRAMES], picture=files[PICTURE])


def recorded_explorer(name: str, wanted: list[dict]) -> Result:
    """An explorer at all settings of its page.

    Raises:
        ValueError: if its frames take more bytes than a page may load.
    """
    import torch

    torch.set_num_threads(1)
    from rlnotes.explorers import explorer_class
    from rlnotes.site import frame_file, grids, pictures, recorded

    explorer = explorer_class(name)()
    values = grids.page_values(explorer, wanted=wanted)
    packed = frame_file.pack(recorded.record(explorer, values))
    if len(packed) > LARGEST:
        counts = ", ".join(f"{key} {len(some)}" for key, some in values.items())
        raise ValueError(
            f"frames of {name} must take at most {LARGEST} bytes, got {len(packed)}:"
            f" name fewer values in its in_page ({counts})"
        )
    explorer.set(**explorer.defaults)
    told = {
        "title": explorer.title,
        "text": explorer.description,
        "values": values,
        "defaults": explorer.defaults,
    }
    picture = pictures.with_fewer_colours(explorer.png())
    return Result(told, {FRAMES: packed, PICTURE: picture})
