"""The start of JupyterLab: what it does to the copy, and when it refuses."""

import json
import os
import shutil
import signal
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from rlnotes.scripts import lab, save_hook
from rlnotes.scripts.checkout import ROOT


def make_clone(root):
    """A clone with one chapter, and of the package no more than the command needs."""
    shutil.copytree(ROOT / "rlnotes" / "scripts", root / "rlnotes" / "scripts")
    shutil.copy(ROOT / "rlnotes" / "__init__.py", root / "rlnotes")
    (root / "notebooks").mkdir()
    notebook = new_notebook(cells=[new_code_cell("one")])
    nbformat.write(notebook, root / "notebooks" / "00_start_here.ipynb")
    return root


def run(clone, installed_in, **variables):
    """`lab --copy-only` in a clone; kernels find the package in another folder."""
    command = [sys.executable, "-m", "rlnotes.scripts.lab", "--copy-only"]
    environment = {**os.environ, "PYTHONPATH": str(installed_in), **variables}
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)


def test_the_copy_is_made_and_then_left_as_it_is(tmp_path):
    clone = make_clone(tmp_path / "a clone")
    done = run(clone, installed_in=clone)
    assert (done.returncode, done.stdout) == (0, "00_start_here.ipynb: copied\n")
    assert (clone / "work" / "00_start_here.ipynb").is_file()
    (clone / "work" / "00_start_here.ipynb").write_text("mine")
    done = run(clone, installed_in=clone)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (clone / "work" / "00_start_here.ipynb").read_text() == "mine"


@pytest.mark.parametrize("with_work", [False, True])
def test_a_moved_clone_is_noticed_and_nothing_is_made(tmp_path, with_work):
    # The second clone stands where the first was installed.
    moved, second = make_clone(tmp_path / "moved"), make_clone(tmp_path / "second")
    if with_work:
        (moved / "work").mkdir()
    done = run(moved, installed_in=second)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"notebooks would import {second / 'rlnotes' / '__init__.py'}, not the one in {moved}: "
        f'run "{sys.executable}" -m pip install -e "{moved}"\n'
    )
    assert (moved / "work").exists() == with_work
    assert not with_work or not list((moved / "work").iterdir())


def test_nothing_is_made_where_no_explorer_would_work(tmp_path):
    clone, page = make_clone(tmp_path / "clone"), tmp_path / "labconfig" / "page_config.json"
    page.parent.mkdir()
    page.write_text(json.dumps({"disabledExtensions": {"anywidget": True}}))
    done = run(clone, installed_in=clone, JUPYTER_CONFIG_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "no explorer would work, since JupyterLab's extension anywidget is switched off: "
        f'run "{sys.executable}" -m jupyter labextension enable --level=user "anywidget"\n'
    )
    assert not (clone / "work").exists()


def test_the_readers_own_page_configuration_is_looked_at_too(tmp_path, capsys, monkeypatch):
    clone = make_clone(tmp_path / "clone")
    monkeypatch.setattr(lab, "require_kernels_import", lambda *_, **__: None)
    assert lab.prepare(clone) == 0
    page = clone / "work" / ".jupyter" / "labconfig" / "page_config.json"
    page.write_text(json.dumps({"disabledExtensions": {"anywidget": True}}))
    capsys.readouterr()
    assert lab.prepare(clone) == 2
    assert capsys.readouterr().err.endswith(f"in {page}\n")


def test_a_python_without_any_package_is_told_what_to_install(tmp_path):
    clone = make_clone(tmp_path / "clone")
    code = "from pathlib import Path; from rlnotes.scripts import lab; lab.prepare(Path())"
    bare = [sys.executable, "-S", "-c", code]  # -S: no folder of packages
    done = subprocess.run(bare, cwd=clone, capture_output=True, text=True)
    assert done.stderr.startswith("notebooks ")
    assert done.stderr.count("\n") == 1


def test_a_work_folder_that_is_a_file_is_told_in_one_line(tmp_path, capsys, monkeypatch):
    clone = make_clone(tmp_path / "clone")
    monkeypatch.setattr(lab, "require_kernels_import", lambda *_, **__: None)
    (clone / "work").write_text("mine")
    assert lab.prepare(clone) == 1
    assert capsys.readouterr().err.startswith(f"cannot update {clone / 'work'}: ")
    assert (clone / "work").read_text() == "mine"


def test_the_readers_configuration_is_kept(tmp_path):
    page = tmp_path / "labconfig" / "page_config.json"
    server = tmp_path / "jupyter_server_config.d" / "rlnotes.json"
    lab.write_config(tmp_path)
    assert json.loads(page.read_text()) == lab.PAGE_CONFIG
    assert json.loads(server.read_text()) == save_hook.CONFIG
    for path in (page, server):
        path.write_text("mine")
    lab.write_config(tmp_path)
    assert (page.read_text(), server.read_text()) == ("mine", "mine")


SERVER = """
import signal, sys, time
def finish(number, frame):
    time.sleep(1)
    print("saved")
    sys.exit(7)
signal.signal(signal.SIGINT, finish)
signal.signal(signal.SIGTERM, finish)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_gets_the_signal_and_the_time_to_save(number):
    code = "import os, sys; from rlnotes.scripts import lab; "
    code += f"sys.exit(lab.become([sys.executable, '-c', {SERVER!r}], dict(os.environ)))"
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "ready\n"
    running.send_signal(number)
    output, _ = running.communicate(timeout=30)
    assert output == "saved\n"
    assert running.returncode == 7
