"""What a quiz or a card asks has its answer on the page, folded."""

import re
import tomllib
from html import unescape

import pytest

from rlnotes.review import quiz_data
from rlnotes.review.links import Link
from rlnotes.review.quiz_data import Item, QuizData
from rlnotes.review.quiz_text import answers
from rlnotes.site.markdown import PageRenderer
from rlnotes.site.revealed import revealed_by


def test_each_item_has_what_is_right_and_where_it_is_shown():
    link = Link("07", "dfff4cca", label="7.5")
    items = (
        Item("a", "A *star*", ("x_1", "y"), ("x_1",), {"y": "no"}, link),
        Item("b", "Second", ("x", "y", "z"), ("z", "x"), {"y": "no"}),
    )
    assert answers(QuizData("choice", "T", "I", items)) == [
        ("A *star*", r"**x\_1** (See [7.5](07_rlhf.ipynb#cell-id=dfff4cca).)"),
        ("Second", "**z** or **x**"),
    ]


@pytest.mark.parametrize("file", quiz_data.FILES)
def test_a_page_tells_what_the_data_files_call_right(file):
    entries = tomllib.loads((quiz_data.FOLDER / file).read_text("utf-8"))
    for name, entry in entries.items():
        told = revealed_by(f'review.quiz.quizzes()["{name}"]')
        for (asked, answer), item in zip(told, entry["items"], strict=True):
            assert asked == " ".join(item["prompt"].split())
            page = PageRenderer().to_html(answer)
            bold = [unescape(text) for text in re.findall(r"<strong>(.*?)</strong>", page)]
            right = item["right"]
            assert bold == ([right] if isinstance(right, str) else right)


def test_a_hidden_column_and_a_card_are_told():
    column = revealed_by('x = 1\nreview.hidden_cells.quiz_of_column("value_network")')
    assert column[0][0] == "Q-learning, DQN"
    ((asked, card),) = revealed_by('written = ""\ncards["why_lora"].compare(written)')
    assert asked == "A model answer"
    assert card.startswith("1. ")
    assert "**A common wrong answer.**" in card


@pytest.mark.parametrize(
    "source",
    ["", "%matplotlib inline", "cards = load()", 'cards["why_lora"]', "compare(written)", "f(1)"],
)
def test_other_cells_reveal_nothing(source):
    assert revealed_by(source) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('quizzes()["mapp"]', "quiz must be one of .*, got 'mapp'"),
        ('quiz_of_column("valu")', "'valu'"),
        ('cards["lora"].compare(written)', "card must be one of .*, got 'lora'"),
    ],
)
def test_what_there_is_not_is_an_error(source, message):
    with pytest.raises(ValueError, match=message):
        revealed_by(source)
