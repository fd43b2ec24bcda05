"""The notebooks that pupils have handed in, read and not yet run."""

import json
import os
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

LARGEST = 20_000_000  # bytes of a notebook; the chapters have less than two million


class NoNotebook(Exception):
    """A file that is no notebook by its name."""


class Unusable(Exception):
    """A file that cannot be graded; the message says why."""


@dataclass(frozen=True)
class RawCell:
    """What a notebook says about one cell."""

    kind: str
    source: str
    tags: frozenset[str]
    id: str = ""


@dataclass(frozen=True)
class Submission:
    """One file: whose it is, and its path below the folder."""

    path: Path
    pupil: str
    notebook: str


def submissions(folder: Path) -> list[Submission]:
    """All files below a folder, notebooks or not, in the order of their paths.

    Hidden files and folders are left out: JupyterLab keeps its checkpoints there.

    Args:
        folder: the folder; links to folders in it are not followed.

    Returns:
        A submission for each. The pupil is the path of the folder that holds the file,
        or the name of a file that lies flat, without its ending unless a folder or
        another flat notebook has that name.
    """
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in [*folders, *files] if _is_candidate(place, name)]
    inside = [path.relative_to(folder) for path in found]
    flat = Counter(path.stem for path in inside if len(path.parts) == 1 and is_notebook(path))
    taken = {path.parent.as_posix() for path in inside} | {s for s, n in flat.items() if n > 1}
    ordered = sorted(inside, key=lambda path: path.parts)
    return [Submission(folder / path, _pupil(path, taken), printable(path)) for path in ordered]


def is_notebook(path: Path) -> bool:
    """Whether a file is a notebook by its name; a link to a folder may hide some."""
    return path.suffix.lower() == ".ipynb" or path.is_dir()


def _is_candidate(place: str, name: str) -> bool:
    """Whether it was handed in: a file that is not hidden, or a link to a folder."""
    path = Path(place, name)
    if path.is_symlink() and path.is_dir():
        return True
    return not name.startswith(".") and not path.is_dir()


def _pupil(path: Path, taken: set[str]) -> str:
    if len(path.parts) > 1:
        return printable(path.parent)
    return printable(path.name if path.stem in taken else path.stem)


def read_cells(path: Path) -> list[RawCell]:
    """The cells of a notebook, whatever the file may be.

    Raises:
        NoNotebook: if its name does not end in .ipynb, in whatever case.
        Unusable: if it is no regular file, too large, or no notebook.
    """
    if not is_notebook(path):
        raise NoNotebook("its name does not end in .ipynb")
    try:
        kind = os.lstat(path)
        if stat.S_ISLNK(kind.st_mode):
            raise Unusable("a link: not followed")
        if not stat.S_ISREG(kind.st_mode):
            raise Unusable("no regular file")
        if kind.st_size > LARGEST:
            raise Unusable(f"too large: {kind.st_size} bytes, at most {LARGEST} are read")
        content = path.read_bytes()
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror or error}") from error
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unusable("no JSON, so no notebook") from error
    try:
        cells = [_raw_cell(cell) for cell in notebook["cells"]]
    except (TypeError, KeyError, AttributeError) as error:
        raise Unusable("JSON, but no notebook of format 4") from error
    return cells


def _raw_cell(cell: dict) -> RawCell:
    tags = (cell.get("metadata") or {}).get("tags") or []
    source, id_ = "".join(cell["source"]), str(cell.get("id", ""))
    return RawCell(cell["cell_type"], source, frozenset(map(str, tags)), id_)


def printable(text: object) -> str:
    r"""One line without what could move the cursor.

    Example:
        >>> printable("two\n  lines")
        'two lines'
    """
    line = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return " ".join(line.split())
