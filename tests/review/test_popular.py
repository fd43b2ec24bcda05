"""Popular tables: where they contradict each other, and where they differ from ours."""

import copy

import pytest

from rlnotes.review import comparison
from rlnotes.review.popular import load, read_popular
from tests.review.test_comparison import EVIDENCE, SMALL

POPULAR = load(comparison.load())

SMALL_DATA = {
    "more": {"critic": ["needed"], "idea": ["luck"]},
    "tables": [
        {"name": "one", "title": "One", "rows": {"ppo": {"critic": ["needed"]}}},
        {"name": "two", "title": "Two", "rows": {"ppo": {"critic": ["usual", "no"]}}},
    ],
    "reasons": [
        {
            **{"method": "ppo", "column": "critic", "says": ["needed"], "reason": "Any will do."},
            **EVIDENCE,
        }
    ],
}


def test_contradictions_and_differences_of_two_small_tables():
    small = read_popular(SMALL_DATA, SMALL)
    assert small.among_themselves().rows == (
        ("PPO", "Critic", "One", "needed", "Two", "no or usual"),
    )
    (row,) = small.against_ours().rows
    assert row[:5] == ("PPO", "Critic", "needed", "1", "usual")
    assert row[5] == "Any will do. ([7.5](07_rlhf.ipynb#cell-id=dfff4cca))"


def test_the_popular_tables_contradict_each_other_in_three_cells():
    names = list(POPULAR.rows)
    found = {
        (c.method, c.column, names[c.first], names[c.second])
        for c in comparison.contradictions(*POPULAR.rows.values())
    }
    assert found == {
        ("trpo", "value_network", "five", "below_five"),
        ("grpo", "reward_model", "five", "three"),
        ("rlhf_ppo", "models", "memory", "more_memory"),
    }
    assert len(POPULAR.among_themselves().rows) == 3


def test_where_the_popular_tables_differ_from_ours():
    found = [(name, method, column) for name, method, column, _ in POPULAR.differences()]
    assert sorted(found) == sorted(
        [
            ("four", "ppo", "anchor"),
            ("four", "rlhf_ppo", "anchor"),
            ("five", "ppo", "anchor"),
            ("five", "ppo", "value_network"),
            ("five", "rlhf_ppo", "anchor"),
            ("five", "rlhf_ppo", "value_network"),
            ("five", "grpo", "anchor"),
            ("five", "grpo", "reward_model"),
            ("below_five", "trpo", "value_network"),
            ("below_five", "ppo", "value_network"),
            ("values_to_pairs", "dpo", "complexity"),
            ("three", "ppo", "value_network"),
            ("memory", "rlhf_ppo", "models"),
        ]
    )
    rows = POPULAR.against_ours().rows
    assert len(rows) == len(POPULAR.reasons)
    assert sum(int(row[3]) for row in rows) == len(found)


def test_every_reason_is_needed():
    differing = {(method, column, says) for _, method, column, says in POPULAR.differences()}
    assert differing == set(POPULAR.reasons)


def test_values_of_their_own_are_used():
    data_words = {
        value
        for rows in POPULAR.rows.values()
        for row in rows.values()
        for values in row.values()
        for value in values
    }
    assert {"soft constraint", "closed form", "KL to the reference, if any"} <= data_words


def spoiled(change) -> dict:
    data = copy.deepcopy(SMALL_DATA)
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: d["tables"][1].update(name="one"), "table 'one' stands twice"),
        (lambda d: d["tables"][1].pop("title"), "table 'two': title is missing"),
        (lambda d: d["reasons"][0].pop("method"), "reason: method is missing"),
        (lambda d: d.pop("tables"), "data must have tables, got .*'more'"),
        (lambda d: d["tables"][1]["rows"].update(a3c={"critic": ["no"]}), "method .*'two'.*'a3c'"),
        (lambda d: d["tables"][1]["rows"]["ppo"].update(colour=["no"]), "column .*'two'.*'colour'"),
        (lambda d: d["tables"][1]["rows"]["ppo"].update(critic=["yes"]), "critic of ppo .*'yes'"),
        (lambda d: d["tables"][1]["rows"]["ppo"].update(critic=["luck"]), "critic of .*'luck'"),
        (lambda d: d["reasons"][0].pop("shows"), "reason for critic of ppo: shows is missing"),
        (lambda d: d["reasons"][0].update(says=["yes"]), "reason for critic of ppo .*'yes'"),
        (lambda d: d["reasons"].append(d["reasons"][0]), "reason for critic of ppo stands twice"),
        (lambda d: d["reasons"][0].update(reason=""), "critic of ppo: reason is missing"),
    ],
)
def test_bad_data_are_refused_and_named(change, named):
    with pytest.raises(ValueError, match=named):
        read_popular(spoiled(change), SMALL)


def test_a_difference_without_a_reason_is_an_error():
    small = read_popular(spoiled(lambda d: d["reasons"].clear()), SMALL)
    with pytest.raises(ValueError, match=r"explain critic of ppo in table 'one'.*'needed'"):
        small.against_ours()
