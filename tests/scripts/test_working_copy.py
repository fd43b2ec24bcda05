"""The reader's working copy: it follows the original, and no line is lost."""

import copy
import json
import os
import random
import shutil
from itertools import count

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rlnotes.scripts.working_copy import digest, update_copy
from tests.scripts.interruptions import BrokenOff, at_every_step

NAME = "01_a.ipynb"
FULL = OSError(28, "No space left on device")


def text(*sources) -> str:
    """A notebook of code cells, as the renderer writes it."""
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    return nbformat.writes(new_notebook(cells=cells)) + "\n"


def run_all(path) -> None:
    """Run a notebook in JupyterLab: everything but the cells' text may change."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = {"kernelspec": {"name": "mine", "display_name": "Mine"}, "widgets": {}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{cell.id}-{number}"
        cell.metadata |= {"scrolled": True, "collapsed": False, "jupyter": {"x": 1}}
        if cell.cell_type == "code":
            cell.execution_count = 7 + number
            cell.outputs = [new_output("stream", text="42")]
    path.write_text(json.dumps(notebook))  # on one line, as another program may write it


@pytest.fixture
def originals(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / NAME).write_text(text("one"))
    return folder


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


def names(work):
    return sorted(path.name for path in work.iterdir() if path.is_file())


def publish(originals, *sources):
    (originals / NAME).write_text(text(*sources))


def kept(target="01_a.new.ipynb"):
    return [f"{NAME}: yours is kept, the new version is {target}"]


def test_the_first_call_copies_and_the_second_does_nothing(originals, work):
    assert update_copy(originals, work) == [f"{NAME}: copied"]
    assert (work / NAME).read_text() == text("one")
    assert update_copy(originals, work) == []
    assert names(work) == [NAME]


def test_an_unchanged_copy_follows_the_original_back_and_forth(originals, work):
    update_copy(originals, work)
    for source in ("two", "one", "two", "three", "one"):
        publish(originals, source)
        assert update_copy(originals, work) == [f"{NAME}: copied"]
        assert (work / NAME).read_text() == text(source)
        assert update_copy(originals, work) == []
    assert names(work) == [NAME]


def test_to_run_a_chapter_is_not_to_change_it(originals, work):
    update_copy(originals, work)
    run_all(work / NAME)
    assert update_copy(originals, work) == []
    publish(originals, "two")
    assert update_copy(originals, work) == [f"{NAME}: copied"]
    assert (work / NAME).read_text() == text("two")
    assert names(work) == [NAME]


def edit_source(notebook):
    notebook["cells"][0]["source"] += "!"


def add_cell(notebook):
    notebook["cells"].append(new_markdown_cell("mine"))


def remove_cell(notebook):
    del notebook["cells"][1]


def swap_cells(notebook):
    notebook["cells"].reverse()


def change_kind(notebook):
    notebook["cells"][0]["cell_type"] = "raw"


def attach(notebook):
    notebook["cells"][0]["attachments"] = {"a.png": {"image/png": "aGk="}}


def split_cell(notebook):
    notebook["cells"][0]["source"] = ["o", "ne"]
    notebook["cells"].append(new_code_cell(""))


def set_slide_type(notebook):
    notebook["cells"][0]["metadata"]["slideshow"] = {"slide_type": "slide"}


def add_tag(notebook):
    notebook["cells"][1]["metadata"]["tags"] = ["mine"]


def lock_cell(notebook):
    notebook["cells"][1]["metadata"]["editable"] = False


def name_the_author(notebook):
    notebook["metadata"]["authors"] = [{"name": "A. Teacher"}]


@pytest.mark.parametrize(
    "edit",
    [
        edit_source,
        add_cell,
        remove_cell,
        swap_cells,
        change_kind,
        attach,
        split_cell,
        set_slide_type,
        add_tag,
        lock_cell,
        name_the_author,
    ],
)
def test_any_change_of_the_cells_counts(originals, work, edit):
    publish(originals, "one", "one more")
    update_copy(originals, work)
    notebook = json.loads((work / NAME).read_text())
    edit(notebook)
    mine = json.dumps(notebook)
    (work / NAME).write_text(mine)
    publish(originals, "two")
    assert update_copy(originals, work) == kept()
    assert (work / NAME).read_text() == mine
    assert (work / "01_a.new.ipynb").read_text() == text("two")
    assert update_copy(originals, work) == []


def test_what_jupyterlab_writes_by_itself_does_not_count(originals, work):
    update_copy(originals, work)
    notebook = json.loads((work / NAME).read_text())
    notebook["metadata"]["language_info"] = {"version": "3.12.1"}
    by_itself = {"editable": True, "slideshow": {"slide_type": ""}, "tags": [], "collapsed": True}
    notebook["cells"][0]["metadata"] = {
        **by_itself,
        "scrolled": True,
        "execution": {"start": "now"},
    }
    (work / NAME).write_text(json.dumps(notebook))
    publish(originals, "two")
    assert update_copy(originals, work) == [f"{NAME}: copied"]


@pytest.mark.parametrize("broken", ['{"cells": [', "<<<<<<< HEAD", "[]", '{"cells": [{}]}'])
def test_an_original_that_is_no_notebook_replaces_nothing(originals, work, broken):
    update_copy(originals, work)
    (originals / NAME).write_text(broken)
    (message,) = update_copy(originals, work)
    assert message.startswith(f"{NAME}: not copied, the original in ")
    assert (work / NAME).read_text() == text("one")
    publish(originals, "two")
    assert update_copy(originals, work) == [f"{NAME}: copied"]


def test_a_source_in_lines_equals_the_same_source_in_one_piece():
    notebook = json.loads(text("a\nb"))
    pieces = copy.deepcopy(notebook)
    pieces["cells"][0]["source"] = ["a\n", "b"]
    notebook["cells"][0]["source"] = "a\nb"
    assert digest(json.dumps(pieces).encode()) == digest(json.dumps(notebook).encode())


@pytest.mark.parametrize(
    "mine",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"cells": 3}', b'{"cells": [1]}', b"[" * 100_000],
)
def test_a_file_that_is_no_notebook_counts_as_changed(originals, work, mine):
    update_copy(originals, work)
    (work / NAME).write_bytes(mine)
    publish(originals, "two")
    assert update_copy(originals, work) == kept()
    assert (work / NAME).read_bytes() == mine


def test_what_cannot_be_read_is_kept(originals, work):
    work.mkdir()
    (work / NAME).symlink_to("nothing")
    (work / "01_a.new.ipynb").symlink_to("nothing")
    (originals / "02_b.ipynb").write_text(text("b"))
    (work / "02_b.ipynb").mkdir()
    (work / "02_b.new.ipynb").mkdir()
    update_copy(originals, work)
    assert (work / NAME).is_symlink()
    assert (work / "01_a.new.ipynb").is_symlink()
    assert (work / "01_a.new2.ipynb").read_text() == text("one")
    assert (work / "02_b.new2.ipynb").read_text() == text("b")


def test_what_is_written_into_the_new_version_is_kept_as_well(originals, work):
    update_copy(originals, work)
    (work / NAME).write_text(text("mine"))
    publish(originals, "two")
    update_copy(originals, work)
    (work / "01_a.new.ipynb").write_text(text("two", "my answers"))
    assert update_copy(originals, work) == []
    publish(originals, "three")
    assert update_copy(originals, work) == kept("01_a.new2.ipynb")
    assert (work / "01_a.new.ipynb").read_text() == text("two", "my answers")
    assert (work / NAME).read_text() == text("mine")
    assert (work / "01_a.new2.ipynb").read_text() == text("three")


def test_an_unchanged_new_version_gives_way_to_the_next(originals, work):
    update_copy(originals, work)
    (work / NAME).write_text(text("mine"))
    publish(originals, "two")
    update_copy(originals, work)
    run_all(work / "01_a.new.ipynb")
    publish(originals, "three")
    assert update_copy(originals, work) == kept()
    assert (work / "01_a.new.ipynb").read_text() == text("three")
    assert names(work) == ["01_a.ipynb", "01_a.new.ipynb"]


def test_files_of_the_reader_with_such_names_are_kept(originals, work):
    update_copy(originals, work)
    theirs = {
        NAME: text("mine"),
        "01_a.new.ipynb": text("mine too"),
        "01_a.new2.ipynb": "no notebook",
        "01_a.partial": "mine",
        "01_a.new.partial": "mine",
        "01_a.news.ipynb": text("one"),
        ".01_a.ipynb": "mine",
    }
    for name, content in theirs.items():
        (work / name).write_text(content)
    publish(originals, "two")
    assert update_copy(originals, work) == kept("01_a.new3.ipynb")
    assert {name: (work / name).read_text() for name in theirs} == theirs


@pytest.mark.parametrize("place", [NAME, "01_a.new.ipynb", "01_a.new7.ipynb"])
def test_equal_content_is_no_conflict(originals, work, place):
    update_copy(originals, work)
    (work / NAME).write_text(text("mine"))
    publish(originals, "two")
    (work / place).write_text(text("two"))
    run_all(work / place)
    before = names(work)
    assert update_copy(originals, work) == []
    assert names(work) == before


def test_a_new_version_taken_over_by_the_reader_follows_from_then_on(originals, work):
    update_copy(originals, work)
    (work / NAME).write_text(text("mine"))
    publish(originals, "two")
    update_copy(originals, work)
    (work / "01_a.new.ipynb").rename(work / NAME)
    publish(originals, "three")
    assert update_copy(originals, work) == [f"{NAME}: copied"]
    assert names(work) == [NAME]


def test_a_line_that_was_typed_before_it_was_published_is_still_the_readers(originals, work):
    update_copy(originals, work)
    (work / NAME).write_text(text("one", "my correction"))
    publish(originals, "one", "my correction")
    assert update_copy(originals, work) == []
    publish(originals, "one")
    update_copy(originals, work)
    publish(originals, "three")
    update_copy(originals, work)
    assert (work / NAME).read_text() == text("one", "my correction")


def test_a_new_version_that_the_reader_removed_does_not_come_back(originals, work):
    update_copy(originals, work)
    (work / NAME).write_text(text("mine"))
    publish(originals, "two")
    update_copy(originals, work)
    (work / "01_a.new.ipynb").unlink()
    assert update_copy(originals, work) == []
    assert names(work) == [NAME]


def test_a_copy_of_unknown_origin_is_not_overwritten(originals, work):
    work.mkdir()
    (work / NAME).write_text(text("mine"))
    assert update_copy(originals, work) == kept()
    assert (work / NAME).read_text() == text("mine")


def test_an_equal_copy_of_unknown_origin_follows(originals, work):
    update_copy(originals, work)
    shutil.rmtree(work / ".published")
    assert update_copy(originals, work) == []
    publish(originals, "two")
    assert update_copy(originals, work) == [f"{NAME}: copied"]


def test_a_deleted_copy_comes_back(originals, work):
    update_copy(originals, work)
    (work / NAME).unlink()
    assert update_copy(originals, work) == [f"{NAME}: copied"]
    assert (work / NAME).read_text() == text("one")


def test_a_chapter_that_is_no_longer_published_stays(originals, work):
    update_copy(originals, work)
    (originals / NAME).unlink()
    assert update_copy(originals, work) == []
    assert (work / NAME).read_text() == text("one")


def test_two_chapters_with_the_same_cells_are_told_apart(originals, work):
    update_copy(originals, work)
    work.joinpath("02_b.ipynb").write_text(text("one"))
    (originals / "02_b.ipynb").write_text(text("b"))
    assert update_copy(originals, work) == [
        "02_b.ipynb: yours is kept, the new version is 02_b.new.ipynb"
    ]


@pytest.mark.parametrize("changed", [False, True])
def test_a_copy_made_by_an_earlier_release_goes_on(originals, work, changed):
    # It kept each notebook whole in .published, as it was when last copied.
    (work / ".published").mkdir(parents=True)
    (work / ".published" / NAME).write_text(text("one"))
    (work / NAME).write_text(text("mine" if changed else "one"))
    assert update_copy(originals, work) == []
    publish(originals, "two")
    assert update_copy(originals, work) == (kept() if changed else [f"{NAME}: copied"])
    assert update_copy(originals, work) == []


def test_nothing_is_written_before_all_is_read(originals, work):
    (originals / "02_b.ipynb").mkdir()
    with pytest.raises(IsADirectoryError):
        update_copy(originals, work)
    assert not work.exists()


@pytest.mark.usefixtures("announce_fsync")
@pytest.mark.parametrize("for_good", [True, False])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), FULL])
def test_broken_off_at_any_step_it_is_made_up_for_the_next_time(tmp_path, error, for_good):
    attempts = enumerate(at_every_step(error, for_good=for_good))
    for number, stop in attempts:
        base = tmp_path / str(number)
        originals, work = base / "notebooks", base / "work"
        originals.mkdir(parents=True)
        chapters = ("01_a.ipynb", "02_b.ipynb", "03_c.ipynb")
        for name in chapters[:2]:
            (originals / name).write_text(text("one"))
        update_copy(originals, work)
        (work / "02_b.ipynb").write_text(text("mine"))
        for name in chapters:
            (originals / name).write_text(text("two"))
        with stop:
            update_copy(originals, work)
        assert (work / "02_b.ipynb").read_text() == text("mine")
        assert (work / "01_a.ipynb").read_text() in (text("one"), text("two"))
        update_copy(originals, work)
        assert names(work) == ["01_a.ipynb", "02_b.ipynb", "02_b.new.ipynb", "03_c.ipynb"]
        assert all((work / name).read_text() == text("two") for name in chapters if name[1] != "2")
        assert (work / "02_b.new.ipynb").read_text() == text("two")
        (originals / "01_a.ipynb").write_text(text("three"))
        assert update_copy(originals, work) == ["01_a.ipynb: copied"]


class Story:
    """A random sequence of what a reader and a publisher may do, with its rules."""

    names = ("01_a.ipynb", "02_b.ipynb")

    def __init__(self, seed: int, base):
        self.rng, self.tokens = random.Random(seed), count()
        self.originals, self.work = base / "notebooks", base / "work"
        self.originals.mkdir(parents=True)
        self.forgotten = False
        self.published = {name: [] for name in self.names}  # every version, oldest first
        self.publish()

    def token(self, kind: str) -> str:
        return f"# {kind} {next(self.tokens)}"

    def files(self) -> list:
        return sorted(path for path in self.work.iterdir() if path.is_file())

    def publish(self):
        name = self.rng.choice(self.names)
        self.published[name].append(text(self.token("published"), "body"))
        (self.originals / name).write_text(self.published[name][-1])

    def go_back(self):
        name = self.rng.choice(self.names)
        if self.published[name]:
            (self.originals / name).write_text(self.rng.choice(self.published[name]))

    def withdraw(self):
        (self.originals / self.rng.choice(self.names)).unlink(missing_ok=True)

    def edit(self):
        path = self.rng.choice(self.files())
        try:
            notebook = nbformat.read(path, as_version=4)
            cell = new_code_cell(self.token("typed"))
            notebook.cells.insert(self.rng.randint(0, len(notebook.cells)), cell)
            path.write_text(nbformat.writes(notebook))
        except nbformat.reader.NotJSONError:
            path.write_text(path.read_text() + self.token("typed"))

    def cut(self):
        path = self.rng.choice(self.files())
        path.write_bytes(path.read_bytes()[: self.rng.randint(0, 300)])

    def make_file(self):
        stem = self.rng.choice(self.names).removesuffix(".ipynb")
        kind = self.rng.choice(["ipynb", "new.ipynb", "new2.ipynb", "new3.ipynb", "partial"])
        path = self.work / f"{stem}.{kind}"
        if not path.exists():
            path.write_text(self.rng.choice([text(self.token("typed")), self.token("typed")]))

    def rename(self):
        path, other = self.rng.choice(self.files()), self.rng.choice(self.files())
        path.rename(other if self.rng.random() < 0.5 else path.with_suffix(".new.ipynb"))

    def delete(self):
        self.rng.choice(self.files()).unlink()

    def run(self):
        path = self.rng.choice(self.files())
        if "cells" in path.read_text() and path.read_text().endswith("}\n"):
            run_all(path)

    def forget(self):
        """Lose the record of what was put there: unchanged may now count as changed."""
        if self.rng.random() < 0.1:
            shutil.rmtree(self.work / ".published", ignore_errors=True)
            self.forgotten = True

    def is_published(self, path) -> bool:
        """Whether a file has the cells of a version of its chapter: no line typed."""
        name = path.name.split(".")[0] + ".ipynb"
        versions = [digest(version.encode()) for version in self.published.get(name, [])]
        return digest(path.read_bytes()) in versions

    def update(self, k: int | None = None):
        """Bring the copy up to date, perhaps broken off; check that nothing is lost."""
        theirs = {}
        if self.work.exists():
            theirs = {p: p.read_bytes() for p in self.files() if not self.is_published(p)}
        with BrokenOff(k or 10**9, KeyboardInterrupt(), for_good=self.rng.random() < 0.5):
            update_copy(self.originals, self.work)
        assert {path: path.read_bytes() for path in theirs} == theirs

    def check(self):
        """After a whole update an unchanged notebook is the one published."""
        self.update()
        for original in self.originals.iterdir():
            mine = self.work / original.name
            if self.is_published(mine) and not self.forgotten:
                assert digest(mine.read_bytes()) == digest(original.read_bytes())
        before = {path: path.read_bytes() for path in self.files()}
        assert update_copy(self.originals, self.work) == []
        assert {path: path.read_bytes() for path in self.files()} == before

    def step(self):
        reader = [self.edit, self.cut, self.make_file, self.rename, self.delete, self.forget]
        actions = [self.publish, self.go_back, self.withdraw, self.update]
        if self.work.exists() and self.files():
            actions += [*reader, self.edit, self.run, self.run]
        self.rng.choice(actions)()
        if self.rng.random() < 0.3:
            self.update(k=self.rng.randint(1, 25))
        elif self.rng.random() < 0.3:
            self.check()


@pytest.mark.usefixtures("announce_fsync")
@pytest.mark.parametrize("seed", range(60))
def test_no_sequence_of_edits_and_updates_loses_a_line(tmp_path, seed):
    story = Story(seed, tmp_path)
    for _ in range(40):
        story.step()
    story.check()


def test_a_published_version_put_under_another_name_may_be_replaced_but_nothing_else(
    originals, work
):
    update_copy(originals, work)
    os.rename(work / NAME, work / "01_a.new.ipynb")
    (work / NAME).write_text(text("mine"))
    (work / "01_a.mine.ipynb").write_text(text("one"))
    publish(originals, "two")
    update_copy(originals, work)
    assert (work / "01_a.new.ipynb").read_text() == text("two")
    assert (work / "01_a.mine.ipynb").read_text() == text("one")
