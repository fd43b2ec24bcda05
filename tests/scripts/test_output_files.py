"""Output files: whole or not at all, and a refusal before the work."""

from argparse import ArgumentTypeError

import pytest

from rlnotes.scripts.output_files import (
    as_csv,
    as_texts,
    folder_name,
    replace_file,
    require_replaceable,
    require_writable,
    write_new,
)
from tests.scripts.interruptions import at_every_step


@pytest.mark.usefixtures("announce_fsync")
@pytest.mark.parametrize("for_good", [True, False])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_broken_off_at_any_step_the_old_or_the_new_file_is_there(tmp_path, error, for_good):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    for stop in at_every_step(error, for_good=for_good):
        with stop:
            replace_file(b"new", path)
        assert path.read_bytes() in (b"old", b"new")
        path.write_bytes(b"old")
    replace_file(b"new", path)
    assert path.read_bytes() == b"new"


def test_who_has_the_old_file_open_reads_it_to_the_end(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old")
    with (tmp_path / "a.txt").open("rb") as file:  # so it was never half written
        replace_file(b"new", tmp_path / "a.txt")
        assert file.read() == b"old"


def test_no_file_of_another_name_is_touched(tmp_path):
    names = ["a.partial", "a.txt.partial", "a.tmp", ".a.txt", "a.txt~"]
    for name in names:
        (tmp_path / name).write_text("mine")
    replace_file(b"new", tmp_path / "a.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "a.txt"])
    assert all((tmp_path / name).read_text() == "mine" for name in names)


def test_a_new_file_is_not_written_over_an_old_one(tmp_path):
    write_new(b"one", tmp_path / "a.txt")
    with pytest.raises(FileExistsError):
        write_new(b"two", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == b"one"


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


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_missing_file_and_one_with_the_first_line_can_be_replaced(tmp_path, end):
    path = tmp_path / "a.csv"
    require_replaceable(path, "# made by: me\n")
    assert not path.exists()
    path.write_bytes(f"# made by: me{end}".encode())
    require_replaceable(path, "# made by: me\n")


@pytest.mark.parametrize("content", ["", "mine\n", "# made by: me too\n", "\n# made by: me\n"])
def test_a_file_with_another_first_line_is_not_replaced(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"a\.csv was not made by this command: move it away"):
        require_replaceable(path, "# made by: me\n")
    assert path.read_text() == content


def test_a_link_or_a_folder_in_the_place_of_a_file_is_not_replaced(tmp_path):
    (tmp_path / "other").write_text("# made by: me\n")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "dead", "folder"):
        with pytest.raises(ValueError, match=f"{name} was not made by this command"):
            require_replaceable(tmp_path / name, "# made by: me\n")


def test_a_file_in_a_folder_that_cannot_be_used_is_refused(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="nowhere is no folder"):
        require_replaceable(tmp_path / "nowhere" / "a.csv", "#")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="no permission to write in"):
        require_replaceable(tmp_path / "a.csv", "#")


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b"])
def test_a_text_that_looks_like_a_formula_stays_a_text(first):
    assert as_texts([{"a": f"{first}A1+2"}]) == [{"a": f"'{first}A1+2"}]
    assert as_texts([{"a": f"A1{first}2"}]) == [{"a": f"A1{first}2"}]


@pytest.mark.parametrize("value", ["-12.30", "+5", "0.00", "-7", -7, 1.5, None, "", "Tea", "[{}]"])
def test_numbers_and_other_texts_stay_as_they_are(value):
    assert as_texts([{"a": value, "b": "=x"}]) == [{"a": value, "b": "'=x"}]


@pytest.mark.parametrize("text", ["-12.30+A1", "--5", "-.5", "-1e5", "-\u0665", "- 5", "-5\n"])
def test_what_only_begins_like_a_number_is_a_text(text):
    assert as_texts([{"a": text}]) == [{"a": f"'{text}"}]


def test_a_table_with_an_empty_cell():
    assert as_csv([{"a": 1, "b": None}, {"a": 2, "b": "x"}]) == b"a,b\n1,\n2,x\n"
