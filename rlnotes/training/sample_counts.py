"""How many samples each method took in the runs that this book shows.

On CartPole and in the maze a sample is an environment step. On the help desk it is a
reply: one with a grade, or one half of a compared pair. These do not count the same.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from rlnotes._checks import require_positive_integer
from rlnotes.data.help_desk import SYMBOLS
from rlnotes.envs.cartpole import NUM_ACTIONS, SOLVED
from rlnotes.envs.maze import maze_2x3
from rlnotes.envs.table_env import TableEnv
from rlnotes.exact.frontier import frontier, reward_masses
from rlnotes.exact.mdp import optimal_values, policy_values
from rlnotes.training import dpo, grpo, q_learning, rlhf
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load
from rlnotes.training.replies import gold_table

SHARE = 0.9  # of what can be reached, in the maze and on the help desk
BETA = 0.25  # price of KL on the help desk


class Count(NamedTuple):
    """One row: the samples after which the median seed was there."""

    method: str
    task: str
    num_actions: int  # to choose from in one step
    seeds: int
    samples: int | None  # None: not within the recorded run
    limit: int  # samples of the whole run
    unit: str
    at_most: bool  # there at the first point after the start: perhaps earlier


def first_at(samples: Sequence[float], medians: Sequence[float], level: float) -> int | None:
    """The first of `samples` at which the median is at least `level`, or None.

    Raises:
        ValueError: if the lengths differ.

    Example:
        >>> first_at([10, 20, 30], [0.2, 0.9, 0.8], 0.9)
        20
    """
    if len(samples) != len(medians):
        raise ValueError(f"medians must have {len(samples)} entries, got {len(medians)}")
    there = (int(n) for n, median in zip(samples, medians, strict=True) if median >= level)
    return next(there, None)


def maze_count(num_seeds: int = 20, num_steps: int = 400) -> Count:
    """Steps of Q-learning until its greedy policy earns 0.9 of the optimum, run now."""
    require_positive_integer(num_seeds=num_seeds, num_steps=num_steps)
    mdp, points = maze_2x3(), max(1, num_steps // 10)
    best = mdp.start_probs @ optimal_values(mdp, gamma=0.9)
    curves = []
    for seed in range(num_seeds):
        config = q_learning.Config(gamma=0.9, num_steps=num_steps, num_snapshots=points, seed=seed)
        run = q_learning.train_q_learning(TableEnv(mdp), config)
        greedy = np.eye(mdp.num_actions)[run.snapshots.argmax(axis=-1)]
        curves.append([mdp.start_probs @ policy_values(mdp, p, gamma=0.9) for p in greedy])
    medians = np.median(curves, axis=0)
    at = first_at(run.snapshot_steps, medians, SHARE * best)
    at_most = _at_first_point(at, run.snapshot_steps)
    return Count("Q-learning", "maze", mdp.num_actions, num_seeds, at, num_steps, "steps", at_most)


def cartpole_counts() -> list[Count]:
    """Steps until the median seed's return, as recorded, is at least 475.

    Steps that a copy of REINFORCE only waits through do not count: none was played.
    """
    dqn = [row for row in load("dqn_cartpole_default") if row["n_step"] == 5]
    found = [_of_medians("DQN (5-step)", dqn, 10)]
    files = dict.fromkeys(("REINFORCE", "REINFORCE, baseline"), "reinforce_played")
    for method, name in (files | {"A2C": "reinforce_cartpole"}).items():
        rows = load(name)
        points = [
            {"step": step, "median": np.median([r[method] for r in rows if r["step"] == step])}
            for step in sorted({row["step"] for row in rows})
        ]
        found.append(_of_medians(method, points, 40))
    for method in ("TRPO", "PPO"):
        rows = load(f"{method.lower()}_cartpole")
        found.append(_of_medians(method, rows, int(rows[0]["runs"])))
    return found


def help_desk_counts() -> list[Count]:
    """Replies until 0.9 of the reachable gain in reward - beta KL, at beta 0.25."""
    per_update = rlhf.Config.num_prompts * rlhf.Config.group_size
    grouped = grpo.Config.num_prompts * grpo.Config.group_size
    found = [
        _of_objective(name, _selected("rlhf_policies", algorithm=kind), "update", per_update)
        for name, kind in (("PPO", "ppo"), ("RLOO", "rloo"))
    ]
    rows = _selected("grpo_plane", kind="grpo, reward")
    found.append(_of_objective("GRPO", rows, "update", grouped))
    for number in (1_000, 10_000):
        rows = _selected("dpo_sources", source=f"fixed_{number}")
        once = _of_objective(f"DPO, {number:,} fixed pairs", rows, "step", 1)
        used = 2 * number if once.samples is not None else None
        whole = {"samples": used, "limit": 2 * number, "unit": "compared", "at_most": False}
        found.append(once._replace(**whole))
    rows = _selected("dpo_sources", source="fresh")
    fresh = _of_objective("DPO, fresh pairs", rows, "step", 2 * dpo.Config.batch_size)
    return [*found, fresh._replace(unit="compared")]


def gain_shares(rows: list[dict], points: str) -> tuple[list[float], np.ndarray]:
    """The grid, and per seed the share of the reachable gain, [grid, seeds]."""
    grid = sorted({row[points] for row in rows})
    by_point = [[r["reward"] - BETA * r["kl"] for r in rows if r[points] == at] for at in grid]
    gained = np.array(by_point)
    return grid, (gained - gained[0]) / (_best_objective() - gained[0])


def _of_medians(method: str, rows: list[dict], seeds: int) -> Count:
    steps, medians = [row["step"] for row in rows], [row["median"] for row in rows]
    at = first_at(steps, medians, SOLVED)
    at_most, limit = _at_first_point(at, steps), int(max(steps))
    return Count(method, "CartPole", NUM_ACTIONS, seeds, at, limit, "steps", at_most)


def _of_objective(method: str, rows: list[dict], points: str, size: int) -> Count:
    grid, shares = gain_shares(rows, points)
    samples = [size * at for at in grid]
    at = first_at(samples, np.median(shares, axis=1), SHARE)
    seeds, limit = shares.shape[1], int(max(samples))
    at_most = _at_first_point(at, samples)
    return Count(method, "help desk", len(SYMBOLS), seeds, at, limit, "graded", at_most)


def _at_first_point(at: int | None, samples: Sequence[float]) -> bool:
    return at is not None and at <= min(int(n) for n in samples if n > 0)


def _selected(name: str, **setting: str) -> list[dict]:
    wanted = {**setting, "beta": BETA}
    return [row for row in load(name) if all(row[k] == value for k, value in wanted.items())]


@lru_cache(maxsize=1)
def _best_objective() -> float:
    masses = reward_masses(reference_log_probs(), gold_table())
    rewards, kls = frontier(masses, torch.tensor([BETA], dtype=torch.float64))
    return float(rewards - BETA * kls)
