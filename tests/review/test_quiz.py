"""Quizzes: every answer judged, on made-up data and on the book's."""

import pytest
from ipywidgets.widgets.widget import _instances

from rlnotes.review.links import parse_link
from rlnotes.review.quiz import Quiz, quizzes
from rlnotes.review.quiz_data import Item, QuizData, read_quizzes
from rlnotes.review.quiz_view import CHOOSE
from rlnotes.scripts.save_hook import WIDGET_VIEW
from tests.review.evidence import cells, problems

DATA = read_quizzes()
ITEMS = [(name, item) for name, data in DATA.items() for item in data.items]
NAMES = [f"{name}-{item.id}" for name, item in ITEMS]
LINK = parse_link("07#dfff4cca", label="7.5", shows="beta")


def colours(**changes) -> QuizData:
    reasons = {"red": "Red is hot.", "green": "Green is for leaves."}
    sky = Item("sky", "The sky <at noon>", ("red", "blue", "green"), ("blue",), reasons, LINK)
    leaf = {"red": "In autumn.", "blue": "Blue is above."}
    leaves = Item("leaves", "Leaves", ("red", "blue", "green"), ("green",), leaf)
    parts = {"kind": "matching", "title": "Colours", "instruction": "Choose."}
    return QuizData(**{**parts, "items": (sky, leaves), **changes})


@pytest.fixture
def quiz():
    made = Quiz(colours())
    yield made
    made.close()


def test_a_partial_answer_says_what_is_right_what_is_not_and_what_is_open(quiz):
    assert str(quiz.check()).splitlines() == [
        "0 of 2 right, 2 open.",
        "- The sky <at noon>: Open: choose an option.",
        "- Leaves: Open: choose an option.",
    ]
    verdict = quiz.answer(sky="red").check()
    assert (verdict.score, verdict.passed, verdict.summary) == (0, False, "0 of 2 right, 1 open.")
    assert verdict["sky"].message == "Not yet: Red is hot."
    assert verdict["leaves"].state == "open"
    verdict = quiz.set({"sky": "blue", "leaves": "green"}).check()
    assert (verdict.score, verdict.passed, verdict.summary) == (2, True, "2 of 2 right.")
    assert verdict["leaves"].message == "Right: green."


def test_the_right_option_of_an_open_item_is_told_nowhere(quiz):
    view = quiz.view
    verdict = quiz.answer(leaves="red").check()
    bundle = verdict._repr_mimebundle_()
    for text in (str(verdict), *bundle.values(), view.notes["sky"].value):
        assert "blue" not in text
        assert "7.5" not in text  # nor where to look it up


def test_a_verdict_in_markdown_links_to_the_cell(quiz):
    text = quiz.answer(sky="red").check()._repr_mimebundle_()["text/markdown"]
    assert r"- The sky \<at noon\> Not yet: Red is hot. See [7.5](07_rlhf.ipynb#cell" in text


def test_the_answers_are_a_copy_and_the_same_answer_again_keeps_its_verdict(quiz):
    view = quiz.view
    quiz.answer(sky="red").check()
    quiz.answers["sky"] = "blue"
    assert quiz.answer(sky="red").answers["sky"] == "red"
    assert "Not yet: Red is hot." in view.notes["sky"].value
    assert view.score.text == "0 of 2 right, 1 open."


def test_reset_and_none_open_items_again(quiz):
    quiz.answer(sky="blue", leaves="red")
    assert quiz.answer(sky=None).answers == {"sky": None, "leaves": "red"}
    assert quiz.reset().answers == {"sky": None, "leaves": None}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"sea": "blue"}, r"item must be one of \['sky', 'leaves'\], got 'sea'"),
        ({"leaves": "red", "sky": "grey"}, "option of sky must be one of .*got 'grey'"),
        ({"leaves": "red", "sky": ["blue"]}, "option of sky must be one of"),
        ({"leaves": "red", "sky": CHOOSE}, "option of sky must be one of"),
        ({"leaves": "red", "sky": ""}, "option of sky must be one of"),
    ],
)
def test_an_unknown_item_or_option_is_refused_and_nothing_changes(quiz, answers, message):
    with pytest.raises(ValueError, match=message):
        quiz.set(answers)
    assert quiz.answers == {"sky": None, "leaves": None}


@pytest.mark.parametrize("answers", [["sky"], None, "abc", 3, {"sky"}, [("sky", "red")]])
def test_what_is_no_dictionary_of_answers_is_refused(quiz, answers):
    with pytest.raises(ValueError, match="answers must be a dictionary, item: option, got"):
        quiz.set(answers)
    assert quiz.answers == {"sky": None, "leaves": None}


def test_an_unknown_name_is_answered_with_those_there_are(quiz):
    for name in ("zzz", 3, ["sky"]):
        with pytest.raises(ValueError, match=r"item must be one of \['sky', 'leaves'\], got"):
            quiz.check()[name]
    with pytest.raises(ValueError, match=r"quiz must be one of \[.*'three_steps'.*, got 'nope'"):
        quizzes()["nope"]
    assert "nope" not in quizzes()
    assert quizzes().get("nope") is None


def test_the_widgets_follow_python_and_python_the_widgets(quiz):
    menus, notes = quiz.view.menus, quiz.view.notes
    assert [menu.label for menu in menus.values()] == [CHOOSE, CHOOSE]
    quiz.answer(sky="red")
    assert menus["sky"].value == "red"
    menus["leaves"].value = "green"
    assert quiz.answers == {"sky": "red", "leaves": "green"}
    quiz.view.check_button.click()
    assert quiz.view.score.text == "1 of 2 right."
    assert "✗" in notes["sky"].value
    assert "Not yet: Red is hot." in notes["sky"].value
    assert "✓" in notes["leaves"].value
    menus["sky"].value = "blue"  # its verdict is of another answer now; the other stays
    assert (quiz.view.score.text, notes["sky"].value) == ("", "")
    assert "Right: green." in notes["leaves"].value
    menus["leaves"].value = ""
    assert quiz.answers["leaves"] is None
    quiz.view.reset_button.click()
    assert [menu.label for menu in menus.values()] == [CHOOSE, CHOOSE]
    assert quiz.answers == {"sky": None, "leaves": None}


def test_what_was_answered_before_the_widgets_were_made_shows():
    quiz = Quiz(colours(), leaves="red")
    assert [menu.value for menu in quiz.view.menus.values()] == ["", "red"]
    quiz.close()


def test_no_sign_of_a_prompt_or_a_reason_becomes_markup():
    reasons = {"<i>b</i>": "Not <b>."}
    item = Item("one", "a", ("<i>b</i>", "c & d"), ("c & d",), reasons)
    data = colours(items=(item,), kind="cloze", text="A <gap> [1].", title="<u>")
    quiz = Quiz(data, one="<i>b</i>")
    view = quiz.view
    quiz.check()
    written = [view.notes["one"].value, view.text.value, view.head.value]
    assert not view.menus["one"].description_allow_html
    assert "Not &lt;b&gt;." in written[0]
    assert written[1] == "<p>A &lt;gap&gt; [1: <b>&lt;i&gt;b&lt;/i&gt;</b>].</p>"
    assert "&lt;u&gt;" in written[2]
    quiz.close()


def test_closing_frees_every_widget_and_the_answers_stay():
    before = set(_instances)
    quiz = Quiz(colours(), sky="blue")
    assert set(_instances) == before  # none before one is asked for
    assert quiz.view.menus["sky"].value == "blue"
    assert len(_instances) > len(before)
    quiz.close()
    assert set(_instances) == before
    quiz.close()
    assert quiz.answers["sky"] == "blue"
    assert quiz.view.menus["sky"].value == "blue"
    assert quiz.view.box.model_id in _instances
    quiz.close()


def test_what_a_check_said_goes_with_the_widgets(quiz):
    quiz.view  # noqa: B018 - makes the widgets
    quiz.answer(sky="blue").check()
    quiz.close()
    assert quiz.view.menus["sky"].value == "blue"
    assert (quiz.view.score.text, quiz.view.notes["sky"].value) == ("", "")


def test_a_stored_notebook_shows_what_is_asked(quiz):
    bundle = quiz._repr_mimebundle_()
    assert set(bundle) == {WIDGET_VIEW, "text/plain", "text/markdown"}
    assert bundle["text/markdown"].splitlines() == [
        "**Colours.** Choose.",
        "",
        r"1. The sky \<at noon\>",
        "1. Leaves",
        "",
        "To choose from:",
        "",
        "- red",
        "- blue",
        "- green",
    ]
    assert bundle["text/plain"].startswith("Colours. Choose.\n- The sky <at noon>\n- Leaves\n")


def test_an_item_may_have_any_name_that_python_allows():
    item = Item("options", "a", ("b", "c"), ("b",), {"c": "No."})
    other = Item("data", "a", ("b", "c"), ("b",), {"c": "No."})
    quiz = Quiz(colours(items=(item, other)), options="b")
    assert quiz.answer(data="c").answers == {"options": "b", "data": "c"}


def test_a_filled_gap_shows_in_the_paragraph_and_an_opened_one_goes():
    data = colours(kind="cloze", text="Above [1], below [2].")
    quiz = Quiz(data, leaves="green")
    assert quiz.view.text.value == "<p>Above [1], below [2: <b>green</b>].</p>"
    quiz.view.menus["sky"].value = "red"
    assert "Above [1: <b>red</b>]" in quiz.view.text.value
    quiz.reset()
    assert quiz.view.text.value == "<p>Above [1], below [2].</p>"
    assert r"Above \[1\], below \[2\]." in quiz._repr_mimebundle_()["text/markdown"]
    quiz.close()


def test_a_step_in_two_places_of_an_order_is_said():
    quiz = Quiz(colours(kind="sorting"), sky="red", leaves="red")
    verdict = quiz.check()
    once = " A step has one place: this one is also chosen for "
    assert verdict["sky"].message == f"Not yet: Red is hot.{once}Leaves."
    assert verdict["leaves"].message == f"Not yet: In autumn.{once}The sky <at noon>."
    assert "chosen for" not in str(quiz.answer(leaves="green").check())
    assert "chosen for" not in str(Quiz(colours(), sky="red", leaves="red").check())


def test_a_right_step_that_also_stands_elsewhere_is_not_praised_for_that():
    step = "Imitate demonstrations"
    quiz = Quiz(DATA["three_steps"])
    first, second, third = (item.id for item in quiz.data.items)
    verdict = quiz.set(dict.fromkeys([first, second, third], step)).check()
    titles = [item.prompt for item in quiz.data.items]
    assert verdict[first].message.startswith(f"Right: {step}. A step has one place: this one is ")
    assert verdict[first].message.endswith(f"also chosen for {titles[1]} and {titles[2]}.")
    assert verdict[second].message.endswith(f"also chosen for {titles[0]} and {titles[2]}.")


def test_other_places_of_a_step_are_listed_with_commas():
    items = [Item(name, name.upper(), ("x", "y"), ("x",), {"y": "No."}) for name in "abcd"]
    quiz = Quiz(colours(kind="sorting", items=items), **dict.fromkeys("abcd", "x"))
    assert quiz.check()["b"].message.endswith("also chosen for A, C and D.")


@pytest.mark.parametrize(("name", "item"), ITEMS, ids=NAMES)
def test_each_item_accepts_what_is_right_and_refuses_the_rest_with_its_own_reason(name, item):
    quiz = Quiz(DATA[name])
    reasons = []
    for option in item.options:
        verdict = quiz.answer(**{item.id: option}).check()[item.id]
        assert verdict.state == ("right" if option in item.right else "not yet")
        if option not in item.right:
            reasons.append(verdict.message)
            assert len(item.reasons[option]) > 15
    assert len(set(reasons)) == len(reasons) >= 1
    assert item.prompt.strip() == item.prompt != ""


@pytest.mark.parametrize(("name", "item"), ITEMS, ids=NAMES)
def test_each_item_links_to_a_cell_that_shows_it(name, item):
    assert problems(item.link) == []


@pytest.mark.parametrize("name", DATA)
def test_the_place_of_the_right_option_varies(name):
    items = DATA[name].items
    places = [item.options.index(item.right[0]) for item in items]
    assert len(items) < 3 or len(set(places)) > 1, places


def test_over_all_quizzes_no_place_is_favoured():
    firsts = [item.options[0] in item.right for _, item in ITEMS]
    expected = sum(len(item.right) / len(item.options) for _, item in ITEMS)
    assert abs(sum(firsts) - expected) < 2.5 * expected**0.5


def test_sorting_and_matching_use_each_right_option_once():
    for name, data in DATA.items():
        if data.kind == "sorting" or (data.kind == "matching" and name not in ("map", "problems")):
            right = [item.right for item in data.items]
            assert len(set(right)) == len(right), name


def test_each_aim_of_the_chapters_has_one_question():
    for number in range(1, 11):
        chapter = f"{number:02}"
        head = next(c.text for c in cells(chapter).values() if "**After this chapter" in c.text)
        aims = head.split("**After this chapter you can**")[1].split("\n\n**")[0]
        assert aims.count("\n- ") == len(DATA[f"chapter_{number}"].items)


def test_the_quizzes_of_the_book_are_made_once():
    assert set(quizzes()) == set(DATA)
    assert quizzes()["three_steps"] is quizzes()["three_steps"]
    assert repr(quizzes()["three_steps"]).startswith("The three stages of RLHF. Put")
