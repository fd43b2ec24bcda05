"""The comparison of methods: reading, choosing, and what its cells must agree on."""

import copy

import pytest

from rlnotes.review.comparison import contradictions, load, read_comparison

COMPARISON = load()
EVIDENCE = {"link": "07#dfff4cca", "label": "7.5", "shows": "optimum"}


def small_data() -> dict:
    def cell(value):
        return {"value": value, "sentence": f"It is {value}.", **EVIDENCE}

    return {
        "columns": [
            {"name": "critic", "title": "Critic", "question": "Any?", "values": ["no", "usual"]},
            {"name": "idea", "title": "Idea", "question": "Which?"},
        ],
        "methods": [
            {"name": "ppo", "title": "PPO", "critic": cell("usual"), "idea": cell("clip")},
            {"name": "dpo", "title": "DPO", "critic": cell("no"), "idea": cell("pairs")},
            {"name": "grpo", "title": "GRPO", "critic": cell("no"), "idea": cell("group")},
        ],
    }


SMALL = read_comparison(small_data())


def test_a_column_has_a_value_for_every_method_in_order():
    assert SMALL.column("critic") == {"ppo": "usual", "dpo": "no", "grpo": "no"}
    assert list(SMALL.column("idea").values()) == ["clip", "pairs", "group"]
    assert SMALL.options("critic") == ["no", "usual"]
    assert SMALL.options("idea") == ["clip", "pairs", "group"]


def test_where_keeps_the_methods_with_all_values():
    assert list(SMALL.where(critic="no").methods) == ["dpo", "grpo"]
    assert list(SMALL.where(critic="no", idea="group").methods) == ["grpo"]
    assert list(SMALL.where(critic="no", idea="clip").methods) == []
    assert list(SMALL.where(idea="clip", critic="no").methods) == []
    assert list(SMALL.where(idea=["clip", "group"]).methods) == ["ppo", "grpo"]
    assert list(SMALL.where(critic="no").where(critic="usual").methods) == []
    assert list(SMALL.methods) == ["ppo", "dpo", "grpo"]


def test_a_table_has_the_rows_and_columns_that_are_asked_for():
    link = "[7.5](07_rlhf.ipynb#cell-id=dfff4cca)"
    table = SMALL.table(columns=["idea", "critic"], methods=["grpo", "ppo"])
    assert table.header == ("method", "Idea", "Critic")
    assert table.rows == (
        ("GRPO", f"group ({link})", f"no ({link})"),
        ("PPO", f"clip ({link})", f"usual ({link})"),
    )
    assert [row[0] for row in SMALL.table().rows] == ["PPO", "DPO", "GRPO"]
    assert SMALL.where(critic="no").table().rows == SMALL.table(methods=["dpo", "grpo"]).rows


def test_a_card_has_a_row_for_each_question():
    card = SMALL.card("dpo")
    assert card.header[0] == "DPO"
    assert [row[:3] for row in card.rows] == [
        ("Critic", "no", "It is no."),
        ("Idea", "pairs", "It is pairs."),
    ]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda: SMALL.column("colour"), "name .*'critic', 'idea'.*'colour'"),
        (lambda: SMALL.options("colour"), "name .*'colour'"),
        (lambda: SMALL.where(colour="red"), "'critic', 'idea'.*'colour'"),
        (lambda: SMALL.where(critic="yes"), "critic .*'no', 'usual'.*'yes'"),
        (lambda: SMALL.where(critic=["no", "yes"]), "critic .*'yes'"),
        (lambda: SMALL.table(columns=["colour"]), "columns .*'colour'"),
        (lambda: SMALL.table(columns="critic"), "columns must be a list.*'critic'"),
        (lambda: SMALL.table(methods=["a3c"]), "methods .*'ppo', 'dpo', 'grpo'.*'a3c'"),
        (lambda: SMALL.card("a3c"), "method .*'a3c'"),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(wrong, named):
    with pytest.raises(ValueError, match=named):
        wrong()


def spoiled(change) -> dict:
    data = copy.deepcopy(small_data())
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: d["methods"].append(d["methods"][0]), "method 'ppo' stands twice"),
        (lambda d: d["columns"].append(d["columns"][1]), "column 'idea' stands twice"),
        (lambda d: d["methods"][1].update(colour={}), "column of dpo .*'colour'"),
        (lambda d: d["methods"][1].pop("idea"), "method 'dpo' must have the column 'idea'"),
        (lambda d: d["methods"][1]["idea"].pop("link"), "'idea' of method 'dpo': link is missing"),
        (lambda d: d["methods"][1]["idea"].pop("shows"), "'idea' of method 'dpo': shows is mis"),
        (lambda d: d["methods"][1]["idea"].update(link="7#x"), "'idea' of method 'dpo': .*'7#x'"),
        (lambda d: d["methods"][1]["idea"].update(value=""), "'idea' of method 'dpo': value is"),
        (lambda d: d["methods"][1]["critic"].update(value="yes"), "'critic' of .*'dpo' .*'yes'"),
        (lambda d: d["methods"][1].pop("title"), "method 'dpo': title is missing"),
        (lambda d: d["columns"][1].pop("name"), "column: name is missing"),
        (lambda d: d.pop("methods"), "data must have methods, got .*'columns'"),
        (lambda d: d["columns"][1].update(title=3), "title of column 'idea' .*3"),
    ],
)
def test_bad_data_are_refused_and_named(change, named):
    with pytest.raises(ValueError, match=named):
        read_comparison(spoiled(change))


def test_every_method_answers_every_question_in_a_sentence():
    assert list(COMPARISON.methods) == [
        *("dqn", "reinforce", "a2c", "trpo", "ppo", "rlhf_ppo", "dpo", "grpo")
    ]
    for method in COMPARISON.methods.values():
        assert list(method.cells) == list(COMPARISON.columns)
        for cell in method.cells.values():
            assert cell.sentence.endswith(".")
            assert cell.sentence[0].isupper()
            assert len(cell.value) <= 56


def test_every_value_of_a_fixed_list_is_taken_by_a_method():
    for name, column in COMPARISON.columns.items():
        if column.values:
            assert set(COMPARISON.column(name).values()) == set(column.values)


def test_cells_of_a_row_agree_with_each_other():
    for name, row in COMPARISON.claims().items():
        to_the_reference = "KL to the reference" in row["anchor"]
        assert to_the_reference == (row["reference_model"] != "no"), name
        assert ("if beta > 0" in row["anchor"]) == (row["reference_model"] == "if beta > 0")
        assert (row["sampling"] == "offline") == (row["learns_from"] == "labelled pairs")
        assert (row["sampling"] == "on-policy") == row["learns_from"].startswith("own fresh")


def test_networks_that_are_held_add_up():
    for name in ("reinforce", "a2c", "trpo", "ppo", "rlhf_ppo", "dpo"):
        row = COMPARISON.claims()[name]
        extra = row["value_network"] != "no", row["reference_model"] == "yes"
        assert int(row["models"]) == 1 + sum(extra) + (row["reward_model"] == "needed"), name


def test_who_needs_what():
    assert list(COMPARISON.where(value_network="needed").methods) == ["dqn", "a2c"]
    assert list(COMPARISON.where(complexity="second order").methods) == ["trpo"]
    assert list(COMPARISON.where(reward_model="needed").methods) == ["rlhf_ppo"]
    assert list(COMPARISON.where(reference_model=["yes", "if beta > 0"]).methods) == [
        *("rlhf_ppo", "dpo", "grpo")
    ]


def test_two_tables_that_say_the_same_have_no_contradiction():
    first = {"ppo": {"critic": "usual"}, "dpo": {"critic": "no"}}
    assert contradictions(first, copy.deepcopy(first)) == []
    assert contradictions(first) == contradictions() == []
    assert contradictions(COMPARISON.claims(), COMPARISON.claims()) == []


def test_a_contradiction_is_found_in_either_order():
    first, second = {"ppo": {"critic": "usual"}}, {"ppo": {"critic": "needed"}}
    (found,) = contradictions(first, second)
    assert (found.method, found.column, found.first, found.second) == ("ppo", "critic", 0, 1)
    assert found.values == (frozenset({"usual"}), frozenset({"needed"}))
    (turned,) = contradictions(second, first)
    assert turned.values == found.values[::-1]


def test_of_three_tables_each_two_are_compared():
    tables = [{"ppo": {"critic": value}} for value in ("no", "usual", "no")]
    assert [(c.first, c.second) for c in contradictions(*tables)] == [(0, 1), (1, 2)]
    tables = [{"ppo": {"critic": value}} for value in ("no", "no", "usual")]
    assert [(c.first, c.second) for c in contradictions(*tables)] == [(0, 2), (1, 2)]


def test_a_cell_that_is_missing_contradicts_nothing():
    full = {"ppo": {"critic": "usual", "anchor": "clip"}, "dpo": {"critic": "no"}}
    assert contradictions(full, {"ppo": {"anchor": "clip"}}, {"grpo": {"critic": "no"}}, {}) == []


def test_a_vague_cell_contradicts_only_what_it_excludes():
    vague = {"trpo": {"critic": ["no", "usual"]}}
    assert contradictions(vague, {"trpo": {"critic": "usual"}}) == []
    assert contradictions({"trpo": {"critic": "no"}}, vague) == []
    assert len(contradictions(vague, {"trpo": {"critic": "needed"}})) == 1
    with pytest.raises(ValueError, match=r"critic of trpo .*at least one value"):
        contradictions(vague, {"trpo": {"critic": []}})
