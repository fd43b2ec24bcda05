"""Cards: data with evidence, and what a written answer is told."""

import json
import tomllib
from pathlib import Path

import pytest

from rlnotes.review.answer_words import has_word
from rlnotes.review.card_data import FILE, load_cards
from rlnotes.review.evidence import FILE as EVIDENCE_FILE
from rlnotes.review.evidence import load_evidence
from rlnotes.review.statements import Statement, read_statement
from tests.review.card_answers import RIGHT, WRONG
from tests.review.evidence import NOTEBOOKS, links_of_file, problems_of_file

CARDS = load_cards()
FOLDER = FILE.parent


@pytest.mark.parametrize("name", ["cards.toml", "recall.toml", "evidence.toml"])
def test_every_link_shows_what_it_is_for(name):
    assert len(links_of_file(FOLDER / name)) >= 3
    assert problems_of_file(FOLDER / name) == []


def test_seven_questions_in_order():
    assert [card.number for card in CARDS.values()] == [1, 2, 3, 4, 5, 6, 7]
    assert all(card.key == key and card.question.endswith("?") for key, card in CARDS.items())


@pytest.mark.parametrize(
    ("key", "number", "text"),
    [
        ("dpo_and_ppo", 3, "It leaves out the reward model, the critic and sampling."),
        ("dpo_and_ppo", 3, "It needs no judge and writes nothing itself."),
        ("clip_or_plain_gradient", 5, "It doesn't guarantee that the ratio stays there."),
        ("clip_or_plain_gradient", 5, "The clip doesn't bound anything at all, sadly."),
        ("reward_model_or_value_network", 2, "The reward model isn't trained any more then."),
    ],
)
def test_other_words_for_a_claim_are_found(key, number, text):
    touched = CARDS[key].compare(text).touched
    assert touched[number - 1]
    assert sum(touched) < len(touched)


@pytest.mark.parametrize("key", CARDS)
@pytest.mark.parametrize("which", [0, 1])
def test_a_right_answer_touches_every_claim(key, which):
    compared = CARDS[key].compare(RIGHT[key][which])
    assert compared.touched == (True,) * len(CARDS[key].claims)
    assert f"touches {len(CARDS[key].claims)} of {len(CARDS[key].claims)} claims" in repr(compared)
    assert "has none of" not in repr(compared)


@pytest.mark.parametrize("key", CARDS)
def test_the_two_right_answers_have_few_words_in_common(key):
    one, two = (set(text.lower().split()) for text in RIGHT[key])
    assert len(one & two) < 0.5 * min(len(one), len(two))


@pytest.mark.parametrize("key", CARDS)
def test_a_poor_answer_misses_claims_and_is_told_which(key):
    compared = CARDS[key].compare(WRONG[key])
    missed = [n for n, found in enumerate(compared.touched, start=1) if not found]
    assert len(missed) >= 2
    for number in missed:
        assert f"- Claim {number}: your text has none of" in repr(compared)
    for number in set(range(1, len(compared.touched) + 1)) - set(missed):
        assert f"- Claim {number}:" not in repr(compared)


@pytest.mark.parametrize("text", ["", "   \n", "one two three four five six seven", "... --- !!!"])
def test_nothing_is_shown_before_an_answer_is_written(text):
    compared = CARDS["why_lora"].compare(text)
    assert compared.is_short
    for shown in (repr(compared), compared._repr_markdown_()):
        assert shown.startswith("Write your answer first")
        assert "\n" not in shown
        assert "gradient" not in shown


def test_eight_words_are_an_answer():
    compared = CARDS["why_lora"].compare("one two three four five six seven eight")
    assert not compared.is_short
    assert "touches 0 of 6 claims.\n" in repr(compared)


def test_own_text_first_then_model_answer_then_words_then_the_mistake():
    text = "My own words stand first, whatever I have written here about it."
    for shown in (
        repr(CARDS["why_lora"].compare(text)),
        CARDS["why_lora"].compare(text)._repr_markdown_(),
    ):
        places = [
            shown.index(part)
            for part in (
                text,
                "\n1. A map W stays",
                "\n6. Whether it saves",
                "By its words",
                "A count of words",
                "A common wrong answer",
            )
        ]
        assert places == sorted(places)


@pytest.mark.parametrize(
    "text",
    [
        "$x$ <b>bold</b> **stars** [link](x) `code` " * 3,
        "# a\n\n" * 20,
        "x" * 100_000 + " b c d e f g h",
        "\\" * 50 + " a b c d e f g h",
        "a b c d e f g h \x00 \ud800",
        "{} {0} %s a b c d e f g h",
    ],
)
def test_no_text_breaks_it_and_none_is_read_as_markdown(text):
    shown = CARDS["why_lora"].compare(text)._repr_markdown_()
    own = shown.split("**Your answer**\n\n")[1].split("\n\n**A model answer**")[0]
    assert all(line.startswith("    ") for line in own.split("\n") if line)


@pytest.mark.parametrize("value", [None, 3, b"bytes", ["a"], float("nan")])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(ValueError, match="written must be a string"):
        CARDS["why_lora"].compare(value)


def test_the_answers_page_has_all_claims_with_links():
    for card in CARDS.values():
        shown = card.model_answer()
        assert card.wrong_answer in shown
        for number, claim in enumerate(card.claims, start=1):
            assert f"{number}. {claim.statement.text} (" in shown
        linked = sum(claim.statement.link is not None for claim in card.claims) + 1
        assert shown.count(".ipynb#cell-id=") == linked
        assert shown.count("not shown here") == len(card.claims) + 1 - linked


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("Policies clip.", "clip", True),
        ("CLIPPED", "clip", False),
        ("CLIPPED", "clip*", True),
        ("two losses", "loss", True),
        ("two models", "model", True),
        ("eclipse", "clip*", False),
        ("off policy", "off-policy", True),
        ("off-policy", "off policy", True),
        ("below 1 - epsilon", "1 - eps*", True),
        ("", "a", False),
        ("reward  \n model", "reward model", True),
        ("rewardmodel", "reward model", False),
        ("It doesn't guarantee it.", "not guarantee", True),
        ("It doesn\u2019t guarantee it.", "not guarantee", True),
        ("It CAN'T see it, it isn't it", "cannot see", True),
        ("It can't see it", "not see", False),
        ("It doesn't guarantee it.", "guarantee", True),
        ("the parent's tent", "not", False),
    ],
)
def test_words_are_whole_in_either_case_and_number(text, word, found):
    assert has_word(text, word) is found


def _entries():
    return tomllib.loads(FILE.read_text())


def _broken(change):
    entries = _entries()
    change(entries["why_lora"])
    return entries


def _without_evidence(claim):
    for key in ("link", "label", "shows"):
        del claim[key]


def _write(path: Path, entries: dict) -> Path:
    """Just enough of TOML for the cards."""
    lines = []
    for key, card in entries.items():
        lines.append(f"[{key}]")
        lines += [
            f"{name} = {_value(card[name])}" for name in card if name not in ("wrong", "claims")
        ]
        lines += [
            f"[{key}.wrong]",
            *(f"{n} = {_value(v)}" for n, v in card.get("wrong", {}).items()),
        ]
        for claim in card.get("claims", []):
            lines += [f"[[{key}.claims]]", *(f"{n} = {_value(v)}" for n, v in claim.items())]
    path.write_text("\n".join(lines))
    return path


def _value(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return f"'''{value}'''" if isinstance(value, str) else str(value)


def test_the_writer_of_these_tests_loses_nothing(tmp_path):
    assert load_cards(_write(tmp_path / "cards.toml", _entries())) == CARDS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.update(number=9), "number must run from 1"),
        (lambda card: card.update(hint="x"), "card 'why_lora' must have the keys"),
        (lambda card: card.pop("question"), "card 'why_lora' must have the keys"),
        (lambda card: card.update(claims=card["claims"][:2]), "must have 3 to 6 claims, got 2"),
        (
            lambda card: card.update(claims=card["claims"] + card["claims"][:1]),
            "3 to 6 claims, got 7",
        ),
        (lambda card: card["claims"][1].pop("words"), r"claim 2: keys \['words'\] are missing"),
        (lambda card: card["claims"][1].update(words=[]), "claim 2: words must be a list"),
        (lambda card: card["claims"][1].update(words="rank"), "claim 2: words must be a list"),
        (
            lambda card: card["claims"][1].update(words=["rank|"]),
            "claim 2: words must not be empty",
        ),
        (lambda card: card["claims"][1].update(words=["*"]), "claim 2: words must not be empty"),
        (lambda card: card["claims"][1].update(word="x"), r"there must be no key \['word'\]"),
        (lambda card: card["claims"][1].update(link="77#x"), "link must be a chapter"),
        (lambda card: card["claims"][1].update(label="8.1"), "label must belong to chapter 7"),
        (lambda card: card["claims"][1].pop("shows"), "shows is missing"),
        (lambda card: card["claims"][1].update(source="A paper"), "not both"),
        (lambda card: _without_evidence(card["claims"][2]), "link or source must be given"),
        (lambda card: card["claims"][2].update(text=""), "text must not be empty"),
        (lambda card: card["wrong"].pop("answer"), r"wrong: keys \['answer'\] are missing"),
    ],
)
def test_bad_cards_are_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        load_cards(_write(tmp_path / "cards.toml", _broken(change)))


def test_a_statement_has_one_kind_of_evidence():
    assert "A paper; not shown here" in Statement("It is so.", source="A paper").markdown()
    with pytest.raises(ValueError, match="not both"):
        Statement("It is so.")
    with pytest.raises(ValueError, match="here: there must be no key"):
        read_statement({"text": "a", "source": "b", "sources": "c"}, where="here")


def test_evidence_has_both_sides_and_says_when(tmp_path):
    (claim,) = load_evidence().values()
    for shown in (repr(claim), claim._repr_markdown_()):
        assert "2023 and 2024" in shown
        assert shown.index("Speaks for it") < shown.index("Speaks against it")
        assert shown.index("arXiv:2404.10719") < shown.index("arXiv:2305.18290")
    assert len(claim.supports) == len(claim.opposes) == 3
    text = EVIDENCE_FILE.read_text()
    bad = tmp_path / "evidence.toml"
    bad.write_text(text.replace("dated =", "date ="))
    with pytest.raises(ValueError, match="evidence 'dpo_or_ppo' must have the keys"):
        load_evidence(bad)


RECALL = tomllib.loads((FOLDER / "recall.toml").read_text())["recall"]


def test_recall_gives_a_reason_for_each_wrong_option():
    options = set(RECALL["options"])
    assert options == {"True", "False", "Only under a condition"}
    for item in RECALL["items"]:
        assert item["right"] in options
        assert set(item["wrong"]) == options - {item["right"]}
        assert len(set(item["wrong"].values())) == 2


def test_recall_uses_all_answers():
    rights = [item["right"] for item in RECALL["items"]]
    assert len({item["id"] for item in RECALL["items"]}) == len(rights) == 20
    assert all(rights.count(option) >= 4 for option in RECALL["options"])


CHAPTER = NOTEBOOKS / "11_review.ipynb"


@pytest.mark.skipif(not CHAPTER.exists(), reason="the chapter is not written yet")
def test_the_chapter_has_every_question_and_every_answer():
    cells = json.loads(CHAPTER.read_text())["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    for card in CARDS.values():
        assert any(card.question in text for text in texts)
        assert any(card.model_answer() in text for text in texts)
