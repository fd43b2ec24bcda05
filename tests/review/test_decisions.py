"""The decision helper: each path walked by hand, and what no answer may lead to."""

import copy
import itertools
import tomllib
from pathlib import Path

import pytest

from rlnotes.review.decisions import decide, decision_tree, read_tree
from tests.review.evidence import problems_of_file

DATA = Path(__file__).parents[2] / "rlnotes" / "review" / "decisions.toml"
NAMES = ("may_sample", "has_score", "few_actions", "has_pairs", "has_memory")
ALL = [dict(zip(NAMES, row, strict=True)) for row in itertools.product([True, False], repeat=5)]
TEXT = {"y": True, "n": False}
# One letter for each question, in the order of NAMES; a dot: whatever the answer.
BY_HAND = {
    "yyy..": "DQN",
    "yyn.y": "PPO",
    "yyn.n": "GRPO",
    "yn.yy": "RLHF",
    "yn.yn": "RLOO",
    "yn.n.": "collect first",
    "n..y.": "DPO",
    "nyyn.": "Q from log",
    "nynn.": "SFT, best",
    "nn.n.": "SFT",
}


def matches(answers, pattern):
    letters = zip(answers.values(), pattern, strict=True)
    return all(letter == "." or answer == TEXT[letter] for answer, letter in letters)


@pytest.mark.parametrize("answers", ALL, ids=lambda row: "".join("ny"[v] for v in row.values()))
def test_every_combination_leads_where_the_table_says(answers):
    (pattern,) = [pattern for pattern in BY_HAND if matches(answers, pattern)]
    decision = decide(answers)
    assert decision.leaf.name == BY_HAND[pattern]
    free = {name for name, letter in zip(NAMES, pattern, strict=True) if letter == "."}
    assert set(decision.ignored) == free
    assert set(decision.asked) == set(NAMES) - free
    assert [answer for _, answer in decision.path] == [answers[name] for name in decision.asked]


def test_what_is_ignored_changes_nothing_and_what_is_asked_does_somewhere():
    for answers in ALL:
        decision = decide(answers)
        for name in NAMES:
            other = decide({**answers, name: not answers[name]})
            if name in decision.ignored:
                assert other.leaf == decision.leaf
            else:
                assert other.leaf != decision.leaf


@pytest.mark.parametrize(
    ("leaf", "needs"),
    [
        ("DQN", {"may_sample", "has_score", "few_actions"}),
        ("PPO", {"may_sample", "has_score", "has_memory"}),
        ("GRPO", {"may_sample", "has_score"}),
        ("RLHF", {"may_sample", "has_pairs", "has_memory"}),
        ("RLOO", {"may_sample", "has_pairs"}),
        ("collect first", {"may_sample"}),
        ("DPO", {"has_pairs"}),
        ("Q from log", {"has_score", "few_actions"}),
        ("SFT, best", {"has_score"}),
        ("SFT", set()),
    ],
)
def test_no_method_without_what_it_needs(leaf, needs):
    found = [answers for answers in ALL if decide(answers).leaf.name == leaf]
    assert found
    assert all(answers[name] for answers in found for name in needs)


def test_without_a_score_and_without_pairs_nothing_climbs_a_reward():
    poor = [a for a in ALL if not a["has_score"] and not a["has_pairs"]]
    assert {decide(answers).leaf.name for answers in poor} == {"collect first", "SFT"}


def test_links_show_what_they_say():
    assert problems_of_file(DATA) == []
    assert all(leaf.evidence for leaf in decision_tree().leaves.values())


def test_no_leaf_is_named_in_vain():
    tree = decision_tree()
    assert set(tree.leaves) == set(BY_HAND.values())
    assert set(tree.questions) == set(NAMES)
    for leaf in tree.leaves.values():
        assert all([leaf.title, leaf.reason, leaf.gives_up, leaf.watch])


def test_the_text_names_path_leaf_and_what_does_not_matter():
    answers = dict(zip(NAMES, (True, False, True, False, True), strict=True))
    text = decide(answers)._repr_markdown_()
    lines = text.splitlines()
    short = "Decision('collect first' from may_sample=True, has_score=False, has_pairs=False)"
    assert repr(decide(answers)) == short
    assert lines[0] == "**Collect labels, or write a verifier, first**"
    assert lines[2] == "1. May the model write or act while it is trained? **Yes.**"
    assert lines[3].endswith("score each output? **No.**")
    assert lines[4].endswith("one is preferred? **No.**")
    assert "[9.9](09_grpo.ipynb#cell-id=09-verifiers-load-carry-verifiers-print)" in lines[-1]
    assert lines[-1].endswith("few actions, replayable steps; memory for a critic.")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"has_luck": True}, "question must be one of .* got 'has_luck'"),
        ({"has_score": 1}, "has_score must be True or False, got 1"),
        ({"few_actions": None}, "few_actions must be True or False, got None"),
        ({"has_pairs": "yes"}, "has_pairs must be True or False, got 'yes'"),
    ],
)
def test_bad_answers_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        decide({**ALL[0], **change})


def test_a_missing_answer_is_refused_even_where_it_does_not_matter():
    for name in NAMES:
        rest = {key: value for key, value in ALL[-1].items() if key != name}
        with pytest.raises(ValueError, match=f"answers must have {name}, got"):
            decide(rest)
    with pytest.raises(ValueError, match="answers must be a mapping, got"):
        decide([True] * 5)


@pytest.mark.parametrize(
    ("table", "key", "message"),
    [
        ("node", "question", "question must be one of"),
        ("node", "yes", "yes must be one of"),
        ("node", "no", "no must be one of"),
    ],
)
def test_a_file_that_names_what_does_not_exist_is_refused(table, key, message):
    data = copy.deepcopy(tomllib.loads(DATA.read_text()))
    data[table][0][key] = "nowhere"
    with pytest.raises(ValueError, match=f"{message}.*nowhere"):
        read_tree(data)
