"""Recording of the defences against an over-optimized reward model."""

from itertools import product

import torch

from rlnotes.exact.over_optimization import optimum_path
from rlnotes.training.defences import JUDGES, bag_groups, defended_scores, gold_at

NUM_PAIRS, SEEDS, KLS, FREE = 300, range(40), (1.0, 2.0, 3.0), 0.01


def reward_defences(pool) -> list[dict[str, str | float]]:
    """Gold reward at 1, 2 and 3 nats, and at the price 0.01, by judge and defence."""
    settings = list(product(JUDGES, SEEDS))
    return [row for rows in pool.map(rows_of, settings, chunksize=1) for row in rows]


def rows_of(setting: tuple[str, int]) -> list[dict[str, str | float]]:
    """One judge and seed: a row for each defence."""
    judge, seed = setting
    torch.set_num_threads(1)
    rows = []
    for defence, scores in defended_scores(judge, num_pairs=NUM_PAIRS, seed=seed).items():
        at = {
            f"gold_{kl:g}": gold.item() for kl, gold in zip(KLS, gold_at(scores, KLS), strict=True)
        }
        end = optimum_path(bag_groups(), scores, [FREE])
        free = {"kl_free": end.kls.item(), "gold_free": end.gold.item()}
        rows.append({"judge": judge, "defence": defence, "seed": seed} | at | free)
    return rows
