"""A folder of files that one script writes: all at once, and only over its own.

A name may lead into a folder below it: "pictures/maze.png".

The folder has a hidden list of what was written. A folder that holds anything else, or
a file changed since, is left alone.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from rlnotes.scripts.output_files import require_writable, write_new

LIST = ".rlnotes.json"


def require_replaceable(folder: Path, made_by: str, sources: Path | None = None) -> None:
    """Find out before the work whether a folder may be written; makes nothing.

    Args:
        folder: must be missing, empty, or hold only what the same script wrote.
        made_by: name of the script.
        sources: a folder that the script reads, and in which it must not write.

    Raises:
        ValueError: if the folder may not be written, with the reason.
        OSError: if it cannot be written.
    """
    folder = _real(folder)
    if os.path.lexists(folder) and not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    if folder.is_dir():
        for place, name in ((sources, "sources"), (Path.cwd(), "working directory")):
            if place is not None and _is_at_or_below(place, folder):
                raise ValueError(f"{folder} is or contains the {name}, {place}: name another")
        others = _names(folder, _written(folder, made_by)) - _unchanged(folder, made_by)
        if others:
            example = min(others, key=lambda name: (name.startswith("."), name))
            raise ValueError(
                f"{folder} holds {example}, which was not written by {made_by} or has "
                "changed since: name another folder, or move this one away"
            )
        if os.path.ismount(folder):
            raise ValueError(f"{folder} is a mount point: name a folder in it")
        require_writable(folder)
    if sources is not None and _is_at_or_below(folder, sources):
        raise ValueError(f"{folder} lies in the sources, {sources}: name another")
    require_writable(folder.parent)


def write_all(contents: dict[str, bytes], folder: Path, made_by: str) -> list[Path]:
    """Write a set of files in place of the set that the same script wrote before.

    The new set is written beside the folder, into NAME.unfinished-*/new. Then the old
    folder moves to NAME.unfinished-*/old, and the new one takes its place. Whenever
    this is broken off, one of the sets lies whole in the folder, or both lie whole in
    NAME.unfinished-*.

    Raises:
        ValueError: if the folder may not be written, see `require_replaceable`.
        OSError: if it cannot be written.
    """
    require_replaceable(folder, made_by)
    real = _real(folder)
    real.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{real.name}.unfinished-", dir=real.parent))
    old, new = beside / "old", beside / "new"
    try:
        new.mkdir()
        for name, content in contents.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            write_new(content, new / name)
        write_new(_list(contents, made_by), new / LIST)
        _switch(real, old, new)
    finally:
        if real.exists() or not old.exists():  # else both sets stay where they are
            _clean(old, new, made_by)
    return [folder / name for name in contents]


def check_or_explain(folder: Path, made_by: str, sources: Path | None = None) -> int:
    """`require_replaceable`, with one line where it raises; returns the exit code."""
    return _explained(partial(require_replaceable, folder, made_by, sources), folder)


def write_or_explain(contents: dict[str, bytes], folder: Path, made_by: str) -> int:
    """`write_all`, with one line where it raises; returns the exit code."""
    return _explained(partial(write_all, contents, folder, made_by), folder)


def _explained(action: Callable[[], object], folder: Path) -> int:
    try:
        action()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot write to {folder}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted while writing {folder}", file=sys.stderr)
        return 130
    return 0


def _switch(folder: Path, old: Path, new: Path) -> None:
    try:
        if folder.exists():
            os.rename(folder, old)
        os.rename(new, folder)
    finally:
        if old.exists() and not folder.exists():
            os.rename(old, folder)


def _clean(old: Path, new: Path, made_by: str) -> None:
    """Remove what is left beside the folder, but no file that changed meanwhile."""
    shutil.rmtree(new, ignore_errors=True)
    for name in _unchanged(old, made_by):
        (old / name).unlink()
    with suppress(OSError):  # not empty: somebody wrote into it, so it stays
        if old.exists():
            for folder in sorted(filter(Path.is_dir, old.rglob("*")), reverse=True):
                folder.rmdir()
            old.rmdir()
        old.parent.rmdir()


def _unchanged(folder: Path, made_by: str) -> set[str]:
    """Names of the files that are as the script wrote them, list included."""
    written = _written(folder, made_by)
    found = _names(folder, written) if written else set()
    return {n for n in found if n == LIST or written.get(n, "") == _digest(folder / n)}


def _written(folder: Path, made_by: str) -> dict[str, str]:
    """Names and digests of what the script wrote, by the list; empty without one."""
    try:
        text = (folder / LIST).read_bytes()
        written = json.loads(text)
        if text != _as_json(written) or written["made_by"] != made_by:
            return {}
        return dict(written["sha256"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _names(folder: Path, written: Iterable[str], above: str = "") -> set[str]:
    """What lies in a folder, and below it in those folders that the names lead into."""
    known = {name[len(above) :].partition("/")[0] for name in written if name.startswith(above)}
    found = set()
    for path in folder.iterdir():
        name = f"{above}{path.name}"
        below = set()
        if path.name in known and path.is_dir() and not path.is_symlink():
            below = _names(path, written, f"{name}/")
        found |= below or {name}
    return found


def _list(contents: dict[str, bytes], made_by: str) -> bytes:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return _as_json({"made_by": made_by, "sha256": digests})


def _as_json(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _digest(path: Path) -> str | None:
    """Digest of a file; None for a folder, a link, or nothing."""
    if path.is_symlink() or not path.is_file():
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _is_at_or_below(place: Path, folder: Path) -> bool:
    """Whether a place is the folder or lies in it, by whatever names or links."""
    real = _real(place)
    return any(p.exists() and p.samefile(folder) for p in (real, *real.parents))
