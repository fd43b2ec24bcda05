"""Imitation of labels: what every method here starts from, and is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rlnotes._checks import require_positive, require_positive_integer, require_seed
from rlnotes.models.pointer_policy import PointerPolicy
from rlnotes.training.invoices.batches import draw_pages
from rlnotes.training.invoices.demonstrations import Demonstration, demonstration_loss
from rlnotes.training.invoices.examples import Example
from rlnotes.training.optimizing import adam, descend, falling_rate


@dataclass(frozen=True)
class Config:
    """Hyperparameters.

    Raises:
        ValueError: for a number out of its range.
    """

    num_steps: int = 200
    batch_size: int = 8  # documents per step, drawn with replacement
    learning_rate: float = 2e-3  # Adam's, falling linearly to a twentieth
    max_gradient_norm: float = 1.0
    vary: bool = True  # whether pages are varied, see `batches.vary`
    seed: int = 0

    def __post_init__(self):
        require_positive_integer(num_steps=self.num_steps, batch_size=self.batch_size)
        require_positive(learning_rate=self.learning_rate, max_gradient_norm=self.max_gradient_norm)
        require_seed(seed=self.seed)


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    policy: PointerPolicy
    losses: np.ndarray  # [num_steps] of each batch, nats per document


def train_sft(
    policy: PointerPolicy,
    examples: Sequence[Example],
    demonstrations: Sequence[Demonstration],
    config: Config,
    *,
    watch: Callable[[int], None] | None = None,
) -> Result:
    """Imitate labels, see `demonstration_loss`; the policy is trained where it stands.

    Args:
        policy: usually a new one; it is changed.
        examples: documents, drawn with replacement.
        demonstrations: their labels, in the same order, see `demonstrate`.
        config: see `Config`.
        watch: called after each step with its number, from 1.

    Returns:
        A `Result` with the policy that was given.

    Raises:
        ValueError: if there is no document, or not one label for each.
    """
    if not 0 < len(examples) == len(demonstrations):
        raise ValueError(
            "examples and demonstrations must be as many, and at least one, got "
            f"{len(examples)} and {len(demonstrations)}"
        )
    generator = np.random.default_rng(config.seed)
    optimizer, losses = adam(policy, config.learning_rate), []
    for step in range(config.num_steps):
        falling_rate(optimizer, config.learning_rate, step / config.num_steps)
        rows = generator.integers(len(examples), size=config.batch_size)
        pages = draw_pages([examples[row] for row in rows], generator if config.vary else None)
        loss = demonstration_loss(policy(pages), [demonstrations[row] for row in rows])
        descend(loss, optimizer, max_norm=config.max_gradient_norm)
        losses.append(loss.item())
        if watch:
            watch(step + 1)
    return Result(policy, np.array(losses))
