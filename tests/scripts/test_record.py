"""The recorder: what it writes is what `load` reads; nothing is half done."""

from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from rlnotes.scripts import record
from rlnotes.training import recordings
from tests.scripts.interruptions import BrokenOff, at_every_step

ARRAYS = {"scores": np.array([[0.5, -2.0]], dtype=np.float16), "settings": "seed 0"}
ROWS = [
    {"run": "with, comma", "step": 10, "value": 0.1 + 0.2},
    {"run": 'with "quotes"', "step": 20, "value": -1e-9},
]


def squares(pool):
    return [{"number": i, "square": square} for i, square in enumerate(pool.map(_square, range(4)))]


def _square(number):
    return number**2


def breaks(pool):
    raise RuntimeError("run 3 failed")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Two small recipes, threads for processes, and a folder of our own."""
    monkeypatch.setattr(record, "recipes", lambda: {"squares": squares, "breaks": breaks})
    monkeypatch.setattr(record, "Pool", ThreadPool)
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    return tmp_path


def test_what_is_written_is_read_back_to_the_last_digit(here):
    assert record.write("some", ROWS, here) == here / "some.csv"
    assert recordings.load("some") == ROWS


def test_the_file_begins_with_its_command_and_ends_lines_as_git_does(here):
    record.write("some", ROWS[:1], here)
    assert (here / "some.csv").read_bytes() == (
        b"# made by: python -m rlnotes.scripts.record some\n"
        b'run,step,value\n"with, comma",10,0.30000000000000004\n'
    )


def test_rows_of_unequal_columns_leave_the_old_file(here):
    record.write("some", ROWS, here)
    with pytest.raises(ValueError, match="rows must be some"):
        record.write("some", [*ROWS, {"other": 1}], here)
    assert recordings.load("some") == ROWS


@pytest.mark.usefixtures("announce_fsync")
def test_broken_off_at_any_step_the_old_or_the_new_recording_is_there(here):
    for stop in at_every_step(KeyboardInterrupt()):
        record.write("some", ROWS, here)
        with stop:
            record.write("some", ROWS[:1], here)
        assert recordings.load("some") in (ROWS, ROWS[:1])


def test_a_full_disk_is_told_and_leaves_the_old_recording(here, capsys):
    record.write("squares", ROWS, here)
    with BrokenOff(1, OSError(28, "No space left on device"), for_good=True):
        assert record.main(["squares", "--folder", str(here)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert recordings.load("squares") == ROWS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"number,square\n",
        b"# my notes on squares\n",
        b"# made by: python -m rlnotes.scripts.record squares_of_mine\n",
    ],
)
def test_a_file_that_is_no_such_recording_is_refused_before_the_run(
    here, capsys, monkeypatch, content
):
    monkeypatch.setattr(record, "Pool", lambda *_, **__: pytest.fail("ran"))
    (here / "squares.csv").write_bytes(content)
    assert record.main(["squares", "--folder", str(here)]) == 2
    message = capsys.readouterr().err
    assert message == f"{here / 'squares.csv'} was not made by this command: move it away\n"
    assert (here / "squares.csv").read_bytes() == content
    with pytest.raises(ValueError, match="was not made by this command"):
        record.write("squares", ROWS, here)


def test_a_link_or_a_folder_in_the_place_is_refused(here):
    (here / "target").write_bytes(b"# made by: python -m rlnotes.scripts.record link\n")
    (here / "link.csv").symlink_to(here / "target")
    (here / "folder.csv").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(ValueError, match="was not made by this command"):
            record.write(name, ROWS, here)


def test_a_recording_with_other_line_ends_is_one_of_ours(here):
    (here / "some.csv").write_bytes(b"# made by: python -m rlnotes.scripts.record some\r\na\r\n")
    record.write("some", ROWS, here)
    assert recordings.load("some") == ROWS


def test_files_beside_a_recording_are_left_alone(here):
    for name in ("squares.partial", "squares.csv.partial", "notes.txt"):
        (here / name).write_text("mine")
    assert record.main(["squares", "--folder", str(here)]) == 0
    for name in ("squares.partial", "squares.csv.partial", "notes.txt"):
        assert (here / name).read_text() == "mine"
    assert len(list(here.iterdir())) == 4


def test_an_interrupted_run_writes_nothing(here, capsys, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(record, "recipes", lambda: {"squares": interrupt})
    assert record.main(["squares", "--folder", str(here)]) == 130
    assert capsys.readouterr().err == "interrupted, nothing written\n"
    assert not list(here.iterdir())


def test_the_command_runs_the_recipe_and_says_where(here, capsys):
    assert record.main(["squares", "--folder", str(here), "--processes", "1"]) == 0
    assert capsys.readouterr().out == f"{here / 'squares.csv'}\n"
    squared = [row["square"] for row in recordings.load("squares")]
    assert squared == [0, 1, 4, 9]


def test_a_recipe_that_fails_leaves_the_old_file(here):
    record.write("breaks", ROWS, here)
    with pytest.raises(RuntimeError, match="run 3 failed"):
        record.main(["breaks", "--folder", str(here)])
    assert recordings.load("breaks") == ROWS
    assert len(list(here.iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: name"),
        (["nothing"], "invalid choice: 'nothing' (choose from"),
        (["squares", "--processes", "0"], "--processes must be at least 1, got 0"),
        (["squares", "--folder", "no/such/folder"], "--folder must exist, got no/such/folder"),
    ],
)
def test_bad_arguments_are_refused_before_any_work(here, capsys, arguments, message):
    with pytest.raises(SystemExit) as error:
        record.main(arguments)
    assert error.value.code == 2
    assert message in capsys.readouterr().err
    assert not list(here.iterdir())


def test_arrays_are_read_back_with_their_command_and_are_the_same_bytes_each_time(here):
    path = record.write("some", ARRAYS, here)
    first = path.read_bytes()
    assert path == here / "some.npz"
    arrays = recordings.load_arrays("some")
    assert arrays["made_by"] == "python -m rlnotes.scripts.record some"
    assert arrays["settings"] == "seed 0"
    assert arrays["scores"].dtype == np.float16
    assert arrays["scores"].tolist() == [[0.5, -2.0]]
    record.write("some", ARRAYS, here)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    "arrays", [{}, {"made_by": "me"}, {"objects": np.array([None]), "numbers": np.zeros(1)}]
)
def test_arrays_that_cannot_be_a_recording_leave_the_old_file(here, arrays):
    record.write("some", ARRAYS, here)
    with pytest.raises(ValueError, match="arrays must be some"):
        record.write("some", arrays, here)
    assert recordings.load_arrays("some")["settings"] == "seed 0"


@pytest.mark.parametrize("content", [b"", b"mine", b"PK\x03\x04", "other", "no command"])
def test_arrays_of_another_origin_are_refused_before_the_run(here, capsys, monkeypatch, content):
    monkeypatch.setattr(record, "Pool", lambda *_, **__: pytest.fail("ran"))
    path = here / "squares.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "other":
        record.write("other", ARRAYS, here).rename(path)
    else:
        np.savez(path, scores=np.zeros(2))
    before = path.read_bytes()
    assert record.main(["squares", "--folder", str(here)]) == 2
    assert capsys.readouterr().err == f"{path} was not made by this command: move it away\n"
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="was not made by this command"):
        record.write("squares", ARRAYS, here)


def test_the_recipes_are_functions_with_file_names():
    for name, recipe in record.recipes().items():
        assert name.isidentifier()
        assert callable(recipe)
