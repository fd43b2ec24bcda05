"""Recorded runs: every file loads and names its command; what `load` returns."""

import pytest

from rlnotes.scripts import record
from rlnotes.training import recordings

NAMES = sorted(path.stem for path in recordings.FOLDER.glob("*.csv"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_every_recording_names_the_command_that_makes_it(name):
    lines = (recordings.FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# made by: python -m rlnotes.scripts.record {name}"
    assert name in record.recipes()


@pytest.mark.parametrize("name", NAMES)
def test_every_recording_is_a_full_table_without_gaps(name):
    rows = recordings.load(name)
    assert rows
    for row in rows:
        assert list(row) == list(rows[0])
        assert all(value == value and value not in (None, "") for value in row.values())
        assert [type(value) for value in row.values()] == [type(v) for v in rows[0].values()]


def test_numbers_are_floats_and_words_stay_words(folder):
    (folder / "some.csv").write_text(
        "# made by: hand\nkind,step,value\ndqn,10,-1.5e-3\n\u03b5,2,3\n", encoding="utf-8"
    )
    assert recordings.load("some") == [
        {"kind": "dqn", "step": 10.0, "value": -0.0015},
        {"kind": "\u03b5", "step": 2.0, "value": 3.0},
    ]


def test_a_table_without_rows_is_empty(folder):
    (folder / "none.csv").write_text("# made by: hand\nkind,step\n", encoding="utf-8")
    assert recordings.load("none") == []


@pytest.mark.parametrize("name", ["three", "", "one.csv"])
def test_an_unknown_name_is_refused_with_the_known_ones(folder, name):
    for stem in ("two", "one"):
        (folder / f"{stem}.csv").write_text("# made by: hand\na\n1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"name must be one of \['one', 'two'\], got '{name}'"):
        recordings.load(name)
