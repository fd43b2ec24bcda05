"""Recordings of the forgotten carry: language models before reinforcement."""

from dataclasses import asdict

import numpy as np
from torch import nn

from rlnotes.training import carry_model

SEEDS = range(5)


def models(pool) -> dict[str, np.ndarray | str]:
    """Weights [5, 26669] of the models after supervised fine-tuning, by seed."""
    configs = [carry_model.Config(seed=seed) for seed in SEEDS]
    weights = pool.map(weights_of, configs, chunksize=1)
    return {
        "weights": np.stack(weights),
        "seeds": np.array(SEEDS),
        "settings": f"carry_model.Config: {asdict(configs[0])}, seed by row",
    }


def weights_of(config: carry_model.Config) -> np.ndarray:
    """One run, its weights in one vector."""
    model = carry_model.train_carry_sft(config).model
    return nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
