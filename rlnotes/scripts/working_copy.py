"""The reader's working copy of the notebooks: it follows them, and loses no work.

A notebook counts as unchanged if its cells are those of a version that was put there:
their kind, source, attachments, and what one writes about a cell or the notebook, such
as tags, slide types or authors. Outputs, execution counts and other metadata, which a
run or JupyterLab changes, do not count. An unchanged notebook follows the original, and
the outputs of the reader's runs go with the old version. A changed one is never
touched: the new version is put beside it, as NAME.new.ipynb, or as NAME.new2.ipynb and
so on if what has that name is changed too.

The hidden folder .published remembers, as names of empty files, the digests of the
versions put there, and in NAME.last that of the latest one dealt with.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from rlnotes.scripts.output_files import replace_file

# Metadata that people write, and values that JupyterLab writes by itself: a cell that
# is not locked, a slide of no type.
_WRITTEN = ("tags", "slideshow", "editable", "deletable", "name", "title", "authors")
_NOTHING = (None, True, [], {}, {"slide_type": ""})


def update_copy(
    originals: Path, work: Path, others: Mapping[str, bytes] | None = None
) -> list[str]:
    """Bring the working copy up to date; return a line for each notebook that moved.

    Args:
        originals: folder of the notebooks as published.
        work: folder of the reader's copies; made if missing.
        others: name -> content of notebooks that are made for the copy.

    Returns:
        What was done, one sentence each; empty if nothing.

    Raises:
        OSError: if work cannot be written. All that was in it stays.
    """
    published = [(path.name, path.read_bytes()) for path in sorted(originals.glob("*.ipynb"))]
    published += (others or {}).items()
    (work / ".published").mkdir(parents=True, exist_ok=True)
    done = [
        f"{name}: not copied, the original in {originals} is no notebook"
        if _cells(content) is None
        else _update(name, content, work)
        for name, content in published
    ]
    return [sentence for sentence in done if sentence]


def _update(name: str, content: bytes, work: Path) -> str | None:
    """Bring one notebook up to date; say what was done."""
    mine, new, past = work / name, digest(content), _Past(work / ".published", name)
    target = _place(mine, new, past)
    if target is not None:
        past.add(new)  # before it is put there, or it would count as changed
        replace_file(content, target)
    past.set_last(new)
    if target is None:
        return None
    if target == mine:
        return f"{name}: copied"
    return f"{name}: yours is kept, the new version is {target.name}"


def _place(mine: Path, new: str, past: "_Past") -> Path | None:
    """Where to put the new version of a notebook; None if there is no need."""
    if not os.path.lexists(mine):
        return mine
    there = _digest_of(mine)
    if there == new:
        if past.last() is None:  # nothing is known, so a copy from elsewhere counts as ours
            past.add(new)
        return None
    if past.knows(there):
        return mine
    return None if past.last() == new else _place_beside(mine, new, past)


def _place_beside(mine: Path, new: str, past: "_Past") -> Path | None:
    """Where to put a new version beside a changed notebook; None if it lies there."""
    pattern = re.compile(re.escape(mine.stem) + r"\.new\d*\.ipynb")
    beside = sorted(path for path in mine.parent.iterdir() if pattern.fullmatch(path.name))
    there = [_digest_of(path) for path in beside]
    if new in there:
        return None
    unchanged = [path for path, version in zip(beside, there, strict=True) if past.knows(version)]
    names = (mine.with_suffix(f".new{k if k > 1 else ''}.ipynb") for k in count(1))
    return next(iter(unchanged), None) or next(p for p in names if not os.path.lexists(p))


class _Past:
    """The versions of one notebook that were put into the working copy."""

    def __init__(self, folder: Path, name: str):
        self._folder, self._name = folder, name

    def add(self, version: str) -> None:
        (self._folder / f"{self._name}.{version}").touch()

    def knows(self, version: str | None) -> bool:
        return version is not None and (
            version == self._formerly() or (self._folder / f"{self._name}.{version}").exists()
        )

    def last(self) -> str | None:
        try:
            return (self._folder / f"{self._name}.last").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return self._formerly()

    def set_last(self, version: str) -> None:
        if version != self.last():
            replace_file(version.encode(), self._folder / f"{self._name}.last")

    def _formerly(self) -> str | None:
        """The latest version as earlier releases kept it: as a whole notebook."""
        return _digest_of(self._folder / self._name)


def _digest_of(path: Path) -> str | None:
    """Digest of a notebook; None if nothing can be read there."""
    try:
        return digest(path.read_bytes())
    except OSError:
        return None


def digest(content: bytes) -> str:
    """Digest of a notebook's cells, or of all bytes if it is not a notebook."""
    cells = _cells(content)
    return hashlib.sha256(content if cells is None else cells).hexdigest()


def _cells(content: bytes) -> bytes | None:
    """What somebody has written in a notebook; None if it is no notebook."""
    try:
        notebook = json.loads(content)
        cells = [
            (
                cell["cell_type"],
                "".join(cell["source"]),
                cell.get("attachments") or {},
                _written(cell.get("metadata") or {}),
            )
            for cell in notebook["cells"]
        ]
        return json.dumps(
            [cells, _written(notebook.get("metadata") or {})], sort_keys=True
        ).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _written(metadata: dict) -> dict:
    return {name: metadata[name] for name in _WRITTEN if metadata.get(name) not in _NOTHING}
