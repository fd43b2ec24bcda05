"""Recordings of PPO on the token tree: one batch used again and again."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product

import numpy as np

from rlnotes.training.adapted_bigram import CONTEXTS, completions
from rlnotes.training.token_ppo import Batch, Config, Learner

BATCHES, NOISES = (0, 1, 2), (0.0, 0.1)
EPSILONS, LEARNING_RATES = (0.1, 0.2, 0.4, None), (0.01, 0.03)
NUM_EPOCHS = 16
JUDGE_NOISES, CLIPS = (1.0, 0.0), (0.2, None)  # of many batches; None: no clip
NUM_BATCHES = {32: 300, 20_000: 20}  # by completions per batch
CURVES = ("objective", "kl_to_ref", "clipped", "max_ratio")


def epochs(pool) -> list[dict]:
    """One batch, up to 16 epochs: exact J, surrogate, KL, the ratio of every token."""
    settings = list(product(BATCHES, NOISES, EPSILONS, LEARNING_RATES))
    return [row for rows in pool.starmap(one_batch, settings) for row in rows]


def samples(pool) -> list[dict]:
    """What those batches hold: how often each token came, and its mean advantage."""
    rows = []
    for seed, noise in product(BATCHES, NOISES):
        learner = Learner(Config(seed=seed, logit_noise=noise))
        rows += [{"batch": seed, "logit_noise": noise, **row} for row in held(learner.rollout())]
    return rows


def batches(pool) -> dict[str, np.ndarray | str]:
    """Many batches, small and large, under a noisy and an exact judge, clip or none.

    A seed is the same completions in all four cells.

    Returns:
        `settings`, a text; `noises` [2]; `clips` [2] with 0 for none; each of
        `CURVES` as NAME_SIZE, SIZE completions per batch: [2 noises, 2 clips, batches,
        17 epochs], epoch 0 first.
    """
    settings = f"token_ppo.Config: {asdict(Config())}, but for size, noise, clip and seed"
    arrays = {"settings": settings, "noises": np.array(JUDGE_NOISES)}
    arrays["clips"] = np.array([epsilon or 0.0 for epsilon in CLIPS])
    for size, number in NUM_BATCHES.items():
        cells = list(product(JUDGE_NOISES, CLIPS, range(number), [size]))
        runs = np.array(pool.starmap(curves, cells, chunksize=4))
        runs = runs.reshape(len(JUDGE_NOISES), len(CLIPS), number, NUM_EPOCHS + 1, -1)
        for name, array in zip(CURVES, np.moveaxis(runs, -1, 0), strict=True):
            arrays[f"{name}_{size}"] = array.round(4).astype(np.float32)
    return arrays


def curves(noise: float, epsilon: float | None, seed: int, size: int) -> np.ndarray:
    """[17, 4] `CURVES` of one batch, epoch 0 (nothing done yet) included."""
    config = Config(batch_size=size, reward_noise=noise, clip_epsilon=epsilon, seed=seed)
    learner, rows = Learner(config), []
    held_batch = learner.rollout()
    for epoch in range(NUM_EPOCHS + 1):
        if epoch:
            learner.step(held_batch)
        measured = learner.measure(held_batch)
        rows.append([getattr(measured, name) for name in CURVES])
    return np.array(rows)


def one_batch(batch: int, noise: float, epsilon: float | None, rate: float) -> list[dict]:
    """The rows of one setting, epoch 0 (nothing done yet) included."""
    learner = Learner(
        Config(
            num_epochs=NUM_EPOCHS,
            clip_epsilon=epsilon,
            learning_rate=rate,
            logit_noise=noise,
            seed=batch,
        )
    )
    held_batch = learner.rollout()
    key = {"batch": batch, "logit_noise": noise, "clip_epsilon": epsilon or 0}
    rows = []
    for epoch in range(NUM_EPOCHS + 1):
        if epoch:
            learner.step(held_batch)
        measured = learner.measure(held_batch)._asdict()
        ratios = (learner.policy() - held_batch.engine_table).detach().exp().flatten()
        named = {f"ratio_{index}": ratio.item() for index, ratio in enumerate(ratios)}
        numbers = {name: f"{number:.4g}" for name, number in {**measured, **named}.items()}
        rows.append({**key, "learning_rate": rate, "epoch": epoch, **numbers})
    return rows


def held(batch: Batch) -> Iterator[dict]:
    """Count and mean advantage of each token in each context, ordered like ratios."""
    contexts, tokens, _ = completions()
    place = (3 * contexts + tokens)[batch.drawn]
    for index in range(3 * len(CONTEXTS)):
        found = batch.advantages[place == index]
        mean = found.mean().item() if len(found) else 0.0
        yield {"token": index, "count": len(found), "advantage": f"{mean:.4g}"}
