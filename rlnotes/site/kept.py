"""Results that are kept until what they rest on changes, each made in its own process.

What a result rests on is what its process loaded: modules of this package and its data
files. They are noted beside it, with their digests.
"""

import hashlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import rlnotes

PACKAGE = Path(rlnotes.__file__).parent
MARK = ".rlnotes-site"  # in a folder of results
NOTE = "made.json"  # in the folder of each result, written last: without it nothing counts
LIBRARIES = (
    "ipywidgets",
    "Jinja2",
    "latex2mathml",
    "matplotlib",
    "mistune",
    "nbconvert",
    "nbformat",
    "numpy",
    "pillow",
    "Pygments",
    "torch",
)
NO_DATA = (".py", ".pyc", ".js", ".css")  # modules are looked up; a result has no style
# Loaded once, before the processes are made; nothing of this package may be among them.
AHEAD = (
    "ipywidgets",
    "matplotlib.backends.backend_agg",
    "nbconvert",
    "numpy",
    "PIL.Image",
    "torch",
)

CHANGED = "changed meanwhile"  # in place of a digest
NOTED = {"asked", "libraries", "rests_on", "made", "told"}

_opened: set[str] = set()  # by this process, if it makes a result
_started = time.time_ns()


class Result(NamedTuple):
    """What is kept: a note that JSON can hold, and files by their addresses."""

    told: dict
    files: dict[str, bytes]


class Job(NamedTuple):
    """How to make a result.

    Attributes:
        name: of its folder.
        asked: all that the work depends on beside the package, as JSON can hold it.
        work: makes the result; it can be sent to a process.
    """

    name: str
    asked: dict
    work: Callable[[], Result]


def make_all(jobs: Iterable[Job], kept: Path, *, processes: int | None = None) -> list[str]:
    """Do those jobs whose results are not kept, or rest on what has changed.

    Args:
        jobs: what shall be there.
        kept: folder of the results.
        processes: how many at once; by default one for each core.

    Returns:
        The names of those that were made now.

    Raises:
        ValueError: if the folder holds anything and was not made here. What a job
            raises ends all; results that were ready are kept.
    """
    stale = [job for job in jobs if not is_fresh(kept, job)]
    if stale:
        _require_own(kept)
        kept.mkdir(parents=True, exist_ok=True)
        (kept / MARK).touch()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(AHEAD))
        number = processes or os.cpu_count()
        with ProcessPoolExecutor(number, context, _watch, max_tasks_per_child=1) as pool:
            try:
                for done in as_completed([pool.submit(_make, job, kept) for job in stale]):
                    done.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)  # what is under way ends first
                raise
    return [job.name for job in stale]


def is_fresh(kept: Path, job: Job) -> bool:
    """Whether what is kept is what the job would make now."""
    note = _note_of(kept, job.name)
    return note is not None and (
        note["asked"] == json.loads(json.dumps(job.asked))
        and note["libraries"] == _libraries()
        and all(_digest(PACKAGE / path) == digest for path, digest in note["rests_on"].items())
        and all(_digest(kept / job.name / a) == digest for a, digest in note["made"].items())
    )


def result_of(kept: Path, name: str) -> Result:
    """What is kept under a name."""
    note = _note_of(kept, name)
    return Result(note["told"], {a: (kept / name / a).read_bytes() for a in note["made"]})


def _note_of(kept: Path, name: str) -> dict | None:
    """What was noted of a result; None if there is none, or it is broken."""
    try:
        note = json.loads((kept / name / NOTE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) and set(note) == NOTED else None


def _require_own(kept: Path) -> None:
    if kept.exists() and not (kept / MARK).is_file():
        others = sorted(path.name for path in kept.iterdir()) if kept.is_dir() else ["no folder"]
        if others:
            raise ValueError(f"kept must be new, empty, or made by this, got {kept} ({others[0]})")


def _watch() -> None:
    """Take down which files this process opens, from now on."""
    sys.addaudithook(
        lambda event, details: (
            _opened.add(details[0]) if event == "open" and isinstance(details[0], str) else None
        )
    )


def _make(job: Job, kept: Path) -> None:
    told, files = job.work()
    folder = kept / job.name
    folder.mkdir(exist_ok=True)
    if before := _note_of(kept, job.name):
        for address in (NOTE, *before["made"]):
            (folder / address).unlink(missing_ok=True)
    for address, content in files.items():
        path = folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    note = {
        "asked": job.asked,
        "libraries": _libraries(),
        "rests_on": {path: _digest_as_read(path) for path in sorted(_modules() | _data())},
        "made": {address: _digest(folder / address) for address in files},
        "told": told,
    }
    (folder / NOTE).write_text(json.dumps(note, indent=1) + "\n", "utf-8")


def _modules() -> set[str]:
    """Modules of the package that this process has loaded, as paths below it."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {str(Path(f).relative_to(PACKAGE)) for f in files if f and PACKAGE in Path(f).parents}


def _data() -> set[str]:
    paths = (Path(name) for name in list(_opened))
    return {
        str(path.relative_to(PACKAGE))
        for path in paths
        if PACKAGE in path.parents and path.suffix not in NO_DATA and path.is_file()
    }


def _libraries() -> dict[str, str]:
    return {"Python": sys.version, **{name: version(name) for name in LIBRARIES}}


def _digest_as_read(path: str) -> str:
    """Of a file of the package; none if it may have changed after it was read."""
    if (PACKAGE / path).stat().st_mtime_ns >= _started:
        return CHANGED
    return _digest(PACKAGE / path)


def _digest(path: Path) -> str:
    """Of a file; empty if it is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
