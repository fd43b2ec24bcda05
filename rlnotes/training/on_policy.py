"""Experience of the current policy, from many copies of an environment at once.

A policy here is a module that maps observations [..., D] to logits [..., A]. An
environment is one like `rlnotes.envs.cartpole.VecCartPole`: copies that start a new
episode by themselves, with `observations`, `num_envs`, `num_actions`, `reset`, `step`.
What it hands out is copied at once, since it may change its arrays in place.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import require_finite, require_positive_integer
from rlnotes.training.fast import forward_of


class Record(NamedTuple):
    """What N copies saw in T steps; time is the last axis of each per-step quantity.

    Where both kinds of end meet in one step, it terminated.
    """

    observations: Tensor  # [N, T, D] acted on
    actions: Tensor  # [N, T] int64
    rewards: Tensor  # [N, T]
    next_observations: Tensor  # [N, T, D] true successors, also where an episode ended
    terminated: Tensor  # [N, T] bool
    truncated: Tensor  # [N, T] bool
    counted: Tensor  # [N, T] bool, False where a copy waited for the others

    @property
    def episode_returns(self) -> np.ndarray:
        """[N] undiscounted reward of the counted steps of each copy."""
        return torch.where(self.counted, self.rewards, 0.0).sum(dim=-1).numpy()


def play_episodes(env, policy: nn.Module, rng: np.random.Generator, *, fast: bool = True) -> Record:
    """One whole episode of every copy, all from a fresh start.

    A copy that ends early goes on until the last one ends, but those steps do not
    count. Taking the first N episodes that end, from copies that start again at once,
    would be wrong: short episodes would be too frequent.

    Args:
        env: the copies; they are reset.
        policy: observations to logits; actions are sampled from their softmax.
        rng: source of the actions.
        fast: whether an `MLP` acts in NumPy: the same logits, sooner.

    Returns:
        `Record` with T steps, the length of the longest episode.

    Raises:
        ValueError: if a counted reward is not finite.
    """
    env.reset()
    running, moves = np.ones(env.num_envs, dtype=bool), []
    for move in _moves(env, policy, rng, fast=fast):
        moves.append(move._replace(counted=move.counted & running))
        running = running & ~(move.terminated | move.truncated)
        if not running.any():
            break
    return _record(moves)


def collect_steps(
    env, policy: nn.Module, num_steps: int, rng: np.random.Generator, *, fast: bool = True
) -> Record:
    """The next `num_steps` steps of every copy, from where it stands.

    Episodes begin and end anywhere in the record, and the last one may be cut: its
    last step is neither terminated nor truncated.

    Args:
        env: the copies; they are not reset.
        policy: observations to logits; actions are sampled from their softmax.
        num_steps: T.
        rng: source of the actions.
        fast: as for `play_episodes`.

    Raises:
        ValueError: if num_steps is not a positive integer, or a reward is not finite.
    """
    require_positive_integer(num_steps=num_steps)
    return _record(list(islice(_moves(env, policy, rng, fast=fast), num_steps)))


@torch.no_grad()
def sample_actions(
    policy: nn.Module, observations: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """[N] actions drawn from the policy's softmax at observations [N, D]."""
    return _gumbel_draw(policy(as_input(observations)).numpy(), rng)


@torch.no_grad()
def greedy_actions(policy: nn.Module, observations: np.ndarray) -> np.ndarray:
    """[N] actions with the largest output of the network at observations [N, D]."""
    return policy(as_input(observations)).argmax(dim=-1).numpy()


def as_input(observations: np.ndarray) -> Tensor:
    """Observations as float32, what the networks take."""
    return torch.from_numpy(np.asarray(observations, dtype=np.float32))


def _moves(env, policy: nn.Module, rng: np.random.Generator, *, fast: bool) -> Iterator[Record]:
    """Steps of all copies, as arrays over the copies."""
    logits_of = forward_of(policy, fast=fast)
    while True:
        observations = np.array(env.observations, dtype=np.float32)
        actions = _gumbel_draw(logits_of(observations), rng)
        step = env.step(actions)
        rewards, terminated = np.array(step.rewards), np.array(step.terminated, dtype=bool)
        yield Record(
            observations,
            actions,
            rewards,
            np.array(step.next_observations, dtype=np.float32),
            terminated,
            np.array(step.truncated, dtype=bool) & ~terminated,  # the end wins
            np.ones(len(rewards), dtype=bool) if step.counted is None else np.array(step.counted),
        )


def _gumbel_draw(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    # The largest of logits plus Gumbel noise is a draw from their softmax.
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=-1)


def _record(moves: list[Record]) -> Record:
    stacked = Record(*(np.stack(arrays, axis=1) for arrays in zip(*moves, strict=True)))
    require_finite(rewards=np.where(stacked.counted, stacked.rewards, 0.0))
    stacked = stacked._replace(rewards=stacked.rewards.astype(np.float32))
    return Record(*(torch.from_numpy(array) for array in stacked))
