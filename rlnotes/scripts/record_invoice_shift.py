"""Recordings of the invoice case: more layouts, more labels, misread pages."""

from functools import lru_cache
from itertools import product

from rlnotes.data.invoices.sampling import LAYOUTS
from rlnotes.scripts.record_invoices import TEST_SEED, rows_of
from rlnotes.training.invoices.evaluation import evaluate
from rlnotes.training.invoices.examples import FAMILIES, new_policy, sample_examples
from rlnotes.training.invoices.on_policy import Config, train_on_policy
from rlnotes.training.invoices.scoring import RewardScore
from rlnotes.training.invoices.starts import STEPS, Start, imitate_all, make_start

FEWER = range(3)
NOISE = (0.0, 0.1, 0.3)
COUNT = 60
SFT_STEPS = (0, 25, 100, 200)


@lru_cache(maxsize=32)
def _tests(layout: str, noise: float) -> list:
    return sample_examples(COUNT, seed=TEST_SEED + 2, layouts=(layout,), noise=noise)


def shift(pool) -> list[dict]:
    """By number of families trained on, layout and noise of the documents answered."""
    jobs = list(product(FAMILIES, ("12 labels", "12 labels, GRPO", "all labels"), FEWER))
    return [row for rows in pool.map(_shift, jobs, chunksize=1) for row in rows]


def _shift(job: tuple[int, str, int]) -> list[dict]:
    families, method, seed = job
    policy = _trained(method, seed, FAMILIES[families])
    rows = []
    for layout, noise in product(LAYOUTS, NOISE):
        evaluation = evaluate(policy, _tests(layout, noise))
        label = {"families": families, "method": method, "seed": seed}
        rows.append(
            {
                **label,
                "layout": layout,
                "noise": noise,
                "documents": COUNT,
                "right": int(evaluation.right.sum()),
                "keeps_rules": int(evaluation.keeps_rules.sum()),
                "micro_f1": evaluation.fields.micro,
            }
        )
    return rows


@lru_cache(maxsize=8)
def _start_of(seed: int, layouts: tuple[str, ...]) -> Start:
    return make_start(seed, layouts=layouts)


def _trained(method: str, seed: int, layouts: tuple[str, ...]):
    start = _start_of(seed, layouts)
    if method == "12 labels":
        return start.policy
    if method == "all labels":
        return imitate_all(start, seed=seed)
    return train_on_policy(start.policy, start.others, RewardScore(), Config(seed=seed)).policy


def labels(pool) -> list[dict]:
    """By number of labels: imitation alone, and what comes after it."""
    jobs = list(product(STEPS, FEWER))
    return [row for rows in pool.map(_labels, jobs, chunksize=1) for row in rows]


def _labels(job: tuple[int, int]) -> list[dict]:
    count, seed = job
    start = make_start(seed, num_labels=count, num_steps=STEPS[count])
    rows = rows_of(start.policy, {"labels": count, "seed": seed, "method": "SFT"})
    if not start.others:
        return rows
    scores = {"GRPO": (RewardScore(), {})}
    scores["rules"] = RewardScore(labels=False, missing_rows="half"), {"beta": 0.1}
    for name, (score, changes) in scores.items():
        config = Config(seed=seed, **changes)
        policy = train_on_policy(start.policy, start.others, score, config).policy
        rows += rows_of(policy, {"labels": count, "seed": seed, "method": name})
    return rows


def cold_starts(pool) -> list[dict]:
    """GRPO after fewer steps of imitation, or none."""
    jobs = list(product(SFT_STEPS, FEWER))
    return [row for rows in pool.map(_cold_start, jobs, chunksize=1) for row in rows]


def _cold_start(job: tuple[int, int]) -> list[dict]:
    steps, seed = job
    start = make_start(seed, num_steps=max(steps, 1))
    policy = start.policy if steps else new_policy(seed)
    label = {"sft_steps": steps, "seed": seed}
    rows = rows_of(policy, {**label, "updates": 0})
    config = Config(seed=seed)
    policy = train_on_policy(policy, start.others, RewardScore(), config).policy
    return rows + rows_of(policy, {**label, "updates": config.num_updates})
