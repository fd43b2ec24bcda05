"""REINFORCE, plain or with a learned baseline, on many copies of an environment."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import require_in_unit_interval, require_positive, require_positive_integer
from rlnotes.functional.log_probs import action_log_probs
from rlnotes.functional.policy_gradients import reinforce_loss, value_loss
from rlnotes.functional.returns import discounted_returns
from rlnotes.models.mlp import MLP
from rlnotes.training.on_policy import Record, play_episodes
from rlnotes.training.optimizing import adam, descend, torch_rng


@dataclass(frozen=True)
class Config:
    """Hyperparameters; units in the comments. The defaults solve CartPole-v1.

    Raises:
        ValueError: for a number out of its range.
    """

    gamma: float = 0.99  # discount per step
    num_updates: int = 60  # gradient steps of the policy
    num_envs: int = 16  # episodes per update, one of each copy
    learning_rate: float = 0.02  # Adam's, of the policy
    baseline: bool = True  # subtract a learned V(s)
    value_learning_rate: float = 0.03  # Adam's, of the baseline
    value_steps: int = 3  # gradient steps of the baseline per update
    hidden_sizes: tuple[int, ...] = (64,)  # of both networks; () is linear
    seed: int = 0

    def __post_init__(self):
        require_in_unit_interval(gamma=self.gamma)
        require_positive_integer(
            num_updates=self.num_updates, num_envs=self.num_envs, value_steps=self.value_steps
        )
        require_positive(
            learning_rate=self.learning_rate, value_learning_rate=self.value_learning_rate
        )


@dataclass(frozen=True)
class Result:
    """What a run leaves behind. U is the number of updates, N of copies."""

    policy: nn.Module  # observations [..., D] to logits [..., A]
    baseline: nn.Module | None  # observations [..., D] to values [..., 1]
    episode_returns: np.ndarray  # [U, N] undiscounted reward
    episode_lengths: np.ndarray  # [U, N] steps
    num_truncated: int  # episodes that the time limit ended
    num_steps: np.ndarray  # [U] environment steps so far, those of waiting copies too


def train_reinforce(
    make_env: Callable,
    config: Config,
    *,
    watch: Callable[[int, nn.Module], bool | None] | None = None,
) -> Result:
    """Learn a policy from whole episodes.

        weight_t = G_t - V(s_t)
        update   = mean over episodes of the sum over t of grad log pi(a_t|s_t) weight_t

    G_t is the reward-to-go, which is what the action could still change. V is fitted to
    G after each update, so that no weight has seen its own episode through V.

    Weights are not standardized per episode: mean and deviation of an episode's returns
    depend on its actions, which biases the gradient, and one step has no deviation. The
    factor gamma^t of the discounted objective is left out, as in most code.

    A truncated episode goes on beyond its limit: its last step adds gamma V(s'), if
    there is a baseline. Without one, rewards after the limit count as 0. The
    environment, the start weights and the actions get independent child seeds of
    `config.seed`.

    Args:
        make_env: makes the copies, as `make_env(num_envs, rng=...)`, such as the class
            `VecCartPole` itself.
        config: see `Config`.
        watch: called after each update with the number of environment steps and the
            policy; True ends the run.

    Raises:
        ValueError: if a reward is not finite.

    References:
        Williams (1992), "Simple statistical gradient-following algorithms for
        connectionist reinforcement learning"; Sutton & Barto (2018), section 13.4, from
        which this differs by batches of episodes and by Adam.
    """
    env_seed, net_seed, action_seed = np.random.SeedSequence(config.seed).spawn(3)
    env = make_env(config.num_envs, rng=np.random.default_rng(env_seed))
    learner = Learner(env.observations.shape[1], env.num_actions, config, torch_rng(net_seed))
    rng = np.random.default_rng(action_seed)

    records, num_steps = [], []
    for _ in range(config.num_updates):
        record = play_episodes(env, learner.policy, rng)
        learner.update(record)
        records.append(_summary(record))
        num_steps.append(record.counted.numel() + (num_steps[-1] if num_steps else 0))
        if watch and watch(num_steps[-1], learner.policy):
            break
    returns, lengths, truncated = (np.array(numbers) for numbers in zip(*records, strict=True))
    return Result(
        learner.policy,
        learner.baseline,
        returns,
        lengths,
        int(truncated.sum()),
        np.array(num_steps),
    )


class Learner:
    """The policy, its baseline and their update."""

    def __init__(
        self, observation_size: int, num_actions: int, config: Config, generator: torch.Generator
    ):
        self.config = config
        sizes = [observation_size, *config.hidden_sizes]
        self.policy = MLP([*sizes, num_actions], generator=generator, final_gain=0.01)
        self.policy_optimizer = adam(self.policy, config.learning_rate)
        self.baseline = None
        if config.baseline:
            self.baseline = MLP([*sizes, 1], generator=generator)
            self.value_optimizer = adam(self.baseline, config.value_learning_rate)

    def update(self, record: Record) -> None:
        """One gradient step of the policy, then some of the baseline."""
        returns = returns_of_record(record, self.baseline, gamma=self.config.gamma)
        weights = returns
        if self.baseline is not None:
            weights = returns - self.baseline(record.observations).squeeze(-1).detach()
        descend(policy_loss(self.policy, record, weights), self.policy_optimizer)
        if self.baseline is not None:
            self.fit_baseline(record, returns, self.config.value_steps)

    def fit_baseline(self, record: Record, returns: Tensor, num_steps: int) -> None:
        """Some gradient steps of V(s_t) towards the returns of a record."""
        observations, targets = record.observations[record.counted], returns[record.counted]
        for _ in range(num_steps):
            loss = value_loss(self.baseline(observations).squeeze(-1), targets)
            descend(loss, self.value_optimizer)


@torch.no_grad()
def returns_of_record(record: Record, baseline: nn.Module | None, *, gamma: float) -> Tensor:
    """[N, T] discounted rewards from each step to the end of its episode.

    A truncated episode is continued by the baseline, if there is one.
    """
    next_values = torch.zeros_like(record.rewards)
    if baseline is not None:
        cut = record.truncated
        next_values[cut] = baseline(record.next_observations[cut]).squeeze(-1)
    return discounted_returns(
        record.rewards, next_values, record.terminated, record.truncated, gamma=gamma
    )


def policy_loss(policy: nn.Module, record: Record, weights: Tensor) -> Tensor:
    """Loss whose gradient is minus the policy gradient's estimate.

        loss = -mean over episodes of the sum over t of log pi(a_t|s_t) weight_t

    Args:
        policy: observations to logits.
        record: whole episodes, one of each copy; steps that do not count are left out.
        weights: [N, T] what each log-probability is multiplied by; gets no gradient.
    """
    counted = record.counted
    log_probs = action_log_probs(policy(record.observations[counted]), record.actions[counted])
    steps_per_episode = counted.sum() / len(counted)
    return steps_per_episode * reinforce_loss(log_probs, weights[counted])


def _summary(record: Record) -> tuple[np.ndarray, np.ndarray, int]:
    lengths = record.counted.sum(dim=-1).numpy()
    return record.episode_returns, lengths, int((record.truncated & record.counted).sum())
