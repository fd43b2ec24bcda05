"""What Q-learning does on the maze step by step: tables, transitions, exact values."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from rlnotes.envs.maze import maze_2x3
from rlnotes.exact.mdp import greedy_value, optimal_values, q_values
from rlnotes.functional.bellman import greedy_policy
from rlnotes.functional.q_targets import q_learning_targets
from rlnotes.training.episodes import Transitions
from rlnotes.training.q_learning import Config
from rlnotes.training.q_learning_tables import train_q_learning_on_tables

MAX_STEPS = 150  # N
NUM_LEARNERS = 5  # the shown one, and the others, which make the band


@dataclass(frozen=True)
class Lesson:
    """One learner, step by step, and what is exact about it and about the others."""

    tables: np.ndarray  # [N + 1, S, A] after 0, 1, 2, ... steps
    transitions: Transitions  # [N] the steps between them
    targets: np.ndarray  # [N] what each step moved its entry towards
    best_values: np.ndarray  # [S] V*
    distances: np.ndarray  # [N + 1] largest distance to Q*
    greedy_values: np.ndarray  # [learners, N + 1] of the start, ties at random
    ends: np.ndarray  # [learners, N + 1] bool, False where the policy never ends
    band: np.ndarray  # [M, 2] corners of the range of the others' greedy values


@lru_cache(maxsize=16)
def learn(
    learning_rate: float,
    epsilon: float,
    gamma: float,
    step_noise: float,
    initial_value: float,
    seed: int,
) -> Lesson:
    """The learner with this seed on the 2x3 maze, and others beside it."""
    mdp = maze_2x3(step_noise=step_noise)
    config = Config(
        gamma=gamma,
        num_steps=MAX_STEPS,
        learning_rate=learning_rate,
        epsilon=epsilon,
        initial_value=initial_value,
        max_episode_steps=MAX_STEPS,  # no episode is cut
        num_snapshots=MAX_STEPS,
        keep_transitions=True,
    )
    seeds = range(seed, seed + 1000 * NUM_LEARNERS, 1000)
    runs = [train_q_learning_on_tables(mdp, replace(config, seed=s)) for s in seeds]
    first = np.full((mdp.num_states, mdp.num_actions), float(initial_value))
    tables = np.stack([np.concatenate([[first], run.snapshots]) for run in runs])
    values, ends = _greedy_values(tables, step_noise=step_noise, gamma=gamma)
    best, others = optimal_values(mdp, gamma=gamma), values[1:]
    far = np.abs(tables[0] - q_values(mdp, best, gamma=gamma))[:, ~mdp.terminal]
    return Lesson(
        tables=tables[0],
        transitions=runs[0].transitions,
        targets=_targets(tables[0], runs[0].transitions, gamma=gamma),
        best_values=best,
        distances=far.max(axis=(1, 2)),
        greedy_values=values,
        ends=ends,
        band=np.concatenate([staircase(others.min(axis=0)), staircase(others.max(axis=0))[::-1]]),
    )


def _targets(tables: np.ndarray, steps: Transitions, *, gamma: float) -> np.ndarray:
    """[N] target of each step, from the table that the step found."""
    found = tables[np.arange(MAX_STEPS), steps.next_states]
    arrays = map(torch.from_numpy, (steps.rewards, found, steps.terminated))
    return q_learning_targets(*arrays, gamma=gamma).numpy()


def _greedy_values(
    tables: np.ndarray, *, step_noise: float, gamma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Value of the start under the greedy policy of each table; does it end?"""
    policies = greedy_policy(tables.reshape(-1, tables.shape[-1]))
    policies = policies.reshape(-1, *tables.shape[-2:])
    found = [_value_of(policy.tobytes(), step_noise, gamma) for policy in policies]
    values, ends = np.array(found).T.reshape(2, *tables.shape[:2])
    return values, ends.astype(bool)


@lru_cache(maxsize=4096)
def _value_of(policy: bytes, step_noise: float, gamma: float) -> tuple[float, bool]:
    """Of few policies: in 150 steps the greedy one changes some twenty times."""
    mdp = maze_2x3(step_noise=step_noise)
    table = np.frombuffer(policy).reshape(mdp.num_states, mdp.num_actions)
    return greedy_value(mdp, table, gamma=gamma)


def staircase(heights: np.ndarray) -> np.ndarray:
    """[M, 2] corners (x, y) of a curve that jumps to heights[k] at x = k.

    Where it stays it needs no corner: that keeps the picture small.

    Example:
        >>> staircase(np.array([0, 0, 3, 3])).tolist()
        [[0, 0], [2, 0], [2, 3], [3, 3]]
    """
    kept = np.flatnonzero(np.diff(heights, prepend=np.nan) != 0)
    places = np.append(kept.repeat(2)[1:], len(heights) - 1)
    return np.stack([places, heights[kept].repeat(2)], axis=1)
