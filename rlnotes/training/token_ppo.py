"""PPO on a language of 27 completions: its parts on switches, the exact J beside it.

The model and its seven contexts are those of `rlnotes.training.adapted_bigram`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import require_positive, require_positive_integer
from rlnotes.functional.policy_gradients import clip_fraction, ppo_clip_loss, reinforce_loss
from rlnotes.functional.ratios import clipped_surrogate, probability_ratios
from rlnotes.functional.trust_region import surrogate_objective
from rlnotes.training.adapted_bigram import (
    CONTEXTS,
    AdaptedBigram,
    completion_kl,
    completions,
    objective,
    token_log_probs,
)
from rlnotes.training.advantage_batches import BAND
from rlnotes.training.optimizing import torch_rng


@dataclass(frozen=True)
class Config:
    """Hyperparameters. The defaults have all five parts of the table on.

    Raises:
        ValueError: for a number out of its range.
    """

    num_rollouts: int = 20  # batches
    batch_size: int = 32  # completions per batch
    num_epochs: int = 8  # passes over a batch, each one step; 1 reuses nothing
    use_ratio: bool = True  # False: REINFORCE on old samples, as if they were new
    clip_epsilon: float | None = 0.2  # None: the surrogate without a clip
    beta: float = 0.3  # price of KL to the reference, reward per nat; 0: free
    use_critic: bool = True  # subtract V(context)
    learning_rate: float = 0.03  # Adam's
    reward_offset: float = 2.0  # added to every reward: a judge's scale has no zero
    reward_noise: float = 1.0  # standard deviation of what the judge adds to a reward
    logit_noise: float = 0.0  # standard deviation of the sampling engine's logits
    seed: int = 0

    def __post_init__(self):
        require_positive_integer(
            num_rollouts=self.num_rollouts, batch_size=self.batch_size, num_epochs=self.num_epochs
        )
        require_positive(learning_rate=self.learning_rate)
        if self.clip_epsilon is not None:
            require_positive(clip_epsilon=self.clip_epsilon)
        for name in ("beta", "reward_noise", "logit_noise"):
            if not 0 <= getattr(self, name) < float("inf"):
                number = getattr(self, name)
                raise ValueError(f"{name} must be finite and not negative, got {number}")


def effective_parts(choice: dict[str, bool]) -> dict[str, bool]:
    """Which of the parts reuse, ratio and clip act; idle ones count as on.

    A batch used once has ratio 1 and nothing to clip, and without a ratio nothing is
    clipped either.

    Example:
        >>> effective_parts({"reuse": True, "ratio": False, "clip": False})
        {'reuse': True, 'ratio': False, 'clip': True}
    """
    if not choice["reuse"]:
        return {**choice, "ratio": True, "clip": True}
    return choice if choice["ratio"] else {**choice, "clip": True}


class Batch(NamedTuple):
    """Completions drawn by the old policy, with what its engine said about them."""

    drawn: Tensor  # [B] which of the 27 completions
    advantages: Tensor  # [B, 3]
    old_table: Tensor  # [7, 3] log-probabilities of the old policy, nats
    engine_table: Tensor  # [7, 3] of the engine that sampled; equal without logit noise

    @property
    def old_log_probs(self) -> Tensor:
        """[B, 3] of each token, as the engine reported them, nats."""
        return token_log_probs(self.engine_table, self.drawn)


class Measurement(NamedTuple):
    """The policy after some epochs on one batch; KL of whole completions, in nats."""

    objective: float  # exact J: mean reward of all completions
    surrogate: float  # mean ratio * A on the batch
    clipped: float  # the same with the clip
    kl: float  # exact KL(old || new)
    kl_to_ref: float  # exact KL(new || reference)
    clip_fraction: float  # share of the batch's token ratios outside the band
    max_ratio: float  # in the batch
    min_ratio: float


@dataclass(frozen=True)
class Result:
    """What a run leaves behind, R rollouts."""

    policy: nn.Module
    objectives: np.ndarray  # [R + 1] exact J before the first rollout and after each
    kls_to_ref: np.ndarray  # [R + 1] exact KL(policy || reference), nats
    kls_of_rollouts: np.ndarray  # [R] exact KL(old || new) of each update, nats
    max_ratios: np.ndarray  # [R] largest ratio in the batch at the end of each update
    gradient_noise: np.ndarray  # [R] sigma / length of the batch's first gradient


class Learner:
    """The policy, its optimizer, and a critic that is a table of means."""

    def __init__(self, config: Config):
        self.config = config
        net_seed, draw_seed = np.random.SeedSequence(config.seed).spawn(2)
        self.policy = AdaptedBigram(torch_rng(net_seed))
        self.optimizer = torch.optim.Adam(self.policy.parameters(), lr=config.learning_rate)
        self.generator = torch_rng(draw_seed)
        self.values = torch.zeros(len(CONTEXTS))
        self.fit_critic(self._draw(self.policy().detach()), rate=1.0)

    @torch.no_grad()
    def rollout(self) -> Batch:
        """A batch from the policy as it stands; with engine noise, from nearly that."""
        table = self.policy()
        noise = torch.randn(table.shape, generator=self.generator) * self.config.logit_noise
        engine = torch.log_softmax(table + noise, dim=-1)
        drawn = self._draw(engine)
        advantages = self.returns(drawn, table)
        if self.config.use_critic:
            advantages = advantages - self.values[completions()[0][drawn]]
        return Batch(drawn, advantages, table, engine)

    def returns(self, drawn: Tensor, table: Tensor) -> Tensor:
        """[B, 3] reward-to-go of each token, less beta times the KL still to come."""
        log_ratios = token_log_probs(table, drawn) - token_log_probs(self.policy.reference(), drawn)
        penalties = log_ratios.flip(-1).cumsum(-1).flip(-1)
        noise = torch.randn(len(drawn), 1, generator=self.generator) * self.config.reward_noise
        rewards = completions()[2][drawn, None] + self.config.reward_offset + noise
        return rewards - self.config.beta * penalties

    def step(self, batch: Batch) -> None:
        """One pass over a batch."""
        self.optimizer.zero_grad()
        self.loss(batch).backward()
        self.optimizer.step()

    def loss(self, batch: Batch) -> Tensor:
        """The loss that the switches choose."""
        log_probs = token_log_probs(self.policy(), batch.drawn)
        if not self.config.use_ratio:
            return reinforce_loss(log_probs, batch.advantages)
        if self.config.clip_epsilon is None:
            return -surrogate_objective(log_probs, batch.old_log_probs, batch.advantages)
        epsilon = self.config.clip_epsilon
        return ppo_clip_loss(log_probs, batch.old_log_probs, batch.advantages, clip_epsilon=epsilon)

    @torch.no_grad()
    def fit_critic(self, drawn: Tensor, *, rate: float) -> None:
        """Move V(context) towards the mean return of that context in a batch."""
        returns, contexts = self.returns(drawn, self.policy()), completions()[0][drawn]
        for context in contexts.unique():
            mean = returns[contexts == context].mean()
            self.values[context] += rate * (mean - self.values[context])

    @torch.no_grad()
    def measure(self, batch: Batch) -> Measurement:
        """Where the policy stands after some epochs on this batch."""
        table, epsilon = self.policy(), self.config.clip_epsilon or BAND
        log_probs, old = token_log_probs(table, batch.drawn), batch.old_log_probs
        advantages = batch.advantages
        ratios = probability_ratios(log_probs, old)
        numbers = (
            objective(table),
            surrogate_objective(log_probs, old, advantages),
            clipped_surrogate(ratios, advantages, clip_epsilon=epsilon).mean(),
            completion_kl(batch.old_table, table),
            completion_kl(table, self.policy.reference()),
            clip_fraction(log_probs, old, clip_epsilon=epsilon),
            ratios.max(),
            ratios.min(),
        )
        return Measurement(*(number.item() for number in numbers))

    def gradient_noise(self, batch: Batch) -> float:
        """Sigma of the batch's gradient over its length, both from the batch itself."""
        table, weights = self.policy(), [*self.policy.parameters()]
        entries = torch.eye(table.numel()).reshape(-1, *table.shape)
        slopes = torch.autograd.grad(table, weights, entries, is_grads_batched=True)
        slopes = torch.cat([slope.flatten(1) for slope in slopes], dim=1)  # [21, W]
        contexts, tokens, _ = completions()
        places = (table.shape[1] * contexts + tokens)[batch.drawn]
        counted = torch.zeros(len(places), table.numel())
        gradients = counted.scatter_add_(1, places, batch.advantages) @ slopes  # [B, W]
        variance = gradients.var(dim=0).sum() / len(gradients)
        return (variance.sqrt() / gradients.mean(dim=0).norm()).item()

    def _draw(self, table: Tensor) -> Tensor:
        probs = token_log_probs(table).sum(dim=-1).exp()
        size = self.config.batch_size
        return torch.multinomial(probs, size, replacement=True, generator=self.generator)


def train_token_ppo(config: Config) -> Result:
    """Improve the bigram model by PPO, or by what is left of it.

    Advantages are rewards-to-go less V, without GAE. The price of the KL is part of the
    rewards, as in RLHF, and V is refreshed after each batch, so that no advantage has
    seen its own completion through V.

    Raises:
        ValueError: if a ratio overflows; without a clip that may happen.

    References:
        Schulman et al. (2017), arXiv:1707.06347; Ouyang et al. (2022),
        arXiv:2203.02155, section 3.5.
    """
    learner = Learner(config)
    table = learner.policy.reference()
    objectives, to_ref = [objective(table).item()], [0.0]
    moved, largest, noise = [], [], []
    for _ in range(config.num_rollouts):
        batch = learner.rollout()
        noise.append(learner.gradient_noise(batch))
        for _ in range(config.num_epochs):
            learner.step(batch)
        now = learner.measure(batch)
        learner.fit_critic(batch.drawn, rate=0.5)
        objectives.append(now.objective)
        to_ref.append(now.kl_to_ref)
        moved.append(now.kl)
        largest.append(now.max_ratio)
    arrays = (np.array(numbers) for numbers in (objectives, to_ref, moved, largest, noise))
    return Result(learner.policy, *arrays)
