"""Recordings of DQN with its parts switched on and off, made by the plain code."""

from dataclasses import replace
from functools import partial
from itertools import product

import gymnasium as gym
import numpy as np
import torch

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.envs.table_env import TableEnv
from rlnotes.exact.mdp import optimal_values, q_values
from rlnotes.training.dqn import REPLAYS, Config, train_dqn
from rlnotes.training.evaluation import greedy_returns
from rlnotes.training.on_policy import greedy_actions

MAZE_NOISE, MAZE_EVERY = 0.2, 150
MAZE = Config(
    gamma=0.9,
    num_steps=3_000,
    learning_rate=3e-3,
    loss="squared",
    hidden_sizes=(32,),
    batch_size=32,
    steps_per_update=3,
    warmup_steps=60,
    max_gradient_norm=1_000.0,
    n_step=1,
    double=False,
    epsilon_steps=1_000,
    fast=False,
)
PERIODS, BUFFER_SIZES = (1, 10, 50, 250), (100, 1_000, 3_000)
EPSILONS = {"1 to 0.3": (1.0, 0.3), "always 0.1": (0.1, 0.1), "always 1": (1.0, 1.0)}
CARTPOLE_EVERY = 1_000
SWITCHED = Config(
    num_steps=25_000,
    learning_rate=2e-3,
    batch_size=64,
    steps_per_update=2,
    n_step=1,
    fast=False,
)
SEEDS = range(5)


def maze(pool) -> list[dict]:
    """All settings of the switches on the slippery maze, with the exact Q* beside."""
    settings = []
    for period, double, dueling, epsilon, replay in product(
        PERIODS, (False, True), (False, True), EPSILONS, REPLAYS
    ):
        for buffer_size in BUFFER_SIZES[:1] if replay == "none" else BUFFER_SIZES:
            settings.append(
                {
                    "replay": replay,
                    "buffer_size": buffer_size,
                    "target_period": period,
                    "double": double,
                    "dueling": dueling,
                    "epsilon_schedule": epsilon,
                }
            )
    return _rows(pool, maze_run, settings)


def cartpole(pool) -> list[dict]:
    """Five switches on CartPole-v1; everything else as in `SWITCHED`."""
    periods = (1, SWITCHED.target_period)
    settings = [
        {"replay": replay, "target_period": period, "double": double, "dueling": dueling}
        for replay, period, double, dueling in product(
            REPLAYS, periods, (False, True), (False, True)
        )
    ]
    return _rows(pool, partial(cartpole_run, SWITCHED), settings)


def cartpole_default(pool) -> list[dict]:
    """The defaults of `Config` on CartPole-v1, and those with targets of one step."""
    base = Config(num_steps=50_000, fast=False)
    settings = [{"n_step": n} for n in (1, base.n_step)]
    return _rows(pool, partial(cartpole_run, base), settings, range(10))


def maze_run(run: tuple[dict, int]) -> list[tuple[int, float]]:
    """Largest distance to the exact Q* during one run."""
    settings, seed = dict(run[0]), run[1]
    start, end = EPSILONS[settings.pop("epsilon_schedule")]
    config = replace(MAZE, epsilon_start=start, epsilon_end=end, seed=seed, **settings)
    mdp = Maze(picture=PICTURE_2X3, step_noise=MAZE_NOISE).mdp()
    exact = q_values(mdp, optimal_values(mdp, gamma=MAZE.gamma), gamma=MAZE.gamma)
    points = []

    @torch.no_grad()
    def watch(step, q_network):
        learned = q_network(torch.eye(mdp.num_states)).double().numpy()
        points.append((step, np.abs(learned - exact)[~mdp.terminal].max()))

    train_dqn(TableEnv(mdp), config, every=MAZE_EVERY, watch=watch)
    return points


def cartpole_run(base: Config, run: tuple[dict, int]) -> list[tuple[int, float]]:
    """Mean return of 20 greedy episodes during one run."""
    settings, seed = run
    rng = np.random.default_rng(1_000 + seed)
    points = []

    def watch(step, q_network):
        choose = partial(greedy_actions, q_network)
        points.append((step, greedy_returns(choose, rng=rng, num_episodes=20).mean()))

    config = replace(base, **settings, seed=seed)
    train_dqn(gym.make("CartPole-v1"), config, every=CARTPOLE_EVERY, watch=watch)
    return points


def _rows(pool, run, settings: list[dict], seeds=SEEDS) -> list[dict]:
    """One row per setting and step: smallest, median and largest over the seeds."""
    all_points = pool.map(run, list(product(settings, seeds)), chunksize=1)
    rows = []
    for index, setting in enumerate(settings):
        runs = np.array(all_points[index * len(seeds) : (index + 1) * len(seeds)])
        for step, values in zip(runs[0, :, 0], runs[:, :, 1].T, strict=True):
            summary = {"low": values.min(), "median": np.median(values), "high": values.max()}
            rounded = {name: f"{value:.4g}" for name, value in summary.items()}
            rows.append({**setting, "step": int(step), **rounded})
    return rows
