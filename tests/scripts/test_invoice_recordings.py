"""Recordings of the invoice case: just the runs, seeds and columns of their recipes."""

from itertools import product

import pytest

from rlnotes.data.invoices.sampling import LAYOUTS
from rlnotes.scripts import record_invoice_critics as critics
from rlnotes.scripts import record_invoice_runs as runs
from rlnotes.scripts import record_invoice_shift as others
from rlnotes.scripts import record_invoices as methods
from rlnotes.training.recordings import FOLDER, load
from tests.scripts.small_invoices import EVALUATED
from tests.scripts.test_record_invoice_critics import COLUMNS as OF_CRITICS
from tests.scripts.test_record_invoice_runs import COLUMNS as OF_CURVES

UPDATES = range(0, 126, 5)
SETS = {"seen": 160, "new": 240, "foreign": 160}
ENDS = 0, 125
# Name: columns that say which run it is, and these of every row in order.
KEYS = {
    "invoice_methods": (
        ("method", "seed", "layouts"),
        list(product(methods.METHODS, range(5), SETS)),
    ),
    "invoice_betas": (
        ("pairs", "beta", "seed", "layouts"),
        list(product(("sampled", "labels"), methods.BETAS, range(3), SETS)),
    ),
    "invoice_ranks": (
        ("rank", "seed", "layouts"),
        list(product(methods.RANKS, range(3), SETS)),
    ),
    "invoice_rules": (
        ("run", "seed", "update"),
        list(product(runs.RULES, range(5), UPDATES)),
    ),
    "invoice_sparse": (
        ("run", "seed", "update"),
        list(product(runs.SPARSE, range(5), UPDATES)),
    ),
    "invoice_rules_elsewhere": (
        ("run", "seed", "update", "layouts"),
        list(product(runs.ELSEWHERE, range(5), ENDS, SETS)),
    ),
    "invoice_prices": (
        ("weights", "beta", "updates", "seed", "layouts"),
        [(*setting, *rest) for setting, *rest in product(runs.PRICES, range(5), SETS)],
    ),
    "invoice_critics": (
        ("baseline", "seed", "layouts"),
        list(product(critics.BASELINES, range(5), ("seen", "new"))),
    ),
    "invoice_shift": (
        ("families", "method", "seed", "layout", "noise"),
        list(
            product(
                others.FAMILIES,
                ("12 labels", "12 labels, GRPO", "all labels"),
                range(3),
                LAYOUTS,
                others.NOISE,
            )
        ),
    ),
    "invoice_labels": (
        ("labels", "seed", "method", "layouts"),
        [
            key
            for key in product(others.STEPS, range(3), ("SFT", "GRPO", "rules"), SETS)
            if key[0] < 600 or key[2] == "SFT"
        ],
    ),
    "invoice_cold_starts": (
        ("sft_steps", "seed", "updates", "layouts"),
        list(product(others.SFT_STEPS, range(3), ENDS, SETS)),
    ),
}
COLUMNS = {
    "invoice_methods": ("method", "seed", "answers", "pages", "steps", "labels", *EVALUATED),
    "invoice_betas": ("pairs", "beta", "seed", "kl", *EVALUATED),
    "invoice_ranks": ("rank", "seed", "trained", "all", *EVALUATED),
    "invoice_rules": OF_CURVES,
    "invoice_sparse": OF_CURVES,
    "invoice_rules_elsewhere": ("run", "seed", "update", *EVALUATED),
    "invoice_prices": ("weights", "beta", "updates", "seed", "kl", *EVALUATED),
    "invoice_critics": (*OF_CRITICS, *EVALUATED[1:]),
    "invoice_shift": (
        *("families", "method", "seed", "layout", "noise"),
        *("documents", "right", "keeps_rules", "micro_f1"),
    ),
    "invoice_labels": ("labels", "seed", "method", *EVALUATED),
    "invoice_cold_starts": ("sft_steps", "seed", "updates", *EVALUATED),
}
RECORDED = sorted(path.stem for path in FOLDER.glob("invoice_*.csv"))


def test_every_recipe_is_recorded_and_nothing_else():
    assert set(RECORDED) == set(KEYS)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_has_just_the_runs_seeds_and_columns_of_its_recipe(name):
    rows = load(name)
    columns, keys = KEYS[name]
    assert tuple(rows[0]) == COLUMNS[name]
    assert [tuple(row[column] for column in columns) for row in rows] == keys


@pytest.mark.parametrize("name", RECORDED)
def test_counts_and_scores_lie_in_their_ranges(name):
    for row in load(name):
        documents = SETS[row["layouts"]] if "layouts" in row else 60
        assert row["documents"] == documents
        for count in ("right", "keeps_rules"):
            assert 0 <= row[count] <= documents
            assert row[count] == int(row[count])
        scores = [value for key, value in row.items() if "f1" in key or key == "reward"]
        assert all(0 <= score <= 1 for score in scores)


def test_the_methods_cost_what_their_settings_say():
    # Twelve labels, and 588 documents more.
    expected = {
        "start": (0, 0, 0, 12),
        "GRPO": (8000, 1000, 375, 12),
        "RLOO": (8000, 1000, 375, 12),
        "PPO": (8000, 1000, 375, 12),
        "PPO, batch 8": (8000, 8000, 3000, 12),
        "DPO, sampled pairs": (8000, 2000, 250, 12),
        "DPO, pairs from labels": (0, 2000, 250, 600),
        "SFT, all labels": (0, 4800, 600, 600),
    }
    for row in load("invoice_methods"):
        cost = tuple(row[name] for name in ("answers", "pages", "steps", "labels"))
        assert cost == expected[row["method"]]


def test_runs_from_one_start_begin_alike_and_runs_from_copies_otherwise():
    judged = ("right", "keeps_rules", "macro_f1", "agreed_f1", "reward", "entropy")
    begun = {}
    for table, recipe in (("invoice_rules", runs.RULES), ("invoice_sparse", runs.SPARSE)):
        for row in load(table):
            if row["update"] == 0:
                key = recipe[row["run"]][0], row["seed"]
                begun.setdefault(key, set()).add(tuple(row[name] for name in judged))
    assert [len(numbers) for numbers in begun.values()] == [1] * 10
    assert len(set.union(*begun.values())) == 10


@pytest.mark.parametrize("name", ["invoice_rules", "invoice_sparse"])
def test_the_watched_documents_are_those_of_the_recipe(name):
    counts = {
        f"has_{field}": sum(field in page.target for page in runs.watched())
        for field in ("subtotal", "tax", "line_items")
    }
    for row in load(name):
        assert counts.items() <= row.items()
