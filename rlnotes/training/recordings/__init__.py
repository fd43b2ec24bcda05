"""Recorded runs: small tables that explorers and chapters draw.

Each CSV file beside this module begins with a comment line that names the command
that made it. `load` reads one; `rlnotes.scripts.record` writes them.
"""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent


def load(name: str) -> list[dict[str, str | float]]:
    """The rows of a recording, numbers as float.

    Args:
        name: file name without the ending.

    Raises:
        ValueError: if there is no such recording.
    """
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        known = sorted(file.stem for file in FOLDER.glob("*.csv"))
        raise ValueError(f"name must be one of {known}, got {name!r}")
    with path.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return [
            {key: _number(value) for key, value in row.items()} for row in csv.DictReader(lines)
        ]


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
