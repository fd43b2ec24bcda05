"""The index of chapter 0: made from the table of topics, written only if it differs."""

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from rlnotes.scripts import topic_index

ROWS = """topic,where,note
value | policy,notebooks/01_mdp_and_maze.ipynb#1.5,
A test,tests/test_checks.py,
Elsewhere,,taught in section 2.3
"""


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    (tmp_path / "topics.csv").write_text(ROWS)
    path = tmp_path / "00.ipynb"
    cells = [new_markdown_cell("# 0."), new_markdown_cell(f"{topic_index.HEADING}\n\nold")]
    path.write_text(nbformat.writes(new_notebook(cells=cells)))
    monkeypatch.setattr(topic_index, "CHAPTER", path)
    monkeypatch.setattr(topic_index.index, "__defaults__", (tmp_path / "topics.csv",))
    return path


def test_each_topic_has_a_row_with_its_link_its_test_or_its_reason(chapter):
    assert topic_index.index().splitlines()[-3:] == [
        "| A test | `tests/test_checks.py` |",
        "| Elsewhere | taught in [section 2.3](02_bellman_q_learning.ipynb#cell-id=02-a9c7f366) |",
        r"| value \| policy | [1.5](01_mdp_and_maze.ipynb#cell-id=01-b1f32337) |",
    ]


def test_only_the_section_is_replaced_and_the_second_call_writes_nothing(chapter, capsys):
    assert topic_index.main() == 0
    assert "index written" in capsys.readouterr().out
    first, second = nbformat.read(chapter, as_version=4).cells
    assert (first.source, second.source) == ("# 0.", topic_index.index())
    before = chapter.stat().st_mtime_ns
    assert topic_index.main() == 0
    assert chapter.stat().st_mtime_ns == before
    assert capsys.readouterr().out == ""
