"""The recorded reference of the help desk: the language model before any reward.

Everything of chapters 7 and 8 that is not trained there and then starts from it.
"""

from functools import lru_cache

import torch
from torch import Tensor, nn

from rlnotes.models.tiny_lm import TinyLM, frozen
from rlnotes.training.recordings import load_arrays
from rlnotes.training.replies import reply_tree


@lru_cache(maxsize=1)
def reference_model() -> TinyLM:
    """The model that supervised fine-tuning with seed 0 left, frozen."""
    model = TinyLM(torch.Generator())
    vector = torch.from_numpy(load_arrays("help_desk_reference")["weights"])
    nn.utils.vector_to_parameters(vector.clone(), model.parameters())
    return frozen(model)


@lru_cache(maxsize=1)
def reference_log_probs() -> Tensor:
    """[6, 19608] its log-probability of every reply, nats, float64."""
    with torch.no_grad():
        return reply_tree(reference_model()).log_probs
