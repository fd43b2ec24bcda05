"""Keys pressed in a panel stay there, and leave the notebook as it is."""

import pytest

from tests.browser.live_notebook import LiveNotebook

# One that has a slider, a menu and a box.
CELLS = [
    "first = 1",
    """import ipywidgets

from rlnotes.explorers.discounting import Discounting


class WithMenu(Discounting):
    def make_controls(self):
        menu = ipywidgets.Dropdown(options=["one", "two"], value="one", description="menu")
        box = ipywidgets.Checkbox(value=True, description="box")
        return {**super().make_controls(), "menu": menu, "box": box}

    def update(self, gamma, delay, far_reward, menu, box):
        return super().update(gamma, delay, far_reward)


explorer = WithMenu()
explorer""",
    "last = 1",
]
MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]
LETTERS = ["a", "b", "x", "c", "v", "d", "d", "z", "m", "y", "j", "k", "o", "s", "i", "0", "0"]
OTHERS = ["Enter", "Shift+Enter", "Control+Enter", "Alt+Enter", "Escape", "1", "2", "Space"]
PLACES = ["[name=gamma]", "[name=menu]", "[name=box]", "button >> nth=0", "button >> nth=1"]


@pytest.fixture(scope="module")
def notebook(lab, browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    live = LiveNotebook(lab, page, "keys.ipynb", CELLS)
    live.run(0, 1)
    live.panel().wait_for()
    yield live
    page.close()


@pytest.fixture(params=["as JupyterLab hears keys", "as Notebook 7 hears keys"])
def listening(request, notebook):
    listen = """on => {
        window.hear ??= event => window.jupyterapp.commands.processKeydownEvent(event);
        if (on) document.addEventListener('keydown', window.hear, true);
        else document.removeEventListener('keydown', window.hear, true);
    }"""
    notebook.page.evaluate(listen, "Notebook 7" in request.param)  # before the page does
    yield notebook
    notebook.page.evaluate(listen, False)


@pytest.mark.parametrize("place", PLACES)
def test_keys_leave_cells_selection_and_mode_as_they_are(listening, place):
    notebook = listening
    notebook.panel().locator(place).focus()
    before = notebook.state()
    assert before["mode"] == "command"
    for key in [*MOVES, *LETTERS, *OTHERS]:
        notebook.page.keyboard.press(key)
    notebook.page.keyboard.press("Escape")  # closes a menu that Space has opened
    notebook.page.wait_for_timeout(300)  # a command would run in the next turn
    assert notebook.state() == before
    focused = "element => element === document.activeElement"
    assert notebook.panel().locator(place).evaluate(focused)
    assert notebook.kernel_errors() == []


def test_the_same_keys_beside_the_panel_do_reach_the_notebook(notebook):
    before = notebook.state()
    notebook.page.locator(".jp-Cell >> nth=1").focus()
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("b")
    notebook.page.wait_for_timeout(300)
    assert len(notebook.state()["cells"]) == len(before["cells"]) + 1
    notebook.page.keyboard.press("z")
    notebook.page.wait_for_timeout(300)
    assert notebook.state()["cells"] == before["cells"]


def test_arrows_move_a_slider(listening):
    listening.control("gamma").fill("0.5")
    for key in MOVES[:5]:
        listening.control("gamma").press(key)
    assert listening.control("gamma").input_value() == "0.6"
    listening.wait_for_text("twin", "gamma = 0.6,")


def test_a_click_into_the_panel_leaves_the_keys_there(notebook):
    notebook.control("gamma").click()
    before = notebook.state()
    for key in ("d", "d", "b", "Shift+Enter"):
        notebook.page.keyboard.press(key)
    notebook.page.wait_for_timeout(300)
    assert notebook.state() == before


def test_tab_leaves_the_panel_at_both_ends(notebook):
    inside = "() => Boolean(document.activeElement.closest('.rlnotes-panel'))"
    for key, start in (("Tab", "button >> nth=1"), ("Shift+Tab", "[name=gamma]")):
        notebook.panel().locator(start).focus()
        assert notebook.page.evaluate(inside)
        notebook.page.keyboard.press(key)
        assert not notebook.page.evaluate(inside)


def test_the_line_reaches_the_real_clipboard(notebook):
    notebook.panel().get_by_role("button", name="Copy").click()
    notebook.panel().get_by_role("button", name="Copied").wait_for()
    copied = notebook.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == notebook.value("explorer.code")
