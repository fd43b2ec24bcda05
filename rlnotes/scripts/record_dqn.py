"""Recordings of DQN on CartPole-v1, one part changed at a time."""

from dataclasses import replace
from functools import partial
from itertools import product

import gymnasium as gym
import numpy as np
import torch

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.envs.table_env import TableEnv
from rlnotes.exact.mdp import optimal_values, q_values
from rlnotes.training.dqn import LOSSES, REPLAYS, Config, train_dqn
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
    return _rows(pool, partial(cartpole_run, base), settings, seeds=range(10))


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

    train_dqn(gym.make("CartPole-v1"), config, every=CARTPOLE_EVERY, watch=watch)
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
