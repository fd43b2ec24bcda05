"""Hand-written groups of answers, and a few steps of GRPO on one of them."""

from functools import lru_cache

import numpy as np
import torch

from rlnotes.exact.group_path import group_path
from rlnotes.exact.group_weights import ADVANTAGES
from rlnotes.functional.policy_gradients import ppo_gradient_mask

LIKELY_AND_BAD = "a bad answer that is likely"
GROUPS = {
    "sort a list: 1, 0, 1, 0.5": (1, 0, 1, 0.5),
    "two answers": (1, 0),
    "one right of eight": (1, 0, 0, 0, 0, 0, 0, 0),
    "seven right of eight": (1, 1, 1, 1, 1, 1, 1, 0),
    "all right": (1, 1, 1, 1),
    "rewards of a reward model": (0.875, -0.25, 1.375, 0.625, 1.125, 0.125),
    LIKELY_AND_BAD: (0, 0.375, 0.625, 1),
}
STARTS = {LIKELY_AND_BAD: (0.6, 0.2, 0.1, 0.1)}  # the others: all answers equally likely
NAMES = {
    "reward itself": "reward",
    "leave-one-out (RLOO)": "leave_one_out",
    "group mean (Dr. GRPO)": "group_mean",
    "sample std (GRPO)": "sample_std_plus",
    "population std": "population_std",
    "mean (MaxRL)": "mean",
}
LEARNING_RATE = 0.5  # of a step in the logits


def start_probs(group: str) -> tuple[float, ...]:
    """Probability of each answer before the first step."""
    count = len(GROUPS[group])
    return STARTS.get(group, (1 / count,) * count)


@lru_cache(maxsize=256)
def compared(rewards: tuple, estimator: str) -> tuple[np.ndarray, np.ndarray]:
    """What each reward is compared with, and its advantage."""
    group = torch.tensor([rewards], dtype=torch.float64)
    # A division after the comparison does not move the baseline: it is the group mean.
    plain = estimator if estimator in ("reward", "leave_one_out") else "group_mean"
    baselines = group - ADVANTAGES[plain](group) if plain != "reward" else torch.zeros_like(group)
    return baselines[0].numpy(), ADVANTAGES[estimator](group)[0].numpy()


@lru_cache(maxsize=64)
def policy_path(
    start: tuple, advantages: tuple, *, clip_epsilon: float, beta: float, num_epochs: int
) -> np.ndarray:
    """[steps + 1, K] probabilities; the start is the old policy and the reference."""
    settings = {"clip_epsilon": clip_epsilon, "beta": beta, "num_steps": num_epochs}
    return group_path(start, advantages, learning_rate=LEARNING_RATE, **settings)


def stopped_answers(
    ratios: np.ndarray, advantages: np.ndarray, *, clip_epsilon: float
) -> np.ndarray:
    """[K] whether the clip stops an answer's gradient."""
    pair = torch.tensor(ratios), torch.tensor(advantages)
    return ~ppo_gradient_mask(*pair, clip_epsilon=clip_epsilon).numpy()


def moves(ratios: np.ndarray, advantages: np.ndarray) -> str:
    """Answers that moved, visibly, against the sign of their advantage."""
    changes = ratios - 1
    if abs(changes).max() < 1e-9:
        return "No answer moved."
    against = np.flatnonzero((changes * advantages < 0) & (abs(changes) >= 5e-4)) + 1
    which = ", ".join(map(str, against)) or "none"
    return f"Moved against the sign of their advantage: {which}."
