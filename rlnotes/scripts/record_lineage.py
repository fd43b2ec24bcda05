"""Recording of the ladder from REINFORCE to PPO on CartPole."""

from itertools import product

import numpy as np

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.exact.lineage import RUNGS
from rlnotes.training.lineage import at_rung, train_lineage
from rlnotes.training.on_policy import play_episodes

SEEDS = range(20)
NUM_STEPS, EVERY, NUM_EPISODES = 32_768, 4_096, 32
# The default rate on every rung; a smaller one where several copies make runs short.
SETTINGS = [(0.01, rung) for rung in range(len(RUNGS))] + [(0.003, rung) for rung in (4, 5, 6)]


def cartpole(pool) -> list[dict]:
    """Mean return of fresh episodes of the policy, against environment steps."""
    runs = list(product(SETTINGS, SEEDS))
    return [row for rows in pool.map(run_rows, runs, chunksize=1) for row in rows]


def run_rows(run: tuple[tuple[float, int], int]) -> list[dict]:
    """The rows of one run: one for each step of the grid."""
    (learning_rate, rung), seed = run
    watch = Watch(seed)
    config = at_rung(rung, learning_rate=learning_rate, seed=seed)
    train_lineage(VecCartPole, config, num_steps=NUM_STEPS, watch=watch)
    return [
        {
            "learning_rate": learning_rate,
            "rung": rung,
            "seed": seed,
            "step": step,
            "batches": batches,
            "mean_return": f"{mean_return:.4g}",
        }
        for step, batches, mean_return in watch.rows
    ]


class Watch:
    """Evaluates after the first batch that ends at or beyond each step of the grid."""

    def __init__(self, seed: int):
        self.rows: list[tuple[int, int, float]] = []
        self._batches = 0
        self._env = VecCartPole(NUM_EPISODES, rng=np.random.default_rng([seed, 2]))
        self._rng = np.random.default_rng([seed, 1])

    def __call__(self, steps: int, policy) -> None:
        self._batches += 1
        while (step := (len(self.rows) + 1) * EVERY) <= min(steps, NUM_STEPS):
            returns = play_episodes(self._env, policy, self._rng).episode_returns
            self.rows.append((step, self._batches, float(returns.mean())))
