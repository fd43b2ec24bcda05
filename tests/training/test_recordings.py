"""Recorded runs: every file loads and names its command; what `load` returns."""

import numpy as np
import pytest

from rlnotes.scripts import label_rules, receipt_baselines, receipt_policy, record
from rlnotes.training import recordings

NAMES = sorted(path.stem for path in recordings.FOLDER.glob("*.csv"))
ARRAYS = sorted(path.stem for path in recordings.FOLDER.glob("*.npz"))

# Made from documents that are not part of the project.
OF_THE_READERS_FILES = {
    "e_invoice_rules": label_rules.FIRST_LINE,
    "receipt_baselines": receipt_baselines.FIRST_LINE,
    "receipt_policy": receipt_policy.FIRST_LINE,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_every_recording_names_the_command_that_makes_it(name):
    lines = (recordings.FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    if name in OF_THE_READERS_FILES:
        assert f"{lines[0]}\n" == OF_THE_READERS_FILES[name]
        return
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


@pytest.mark.parametrize("name", ARRAYS)
def test_every_recording_of_arrays_names_its_command_and_is_finite(name):
    arrays = recordings.load_arrays(name)
    assert arrays.pop("made_by") == f"python -m rlnotes.scripts.record {name}"
    assert name in record.recipes()
    assert isinstance(arrays.pop("settings"), str)
    assert arrays
    for array in arrays.values():
        assert array.size
        assert array.dtype.kind == "U" or np.isfinite(array).all()


def test_all_recordings_of_arrays_stay_small():
    sizes = [path.stat().st_size for path in recordings.FOLDER.glob("*.npz")]
    assert sum(sizes) <= 4e6


def test_arrays_keep_their_type_and_texts_are_str(folder):
    words, halves = np.array(["a", "b"]), np.array([0.5, 2.0], dtype=np.float16)
    texts = {"words": words, "settings": np.array("seed 0")}
    np.savez(folder / "some.npz", halves=halves, one=np.array(2.5), **texts)
    arrays = recordings.load_arrays("some")
    assert arrays["halves"].dtype == np.float16
    assert arrays["halves"].tolist() == [0.5, 2.0]
    assert arrays["words"].tolist() == ["a", "b"]
    assert arrays["settings"] == "seed 0"
    assert isinstance(arrays["one"], np.ndarray)
    assert arrays["one"] == 2.5


@pytest.mark.parametrize("name", ["three", "", "one.npz"])
def test_unknown_arrays_are_refused_with_the_known_ones(folder, name):
    for file in ("two.npz", "one.npz", "other.csv"):
        (folder / file).write_bytes(b"")
    with pytest.raises(ValueError, match=rf"name must be one of \['one', 'two'\], got '{name}'"):
        recordings.load_arrays(name)
