"""Recordings of DQN: CartPole-v1 with one part changed at a time, and a small maze."""

from dataclasses import replace
from functools import partial
from itertools import product

import gymnasium as gym
import numpy as np
import torch

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.envs.table_env import TableEnv
from rlnotes.exact.mdp import optimal_values, q_values
from rlnotes.training.dqn import LOSSES, Config, train_dqn
from rlnotes.training.evaluation import greedy_returns
from rlnotes.training.on_policy import greedy_actions

EVERY = 1_000  # steps between two evaluations
SEEDS = range(5)  # of the parts
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
    "targets of 5 steps": {"n_step": 5},
}
PLAIN = Config(  # what section 3.8 calls plain DQN
    num_steps=25_000,
    learning_rate=2e-3,
    batch_size=64,
    steps_per_update=2,
    n_step=1,
    double=False,
)
SMALL = Config(  # `small` of section 3.4, with the changes of section 3.5
    gamma=0.9,
    num_steps=3000,
    hidden_sizes=(32,),
    batch_size=32,
    buffer_size=1000,
    warmup_steps=60,
    target_period=50,
    epsilon_end=1.0,
    double=False,
    n_step=1,
    loss="squared",
)


def cartpole_default(pool) -> list[dict]:
    """Median and range of ten runs: the defaults of `Config`, and one-step targets."""
    base = Config(num_steps=50_000, fast=False)
    settings = [{"n_step": n} for n in (1, base.n_step)]
    return [
        {**setting, **_summary(at_step)}
        for setting, runs in zip(settings, _runs(pool, base, settings), strict=True)
        for at_step in zip(*runs, strict=True)
    ]


def _runs(pool, base: Config, settings: list[dict]) -> list[list]:
    """For each setting, the points of its ten runs."""
    seeds = range(10)
    points = pool.map(partial(cartpole_run, base), list(product(settings, seeds)), chunksize=1)
    return [points[start : start + len(seeds)] for start in range(0, len(points), len(seeds))]


def _summary(points: list[tuple[int, float]]) -> dict:
    """Smallest, median and largest return of all runs at one step."""
    returns = np.array([value for _, value in points])
    summary = {"low": returns.min(), "median": np.median(returns), "high": returns.max()}
    return {"step": points[0][0]} | {name: f"{of:.4g}" for name, of in summary.items()}


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
    """Each run of plain DQN with one part changed, for both losses, step by step."""
    settings = [{"loss": loss, "part": part} for loss in LOSSES for part in PARTS]
    return _point_rows(pool, partial(parts_run, PLAIN), settings)


def long(pool) -> list[dict]:
    """Plain DQN for twice as many steps, for both losses, step by step."""
    base = replace(PLAIN, num_steps=2 * PLAIN.num_steps)
    return _point_rows(pool, partial(parts_run, base), [{"loss": loss} for loss in LOSSES])


def _point_rows(pool, run, settings: list[dict]) -> list[dict]:
    """A row for each point of each run."""
    runs = list(product(settings, SEEDS))
    return [
        {**setting, "seed": seed, **parts_row(point)}
        for (setting, seed), points in zip(runs, pool.map(run, runs, chunksize=1), strict=True)
        for point in points
    ]


def parts_row(point: tuple[float, ...]) -> dict:
    """A point of `parts_run` by name, with four significant digits."""
    step, *numbers = point
    written = zip(("return", "value", "achieved"), numbers, strict=True)
    return {"step": int(step)} | {name: f"{number:.4g}" for name, number in written}


def parts_run(base: Config, run: tuple[dict, int]) -> list[tuple[float, ...]]:
    """Step, return, value of the upright pole and discounted return during one run."""
    setting, seed = run
    changes = PARTS[setting.get("part", "nothing")]
    config = replace(base, loss=setting["loss"], **changes, seed=seed)
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
    return (1 - PLAIN.gamma**returns) / (1 - PLAIN.gamma)


def maze_bias(pool) -> list[dict]:
    """Errors of plain and Double DQN in the slippery maze, 48 runs each."""
    runs = [{"double": double, "seed": seed} for seed in range(48) for double in (False, True)]
    return pool.map(maze_bias_run, runs, chunksize=1)


def maze_bias_run(run: dict) -> dict:
    """Mean of max Q - V* over the four cells, and the largest distance to Q*."""
    slippery = Maze(picture=PICTURE_2X3, step_noise=0.2).mdp()
    live = ~slippery.terminal
    exact = q_values(slippery, optimal_values(slippery, gamma=0.9), gamma=0.9)[live]
    network = train_dqn(TableEnv(slippery), replace(SMALL, **run)).q_network
    with torch.no_grad():
        learned = network(torch.eye(len(live))).numpy()[live]
    bias = (learned.max(axis=1) - exact.max(axis=1)).mean()
    return {
        "double": int(run["double"]),
        "seed": run["seed"],
        "bias": f"{bias:.4f}",
        "distance": f"{abs(learned - exact).max():.4f}",
    }
