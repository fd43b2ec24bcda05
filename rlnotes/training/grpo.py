"""GRPO and its relatives: each answer is compared with others to the same prompt.

No critic takes part. The policy writes a group of answers to each prompt, something
scores them, and the mean of the group stands in for the value. A reference is read only
where the KL has a price.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import (
    require_index,
    require_not_negative,
    require_option,
    require_positive,
    require_positive_integer,
    require_seed,
)
from rlnotes.exact.group_weights import ADVANTAGES
from rlnotes.functional.inputs import require_tensors
from rlnotes.functional.policy_gradients import KL_TERMS, NORMALIZERS, grpo_loss
from rlnotes.functional.ratios import probability_ratios
from rlnotes.functional.sequences import token_log_probs
from rlnotes.models.tiny_lm import TinyLM, frozen, require_outputs
from rlnotes.training.answer_groups import Groups, Score, answer_log_probs, draw_groups
from rlnotes.training.group_log import Diagnostics, logged
from rlnotes.training.optimizing import adam, falling_rate, torch_rng
from rlnotes.training.rlhf import require_agreement

KL_PLACES = ("reward", *KL_TERMS)
RATIOS = ("token", "answer")


@dataclass(frozen=True)
class Config:
    """Hyperparameters: GRPO without a KL, for the forgotten carry.

    Raises:
        ValueError: for a number out of its range or an unknown option.
    """

    advantage: str = "sample_std_plus"  # or another of `group_weights.ADVANTAGES`
    normalizer: str = "answer"  # or "batch_tokens" or "longest", see `grpo_loss`
    ratio: str = "token"  # or "answer": one ratio for the whole answer, as RLOO
    clip_epsilon: float = 0.2  # below 1
    clip_epsilon_high: float | None = None  # above 1; None: the same
    beta: float = 0.0  # price of KL to the reference, reward per nat
    kl: str = "k3"  # with a price: a term in the loss, see `grpo_loss`, or "reward"
    num_updates: int = 300
    num_prompts: int = 64  # per update; all come once before one comes again
    group_size: int = 8  # answers to each prompt of an update
    max_draws: int = 1  # more: draw again, up to so often, for groups of unequal scores
    num_epochs: int = 4  # steps of Adam on the answers of an update
    learning_rate: float = 1e-3  # Adam's, falling linearly to a twentieth
    max_gradient_norm: float = 1.0
    seed: int = 0

    def __post_init__(self):
        require_option(ADVANTAGES, advantage=self.advantage)
        require_option(NORMALIZERS, normalizer=self.normalizer)
        require_option(RATIOS, ratio=self.ratio)
        require_option(KL_PLACES, kl=self.kl)
        require_not_negative(beta=self.beta)
        high = self.clip_epsilon if self.clip_epsilon_high is None else self.clip_epsilon_high
        require_positive(
            clip_epsilon=self.clip_epsilon,
            clip_epsilon_high=high,
            learning_rate=self.learning_rate,
            max_gradient_norm=self.max_gradient_norm,
        )
        require_positive_integer(
            num_updates=self.num_updates,
            num_prompts=self.num_prompts,
            group_size=self.group_size,
            max_draws=self.max_draws,
            num_epochs=self.num_epochs,
        )
        require_seed(seed=self.seed)
        if self.group_size < 2:
            raise ValueError(f"group_size must be at least 2, got {self.group_size}")
        if self.beta and self.kl == "none":
            raise ValueError(f"beta must be 0 where kl is 'none', got {self.beta}")


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    policy: TinyLM
    reference: TinyLM | None  # None without a price
    diagnostics: Diagnostics  # arrays [U]


def train_grpo(
    start: TinyLM,
    prompts: Tensor,
    score: Score,
    config: Config,
    *,
    end: int = 0,
    reference: TinyLM | None = None,
    watch: Callable[[int, TinyLM], None] | None = None,
) -> Result:
    """Improve a language model by the scores of groups of its own answers.

        maximize  E over x, y ~ pi of  r(x, y) - beta log(pi(y|x) / pi_ref(y|x))

    at least as far as the advantage, the normalizer and the place of the KL allow: see
    `rlnotes.exact.group_weights`, `length_bias` and `kl_estimators`. An answer whose
    score is missing takes no part. A group without two scores, or with equal rewards,
    has no advantage, unless that is the reward itself. Such groups are skipped: they
    have no gradient. With the KL in the loss they have one and stay, but with max_draws
    above 1 they are left out even so. Where nothing is left, the gradient is 0, and a
    step is what Adam remembers.

    A price in the reward makes rewards differ, at the start by rounding alone. Divided
    by a std without 1e-4, or by a mean near 0, such differences are large advantages.

    Args:
        start: the policy before, usually after supervised fine-tuning; not changed.
        prompts: [N, M] tokens; answers fill what the model can read beyond them.
        score: (numbers of the prompts [B], answers [B, T]) to scores, see `scores_of`.
        config: see `Config`.
        end: the symbol that ends an answer.
        reference: with a price, None takes a frozen copy of start.
        watch: called after each update with its number and the policy.

    Raises:
        ValueError: if prompts are none or no tokens of this model, start and reference
            disagree before the first update (their KL must be 0), scores are not as
            `scores_of` asks, or a loss overflows.

    References:
        Shao et al. (2024), arXiv:2402.03300; Ahmadian et al. (2024), arXiv:2402.14740
        (RLOO); Yu et al. (2025), arXiv:2503.14476 (DAPO: clip_epsilon_high, max_draws);
        Liu et al. (2025), arXiv:2503.20783 (Dr. GRPO).
    """
    learner = Learner(start, prompts, score, config, end=end, reference=reference)
    rows = []
    for number in range(config.num_updates):
        groups = learner.rollout()
        if number == 0 and learner.reference is not None:
            require_agreement(groups.old_log_probs, groups.ref_log_probs)
        rows.append(learner.update(groups, number / config.num_updates))
        if watch:
            watch(number + 1, learner.policy)
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Result(learner.policy, learner.reference, Diagnostics(*columns))


class Learner:
    """Policy and reference, and what is done with the groups of an update."""

    def __init__(
        self,
        start: TinyLM,
        prompts: Tensor,
        score: Score,
        config: Config,
        *,
        end: int = 0,
        reference: TinyLM | None = None,
    ):
        if not isinstance(start, TinyLM):
            raise ValueError(f"start must be a TinyLM, got {type(start).__name__}")
        require_index(start.head.out_features, end=end)
        if reference is not None:
            require_outputs(start.head.out_features, reference=reference)
        require_tensors(prompts=prompts)
        if prompts.ndim != 2 or not 0 < prompts.shape[1] < start.length or not len(prompts):
            raise ValueError(
                f"prompts must have shape [N, M] with M below {start.length}, got "
                f"{tuple(prompts.shape)}"
            )
        self.config, self.prompts, self.score, self.end = config, prompts, score, end
        draw_seed, order_seed = np.random.SeedSequence(config.seed).spawn(2)
        self.generator, self.order_generator = torch_rng(draw_seed), torch_rng(order_seed)
        self.waiting = torch.zeros(0, dtype=torch.int64)
        self.policy = frozen(start).requires_grad_(True)
        self.reference = None
        if config.beta:
            self.reference = frozen(start if reference is None else reference)
        self.optimizer = adam(self.policy, config.learning_rate)
        for weights in self.policy.parameters():
            weights.grad = torch.zeros_like(weights)  # Adam counts a first step without one

    def rollout(self) -> Groups:
        """Answers of the policy as it stands, scored and compared within each group."""
        draws, num_live = [], 0
        while len(draws) < self.config.max_draws and num_live < self.config.num_prompts:
            draws.append(self.draw())
            num_live += int(draws[-1].live().sum())
        return Groups(*(torch.cat(tensors) for tensors in zip(*draws, strict=True)))

    def draw(self) -> Groups:
        """A group of answers to each of the next prompts."""
        config, numbers = self.config, self.next_prompts()
        return draw_groups(
            self.policy,
            self.reference,
            self.prompts[numbers],
            lambda rows, answers: self.score(numbers[rows], answers),
            group_size=config.group_size,
            advantage=config.advantage,
            beta=config.beta if config.kl == "reward" else 0.0,
            generator=self.generator,
            end=self.end,
        )

    def next_prompts(self) -> Tensor:
        """Numbers of the prompts of one draw; the order is shuffled each time."""
        while len(self.waiting) < self.config.num_prompts:
            order = torch.randperm(len(self.prompts), generator=self.order_generator)
            self.waiting = torch.cat([self.waiting, order])
        count = self.config.num_prompts
        numbers, self.waiting = self.waiting[:count], self.waiting[count:]
        return numbers

    def update(self, drawn: Groups, share: float) -> Diagnostics:
        """Some epochs on the same groups, one step of Adam each."""
        config = self.config
        falling_rate(self.optimizer, config.learning_rate, share)
        used = drawn
        if config.max_draws > 1:
            chosen = drawn.live() & (drawn.live().cumsum(0) <= config.num_prompts)
            used = drawn.part(chosen)
        live = used
        if not config.beta or config.kl == "reward":
            live = used.part(used.live())  # the others have no gradient
        scale = self.divisor(live) / max(self.divisor(used), 1)
        steps = [self.step(live, scale) for _ in range(config.num_epochs)]
        losses, outside, norms = zip(*steps, strict=True)
        row = losses[0], losses[-1], float(np.mean(outside)), norms[0]
        return logged(drawn, row, priced=self.reference is not None)

    def step(self, groups: Groups, scale: float) -> tuple[float, float, float]:
        """One step of Adam: loss, share outside the band, norm of the gradient."""
        self.optimizer.zero_grad(set_to_none=False)
        loss, outside = torch.zeros(()), 0.0
        if scale:
            own, old, ref, mask = self.log_probs(groups)
            loss = scale * self.loss(own, old, ref, groups.advantages.flatten(), mask)
            loss.backward()
            outside = self.share_outside(own.detach(), old, mask)
        norm = nn.utils.clip_grad_norm_(self.policy.parameters(), self.config.max_gradient_norm)
        self.optimizer.step()
        return loss.item(), outside, norm.item()

    def log_probs(self, groups: Groups) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of policy, sampler and reference, and the mask.

        Each [B, t] with the longest answer's t, or [B, 1] for whole answers.
        """
        longest = int(groups.mask.sum(dim=1).max())
        answers, mask = groups.answers[:, :longest], groups.token_mask()[:, :longest]
        if self.reference is None:  # groups of equal answers are left out already
            logits = self.policy.groups(groups.prompts, answers[:, :-1])
            own = token_log_probs(logits, answers, mask)
        else:
            drawn = groups.mask[:, :longest]
            own = answer_log_probs(self.policy, groups.prompts, answers, drawn)
        old, ref = (t[:, :longest] for t in (groups.old_log_probs, groups.ref_log_probs))
        if self.config.ratio == "token":
            return own, old, ref, mask
        sums = (t.sum(dim=1, keepdim=True) for t in (own, old, ref))
        return *sums, mask.any(dim=1, keepdim=True)

    def loss(
        self, own: Tensor, old: Tensor, ref: Tensor, advantages: Tensor, mask: Tensor
    ) -> Tensor:
        """`grpo_loss` with the settings of the run."""
        config = self.config
        return grpo_loss(
            own,
            old,
            ref,
            advantages,
            mask,
            clip_epsilon=config.clip_epsilon,
            clip_epsilon_high=config.clip_epsilon_high,
            beta=0.0 if config.kl == "reward" else config.beta,
            kl="none" if config.kl == "reward" else config.kl,
            normalizer=config.normalizer,
        )

    def share_outside(self, own: Tensor, old: Tensor, mask: Tensor) -> float:
        """Share of the ratios outside the band, whose two sides may differ."""
        low, high = self.config.clip_epsilon, self.config.clip_epsilon_high
        ratios = probability_ratios(own[mask], old[mask])
        outside = (ratios < 1 - low) | (ratios > 1 + (low if high is None else high))
        return outside.double().mean().item()

    def divisor(self, groups: Groups) -> int:
        """What `grpo_loss` divides by, up to the length of each answer."""
        mask = groups.token_mask()
        lengths = mask.sum(dim=1)
        num_answers = int(mask.any(dim=1).sum())
        if self.config.ratio == "answer" or self.config.normalizer == "answer":
            return num_answers
        if self.config.normalizer == "batch_tokens":
            return int(lengths.sum())
        return num_answers * int(lengths.max()) if num_answers else 0
