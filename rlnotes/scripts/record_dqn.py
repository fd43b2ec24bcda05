"""Recordings of DQN on CartPole-v1, one part changed at a time."""

from dataclasses import replace
from functools import partial
from itertools import product

import gymnasium as gym
import numpy as np
import torch

from rlnotes.training.dqn import LOSSES, Config, train_dqn
from rlnotes.training.evaluation import greedy_returns
from rlnotes.training.on_policy import greedy_actions

EVERY = 1_000  # steps between two evaluations
SEEDS = range(5)
PARTS = {
    "nothing": {},
    "no copy (C = 1)": {"target_period": 1},
    "copy every 10 updates": {"target_period": 10},
    "copy every 1000 updates": {"target_period": 1_000},
    "no replay": {"replay": "none"},
    "replay of the last 1000 steps": {"buffer_size": 1_000},
    "prioritized replay": {"replay": "prioritized"},
    "Double": {"double": True},
    "dueling": {"dueling": True},
    "epsilon always 0.1": {"epsilon_start": 0.1, "epsilon_end": 0.1},
    "epsilon always 1": {"epsilon_start": 1.0, "epsilon_end": 1.0},
}
BOX = Config(  # what section 3.8 calls the box
    num_steps=25_000,
    learning_rate=2e-3,
    batch_size=64,
    steps_per_update=2,
    n_step=1,
    double=False,
)


def cartpole_default(pool) -> list[dict]:
    """The defaults of `Config` on CartPole-v1, and those with targets of one step."""
    base = Config(num_steps=50_000, fast=False)
    settings = [{"n_step": n} for n in (1, base.n_step)]
    return _rows(pool, partial(cartpole_run, base), settings, seeds=range(10))


def cartpole_run(base: Config, run: tuple[dict, int]) -> list[tuple[int, float]]:
    """Mean return of 20 greedy episodes during one run."""
    settings, seed = run
    rng = np.random.default_rng(1_000 + seed)
    points = []

    def watch(step, q_network):
        choose = partial(greedy_actions, q_network)
        points.append((step, greedy_returns(choose, rng=rng, num_episodes=20).mean()))

    config = replace(base, **settings, seed=seed)
    train_dqn(gym.make("CartPole-v1"), config, every=EVERY, watch=watch)
    return points


def parts(pool) -> list[dict]:
    """The box with one part changed, for both losses: returns and the values beside."""
    settings = [{"loss": loss, "part": part} for loss in LOSSES for part in PARTS]
    return _rows(pool, parts_run, settings, ("return", "value", "achieved"))


def parts_run(run: tuple[dict, int]) -> list[tuple[float, ...]]:
    """Step, return, value of the upright pole and discounted return during one run."""
    setting, seed = run
    config = replace(BOX, loss=setting["loss"], **PARTS[setting["part"]], seed=seed)
    rng = np.random.default_rng(1_000 + seed)
    points = []

    @torch.no_grad()
    def watch(step, q_network):
        returns = greedy_returns(partial(greedy_actions, q_network), rng=rng, num_episodes=20)
        value = q_network(torch.zeros(1, 4)).max().item()
        points.append((step, returns.mean(), value, discounted(returns).mean()))

    train_dqn(gym.make("CartPole-v1"), config, every=EVERY, watch=watch)
    return points


def discounted(returns: np.ndarray) -> np.ndarray:
    """Discounted returns of episodes with reward 1: (1 - gamma^n) / (1 - gamma)."""
    return (1 - BOX.gamma**returns) / (1 - BOX.gamma)


def _rows(pool, run, settings: list[dict], names=("",), seeds=SEEDS) -> list[dict]:
    """One row per setting and step: smallest, median and largest over the seeds."""
    all_points = pool.map(run, list(product(settings, seeds)), chunksize=1)
    rows = []
    for index, setting in enumerate(settings):
        runs = np.array(all_points[index * len(seeds) : (index + 1) * len(seeds)])
        for at_step in runs.transpose(1, 2, 0):
            row = {**setting, "step": int(at_step[0, 0])}
            for name, values in zip(names, at_step[1:], strict=True):
                summary = {"low": values.min(), "median": np.median(values), "high": values.max()}
                start = f"{name}_" if name else ""
                row |= {f"{start}{of}": f"{value:.4g}" for of, value in summary.items()}
            rows.append(row)
    return rows
