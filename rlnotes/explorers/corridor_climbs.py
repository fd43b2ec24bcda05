"""REINFORCE on a corridor with two goals and one logit: all episodes, many runs."""

from functools import lru_cache

import numpy as np

from rlnotes.envs.small_tasks import two_goal_corridor
from rlnotes.exact.gradient_estimators import (
    discounted_total,
    gamma_powers,
    trajectory_rewards_to_go,
)
from rlnotes.exact.policy_gradients import softmax_policy
from rlnotes.exact.trajectories import enumerate_trajectories

GAMMA, MAX_STEPS = 0.95, 12
FAR = 30.0  # no update goes further
MAX_EPISODES, NUM_UPDATES, NUM_SEEDS, NUM_CLOUD = 64, 15, 21, 300

MDP = two_goal_corridor()
EPISODES = enumerate_trajectories(MDP, max_steps=MAX_STEPS)
TOTALS = discounted_total(EPISODES, gamma=GAMMA)
TO_GO = trajectory_rewards_to_go(EPISODES, gamma=GAMMA)
POWERS = np.where(EPISODES.mask, gamma_powers(EPISODES, gamma=GAMMA), 0.0)
# The score a - pi(right) leaves two sums over the steps: of all, and of those to the
# right, each weighted by what followed [N].
EVERY = (POWERS * TO_GO).sum(axis=-1)
RIGHT = (POWERS * EPISODES.actions * TO_GO).sum(axis=-1)
# The same probability of going right everywhere: only the number of steps counts [N].
NUM_RIGHT = np.where(EPISODES.mask, EPISODES.actions, 0).sum(axis=-1)
NUM_LEFT = EPISODES.mask.sum(axis=-1) - NUM_RIGHT
COUNTS = NUM_RIGHT * (MAX_STEPS + 1) + NUM_LEFT  # both as one index


def prob_right(thetas) -> np.ndarray:
    """[R] the probability of going right, in every cell."""
    logits = np.stack([np.zeros_like(thetas, dtype=float), thetas], axis=-1)
    return softmax_policy(logits)[..., 1]


def episode_probs(thetas) -> np.ndarray:
    """[R, N] probability of every episode, for each of R policies."""
    right = prob_right(thetas)[:, None]
    powers = np.arange(MAX_STEPS + 1)
    table = (right**powers)[:, :, None] * ((1 - right) ** powers)[:, None]
    return table.reshape(len(right), -1).take(COUNTS, axis=1)


def corridor_objectives(thetas) -> np.ndarray:
    """[R] exact J of the task: at most 12 steps, gamma 0.95."""
    return episode_probs(thetas) @ TOTALS


def ascend(theta: float, noise: np.ndarray, *, learning_rate: float) -> np.ndarray:
    """[R, K + 1] theta before and after K updates.

    The noise [R, K, m] draws the episodes: m for each update of each of R runs.
    """
    num_runs, num_updates, _ = noise.shape
    paths = np.full((num_runs, num_updates + 1), float(theta))
    for k in range(num_updates):
        thetas = paths[:, k]
        drawn = draw(episode_probs(thetas), noise[:, k])
        gradients = RIGHT[drawn] - prob_right(thetas)[:, None] * EVERY[drawn]
        paths[:, k + 1] = np.clip(thetas + learning_rate * gradients.mean(axis=1), -FAR, FAR)
    return paths


@lru_cache(maxsize=64)
def ascend_exactly(theta: float, *, learning_rate: float) -> float:
    """Theta after the same number of updates with the exact gradient."""
    for _ in range(NUM_UPDATES):
        probs, gradients = one_episode_gradients(theta)
        theta = float(np.clip(theta + learning_rate * (probs @ gradients), -FAR, FAR))
    return theta


def one_episode_gradients(theta: float) -> tuple[np.ndarray, np.ndarray]:
    """Probability of every episode, and the gradient that REINFORCE gets from it."""
    thetas = np.array([theta])
    return episode_probs(thetas)[0], RIGHT - prob_right(thetas) * EVERY


def draw(probs: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """[R, m] which episodes: uniforms [R, m], looked up in the sums of probs [R, N].

    Each row sums to one, so in one sum over all of them row r runs from r to r + 1.
    """
    num_rows, num_episodes = probs.shape
    rows = np.arange(num_rows)[:, None]
    found = np.searchsorted(np.cumsum(probs), uniforms + rows)
    return np.clip(found - num_episodes * rows, 0, num_episodes - 1)


@lru_cache(maxsize=1)
def path_noise() -> np.ndarray:
    """[seeds, K, m] what draws the episodes of the runs."""
    shape = (NUM_UPDATES, MAX_EPISODES)
    return np.stack([np.random.default_rng(seed).random(shape) for seed in range(NUM_SEEDS)])


@lru_cache(maxsize=NUM_SEEDS)
def cloud_noise(seed: int) -> np.ndarray:
    """[300, m] what draws the episodes of the cloud."""
    return np.random.default_rng([seed, 1]).random((NUM_CLOUD, MAX_EPISODES))
