"""Proximal policy optimization (PPO): several epochs on each batch, with a clip."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import require_in_unit_interval, require_positive, require_positive_integer
from rlnotes.functional.log_probs import action_log_probs
from rlnotes.functional.policy_gradients import entropy_bonus, ppo_clip_loss, value_loss
from rlnotes.functional.trust_region import mean_kl, surrogate_objective
from rlnotes.models.mlp import MLP
from rlnotes.training.advantage_batches import BAND, Batch, Diagnostics, diagnose
from rlnotes.training.batch_runs import Result, run_updates
from rlnotes.training.fast import weights_of


@dataclass(frozen=True)
class Config:
    """Hyperparameters; units in the comments. The defaults solve CartPole-v1.

    Raises:
        ValueError: for a number out of its range.
    """

    gamma: float = 0.99  # discount per step
    gae_lambda: float = 0.95
    target_lambda: float | None = None  # of the critic's targets; None: gae_lambda
    num_updates: int = 200  # batches; `watch` may end the run before
    num_envs: int = 16  # copies of the environment
    steps_per_update: int = 32  # of each copy
    num_epochs: int = 4  # passes over each batch
    minibatch_size: int = 256  # steps per gradient step; the last may be smaller
    learning_rate: float = 5e-3  # Adam's, of both networks
    clip_epsilon: float | None = 0.2  # None: the plain surrogate, without a clip
    normalize_advantages: bool = True  # over each batch
    entropy_coefficient: float = 0.0  # weight of the entropy bonus, reward per nat
    max_gradient_norm: float = 0.5  # of both networks together
    target_kl: float | None = None  # nats; no further epoch once KL(old || new) is above
    # it (Stable-Baselines3 2.9.2: once k3 of a minibatch is above 1.5 times it)
    hidden_sizes: tuple[int, ...] = (64, 64)  # of both networks; () is linear
    fast: bool = True  # the same steps, sooner: see `rlnotes.training.fast`
    seed: int = 0

    def __post_init__(self):
        require_in_unit_interval(gamma=self.gamma, gae_lambda=self.gae_lambda)
        if self.target_lambda is not None:
            require_in_unit_interval(target_lambda=self.target_lambda)
        counts = ("num_updates", "num_envs", "steps_per_update", "num_epochs", "minibatch_size")
        require_positive_integer(**{name: getattr(self, name) for name in counts})
        require_positive(learning_rate=self.learning_rate, max_gradient_norm=self.max_gradient_norm)
        for name in ("clip_epsilon", "target_kl"):
            if getattr(self, name) is not None:
                require_positive(**{name: getattr(self, name)})
        if not 0 <= self.entropy_coefficient < np.inf:
            raise ValueError(
                "entropy_coefficient must not be negative and must be finite, "
                f"got {self.entropy_coefficient}"
            )


def train_ppo(
    make_env: Callable,
    config: Config,
    *,
    watch: Callable[[int, nn.Module], bool | None] | None = None,
) -> Result:
    """Learn a policy and its critic, several times from each batch of experience.

        ratio_t     = pi(a_t|s_t) / pi_old(a_t|s_t)
        policy loss = -mean of min(ratio_t A_t, clip(ratio_t, 1 - eps, 1 + eps) A_t)
        value loss  = mean of (V(s_t) - target_t)^2 / 2
        loss        = policy loss + value loss - c * mean entropy

    A_t is the generalized advantage estimate and target_t = A_t + V(s_t); both, and
    pi_old, are computed once per batch and get no gradient. Each epoch walks through
    the batch in a new random order. The clip takes away a sample's reason to move on;
    it bounds neither the ratio nor the KL divergence. `target_kl` ends the epochs
    early, after the first one that went beyond it.

    Args:
        make_env: makes the copies, as `make_env(num_envs, rng=...)`, such as the class
            `VecCartPole` itself.
        config: see `Config`.
        watch: called after each update with the number of environment steps and the
            policy; True ends the run.

    Raises:
        ValueError: if a reward is not finite.

    References:
        Schulman et al. (2017), arXiv:1707.06347, Eq. 7 and 9, Algorithm 1; there the
        networks share weights or not, here they do not.
    """
    return run_updates(make_env, Learner, config, watch)


class Learner:
    """The policy, its critic, and what PPO does with a batch."""

    def __init__(
        self,
        observation_size: int,
        num_actions: int,
        config: Config,
        generator: torch.Generator,
        order_generator: torch.Generator,
    ):
        self.config, self.order_generator = config, order_generator
        sizes = [observation_size, *config.hidden_sizes]
        self.policy = MLP([*sizes, num_actions], generator=generator, final_gain=0.01)
        self.critic = MLP([*sizes, 1], generator=generator)
        self.weights = weights_of(nn.ModuleList([self.policy, self.critic]), fast=config.fast)
        self.optimizer = torch.optim.Adam(self.weights, lr=config.learning_rate, fused=True)

    def update(self, batch: Batch) -> Diagnostics:
        """Several epochs on one batch; each minibatch is one step of Adam."""
        config, num_epochs = self.config, 0
        for _ in range(config.num_epochs):
            for part in batch.minibatches(config.minibatch_size, self.order_generator):
                self.optimizer.zero_grad(set_to_none=False)
                self.loss(part).backward()
                nn.utils.clip_grad_norm_(self.weights, config.max_gradient_norm)
                self.optimizer.step()
            num_epochs += 1
            if config.target_kl is not None and self.kl(batch) > config.target_kl:
                break
        band = config.clip_epsilon or BAND
        return diagnose(batch, self.policy, clip_epsilon=band, num_epochs=num_epochs)

    def loss(self, batch: Batch) -> Tensor:
        """Policy loss + value loss - c * entropy; the two networks share no weights."""
        config = self.config
        logits = self.policy(batch.observations)
        log_probs = action_log_probs(logits, batch.actions)
        pair = log_probs, batch.old_log_probs
        if config.clip_epsilon is None:
            loss = -surrogate_objective(*pair, batch.advantages)
        else:
            loss = ppo_clip_loss(*pair, batch.advantages, clip_epsilon=config.clip_epsilon)
        values = self.critic(batch.observations).squeeze(-1)
        loss = loss + value_loss(values, batch.value_targets)
        if config.entropy_coefficient:
            loss = loss - config.entropy_coefficient * entropy_bonus(logits)
        return loss

    @torch.no_grad()
    def kl(self, batch: Batch) -> float:
        """Mean KL(old || new) over the states of a batch, nats."""
        return mean_kl(batch.old_logits, self.policy(batch.observations)).item()
