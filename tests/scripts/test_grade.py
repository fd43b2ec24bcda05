"""The command that grades: whose notebook it is, what it writes and what it refuses."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import psutil
import pytest

from rlnotes.scripts import grade, grade_rows
from rlnotes.scripts.grade_folder import LARGEST, submissions
from tests.scripts.handed_in import EMPTY, hand_in, right, stub, table
from tests.scripts.interruptions import at_every_step

LONG = "ü" * 80


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """One pupil with one empty stub: graded without any process."""
    hand_in(tmp_path / "in" / "anna" / "a.ipynb", stub("advantages", EMPTY))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "in"


def run(*arguments) -> int:
    return grade.main(list(map(str, arguments)))


def test_a_pupil_is_a_folder_or_a_file_that_lies_flat_and_none_collide(tmp_path):
    for name in ("b/anna/x.ipynb", "a/anna/x.ipynb", "bob.ipynb", "bob/x.ipynb", "eve.ipynb"):
        hand_in(tmp_path / name)
    hand_in(tmp_path / "eve" / ".ipynb_checkpoints" / "x-checkpoint.ipynb")
    found = [(s.pupil, s.notebook) for s in submissions(tmp_path)]
    assert found == [
        ("a/anna", "a/anna/x.ipynb"),
        ("b/anna", "b/anna/x.ipynb"),
        ("bob", "bob/x.ipynb"),
        ("bob.ipynb", "bob.ipynb"),
        ("eve", "eve.ipynb"),
    ]


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe\x00\x01", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        (b"[]", "JSON, but no notebook"),
        (b"3", "JSON, but no notebook"),
        (b'{"cells": 3}', "JSON, but no notebook"),
        (b'{"cells": [{"cell_type": "code"}]}', "JSON, but no notebook"),
        (b'{"cells": [{"cell_type": "code", "source": [3]}]}', "JSON, but no notebook"),
        (b'{"cells": [{"cell_type": "code", "source": "", "metadata": 3}]}', "JSON, but no"),
        (b"x" * (LARGEST + 1), "too large"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_broken_notebook_is_a_row_and_no_stop(folder, content, hint):
    (folder / "bob").mkdir()
    (folder / "bob" / "a.ipynb").write_bytes(content)
    assert run(folder, "--output", "out") == 0
    rows = [(row["pupil"], row["verdict"]) for row in table(folder.parent / "out")]
    assert rows == [("anna", "not answered"), ("bob", "broken notebook")]
    assert table(folder.parent / "out")[1]["hint"].startswith(hint)


def test_links_and_what_is_no_file_are_rows(folder, tmp_path):
    outside = hand_in(tmp_path / "outside" / "x.ipynb", right())
    (folder / "bob").mkdir()
    (folder / "bob" / "file.ipynb").symlink_to(outside)
    (folder / "bob" / "folder").symlink_to(outside.parent)
    (folder / "bob" / "gone.ipynb").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "bob" / "pipe.ipynb")
    assert run(folder, "--output", "out") == 0
    rows = table(tmp_path / "out")[1:]
    assert [row["notebook"] for row in rows] == [
        "bob/file.ipynb",
        "bob/folder",
        "bob/gone.ipynb",
        "bob/pipe.ipynb",
    ]
    assert {row["verdict"] for row in rows} == {"broken notebook"}
    assert [row["hint"] for row in rows] == ["a link: not followed"] * 3 + ["no regular file"]


def test_the_notebook_of_another_book_has_no_exercises(folder, tmp_path):
    cell = stub("sorting", "def f():\n    return 1")
    hand_in(folder / "anna" / "a.ipynb", cell)
    assert run(folder, "--output", "out") == 0
    assert [row["verdict"] for row in table(tmp_path / "out")] == ["no exercises"]


def test_no_name_becomes_a_formula_and_odd_names_survive(folder, tmp_path):
    os.rename(folder / "anna", folder / "=HYPERLINK(1)")
    hand_in(folder / LONG / "√ b.ipynb", stub("advantages", EMPTY))
    hand_in(folder / "two\nlines" / "a.ipynb", stub("advantages", EMPTY))
    assert run(folder, "--output", "out") == 0
    names = [row["pupil"] for row in table(tmp_path / "out")]
    assert names == ["'=HYPERLINK(1)", "two lines", LONG]
    assert table(tmp_path / "out")[2]["notebook"] == f"{LONG}/√ b.ipynb"


def test_a_second_run_refuses_and_changes_nothing(folder, tmp_path, capsys):
    assert run(folder, "--output", "out") == 0
    before = (tmp_path / "out" / "grades.csv").read_bytes()
    capsys.readouterr()
    assert run(folder, "--output", "out") == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "out is not empty: name a new folder\n")
    assert (tmp_path / "out" / "grades.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in", "--output", "in/new"], "lies in the sources"),
        (["in", "--output", "in"], "not empty"),
        (["in", "--output", "in/anna/a.ipynb"], "is no folder"),
        (["nowhere", "--output", "out"], "there is no folder nowhere"),
        (["in", "--output", "out", "--seconds", "0"], "must be a positive number, got '0'"),
        (["in", "--output", "out", "--seconds", "nan"], "must be a positive number, got 'nan'"),
        (["in", "--output", "out", "--seconds", "soon"], "positive number, got 'soon'"),
        (["in", "--output", ""], "must name a folder"),
        (["in"], "--output"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(folder, capsys, arguments, message):
    hand_in(folder / "anna" / "b.ipynb", right())
    try:
        status = run(*arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True)
    assert sorted(p.name for p in folder.parent.iterdir()) == ["in"]


def test_a_folder_without_files_gets_no_table(folder, capsys):
    (folder / "anna" / "a.ipynb").unlink()
    assert run(folder, "--output", "out") == 1
    assert capsys.readouterr().err == f"no files in {folder}, so nothing was written\n"
    assert not (folder.parent / "out").exists()


def test_it_warns_before_it_runs_anything(folder, capsys, monkeypatch):
    def first(*_, **__):
        assert "with your rights and your network" in capsys.readouterr().out
        raise KeyboardInterrupt

    monkeypatch.setattr(grade_rows, "rows_of", first)
    assert run(folder, "--output", "out") == 130
    assert capsys.readouterr().err == "interrupted: nothing was written\n"
    assert not (folder.parent / "out").exists()


@pytest.mark.usefixtures("announce_fsync")
def test_broken_off_at_any_step_the_table_is_whole_or_not_there(folder, tmp_path):
    run(folder, "--output", "whole")
    whole = (tmp_path / "whole" / "grades.csv").read_bytes()
    for k, stop in enumerate(at_every_step(KeyboardInterrupt())):
        output = tmp_path / f"out{k}"
        with stop:
            run(folder, "--output", output)
        written = output / "grades.csv"
        assert not output.exists() or written.read_bytes() == whole


def test_control_c_ends_the_pupils_process_too(folder, tmp_path):
    mark = tmp_path / "mark"
    endless = f"open({str(mark)!r}, 'w').write('x')\ndef f(*a):\n    return 1\nwhile True: pass"
    hand_in(folder / "anna" / "a.ipynb", stub("advantages", endless))
    command = [sys.executable, "-m", "rlnotes.scripts.grade", folder, "--output", "out"]
    # A shell's background jobs ignore Control-C, and so would the process of this test.
    listens = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, preexec_fn=listens) as process:
        until = time.monotonic() + 100
        while not mark.exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert children
    assert process.returncode == 130
    assert err == b"interrupted: nothing was written\n"
    assert b"a.ipynb:" not in out
    assert not (tmp_path / "out").exists()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_help_says_what_it_does_with_other_peoples_code(capsys):
    with pytest.raises(SystemExit):
        grade.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "RUNS OTHER PEOPLE'S CODE, with your rights and your network",
        "who is out for it can still cheat",
        "A pupil is the folder that holds a file",
    ):
        assert part in text


def test_a_file_that_is_no_notebook_is_a_row_and_capitals_are_one(folder, tmp_path, capsys):
    (folder / "bob").mkdir()
    for name in ("work.pdf", "work.ipynb.zip", ".hidden"):
        (folder / "bob" / name).write_bytes(b"x")
    (folder / "carl.docx").write_bytes(b"x")
    hand_in(folder / "dora" / "A.IPYNB", stub("advantages", EMPTY))
    assert run(folder, "--output", "out") == 0
    found = [(row["pupil"], row["notebook"], row["verdict"]) for row in table(tmp_path / "out")]
    assert found == [
        ("anna", "anna/a.ipynb", "not answered"),
        ("bob", "bob/work.ipynb.zip", "no notebook"),
        ("bob", "bob/work.pdf", "no notebook"),
        ("carl", "carl.docx", "no notebook"),
        ("dora", "dora/A.IPYNB", "not answered"),
    ]
    assert "the code of 2 notebooks with" in capsys.readouterr().out


def test_two_flat_notebooks_that_differ_in_the_case_of_the_ending_do_not_collide(tmp_path):
    for name in ("eve.ipynb", "eve.IPYNB", "eve.pdf", "finn.ipynb", "finn.pdf"):
        (tmp_path / name).write_bytes(b"")
    found = [s.pupil for s in submissions(tmp_path)]
    assert found == ["eve.IPYNB", "eve.ipynb", "eve.pdf", "finn", "finn"]


def test_a_spreadsheet_sees_utf_8_and_one_notebook_is_one(folder, tmp_path, capsys):
    assert run(folder, "--output", "out") == 0
    assert (tmp_path / "out" / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbfpupil,")
    assert "the code of 1 notebook with" in capsys.readouterr().out
