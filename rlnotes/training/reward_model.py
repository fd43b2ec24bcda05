"""A reward model: a transformer with one output, fitted to comparisons."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from rlnotes._checks import (
    require_in_unit_interval,
    require_positive,
    require_positive_integer,
    require_seed,
)
from rlnotes.functional.preferences import reward_model_loss
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.comparisons import Comparisons, require_comparisons
from rlnotes.training.optimizing import adam, descend, falling_rate, torch_rng
from rlnotes.training.scores import ModelScores, last_word_scores, reward_accuracy


@dataclass(frozen=True)
class Config:
    """Hyperparameters.

    Raises:
        ValueError: for a number out of its range.
    """

    num_steps: int = 300
    batch_size: int = 128  # pairs per step, drawn with replacement
    learning_rate: float = 1e-3  # Adam's, falling linearly to a twentieth
    held_out: float = 0.1  # share of the pairs, the last ones, that are not trained on
    seed: int = 0

    def __post_init__(self):
        require_positive_integer(num_steps=self.num_steps, batch_size=self.batch_size)
        require_seed(seed=self.seed)
        require_positive(learning_rate=self.learning_rate)
        require_in_unit_interval(held_out=self.held_out)
        if self.held_out == 1:
            raise ValueError(f"held_out must lie in [0, 1), got {self.held_out}")


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    model: TinyLM
    losses: np.ndarray  # [num_steps] nats per pair
    accuracy: float  # on the pairs held out; NaN without any


def train_reward_model(
    comparisons: Comparisons,
    config: Config,
    start: TinyLM | None = None,
    *,
    watch: Callable[[int], None] | None = None,
) -> Result:
    """Fit scores to comparisons by maximum likelihood under Bradley-Terry.

        loss = -mean over the pairs of log sigmoid(r(x, chosen) - r(x, rejected))

    A score is read after the last word of a reply, see `scores.last_word_scores`.

    Args:
        comparisons: the last ones are held out.
        config: see `Config`.
        start: a language model whose trunk the reward model begins with, not changed;
            None begins with random weights.
        watch: called after each step with the number of steps.

    Raises:
        ValueError: if no pair is left to train on, or a prompt or reply does not exist.

    References:
        Stiennon et al. (2020), arXiv:2009.01325; Ouyang et al. (2022),
        arXiv:2203.02155, Eq. 1.
    """
    require_comparisons(comparisons)
    num_train = len(comparisons.prompts) - round(config.held_out * len(comparisons.prompts))
    if num_train < 1:
        raise ValueError(f"comparisons must leave a pair to train on, got {num_train}")
    training, held_out = (
        comparisons.rows(slice(num_train)),
        comparisons.rows(slice(num_train, None)),
    )
    net_seed, draw_seed = np.random.SeedSequence(config.seed).spawn(2)
    model = start or TinyLM(torch_rng(net_seed))
    model = model.with_head(1, torch_rng(net_seed)).requires_grad_(True)
    generator, optimizer = torch_rng(draw_seed), adam(model, config.learning_rate)
    losses = []
    for step in range(config.num_steps):
        falling_rate(optimizer, config.learning_rate, step / config.num_steps)
        batch = training.rows(torch.randint(num_train, (config.batch_size,), generator=generator))
        replies = torch.cat([batch.chosen, batch.rejected])
        scores = last_word_scores(model, batch.prompts.repeat(2), replies)
        loss = reward_model_loss(*scores.chunk(2))
        descend(loss, optimizer)
        losses.append(loss.item())
        if watch:
            watch(step + 1)
    accuracy = reward_accuracy(ModelScores(model), held_out) if len(held_out.prompts) else np.nan
    return Result(model, np.array(losses), accuracy)
