"""GAE against the loop over time steps that most training code runs."""

import numpy as np
import torch

from rlnotes.functional.advantages import generalized_advantage_estimation
from tests.benchmarks.frame import Comparison

GAMMA, GAE_LAMBDA, ACCURACY = 0.99, 0.95, 1e-5
SHAPES = ((8, 2048), (1, 100_000))


def numpy_loop(record: dict[str, np.ndarray]) -> np.ndarray:
    """One backward pass, all copies at once, time first as such code stores it."""
    rewards, values, next_values = (record[k] for k in ("rewards", "values", "next_values"))
    alive = 1.0 - record["terminated"]
    continues = 1.0 - (record["terminated"] | record["truncated"])
    advantages = np.zeros_like(rewards)
    running = np.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        delta = rewards[t] + GAMMA * next_values[t] * alive[t] - values[t]
        running = delta + GAMMA * GAE_LAMBDA * continues[t] * running
        advantages[t] = running
    return advantages


def random_record(batch: int, length: int) -> dict[str, np.ndarray]:
    """[B, T] float32; an episode ends after 200 steps on average."""
    rng = np.random.default_rng(length)
    record = {
        name: rng.normal(size=(batch, length)).astype(np.float32)
        for name in ("rewards", "values", "next_values")
    }
    return record | {
        name: rng.random((batch, length)) < 1 / 400 for name in ("terminated", "truncated")
    }


def same_advantages(ours: torch.Tensor, theirs: np.ndarray) -> bool:
    return bool(np.abs(ours.numpy() - theirs.T).max() < ACCURACY)


def comparisons() -> list[Comparison]:
    """The same float32 records; each side gets the layout that suits it."""
    rows = []
    for batch, length in SHAPES:
        record = random_record(batch, length)
        tensors = {name: torch.from_numpy(array) for name, array in record.items()}
        time_first = {name: np.ascontiguousarray(array.T) for name, array in record.items()}
        rows.append(
            Comparison(
                f"GAE of {batch} x {length} steps against a NumPy loop over the steps",
                lambda tensors=tensors: generalized_advantage_estimation(
                    **tensors, gamma=GAMMA, gae_lambda=GAE_LAMBDA
                ),
                lambda time_first=time_first: numpy_loop(time_first),
                same_advantages,
            )
        )
    return rows
