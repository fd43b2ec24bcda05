"""Recordings of PPO and TRPO on CartPole, and of PPO with one setting changed."""

from functools import partial

import numpy as np

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.training import ppo, trpo
from rlnotes.training.batch_runs import Result
from rlnotes.training.evaluation import greedy_returns, is_solved
from rlnotes.training.on_policy import greedy_actions

PPO_SEEDS, TRPO_SEEDS, SWITCH_SEEDS = range(10), range(5), range(5)
NUM_STEPS, EVERY = 65_536, 2_048
SWITCH_STEPS = 40_960
NUM_EPISODES = 16  # the latest ones, whose mean return is drawn
# switch -> (field of `Config`, settings); the default is among them
SWITCHES = {
    "num_epochs": (1, 4, 10, 20),
    "clip_epsilon": (0.05, 0.2, 0.5, None),
    "normalize_advantages": (True, False),
    "entropy_coefficient": (0.0, 0.01, 0.1),
}


def ppo_cartpole(pool) -> list[dict]:
    """Greedy return of PPO's defaults against environment steps, over ten seeds."""
    return _band(pool.map(ppo_curve, PPO_SEEDS, chunksize=1))


def trpo_cartpole(pool) -> list[dict]:
    """The same of TRPO, over five seeds."""
    return _band(pool.map(trpo_curve, TRPO_SEEDS, chunksize=1))


def ppo_switches(pool) -> list[dict]:
    """Return, clip fraction, KL and largest ratio as one setting changes."""
    settings = [(switch, value) for switch, values in SWITCHES.items() for value in values]
    configs = {
        (switch, value, seed): ppo.Config(num_updates=SWITCH_STEPS, seed=seed, **{switch: value})
        for switch, value in settings
        for seed in SWITCH_SEEDS
    }
    jobs = list(dict.fromkeys(configs.values()))  # the default is in every switch
    curves = dict(zip(jobs, pool.map(switch_curves, jobs, chunksize=1), strict=True))
    rows = []
    for switch, value in settings:
        runs = [curves[configs[switch, value, seed]] for seed in SWITCH_SEEDS]
        for index, step in enumerate(_grid(SWITCH_STEPS)):
            # A setting is always a word: "off" and 0.2 share a column.
            setting = f"{switch} = {'off' if value is None else value}"
            row = {"switch": switch, "setting": setting, "step": int(step)}
            for quantity in runs[0]:
                numbers = _summary(np.array([run[quantity][index] for run in runs]))
                row |= {f"{quantity}_{name}": number for name, number in numbers.items()}
            rows.append(row)
    return rows


def ppo_curve(seed: int) -> list[float]:
    """Mean return of 100 greedy episodes at each step of the grid."""
    watch = Watch(seed)
    ppo.train_ppo(VecCartPole, ppo.Config(num_updates=NUM_STEPS, seed=seed), watch=watch)
    return watch.means


def trpo_curve(seed: int) -> list[float]:
    """The same with TRPO."""
    watch = Watch(seed)
    trpo.train_trpo(VecCartPole, trpo.Config(num_updates=NUM_STEPS, seed=seed), watch=watch)
    return watch.means


class Watch:
    """Evaluates on the grid, of which every step ends an update."""

    def __init__(self, seed: int):
        self.means: list[float] = []
        self._rng = np.random.default_rng([seed, 1])

    def __call__(self, step: int, policy) -> bool:
        if step % EVERY == 0:
            returns = greedy_returns(partial(greedy_actions, policy), rng=self._rng)
            self.means.append(float(returns.mean()))
        return step >= NUM_STEPS


def switch_curves(config: ppo.Config) -> dict[str, np.ndarray]:
    """Four curves of one run, over the updates between two steps of the grid.

    The return is the mean of the latest 16 episodes, the largest ratio the largest of
    those updates; clip fraction and KL are means over them.
    """
    result = ppo.train_ppo(VecCartPole, config, watch=lambda step, _: step >= SWITCH_STEPS)
    between = EVERY // (config.num_envs * config.steps_per_update)
    clip_fractions, kls, max_ratios = (
        getattr(result.diagnostics, name).reshape(-1, between)
        for name in ("clip_fraction", "kl", "max_ratio")
    )
    return {
        "return": _latest_returns(result),
        "clip_fraction": clip_fractions.mean(axis=1),
        "kl": kls.mean(axis=1),
        "max_ratio": max_ratios.max(axis=1),
    }


def _latest_returns(result: Result) -> np.ndarray:
    ended = np.searchsorted(result.episode_ends, _grid(SWITCH_STEPS), side="right")
    counts = np.maximum(ended, NUM_EPISODES)
    return np.array(
        [result.episode_returns[count - NUM_EPISODES : count].mean() for count in counts]
    )


def _band(runs: list[list[float]]) -> list[dict]:
    solved_at = [_first_solved(run) for run in runs]
    return [
        {
            "step": int(step),
            **_summary(means),
            "solved": sum(first <= index for first in solved_at),
            "runs": len(runs),
        }
        for index, (step, means) in enumerate(zip(_grid(NUM_STEPS), np.array(runs).T, strict=True))
    ]


def _first_solved(means: list[float]) -> float:
    solved = (index for index in range(len(means)) if is_solved(means[: index + 1]))
    return next(solved, float("inf"))


def _grid(num_steps: int) -> np.ndarray:
    return np.arange(EVERY, num_steps + 1, EVERY)


def _summary(values: np.ndarray) -> dict[str, str]:
    summary = {"low": values.min(), "median": np.median(values), "high": values.max()}
    return {name: f"{value:.4g}" for name, value in summary.items()}
