"""DPO on pairs of answers: a policy fitted to comparisons, without a score at hand."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import require_positive, require_positive_integer, require_seed
from rlnotes.functional.preferences import dpo_loss
from rlnotes.models.pointer_actions import Actions, action_log_probs
from rlnotes.models.pointer_policy import Pages, PointerPolicy
from rlnotes.models.tiny_lm import frozen
from rlnotes.training.invoices.answer_pairs import Pair, as_actions
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.optimizing import adam, descend, falling_rate


@dataclass(frozen=True)
class Config:
    """Hyperparameters.

    Raises:
        ValueError: for a number out of its range.
    """

    beta: float = 0.3  # reward per nat: the larger, the nearer to the reference
    num_steps: int = 250
    batch_size: int = 8  # pairs per step; all come once before one comes again
    learning_rate: float = 1e-3  # Adam's, falling linearly to a twentieth
    max_gradient_norm: float = 1.0
    vary: bool = False  # whether pages are varied, see `batches.vary`
    seed: int = 0

    def __post_init__(self):
        require_positive(
            beta=self.beta,
            learning_rate=self.learning_rate,
            max_gradient_norm=self.max_gradient_norm,
        )
        require_positive_integer(num_steps=self.num_steps, batch_size=self.batch_size)
        require_seed(seed=self.seed)


class Diagnostics(NamedTuple):
    """One step as a log shows it; of a whole run, arrays over its steps."""

    loss: float  # nats
    chosen_log_ratio: float  # mean log pi / pi_ref of the preferred answers, nats
    rejected_log_ratio: float  # of the others


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    policy: PointerPolicy
    diagnostics: Diagnostics  # arrays [num_steps]


def train_dpo(start: PointerPolicy, pairs: Sequence[Pair], config: Config) -> Result:
    """Fit a policy to pairs of answers.

        minimize  -mean of log sigmoid(beta (log-ratio chosen - log-ratio rejected))

    with log-ratios of whole answers to the policy that it starts from.

    Args:
        start: the policy before, and the reference; not changed.
        pairs: see `answer_pairs`.
        config: see `Config`.

    Returns:
        A `Result` with a policy of its own.

    Raises:
        ValueError: if there is no pair, or a loss overflows.

    References:
        Rafailov et al. (2023), arXiv:2305.18290, Eq. 7.
    """
    if not pairs:
        raise ValueError("pairs must hold at least one pair, got none")
    policy, reference = copy.deepcopy(start), frozen(start)
    optimizer, rows = adam(policy, config.learning_rate), []
    generator, waiting = np.random.default_rng(config.seed), []
    for step in range(config.num_steps):
        falling_rate(optimizer, config.learning_rate, step / config.num_steps)
        while len(waiting) < config.batch_size:
            waiting += generator.permutation(len(pairs)).tolist()
        batch = [pairs[number] for number in waiting[: config.batch_size]]
        waiting = waiting[config.batch_size :]
        pages = draw_pages([p.example for p in batch], generator if config.vary else None)
        actions = as_actions([pair[1:] for pair in batch], pages.mask.shape[1])
        own = answer_log_probs(policy, pages, actions)
        with torch.no_grad():
            ref = answer_log_probs(reference, pages, actions)
        loss = dpo_loss(*own.unbind(1), *ref.unbind(1), beta=config.beta)
        descend(loss, optimizer, max_norm=config.max_gradient_norm)
        ratios = (own.detach() - ref).mean(dim=0)
        rows.append(Diagnostics(loss.item(), *ratios.tolist()))
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Result(policy, Diagnostics(*columns))


def answer_log_probs(policy: PointerPolicy, pages: Pages, actions: Actions) -> Tensor:
    """Log-probability of whole answers, the sum over their fields and lines.

    Args:
        policy: reads the pages.
        pages: B documents.
        actions: K answers to each of them.

    Returns:
        [B, K] nats, differentiable in the policy's weights.
    """
    return action_log_probs(policy(pages), actions).sum(dim=-1)
