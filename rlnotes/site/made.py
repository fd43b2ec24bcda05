"""Explorers for the pages, each made in a process of its own and kept until it changes.

What an explorer rests on is what its process loaded: modules of this package and its
data files. They are noted beside the result, with their digests.
"""

import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import rlnotes

PACKAGE = Path(rlnotes.__file__).parent
MARK = ".rlnotes-site"  # in a folder of results
LARGEST = 500_000  # bytes of the frames of one explorer
LIBRARIES = ("matplotlib", "numpy", "torch")
NO_DATA = (".py", ".pyc", ".js", ".css")  # code is looked up otherwise; frames need no style
# Loaded once, before the processes are made; nothing of this package may be among them.
AHEAD = ("ipywidgets", "matplotlib.backends.backend_agg", "numpy", "PIL.Image", "torch")


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


def make_all(
    wanted: Mapping[str, Iterable[Mapping]], kept: Path, *, processes: int | None = None
) -> tuple[dict[str, Made], list[str]]:
    """Make those explorers that are not kept, or rest on what has changed.

    Args:
        wanted: name of the explorer -> settings that its page must have.
        kept: folder of the results, one pair of files for each explorer.
        processes: how many at once; by default one for each core.

    Returns:
        The explorers by name, and the names of those that were made now.

    Raises:
        ValueError: if the folder holds anything and was not made here.
    """
    tasks = {name: [dict(setting) for setting in settings] for name, settings in wanted.items()}
    stale = [name for name in tasks if not is_fresh(kept, name, tasks[name])]
    if stale:
        _require_own(kept)
        kept.mkdir(parents=True, exist_ok=True)
        (kept / MARK).touch()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(AHEAD))
        number = processes or os.cpu_count()
        with ProcessPoolExecutor(number, context, max_tasks_per_child=1) as pool:
            for job in [pool.submit(make, name, tasks[name], kept) for name in stale]:
                job.result()
    return {name: load(kept, name) for name in tasks}, stale


def _require_own(kept: Path) -> None:
    if kept.exists() and not (kept / MARK).is_file():
        others = sorted(path.name for path in kept.iterdir()) if kept.is_dir() else ["no folder"]
        if others:
            raise ValueError(f"kept must be new, empty, or made by this, got {kept} ({others[0]})")


def make(name: str, wanted: list[dict], kept: Path) -> None:
    """Record one explorer, and keep the result with what it rests on.

    Raises:
        ValueError: if its frames take more bytes than a page may load.
    """
    opened: set[str] = set()
    sys.addaudithook(lambda event, details: _note(opened, event, details))
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
    picture = pictures.with_fewer_colours(explorer.png())
    rests_on = {path: _digest(PACKAGE / path) for path in sorted(_loaded() | _data(opened))}
    told = {
        "wanted": wanted,
        "libraries": _libraries(),
        "rests_on": rests_on,
        "title": explorer.title,
        "text": explorer.description,
        "values": values,
        "defaults": explorer.defaults,
    }
    (kept / f"{name}.frames").write_bytes(packed)
    (kept / f"{name}.png").write_bytes(picture)
    told["made"] = {path: _digest(kept / path) for path in (f"{name}.frames", f"{name}.png")}
    # Last: without it nothing counts as kept.
    (kept / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def is_fresh(kept: Path, name: str, wanted: list[dict]) -> bool:
    """Whether what is kept of an explorer is what would be made now."""
    try:
        told = json.loads((kept / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return (
        told["wanted"] == wanted
        and told["libraries"] == _libraries()
        and all(_digest(PACKAGE / path) == digest for path, digest in told["rests_on"].items())
        and all(_digest(kept / path) == digest for path, digest in told["made"].items())
    )


def load(kept: Path, name: str) -> Made:
    """What is kept of an explorer."""
    told = json.loads((kept / f"{name}.json").read_text("utf-8"))
    packed, picture = ((kept / f"{name}.{end}").read_bytes() for end in ("frames", "png"))
    told_of = (told[key] for key in ("title", "text", "values", "defaults"))
    return Made(name, *told_of, packed, picture)


def _note(opened: set[str], event: str, details: tuple) -> None:
    if event == "open" and isinstance(details[0], str):
        opened.add(details[0])


def _loaded() -> set[str]:
    """Modules of the package that this process has loaded, as paths below it."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {str(Path(f).relative_to(PACKAGE)) for f in files if f and PACKAGE in Path(f).parents}


def _data(opened: set[str]) -> set[str]:
    paths = (Path(name) for name in opened)
    return {
        str(path.relative_to(PACKAGE))
        for path in paths
        if PACKAGE in path.parents and path.suffix not in NO_DATA and path.is_file()
    }


def _libraries() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


def _digest(path: Path) -> str:
    """Of a file; empty if it is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
