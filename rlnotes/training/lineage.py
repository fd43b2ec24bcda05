"""From REINFORCE to PPO in one trainer: each ingredient is a switch of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import (
    require_in_unit_interval,
    require_index,
    require_positive,
    require_positive_integer,
)
from rlnotes.exact.lineage import INGREDIENTS, RUNGS
from rlnotes.functional.advantages import generalized_advantage_estimation
from rlnotes.functional.log_probs import action_log_probs
from rlnotes.functional.policy_gradients import ppo_clip_loss, value_loss
from rlnotes.functional.trust_region import surrogate_objective
from rlnotes.training import actor_critic
from rlnotes.training.on_policy import Record, collect_steps, play_episodes
from rlnotes.training.optimizing import descend, torch_rng


@dataclass(frozen=True)
class Config:
    """Six switches, and what every rung shares; units in the comments.

    Raises:
        ValueError: for a number out of its range, or an ingredient without the one that
            it needs: bootstrapping needs a baseline and rewards-to-go, copies need
            bootstrapping (their pieces are cut anywhere), a clip needs reuse.
    """

    to_go: bool = True  # a step's weight leaves out the rewards before it
    baseline: bool = True  # less V(s)
    bootstrap: bool = True  # V continues the rewards: GAE, and pieces in place of episodes
    copies: bool = True  # num_envs copies at once, not one
    reuse: bool = True  # num_epochs steps on each batch, not one
    clip: bool = True  # PPO's clipped surrogate, not the plain one
    gamma: float = 0.99  # discount per step
    gae_lambda: float = 0.95  # with bootstrap; else 1
    batch_steps: int = 512  # environment steps per batch; whole episodes end after it
    num_envs: int = 16  # with copies; else 1
    num_epochs: int = 8  # with reuse; each is one step of Adam on the whole batch
    clip_epsilon: float = 0.2  # with clip
    learning_rate: float = 0.01  # Adam's, of the policy
    value_learning_rate: float = 0.01  # Adam's, of the critic
    value_steps: int = 8  # of the critic on each batch, on every rung that has one
    hidden_sizes: tuple[int, ...] = (64,)  # of both networks; () is linear
    seed: int = 0

    def __post_init__(self):
        require_in_unit_interval(gamma=self.gamma, gae_lambda=self.gae_lambda)
        counts = ("batch_steps", "num_envs", "num_epochs", "value_steps")
        require_positive_integer(**{name: getattr(self, name) for name in counts})
        rates = ("clip_epsilon", "learning_rate", "value_learning_rate")
        require_positive(**{name: getattr(self, name) for name in rates})
        if self.batch_steps % self.num_envs:
            raise ValueError(
                f"batch_steps must be a multiple of num_envs, got {self.batch_steps} "
                f"for {self.num_envs}"
            )
        needs = {"baseline": "to_go", "bootstrap": "baseline", "copies": "bootstrap"}
        for ingredient, needed in {**needs, "clip": "reuse"}.items():
            if getattr(self, ingredient) and not getattr(self, needed):
                raise ValueError(f"{ingredient} must come with {needed}, got {needed} = False")


def at_rung(rung: int, **settings) -> Config:
    """The settings of a rung: the first `rung` of `INGREDIENTS` are on.

    Raises:
        ValueError: if rung is not an integer from 0 to 6, or as for `Config`.

    Example:
        >>> at_rung(1).to_go, at_rung(1).baseline
        (True, False)
    """
    require_index(len(RUNGS), rung=rung)
    return Config(**{name: i < rung for i, name in enumerate(INGREDIENTS)}, **settings)


def train_lineage(
    make_env: Callable,
    config: Config,
    *,
    num_steps: int,
    watch: Callable[[int, nn.Module], None] | None = None,
) -> nn.Module:
    """Learn a policy with some of PPO's ingredients; returns the policy.

        loss = -mean of min(ratio_t Psi_t, clip(ratio_t, 1 - eps, 1 + eps) Psi_t)

    The loss is PPO's on every rung. In the first step on a batch all ratios are 1, and
    its gradient is that of REINFORCE with the weights Psi_t; without reuse there is no
    other step. Advantages are not normalized, no entropy is added and no gradient is
    cut, so that nothing but the ingredients changes from rung to rung. The factor
    gamma^t is left out, except that the first rung's weight, the discounted return of
    the whole episode, holds it for each reward. The environment, the start weights and
    the actions get independent child seeds of `config.seed`.

    Args:
        make_env: makes the copies, as `make_env(num_envs, rng=...)`.
        config: see `Config`.
        num_steps: environment steps after which no batch begins.
        watch: called after each batch with the number of environment steps and the
            policy.

    Raises:
        ValueError: if num_steps is not a positive integer, or a reward is not finite.
    """
    require_positive_integer(num_steps=num_steps)
    env_seed, net_seed, action_seed = np.random.SeedSequence(config.seed).spawn(3)
    num_envs = config.num_envs if config.copies else 1
    env = make_env(num_envs, rng=np.random.default_rng(env_seed))
    learner = Learner(env.observations.shape[1], env.num_actions, config, torch_rng(net_seed))
    rng, steps = np.random.default_rng(action_seed), 0
    while steps < num_steps:
        record = collect(env, learner.policy, config, rng)
        steps += record.rewards.numel()
        learner.update(record)
        if watch:
            watch(steps, learner.policy)
    return learner.policy


def collect(env, policy: nn.Module, config: Config, rng: np.random.Generator) -> Record:
    """One batch: pieces if the critic may continue them, whole episodes otherwise."""
    if config.bootstrap:
        return collect_steps(env, policy, config.batch_steps // env.num_envs, rng)
    episodes, steps = [], 0
    while steps < config.batch_steps:
        episodes.append(play_episodes(env, policy, rng))
        steps += episodes[-1].rewards.numel()
    return Record(*(torch.cat(parts, dim=1) for parts in zip(*episodes, strict=True)))


class Learner(actor_critic.Learner):
    """The policy, its critic and their update; A2C has the same networks."""

    def update(self, record: Record) -> None:
        """The steps of both networks on one batch; weights and targets are fixed."""
        config, observations = self.config, record.observations
        weights, targets = weights_and_targets(record, self.critic, config)
        old_log_probs = self.log_probs(record).detach()
        for _ in range(config.num_epochs if config.reuse else 1):
            pair = self.log_probs(record), old_log_probs
            if config.clip:
                loss = ppo_clip_loss(*pair, weights, clip_epsilon=config.clip_epsilon)
            else:
                loss = -surrogate_objective(*pair, weights)
            descend(loss, self.policy_optimizer)
        for _ in range(config.value_steps if config.baseline else 0):
            descend(value_loss(self.critic(observations)[..., 0], targets), self.value_optimizer)

    def log_probs(self, record: Record) -> Tensor:
        """[N, T] of the actions taken."""
        return action_log_probs(self.policy(record.observations), record.actions)


@torch.no_grad()
def weights_and_targets(record: Record, critic: nn.Module, config: Config) -> tuple[Tensor, Tensor]:
    """[N, T] what multiplies the scores, and what the critic is fitted to.

    With lambda = 1 and episodes that end, GAE is the reward-to-go less V(s).
    """
    ends = record.terminated | record.truncated
    values, next_values = (
        critic(observations)[..., 0] if config.baseline else torch.zeros_like(record.rewards)
        for observations in (record.observations, record.next_observations)
    )
    advantages = generalized_advantage_estimation(
        record.rewards,
        values,
        next_values,
        record.terminated if config.bootstrap else ends,
        record.truncated & config.bootstrap,
        gamma=config.gamma,
        gae_lambda=config.gae_lambda if config.bootstrap else 1.0,
    )
    if config.to_go:
        return advantages, advantages + values
    return of_whole_episodes(advantages, ends), advantages


def of_whole_episodes(returns: Tensor, ends: Tensor) -> Tensor:
    """[1, T] at each step of one copy the return from the first step of its episode."""
    number = ends.long().cumsum(dim=1) - ends.long()
    first = torch.cat([torch.ones_like(ends[:, :1]), ends[:, :-1]], dim=1)
    return returns[first][number]
