"""Replay buffer: a ring of stored transitions, sampled uniformly."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import (
    require_finite,
    require_positive_integer,
    require_shape,
)


class Batch(NamedTuple):
    """Sampled transitions, as float32 tensors unless noted. B is the batch size."""

    observations: Tensor  # [B, D]
    actions: Tensor  # [B] int64
    rewards: Tensor  # [B] of all steps of a transition, discounted to its first
    next_observations: Tensor  # [B, D] true successors, also at a time limit
    terminated: Tensor  # [B] bool; a truncated step is not terminated
    indices: np.ndarray  # [B] places in the buffer
    weights: Tensor | None  # [B] importance weights; None if the sampling was uniform
    num_steps: Tensor  # [B] int64, from observation to next_observation; mostly one


class ReplayBuffer:
    """The latest `capacity` transitions; the oldest make room for new ones.

    Truncation is not stored: the successor is, and it may be bootstrapped from.

    Args:
        capacity: largest number of transitions.
        observation_size: D, numbers per observation.

    Raises:
        ValueError: if an argument is not a positive integer.

    References:
        Lin (1992), "Self-improving reactive agents based on reinforcement learning,
        planning and teaching"; Mnih et al. (2015), "Human-level control through deep
        reinforcement learning".
    """

    def __init__(self, capacity: int, observation_size: int):
        require_positive_integer(capacity=capacity, observation_size=observation_size)
        self.capacity, self.num_added = capacity, 0
        self.observations = np.zeros((capacity, observation_size), dtype=np.float32)
        self.next_observations = np.zeros_like(self.observations)
        self.actions = np.zeros(capacity, dtype=np.int64)
        self.rewards = np.zeros(capacity, dtype=np.float32)
        self.terminated = np.zeros(capacity, dtype=bool)
        self.num_steps = np.ones(capacity, dtype=np.int64)

    def __len__(self) -> int:
        return min(self.num_added, self.capacity)

    def add(
        self,
        observation,
        action: int,
        reward: float,
        next_observation,
        terminated: bool,
        num_steps: int = 1,
    ) -> None:
        """Store one transition in the place of the oldest.

        Raises:
            ValueError: for a wrong shape, an action that is no index, a terminated that
                is not a bool, a num_steps that is not a positive integer, or a number
                that is not finite as float32; the buffer stays as it was then.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
            observation, reward, next_observation = (
                np.asarray(x, dtype=np.float32) for x in (observation, reward, next_observation)
            )
            # A finite sum has finite terms only: one number to look at instead of all.
            total = observation.sum() + reward + next_observation.sum()
        size = (self.observations.shape[1],)
        require_shape(size, observation=observation, next_observation=next_observation)
        require_shape((), reward=reward)
        if not math.isfinite(total):
            require_finite(
                observation=observation, reward=reward, next_observation=next_observation
            )
        if not isinstance(action, int | np.integer) or action < 0:
            raise ValueError(f"action must be an integer from 0, got {action!r}")
        if not isinstance(terminated, bool | np.bool_):
            raise ValueError(f"terminated must be a bool, got {terminated!r}")
        require_positive_integer(num_steps=num_steps)
        place = self.num_added % self.capacity
        self.observations[place], self.next_observations[place] = observation, next_observation
        self.actions[place], self.rewards[place] = action, reward
        self.terminated[place], self.num_steps[place] = terminated, num_steps
        self.num_added += 1

    def sample(self, batch_size: int, rng: np.random.Generator) -> Batch:
        """Transitions drawn uniformly, with replacement.

        Raises:
            ValueError: if fewer than batch_size transitions are stored.
        """
        self._require_enough(batch_size)
        return self._batch(rng.integers(len(self), size=batch_size))

    def latest(self, batch_size: int) -> Batch:
        """The newest transitions, the oldest first: what learning without replay sees.

        Raises:
            ValueError: if fewer than batch_size transitions are stored.
        """
        self._require_enough(batch_size)
        return self._batch(np.arange(self.num_added - batch_size, self.num_added) % self.capacity)

    def _require_enough(self, batch_size: int) -> None:
        require_positive_integer(batch_size=batch_size)
        if batch_size > len(self):
            raise ValueError(
                f"batch_size must be at most the {len(self)} transitions stored, got {batch_size}"
            )

    def _batch(self, indices: np.ndarray, weights: np.ndarray | None = None) -> Batch:
        if weights is not None:
            weights = torch.from_numpy(weights.astype(np.float32))
        return Batch(
            torch.from_numpy(self.observations[indices]),
            torch.from_numpy(self.actions[indices]),
            torch.from_numpy(self.rewards[indices]),
            torch.from_numpy(self.next_observations[indices]),
            torch.from_numpy(self.terminated[indices]),
            indices,
            weights,
            torch.from_numpy(self.num_steps[indices]),
        )
