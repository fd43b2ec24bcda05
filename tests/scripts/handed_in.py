"""Small notebooks as pupils hand them in, for the tests of `grade`."""

import csv
import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

IMPORTS = (
    "%matplotlib inline\nimport numpy as np\nfrom rlnotes.exercises import catalog as exercises"
)
RIGHT = "def advantages_of(q_values, policy):\n    return {body}"
BODY = "q_values - (policy * q_values).sum(axis=1, keepdims=True)"
EMPTY = 'def f(*a):\n    """Return it."""\n    # TODO\n    raise NotImplementedError'


def stub(name: str, code: str, *, tagged: bool = True):
    """A cell as in the chapters: a function, and the call that checks it."""
    function = re.findall(r"^def (\w+)", code, re.M)[-1]
    cell = new_code_cell(f'{code}\n\n\nexercises()["{name}"].check({function})')
    if tagged:
        cell.metadata.tags = ["exercise"]
    return cell


def right(name: str = "advantages"):
    """The exercise `advantages`, solved; or another name with the same code."""
    return stub(name, RIGHT.format(body=BODY))


def hand_in(path: Path, *cells, imports: str = IMPORTS) -> Path:
    """Write a notebook with a cell of imports and these cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [new_markdown_cell("# A chapter"), new_code_cell(imports), *cells]
    path.write_text(nbformat.writes(new_notebook(cells=cells)), encoding="utf-8")
    return path


def table(folder: Path) -> list[dict]:
    """The rows of grades.csv."""
    with (folder / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))
