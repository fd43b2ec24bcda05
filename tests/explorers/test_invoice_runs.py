"""Numbers of the invoice recordings by setting, and what their recipes run."""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest

from rlnotes.explorers import invoice_runs, label_share, layout_shift
from rlnotes.explorers.invoice_runs import MEASURES, by_setting, said
from rlnotes.scripts import record_invoice_shift as recipe
from rlnotes.scripts import record_invoices
from rlnotes.training.invoices import starts
from rlnotes.training.invoices.examples import LAYOUT_KINDS
from rlnotes.training.invoices.scoring import RewardScore
from rlnotes.training.invoices.starts import NUM_DOCUMENTS, STEPS, make_start

ROWS = [
    {"method": "a", "seed": 1.0, "documents": 4.0, "right": 3.0, "f1_tax": 0.5},
    {"method": "b", "seed": 0.0, "documents": 5.0, "right": 1.0, "f1_tax": 0.1},
    {"method": "a", "seed": 0.0, "documents": 4.0, "right": 1.0, "f1_tax": 0.7},
]


@pytest.fixture
def few_rows(monkeypatch):
    monkeypatch.setattr(invoice_runs, "rows", lambda name: ROWS)
    by_setting.cache_clear()
    yield
    by_setting.cache_clear()


def test_numbers_stand_in_the_order_of_the_seeds(few_rows):
    numbers = by_setting("any", ("method",), "documents right")
    assert {key: each.tolist() for key, each in numbers.items()} == {
        ("a",): [0.25, 0.75],
        ("b",): [0.2],
    }
    assert by_setting("any", ("method",), "f1_tax")[("a",)].tolist() == [0.7, 0.5]


def test_each_measure_is_its_column():
    row = {"documents": 10, "right": 3, "keeps_rules": 4, "macro_f1": 0.5, "micro_f1": 0.6}
    assert {name: measured(row) for name, measured in MEASURES.items()} == {
        "documents right": 0.3,
        "rules kept": 0.4,
        "macro F1": 0.5,
        "micro F1": 0.6,
    }


def test_a_mean_is_said_with_its_range():
    assert said(np.array([0.5, 0.1, 0.3])) == "0.300 (0.100 to 0.500)"


# What the explorers say of the runs is what the recipes do.


@pytest.fixture
def runs(monkeypatch):
    """Every training that a recipe asks for, with nothing trained."""
    asked = []
    start = SimpleNamespace(policy="start", labelled=[0] * 12, others=[0] * 588)

    def started(seed, **settings):
        asked.append(("start", settings))
        return start

    def trained(policy, examples, score, config):
        asked.append(("GRPO", policy, len(examples), score, config))
        return SimpleNamespace(policy="GRPO")

    def imitated(policy, examples, demonstrations, config):
        asked.append(("SFT", len(examples), config))
        return SimpleNamespace(policy="SFT")

    monkeypatch.setattr(recipe, "make_start", started)
    monkeypatch.setattr(recipe, "_start_of", recipe._start_of.__wrapped__)  # without its cache
    monkeypatch.setattr(recipe, "train_on_policy", trained)
    monkeypatch.setattr(starts.sft, "train_sft", imitated)
    monkeypatch.setattr(starts, "demonstrate", lambda example: example)
    monkeypatch.setattr(recipe, "rows_of", lambda policy, row: [row])
    return asked


def test_a_start_is_as_said():
    defaults = {k: p.default for k, p in inspect.signature(make_start).parameters.items()}
    assert defaults["num_documents"] == NUM_DOCUMENTS
    assert (defaults["num_labels"], defaults["num_steps"]) == (layout_shift.LABELS, STEPS[12])
    assert "125 updates of GRPO, each on 8 answers to 8 documents" in invoice_runs.UPDATES
    config = recipe.Config(seed=0)
    sizes = (config.num_updates, config.num_answers, config.num_documents, config.beta)
    assert sizes == (125, 8, 8, 0)


def test_the_methods_of_the_labels_are_as_said(runs):
    assert [row["method"] for row in recipe._labels((12, 3))] == list(label_share.METHODS)
    start, full, rules = runs
    assert start == ("start", {"num_labels": 12, "num_steps": 200})
    assert full[:4] == ("GRPO", "start", 588, RewardScore())
    assert full[3].labels
    assert rules[:3] == ("GRPO", "start", 588)
    assert not rules[3].labels
    assert (rules[3].missing_rows, rules[4].beta) == ("half", 0.1)
    said = label_share._said_of_others(588)
    assert "a missing row counts half; KL to the start costs 0.1 per nat" in said


def test_the_methods_of_the_layouts_are_as_said(runs):
    words = layout_shift.TRAINED_BY
    for name in layout_shift.METHODS:
        runs.clear()
        recipe._trained(layout_shift.METHODS[name], 0, recipe.FAMILIES[2])
        assert runs[0] == ("start", {"layouts": recipe.FAMILIES[2]})
        if name == "12 labels":
            assert runs[1:] == []
            assert words[name] == "200 steps of imitation of 12 labels"
        elif name == "all labels":
            assert [runs[1][1], runs[1][2].num_steps] == [600, 600]
            assert words[name] == "600 steps of imitation of all 600 labels"
        else:
            assert runs[1][2:4] == (588, RewardScore())
            assert words[name].endswith("its score looks at the labels of the other 588 documents")


def test_the_first_families_of_the_list_are_those_trained_on():
    for count, layouts in recipe.FAMILIES.items():
        assert set(layout_shift.ORDER[:count]) == set(layouts)
    assert len(set(layout_shift.ORDER)) == len(recipe.LAYOUTS) == 8
    assert tuple(layout_shift.NOISE) == recipe.NOISE


def test_the_sets_of_layouts_are_those_answered():
    assert record_invoices.SETS.keys() == LAYOUT_KINDS.keys()
    assert sorted(layout for kind in LAYOUT_KINDS.values() for layout in kind) == sorted(
        recipe.LAYOUTS
    )
    assert set(label_share.FIELDS) <= set(record_invoices.FIELDS_SHOWN)
