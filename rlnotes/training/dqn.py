"""DQN, its parts on switches: replay, copy, n steps, double, dueling, priorities."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import (
    require_in_unit_interval,
    require_option,
    require_positive,
    require_positive_integer,
)
from rlnotes.data.n_step_window import NStepWindow
from rlnotes.data.prioritized_replay import PrioritizedReplayBuffer
from rlnotes.data.replay_buffer import Batch, ReplayBuffer
from rlnotes.envs.numbering import numbered_from_zero, state_number
from rlnotes.functional.q_targets import (
    chosen_q_values,
    double_q_learning_targets,
    huber_td_loss,
    q_learning_targets,
    squared_td_loss,
)
from rlnotes.models.mlp import MLP, DuelingMLP
from rlnotes.training.episodes import Episodes
from rlnotes.training.fast import TDStep, forward_of
from rlnotes.training.optimizing import torch_rng

REPLAYS = ("uniform", "prioritized", "none")
LOSSES = {"huber": huber_td_loss, "squared": squared_td_loss}


@dataclass(frozen=True)
class Config:
    """Hyperparameters; units in the comments. The defaults solve CartPole-v1.

    Raises:
        ValueError: for a number out of its range or an unknown option.
    """

    gamma: float = 0.99  # discount per step
    num_steps: int = 150_000  # environment steps in all; `watch` may end the run before
    learning_rate: float = 3e-3  # Adam's
    loss: str = "huber"  # or "squared"
    hidden_sizes: tuple[int, ...] = (64, 64)
    batch_size: int = 128  # transitions per update
    steps_per_update: int = 4  # environment steps between two updates
    warmup_steps: int = 1_000  # steps before the first update; none if num_steps is less
    max_gradient_norm: float = 10.0
    replay: str = "uniform"  # or "prioritized", or "none": the latest steps, in order
    buffer_size: int = 50_000  # transitions
    target_period: int = 100  # updates between two copies; 1 is no separate copy
    n_step: int = 5  # rewards in a target before it bootstraps; 1 is Q-learning
    double: bool = True  # the online network chooses, the copy values
    dueling: bool = False  # two heads, V and A
    priority_alpha: float = 0.6
    priority_beta: float = 0.4  # grows to 1 over the run
    epsilon_start: float = 1.0  # probability of a uniformly random action
    epsilon_end: float = 0.05
    epsilon_steps: int = 5_000  # over which it falls linearly
    max_episode_steps: int = 500  # then the episode is truncated
    fast: bool = True  # the same steps, sooner: see `rlnotes.training.fast`
    seed: int = 0

    def __post_init__(self):
        require_in_unit_interval(
            gamma=self.gamma,
            epsilon_start=self.epsilon_start,
            epsilon_end=self.epsilon_end,
            priority_alpha=self.priority_alpha,
            priority_beta=self.priority_beta,
        )
        require_positive_integer(
            num_steps=self.num_steps,
            batch_size=self.batch_size,
            steps_per_update=self.steps_per_update,
            warmup_steps=self.warmup_steps,
            buffer_size=self.buffer_size,
            target_period=self.target_period,
            n_step=self.n_step,
            epsilon_steps=self.epsilon_steps,
            max_episode_steps=self.max_episode_steps,
        )
        require_option(REPLAYS, replay=self.replay)
        require_option(LOSSES, loss=self.loss)
        require_positive(learning_rate=self.learning_rate, max_gradient_norm=self.max_gradient_norm)
        if self.buffer_size < self.batch_size:
            raise ValueError(
                f"buffer_size must be at least batch_size={self.batch_size}, got {self.buffer_size}"
            )
        if self.warmup_steps < self.batch_size + self.n_step - 1:
            raise ValueError(
                f"warmup_steps must be at least batch_size + n_step - 1 = "
                f"{self.batch_size + self.n_step - 1}, got {self.warmup_steps}"
            )

    def epsilon(self, step: int) -> float:
        """Exploration rate at an environment step, counted from 0."""
        share = min(step / self.epsilon_steps, 1.0)
        return self.epsilon_start + share * (self.epsilon_end - self.epsilon_start)

    def beta(self, step: int) -> float:
        """Exponent of the importance weights at an environment step."""
        return self.priority_beta + min(step / self.num_steps, 1.0) * (1 - self.priority_beta)


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    q_network: nn.Module  # observations [..., D] to action values [..., A]
    episode_returns: np.ndarray  # [E] undiscounted reward of each finished episode
    episode_lengths: np.ndarray  # [E] steps
    num_truncated: int  # episodes that the limit ended
    losses: np.ndarray  # [U] one per update
    num_steps: int  # environment steps taken


def train_dqn(
    env: gym.Env,
    config: Config,
    *,
    every: int = 1_000,
    watch: Callable[[int, nn.Module], bool | None] | None = None,
    make_learner: "type[Learner] | None" = None,
) -> Result:
    """Learn action values off-policy with a network.

        y    = R + gamma^k * max over a of Q_copy(s', a),    y = R if terminated
        loss = mean over a batch from the buffer of h(y - Q(s, a))

    R is the discounted sum of k rewards, and s' the state after them; k is n_step, or
    less at the end of an episode. A truncated episode ends, but it bootstraps. With
    n_step above 1 the targets follow the actions taken: they spread values faster, and
    are biased to what was done. The environment, the start
    weights and the agent's draws get independent child seeds of `config.seed`.

    Args:
        env: discrete actions; observations are vectors, or discrete (then one-hot). A
            discrete space that starts at k is counted from 0.
        config: see `Config`.
        every: environment steps between two calls of `watch`.
        watch: called with the number of steps and the network; True ends the run.
        make_learner: a subclass of `Learner`, to change one part; None is `Learner`.

    Raises:
        ValueError: if a space is of another kind, a reward is not finite, or the loss
            stops being finite.

    References:
        Mnih et al. (2015), "Human-level control through deep reinforcement learning";
        van Hasselt et al. (2016), arXiv:1509.06461; Wang et al. (2016),
        arXiv:1511.06581; Schaul et al. (2016), arXiv:1511.05952; Hessel et al. (2018),
        arXiv:1710.02298.
    """
    require_positive_integer(every=every)
    env = numbered_from_zero(env)
    encode, observation_size = observation_encoder(env.observation_space)
    if not isinstance(env.action_space, gym.spaces.Discrete):
        raise ValueError(f"env must have a discrete action_space, got {env.action_space}")
    env_seed, agent_seed, net_seed = np.random.SeedSequence(config.seed).spawn(3)
    rng = np.random.default_rng(agent_seed)
    learner = (make_learner or Learner)(
        observation_size, int(env.action_space.n), config, torch_rng(net_seed)
    )
    episodes, window = Episodes(), NStepWindow(config.n_step, gamma=config.gamma)

    state, _ = env.reset(seed=int(env_seed.generate_state(1)[0]))
    observation = encode(state)
    for step in range(config.num_steps):
        if rng.random() < config.epsilon(step):
            action = int(rng.integers(env.action_space.n))
        else:
            action = int(learner.action_values(observation).argmax())
        state, reward, terminated, truncated, _ = env.step(action)
        if not math.isfinite(reward):
            raise ValueError(f"rewards must be finite, got {reward}")
        following = encode(state)
        ends = episodes.step_ends_one(reward, terminated, truncated, config.max_episode_steps)
        cut = ends and not terminated
        for transition in window.push(
            observation, action, reward, following, terminated=terminated, truncated=cut
        ):
            learner.buffer.add(*transition)
        observation = encode(env.reset()[0]) if ends else following
        if step + 1 >= config.warmup_steps and (step + 1) % config.steps_per_update == 0:
            learner.update(step, rng)
        if watch and (step + 1) % every == 0 and watch(step + 1, learner.online):
            break
    return Result(
        learner.online,
        np.array(episodes.returns),
        np.array(episodes.lengths, dtype=int),
        episodes.num_truncated,
        np.array(learner.losses),
        step + 1,
    )


class Learner:
    """The two networks, the buffer and the update."""

    def __init__(
        self,
        observation_size: int,
        num_actions: int,
        config: Config,
        generator: torch.Generator,
    ):
        self.config = config
        sizes = [observation_size, *config.hidden_sizes, num_actions]
        kind = DuelingMLP if config.dueling else MLP
        self.online = kind(sizes, generator=generator, activation="relu")
        self.target = kind(sizes, generator=generator, activation="relu")
        self.target.load_state_dict(self.online.state_dict())
        if config.fast and not config.dueling:
            squared, longest = config.loss == "squared", config.max_gradient_norm
            self.descend = TDStep(
                self.online, squared=squared, learning_rate=config.learning_rate, longest=longest
            )
        else:
            self.weights = list(self.online.parameters())
            self.optimizer = torch.optim.Adam(self.weights, lr=config.learning_rate, fused=True)
        self.action_values = forward_of(self.online, fast=config.fast)
        self.buffer = (
            PrioritizedReplayBuffer(
                config.buffer_size, observation_size, alpha=config.priority_alpha
            )
            if config.replay == "prioritized"
            else ReplayBuffer(config.buffer_size, observation_size)
        )
        self.losses: list[float] = []
        self.discounts = torch.tensor([config.gamma**k for k in range(config.n_step + 1)])

    def update(self, step: int, rng: np.random.Generator) -> None:
        """One gradient step on one batch; then perhaps a copy."""
        batch = self.draw(step, rng)
        targets = self.targets(batch)
        action_values, loss = self.descend(batch, targets)
        self.losses.append(loss)
        if not math.isfinite(loss):
            raise ValueError(f"loss must be finite, got {loss}: the values diverged")
        if self.config.replay == "prioritized":
            self.buffer.update_priorities(batch.indices, (targets - action_values).numpy())
        if len(self.losses) % self.config.target_period == 0:
            self.target.load_state_dict(self.online.state_dict())

    def descend(self, batch: Batch, targets: Tensor) -> tuple[Tensor, float]:
        """One step of Adam on the loss; Q(s, a) and the loss before it."""
        action_values = chosen_q_values(self.online(batch.observations), batch.actions)
        loss = LOSSES[self.config.loss](action_values, targets, batch.weights)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, self.config.max_gradient_norm)
        self.optimizer.step()
        return action_values.detach(), loss.item()

    def draw(self, step: int, rng: np.random.Generator) -> Batch:
        if self.config.replay == "none":
            return self.buffer.latest(self.config.batch_size)
        if self.config.replay == "prioritized":
            return self.buffer.sample(self.config.batch_size, rng, beta=self.config.beta(step))
        return self.buffer.sample(self.config.batch_size, rng)

    @torch.no_grad()
    def targets(self, batch: Batch) -> Tensor:
        next_q_values = self.target(batch.next_observations)
        gamma = self.discounts[batch.num_steps]
        if not self.config.double:
            return q_learning_targets(batch.rewards, next_q_values, batch.terminated, gamma=gamma)
        choosing = self.online(batch.next_observations)
        return double_q_learning_targets(
            batch.rewards, choosing, next_q_values, batch.terminated, gamma=gamma
        )


def observation_encoder(space: gym.Space) -> tuple[Callable[[object], np.ndarray], int]:
    """How to turn an observation into a float32 vector, and the vector's length.

    Raises:
        ValueError: unless the space is discrete or a flat box.
    """
    if isinstance(space, gym.spaces.Discrete):
        one_hot = np.eye(int(space.n), dtype=np.float32)
        return lambda state: one_hot[state_number(state - space.start, len(one_hot))], len(one_hot)
    if isinstance(space, gym.spaces.Box) and len(space.shape) == 1:
        # A copy: the environment may change its own array in place.
        return lambda state: np.array(state, dtype=np.float32), space.shape[0]
    raise ValueError(f"env must have discrete or vector observations, got {space}")
