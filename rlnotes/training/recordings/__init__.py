"""Recorded runs: small tables that explorers and chapters draw.

Each CSV file beside this module begins with a comment line that names the command
that made it; each NPZ file, of arrays, holds it under `made_by`. `load` reads the one,
`load_arrays` the other; `rlnotes.scripts.record` writes them.
"""

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent


def load(name: str) -> list[dict[str, str | float]]:
    """The rows of a recording, numbers as float.

    Args:
        name: file name without the ending.

    Raises:
        ValueError: if there is no such recording.
    """
    path = _path(name, "csv")
    with path.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return [
            {key: _number(value) for key, value in row.items()} for row in csv.DictReader(lines)
        ]


def load_arrays(name: str) -> dict[str, np.ndarray | str]:
    """The arrays of a recording by name; texts, such as `made_by`, as str.

    Args:
        name: file name without the ending.

    Raises:
        ValueError: if there is no such recording.
    """
    with np.load(_path(name, "npz"), allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    return {
        key: array.item() if array.dtype.kind == "U" and not array.ndim else array
        for key, array in arrays.items()
    }


def _path(name: str, ending: str) -> Path:
    path = FOLDER / f"{name}.{ending}"
    if not path.is_file():
        known = sorted(file.stem for file in FOLDER.glob(f"*.{ending}"))
        raise ValueError(f"name must be one of {known}, got {name!r}")
    return path


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
