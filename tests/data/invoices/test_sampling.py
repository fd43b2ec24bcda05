"""Sampling: what decides a document, and what is refused."""

import math

import numpy as np
import pytest

from rlnotes.data.invoices import (
    HELD_OUT_LAYOUTS,
    LAYOUTS,
    SEEN_LAYOUTS,
    sample_invoice,
    sample_invoices,
)


def same(a, b) -> bool:
    return (
        a.name == b.name
        and a.segments == b.segments
        and np.array_equal(a.boxes, b.boxes)
        and np.array_equal(a.pages, b.pages)
        and np.array_equal(a.page_sizes, b.page_sizes)
        and a.target == b.target
        and a.layout == b.layout
    )


def test_a_seed_decides_everything():
    first = sample_invoices(12, seed=3, layouts=LAYOUTS, noise=0.2)
    again = sample_invoices(12, seed=3, layouts=LAYOUTS, noise=0.2)
    assert all(same(a, b) for a, b in zip(first, again, strict=True))


def test_a_document_does_not_depend_on_how_many_are_drawn():
    few, many = sample_invoices(3, seed=9), sample_invoices(11, seed=9)
    assert all(same(a, b) for a, b in zip(few, many, strict=False))
    assert sample_invoices(0, seed=9) == []


def test_other_seeds_and_numbers_give_other_sellers():
    one = {d.target["vendor"] for d in sample_invoices(100, seed=1)}
    two = {d.target["vendor"] for d in sample_invoices(100, seed=2)}
    assert len(one) > 85
    assert len(one & two) < 15


def test_only_the_layouts_asked_for_are_drawn_each_as_often():
    documents = sample_invoices(600, seed=0)
    counts = [sum(d.layout == name for d in documents) for name in SEEN_LAYOUTS]
    assert sum(counts) == 600
    assert min(counts) > 70
    assert {d.layout for d in sample_invoices(40, seed=0, layouts=LAYOUTS[:1])} == {LAYOUTS[0]}


def test_names_are_all_different():
    assert len({d.name for d in sample_invoices(50, seed=4)}) == 50


def test_layouts_share_their_sellers():
    # The same generator gives the same bill to each layout of a kind.
    for kind in ("receipt", "invoice"):
        names = [name for name in LAYOUTS if name.startswith(kind)]
        targets = [
            sample_invoice(np.random.default_rng(5), layouts=[name]).target for name in names
        ]
        assert len({target["vendor"] for target in targets}) == 1


def test_one_seed_gives_other_bills_to_other_layouts():
    def bills(layouts):
        documents = sample_invoices(200, seed=0, layouts=layouts)
        return {(d.target["vendor"], d.target["date"]) for d in documents}

    assert not bills(SEEN_LAYOUTS) & bills(HELD_OUT_LAYOUTS)
    assert not bills(LAYOUTS[:1]) & bills(LAYOUTS[1:2])


def test_noise_lies_over_the_clean_document():
    for seed in range(30):
        clean = sample_invoice(np.random.default_rng(seed), layouts=LAYOUTS)
        noisy = sample_invoice(np.random.default_rng(seed), layouts=LAYOUTS, noise=0.5)
        assert noisy.target == clean.target
        assert np.array_equal(noisy.boxes, clean.boxes)
        assert noisy.layout == clean.layout
        assert noisy.segments != clean.segments


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"count": -1}, "count must be an integer of at least 0, got -1"),
        ({"count": 1.5}, "count must be an integer of at least 0, got 1.5"),
        ({"seed": -4}, "seed must be an integer of at least 0, got -4"),
        ({"layouts": ()}, r"layouts must be .* got \(\)"),
        ({"layouts": "receipt_till"}, "layouts must be .* got 'receipt_till'"),
        ({"layouts": ("receipt_till", "menu")}, "layouts must be among .* got 'menu'"),
        ({"layouts": (["menu"],)}, r"layouts must be among .* got \['menu'\]"),
        ({"noise": 1.1}, "noise must lie in .* got 1.1"),
        ({"noise": math.nan}, "noise must lie in .* got nan"),
        ({"noise_kinds": ("rain",)}, "noise_kinds must be among .* got 'rain'"),
        ({"noise_kinds": "look_alikes"}, "noise_kinds must be .* got 'look_alikes'"),
        ({"noise_kinds": ()}, r"noise_kinds must be .* got \(\)"),
    ],
)
def test_bad_arguments_are_named(changed, message):
    arguments = {"count": 0, "seed": 0} | changed
    count = arguments.pop("count")
    with pytest.raises(ValueError, match=message):
        sample_invoices(count, **arguments)


def test_a_seed_is_no_generator():
    with pytest.raises(ValueError, match=r"generator must be a numpy\.random\.Generator, got 3"):
        sample_invoice(3)
