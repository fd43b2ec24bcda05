"""A quiz in JupyterLab: answered by keyboard, checked, read by axe-core."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.live_notebook import LiveNotebook
from tests.browser.test_panel_many import described

CELLS = [
    "from rlnotes.review.quiz import quizzes",
    'quiz = quizzes()["three_steps"]\nquiz',
    'quizzes()["summary_ppo"]',
]
QUIZ = ".rlnotes-quiz"
AT_THE_CELL = """() => {
    const {context, content} = window.jupyterapp.shell.currentWidget;
    return context.path === 'notebooks/07_rlhf.ipynb'
        && content.activeCell?.model.id === 'd3d367bf';
}"""


@pytest.fixture(scope="module")
def notebook(lab, browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    live = LiveNotebook(lab, page, "quiz.ipynb", CELLS)
    live.run(*range(len(CELLS)))
    page.locator(QUIZ).nth(1).wait_for()
    yield live
    page.close()


def first(notebook):
    return notebook.page.locator(QUIZ).first


def choose_by_keyboard(notebook, name: str, option: str) -> None:
    """Type the first letters of an option, as a reader without a mouse does."""
    first(notebook).get_by_role("combobox", name=name, exact=True).focus()
    notebook.page.keyboard.type(option)


def wait_for_score(notebook) -> str:
    line = first(notebook).get_by_role("status").filter(has_text="of 3 right")
    line.wait_for()
    return line.text_content()


def test_each_menu_has_its_prompt_as_its_name_and_starts_open(notebook):
    menus = first(notebook).get_by_role("combobox")
    assert menus.count() == 3
    for number, prompt in enumerate(("Stage 1", "Stage 2", "Stage 3")):
        by_name = first(notebook).get_by_role("combobox", name=prompt, exact=True)
        assert by_name.evaluate("m => m.id") == menus.nth(number).evaluate("m => m.id")
        assert first(notebook).get_by_text(prompt, exact=True).is_visible()


def test_answers_by_keyboard_reach_python_and_the_verdict_comes_back(notebook):
    assert notebook.value("quiz.reset().answers") == dict.fromkeys(("first", "second", "third"))
    choose_by_keyboard(notebook, "Stage 1", "Imitate")
    choose_by_keyboard(notebook, "Stage 2", "Pretrain")
    first(notebook).get_by_role("combobox", name="Stage 3").focus()
    notebook.page.keyboard.press("Tab")
    focused = "() => document.activeElement.textContent"
    assert notebook.page.evaluate(focused) == "Check"
    notebook.page.keyboard.press("Enter")
    assert wait_for_score(notebook) == "1 of 3 right, 1 open."
    notes = first(notebook).locator(".rlnotes-quiz-note").all_text_contents()
    assert notes[0].startswith("✓ Right: Imitate demonstrations.")
    assert notes[1].startswith("✗ Not yet: Pretraining comes before the recipe")
    assert notes[2] == "○ Open: choose an option."
    assert notebook.value("quiz.answers")["second"] == "Pretrain on a large corpus"
    choose_by_keyboard(notebook, "Stage 2", "Fit")
    first(notebook).locator(".rlnotes-wrong").wait_for(state="detached")
    assert first(notebook).get_by_role("status").text_content() == ""
    assert notebook.state()["cells"] == CELLS  # no key was a command of the notebook
    assert notebook.kernel_errors() == notebook.page_errors == []


def test_what_is_set_in_python_shows_in_the_menus(notebook):
    notebook.python('quiz.reset().answer(third="Fit a reward model to comparisons")')
    menu = first(notebook).get_by_role("combobox", name="Stage 3")
    shown = "m => m.selectedOptions[0].textContent.replaceAll('\\u00a0', ' ')"
    notebook.page.wait_for_timeout(500)
    assert menu.evaluate(shown) == "Fit a reward model to comparisons"
    first(notebook).get_by_role("button", name="Reset").click()
    notebook.page.wait_for_timeout(500)
    assert menu.evaluate(shown) == "choose ..."
    assert notebook.value("quiz.answers")["third"] is None


def test_axe_finds_nothing_in_either_theme(notebook):
    page = notebook.page
    notebook.python(
        'quiz.reset().answer(first="Imitate demonstrations", second='
        '"Pretrain on a large corpus").check()'
    )
    wait_for_score(notebook)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
        page.evaluate(change, theme)
        page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
        page.wait_for_timeout(500)  # colours fade
        results = Axe().run(page, QUIZ, {}).response
        assert described(results["violations"]) == [], theme
        checked = {rule["id"] for rule in results["passes"]}
        assert {"color-contrast", "select-name", "button-name"} <= checked


def test_the_link_to_evidence_opens_its_chapter_at_the_cell(notebook):
    notebook.python('quiz.reset().answer(first="Imitate demonstrations").check()')
    first(notebook).get_by_role("link", name="See 7.2.").click()
    notebook.page.wait_for_function(AT_THE_CELL, timeout=60_000)
