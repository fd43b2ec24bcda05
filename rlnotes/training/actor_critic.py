"""Advantage actor-critic (A2C): a policy judged by a critic that bootstraps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import require_in_unit_interval, require_positive, require_positive_integer
from rlnotes.functional.log_probs import action_log_probs
from rlnotes.functional.policy_gradients import entropy_bonus, reinforce_loss, value_loss
from rlnotes.functional.returns import discounted_returns
from rlnotes.models.mlp import MLP
from rlnotes.training.episodes import EpisodesOfCopies
from rlnotes.training.on_policy import Record, collect_steps
from rlnotes.training.optimizing import adam, descend, torch_rng


@dataclass(frozen=True)
class Config:
    """Hyperparameters; units in the comments. The defaults solve CartPole-v1.

    Raises:
        ValueError: for a number out of its range.
    """

    gamma: float = 0.99  # discount per step
    num_updates: int = 320  # gradient steps
    num_envs: int = 8  # copies of the environment
    steps_per_update: int = 32  # of each copy; 1 gives one-step TD errors
    learning_rate: float = 0.005  # Adam's, of the policy
    value_learning_rate: float = 0.02  # Adam's, of the critic
    entropy_coefficient: float = 0.01  # weight of the entropy bonus, reward per nat
    hidden_sizes: tuple[int, ...] = (64,)  # of both networks; () is linear
    seed: int = 0

    def __post_init__(self):
        require_in_unit_interval(gamma=self.gamma)
        require_positive_integer(
            num_updates=self.num_updates,
            num_envs=self.num_envs,
            steps_per_update=self.steps_per_update,
        )
        require_positive(
            learning_rate=self.learning_rate,
            value_learning_rate=self.value_learning_rate,
        )
        if not 0 <= self.entropy_coefficient < np.inf:
            raise ValueError(
                "entropy_coefficient must not be negative and must be finite, "
                f"got {self.entropy_coefficient}"
            )


@dataclass(frozen=True)
class Result:
    """What a run leaves behind. U is the number of updates, E of finished episodes."""

    policy: nn.Module  # observations [..., D] to logits [..., A]
    critic: nn.Module  # observations [..., D] to values [..., 1]
    episode_returns: np.ndarray  # [E] undiscounted reward
    episode_ends: np.ndarray  # [E] environment steps of all copies when it ended
    num_truncated: int  # episodes that the time limit ended
    entropies: np.ndarray  # [U] mean entropy of the policy before the update, nats
    num_steps: np.ndarray  # [U] environment steps so far


def train_actor_critic(
    make_env: Callable,
    config: Config,
    *,
    watch: Callable[[int, nn.Module], bool | None] | None = None,
) -> Result:
    """Learn a policy and its critic together from short pieces of experience.

        target_t    = r_t + gamma r_{t+1} + ... + gamma^n V(s_{t+n})
        advantage_t = target_t - V(s_t)
        policy loss = -mean of log pi(a_t|s_t) advantage_t - c * mean entropy
        value loss  = mean of (V(s_t) - target_t)^2 / 2

    n counts the steps to the end of the piece, or of the episode if that comes first.
    V(s') counts as 0 where the episode terminated; a truncated one bootstraps from its
    true successor. Targets and advantages get no gradient: the policy's loss does not
    move the critic, and the target does not move towards the value. The two networks
    share no weights. The environment, the start weights and the actions get independent
    child seeds of `config.seed`.

    Args:
        make_env: makes the copies, as `make_env(num_envs, rng=...)`, such as the class
            `VecCartPole` itself.
        config: see `Config`.
        watch: called after each update with the number of environment steps and the
            policy; True ends the run.

    Raises:
        ValueError: if a reward is not finite.

    References:
        Mnih et al. (2016), arXiv:1602.01783, from which this differs by acting in all
        copies at the same time, and by Adam; Sutton & Barto (2018), section 13.5.
    """
    env_seed, net_seed, action_seed = np.random.SeedSequence(config.seed).spawn(3)
    env = make_env(config.num_envs, rng=np.random.default_rng(env_seed))
    learner = Learner(env.observations.shape[1], env.num_actions, config, torch_rng(net_seed))
    rng, episodes = np.random.default_rng(action_seed), EpisodesOfCopies(config.num_envs)

    entropies, num_steps = [], []
    for update in range(1, config.num_updates + 1):
        record = collect_steps(env, learner.policy, config.steps_per_update, rng)
        entropies.append(learner.update(record))
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
        np.array(entropies),
        np.array(num_steps),
    )


class Learner:
    """The policy, its critic and their update."""

    def __init__(
        self, observation_size: int, num_actions: int, config: Config, generator: torch.Generator
    ):
        self.config = config
        sizes = [observation_size, *config.hidden_sizes]
        self.policy = MLP([*sizes, num_actions], generator=generator, final_gain=0.01)
        self.critic = MLP([*sizes, 1], generator=generator)
        self.policy_optimizer = adam(self.policy, config.learning_rate)
        self.value_optimizer = adam(self.critic, config.value_learning_rate)

    def update(self, record: Record) -> float:
        """One gradient step of both networks; returns the entropy before it, nats."""
        targets = bootstrapped_targets(record, self.critic, gamma=self.config.gamma)
        counted = record.counted
        observations, targets = record.observations[counted], targets[counted]
        logits, values = self.policy(observations), self.critic(observations).squeeze(-1)
        log_probs, bonus = action_log_probs(logits, record.actions[counted]), entropy_bonus(logits)
        policy_loss = reinforce_loss(log_probs, targets - values)
        descend(policy_loss - self.config.entropy_coefficient * bonus, self.policy_optimizer)
        descend(value_loss(values, targets), self.value_optimizer)
        return bonus.item()


@torch.no_grad()
def bootstrapped_targets(record: Record, critic: nn.Module, *, gamma: float) -> Tensor:
    """[N, T] rewards to the end of the piece or episode, continued by the critic."""
    next_values = critic(record.next_observations).squeeze(-1)
    return discounted_returns(
        record.rewards, next_values, record.terminated, record.truncated, gamma=gamma
    )
