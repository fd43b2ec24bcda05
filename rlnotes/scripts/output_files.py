"""Files that a script leaves behind: all of them or none."""

import csv
import io
import os
import tempfile
from argparse import ArgumentTypeError
from pathlib import Path

from matplotlib.figure import Figure


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


def folder_name(text: str) -> Path:
    """The folder that an option names; for argparse.

    Raises:
        ArgumentTypeError: if the text is empty, which `Path` would take for ".".
    """
    if not text.strip():
        raise ArgumentTypeError(f"must name a folder, got {text!r}")
    return Path(text)


def write_all(contents: dict[str, bytes], folder: Path) -> list[Path]:
    """Write all files, or none: first beside their places, then moved.

    Raises:
        OSError: if the folder cannot be made or written, or a folder has the name of
            a file.
    """
    for name in contents:
        if (folder / name).is_dir():
            raise IsADirectoryError(21, f"{folder / name} is a folder", str(folder / name))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as waiting:
        for name, content in contents.items():
            (Path(waiting) / name).write_bytes(content)
        return [(Path(waiting) / name).replace(folder / name) for name in contents]


def as_csv(rows: list[dict]) -> bytes:
    """A table with the first row's keys as its head; None is an empty cell."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def as_png(figure: Figure) -> bytes:
    """A picture that is the same bytes each time."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
