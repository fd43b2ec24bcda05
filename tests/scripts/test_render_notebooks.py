"""The renderer: same source, same bytes; nothing is written before all has run."""

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from rlnotes.scripts import render_notebooks
from rlnotes.scripts.render_notebooks import main, render


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


def test_a_quiz_is_stored_as_its_text(tmp_path):
    path = write(
        tmp_path / "00_quiz.ipynb",
        "from rlnotes.review.quiz import quizzes",
        'quizzes()["three_steps"]',
    )
    text = render(path)
    (output,) = nbformat.reads(text, as_version=4).cells[1].outputs
    assert set(output.data) == {"text/plain", "text/markdown"}
    assert "1. Stage 1" in output.data["text/markdown"]
    assert text == render(path)


def test_a_failing_cell_is_reported_and_the_file_left_alone(tmp_path):
    path = write(tmp_path / "00_broken.ipynb", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        render(path)
    assert path.read_bytes() == before


def test_all_notebooks_are_run_before_one_is_written(tmp_path, monkeypatch):
    good = write(tmp_path / "00_good.ipynb", "1 + 1")
    write(tmp_path / "01_broken.ipynb", "1 / 0")
    before = good.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        main([str(good), str(tmp_path / "01_broken.ipynb")])
    assert good.read_bytes() == before
    assert main([str(good)]) == 0
    assert "execution_count" in good.read_text()
    assert good.read_bytes() != before


@pytest.fixture
def rendered(monkeypatch):
    """Each notebook becomes the text `fresh`; nothing is run."""
    monkeypatch.setattr(render_notebooks, "render", lambda path: "fresh")


@pytest.mark.usefixtures("rendered")
def test_files_with_similar_names_are_left_alone(tmp_path, capsys):
    path = write(tmp_path / "00_a.ipynb", "1")
    (tmp_path / "00_a.partial").write_text("mine")
    assert main([str(path)]) == 0
    assert capsys.readouterr().out == "00_a.ipynb: changed\n"
    assert path.read_text() == "fresh"
    assert (tmp_path / "00_a.partial").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.usefixtures("rendered")
def test_a_link_stays_a_link(tmp_path):
    path = write(tmp_path / "00_a.ipynb", "1")
    (tmp_path / "link.ipynb").symlink_to(path)
    assert main([str(tmp_path / "link.ipynb")]) == 0
    assert (tmp_path / "link.ipynb").is_symlink()
    assert path.read_text() == "fresh"


def test_a_notebook_that_is_edited_while_it_runs_is_left_as_it_is(tmp_path, monkeypatch, capsys):
    path, other = (write(tmp_path / name, "1") for name in ("00_a.ipynb", "01_b.ipynb"))

    def edit(rendered):
        path.write_text("my edit")
        return "fresh"

    monkeypatch.setattr(render_notebooks, "render", edit)
    assert main([str(path), str(other)]) == 1
    assert "00_a.ipynb changed while it ran: left as it is" in capsys.readouterr().err
    assert (path.read_text(), other.read_text()) == ("my edit", "fresh")


@pytest.mark.usefixtures("rendered")
def test_a_check_writes_nothing(tmp_path, capsys):
    path = write(tmp_path / "00_a.ipynb", "1")
    before = path.read_bytes()
    assert main(["--check", str(path)]) == 1
    assert "+fresh" in capsys.readouterr().out
    assert path.read_bytes() == before


@pytest.mark.usefixtures("rendered")
@pytest.mark.parametrize("name", ["missing.ipynb", "."])
def test_a_name_that_is_no_file_is_refused_before_any_run(tmp_path, capsys, name):
    path = write(tmp_path / "00_a.ipynb", "1")
    before = path.read_bytes()
    assert main([str(path), str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert path.read_bytes() == before
