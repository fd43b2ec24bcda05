"""Trust region policy optimization (TRPO): one step per batch, bounded in KL."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import require_in_unit_interval, require_positive, require_positive_integer
from rlnotes.functional.log_probs import action_log_probs
from rlnotes.functional.policy_gradients import value_loss
from rlnotes.functional.trust_region import (
    TrustRegionStep,
    mean_kl,
    surrogate_objective,
    trust_region_step,
)
from rlnotes.models.mlp import MLP
from rlnotes.training.advantage_batches import BAND, Batch, Diagnostics, diagnose
from rlnotes.training.batch_runs import Result, run_updates
from rlnotes.training.optimizing import adam, descend


@dataclass(frozen=True)
class Config:
    """Hyperparameters; units in the comments. The defaults solve CartPole-v1.

    Raises:
        ValueError: for a number out of its range.
    """

    gamma: float = 0.98  # discount per step
    gae_lambda: float = 0.95
    target_lambda: float | None = None  # of the critic's targets; None: gae_lambda
    num_updates: int = 200  # batches; `watch` may end the run before
    num_envs: int = 16  # copies of the environment
    steps_per_update: int = 64  # of each copy
    max_kl: float = 0.02  # bound on the mean KL(old || new) of a step, nats; sb3-contrib
    # 2.9.2 bounds KL(new || old), of several numbers per action their mean
    damping: float = 0.1  # added to the Fisher matrix
    conjugate_gradient_steps: int = 10
    normalize_advantages: bool = True  # over each batch; only moves their zero here
    value_epochs: int = 10  # passes of the critic over each batch
    minibatch_size: int = 256  # of the critic's passes
    value_learning_rate: float = 3e-3  # Adam's, of the critic
    hidden_sizes: tuple[int, ...] = (64, 64)  # of both networks; () is linear
    fast: bool = True  # acting in NumPy, sooner: see `rlnotes.training.fast`
    seed: int = 0

    def __post_init__(self):
        require_in_unit_interval(gamma=self.gamma, gae_lambda=self.gae_lambda)
        if self.target_lambda is not None:
            require_in_unit_interval(target_lambda=self.target_lambda)
        require_positive_integer(
            num_updates=self.num_updates,
            num_envs=self.num_envs,
            steps_per_update=self.steps_per_update,
            value_epochs=self.value_epochs,
            conjugate_gradient_steps=self.conjugate_gradient_steps,
            minibatch_size=self.minibatch_size,
        )
        require_positive(max_kl=self.max_kl, value_learning_rate=self.value_learning_rate)
        if not 0 <= self.damping < np.inf:
            raise ValueError(f"damping must not be negative and must be finite, got {self.damping}")


def train_trpo(
    make_env: Callable,
    config: Config,
    *,
    watch: Callable[[int, nn.Module], bool | None] | None = None,
) -> Result:
    """Learn a policy by one bounded step per batch, and its critic by several.

        maximize  mean of ratio_t A_t    subject to  mean KL(old || new) <= max_kl

    The step is the natural gradient, scaled to the bound and cut back by a line search;
    see `rlnotes.functional.trust_region`. If no fraction of it helps, the policy stays.
    So the KL divergence among the diagnostics never exceeds max_kl, up to float32
    rounding.
    Advantages and targets of the critic are those of `train_ppo`.

    Args:
        make_env: makes the copies, as `make_env(num_envs, rng=...)`, such as the class
            `VecCartPole` itself.
        config: see `Config`.
        watch: called after each update with the number of environment steps and the
            policy; True ends the run.

    Raises:
        ValueError: if a reward is not finite.

    References:
        Schulman et al. (2015), arXiv:1502.05477; with the advantages of Schulman et al.
        (2016), arXiv:1506.02438, and a critic trained by Adam.
    """
    return run_updates(make_env, Learner, config, watch)


class Learner:
    """The policy, its critic, and what TRPO does with a batch."""

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
        self.value_optimizer = adam(self.critic, config.value_learning_rate)

    def update(self, batch: Batch) -> Diagnostics:
        """One step of the policy, then some epochs of the critic."""
        step = self.policy_step(batch)
        nn.utils.vector_to_parameters(step.parameters, self.policy.parameters())
        self.fit_critic(batch)
        return diagnose(batch, self.policy, clip_epsilon=BAND, step_fraction=step.fraction)

    def policy_step(self, batch: Batch) -> TrustRegionStep:
        """The step that a batch leads to; changes nothing."""

        def surrogate_of(weights: Tensor) -> Tensor:
            logits = logits_at(self.policy, weights, batch.observations)
            log_probs = action_log_probs(logits, batch.actions)
            return surrogate_objective(log_probs, batch.old_log_probs, batch.advantages)

        def kl_of(weights: Tensor) -> Tensor:
            return mean_kl(batch.old_logits, logits_at(self.policy, weights, batch.observations))

        return trust_region_step(
            surrogate_of,
            kl_of,
            nn.utils.parameters_to_vector(self.policy.parameters()).detach(),
            max_kl=self.config.max_kl,
            damping=self.config.damping,
            max_iterations=self.config.conjugate_gradient_steps,
        )

    def fit_critic(self, batch: Batch) -> None:
        """Gradient steps of V(s_t) towards the targets of a batch."""
        for _ in range(self.config.value_epochs):
            for part in batch.minibatches(self.config.minibatch_size, self.order_generator):
                values = self.critic(part.observations).squeeze(-1)
                descend(value_loss(values, part.value_targets), self.value_optimizer)


def logits_at(policy: nn.Module, weights: Tensor, observations: Tensor) -> Tensor:
    """What the policy would say with other weights, differentiable in them.

    Args:
        policy: not changed.
        weights: [number of weights] in the order of `parameters_to_vector`.
        observations: [..., D].
    """
    own = dict(policy.named_parameters())
    parts = weights.split([weight.numel() for weight in own.values()])
    others = {
        name: part.view_as(weight) for (name, weight), part in zip(own.items(), parts, strict=True)
    }
    return torch.func.functional_call(policy, others, (observations,))
