"""Recording of PPO with one change at a time, 200 seeds each, to compare means."""

from dataclasses import asdict, replace
from itertools import product

import numpy as np
import torch

from rlnotes.scripts.record_ppo_ingredients import FREE
from rlnotes.training.adapted_bigram import AdaptedBigram, objective
from rlnotes.training.token_ppo import Config, train_token_ppo

SEEDS = range(200)
NOISES = (1.0, 0.0)  # standard deviations of the judge's noise
MARKS = (5, 20)  # batches after which a run is looked at
LATE = 0.5  # a baseline near what returns are worth at the end of a run


def changes() -> dict[str, dict[str, float | bool | None]]:
    """Name -> settings other than the defaults; the first row changes nothing.

    Adam's steps have the length of its learning rate: an eighth of it makes eight
    passes as long as one, eight times as much makes one as long as eight.
    """
    rate = Config.learning_rate
    start = objective(AdaptedBigram(torch.Generator()).reference()).item()
    without = {f"without {part}": change for part, change in FREE.items()}
    return {
        "all parts": {},
        **without,
        "reuse, rate / 8": {"learning_rate": rate / 8},
        "without reuse, rate * 8": {**FREE["reuse"], "learning_rate": 8 * rate},
        "without critic, offset 0": {**FREE["critic"], "reward_offset": 0.0},
        "constant baseline: J of the start": {**FREE["critic"], "reward_offset": -start},
        f"constant baseline: {LATE}": {**FREE["critic"], "reward_offset": -LATE},
    }


def compared(pool) -> dict[str, np.ndarray | str]:
    """What each seed does after each of C changes, under a noisy and an exact judge.

    A constant baseline is an offset of the rewards, of the other sign: no critic, and
    the judge's own offset taken out.

    Returns:
        `settings`, a text; `changes` [C] names; `noises` [2]; `marks` [2] batches;
        `objective` exact J and `kl_to_ref` exact KL in nats, both [C, 2 noises, seeds,
        2 marks]; `first_noise` [C, 2, seeds] sigma over length of the first gradient.
    """
    names = [*changes()]
    runs = pool.map(one_run, list(product(names, NOISES, SEEDS)), chunksize=4)
    runs = np.array(runs).reshape(len(names), len(NOISES), len(SEEDS), 1 + 2 * len(MARKS))
    runs = runs.round(4).astype(np.float32)
    return {
        "settings": f"token_ppo.Config: {asdict(Config())}, but for the changes, noise and seed",
        "changes": np.array(names),
        "noises": np.array(NOISES),
        "marks": np.array(MARKS),
        "objective": runs[..., 1:3],
        "kl_to_ref": runs[..., 3:],
        "first_noise": runs[..., 0],
    }


def one_run(run: tuple[str, float, int]) -> list[float]:
    """First noise, then J at each of `MARKS`, then KL at each."""
    name, noise, seed = run
    torch.set_num_threads(1)
    config = replace(Config(), reward_noise=noise, seed=seed, **changes()[name])
    result, marks = train_token_ppo(config), list(MARKS)
    return [result.gradient_noise[0], *result.objectives[marks], *result.kls_to_ref[marks]]
