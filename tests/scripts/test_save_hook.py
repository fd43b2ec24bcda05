"""What is saved: pictures stay, and the views that would hide them go."""

import copy

import anywidget
from jupyter_server.services.contents.filemanager import FileContentsManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rlnotes.scripts import save_hook

VIEW = save_hook.WIDGET_VIEW


def notebook():
    with_picture = new_output(
        "display_data", data={VIEW: {}, "image/png": "iVBO", "text/plain": "x"}
    )
    bar = new_output("display_data", data={VIEW: {}, "text/plain": "a bar"})
    cells = [
        new_markdown_cell("words"),
        new_code_cell("explorer", outputs=[with_picture]),
        new_code_cell("bar", outputs=[bar, new_output("stream", text="1")]),
    ]
    return new_notebook(cells=cells)


def test_the_view_goes_only_where_there_is_a_picture():
    model = {"type": "notebook", "content": notebook()}
    expected = copy.deepcopy(model)
    del expected["content"]["cells"][1]["outputs"][0]["data"][VIEW]
    save_hook.keep_pictures(model=model, path="a.ipynb", contents_manager=None)
    assert model == expected


def test_the_view_of_a_quiz_goes_and_its_text_stays():
    data = {VIEW: {}, "text/plain": "What?", "text/markdown": "**What?**"}
    cell = new_code_cell("quiz", outputs=[new_output("display_data", data=data)])
    model = {"type": "notebook", "content": new_notebook(cells=[cell])}
    save_hook.keep_pictures(model=model, path="a.ipynb", contents_manager=None)
    (output,) = model["content"]["cells"][0]["outputs"]
    assert output["data"] == {"text/plain": "What?", "text/markdown": "**What?**"}


def test_the_view_of_an_anywidget_is_known_by_the_same_name():
    class Panel(anywidget.AnyWidget):
        _esm = "export default {}"

    data, _ = Panel()._repr_mimebundle_()
    assert VIEW in data


def test_other_files_are_left_alone():
    model = {"type": "file", "content": "text"}
    save_hook.keep_pictures(model=model, path="a.txt", contents_manager=None)
    assert model == {"type": "file", "content": "text"}


def test_the_extension_is_added_beside_a_hook_of_the_users(tmp_path):
    seen = []
    manager = FileContentsManager(root_dir=str(tmp_path))
    manager.pre_save_hook = lambda model, **_where: seen.append(model["type"])

    class Server:
        contents_manager = manager

    assert save_hook._jupyter_server_extension_points() == [{"module": save_hook.__name__}]
    save_hook._load_jupyter_server_extension(Server)
    manager.save({"type": "notebook", "format": "json", "content": notebook()}, "a.ipynb")
    assert seen == ["notebook"]
    text = (tmp_path / "a.ipynb").read_text()
    assert text.count(VIEW) == 1  # the bar's
    assert "iVBO" in text
