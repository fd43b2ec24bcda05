"""Recording of PPO with its parts on switches: every choice, four judges, 30 seeds."""

from dataclasses import asdict, replace
from itertools import product

import numpy as np
import torch

from rlnotes.training.token_ppo import Config, effective_parts
from rlnotes.training.token_ppo import train_token_ppo as train

SEEDS = range(30)
JUDGES = ((2.0, 1.0), (0.0, 1.0), (2.0, 0.0), (0.0, 0.0))  # offset and noise of rewards
FREE = {
    "reuse": {"num_epochs": 1},
    "ratio": {"use_ratio": False},
    "clip": {"clip_epsilon": None},
    "reference": {"beta": 0.0},
    "critic": {"use_critic": False},
}
SERIES = ("objective", "kl_to_ref", "kl_of_update")  # J; two KLs in nats


def ingredients(pool) -> dict[str, np.ndarray | str]:
    """What each seed does under each of four judges, for C = 16 choices of the parts.

    Returns:
        `settings`, a text; `choices` [C, 5] bool, in the order of `FREE`; `judges`
        [4, 2] offset and noise;
        `first_noise` [C, 4, seeds] sigma over length of a run's first gradient; each of
        `SERIES` [C, 4, seeds, rollouts + 1], before the first rollout and after each.
        The KL of an update is 0 before the first.
    """
    choices = [dict(zip(FREE, on, strict=True)) for on in product((True, False), repeat=5)]
    choices = [choice for choice in choices if choice == effective_parts(choice)]
    runs = pool.map(one_run, list(product(choices, JUDGES, SEEDS)), chunksize=4)
    shape = len(choices), len(JUDGES), len(SEEDS)
    arrays = {
        name: np.array([run[name] for run in runs]).reshape(*shape, -1)
        for name in (*SERIES, "first_noise")
    }
    # Four digits after the point are enough, and pack well.
    packed = {name: array.squeeze().round(4).astype(np.float32) for name, array in arrays.items()}
    on = np.array([[*choice.values()] for choice in choices])
    settings = f"token_ppo.Config: {asdict(Config())}, but for parts, judge and seed"
    return {"settings": settings, "choices": on, "judges": np.array(JUDGES), **packed}


def one_run(run: tuple[dict[str, bool], tuple[float, float], int]) -> dict[str, np.ndarray]:
    """One choice, judge and seed: `SERIES` [rollouts + 1] and `first_noise` [1]."""
    choice, (offset, noise), seed = run
    torch.set_num_threads(1)
    changes = {"reward_offset": offset, "reward_noise": noise, "seed": seed}
    for part, change in FREE.items():
        changes |= {} if choice[part] else change
    result = train(replace(Config(), **changes))
    moved = np.append(0.0, result.kls_of_rollouts)
    series = dict(zip(SERIES, (result.objectives, result.kls_to_ref, moved), strict=True))
    return {**series, "first_noise": result.gradient_noise[:1]}
