"""RLHF by PPO, or by RLOO: reward, less a price on the KL to the reference.

Four models take part: the policy (actor), its value network (critic), the reference
and whatever gives the score. The last two are frozen. RLOO has no critic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import (
    require_in_unit_interval,
    require_option,
    require_positive,
    require_positive_integer,
    require_seed,
)
from rlnotes.data.help_desk import END, MAX_WORDS, PROMPTS, SYMBOLS, prompt_tokens
from rlnotes.functional.advantages import (
    generalized_advantage_estimation,
    leave_one_out_advantages,
    normalize_advantages,
)
from rlnotes.functional.kl_penalty import kl_penalized_rewards
from rlnotes.functional.policy_gradients import ppo_clip_loss, value_loss
from rlnotes.functional.sequences import token_log_probs
from rlnotes.models.sampling import sample_replies
from rlnotes.models.tiny_lm import TinyLM, frozen, require_outputs
from rlnotes.training.optimizing import adam, falling_rate, torch_rng

ALGORITHMS = ("ppo", "rloo")


@dataclass(frozen=True)
class Config:
    """Hyperparameters; `ppo` and `rloo` share all but the lines that say so.

    Raises:
        ValueError: for a number out of its range or an unknown option.
    """

    beta: float = 0.25  # price of KL to the reference, reward per nat
    algorithm: str = "ppo"  # or "rloo"
    num_updates: int = 120
    num_prompts: int = 64  # per update, the trained ones in turn
    prompts: tuple[int, ...] = tuple(range(len(PROMPTS)))  # numbers of those trained
    group_size: int = 8  # replies to each prompt of an update
    num_epochs: int = 1  # passes over the replies of an update
    minibatch_size: int = 128  # replies
    learning_rate: float = 2e-3  # Adam's, falling linearly to a twentieth
    value_learning_rate: float = 1e-3  # ppo: of the critic, likewise
    clip_epsilon: float = 0.2
    gae_lambda: float = 0.95  # ppo; gamma is 1: the reward comes at the end
    shared_trunk: bool = False  # ppo: the critic is a head on the policy's trunk
    max_gradient_norm: float = 1.0
    seed: int = 0

    def __post_init__(self):
        require_positive(
            beta=self.beta,
            learning_rate=self.learning_rate,
            value_learning_rate=self.value_learning_rate,
            clip_epsilon=self.clip_epsilon,
            max_gradient_norm=self.max_gradient_norm,
        )
        require_option(ALGORITHMS, algorithm=self.algorithm)
        require_positive_integer(
            num_updates=self.num_updates,
            num_prompts=self.num_prompts,
            group_size=self.group_size,
            num_epochs=self.num_epochs,
            minibatch_size=self.minibatch_size,
        )
        require_seed(seed=self.seed)
        require_in_unit_interval(gae_lambda=self.gae_lambda)
        numbers = self.prompts if isinstance(self.prompts, tuple) else ()
        if not numbers or any(type(n) is not int or n not in range(len(PROMPTS)) for n in numbers):
            raise ValueError(
                f"prompts must be a tuple of some of 0 to {len(PROMPTS) - 1}, got {self.prompts}"
            )
        if self.algorithm == "rloo" and self.group_size < 2:
            raise ValueError(f"group_size must be at least 2 for rloo, got {self.group_size}")


class Batch(NamedTuple):
    """The replies of one update, B of them, T = 5; nothing has a gradient."""

    prompts: Tensor  # [B, 2] tokens
    replies: Tensor  # [B, T] tokens
    mask: Tensor  # [B, T] bool: the words and the end that was drawn
    old_log_probs: Tensor  # [B, T] of the policy that sampled, nats
    ref_log_probs: Tensor  # [B, T] of the reference, nats
    scores: Tensor  # [B] of the reward model, without the KL
    advantages: Tensor  # [B, T] for ppo, [B] for rloo
    value_targets: Tensor  # [B, T]; zeros for rloo


class Diagnostics(NamedTuple):
    """One update as a log shows it; of a whole run, arrays over its U updates."""

    score: float  # mean score of the replies, without the KL
    kl: float  # mean over the replies of log pi(y) - log pi_ref(y), nats
    length: float  # mean number of counted tokens
    value_error: float  # ppo: mean squared error of the critic; 0 for rloo


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    policy: TinyLM
    reference: TinyLM
    critic: TinyLM | None
    diagnostics: Diagnostics  # arrays [U]


def train_rlhf(
    start: TinyLM,
    score: Callable[[Tensor, Tensor], Tensor],
    config: Config,
    *,
    reference: TinyLM | None = None,
    watch: Callable[[int, TinyLM], None] | None = None,
) -> Result:
    """Improve a language model by reinforcement, at a price for leaving its reference.

        maximize  E over x, y ~ pi of  r(x, y) - beta log(pi(y|x) / pi_ref(y|x))

    ppo: each token is rewarded with -beta (log pi - log pi_ref), the last counted one
    with the score as well; advantages by GAE with gamma 1, normalized over the batch.
    rloo: the reward of a whole reply, less the mean of the others to the same prompt.
    Both climb PPO's clipped surrogate: per token for ppo, per reply for rloo.

    Args:
        start: the policy before, usually after supervised fine-tuning; not changed.
        score: (numbers of the prompts [B], replies [B, T]) to scores [B].
        config: see `Config`.
        reference: None takes a frozen copy of start.
        watch: called after each update with its number and the policy.

    Raises:
        ValueError: if start or reference has no head of words, they disagree before
            the first update (their KL must be 0), scores are not finite numbers of
            shape [B], or a ratio overflows.

    References:
        Ziegler et al. (2019), arXiv:1909.08593; Ouyang et al. (2022), arXiv:2203.02155;
        Ahmadian et al. (2024), arXiv:2402.14740 (rloo).
    """
    learner = Learner(start, score, config, reference)
    rows = []
    for number in range(config.num_updates):
        batch = learner.rollout()
        if number == 0:
            require_agreement(batch.old_log_probs, batch.ref_log_probs)
        rows.append(learner.update(batch, number / config.num_updates))
        if watch:
            watch(number + 1, learner.policy)
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Result(learner.policy, learner.reference, learner.critic, Diagnostics(*columns))


def require_agreement(log_probs: Tensor, ref_log_probs: Tensor) -> None:
    """Raise unless policy and reference say the same of the first replies.

    The commonest mistake in practice: a reference that is not the model in memory, such
    as one read again from a checkpoint that is older. Its KL is not 0 at step 0.
    """
    worst = (log_probs - ref_log_probs).abs().max().item()
    if not worst < 1e-4:
        raise ValueError(
            f"reference must be the policy at the start, got log-probabilities {worst:.4g} apart"
        )


class Learner:
    """The four models of RLHF, and what is done with a batch of replies."""

    def __init__(
        self, start: TinyLM, score: Callable, config: Config, reference: TinyLM | None = None
    ):
        self.config, self.score = config, score
        self.next_prompt = 0  # each comes as often as the others
        head_seed, draw_seed, order_seed = np.random.SeedSequence(config.seed).spawn(3)
        self.generator, self.order_generator = torch_rng(draw_seed), torch_rng(order_seed)
        reference = start if reference is None else reference
        require_outputs(len(SYMBOLS), start=start, reference=reference)
        self.reference = frozen(reference)
        self.policy = start.with_head(start.head.out_features, self.generator)
        self.policy.load_state_dict(start.state_dict())
        groups = {"policy": self.policy}
        self.critic = None
        if config.algorithm == "ppo":
            self.critic = start.with_head(1, torch_rng(head_seed))
            if config.shared_trunk:
                self.critic.trunk = self.policy.trunk
            groups["critic"] = self.critic.head if config.shared_trunk else self.critic
        rates = {"policy": config.learning_rate, "critic": config.value_learning_rate}
        self.optimizers = {
            name: (adam(model, rates[name]), rates[name]) for name, model in groups.items()
        }

    @torch.no_grad()
    def rollout(self) -> Batch:
        """Replies of the policy as it stands, scored by the frozen models."""
        config = self.config
        turns = (self.next_prompt + torch.arange(config.num_prompts)) % len(config.prompts)
        self.next_prompt = (self.next_prompt + config.num_prompts) % len(config.prompts)
        numbers = torch.tensor(config.prompts)[turns].repeat_interleave(config.group_size)
        prompts = prompt_tokens()[numbers]
        replies, mask, old_log_probs, _ = sample_replies(
            self.policy, prompts, generator=self.generator, length=MAX_WORDS, end=END
        )
        logits = self.reference(prompts, replies[:, :-1])
        ref_log_probs = token_log_probs(logits, replies, mask)
        scores = self.score(numbers, replies)
        rewards = kl_penalized_rewards(scores, old_log_probs, ref_log_probs, mask, beta=config.beta)
        if self.critic is None:
            groups = rewards.sum(dim=-1).view(config.num_prompts, config.group_size)
            advantages, targets = leave_one_out_advantages(groups).flatten(), rewards * 0
        else:
            values = self.critic(prompts, replies[:, :-1]).squeeze(-1)
            advantages = advantages_of(rewards, values, mask, gae_lambda=config.gae_lambda)
            targets = advantages + values
            advantages = normalize_advantages(advantages, mask=mask)
        kept = (prompts, replies, mask, old_log_probs, ref_log_probs, scores)
        return Batch(*kept, advantages, targets)

    def update(self, batch: Batch, share: float) -> Diagnostics:
        """Some epochs on one batch; each minibatch is one step of Adam."""
        config, errors = self.config, []
        for optimizer, rate in self.optimizers.values():
            falling_rate(optimizer, rate, share)
        for _ in range(config.num_epochs):
            order = torch.randperm(len(batch.replies), generator=self.order_generator)
            for rows in order.split(config.minibatch_size):
                part = Batch(*(tensor[rows] for tensor in batch))
                policy_loss, critic_loss = self.losses(part)
                for optimizer, _ in self.optimizers.values():
                    optimizer.zero_grad()
                (policy_loss + critic_loss).backward()
                for optimizer, _ in self.optimizers.values():
                    weights = optimizer.param_groups[0]["params"]
                    nn.utils.clip_grad_norm_(weights, config.max_gradient_norm)
                    optimizer.step()
                errors.append(2 * critic_loss.item())
        log_ratios = (batch.old_log_probs - batch.ref_log_probs).sum(dim=-1)
        lengths = batch.mask.sum(dim=-1).double()
        means = (batch.scores.mean(), log_ratios.mean(), lengths.mean())
        return Diagnostics(*(mean.item() for mean in means), float(np.mean(errors)))

    def losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Clipped loss of the policy, and half the squared error of the critic."""
        logits = self.policy(batch.prompts, batch.replies[:, :-1])
        log_probs = token_log_probs(logits, batch.replies, batch.mask)
        epsilon = self.config.clip_epsilon
        if self.critic is None:
            pair = log_probs.sum(dim=-1), batch.old_log_probs.sum(dim=-1)
            loss = ppo_clip_loss(*pair, batch.advantages, clip_epsilon=epsilon)
            return loss, torch.zeros(())
        pair = log_probs, batch.old_log_probs
        loss = ppo_clip_loss(*pair, batch.advantages, clip_epsilon=epsilon, mask=batch.mask)
        values = self.critic(batch.prompts, batch.replies[:, :-1]).squeeze(-1)
        return loss, value_loss(values, batch.value_targets, mask=batch.mask)


def advantages_of(rewards: Tensor, values: Tensor, mask: Tensor, *, gae_lambda: float) -> Tensor:
    """GAE with gamma 1 over the counted tokens of each reply, [B, T]; 0 elsewhere.

    Rewards and values count as 0 behind the last counted token: nothing of the padding
    gets in, and nothing is bootstrapped there.
    """
    rewards, values = (torch.where(mask, given, 0.0) for given in (rewards, values))
    next_values = torch.cat([values[:, 1:], torch.zeros_like(values[:, :1])], dim=1)
    never = torch.zeros_like(mask)
    return generalized_advantage_estimation(
        rewards, values, next_values, never, never, gamma=1.0, gae_lambda=gae_lambda
    )
