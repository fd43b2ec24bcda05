"""Recordings of the help desk: the reference model, and reward models beside it."""

from dataclasses import asdict
from itertools import product

import numpy as np
import torch
from torch import nn

from rlnotes.training import reward_model, sft
from rlnotes.training.comparisons import draw_comparisons
from rlnotes.training.help_desk_reference import reference_log_probs, reference_model
from rlnotes.training.proxies import LEVELS
from rlnotes.training.replies import reply_scores
from rlnotes.training.scores import centred_scores

NUM_PAIRS, FLIP_RATES, SEEDS = (300, 3_000), (0.0, 0.2), range(4)
COMPARISONS_SEED = 0


def reference(pool) -> dict[str, np.ndarray | str]:
    """Weights of the language model after supervised fine-tuning, in one vector."""
    config = sft.Config()
    model = pool.map(sft.train_sft, [config])[0].model
    weights = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    return {"weights": weights, "settings": f"sft.Config: {asdict(config)}"}


def scores(pool) -> dict[str, np.ndarray | str]:
    """Score tables [2, 2, 4, 6, 19608] by number of pairs, flip rate and seed.

    All four seeds of a setting see the same pairs: they differ in the start of the head
    and in the order of the pairs, and so can be members of one ensemble.
    """
    settings = list(product(NUM_PAIRS, FLIP_RATES, SEEDS))
    tables = np.stack(pool.map(one_table, settings, chunksize=1))
    shape = len(NUM_PAIRS), len(FLIP_RATES), len(SEEDS)
    return {
        "scores": tables.reshape(*shape, *tables.shape[1:]),
        "num_pairs": np.array(NUM_PAIRS),
        "flip_rates": np.array(FLIP_RATES),
        "seeds": np.array(SEEDS),
        "settings": f"reward_model.Config: {asdict(config_of(0))}, seed by table; start: "
        f"help_desk_reference; pairs drawn with seed {COMPARISONS_SEED}; scores centred "
        f"under the reference, rounded to 1/{LEVELS}",
    }


def config_of(seed: int) -> reward_model.Config:
    """Of one recorded reward model; every pair is trained on."""
    return reward_model.Config(held_out=0.0, seed=seed)


def one_table(setting: tuple[int, float, int]) -> np.ndarray:
    """[6, 19608] scores, float16, of a reward model by pairs, flip rate and seed."""
    num_pairs, flip_rate, seed = setting
    torch.set_num_threads(1)
    generator, log_probs = torch.Generator().manual_seed(COMPARISONS_SEED), reference_log_probs()
    pairs = draw_comparisons(num_pairs, log_probs, generator, flip_rate=flip_rate)
    model = reward_model.train_reward_model(pairs, config_of(seed), reference_model()).model
    with torch.no_grad():
        table = centred_scores(reply_scores(model), log_probs)
    return ((table * LEVELS).round() / LEVELS).numpy().astype(np.float16)
