"""The recorded models of the forgotten carry: what reinforcement starts from."""

from functools import lru_cache

import torch
from torch import nn

from rlnotes._checks import require_option
from rlnotes.models.tiny_lm import TinyLM, frozen
from rlnotes.training.carry_model import untrained_model
from rlnotes.training.recordings import load_arrays


@lru_cache(maxsize=8)
def carry_reference(seed: int) -> TinyLM:
    """The model that `train_carry_sft` with this seed left, frozen.

    Raises:
        ValueError: if no model with this seed is recorded.
    """
    recorded = load_arrays("carry_models")
    seeds = recorded["seeds"].tolist()
    require_option(seeds, seed=seed)
    model = untrained_model(torch.Generator())
    vector = torch.from_numpy(recorded["weights"][seeds.index(seed)].copy())
    nn.utils.vector_to_parameters(vector, model.parameters())
    return frozen(model)
