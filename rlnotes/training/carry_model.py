"""A model that adds as pupils do: carries forgotten, digits slipped."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from rlnotes.data.carry_addition import END, MAX_SYMBOLS, SYMBOLS, TOKENS
from rlnotes.data.carry_demonstrations import demonstrations
from rlnotes.models.tiny_lm import TinyLM
from rlnotes.training import sft
from rlnotes.training.optimizing import torch_rng


@dataclass(frozen=True)
class Config(sft.Config):
    """Hyperparameters, see `sft.Config`: as at the help desk, but more of each."""

    num_demonstrations: int = 40_000
    num_steps: int = 900


Result = sft.Result


def untrained_model(generator: torch.Generator) -> TinyLM:
    """A language model of the size that this world needs: 26,669 weights."""
    return TinyLM(
        generator, num_outputs=len(SYMBOLS), num_tokens=len(TOKENS), length=5 + MAX_SYMBOLS
    )


def train_carry_sft(config: Config, *, watch: Callable[[int], None] | None = None) -> Result:
    """Fit a language model to the pupils' completions, see `sft.imitate`.

    It comes to add right with a probability of about 0.4, less often with a carry.

    Args:
        config: see `Config`.
        watch: called after each step with the number of steps.
    """
    net_seed, data_seed, draw_seed = np.random.SeedSequence(config.seed).spawn(3)
    model = untrained_model(torch_rng(net_seed))
    data = demonstrations(config.num_demonstrations, torch_rng(data_seed))
    losses = sft.imitate(
        model,
        data.prompts,
        data.completions,
        config,
        end=END,
        generator=torch_rng(draw_seed),
        watch=watch,
    )
    return Result(model, losses)
