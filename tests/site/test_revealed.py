"""What a quiz or a card asks has its answer on the page, folded."""

import re
import tomllib
from html import unescape

import pytest

from rlnotes.review import card_data, comparison, quiz_data
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


def test_a_hidden_column_is_told_by_the_table():
    methods = comparison.load().methods.values()
    told = revealed_by('x = 1\nreview.hidden_cells.quiz_of_column("value_network")')
    assert [asked for asked, _ in told] == [method.title for method in methods]
    for (_, answer), method in zip(told, methods, strict=True):
        assert answer.startswith(f"**{method.cells['value_network'].value}**")


def test_each_card_is_told_by_the_data_file():
    for key, entry in tomllib.loads(card_data.FILE.read_text("utf-8")).items():
        ((asked, answer),) = revealed_by(f'written = ""\ncards["{key}"].compare(written)')
        assert asked == "A model answer"
        page = unescape(re.sub("<[^>]*>", "", PageRenderer().to_html(answer)))
        for text in [entry["wrong"]["answer"], *(claim["text"] for claim in entry["claims"])]:
            assert " ".join(text.split()) in " ".join(page.split())


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
