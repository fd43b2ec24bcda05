"""Which explorers a notebook keeps, simulated: cells, runs of them, and no notebook."""

import gc
import weakref
from types import SimpleNamespace

import pytest

from rlnotes.explorers import shown


class Shown:
    """An explorer that counts how often it is closed."""

    def __init__(self):
        self.closed = 0

    def close(self):
        self.closed += 1


class Notebook:
    def __init__(self):
        self.shell, self.runs = SimpleNamespace(parent_header={}), 0

    def run(self, cell: str | None, *explorers) -> None:
        """Run a cell that shows these explorers."""
        self.runs += 1
        metadata = {} if cell is None else {"cellId": cell}
        header = {"header": {"msg_id": f"run {self.runs}"}, "metadata": metadata}
        self.shell.parent_header = header
        for explorer in explorers:
            shown.remember(explorer)


@pytest.fixture
def notebook(monkeypatch):
    notebook = Notebook()
    monkeypatch.setattr(shown, "get_ipython", lambda: notebook.shell)
    monkeypatch.setattr(shown, "_shown_in", {})
    monkeypatch.setattr(shown, "_cells_of", weakref.WeakKeyDictionary())
    return notebook


def test_a_cell_that_runs_again_closes_what_it_showed(notebook):
    first, second = Shown(), Shown()
    notebook.run("a", first)
    assert first.closed == 0
    notebook.run("a", second)
    assert (first.closed, second.closed) == (1, 0)


def test_a_cell_that_shows_the_same_again_keeps_it(notebook):
    explorer = Shown()
    for _ in range(3):
        notebook.run("a", explorer)
    assert explorer.closed == 0


def test_what_another_cell_still_shows_stays(notebook):
    explorer, other = Shown(), Shown()
    notebook.run("a", explorer)
    notebook.run("b", explorer)
    notebook.run("a", other)
    assert explorer.closed == 0
    notebook.run("b", other)
    assert explorer.closed == 1
    assert other.closed == 0


def test_a_cell_may_show_several(notebook):
    explorers = [Shown() for _ in range(3)]
    notebook.run("a", *explorers, explorers[0])
    assert [explorer.closed for explorer in explorers] == [0, 0, 0]
    notebook.run("a", explorers[1])
    assert [explorer.closed > 0 for explorer in explorers] == [True, False, True]


def test_other_cells_are_left_alone(notebook):
    first, second = Shown(), Shown()
    notebook.run("a", first)
    notebook.run("b", second)
    notebook.run("b", Shown())
    assert (first.closed, second.closed) == (0, 1)


def test_what_is_on_the_page_is_kept_alive_and_what_is_gone_is_not(notebook):
    explorer = Shown()
    alive = weakref.ref(explorer)
    notebook.run("a", explorer)
    del explorer
    gc.collect()
    assert alive() is not None
    notebook.run("a", Shown())
    gc.collect()
    assert alive() is None


def test_a_closed_one_can_be_shown_again(notebook):
    explorer = Shown()
    notebook.run("a", explorer)
    notebook.run("a", Shown())
    notebook.run("b", explorer)
    assert explorer.closed == 1
    notebook.run("b", Shown())
    assert explorer.closed == 2


def test_without_names_of_cells_nothing_is_closed(notebook):
    first, second = Shown(), Shown()
    notebook.run(None, first)
    notebook.run(None, second)
    assert (first.closed, second.closed) == (0, 0)


def test_outside_a_running_cell_nothing_is_noted(notebook):
    shown.remember(Shown())
    assert shown._shown_in == {}


@pytest.mark.parametrize("shell", [None, SimpleNamespace()])
def test_without_a_notebook_nothing_is_noted(notebook, monkeypatch, shell):
    monkeypatch.setattr(shown, "get_ipython", lambda: shell)
    explorer = Shown()
    alive = weakref.ref(explorer)
    shown.remember(explorer)
    del explorer
    gc.collect()
    assert alive() is None
    assert shown._shown_in == {}
