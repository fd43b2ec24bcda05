"""Supervised fine-tuning: imitate demonstrations, token by token."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import require_positive, require_positive_integer, require_seed
from rlnotes.data.help_desk import END, demonstrations, prompt_tokens
from rlnotes.functional.sequences import completion_mask, token_log_probs
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training.optimizing import adam, descend, falling_rate, torch_rng


@dataclass(frozen=True)
class Config:
    """Hyperparameters.

    Raises:
        ValueError: for a number out of its range.
    """

    num_demonstrations: int = 6_000
    num_steps: int = 400
    batch_size: int = 256  # demonstrations per step
    learning_rate: float = 3e-3  # Adam's, falling linearly to a twentieth
    seed: int = 0

    def __post_init__(self):
        require_positive_integer(
            num_demonstrations=self.num_demonstrations,
            num_steps=self.num_steps,
            batch_size=self.batch_size,
        )
        require_seed(seed=self.seed)
        require_positive(learning_rate=self.learning_rate)


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    model: TinyLM
    losses: np.ndarray  # [num_steps] nats per token


def train_sft(config: Config, *, watch: Callable[[int], None] | None = None) -> Result:
    """Fit a language model to the help desk's demonstrations, see `imitate`.

    Args:
        config: see `Config`.
        watch: called after each step with the number of steps.
    """
    net_seed, data_seed, draw_seed = np.random.SeedSequence(config.seed).spawn(3)
    model = TinyLM(torch_rng(net_seed))
    data = demonstrations(config.num_demonstrations, torch_rng(data_seed))
    prompts, generator = prompt_tokens()[data.prompts], torch_rng(draw_seed)
    losses = imitate(
        model, prompts, data.replies, config, end=END, generator=generator, watch=watch
    )
    return Result(model, losses)


def imitate(
    model: TinyLM,
    prompts: Tensor,
    replies: Tensor,
    config: Config,
    *,
    end: int,
    generator: torch.Generator,
    watch: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Fit a model to demonstrations by maximum likelihood; it is changed in place.

        loss = -mean over the tokens of log pi(y_t | x, y_<t)

    The mean runs over all counted tokens of a batch: the words and the end, if it was
    written. A reply of full length has no end, so none is asked for.

    Args:
        model: with a language head.
        prompts: [N, M] tokens.
        replies: [N, T] tokens, one reply to each prompt; what follows an end is not
            learned.
        config: steps, batch size and rate count; the other settings are the caller's.
        end: the symbol that ends a reply.
        generator: source of the batches.
        watch: called after each step with the number of steps.

    Returns:
        [num_steps] loss of each batch, nats per token.

    Raises:
        ValueError: if there is no demonstration, or prompts, replies and the model do
            not fit together.
    """
    if not 0 < len(prompts) == len(replies):
        raise ValueError(
            "prompts and replies must have one row for each demonstration, got "
            f"{tuple(prompts.shape)} and {tuple(replies.shape)}"
        )
    optimizer = adam(model, config.learning_rate)
    losses = []
    for step in range(config.num_steps):
        falling_rate(optimizer, config.learning_rate, step / config.num_steps)
        rows = torch.randint(len(prompts), (config.batch_size,), generator=generator)
        drawn = replies[rows]
        mask = completion_mask(drawn, end)
        logits = model(prompts[rows], drawn[:, :-1])
        loss = -token_log_probs(logits, drawn, mask).sum() / mask.sum()
        descend(loss, optimizer)
        losses.append(loss.item())
        if watch:
            watch(step + 1)
    return np.array(losses)
