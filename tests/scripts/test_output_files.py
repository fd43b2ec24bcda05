"""Output files: all or none, and a refusal before the work."""

from argparse import ArgumentTypeError

import pytest

from rlnotes.scripts.output_files import as_csv, folder_name, require_writable, write_all


def test_all_files_are_written_and_nothing_else_is_left(tmp_path):
    folder = tmp_path / "new" / "folder"
    require_writable(folder)
    assert not folder.parent.exists()
    paths = write_all({"a.txt": b"one", "b.txt": b"two"}, folder)
    assert [path.read_bytes() for path in paths] == [b"one", b"two"]
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]


def test_if_one_cannot_be_made_the_old_ones_stay(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old")
    with pytest.raises(TypeError):
        write_all({"a.txt": b"new", "b.txt": None}, tmp_path)
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_in_the_way_of_one_name_stops_all_files(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old")
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(IsADirectoryError, match=r"b\.txt is a folder") as caught:
        write_all({"a.txt": b"new", "b.txt": b"new"}, tmp_path)
    assert caught.value.filename == str(tmp_path / "b.txt")
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_name_is_no_folder(text):
    with pytest.raises(ArgumentTypeError, match=f"must name a folder, got '{text}'"):
        folder_name(text)


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match="is no folder"):
            require_writable(folder)


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="no permission to write in"):
        require_writable(tmp_path / "new")


def test_a_table_with_an_empty_cell():
    assert as_csv([{"a": 1, "b": None}, {"a": 2, "b": "x"}]) == b"a,b\n1,\n2,x\n"
