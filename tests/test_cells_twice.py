"""Each cell can run twice in a row: the rule, tried on a notebook that breaks it."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

CONFTEST = Path(__file__).parents[1] / "notebooks" / "conftest.py"


def cell(name: str, source: str, output: str = ""):
    """A code cell; its text output is compared if there is one."""
    made = nbformat.v4.new_code_cell(source, id=name, execution_count=1)
    if output:
        made.metadata["tags"] = ["nbval-check-output"]
        made.outputs = [nbformat.v4.new_output("stream", name="stdout", text=output)]
    return made


def run(folder: Path, *cells) -> str:
    shutil.copy(CONFTEST, folder)
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), folder / "made.ipynb")
    command = ["pytest", "-q", "--color=no", "-rN", "-p", "no:cacheprovider"]
    command += ["--nbval-lax", "--nbval-current-env", "made.ipynb"]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=120
    )
    return done.stdout


def test_what_fails_or_prints_something_else_the_second_time_is_found(tmp_path):
    text = run(
        tmp_path,
        cell("makes", "left, count = [1], 0"),
        cell("uses-up", "left.pop()"),
        cell("counts", "count += 1\nprint(count)", "1\n"),
        cell("may-run-twice", "print(len([1]))", "1\n"),
        cell("fails-at-once", "1 / 0"),
    )
    assert "3 failed, 2 passed" in text
    assert "made.ipynb, cell id uses-up, second run in a row: " in text
    assert "IndexError" in text
    assert "made.ipynb, cell id counts, second run in a row: " in text
    assert "ZeroDivisionError" in text
    assert text.count("second run in a row") == 2
