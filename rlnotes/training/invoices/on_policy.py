"""PPO, GRPO and their relatives: a policy improved by the scores of its own answers.

They differ in what an answer is compared with: the value that a critic expected, or
the other answers to the same document.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rlnotes.exact.group_weights import ADVANTAGES
from rlnotes.functional.advantages import normalize_advantages
from rlnotes.functional.policy_gradients import clip_fraction, ppo_clip_loss, value_loss
from rlnotes.models.pointer_actions import (
    Actions,
    action_log_probs,
    choice_divergences,
    choice_entropies,
    sample_actions,
)
from rlnotes.models.pointer_heads import Choices
from rlnotes.models.pointer_policy import Pages, PointerPolicy
from rlnotes.models.tiny_lm import frozen
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.examples import Example
from rlnotes.training.invoices.on_policy_config import CRITIC, Config, Diagnostics
from rlnotes.training.invoices.scoring import Score, require_rewards
from rlnotes.training.optimizing import adam, descend, falling_rate, torch_rng


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    policy: PointerPolicy
    diagnostics: Diagnostics  # arrays [U]
    critic: PointerPolicy  # its values are V; the policy itself if that shares its trunk


class Rollout(NamedTuple):
    """Answers of the policy as it stood, B documents with K answers each."""

    pages: Pages
    actions: Actions
    old_log_probs: Tensor  # [B, K, F + 1] nats
    rewards: Tensor  # [B, K]
    advantages: Tensor  # [B, K]


def train_on_policy(
    start: PointerPolicy,
    examples: Sequence[Example],
    score: Score,
    config: Config,
    *,
    watch: Callable[[int, PointerPolicy], None] | None = None,
) -> Result:
    """Improve a policy by scores; nobody tells it what would have been right.

        L = -L_clip + c_v L_value - c_e H + beta KL(pi || start)

    An answer has F + 1 decisions, one for each field and one for the lines, all with
    the advantage of the whole answer. L_clip is PPO's surrogate with a ratio for each
    decision, summed over them; H and KL are exact, of whole answers; all are means over
    answers. An episode is one step, so the advantage is R - V(page), without gamma.

    V is a head on the policy's trunk ("shared"); or that of a second network, which
    begins as the start does and learns V alone, with an Adam and a bound on the norm of
    its own ("own"); or nothing is learned, and it is the mean reward of K fresh answers
    to the page, which are drawn, scored and thrown away ("answers").

    Args:
        start: the policy before, usually after `train_sft`; not changed. What is frozen
            in it stays so.
        examples: documents to answer.
        score: (examples, actions) to rewards [B, K], such as `RewardScore`.
        config: see `Config`.
        watch: called after each update with its number and the policy.

    Raises:
        ValueError: if there is no document, or the scores are no such tensor.

    References:
        Schulman et al. (2017), arXiv:1707.06347, Eq. 9; Shao et al. (2024),
        arXiv:2402.03300; Ahmadian et al. (2024), arXiv:2402.14740.
    """
    learner = Learner(start, examples, score, config)
    rows = []
    for number in range(config.num_updates):
        for optimizer in learner.optimizers:
            falling_rate(optimizer, config.learning_rate, number / config.num_updates)
        rows.append(learner.update(learner.rollout()))
        if watch:
            watch(number + 1, learner.policy)
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Result(learner.policy, Diagnostics(*columns), learner.critic)


class Learner:
    """The policy, what it started from, and what is done with its answers.

    Args:
        start: as for `train_on_policy`, like all others.
        examples: documents to answer.
        score: of answers.
        config: see `Config`.

    Raises:
        ValueError: if there is no document.
    """

    def __init__(
        self, start: PointerPolicy, examples: Sequence[Example], score: Score, config: Config
    ):
        if not examples:
            raise ValueError("examples must hold at least one document, got none")
        self.config, self.examples, self.score = config, examples, score
        draw_seed, order_seed = np.random.SeedSequence(config.seed).spawn(2)
        self.generator = torch_rng(draw_seed)
        self.order_generator = np.random.default_rng(order_seed)
        self.waiting: list[int] = []
        self.policy = copy.deepcopy(start)
        self.reference = frozen(start) if config.beta else None
        self.critic = copy.deepcopy(start) if config.critic == "own" else self.policy
        networks = [self.policy, self.critic] if config.critic == "own" else [self.policy]
        self.optimizers = [adam(network, config.learning_rate) for network in networks]

    @torch.no_grad()
    def rollout(self) -> Rollout:
        """Answers to the next documents, scored and compared.

        Raises:
            ValueError: if the scores are no tensor [B, K] of finite numbers.
        """
        config = self.config
        examples = [self.examples[number] for number in self.next_numbers()]
        pages = draw_pages(examples, self.order_generator if config.vary else None)
        choices = self.policy(pages)
        actions = sample_actions(choices, config.num_answers, generator=self.generator)
        rewards = self.scores(examples, actions)
        if config.advantage == CRITIC:
            expected = self.expected_rewards(examples, pages, choices)
            advantages = normalize_advantages(rewards - expected)
        else:
            advantages = ADVANTAGES[config.advantage](rewards)
        return Rollout(pages, actions, action_log_probs(choices, actions), rewards, advantages)

    def expected_rewards(
        self, examples: Sequence[Example], pages: Pages, choices: Choices
    ) -> Tensor:
        """[B, 1] what the critic says of some documents, or fresh answers earn."""
        if self.config.critic == "answers":
            actions = sample_actions(choices, self.config.num_answers, generator=self.generator)
            return self.scores(examples, actions).mean(dim=1, keepdim=True)
        return self.values(pages, choices)[:, None]

    def scores(self, examples: Sequence[Example], actions: Actions) -> Tensor:
        """[B, K] rewards of some answers.

        Raises:
            ValueError: if they are no such tensor of finite numbers.
        """
        rewards = self.score(examples, actions)
        require_rewards(rewards, (len(examples), self.config.num_answers))
        return rewards

    def values(self, pages: Pages, choices: Choices) -> Tensor:
        """[B] of the critic; choices are those of the policy on these pages."""
        return self.critic(pages).values if self.critic is not self.policy else choices.values

    def next_numbers(self) -> list[int]:
        """Numbers of the next documents; the order is shuffled each time round."""
        count = self.config.num_documents
        while len(self.waiting) < count:
            self.waiting += self.order_generator.permutation(len(self.examples)).tolist()
        numbers, self.waiting = self.waiting[:count], self.waiting[count:]
        return numbers

    def update(self, rollout: Rollout) -> Diagnostics:
        """Some epochs on the same answers, one step of Adam each."""
        config, reference = self.config, None
        if self.reference is not None:
            with torch.no_grad():
                reference = self.reference(rollout.pages)
        for epoch in range(config.num_epochs):
            parts, loss = self.losses(rollout, reference)
            descend(loss, self.optimizers[0], max_norm=config.max_gradient_norm)
            if config.critic == "own":
                loss = config.value_coefficient * parts[1]
                descend(loss, self.optimizers[1], max_norm=config.max_gradient_norm)
            if epoch == 0:
                first = parts
        spread = rollout.rewards.std(dim=1).mean() if rollout.rewards.shape[1] > 1 else np.nan
        numbers = rollout.rewards.mean(), spread, *first[:-1], parts[-1]
        return Diagnostics(*(float(torch.as_tensor(number).detach()) for number in numbers))

    def losses(self, rollout: Rollout, reference: Choices | None) -> tuple[tuple, Tensor]:
        """The loss of `train_on_policy` on some answers, for the policy as it stands.

        Args:
            rollout: answers, their scores and advantages.
            reference: choices of the start on the same pages, or None without a price.

        Returns:
            Policy loss, value loss, entropy, KL and the share of ratios outside the
            band, as in `Diagnostics`; and the loss, a differentiable scalar, which has
            no part of a critic "own": that has a step of its own.
        """
        config = self.config
        choices = self.policy(rollout.pages)
        own, old = action_log_probs(choices, rollout.actions), rollout.old_log_probs
        advantages = rollout.advantages[..., None].expand_as(own)
        surrogate = ppo_clip_loss(own, old, advantages, clip_epsilon=config.clip_epsilon)
        policy_loss = own.shape[-1] * surrogate  # the sum over an answer's decisions
        entropy = choice_entropies(choices).sum(dim=1).mean()
        loss = policy_loss - config.entropy_coefficient * entropy
        critic_loss = kl = torch.tensor(float("nan"))
        if config.advantage == CRITIC and config.critic != "answers":
            values = self.values(rollout.pages, choices)[:, None].expand_as(rollout.rewards)
            critic_loss = value_loss(values, rollout.rewards)
            if config.critic == "shared":
                loss = loss + config.value_coefficient * critic_loss
        if reference is not None:
            kl = choice_divergences(choices, reference).sum(dim=1).mean()
            loss = loss + config.beta * kl
        outside = clip_fraction(own.detach(), old, clip_epsilon=config.clip_epsilon)
        return (policy_loss, critic_loss, entropy, kl, outside), loss
