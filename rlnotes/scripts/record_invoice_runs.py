"""Recordings of the invoice case by update: rules alone, and a sparse reward."""

from functools import lru_cache
from itertools import product

from rlnotes.functional.extraction.reward import REWARD_WEIGHTS
from rlnotes.scripts.record_invoices import (
    NUM_LABELS,
    PPO,
    SEEDS,
    TEST_SEED,
    mean_divergence,
    rows_of,
    test_set,
)
from rlnotes.training.invoices.evaluation import answer_all, compare
from rlnotes.training.invoices.examples import sample_examples
from rlnotes.training.invoices.on_policy import Config, train_on_policy
from rlnotes.training.invoices.scoring import RewardScore, all_or_nothing, has_tax
from rlnotes.training.invoices.starts import Start, make_start

EVERY, NUM_WATCHED = 5, 60
WATCHED_FIELDS = ("subtotal", "tax", "line_items")


def by_rules(missing_rows: str, patch=None) -> RewardScore:
    """A score without labels."""
    return RewardScore(labels=False, missing_rows=missing_rows, patch=patch)


# Run: what it starts from, its score, and what differs from `on_policy.Config`.
RULES = {
    "missing passes": ("agreed", by_rules("pass"), {}),
    "missing fails": ("agreed", by_rules("fail"), {}),
    "missing fails, tax > 0": ("agreed", by_rules("fail", has_tax), {}),
    "missing is half": ("agreed", by_rules("half"), {}),
    "missing passes, KL": ("agreed", by_rules("pass"), {"beta": 0.1}),
    "missing is half, KL": ("agreed", by_rules("half"), {"beta": 0.1}),
    "copied: missing is half, KL": ("copied", by_rules("half"), {"beta": 0.05}),
    "copied: missing is half": ("copied", by_rules("half"), {}),
    "copied: with labels": ("copied", RewardScore(), {}),
}
SPARSE = {
    "parts": ("agreed", RewardScore(), {}),
    "all or nothing": ("agreed", all_or_nothing, {}),
    "all or nothing, entropy": ("agreed", all_or_nothing, {"entropy_coefficient": 0.01}),
    "parts, entropy": ("agreed", RewardScore(), {"entropy_coefficient": 0.01}),
    "parts, PPO": ("agreed", RewardScore(), PPO),
}
ELSEWHERE = ("missing is half, KL", "copied: missing is half, KL", "copied: with labels")
# What structure and format weigh without labels.
WEIGHINGS = {"usual": (0.3, 0.2), "mostly format": (0.1, 0.4)}
PRICES = (  # weights, price of KL (advantage per nat), updates
    *product(["usual"], (0.0, 0.05, 0.1, 0.2, 0.4), [125]),
    *product(["mostly format"], (0.1, 0.2), [125]),
    ("mostly format", 0.2, 250),
)
STARTS = {"agreed": {"num_labels": NUM_LABELS}, "copied": {"num_labels": 24, "num_copied": 12}}


@lru_cache(maxsize=16)
def start_of(kind: str, seed: int) -> Start:
    """From labels as agreed, or half of them copied as printed."""
    return make_start(seed, **STARTS[kind])


@lru_cache(maxsize=1)
def watched() -> list:
    """Documents of seen layouts that are answered during a run."""
    return sample_examples(NUM_WATCHED, seed=TEST_SEED + 1)


def rules(pool) -> list[dict]:
    """Training without labels: what it does to fields, rules and what is given."""
    return _curves(pool, "rules", RULES)


def sparse(pool) -> list[dict]:
    """A reward for whole documents only, with an entropy bonus and without."""
    return _curves(pool, "sparse", SPARSE)


def _curves(pool, table: str, runs: dict) -> list[dict]:
    jobs = [(table, name, seed) for name, seed in product(runs, SEEDS)]
    return [row for rows in pool.map(_curve, jobs, chunksize=1) for row in rows]


def _curve(job: tuple[str, str, int]) -> list[dict]:
    table, name, seed = job
    kind, score, changes = (RULES if table == "rules" else SPARSE)[name]
    start = start_of(kind, seed)
    rows = [_row(name, seed, 0, start.policy)]

    def watch(update, policy):
        if update % EVERY == 0:
            rows.append(_row(name, seed, update, policy))

    config = Config(seed=seed, **changes)
    result = train_on_policy(start.policy, start.others, score, config, watch=watch)
    log = result.diagnostics
    for row in rows:
        # Of the update that came next; the last row repeats the last one.
        number = min(row["update"], config.num_updates - 1)
        row |= {"score": log.reward[number], "entropy": log.entropy[number]}
    return rows


def _row(name: str, seed: int, update: int, policy) -> dict:
    answers = [given.answer for given in answer_all(policy, watched())]
    evaluation = compare(answers, watched())
    return {
        "run": name,
        "seed": seed,
        "update": update,
        "documents": NUM_WATCHED,
        "right": int(evaluation.right.sum()),
        "keeps_rules": int(evaluation.keeps_rules.sum()),
        "macro_f1": evaluation.macro_f1,
        "agreed_f1": evaluation.as_agreed.macro,
        "reward": evaluation.rewards.mean(),
        **_counts("gives", answers),
        **_counts("has", [each.target for each in watched()]),
    }


def _counts(verb: str, answers: list[dict]) -> dict[str, int]:
    """How many answers, or labels, have each of the watched fields."""
    return {
        f"{verb}_{field}": sum(field in answer for answer in answers) for field in WATCHED_FIELDS
    }


def rules_elsewhere(pool) -> list[dict]:
    """Some of the runs on rules, before and after, on all kinds of layouts."""
    jobs = list(product(ELSEWHERE, SEEDS))
    return [row for rows in pool.map(_elsewhere, jobs, chunksize=1) for row in rows]


def _elsewhere(job: tuple[str, int]) -> list[dict]:
    name, seed = job
    kind, score, changes = RULES[name]
    start, config = start_of(kind, seed), Config(seed=seed, **changes)
    label = {"run": name, "seed": seed}
    rows = rows_of(start.policy, {**label, "update": 0})
    result = train_on_policy(start.policy, start.others, score, config)
    return rows + rows_of(result.policy, {**label, "update": config.num_updates})


def prices(pool) -> list[dict]:
    """From copied labels, without further ones: by weights, price of KL and updates."""
    jobs = [(*setting, seed) for setting, seed in product(PRICES, SEEDS)]
    return [row for rows in pool.map(_price, jobs, chunksize=1) for row in rows]


def _price(job: tuple[str, float, int, int]) -> list[dict]:
    weighing, beta, updates, seed = job
    structure, form = WEIGHINGS[weighing]
    weights = {**REWARD_WEIGHTS, "structure": structure, "format": form}
    score = RewardScore(labels=False, weights=weights, missing_rows="half")
    start, config = start_of("copied", seed), Config(seed=seed, beta=beta, num_updates=updates)
    policy = train_on_policy(start.policy, start.others, score, config).policy
    kl = mean_divergence(policy, start.policy, test_set("seen"))
    label = {"weights": weighing, "beta": beta, "updates": updates, "seed": seed}
    return rows_of(policy, {**label, "kl": kl})
