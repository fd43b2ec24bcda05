"""Recordings of PPO on the token tree: one batch used again and again."""

from collections.abc import Iterator
from itertools import product

from rlnotes.training.adapted_bigram import CONTEXTS, completions
from rlnotes.training.token_ppo import Batch, Config, Learner

BATCHES, NOISES = (0, 1, 2), (0.0, 0.1)
EPSILONS, LEARNING_RATES = (0.1, 0.2, 0.4, None), (0.01, 0.03)
NUM_EPOCHS = 16


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
