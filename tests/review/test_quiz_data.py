"""Data files of quizzes: what is refused, and the order of the options."""

import tomllib

import pytest

from rlnotes.review.quiz_data import FILES, quiz_data, read_quizzes, shuffled

GOOD = """
kind = "matching"
title = "Colours"
instruction = "Choose."
seed = 1
[options]
blue = "Blue is cold."
red = "Red is hot."
[[items]]
id = "sky"
prompt = "The
sky"
right = "blue"
reason = "Look up."
link = "07#dfff4cca"
label = "7.5"
shows = "beta"
""".replace("The\nsky", "The   sky")


def entry(old: str = "", new: str = "") -> dict:
    assert old in GOOD
    return tomllib.loads(GOOD.replace(old, new))


def test_a_shared_option_is_refused_with_what_it_speaks_of_and_what_to_look_for():
    (item,) = quiz_data(entry()).items
    assert item.prompt == "The sky"
    assert item.reasons == {"red": "Red is hot. Look up."}
    assert item.right == ("blue",)
    assert item.link.markdown() == "[7.5](07_rlhf.ipynb#cell-id=dfff4cca)"


def test_an_item_may_say_more_of_one_shared_option():
    data = quiz_data(entry('shows = "beta"', 'shows = "b"\n[items.wrong]\nred = "Only at dusk."'))
    assert data.items[0].reasons == {"red": "Only at dusk."}


def test_own_options_are_the_right_ones_and_the_wrong_ones():
    own = GOOD.replace('[options]\nblue = "Blue is cold."\nred = "Red is hot."\n', "")
    own = own.replace('right = "blue"', 'right = ["blue", "grey"]')
    (item,) = quiz_data(tomllib.loads(own + '[items.wrong]\ngreen = "No."')).items
    assert set(item.options) == {"blue", "grey", "green"}
    assert item.right == ("blue", "grey")
    assert item.reasons == {"green": "No."}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "matching"', 'kind = "game"', "kind must be one of .*got 'game'"),
        ('kind = "matching"', 'kind = "cloze"', r"text must have one gap per item.*got \[\]"),
        ("seed = 1", 'seed = 1\ntext = "A [2]."', r"one gap per item, in order, got \[2\]"),
        ("seed = 1", "", r"quiz must have the keys .*lacks \['seed'\]"),
        ("seed = 1", "seed = 1\nhint = 2", r"quiz must have no key but .*got \['hint'\]"),
        ('right = "blue"', 'right = "grey"', "right of item 'sky' must be one of .*got 'grey'"),
        ('right = "blue"', "right = []", "right of item 'sky' must name an option"),
        ('right = "blue"', "", r"item must have the keys .*lacks \['right'\]"),
        ('id = "sky"', 'id = "the sky"', "id must be a Python name, got 'the sky'"),
        ('reason = "Look up."', 'raeson = "Look up."', r"got \['raeson'\]"),
        ('shows = "beta"', "", "item 'sky': shows is missing"),
        ('link = "07#dfff4cca"', 'link = "17#dfff4cca"', "item 'sky'"),
        ('red = "Red is hot."', "", "options of item 'sky' must differ, two or more"),
        ('red = "Red is hot."', '"" = "Nothing."', "options of item 'sky' must not be empty"),
        ('shows = "beta"', 'shows = "b"\n[items.wrong]\ngrey = "No."', "wrong of item 'sky'"),
        ('shows = "beta"', 'shows = "b"\n[items.wrong]\nblue = "No."', "wrong of item 'sky'"),
        ('red = "Red is hot."\n[[items]]', 'red = ""\n[[items]]', "."),
    ],
)
def test_bad_data_is_refused(old, new, message):
    bad = entry(old, new)
    if message == ".":  # what it speaks of and what to look for are both empty
        bad["items"][0].pop("reason")
        message = r"item 'sky' gives no reason for \[.*\]"
    with pytest.raises(ValueError, match=message):
        quiz_data(bad)


def test_no_items_or_twice_the_same_is_refused():
    data = entry()
    with pytest.raises(ValueError, match=r"items must be one or more .*got \['sky', 'sky'\]"):
        quiz_data({**data, "items": data["items"] * 2})
    with pytest.raises(ValueError, match=r"items must be one or more .*got \[\]"):
        quiz_data({**data, "items": []})


def test_the_order_depends_on_the_seed_and_not_on_how_the_options_are_listed():
    letters = list("abcdef")
    orders = {shuffled(letters, seed) for seed in range(20)}
    assert len(orders) > 15
    assert all(sorted(order) == letters for order in orders)
    assert shuffled(letters[::-1], 3) == shuffled(letters, 3)


def test_a_name_in_two_files_is_refused(tmp_path):
    text = GOOD.replace("[options]", "[one.options]").replace("[[items]]", "[[one.items]]")
    for file in FILES:
        (tmp_path / file).write_text("[one]" + text)
    with pytest.raises(ValueError, match=r"must not repeat the names \['one'\]"):
        read_quizzes(tmp_path)
