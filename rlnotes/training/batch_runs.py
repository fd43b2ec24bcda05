"""The loop that PPO and TRPO share: collect, compute advantages, learn, again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import nn

from rlnotes.training.advantage_batches import Diagnostics, batch_of, over_updates
from rlnotes.training.episodes import EpisodesOfCopies
from rlnotes.training.on_policy import collect_steps
from rlnotes.training.optimizing import torch_rng


@dataclass(frozen=True)
class Result:
    """What a run leaves behind. U is the number of updates, E of finished episodes."""

    policy: nn.Module  # observations [..., D] to logits [..., A]
    critic: nn.Module  # observations [..., D] to values [..., 1]
    episode_returns: np.ndarray  # [E] undiscounted reward
    episode_ends: np.ndarray  # [E] environment steps of all copies when it ended
    num_truncated: int  # episodes that the time limit ended
    num_steps: np.ndarray  # [U] environment steps so far
    diagnostics: Diagnostics  # arrays [U]


def run_updates(
    make_env: Callable,
    make_learner: Callable,
    config,
    watch: Callable[[int, nn.Module], bool | None] | None,
) -> Result:
    """Alternate collecting and learning until the updates are done or `watch` says so.

    The environment, the start weights, the actions and the learner's own draws get
    independent child seeds of `config.seed`.

    Args:
        make_env: makes the copies, as `make_env(num_envs, rng=...)`.
        make_learner: called with the observation size, the number of actions, the
            config, and the generators of start weights and of the learner's draws; has
            `policy`, `critic` and `update(batch) -> Diagnostics`.
        config: has `num_envs`, `steps_per_update`, `num_updates`, `gamma`,
            `gae_lambda`, `target_lambda`, `normalize_advantages`, `fast` and `seed`.
        watch: called after each update with the number of environment steps and the
            policy; True ends the run.
    """
    env_seed, net_seed, action_seed, own_seed = np.random.SeedSequence(config.seed).spawn(4)
    env = make_env(config.num_envs, rng=np.random.default_rng(env_seed))
    sizes = env.observations.shape[1], env.num_actions
    learner = make_learner(*sizes, config, torch_rng(net_seed), torch_rng(own_seed))
    rng, episodes = np.random.default_rng(action_seed), EpisodesOfCopies(config.num_envs)

    diagnostics, num_steps = [], []
    for update in range(1, config.num_updates + 1):
        record = collect_steps(env, learner.policy, config.steps_per_update, rng, fast=config.fast)
        batch = batch_of(
            record,
            learner.policy,
            learner.critic,
            gamma=config.gamma,
            gae_lambda=config.gae_lambda,
            normalize=config.normalize_advantages,
            target_lambda=config.target_lambda,
        )
        diagnostics.append(learner.update(batch))
        episodes.add(record)
        num_steps.append(update * config.num_envs * config.steps_per_update)
        if watch and watch(num_steps[-1], learner.policy):
            break
    return Result(
        learner.policy,
        learner.critic,
        np.array(episodes.returns),
        np.array(episodes.ends, dtype=int),
        episodes.num_truncated,
        np.array(num_steps),
        over_updates(diagnostics),
    )
