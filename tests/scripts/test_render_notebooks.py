"""The renderer: same source, same bytes; and the copies without answers."""

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from rlnotes.scripts.handout import without_answers
from rlnotes.scripts.render_notebooks import render


def write(path, *sources):
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    path.write_text(nbformat.writes(new_notebook(cells=cells)))
    return path


def test_rendering_twice_gives_the_same_bytes_without_traces_of_the_run(tmp_path):
    path = write(
        tmp_path / "00_small.ipynb",
        "%matplotlib inline\nimport sys, ipywidgets\nfrom rlnotes.plotting.style import new_figure",
        "print('progress', file=sys.stderr)\nprint(1 + 1, flush=True)\nprint(3, flush=True)",
        "figure, (axes,) = new_figure(1)\naxes.plot([1, 2])\nfigure",
        "ipywidgets.IntSlider()\nipywidgets.FloatProgress()",
    )
    first = render(path)
    assert first == render(path)
    path.write_text(first)
    assert render(path) == first
    notebook = nbformat.reads(first, as_version=4)
    assert "widget-view" not in first
    assert notebook.cells[3].outputs == []  # a bar has no picture
    assert "widgets" not in notebook.metadata
    assert "progress" not in str([cell.outputs for cell in notebook.cells])
    assert [output.text for output in notebook.cells[1].outputs] == ["2\n3\n"]
    assert "image/png" in notebook.cells[2].outputs[0].data
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]


def test_a_failing_cell_is_reported_and_the_file_left_alone(tmp_path):
    path = write(tmp_path / "00_broken.ipynb", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        render(path)
    assert path.read_bytes() == before


def test_a_handout_has_the_exercises_but_not_the_answers():
    stub, answer, after = (new_code_cell(text) for text in ("stub", "answer", "after"))
    stub.metadata.tags, answer.metadata.tags = ["exercise"], ["answer"]
    for number, cell in enumerate((stub, answer, after), start=1):
        cell.execution_count = number
    copy = without_answers(new_notebook(cells=[stub, answer, after]))
    assert [cell.source for cell in copy.cells] == ["stub", "after"]
    assert [cell.execution_count for cell in copy.cells] == [1, 2]
