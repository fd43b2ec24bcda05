"""Documents made ready: what is asked, which are drawn, what is refused."""

import numpy as np
import pytest
import torch

from rlnotes.data.documents.document import Document
from rlnotes.data.documents.pointing import FIELDS, KINDS, spellings
from rlnotes.data.invoices.sampling import HELD_OUT_LAYOUTS, LAYOUTS, sample_invoices
from rlnotes.functional.extraction import REWARD_WEIGHTS, invoice_reward
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.examples import (
    FOREIGN_LAYOUTS,
    NEW_LAYOUTS,
    TRAINING_LAYOUTS,
    make_example,
    new_policy,
    pointed_target,
    sample_examples,
)
from tests.training.invoices.hand_made import document, example, same_weights, weights_of

LABEL = {
    "vendor": "Acme",
    "date": "2018-03-05",
    "currency": "EUR",
    "total": "9.60",
    "tax_breakdown": [{"rate": "20", "base": "8.00", "tax": "1.60"}],
    "line_items": [
        {"description": "Tea", "quantity": "2", "amount": "4.00"},
        {"description": "Cake", "amount": "4.00"},
    ],
}


def test_the_layouts_are_three_parts_of_all_and_the_foreign_ones_are_held_out():
    parts = TRAINING_LAYOUTS, NEW_LAYOUTS, FOREIGN_LAYOUTS
    assert sorted(name for part in parts for name in part) == sorted(LAYOUTS)
    assert set(FOREIGN_LAYOUTS) == set(HELD_OUT_LAYOUTS)


def test_asked_are_the_fields_and_the_amounts_of_lines():
    before = repr(LABEL)
    assert pointed_target(LABEL) == {
        **{key: LABEL[key] for key in ("vendor", "date", "currency", "total")},
        "line_items": [{"amount": "4.00"}, {"amount": "4.00"}],
    }
    assert repr(LABEL) == before
    assert pointed_target({"total": "1.00", "line_items": [], "note": "x"}) == {"total": "1.00"}
    assert pointed_target(dict.fromkeys(FIELDS, "1.00") | LABEL).keys() == {*FIELDS, "line_items"}


def test_an_example_has_all_that_a_document_says():
    page = document("Acme", "9.60", "4.00", target=LABEL)
    ready = make_example(page)
    assert ready.document is page
    assert ready.target == pointed_target(LABEL)
    assert ready.spelled == spellings(page)
    assert ready.spelled.keys() == set(KINDS)
    assert len(ready.features) == 3
    answer = {"vendor": "Acme", "total": "9.70", "line_items": [{"amount": "4.00"}]}
    rewards = [
        invoice_reward(answer, target, weights=REWARD_WEIGHTS)
        for target in (ready.prepared, ready.target)
    ]
    assert rewards[0] == rewards[1]


def test_without_a_label_there_is_no_target():
    page = example("Acme", "9.60")
    assert page.target is None
    assert page.prepared is None


def test_short_documents_are_drawn_in_the_order_of_the_sampler():
    layouts = ["receipt_till", "invoice_letter"]
    drawn = sample_invoices(60, seed=6, layouts=layouts, noise=0.2)
    short = [each.segments for each in drawn if len(each.segments) <= 60]
    assert 10 < len(short) < 55
    examples = sample_examples(9, seed=6, layouts=layouts, noise=0.2, most_segments=60)
    assert [each.document.segments for each in examples] == short[:9]
    fewer = sample_examples(4, seed=6, layouts=layouts, noise=0.2, most_segments=60)
    assert [each.document.name for each in fewer] == [each.document.name for each in examples[:4]]
    assert {each.document.layout for each in examples} == set(layouts)


def test_documents_come_from_the_training_layouts_if_nothing_else_is_said():
    examples = sample_examples(24, seed=1)
    assert {each.document.layout for each in examples} == set(TRAINING_LAYOUTS)
    assert all(len(each.features) <= 100 for each in examples)
    other = sample_examples(1, seed=2)
    assert other[0].document.segments != examples[0].document.segments


def test_the_last_segment_that_fits_is_kept():
    (shortest,) = sample_examples(1, seed=3)
    length = len(shortest.features)
    (same,) = sample_examples(1, seed=3, most_segments=length)
    assert same.document.segments == shortest.document.segments
    (other,) = sample_examples(1, seed=3, most_segments=length - 1)
    assert len(other.features) < length


def test_policies_of_one_seed_are_alike():
    one, same, other = (new_policy(seed, width=8, num_heads=2) for seed in (3, 3, 4))
    assert same_weights(weights_of(one), weights_of(same))
    assert not same_weights(weights_of(one), weights_of(other))
    choices = one(draw_pages([example("Acme", "9.60")], None))
    assert choices.pointers.shape == (1, len(FIELDS), 3, 3)
    assert choices.pointers.exp().sum(dim=(2, 3)).detach().numpy() == pytest.approx(1)
    assert np.isfinite(choices.values.item())
    assert new_policy().words.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"total": "nine"}, r"target\['total'\] must be readable, got 'nine'"),
        ({"total": "9.60", "line_items": [{"description": "Tea"}]}, "a line needs an amount"),
        ({"total": "9.60", "line_items": ["Tea"]}, "a line needs an amount"),
        ({"total": "9.60", "line_items": "Tea"}, r"target\['line_items'\] must be readable"),
        ({"note": "thanks"}, "target must have at least one field, got {}"),
        ({}, "target must have at least one field, got {}"),
        ("9.60", "target must be a dict or None, got '9.60'"),
    ],
)
def test_a_bad_label_is_refused(target, message):
    with pytest.raises(ValueError, match=message):
        example("Acme", "9.60", target=target)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="count must be a positive integer, got 0"):
        sample_examples(0, seed=1)
    with pytest.raises(ValueError, match=r"most_segments must be .* got 2\.5"):
        sample_examples(1, seed=1, most_segments=2.5)
    with pytest.raises(ValueError, match="most_segments must leave documents over, got 3: 0 of 64"):
        sample_examples(2, seed=1, most_segments=3)
    with pytest.raises(ValueError, match="seed must be an integer of at least 0, got -1"):
        new_policy(-1)
    empty = Document("empty", [], np.zeros((0, 4)), [], [(100, 100)])
    with pytest.raises(ValueError, match="document must have a segment, got none in 'empty'"):
        make_example(empty)
