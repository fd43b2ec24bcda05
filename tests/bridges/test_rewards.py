import json

import pytest

from rlnotes.bridges.page_prompts import answer_text
from rlnotes.bridges.rewards import InvoiceReward, RewardError

END = 7
TARGET = {"vendor": "Acme Corp", "total": "500.00"}
LABEL = json.dumps(TARGET)
RIGHT = answer_text(TARGET)
# Vendor right, total wrong: F1 is 1/2; nothing to add up, both as agreed, none new.
# 0.4 * 0.5 + 0.3 + 0.2 = 0.7
HALF = '{"vendor":"ACME corp","total":"50.00"}'
UNREADABLE = -0.1


def rewards(completions, ids=None, *, reward=None, **columns):
    reward = reward or InvoiceReward(end_ids=[END])
    ids = ids or [[1, END]] * len(completions)
    columns = {"target": [LABEL] * len(completions)} | columns
    return reward([None] * len(completions), completions, ids, **columns)


def test_rewards_by_hand():
    found = rewards([RIGHT, HALF, "no JSON", ""])
    assert found == pytest.approx([0.9, 0.7, UNREADABLE, UNREADABLE], abs=1e-12)
    assert all(type(number) is float for number in found)


def test_each_answer_is_held_against_its_own_label():
    other = json.dumps({"vendor": "Acme Corp", "total": "50.00"})
    assert rewards([HALF, HALF], target=[LABEL, other]) == pytest.approx([0.7, 0.9])


@pytest.mark.parametrize("ids", [[1, 2], [END, 2], []])
def test_an_answer_that_did_not_end_earns_what_an_unreadable_one_earns(ids):
    assert rewards([RIGHT], [ids]) == [UNREADABLE]


def test_any_of_the_ends_ends():
    reward = InvoiceReward(end_ids=[END, 9])
    assert rewards([RIGHT] * 3, [[END], [9], [8]], reward=reward) == [0.9, 0.9, UNREADABLE]


def test_without_end_tokens_the_ids_do_not_matter():
    assert rewards([RIGHT], [[]], reward=InvoiceReward(end_ids=[])) == pytest.approx([0.9])


@pytest.mark.parametrize(
    "answer",
    [
        [{"role": "assistant", "content": RIGHT}],
        [{"role": "assistant", "content": "wait"}, {"role": "assistant", "content": RIGHT}],
        [{"role": "assistant", "content": [{"type": "text", "text": RIGHT}]}],
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": RIGHT[:5]},
                    {"type": "image"},
                    {"type": "text", "text": RIGHT[5:]},
                ],
            }
        ],
    ],
)
def test_of_messages_the_last_one_counts(answer):
    assert rewards([answer]) == pytest.approx([0.9])


@pytest.mark.parametrize("answer", [[], [{"role": "assistant", "content": None}]])
def test_no_message_is_unreadable(answer):
    assert rewards([answer]) == [UNREADABLE]


def test_without_labels_the_rules_are_left():
    reward = InvoiceReward(end_ids=[END], labels=False)
    # Nothing is known of the fields: 0.3 for structure, and of the four fields that
    # every document has two are given as agreed: 0.2 * 2 / 4.
    assert reward([None], [RIGHT], [[END]]) == pytest.approx([0.4])
    assert rewards([RIGHT, HALF], reward=reward, target=[None, None]) == pytest.approx([0.4, 0.4])


@pytest.mark.parametrize(
    ("missing_rows", "expected"), [("pass", 0.4), ("half", 0.25), ("fail", 0.1)]
)
def test_without_labels_rows_that_are_missing_count_as_the_caller_says(missing_rows, expected):
    # No lines, and no subtotal and tax to make the total: both rules lack their rows.
    reward = InvoiceReward(end_ids=[END], labels=False, missing_rows=missing_rows)
    assert reward([None], [RIGHT], [[END]]) == pytest.approx([expected])


def test_weights_are_those_of_the_caller():
    weights = {"fields": 1.0, "structure": 0.0, "format": 0.0, "hallucination": 2.0}
    reward = InvoiceReward(end_ids=[END], weights=weights)
    weights["fields"] = 5.0  # too late
    assert rewards([RIGHT, HALF, ""], reward=reward) == pytest.approx([1.0, 0.5, -2.0])


def test_trl_calls_it_by_name_and_hands_over_more_than_is_needed():
    reward = InvoiceReward(end_ids=[END])
    assert reward.__name__ == "invoice_reward"
    found = reward(
        prompts=["p"],
        completions=[RIGHT],
        completion_ids=[[END]],
        target=[LABEL],
        name=["a"],
        trainer_state=None,
        log_metric=print,
    )
    assert found == pytest.approx([0.9])


def failing(text, target):
    raise KeyError("price")


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda text, target: None, "must be a finite number, got None"),
        (lambda text, target: float("nan"), "must be a finite number, got nan"),
        (lambda text, target: float("-inf"), "must be a finite number, got -inf"),
        (lambda text, target: "0.5", "must be a finite number, got '0.5'"),
        (failing, "raised KeyError: 'price'"),
    ],
)
def test_a_score_that_fails_names_the_document_and_what_came(score, message):
    reward = InvoiceReward(end_ids=[END], score=score)
    with pytest.raises(RewardError, match=f"document 'bill-2', answer .*Acme.* {message}"):
        rewards([RIGHT], reward=reward, name=["bill-2"])


def test_a_score_of_the_caller_sees_text_and_label():
    seen = []
    reward = InvoiceReward(end_ids=[END], score=lambda *given: seen.append(given) or 1)
    found = rewards([RIGHT, HALF], [[END], [1]], reward=reward)
    assert found == [1.0, 1.0]
    assert {type(number) for number in found} == {float}
    assert seen == [(RIGHT, TARGET), ("", TARGET)]


def test_a_missing_label_is_an_error_and_not_a_reward():
    reward = InvoiceReward(end_ids=[END])
    with pytest.raises(RewardError, match="columns must hold target"):
        reward([None], [RIGHT], [[END]])
    with pytest.raises(RewardError, match=r"document 'b', .* needs a label, got none"):
        rewards([RIGHT, RIGHT], target=[LABEL, None], name=["a", "b"])
    with pytest.raises(RewardError, match=r"document 'number 1', .* needs a label, got none"):
        rewards([RIGHT, RIGHT], target=[LABEL, None])


@pytest.mark.parametrize(
    ("ids", "columns", "message"),
    [
        ([[END]], {}, "completion_ids must have 2 rows, one an answer, got 1"),
        (None, {"target": [LABEL]}, "target must have 2 rows"),
        (None, {"name": ["a", "b", "c"]}, "name must have 2 rows"),
    ],
)
def test_columns_of_other_lengths_are_refused(ids, columns, message):
    with pytest.raises(ValueError, match=message):
        rewards([RIGHT, RIGHT], ids, **columns)


@pytest.mark.parametrize("change", [{"weights": {"fields": 1.0}}, {"missing_rows": "maybe"}])
def test_bad_settings_are_refused_at_once(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        InvoiceReward(end_ids=[END], **change)
