"""Files that a script leaves behind: whole, or not at all."""

import csv
import io
import os
import re
import shutil
import tempfile
import unicodedata
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # most scripts draw nothing and should start without Matplotlib
    from matplotlib.figure import Figure

_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")


def require_writable(folder: Path) -> None:
    """Find out before the work whether a folder can be made or written; makes nothing.

    Raises:
        OSError: if not, with the reason.
    """
    nearest = folder.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir():
        raise NotADirectoryError(20, f"{nearest} is no folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(13, f"no permission to write in {nearest}")


def require_replaceable(path: Path, first_line: str) -> None:
    """Find out before the work whether a recording can be written to a path.

    Args:
        path: of the file.
        first_line: of all files that the command makes.

    Raises:
        ValueError: if something is there that the command did not make.
        OSError: if its folder is missing or cannot be written.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(2, f"{path.parent} is no folder")
    require_writable(path.parent)
    if os.path.lexists(path) and not begins_with(path, first_line):
        raise ValueError(f"{path} was not made by this command: move it away")


def begins_with(path: Path, first_line: str) -> bool:
    """Whether a path is a file, and no link, with this first line."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline().strip() == first_line.strip().encode()


def folder_name(text: str) -> Path:
    """The folder that an option names; for argparse.

    Raises:
        ArgumentTypeError: if the text is empty, which `Path` would take for ".".
    """
    if not text.strip():
        raise ArgumentTypeError(f"must name a folder, got {text!r}")
    return Path(text)


def write_new(content: bytes, path: Path) -> None:
    """Write a file that must not exist, down to the disk.

    Raises:
        OSError: if it exists or cannot be written; what was written stays.
    """
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(content: bytes, path: Path) -> None:
    """Write a file in one step: whenever it is broken off, one of the two is there.

    It is written in a new hidden folder beside its place, so no file is in its way.

    Raises:
        OSError: if it cannot be written; the old one stays.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as beside:
        waiting = Path(beside) / path.name
        write_new(content, waiting)
        if path.exists():
            shutil.copymode(path, waiting)
        waiting.replace(path)


def as_csv(rows: list[dict]) -> bytes:
    """A table with the first row's keys as its head; None is an empty cell."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def as_texts(rows: list[dict]) -> list[dict]:
    """A table whose texts from elsewhere stay texts when a spreadsheet opens it.

    A text that begins with = + - or @, a tab or a new line would be taken for a
    formula: it gets an apostrophe before it. Numbers stay as they are.

    Example:
        >>> as_texts([{"vendor": "=1+1", "total": "-9.60"}])
        [{'vendor': "'=1+1", 'total': '-9.60'}]
    """
    return [{key: _as_text(value) for key, value in row.items()} for row in rows]


def _as_text(value: object) -> object:
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    first = unicodedata.normalize("NFKC", value[:1])  # wide forms count in some countries
    return f"'{value}" if first in tuple("=+-@\t\r\n") else value


def as_png(figure: "Figure") -> bytes:
    """A picture that is the same bytes each time."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
