"""Recordings of PPO on the token tree: one batch used again and again; its parts."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import torch

from rlnotes.training.adapted_bigram import CONTEXTS, completions
from rlnotes.training.token_ppo import Batch, Config, Learner, effective_parts
from rlnotes.training.token_ppo import train_token_ppo as train

BATCHES, NOISES = (0, 1, 2), (0.0, 0.1)
EPSILONS, LEARNING_RATES = (0.1, 0.2, 0.4, None), (0.01, 0.03)
NUM_EPOCHS = 16
SEEDS = range(10)
FREE = {
    "reuse": {"num_epochs": 1},
    "ratio": {"use_ratio": False},
    "clip": {"clip_epsilon": None},
    "reference": {"beta": 0.0},
    "critic": {"use_critic": False},
}


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


def ingredients(pool) -> list[dict]:
    """Median and range over ten seeds after each rollout, for every choice of parts."""
    choices = [dict(zip(FREE, on, strict=True)) for on in product((True, False), repeat=5)]
    choices = [choice for choice in choices if choice == effective_parts(choice)]
    runs = pool.map(one_run, list(product(choices, SEEDS)), chunksize=4)
    rows = []
    for index, choice in enumerate(choices):
        of_choice = np.array(runs[index * len(SEEDS) : (index + 1) * len(SEEDS)])
        for rollout, numbers in enumerate(of_choice.transpose(2, 1, 0)):
            rows.append({**choice, "rollout": rollout, **_summaries(numbers)})
    return rows


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


def one_run(run: tuple[dict[str, bool], int]) -> np.ndarray:
    """[5, rollouts + 1] J, KL to the reference, J less its price, two of the update.

    The price is the default beta per nat, also where a run was free of it. Of the
    update: its KL and the noise of its gradient.
    """
    choice, seed = run
    torch.set_num_threads(1)
    off = [change for name, change in FREE.items() if not choice[name]]
    config = replace(Config(seed=seed), **{k: v for change in off for k, v in change.items()})
    result = train(config)
    noise = result.gradient_noise  # of each update; row 0 repeats that of the first
    columns = [np.append(0.0, result.kls_of_rollouts), np.append(noise[0], noise)]
    penalized = result.objectives - Config().beta * result.kls_to_ref
    return np.array([result.objectives, result.kls_to_ref, penalized, *columns])


def _summaries(numbers: np.ndarray) -> dict[str, str]:
    names = ("objective", "kl_to_ref", "penalized", "kl_of_update", "gradient_noise")
    columns = {}
    for name, of_seeds in zip(names, numbers, strict=True):
        for part, value in zip(
            ("low", "median", "high"),
            (of_seeds.min(), np.median(of_seeds), of_seeds.max()),
            strict=True,
        ):
            columns[f"{name}_{part}"] = f"{value:.4g}"
    return columns
