"""From a record to a flat batch with advantages, what PPO and TRPO learn from."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes.functional.advantages import generalized_advantage_estimation, normalize_advantages
from rlnotes.functional.log_probs import action_log_probs
from rlnotes.functional.policy_gradients import clip_fraction, entropy_bonus
from rlnotes.functional.ratios import probability_ratios
from rlnotes.functional.returns import lambda_returns
from rlnotes.functional.trust_region import mean_kl
from rlnotes.training.on_policy import Record

BAND = 0.2  # of the clip fraction among the diagnostics, where there is no clip


class Batch(NamedTuple):
    """The counted steps of all copies in one row, B of them; nothing has a gradient."""

    observations: Tensor  # [B, D]
    actions: Tensor  # [B]
    old_logits: Tensor  # [B, A] of the policy that sampled
    old_log_probs: Tensor  # [B] of the actions, nats
    values: Tensor  # [B] of the critic before the update, discounted reward
    value_targets: Tensor  # [B] lambda-returns, discounted reward
    advantages: Tensor  # [B] normalized if that was asked for

    def minibatches(self, size: int, generator: torch.Generator) -> Iterator["Batch"]:
        """All steps once in random order, `size` at a time; the last may be smaller."""
        if size >= len(self.actions):  # the order within a mean means nothing
            return iter([self])
        order = torch.randperm(len(self.actions), generator=generator)
        shuffled = (tensor[order].split(size) for tensor in self)
        return (Batch(*parts) for parts in zip(*shuffled, strict=True))


class Diagnostics(NamedTuple):
    """How one update went; of a whole run, arrays over its U updates."""

    entropy: float  # mean over the states, before the update, nats
    explained_variance: float  # of the critic before the update; 1 is best
    kl: float  # mean KL(old || new) after the update, nats
    clip_fraction: float  # share of ratios that ended outside 1 +- clip_epsilon
    min_ratio: float  # smallest probability ratio after the update
    max_ratio: float  # largest
    num_epochs: int  # passes of the policy over the batch
    step_fraction: float  # of the step proposed; TRPO may cut it, to 0 for no step


@torch.no_grad()
def batch_of(
    record: Record,
    policy: nn.Module,
    critic: nn.Module,
    *,
    gamma: float,
    gae_lambda: float,
    normalize: bool,
    target_lambda: float | None = None,
) -> Batch:
    """Advantages, targets and log-probabilities of a record, each computed once.

        A_t = GAE(gamma, lambda),    value target_t = A_t + V(s_t)

    A truncated step, and the last of the record, bootstrap from their true successor; a
    terminated one does not. A step that does not count is left out; it must follow an
    end, so that nothing of it reaches the others.

    Args:
        record: [N, T] steps that this policy took.
        policy: observations to logits.
        critic: observations to values [..., 1].
        gamma: discount factor.
        gae_lambda: decay of GAE.
        normalize: whether the advantages get mean 0 and standard deviation 1, over the
            batch. The targets do not change.
        target_lambda: decay of the value targets alone; None is gae_lambda.
    """
    values = critic(record.observations).squeeze(-1)
    next_values = critic(record.next_observations).squeeze(-1)
    ends = record.terminated, record.truncated
    advantages = generalized_advantage_estimation(
        record.rewards, values, next_values, *ends, gamma=gamma, gae_lambda=gae_lambda
    )
    targets = advantages + values
    if target_lambda is not None:
        targets = lambda_returns(
            record.rewards, next_values, *ends, gamma=gamma, gae_lambda=target_lambda
        )
    counted = record.counted
    observations, actions = record.observations[counted], record.actions[counted]
    values, advantages = values[counted], advantages[counted]
    logits = policy(observations)
    return Batch(
        observations,
        actions,
        logits,
        action_log_probs(logits, actions),
        values,
        targets[counted],
        normalize_advantages(advantages) if normalize else advantages,
    )


@torch.no_grad()
def diagnose(
    batch: Batch,
    policy: nn.Module,
    *,
    clip_epsilon: float,
    num_epochs: int = 1,
    step_fraction: float = 1.0,
) -> Diagnostics:
    """What an update has done to the policy, measured on the batch it learned from."""
    logits = policy(batch.observations)
    log_probs = action_log_probs(logits, batch.actions)
    ratios = probability_ratios(log_probs, batch.old_log_probs)
    return Diagnostics(
        entropy_bonus(batch.old_logits).item(),
        explained_variance(batch.values, batch.value_targets),
        mean_kl(batch.old_logits, logits).item(),
        clip_fraction(log_probs, batch.old_log_probs, clip_epsilon=clip_epsilon).item(),
        ratios.min().item(),
        ratios.max().item(),
        num_epochs,
        step_fraction,
    )


def explained_variance(values: Tensor, value_targets: Tensor) -> float:
    """Share of the targets' variance that the critic predicts.

        1 - Var(target - V) / Var(target)

    1 is a perfect critic, up to a constant, 0 one that tells no states apart; it may be
    negative. Without variance in the targets there is nothing to explain: 0.
    """
    variance = value_targets.var(correction=0).item()
    if variance == 0:
        return 0.0
    return 1 - (value_targets - values).var(correction=0).item() / variance


def over_updates(diagnostics: list[Diagnostics]) -> Diagnostics:
    """The same with an array over the updates in each place."""
    return Diagnostics(*(np.array(numbers) for numbers in zip(*diagnostics, strict=True)))
