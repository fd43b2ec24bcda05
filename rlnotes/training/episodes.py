"""What happened in a run, and which episodes ended how: bookkeeping of the trainers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlnotes.training.on_policy import Record


@dataclass(frozen=True)
class Transitions:
    """Steps between numbered states, in their order; N of them.

    `next_states` holds where the step landed, also where the next episode then began
    elsewhere.
    """

    states: np.ndarray  # [N]
    actions: np.ndarray  # [N]
    rewards: np.ndarray  # [N]
    next_states: np.ndarray  # [N]
    terminated: np.ndarray  # [N] bool; a truncated step is not terminated

    @classmethod
    def of(cls, rows: Sequence[tuple]) -> "Transitions":
        """From one tuple (s, a, r, s', terminated) per step."""
        columns = zip(*rows, strict=True)
        kinds = (int, int, float, int, bool)
        return cls(*(np.array(c, dtype=kind) for c, kind in zip(columns, kinds, strict=True)))


class Episodes:
    """Returns and lengths of the episodes so far, in one environment."""

    def __init__(self):
        self.returns: list[float] = []
        self.lengths: list[int] = []
        self.num_truncated = 0
        self.reward_sum, self.length = 0.0, 0

    def step_ends_one(self, reward: float, terminated: bool, truncated: bool, limit: int) -> bool:
        """Count one step; close the episode if it ended or reached the limit."""
        self.reward_sum += reward
        self.length += 1
        if not (terminated or truncated or self.length == limit):
            return False
        self.close(terminated)
        return True

    def close(self, terminated: bool) -> None:
        self.returns.append(self.reward_sum)
        self.lengths.append(self.length)
        self.num_truncated += not terminated
        self.reward_sum, self.length = 0.0, 0


class EpisodesOfCopies:
    """Returns of the episodes that ended so far, over the borders of the pieces."""

    def __init__(self, num_envs: int):
        self.returns: list[float] = []
        self.ends: list[int] = []
        self.num_truncated, self.num_steps = 0, 0
        self.running = np.zeros(num_envs)

    def add(self, record: Record) -> None:
        self.num_truncated += int(record.truncated.sum())
        done = (record.terminated | record.truncated).numpy()
        for rewards, ended in zip(record.rewards.T.numpy(), done.T, strict=True):
            self.running += rewards
            self.num_steps += len(rewards)
            self.returns.extend(self.running[ended].tolist())
            self.ends.extend([self.num_steps] * int(ended.sum()))
            self.running[ended] = 0.0
