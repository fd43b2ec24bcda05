"""Recordings of the invoice case: every method at equal cost, LoRA, beta of DPO."""

import copy
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import product

import torch

from rlnotes.models.low_rank import num_trainable
from rlnotes.models.pointer_actions import choice_divergences
from rlnotes.models.pointer_policy import PointerPolicy
from rlnotes.training.invoices import dpo, on_policy, sft
from rlnotes.training.invoices.answer_pairs import corrupted_pairs, sampled_pairs
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.evaluation import Evaluation, evaluate
from rlnotes.training.invoices.examples import LAYOUT_KINDS, Example, sample_examples
from rlnotes.training.invoices.scoring import RewardScore
from rlnotes.training.invoices.starts import (
    NUM_DOCUMENTS,
    STEPS,
    Start,
    imitate_all,
    make_start,
    with_low_rank_trunk,
)

SEEDS = range(5)
SETS = {"seen": 160, "new": 240, "foreign": 160}  # documents by kind of layouts
TEST_SEED = 10_000  # no seed of training
FIELDS_SHOWN = (
    *("vendor", "date", "currency", "subtotal", "tax", "total", "line_items", "lines_total"),
    *("allowances", "charges", "prepaid", "rounding", "payable"),
)
NUM_LABELS = 12  # the default of `make_start`
NUM_PAIRS, ANSWERS_PER_PAIR = 2000, 4
PPO = {"advantage": "critic", "entropy_coefficient": 0.01}
ON_POLICY = {
    "GRPO": {},
    "RLOO": {"advantage": "leave_one_out"},
    "PPO": PPO,
    # A usual batch: eight documents with one answer each.
    "PPO, batch 8": {**PPO, "num_answers": 1, "num_updates": 1000, "learning_rate": 3e-4},
}
BETAS = (0.1, 0.3, 1.0)
RANKS = (0, 1, 4, 16)


@lru_cache(maxsize=8)
def start_of(seed: int) -> Start:
    """The start of a seed; a process makes it once."""
    return make_start(seed)


@lru_cache(maxsize=8)
def test_set(name: str) -> list[Example]:
    """Documents that no run has seen."""
    return sample_examples(SETS[name], seed=TEST_SEED, layouts=LAYOUT_KINDS[name])


def numbers_of(evaluation: Evaluation) -> dict[str, float]:
    """The columns that say how good a policy is."""
    per_field = evaluation.fields.per_field
    return {
        "documents": len(evaluation.right),
        "right": int(evaluation.right.sum()),
        "keeps_rules": int(evaluation.keeps_rules.sum()),
        "macro_f1": evaluation.macro_f1,
        "agreed_f1": evaluation.as_agreed.macro,
        "reward": evaluation.rewards.mean(),
        **{f"f1_{name}": per_field[name] for name in FIELDS_SHOWN},
    }


def rows_of(policy: PointerPolicy, label: dict) -> list[dict]:
    """One row for each test set."""
    return [
        {**label, "layouts": name, **numbers_of(evaluate(policy, test_set(name)))} for name in SETS
    ]


def methods(pool) -> list[dict]:
    """Every method from the same starts, and what it took."""
    runs = list(product(METHODS, SEEDS))
    return [row for rows in pool.map(_method, runs, chunksize=1) for row in rows]


def _method(run: tuple[str, int]) -> list[dict]:
    name, seed = run
    policy, cost = METHODS[name](seed)
    return rows_of(policy, {"method": name, "seed": seed, **cost})


def _cost(answers: int, pages: int, steps: int, labels: int) -> dict[str, int]:
    """What a run took; labels are those it was shown, not those a score looked at."""
    return {"answers": answers, "pages": pages, "steps": steps, "labels": labels}


def _started(seed: int) -> tuple[PointerPolicy, dict]:
    return start_of(seed).policy, _cost(0, 0, 0, NUM_LABELS)


def _on_policy(changes: dict, seed: int) -> tuple[PointerPolicy, dict]:
    start, config = start_of(seed), on_policy.Config(seed=seed, **changes)
    policy = on_policy.train_on_policy(start.policy, start.others, RewardScore(), config).policy
    pages = config.num_updates * config.num_documents
    steps = config.num_updates * config.num_epochs
    return policy, _cost(pages * config.num_answers, pages, steps, NUM_LABELS)


def _dpo(beta: float, seed: int) -> tuple[PointerPolicy, dict]:
    start = start_of(seed)
    asked = [start.others[number % len(start.others)] for number in range(NUM_PAIRS)]
    pairs = sampled_pairs(start.policy, asked, RewardScore(), seed=seed)
    config = dpo.Config(seed=seed, beta=beta)
    policy = dpo.train_dpo(start.policy, pairs, config).policy
    return policy, _cost(NUM_PAIRS * ANSWERS_PER_PAIR, NUM_PAIRS, config.num_steps, NUM_LABELS)


def _dpo_from_labels(beta: float, seed: int) -> tuple[PointerPolicy, dict]:
    start = start_of(seed)
    pairs = corrupted_pairs(start.others, count=NUM_PAIRS, seed=seed)
    config = dpo.Config(seed=seed, beta=beta)
    policy = dpo.train_dpo(start.policy, pairs, config).policy
    return policy, _cost(0, NUM_PAIRS, config.num_steps, NUM_LABELS + len(start.others))


def _all_labels(seed: int) -> tuple[PointerPolicy, dict]:
    start, steps = start_of(seed), STEPS[NUM_DOCUMENTS]
    policy, num_labels = imitate_all(start, seed=seed), len(start.labelled + start.others)
    return policy, _cost(0, steps * sft.Config.batch_size, steps, num_labels)


METHODS: dict[str, Callable[[int], tuple[PointerPolicy, dict]]] = {
    "start": _started,
    **{name: partial(_on_policy, changes) for name, changes in ON_POLICY.items()},
    "DPO, sampled pairs": partial(_dpo, dpo.Config.beta),
    "DPO, pairs from labels": partial(_dpo_from_labels, dpo.Config.beta),
    "SFT, all labels": _all_labels,
}


def dpo_betas(pool) -> list[dict]:
    """DPO at other prices of KL, and how far it went."""
    runs = list(product(("sampled", "labels"), BETAS, range(3)))
    return [row for rows in pool.map(_dpo_beta, runs, chunksize=1) for row in rows]


def _dpo_beta(run: tuple[str, float, int]) -> list[dict]:
    pairs, beta, seed = run
    policy, _ = (_dpo if pairs == "sampled" else _dpo_from_labels)(beta, seed)
    kl = mean_divergence(policy, start_of(seed).policy, test_set("seen"))
    return rows_of(policy, {"pairs": pairs, "beta": beta, "seed": seed, "kl": kl})


def mean_divergence(policy: PointerPolicy, start: PointerPolicy, examples: list[Example]) -> float:
    """Exact KL(policy || start) of an answer, mean over documents, nats."""
    pages = draw_pages(examples, None)
    with torch.no_grad():
        return choice_divergences(policy(pages), start(pages)).sum(dim=1).mean().item()


def low_rank(pool) -> list[dict]:
    """GRPO on the same answers with a frozen trunk and updates of low rank."""
    runs = list(product(RANKS, range(3)))
    return [row for rows in pool.map(_low_rank, runs, chunksize=1) for row in rows]


def _low_rank(run: tuple[int, int]) -> list[dict]:
    rank, seed = run
    start, config = start_of(seed), on_policy.Config(seed=seed)
    policy = with_low_rank_trunk(copy.deepcopy(start.policy), rank=rank)
    trained = num_trainable(policy)
    result = on_policy.train_on_policy(policy, start.others, RewardScore(), config)
    label = {"rank": rank, "seed": seed, "trained": trained}
    return rows_of(result.policy, {**label, "all": num_trainable(start.policy)})
