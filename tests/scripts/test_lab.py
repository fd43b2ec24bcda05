"""The reader's working copy: follows the original, never loses the reader's work."""

import pytest

from rlnotes.scripts.lab import update_copy


@pytest.fixture
def folders(tmp_path):
    originals = tmp_path / "notebooks"
    originals.mkdir()
    (originals / "01_a.ipynb").write_text("one")
    return originals, tmp_path / "work"


def names(work):
    return sorted(path.name for path in work.iterdir() if path.is_file())


def test_the_first_call_copies_and_the_second_does_nothing(folders):
    originals, work = folders
    assert update_copy(originals, work) == ["01_a.ipynb: copied"]
    assert (work / "01_a.ipynb").read_text() == "one"
    assert update_copy(originals, work) == []


def test_an_unchanged_copy_follows_the_original(folders):
    originals, work = folders
    update_copy(originals, work)
    (originals / "01_a.ipynb").write_text("two")
    assert update_copy(originals, work) == ["01_a.ipynb: copied"]
    assert (work / "01_a.ipynb").read_text() == "two"
    assert names(work) == ["01_a.ipynb"]


def test_a_changed_copy_stays_and_the_new_version_lies_beside_it(folders):
    originals, work = folders
    update_copy(originals, work)
    (work / "01_a.ipynb").write_text("mine")
    assert update_copy(originals, work) == []
    (originals / "01_a.ipynb").write_text("two")
    (message,) = update_copy(originals, work)
    assert "yours is kept" in message
    assert (work / "01_a.ipynb").read_text() == "mine"
    assert (work / "01_a.new.ipynb").read_text() == "two"
    assert update_copy(originals, work) == []


def test_a_copy_of_unknown_origin_is_not_overwritten(folders):
    originals, work = folders
    work.mkdir()
    (work / "01_a.ipynb").write_text("mine")
    update_copy(originals, work)
    assert (work / "01_a.ipynb").read_text() == "mine"


def test_a_deleted_copy_comes_back(folders):
    originals, work = folders
    update_copy(originals, work)
    (work / "01_a.ipynb").unlink()
    update_copy(originals, work)
    assert (work / "01_a.ipynb").read_text() == "one"


def test_no_half_written_file_is_left(folders):
    originals, work = folders
    update_copy(originals, work)
    assert not list(work.rglob("*.partial"))
