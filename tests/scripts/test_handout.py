"""The copies for students: no answers, no dead links, and nobody's files at risk."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rlnotes.scripts import handout
from rlnotes.scripts.checkout import ROOT, notebooks_of
from rlnotes.scripts.lab import FIRST
from rlnotes.scripts.output_folder import LIST
from tests.scripts.interruptions import at_every_step

SYLLABUS = "week 1: maze\n"


def tagged(cell, *tags):
    cell.metadata.tags = list(tags)
    return cell


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(new_notebook(cells=list(cells))))


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A small clone of two chapters, and the working directory in it."""
    root = tmp_path / "clone"
    for name in ("00_a.ipynb", "01_b.ipynb"):
        stub, answer = tagged(new_code_cell("stub"), "exercise"), tagged(new_code_cell(), "answer")
        write(root / "notebooks" / name, new_markdown_cell(f"# {name}"), stub, answer)
    monkeypatch.chdir(root)
    return root


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def run(clone, *arguments) -> int:
    return handout.main(list(map(str, arguments)), root=clone)


def test_a_handout_has_the_exercises_but_not_the_answers():
    stub, answer, after = (new_code_cell(text) for text in ("stub", "answer", "after"))
    stub.metadata.tags, answer.metadata.tags = ["exercise"], ["answer"]
    for number, cell in enumerate((stub, answer, after), start=1):
        cell.execution_count = number
    copy = handout.without_answers(new_notebook(cells=[stub, answer, after]))
    assert [cell.source for cell in copy.cells] == ["stub", "after"]
    assert [cell.execution_count for cell in copy.cells] == [1, 2]


@pytest.mark.parametrize("path", notebooks_of(ROOT), ids=lambda path: path.stem)
def test_no_chapter_speaks_of_answers_that_its_copy_lacks(path):
    whole = nbformat.read(path, as_version=4)
    stubs = [c for c in whole.cells if "exercise" in c.metadata.get("tags", [])]
    copy = handout.without_answers(nbformat.read(path, as_version=4))
    text = "\n".join(cell.source for cell in copy.cells)
    spoken_of = r"#answer|id=\"answer|(?<!read)(?<![.]of)_answer\b|^## Answers"
    assert not re.search(spoken_of, text, re.M)
    assert not any("answer" in cell.metadata.get("tags", []) for cell in copy.cells)
    kept = [c.source for c in copy.cells if "exercise" in c.metadata.get("tags", [])]
    assert kept == [c.source for c in stubs]
    anchors = set(re.findall(r'<a id="([^"]+)"', text))
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    anchors |= {heading.strip().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_the_copies_are_written_and_written_again(clone, capsys):
    for _ in range(2):
        assert run(clone) == 0
        assert capsys.readouterr().out == (f"2 notebooks without answers in {clone / 'handout'}\n")
    names = sorted(path.name for path in (clone / "handout").iterdir())
    assert names == [LIST, "00_a.ipynb", "01_b.ipynb"]
    copy = nbformat.read(clone / "handout" / "00_a.ipynb", as_version=4)
    assert [cell.source for cell in copy.cells] == ["# 00_a.ipynb", "stub"]


def test_a_handed_out_chapter_runs_in_an_empty_folder(tmp_path):
    # The others depend on no path either: a rule for notebooks sees to that.
    notebook = handout.without_answers(nbformat.read(ROOT / "notebooks" / FIRST, as_version=4))
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, resources=place).execute()
    assert not list(tmp_path.iterdir())


def test_a_chapter_that_is_no_longer_published_goes_with_the_old_set(clone):
    run(clone)
    (clone / "notebooks" / "01_b.ipynb").unlink()
    assert run(clone) == 0
    assert sorted(p.name for p in (clone / "handout").iterdir()) == [LIST, "00_a.ipynb"]


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("notebooks", "is or contains the sources"),
        ("notebooks/new", "lies in the sources"),
        ("course/../notebooks", "is or contains the sources"),
        ("link/notebooks/deep/er", "lies in the sources"),
        (".", "is or contains the sources"),
        ("..", "is or contains the sources"),
        ("link", "is or contains the sources"),
        ("", "must name a folder, got ''"),
        ("course", "holds slides, which was not written by handout"),
        ("course/syllabus.md", "is no folder"),
        ("course/syllabus.md/new", "is no folder"),
    ],
)
def test_a_folder_of_others_is_refused_in_one_line_and_left_as_it_is(
    clone, capsys, folder, message
):
    (clone / "course" / "slides").mkdir(parents=True)
    (clone / "course" / "syllabus.md").write_text(SYLLABUS)
    (clone / "course" / "slides" / "week1.txt").write_text("x")
    (clone / "link").symlink_to(clone)
    before = everything(clone)
    assert run(clone, folder) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert (out, err.count("\n")) == ("", 1)
    assert everything(clone) == before


def test_what_a_teacher_changed_is_not_written_over(clone, capsys):
    run(clone)
    copy = clone / "handout" / "00_a.ipynb"
    copy.write_text(copy.read_text().replace("stub", "the teacher's stub"))
    before = everything(clone)
    assert run(clone) == 2
    assert "holds 00_a.ipynb, which was not written by handout or has" in capsys.readouterr().err
    assert everything(clone) == before


def test_without_notebooks_there_is_no_handout(tmp_path, capsys):
    assert run(tmp_path, tmp_path / "new") == 2
    assert capsys.readouterr().err.startswith(f"no notebooks in {tmp_path / 'notebooks'}: this")
    assert not list(tmp_path.iterdir())


def test_a_damaged_notebook_stops_the_handout_before_it_writes(clone, capsys):
    run(clone)
    before = everything(clone / "handout")
    (clone / "notebooks" / "01_b.ipynb").write_text("{")
    assert run(clone) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert everything(clone / "handout") == before


@pytest.mark.usefixtures("announce_fsync")
def test_broken_off_at_any_step_it_says_so_and_the_old_copies_or_the_new_are_whole(clone, capsys):
    source = clone / "notebooks" / "00_a.ipynb"
    run(clone)
    old = everything(clone / "handout")
    source.write_text(source.read_text().replace("# 00", "# new 00"))
    run(clone, clone / "other")
    new = everything(clone / "other")
    for stop in at_every_step(KeyboardInterrupt()):
        with stop:
            run(clone)
        assert everything(clone / "handout") in (old, new)
        shutil.rmtree(clone / "handout")
        shutil.copytree(clone / "other", clone / "handout")
        for name, content in old.items():
            (clone / "handout" / name).write_bytes(content)
    assert "interrupted while writing" in capsys.readouterr().err


def test_help_says_what_happens_to_the_folder(capsys):
    with pytest.raises(SystemExit):
        handout.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "must be new, empty, or hold nothing but copies that this command wrote" in text


def test_an_installed_wheel_has_nothing_to_hand_out(tmp_path):
    # What pip puts into site-packages: the package without the notebooks beside it.
    site = tmp_path / "site-packages"
    shutil.copytree(ROOT / "rlnotes" / "scripts", site / "rlnotes" / "scripts")
    shutil.copy(ROOT / "rlnotes" / "__init__.py", site / "rlnotes")
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    before = everything(tmp_path)
    for module, arguments in (
        ("handout", [str(tmp_path / "new")]),
        ("lab", ["--copy-only"]),
        ("render_notebooks", []),
    ):
        command = [sys.executable, "-m", f"rlnotes.scripts.{module}", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 2, module
        assert done.stderr.startswith(f"no notebooks in {site / 'notebooks'}: ")
        assert done.stderr.count("\n") == 1
    assert everything(tmp_path) == before
    assert not (site / "work").exists()
