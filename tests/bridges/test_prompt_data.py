import json

import pytest

from rlnotes.bridges.page_prompts import answer_text, prompt_of
from rlnotes.bridges.prompt_data import (
    acme_pair,
    corrupted_text_pairs,
    pair_rows,
    prompt_rows,
)
from rlnotes.data.documents.document import Document
from rlnotes.functional.extraction.reward import REWARD_WEIGHTS, invoice_reward
from rlnotes.training.invoices.examples import pointed_target


def earned(text, document):
    return invoice_reward(text, pointed_target(document.target), weights=REWARD_WEIGHTS).total


def unlabelled(document):
    return Document(
        document.name, document.segments, document.boxes, document.pages, document.page_sizes
    )


def test_the_pair_of_the_chapter_by_hand():
    page, chosen, rejected = acme_pair()
    wrong = {"vendor": "Acme", "total": "50.00"}
    assert json.loads(rejected) == json.loads(chosen) | wrong
    assert earned(chosen, page) == pytest.approx(0.9)
    # Date and currency right, vendor and total wrong: F1 is 1/2, the forms are as
    # agreed and nothing is new: 0.4 / 2 + 0.3 + 0.2.
    assert earned(rejected, page) == pytest.approx(0.7)
    assert {"Acme", "Acme Corp", "$50.00", "$500.00"} <= set(page.segments)
    # Each amount stands right of its word, on the same line.
    places = dict(zip(page.segments, page.boxes.tolist(), strict=True))
    for word, amount in (("Deposit", "$50.00"), ("Total", "$500.00")):
        assert places[word][1] == places[amount][1]
        assert places[word][2] < places[amount][0]
    assert page.page_sizes.tolist() == [[595, 842]]  # A4 in points


def test_a_mistake_always_earns_less_than_the_label(short_documents):
    pairs = corrupted_text_pairs(short_documents, count=60, seed=0)
    assert len(pairs) == 60
    for document, chosen, rejected in pairs:
        assert chosen == answer_text(document.target)
        assert earned(rejected, document) < earned(chosen, document) == pytest.approx(0.9)
    assert len({pair.document.name for pair in pairs}) > 8


def test_pairs_are_those_of_the_seed(short_documents):
    first, again, other = (
        corrupted_text_pairs(short_documents, count=12, seed=seed) for seed in (1, 1, 2)
    )
    assert [pair[1:] for pair in first] == [pair[1:] for pair in again]
    assert [pair[1:] for pair in first] != [pair[1:] for pair in other]


def test_a_row_for_each_document(short_documents):
    documents = [short_documents[0], unlabelled(short_documents[1])]
    rows = prompt_rows(documents).to_list()
    assert rows == [
        {
            "prompt": prompt_of(documents[0]),
            "target": answer_text(documents[0].target),
            "name": documents[0].name,
        },
        {"prompt": prompt_of(documents[1]), "target": None, "name": documents[1].name},
    ]


def test_a_row_for_each_pair():
    pair = acme_pair()
    row = {"prompt": prompt_of(pair.document), "chosen": pair.chosen, "rejected": pair.rejected}
    assert pair_rows([pair, pair]).to_list() == [row, row]


def test_for_a_chat_they_are_messages(short_documents):
    (row,) = prompt_rows(short_documents[:1], chat=True)
    assert row["prompt"] == [{"role": "user", "content": prompt_of(short_documents[0])}]
    (row,) = pair_rows([acme_pair()], chat=True)
    page, chosen, rejected = acme_pair()
    assert row == {
        "prompt": [{"role": "user", "content": prompt_of(page)}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda documents: prompt_rows([]), "documents must hold at least one, got none"),
        (lambda documents: pair_rows([]), "pairs must hold at least one, got none"),
        (
            lambda documents: corrupted_text_pairs(documents, count=0, seed=0),
            "count must be a positive integer, got 0",
        ),
        (
            lambda documents: corrupted_text_pairs([unlabelled(documents[0])], count=1, seed=0),
            "example must have a label",
        ),
    ],
)
def test_bad_input_is_named(short_documents, call, message):
    with pytest.raises(ValueError, match=message):
        call(short_documents)
