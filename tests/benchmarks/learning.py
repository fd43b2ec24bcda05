"""Steps per second of Q-learning on the tables against a loop over `env.step`."""

from dataclasses import replace
from itertools import count

import gymnasium as gym
import numpy as np

from rlnotes.envs.gymnasium_adapter import finite_mdp_from_env
from rlnotes.training.q_learning import Config
from rlnotes.training.q_learning_tables import train_q_learning_on_tables
from tests.benchmarks.frame import Comparison

GAMMA, ALPHA, EPSILON, NUM_STEPS = 0.99, 0.1, 0.1, 100_000


def gym_loop(env: gym.Env, seed: int) -> int:
    """Q-learning as it is usually taught; returns the number of steps."""
    rng = np.random.default_rng(seed)
    q_values = np.zeros((env.observation_space.n, env.action_space.n))
    state, _ = env.reset(seed=seed)
    for _ in range(NUM_STEPS):
        if rng.random() < EPSILON:
            action = int(rng.integers(env.action_space.n))
        else:
            action = int(q_values[state].argmax())
        next_state, reward, terminated, truncated, _ = env.step(action)
        target = reward + GAMMA * (not terminated) * q_values[next_state].max()
        q_values[state, action] += ALPHA * (target - q_values[state, action])
        state = next_state
        if terminated or truncated:
            state, _ = env.reset()
    return NUM_STEPS


def comparisons() -> list[Comparison]:
    """One learner, the same number of steps on both sides, a new seed in each round."""
    config = Config(gamma=GAMMA, num_steps=NUM_STEPS, learning_rate=ALPHA, epsilon=EPSILON)
    rows, seeds = [], count()
    for name, options in (("FrozenLake-v1", {}), ("Taxi-v4", {})):
        env = gym.make(name, **options)
        mdp = finite_mdp_from_env(env)
        rows.append(
            Comparison(
                f"{name}, {NUM_STEPS} steps of Q-learning on the tables against `env.step`",
                lambda mdp=mdp: train_q_learning_on_tables(mdp, replace(config, seed=next(seeds))),
                lambda env=env: gym_loop(env, next(seeds)),
                lambda ours, steps: ours.visits.sum() == steps,
                rounds=5,
            )
        )
    return rows
