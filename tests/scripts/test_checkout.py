"""The checks of the clone: are there notebooks, and what would they import?"""

import os
import sys

import pytest

from rlnotes.scripts.checkout import notebooks_of, require_kernels_import


def package(folder):
    (folder / "rlnotes").mkdir(parents=True)
    (folder / "rlnotes" / "__init__.py").write_text("")
    return folder


def check(root, cwd, path):
    environment = {**os.environ, "PYTHONPATH": str(path)}
    require_kernels_import(root, python=sys.executable, cwd=cwd, environment=environment)


def test_notebooks_come_in_order_and_none_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"no notebooks in .*: this command needs a clone"):
        notebooks_of(tmp_path)
    (tmp_path / "notebooks").mkdir()
    for name in ("01_b.ipynb", "00_a.ipynb", "notes.txt"):
        (tmp_path / "notebooks" / name).write_text("")
    assert [path.name for path in notebooks_of(tmp_path)] == ["00_a.ipynb", "01_b.ipynb"]


def test_the_package_of_the_clone_may_be_reached_by_a_link(tmp_path):
    root = package(tmp_path / "clone")
    (tmp_path / "link").symlink_to(root)
    check(root, cwd=tmp_path, path=root)
    check(root, cwd=tmp_path, path=tmp_path / "link")


def test_another_package_is_named_with_the_remedy(tmp_path):
    root, other = package(tmp_path / "clone"), package(tmp_path / "other")
    with pytest.raises(ValueError, match=r"would import .*other.* pip install -e .*clone"):
        check(root, cwd=tmp_path, path=other)


def test_a_package_in_the_way_in_the_work_folder_counts(tmp_path):
    root, work = package(tmp_path / "clone"), package(tmp_path / "clone" / "work")
    with pytest.raises(ValueError, match=r"would import .*work"):
        check(root, cwd=work, path=root)


def test_no_package_is_told(tmp_path):
    root, python = package(tmp_path / "clone"), tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')  # nothing installed
    python.chmod(0o755)
    with pytest.raises(ValueError, match=r"notebooks find no rlnotes, not the one in .*clone"):
        require_kernels_import(root, python=str(python), cwd=tmp_path, environment={})
