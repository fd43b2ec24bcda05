"""A set of files is replaced as a whole, and only by the script that wrote it."""

import os
import resource
import shutil

import pytest

from rlnotes.scripts import output_folder
from rlnotes.scripts.output_folder import (
    LIST,
    check_or_explain,
    require_replaceable,
    write_all,
    write_or_explain,
)
from tests.scripts.interruptions import at_every_line, at_every_step

OLD = {"a.txt": b"old a", "gone.txt": b"no longer made"}
NEW = {"a.txt": b"new a", "b.txt": b"new b", "c.txt": b"new c"}
FULL = OSError(28, "No space left on device")


def read(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LIST}


def write_old(base, first: bool):
    """A place for a set, beside files of others; the set unless it is the first."""
    theirs = base / "set.unfinished-mine" / "old"
    theirs.mkdir(parents=True)
    (theirs / "mine.txt").write_text("mine")
    if not first:
        write_all(OLD, base / "set", "test")
    return base / "set"


def assert_whole(folder, first: bool):
    """The old or the new set in its place, or both whole where the docstring says."""
    if folder.exists():
        assert read(folder) in ([NEW] if first else [OLD, NEW])
        assert (folder / LIST).is_file()
    elif not first:
        (beside,) = (p for p in folder.parent.iterdir() if (p / "old" / "a.txt").exists())
        assert beside.name.startswith("set.unfinished-")
        assert read(beside / "old") == OLD
        assert read(beside / "new") == NEW
    mine = folder.parent / "set.unfinished-mine" / "old" / "mine.txt"
    assert mine.read_text() == "mine"


@pytest.mark.usefixtures("announce_fsync")
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("for_good", [True, False])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), FULL])
def test_broken_off_at_any_step_the_old_or_the_new_set_is_whole(tmp_path, error, for_good, first):
    for number, stop in enumerate(at_every_step(error, for_good=for_good)):
        folder = write_old(tmp_path / str(number), first)
        with stop:
            write_all(NEW, folder, "test")
        assert_whole(folder, first)
        if not (first or for_good):
            assert folder.exists(), "one failure leaves a set in its place"
        write_all(NEW, folder, "test")
        assert read(folder) == NEW


@pytest.mark.parametrize("first", [True, False])
def test_control_c_at_any_line_leaves_a_whole_set_in_its_place(tmp_path, first):
    for number, stop in enumerate(at_every_line(output_folder.__file__)):
        folder = write_old(tmp_path / str(number), first)
        with stop:
            write_all(NEW, folder, "test")
        assert_whole(folder, first)
        assert first or folder.exists()


def test_if_the_switch_fails_both_ways_both_sets_stay_where_they_are(tmp_path, monkeypatch):
    folder, rename = write_old(tmp_path, first=False), os.rename

    def only_away(source, target):
        if source != folder:
            raise PermissionError(13, "no")
        rename(source, target)

    monkeypatch.setattr(os, "rename", only_away)
    with pytest.raises(PermissionError):
        write_all(NEW, folder, "test")
    assert not folder.exists()
    assert_whole(folder, first=False)


def test_a_write_that_fails_half_way_leaves_the_old_set_and_no_litter(tmp_path, capsys):
    folder = write_old(tmp_path, first=False)
    before = sorted(path.name for path in tmp_path.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        status = write_or_explain({**NEW, "large": bytes(200_000)}, folder, "test")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == 1
    assert capsys.readouterr().err == f"cannot write to {folder}: File too large\n"
    assert read(folder) == OLD
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_set_replaces_its_former_one_and_nothing_else_is_left(tmp_path):
    folder = tmp_path / "new" / "folder"
    require_replaceable(folder, "test")
    assert not folder.parent.exists()
    write_all(OLD, folder, "test")
    (folder / "gone.txt").unlink()  # a missing file is no work of anybody
    paths = write_all(NEW, folder, "test")
    assert [path.read_bytes() for path in paths] == list(NEW.values())
    assert read(folder) == NEW
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_a_name_may_lead_into_a_folder_below(tmp_path):
    folder = tmp_path / "site"
    write_all({"a.txt": b"1", "x/b.txt": b"2", "x/y/c.txt": b"3"}, folder, "test")
    write_all({"x/d.txt": b"4"}, folder, "test")
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.txt")}
    assert found == {"x/d.txt": b"4"}
    assert [p.name for p in folder.iterdir() if p.is_dir()] == ["x"]
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("mine", "named"),
    [
        ("x/mine.txt", "x/mine.txt"),
        ("x/y/mine.txt", "x/y/mine.txt"),
        ("x/y/empty/", "x/y/empty"),
        ("mine/empty/", "mine"),
    ],
)
def test_what_lies_in_a_folder_below_is_left_alone(tmp_path, mine, named):
    folder = tmp_path / "site"
    write_all({"x/b.txt": b"2", "x/y/c.txt": b"3"}, folder, "test")
    path = folder / mine
    path.parent.mkdir(exist_ok=True)
    if mine.endswith("/"):
        path.mkdir()
    else:
        path.write_text("mine")
    with pytest.raises(ValueError, match=f"site holds {named}, which was not written by"):
        write_all({"x/d.txt": b"4"}, folder, "test")
    assert path.exists()
    assert (folder / "x" / "b.txt").read_bytes() == b"2"


def test_an_empty_folder_may_be_used_through_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_all(NEW, tmp_path / "link", "test")
    assert (tmp_path / "link").is_symlink()
    assert read(tmp_path / "real") == NEW


def changed(folder):
    (folder / "a.txt").write_bytes(b"edited")
    return "a.txt"


def added(folder):
    (folder / "notes.txt").write_text("mine")
    return "notes.txt"


def added_hidden(folder):
    (folder / ".ipynb_checkpoints").write_text("mine")
    return ".ipynb_checkpoints"


def added_folder(folder):
    (folder / "slides").mkdir()
    return "slides"


def linked(folder):
    (folder / "a.txt").rename(folder.parent / "elsewhere.txt")
    (folder / "a.txt").symlink_to("../elsewhere.txt")
    return "a.txt"


def list_changed(folder):
    (folder / LIST).write_text((folder / LIST).read_text() + "\n")
    return "a.txt"


def list_lost(folder):
    (folder / LIST).unlink()
    return "a.txt"


def list_of_wrong_kind(folder):
    (folder / LIST).write_text("[]")
    return "a.txt"


@pytest.mark.parametrize(
    "touch",
    [
        changed,
        added,
        added_hidden,
        added_folder,
        linked,
        list_changed,
        list_lost,
        list_of_wrong_kind,
    ],
)
def test_a_folder_with_anything_else_is_refused_and_left_alone(tmp_path, capsys, touch):
    folder = tmp_path / "set"
    write_all(OLD, folder, "test")
    name = touch(folder)
    before = read(folder) if touch is not added_folder else None
    assert write_or_explain(NEW, folder, "test") == 2
    message = capsys.readouterr().err
    assert message.startswith(f"{folder} holds {name}, which was not written by test or has")
    assert message.count("\n") == 1
    assert touch is added_folder or read(folder) == before


def test_the_set_of_another_script_is_not_replaced(tmp_path):
    write_all(OLD, tmp_path / "set", "one")
    with pytest.raises(ValueError, match="was not written by two"):
        write_all(NEW, tmp_path / "set", "two")
    assert read(tmp_path / "set") == OLD


def test_a_list_that_names_files_elsewhere_removes_none(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"old a")
    write_all(OLD, tmp_path / "set", "test")
    text = (tmp_path / "set" / LIST).read_text()
    (tmp_path / "set" / LIST).write_text(text.replace('"gone.txt"', '"../outside.txt"'))
    (tmp_path / "set" / "gone.txt").unlink()
    write_all(NEW, tmp_path / "set", "test")
    assert outside.read_bytes() == b"old a"


def test_what_is_written_into_the_old_set_during_the_switch_is_kept(tmp_path, monkeypatch):
    folder, rename = tmp_path / "set", os.rename
    write_all(OLD, folder, "test")

    def edit_then_rename(source, target):
        if source == folder:
            (folder / "a.txt").write_bytes(b"edited")
        rename(source, target)

    monkeypatch.setattr(os, "rename", edit_then_rename)
    write_all(NEW, folder, "test")
    assert read(folder) == NEW
    (kept,) = tmp_path.glob("set.unfinished-*/old/*")
    assert kept.read_bytes() == b"edited"


@pytest.mark.parametrize("name", [".", "..", "../here", "link", "../../{base}"])
def test_a_folder_that_is_or_contains_the_working_directory_is_refused(
    tmp_path, monkeypatch, capsys, name
):
    here = tmp_path / "here"
    here.mkdir()
    (here / "link").symlink_to(here)
    monkeypatch.chdir(here)
    folder = here / name.format(base=tmp_path.name)
    assert check_or_explain(folder, "test") == 2
    message = capsys.readouterr().err
    assert "is or contains the working directory" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    "name", ["sources", "sources/new", "sources/a/b", "link", "link/new", "deep/new", "."]
)
def test_a_folder_that_is_in_or_around_the_sources_is_refused(tmp_path, name):
    sources = tmp_path / "sources"
    (sources / "a").mkdir(parents=True)
    (tmp_path / "link").symlink_to(sources)
    (tmp_path / "deep").symlink_to(sources / "a")
    with pytest.raises(ValueError, match="sources"):
        require_replaceable(tmp_path / name, "test", sources)
    with pytest.raises(ValueError, match="is or contains the sources"):
        require_replaceable(sources, "test", tmp_path / "deep")
    require_replaceable(tmp_path / "sources2", "test", sources)


def test_a_file_in_the_place_is_refused(tmp_path, capsys):
    (tmp_path / "set").write_text("mine")
    assert write_or_explain(NEW, tmp_path / "set", "test") == 2
    assert capsys.readouterr().err == f"{tmp_path / 'set'} is no folder\n"
    assert (tmp_path / "set").read_text() == "mine"


def test_a_folder_beside_which_nothing_can_be_made_is_refused(tmp_path, monkeypatch, capsys):
    shutil.copytree(tmp_path, tmp_path / "set")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and real(path, mode))
    assert check_or_explain(tmp_path / "set", "test") == 1
    assert "no permission to write in" in capsys.readouterr().err
