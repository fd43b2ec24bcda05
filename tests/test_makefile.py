"""What make would do: it removes nobody's work, and notices that the folder moved."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def make(folder, *arguments) -> str:
    own = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=own,  # without the options of the make that runs the tests
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture
def clone(tmp_path):
    """A clone as installed: the Makefile, and the mark that it has been."""
    folder = tmp_path / "a clone"
    (folder / ".venv").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv" / ".ready").write_text(f"{folder}\n")
    return folder


def test_clean_removes_the_environments_only(clone):
    for name in (".venv-bridge", ".venv-peers", ".venv-newest"):
        (clone / name).mkdir()
    for name in ("work/01_a.ipynb", "handout/01_a.ipynb", "handout.unfinished-x/old/01_a.ipynb"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("mine")
    make(clone, "clean")
    left = sorted(path.name for path in clone.iterdir())
    assert left == [
        "Makefile",
        "constraints.txt",
        "handout",
        "handout.unfinished-x",
        "pyproject.toml",
        "work",
    ]
    assert (clone / "handout" / "01_a.ipynb").read_text() == "mine"


@pytest.mark.parametrize("target", ["lab", "handout"])
def test_a_moved_clone_is_installed_again_and_one_that_stays_is_not(clone, target):
    assert "pip" not in make(clone, "-n", target)
    moved = clone.rename(clone.parent / "moved")
    assert "pip install" in make(moved, "-n", target)
    copied = shutil.copytree(moved, clone)
    assert "pip" not in make(copied, "-n", target)


def test_a_mark_of_an_earlier_release_holds_no_path_and_is_trusted(clone):
    (clone / ".venv" / ".ready").write_text("")
    assert "pip" not in make(clone, "-n", "lab")


def test_the_newest_versions_are_asked_for_without_our_pins_but_for_torch(clone):
    commands = make(clone, "-n", "newest")
    (torch,) = re.findall(r"^torch==.*", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    one_line = commands.replace("\\\n", "")  # a command may go on in the next line
    (install,) = re.findall(r"pip install.*", one_line)
    assert install.split()[-1] == torch
    assert "constraints.txt" not in install
    assert "-m pytest" in one_line


def test_the_mark_is_written_with_the_path(clone):
    (clone / ".venv" / ".ready").unlink()
    lines = make(clone, "-n", "lab").splitlines()
    assert "pwd -P >.venv/.ready" in lines
    assert lines.index("pwd -P >.venv/.ready") == len(lines) - 2
