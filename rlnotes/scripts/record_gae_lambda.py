"""Recording of PPO on CartPole with several lambdas: nothing else changes."""

from itertools import product

import numpy as np

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.training.ppo import Config, train_ppo

LAMBDAS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 1.0)
# Of the advantages and of the critic's targets; the equal ones are runs of the sweep.
PAIRS = ((0.0, 0.0), (0.95, 0.95), (0.95, 0.0), (0.0, 0.95))
SEEDS = range(40)
NUM_STEPS, EVERY, NUM_EPISODES = 60_000, 4_000, 16
# Pieces of 128 steps, so that even a look-ahead of 50 steps fits in.
SETTING = {"gamma": 0.99, "num_envs": 8, "steps_per_update": 128, "num_updates": NUM_STEPS}


def cartpole(pool) -> list[dict]:
    """Mean return of the last 16 episodes against environment steps, run by run."""
    runs = list(product(LAMBDAS, SEEDS))
    return [
        {"gae_lambda": gae_lambda, "seed": seed, "step": int(step), "mean_return": f"{mean:.4g}"}
        for (gae_lambda, seed), means in zip(runs, pool.map(curve, runs, chunksize=1), strict=True)
        for step, mean in zip(_grid(), means, strict=True)
    ]


def cartpole_apart(pool) -> list[dict]:
    """The same with one lambda for the advantages and another for the targets."""
    runs = [(*pair, seed) for pair, seed in product(PAIRS, SEEDS)]
    curves = pool.starmap(curve_apart, runs, chunksize=1)
    return [
        {
            "gae_lambda": gae_lambda,
            "target_lambda": target_lambda,
            "seed": seed,
            "step": int(step),
            "mean_return": f"{mean:.4g}",
        }
        for (gae_lambda, target_lambda, seed), means in zip(runs, curves, strict=True)
        for step, mean in zip(_grid(), means, strict=True)
    ]


def curve(run: tuple[float, int]) -> np.ndarray:
    """Mean return of the last 16 episodes that ended by each step of the grid."""
    gae_lambda, seed = run
    return curve_apart(gae_lambda, gae_lambda, seed)


def curve_apart(gae_lambda: float, target_lambda: float, seed: int) -> np.ndarray:
    """The same, where the critic's targets have a lambda of their own.

    One lambda for both is run as in the sweep: targets that are summed in another order
    round otherwise, and a run soon differs.
    """
    own = None if target_lambda == gae_lambda else target_lambda
    config = Config(gae_lambda=gae_lambda, target_lambda=own, seed=seed, **SETTING)
    result = train_ppo(VecCartPole, config, watch=lambda step, _: step >= NUM_STEPS)
    counts = np.searchsorted(result.episode_ends, _grid(), side="right")
    counts = np.maximum(counts, NUM_EPISODES)
    return np.array(
        [result.episode_returns[count - NUM_EPISODES : count].mean() for count in counts]
    )


def _grid() -> np.ndarray:
    return np.arange(EVERY, NUM_STEPS + 1, EVERY)
