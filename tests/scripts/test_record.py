"""The recorder: what it writes is what `load` reads; nothing is half done."""

from multiprocessing.pool import ThreadPool

import pytest

from rlnotes.scripts import record
from rlnotes.training import recordings

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


def test_the_recipes_are_functions_with_file_names():
    for name, recipe in record.recipes().items():
        assert name.isidentifier()
        assert callable(recipe)
