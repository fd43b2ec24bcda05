"""DPO: a language model fitted to comparisons directly, without a reward model.

Two models take part: the policy, and the frozen reference. Nothing is sampled from the
policy, and nothing needs a value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes._checks import (
    require_below_half,
    require_indices,
    require_not_negative,
    require_option,
    require_positive,
    require_positive_integer,
    require_seed,
)
from rlnotes.data.help_desk import END, PROMPTS, SYMBOLS, prompt_tokens
from rlnotes.functional.inputs import require_elements
from rlnotes.functional.preference_variants import (
    LOSSES,
    conservative_dpo_loss,
    hinge_dpo_loss,
    ipo_loss,
    robust_dpo_loss,
)
from rlnotes.functional.preferences import dpo_loss, implicit_rewards
from rlnotes.functional.sequences import completion_mask, sequence_log_probs, token_log_probs
from rlnotes.models.tiny_lm import TinyLM, frozen, require_outputs
from rlnotes.training.comparisons import Comparisons, require_comparisons
from rlnotes.training.optimizing import adam, falling_rate, torch_rng
from rlnotes.training.replies import all_replies, reply_numbers
from rlnotes.training.rlhf import require_agreement


@dataclass(frozen=True)
class Config:
    """Hyperparameters.

    Raises:
        ValueError: for a number out of its range or an unknown option.
    """

    beta: float = 0.25  # reward per nat
    loss: str = "dpo"  # or another of `LOSSES`
    flip_rate: float = 0.0  # conservative: label smoothing; robust: share of wrong labels
    sft_weight: float = 0.0  # times -log pi(chosen) per reply, added to the loss
    num_steps: int = 400
    batch_size: int = 512  # pairs per step; fixed pairs are drawn with replacement
    learning_rate: float = 2e-3  # Adam's, falling linearly to a twentieth
    max_gradient_norm: float = 1.0
    seed: int = 0

    def __post_init__(self):
        require_positive(
            beta=self.beta,
            learning_rate=self.learning_rate,
            max_gradient_norm=self.max_gradient_norm,
        )
        require_option(LOSSES, loss=self.loss)
        require_not_negative(sft_weight=self.sft_weight)
        require_below_half(flip_rate=self.flip_rate)
        require_positive_integer(num_steps=self.num_steps, batch_size=self.batch_size)
        require_seed(seed=self.seed)
        if self.flip_rate and self.loss not in ("conservative", "robust"):
            raise ValueError(
                f"flip_rate must be 0 unless loss is conservative or robust, got {self.flip_rate}"
            )


class Diagnostics(NamedTuple):
    """One step as a log shows it; of a whole run, arrays over its steps."""

    loss: float  # without the supervised term, nats
    chosen_reward: float  # mean implicit reward of the preferred replies, with beta
    rejected_reward: float  # of the others; the margin is the difference
    accuracy: float  # share of the pairs with a positive margin; a tie is half


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    policy: TinyLM
    reference: TinyLM
    diagnostics: Diagnostics  # arrays [num_steps]


def train_dpo(
    start: TinyLM,
    pairs: Comparisons | Callable[[int, TinyLM], Comparisons],
    config: Config,
    *,
    reference: TinyLM | None = None,
    watch: Callable[[int, TinyLM], None] | None = None,
) -> Result:
    """Fit a policy to comparisons, with its log-ratio to the reference as the reward.

        minimize  -mean of log sigmoid(beta (log-ratio chosen - log-ratio rejected))

    Args:
        start: the policy before, usually after supervised fine-tuning; not changed.
        pairs: fixed ones; or a function of the number of pairs and the policy as it
            stands that gives fresh ones for each step.
        config: see `Config`.
        reference: None takes a frozen copy of start.
        watch: called after each step with its number and the policy.

    Raises:
        ValueError: if start or reference is no model of words, they disagree at the
            first step (the loss must begin at log 2), there is no pair, a prompt or
            reply does not exist, or a loss overflows.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 7.
    """
    learner = Learner(start, pairs, config, reference)
    rows = []
    for number in range(config.num_steps):
        rows.append(learner.update(number / config.num_steps))
        if watch:
            watch(number + 1, learner.policy)
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Result(learner.policy, learner.reference, Diagnostics(*columns))


class Learner:
    """The two models of DPO, and one step on a batch of pairs."""

    def __init__(
        self,
        start: TinyLM,
        pairs: Comparisons | Callable[[int, TinyLM], Comparisons],
        config: Config,
        reference: TinyLM | None = None,
    ):
        self.config, self.pairs = config, pairs
        if not callable(pairs):
            require_pairs(pairs)
        (draw_seed,) = np.random.SeedSequence(config.seed).spawn(1)
        self.generator = torch_rng(draw_seed)
        reference = start if reference is None else reference
        require_outputs(len(SYMBOLS), start=start, reference=reference)
        self.reference = frozen(reference)
        self.policy = frozen(start).requires_grad_(True)
        self.optimizer = adam(self.policy, config.learning_rate)
        self.loss = loss_function(config)
        self.agreed = False

    def batch(self) -> Comparisons:
        """The pairs of one step."""
        size = self.config.batch_size
        if callable(self.pairs):
            pairs = self.pairs(size, self.policy)
            require_pairs(pairs)
            return pairs
        rows = torch.randint(len(self.pairs.prompts), (size,), generator=self.generator)
        return self.pairs.rows(rows)

    def update(self, share: float) -> Diagnostics:
        """One step of Adam; share is that of the run which is over."""
        batch = self.batch()
        prompts, replies, places = once_each(batch)
        own = reply_log_probs(self.policy, prompts, replies)
        with torch.no_grad():
            ref = reply_log_probs(self.reference, prompts, replies)
        if not self.agreed:
            require_agreement(own, ref)
            self.agreed = True
        log_probs, ref_log_probs = own[places], ref[places]
        logs = *log_probs.chunk(2), *ref_log_probs.chunk(2)
        loss = self.loss(*logs, beta=self.config.beta)
        total = loss - float(self.config.sft_weight) * logs[0].mean()
        falling_rate(self.optimizer, self.config.learning_rate, share)
        self.optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(self.policy.parameters(), self.config.max_gradient_norm)
        self.optimizer.step()
        rewards = implicit_rewards(log_probs.detach(), ref_log_probs, beta=self.config.beta)
        chosen, rejected = rewards.chunk(2)
        accuracy = ((chosen > rejected).double() + 0.5 * (chosen == rejected)).mean()
        means = chosen.mean(), rejected.mean(), accuracy
        return Diagnostics(loss.item(), *(mean.item() for mean in means))


def require_pairs(pairs: Comparisons) -> None:
    """Raise unless there is a pair, and every prompt and reply exists."""
    require_comparisons(pairs, name="pairs")
    require_elements(pairs=pairs.prompts)


def once_each(pairs: Comparisons) -> tuple[Tensor, Tensor, Tensor]:
    """The replies of some pairs, each to be read once however often it occurs.

    Args:
        pairs: N of them.

    Returns:
        prompts [U] and replies [U, 5] that differ, and places [2 N]: where the chosen
        replies, and then the rejected ones, stand among them.
    """
    numbers = reply_numbers(torch.cat([pairs.chosen, pairs.rejected]))
    count = len(all_replies())
    keys, places = (pairs.prompts.repeat(2) * count + numbers).unique(return_inverse=True)
    return keys // count, all_replies()[keys % count], places


def reply_log_probs(model: TinyLM, prompts: Tensor, replies: Tensor) -> Tensor:
    """[B] log pi(y | x) of whole replies, nats; differentiable.

    Args:
        model: with a head of words.
        prompts: [B] int64, index into `help_desk.PROMPTS`.
        replies: [B, 5] tokens.

    Raises:
        ValueError: if a prompt or a token does not exist, or the shapes differ.
    """
    require_indices(len(PROMPTS), prompts=prompts)
    mask = completion_mask(replies, END)
    logits = model(prompt_tokens()[prompts], replies[:, :-1])
    return sequence_log_probs(token_log_probs(logits, replies, mask), mask)


def loss_function(config: Config) -> Callable[..., Tensor]:
    """The loss that a `Config` names, with its share of wrong labels filled in."""
    plain = {"dpo": dpo_loss, "ipo": ipo_loss, "hinge": hinge_dpo_loss}
    if config.loss in plain:
        return plain[config.loss]
    if config.loss == "robust":
        return partial(robust_dpo_loss, flip_rate=config.flip_rate)
    return partial(conservative_dpo_loss, label_smoothing=config.flip_rate)
