"""The recipes of runs by update: starts, scores and prices by name, curves by hand."""

from functools import partial
from itertools import product

import pytest

from rlnotes.functional.extraction.reward import REWARD_WEIGHTS
from rlnotes.models.pointer_actions import sample_actions
from rlnotes.scripts import record_invoice_runs as recipe
from rlnotes.scripts import record_invoices
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.evaluation import GivenAnswer, evaluate
from rlnotes.training.invoices.on_policy import Config, train_on_policy
from rlnotes.training.invoices.scoring import RewardScore, all_or_nothing, has_tax
from tests.scripts.small_invoices import (
    EVALUATED,
    FULL,
    LABEL,
    PAGES,
    TRAINED,
    Listener,
    small_start,
)
from tests.scripts.test_record_rlhf import Pool
from tests.training.invoices.hand_made import example, seeded, small_policy

COLUMNS = (
    *("run", "seed", "update", "documents", "right", "keeps_rules", "macro_f1", "agreed_f1"),
    *("reward", "gives_subtotal", "gives_tax", "gives_line_items", "has_subtotal", "has_tax"),
    *("has_line_items", "score", "entropy"),
)
WITHOUT_LABELS = {
    # Name: start, what a missing row counts, extra rule, price of KL.
    "missing passes": ("agreed", "pass", None, 0),
    "missing fails": ("agreed", "fail", None, 0),
    "missing fails, tax > 0": ("agreed", "fail", has_tax, 0),
    "missing is half": ("agreed", "half", None, 0),
    "missing passes, KL": ("agreed", "pass", None, 0.1),
    "missing is half, KL": ("agreed", "half", None, 0.1),
    "copied: missing is half, KL": ("copied", "half", None, 0.05),
    "copied: missing is half": ("copied", "half", None, 0),
}


@pytest.fixture
def starts(monkeypatch):
    """Small starts by kind and seed, one watched document, one in each test set."""
    kinds = product(("agreed", "copied"), range(2))
    made = {key: small_start(number) for number, key in enumerate(kinds)}
    monkeypatch.setattr(recipe, "start_of", lambda *key: made[key])
    monkeypatch.setattr(recipe, "watched", lambda: [FULL])
    monkeypatch.setattr(record_invoices, "test_set", lambda name: [FULL])
    return made


@pytest.mark.parametrize("name", WITHOUT_LABELS)
def test_runs_without_labels_have_the_start_rows_rule_and_price_of_their_name(name):
    kind, missing_rows, patch, beta = WITHOUT_LABELS[name]
    score = RewardScore(labels=False, missing_rows=missing_rows, patch=patch)
    assert recipe.RULES[name] == (kind, score, {"beta": beta} if beta else {})


def test_one_run_from_copies_looks_at_labels_and_no_other_does():
    assert recipe.RULES["copied: with labels"] == ("copied", RewardScore(), {})
    assert recipe.RULES.keys() == {*WITHOUT_LABELS, "copied: with labels"}
    page = example("Acme", "9.60")  # without a label
    actions = sample_actions(small_policy()(draw_pages([page], None)), 2, generator=seeded())
    for name, (_, score, _) in recipe.RULES.items():
        if name in WITHOUT_LABELS:
            assert score([page], actions).shape == (1, 2)
        else:
            with pytest.raises(ValueError, match="must have a label"):
                score([page], actions)


def test_rewards_of_parts_and_of_whole_documents_with_entropy_and_without():
    bonus = {"entropy_coefficient": 0.01}
    expected = {
        "parts": ("agreed", RewardScore(), {}),
        "all or nothing": ("agreed", all_or_nothing, {}),
        "all or nothing, entropy": ("agreed", all_or_nothing, bonus),
        "parts, entropy": ("agreed", RewardScore(), bonus),
        "parts, PPO": ("agreed", RewardScore(), {"advantage": "critic", **bonus}),
    }
    assert expected == recipe.SPARSE


@pytest.mark.parametrize(("table", "runs"), [("rules", recipe.RULES), ("sparse", recipe.SPARSE)])
def test_every_run_of_a_table_has_five_seeds(table, runs):
    pool = Pool([{}])
    getattr(recipe, table)(pool)
    assert len(pool.jobs) == 5 * len(runs)
    assert set(pool.jobs) == set(product([table], runs, range(5)))


def test_runs_elsewhere_are_some_on_rules_and_one_on_labels():
    pool = Pool([{}])
    recipe.rules_elsewhere(pool)
    names = "missing is half, KL", "copied: missing is half, KL", "copied: with labels"
    assert len(pool.jobs) == 15
    assert set(pool.jobs) == set(product(names, range(5)))


def test_a_start_is_made_once_from_12_labels_or_from_24_half_of_them_copied(monkeypatch):
    made = []
    monkeypatch.setattr(
        recipe, "make_start", lambda seed, **named: made.append((seed, named)) or len(made)
    )
    recipe.start_of.cache_clear()
    numbers = [recipe.start_of(*key) for key in (("agreed", 1), ("copied", 1), ("agreed", 1))]
    recipe.start_of.cache_clear()
    assert numbers == [1, 2, 1]
    assert made == [(1, {"num_labels": 12}), (1, {"num_labels": 24, "num_copied": 12})]


def test_the_watched_documents_are_of_a_seed_of_their_own(monkeypatch):
    asked = []
    monkeypatch.setattr(
        recipe, "sample_examples", lambda count, **named: asked.append((count, named))
    )
    recipe.watched.cache_clear()
    recipe.watched()
    recipe.watched.cache_clear()
    assert asked == [(60, {"seed": 10_001})]
    assert {10_001, record_invoices.TEST_SEED}.isdisjoint(recipe.SEEDS)
    assert record_invoices.TEST_SEED != 10_001


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        (("rules", "copied: missing is half, KL", 1), "copied"),
        (("sparse", "parts, PPO", 0), "agreed"),
    ],
)
def test_a_curve_is_that_of_a_run_from_the_start_of_its_name(starts, monkeypatch, job, kind):
    short = partial(Config, num_updates=4, num_documents=2, num_answers=3, num_epochs=1)
    monkeypatch.setattr(recipe, "Config", short)
    monkeypatch.setattr(recipe, "EVERY", 2)
    table, name, seed = job
    rows = recipe._curve(job)
    assert [row["update"] for row in rows] == [0, 2, 4]
    for row in rows:
        assert tuple(row) == COLUMNS
        assert (row["run"], row["seed"], row["documents"]) == (name, seed, 60)
    start = starts[kind, seed]
    _, score, changes = {"rules": recipe.RULES, "sparse": recipe.SPARSE}[table][name]
    rewards = [evaluate(start.policy, [FULL]).rewards[0]]

    def watch(update, policy):
        rewards.append(evaluate(policy, [FULL]).rewards[0])

    config = short(seed=seed, **changes)
    log = train_on_policy(start.policy, start.others, score, config, watch=watch).diagnostics
    assert [row["reward"] for row in rows] == pytest.approx([rewards[i] for i in (0, 2, 4)])
    # Before update 1 and 3; after the last there is none, and it stands again.
    assert [row["score"] for row in rows] == log.reward[[0, 2, 3]].tolist()
    assert [row["entropy"] for row in rows] == log.entropy[[0, 2, 3]].tolist()
    assert len(set(log.entropy.tolist())) == 4


def test_a_row_counts_what_is_given_and_what_there_is(monkeypatch):
    taxed = example(*("Acme", "1.00", "9.60"), target={**LABEL, "tax": "1.00"})
    given = [{"tax": "1.00"}, {"tax": "2.00", "subtotal": "9.60"}, LABEL]
    watched = [taxed, PAGES[0], PAGES[1]]
    monkeypatch.setattr(recipe, "watched", lambda: watched)
    monkeypatch.setattr(recipe, "NUM_WATCHED", 3)

    def answer_all(policy, examples):
        assert policy is TRAINED
        assert examples is watched
        return [GivenAnswer(answer, None) for answer in given]

    monkeypatch.setattr(recipe, "answer_all", answer_all)
    row = recipe._row("some", 4, 15, TRAINED)
    assert tuple(row) == COLUMNS[:-2]
    assert (row["run"], row["seed"], row["update"], row["documents"]) == ("some", 4, 15, 3)
    assert [row[f"gives_{name}"] for name in ("subtotal", "tax", "line_items")] == [1, 2, 1]
    assert [row[f"has_{name}"] for name in ("subtotal", "tax", "line_items")] == [0, 1, 3]
    assert (row["right"], row["keeps_rules"]) == (1, 1)
    # Hits, misses and inventions. Tax: 1, 0, 1. Subtotal: 0, 0, 1. Vendor, date,
    # currency, total and lines: 1, 2, 0 each.
    assert row["macro_f1"] == pytest.approx((2 / 3 + 5 * 2 / 4 + 0) / 7)


@pytest.mark.parametrize("name", recipe.ELSEWHERE)
def test_a_run_elsewhere_is_judged_before_and_after(starts, monkeypatch, name):
    listener = Listener()
    monkeypatch.setattr(recipe, "train_on_policy", listener)
    rows = recipe._elsewhere((name, 1))
    _, score, changes = recipe.RULES[name]
    start = starts["copied" if name.startswith("copied") else "agreed", 1]
    assert listener.calls == [(start.policy, start.others, score, Config(seed=1, **changes))]
    keys = [(row["update"], row["layouts"]) for row in rows]
    assert keys == list(product((0, 125), ("seen", "new", "foreign")))
    for row in rows:
        assert tuple(row) == ("run", "seed", "update", *EVALUATED)
        assert (row["run"], row["seed"]) == (name, 1)
        judged = TRAINED if row["update"] else start.policy
        assert row["reward"] == pytest.approx(evaluate(judged, [FULL]).rewards[0])
    assert rows[0]["reward"] != rows[3]["reward"]


def test_prices_are_run_from_five_starts_for_two_weighings():
    pool = Pool([{}])
    recipe.prices(pool)
    usual = product(["usual"], (0.0, 0.05, 0.1, 0.2, 0.4), [125], range(5))
    form = product(["mostly format"], (0.1, 0.2), [125], range(5))
    longer = product(["mostly format"], [0.2], [250], range(5))
    assert len(pool.jobs) == 40
    assert set(pool.jobs) == {*usual, *form, *longer}


@pytest.mark.parametrize(
    ("weighing", "structure", "form"), [("usual", 0.3, 0.2), ("mostly format", 0.1, 0.4)]
)
def test_a_run_at_a_price_is_from_copies_by_rules_weighed_as_its_name_says(
    starts, monkeypatch, weighing, structure, form
):
    listener = Listener()
    monkeypatch.setattr(recipe, "train_on_policy", listener)
    monkeypatch.setattr(recipe, "test_set", lambda name: {"seen": PAGES}[name])
    rows = recipe._price((weighing, 0.2, 70, 1))
    start = starts["copied", 1]
    weights = {"fields": 0.4, "structure": structure, "format": form, "hallucination": 0.1}
    score = RewardScore(labels=False, missing_rows="half", weights=weights)
    config = Config(seed=1, beta=0.2, num_updates=70)
    assert listener.calls == [(start.policy, start.others, score, config)]
    assert [row["layouts"] for row in rows] == ["seen", "new", "foreign"]
    kl = record_invoices.mean_divergence(TRAINED, start.policy, PAGES)
    for row in rows:
        assert tuple(row) == ("weights", "beta", "updates", "seed", "kl", *EVALUATED)
        settings = row["weights"], row["beta"], row["updates"], row["seed"]
        assert settings == (weighing, 0.2, 70, 1)
        assert row["kl"] == pytest.approx(kl)
        assert row["reward"] == pytest.approx(evaluate(TRAINED, [FULL]).rewards[0])
    assert kl > 0.01


def test_the_usual_weights_are_those_of_the_package():
    assert recipe.WEIGHINGS["usual"] == (REWARD_WEIGHTS["structure"], REWARD_WEIGHTS["format"])
    assert [sum(parts) for parts in recipe.WEIGHINGS.values()] == pytest.approx([0.5, 0.5])
