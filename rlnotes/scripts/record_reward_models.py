"""Recordings of the help desk: the reference model, and reward models beside it."""

from dataclasses import asdict

import numpy as np
from torch import nn

from rlnotes.training import sft


def reference(pool) -> dict[str, np.ndarray | str]:
    """Weights of the language model after supervised fine-tuning, in one vector."""
    config = sft.Config()
    model = pool.map(sft.train_sft, [config])[0].model
    weights = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    return {"weights": weights, "settings": f"sft.Config: {asdict(config)}"}
