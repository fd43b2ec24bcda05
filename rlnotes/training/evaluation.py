"""Greedy evaluation on CartPole, and when the task counts as solved."""

from collections.abc import Callable, Sequence

import numpy as np

from rlnotes._checks import require_positive_integer
from rlnotes.envs.cartpole import SOLVED, VecCartPole


def greedy_returns(
    choose_actions: Callable[[np.ndarray], np.ndarray],
    *,
    rng: np.random.Generator,
    num_episodes: int = 100,
) -> np.ndarray:
    """Returns of whole CartPole-v1 episodes, all played side by side.

    Args:
        choose_actions: maps observations [N, 4] to actions [N].
        rng: source of the start states.
        num_episodes: how many episodes; the first of each copy counts.

    Returns:
        [num_episodes] undiscounted returns, at most 500.

    Raises:
        ValueError: if num_episodes is not a positive integer.
    """
    require_positive_integer(num_episodes=num_episodes)
    env = VecCartPole(num_episodes, rng=rng)
    returns, running = np.zeros(num_episodes), np.ones(num_episodes, dtype=bool)
    while running.any():
        # A copy: whoever chooses may write into what it was given.
        step = env.step(choose_actions(env.observations.copy()))
        returns += step.rewards * running
        running &= ~(step.terminated | step.truncated)
    return returns


def is_solved(mean_returns: Sequence[float]) -> bool:
    """Whether the last two evaluations both reached a mean return of 475."""
    return len(mean_returns) >= 2 and bool(min(mean_returns[-2:]) >= SOLVED)
