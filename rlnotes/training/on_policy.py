"""Experience of the current policy, from many copies of an environment at once.

A policy here is a module that maps observations [..., D] to logits [..., A]. An
environment is one like `rlnotes.envs.cartpole.VecCartPole`: copies that start a new
episode by themselves, with `observations`, `num_envs`, `num_actions`, `reset`, `step`.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import require_finite, require_positive_integer
from rlnotes.models.mlp import MLP

ARRAY_ACTIVATIONS = {nn.Tanh: np.tanh, nn.ReLU: lambda inputs: np.maximum(inputs, 0.0)}


class Record(NamedTuple):
    """What N copies saw in T steps; time is the last axis of each per-step quantity."""

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


def play_episodes(env, policy: nn.Module, rng: np.random.Generator) -> Record:
    """One whole episode of every copy, all from a fresh start.

    A copy that ends early goes on until the last one ends, but those steps do not
    count. Taking the first N episodes that end, from copies that start again at once,
    would be wrong: short episodes would be too frequent.

    Args:
        env: the copies; they are reset.
        policy: observations to logits; actions are sampled from their softmax.
        rng: source of the actions.

    Returns:
        `Record` with T steps, the length of the longest episode.

    Raises:
        ValueError: if a counted reward is not finite.
    """
    env.reset()
    running, moves, counted = np.ones(env.num_envs, dtype=bool), [], []
    for move in _moves(env, policy, rng):
        moves.append(move)
        counted.append(running)
        running = running & ~(move[-2] | move[-1])
        if not running.any():
            break
    return _record(moves, counted)


def collect_steps(env, policy: nn.Module, num_steps: int, rng: np.random.Generator) -> Record:
    """The next `num_steps` steps of every copy, from where it stands.

    Episodes begin and end anywhere in the record, and the last one may be cut: its
    last step is neither terminated nor truncated.

    Args:
        env: the copies; they are not reset.
        policy: observations to logits; actions are sampled from their softmax.
        num_steps: T.
        rng: source of the actions.

    Raises:
        ValueError: if num_steps is not a positive integer, or a reward is not finite.
    """
    require_positive_integer(num_steps=num_steps)
    moves = list(islice(_moves(env, policy, rng), num_steps))
    return _record(moves, [np.ones(env.num_envs, dtype=bool)] * num_steps)


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


def array_forward(network: nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    """The network as a function of arrays, fast if it is an `MLP`."""
    return numpy_forward(network) if isinstance(network, MLP) else _torch_forward(network)


def numpy_forward(network: MLP) -> Callable[[np.ndarray], np.ndarray]:
    """The network as a function of arrays, four times as fast on a few rows.

    Its weights are the network's own memory, as long as they are updated in place.
    """
    layers = []
    for layer in network.layers:
        if isinstance(layer, nn.Linear):
            layers.append((layer.weight.detach().numpy().T, layer.bias.detach().numpy()))
        else:
            layers.append(ARRAY_ACTIVATIONS[type(layer)])

    def forward(inputs: np.ndarray) -> np.ndarray:
        outputs = np.asarray(inputs, dtype=np.float32)
        for layer in layers:
            outputs = outputs @ layer[0] + layer[1] if type(layer) is tuple else layer(outputs)
        return outputs

    return forward


def as_input(observations: np.ndarray) -> Tensor:
    """Observations as float32, what the networks take."""
    return torch.from_numpy(np.asarray(observations, dtype=np.float32))


def _moves(env, policy: nn.Module, rng: np.random.Generator) -> Iterator[tuple]:
    logits_of = array_forward(policy)
    while True:
        observations = env.observations
        actions = _gumbel_draw(logits_of(observations), rng)
        yield observations, actions, *env.step(actions)


def _torch_forward(policy: nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    def forward(observations: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return policy(as_input(observations)).numpy()

    return forward


def _gumbel_draw(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    # The largest of logits plus Gumbel noise is a draw from their softmax.
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=-1)


def _record(moves: list[tuple], counted: list[np.ndarray]) -> Record:
    observations, actions, next_observations, rewards, terminated, truncated = (
        np.stack(arrays, axis=1) for arrays in zip(*moves, strict=True)
    )
    counted = np.stack(counted, axis=1)
    require_finite(rewards=np.where(counted, rewards, 0.0))
    return Record(
        as_input(observations),
        torch.from_numpy(actions),
        as_input(rewards),
        as_input(next_observations),
        torch.from_numpy(terminated),
        torch.from_numpy(truncated),
        torch.from_numpy(counted),
    )
