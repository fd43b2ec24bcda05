"""Recordings of two tasks on one base, by adapters and by training everything."""

import copy
from dataclasses import asdict, replace
from itertools import product

import numpy as np
import torch

from rlnotes.models.adapters import merge_low_rank
from rlnotes.models.low_rank import LowRankLinear
from rlnotes.training.adapter_runs import CHECKPOINTS, RANKS, SHOWN_SEEDS, best_rates
from rlnotes.training.adapters import SETTINGS, TASKS, standing, start_policy, train_on
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.replies import reply_tree

RATES = tuple(1e-3 * 2**k for k in range(7))  # of Adam: the same grid for every rank
RATE_SEEDS, SEEDS = range(100, 102), range(20)
TOGETHER_RANKS, TOGETHER_SEEDS = (None, 4), range(10)
SPEED_RANKS, SPEED_FACTORS = (None, 4, 8), (0.5, 1, 2, 4)
TOP, DECIMALS = 4, 3  # replies kept of a prompt; of reward and nats
SECOND_TASK = 1000  # added to the seed of the second task


def rates(pool) -> list[dict]:
    """Exact objective after training at each learning rate, seeds of their own."""
    settings = list(product(RANKS, RATES, "AB", RATE_SEEDS))
    return pool.map(rates_row, settings, chunksize=1)


def rates_row(setting: tuple[int | None, float, str, int]) -> dict:
    """One run at one learning rate; rank 0 stands for all weights."""
    rank, rate, name, seed = setting
    config = replace(SETTINGS, learning_rate=rate, seed=seed)
    policy = start_policy(reference_model(), rank=rank, seed=seed)
    train_on(TASKS[name], policy, config, base=reference_model())
    measured = standing(_log_probs(policy), reference_log_probs())
    reward, kl = (
        (measured.reward_a, measured.kl_calm)
        if name == "A"
        else (measured.reward_b, measured.kl_angry)
    )
    row = {"rank": rank or 0, "rate": rate, "task": name, "seed": seed}
    return row | {"reward": reward, "kl": kl, "objective": reward - SETTINGS.beta * kl}


def speed(pool) -> list[dict]:
    """Task A from a third of the replies, at four rates around each best one."""
    best = best_rates()
    jobs = list(product(SPEED_RANKS, SPEED_FACTORS, SEEDS))
    return pool.map(speed_row, [(r, best[r] * f, seed) for r, f, seed in jobs], chunksize=1)


def speed_row(job: tuple[int | None, float, int]) -> dict:
    """One short run on task A; rank 0 stands for all weights."""
    rank, rate, seed = job
    updates = SETTINGS.num_updates // 3
    config = replace(SETTINGS, learning_rate=rate, seed=seed, num_updates=updates)
    policy = start_policy(reference_model(), rank=rank, seed=seed)
    train_on(TASKS["A"], policy, config, base=reference_model())
    measured = standing(_log_probs(policy), reference_log_probs())
    row = {"rank": rank or 0, "rate": rate, "seed": seed, "updates": updates}
    return row | {"reward": measured.reward_a, "kl": measured.kl_calm}


def together(pool) -> list[dict]:
    """Where one policy ends that learned both tasks at once, from as many replies."""
    jobs = list(product(TOGETHER_RANKS, TOGETHER_SEEDS))
    return pool.map(together_row, jobs, chunksize=1)


def together_row(job: tuple[int | None, int]) -> dict:
    """One run on the prompts of both tasks; rank 0 stands for all weights."""
    rank, seed = job
    config = replace(SETTINGS, learning_rate=best_rates()[rank], seed=seed)
    policy = start_policy(reference_model(), rank=rank, seed=seed)
    train_on(TASKS["both"], policy, config, base=reference_model())
    measured = standing(_log_probs(policy), reference_log_probs())
    return {"rank": rank or 0, "seed": seed, **measured._asdict()}


def runs(pool) -> dict:
    """Curves of A, of B and of A then B, at each rank's own best rate."""
    chosen, curves, tops = best_rates(), [], []
    for rank in RANKS:
        jobs = [(rank, chosen[rank], seed) for seed in SEEDS]
        measured, tables = zip(*pool.map(run, jobs, chunksize=1), strict=True)
        curves.append(np.stack(measured, axis=1))
        probs = np.stack(tables)
        shown = [probs.mean(axis=0), *probs[list(SHOWN_SEEDS)]]
        parts = zip(*(likeliest(table) for table in shown), strict=True)
        tops.append([np.stack(part, axis=1) for part in parts])
    places, shares = (np.stack(part) for part in zip(*tops, strict=True))
    return {
        "standings": np.stack(curves).round(DECIMALS).astype(np.float32),
        "top_replies": places.astype(np.uint16),
        "top_probs": shares.astype(np.float32),
        "learning_rates": np.array([chosen[rank] for rank in RANKS]),
        "settings": f"{asdict(SETTINGS)}, seeds {SEEDS}, checkpoints {CHECKPOINTS}",
    }


def run(job: tuple[int | None, float, int]) -> tuple[np.ndarray, np.ndarray]:
    """Standings [3, C, 6] and last probabilities [3, 6, 19608] of one seed, by kind."""
    rank, rate, seed = job
    config = replace(SETTINGS, learning_rate=rate, seed=seed)
    later = replace(config, seed=seed + SECOND_TASK)
    at_base = standing(reference_log_probs(), reference_log_probs())
    on_a, on_b = (start_policy(reference_model(), rank=rank, seed=seed) for _ in "AB")
    a = curve("A", on_a, config, at_base)
    b = curve("B", on_b, config, at_base)
    a_then_b = curve("B", on_a, later, a[0][-1])
    standings, tables = zip(a, b, a_then_b, strict=True)
    return np.stack(standings), np.stack(tables)


def curve(task: str, policy, config, first) -> tuple[np.ndarray, np.ndarray]:
    """Standings [C, 6] at the checkpoints, and probabilities [6, 19608] at the last.

    `first` is the standing at checkpoint 0.
    """
    rows, table = [first], None

    def watch(update):
        nonlocal table
        if update in CHECKPOINTS:
            table = _log_probs(policy)
            rows.append(standing(table, reference_log_probs()))

    train_on(TASKS[task], policy, config, base=reference_model(), watch=watch)
    return np.array(rows), table.exp().float().numpy()


def likeliest(probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places and probabilities [..., TOP] of the likeliest replies of [..., N]."""
    places = np.argsort(-probs, axis=-1, kind="stable")[..., :TOP]
    return places, np.take_along_axis(probs, places, axis=-1)


@torch.no_grad()
def _log_probs(policy) -> torch.Tensor:
    if isinstance(policy.head, LowRankLinear):
        policy = merge_low_rank(copy.deepcopy(policy))  # reads the replies faster
    return reply_tree(policy).log_probs
