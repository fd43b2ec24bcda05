"""PPO on CartPole-v1 against Stable-Baselines3: to a solved task, and per step."""

from functools import partial
from itertools import count

import numpy as np

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.training.ppo import Config, train_ppo
from tests.benchmarks.frame import Comparison
from tests.benchmarks.reinforce import Watch
from tests.benchmarks.seeds import MANY, PLAIN, Race, Referee

NUM_STEPS, EVERY = 100_000, 1_000
NUM_ENVS, NUM_TIMED_STEPS = 8, 5_120
# The tuned settings for CartPole-v1 that the project publishes in its model zoo.
PUBLISHED = {
    "n_steps": 32,
    "batch_size": 256,
    "gae_lambda": 0.8,
    "gamma": 0.98,
    "n_epochs": 20,
    "ent_coef": 0.0,
}
# Both rates fall linearly to zero over the published number of steps.
FALLING = {
    "learning_rate": lambda remaining: 0.001 * remaining,
    "clip_range": lambda remaining: 0.2 * remaining,
}
CONSTANT = {"learning_rate": 0.001, "clip_range": 0.2}
# The constant settings in our words; both sides have two networks of 64 and 64 units.
SAME = Config(
    num_updates=NUM_TIMED_STEPS // (NUM_ENVS * 32),
    num_envs=NUM_ENVS,
    steps_per_update=32,
    minibatch_size=256,
    gae_lambda=0.8,
    gamma=0.98,
    num_epochs=20,
    learning_rate=0.001,
    clip_epsilon=0.2,
)


def ours(seed: int, referee: Referee, *, fast: bool) -> None:
    """Train with the defaults of `Config` until solved."""
    train_ppo(VecCartPole, Config(seed=seed, fast=fast), watch=Watch(referee))


def peer(seed: int, referee: Referee) -> None:
    """The same rule, asked by a callback once 1000 steps have passed."""
    # Only `make bench` installs it, and pytest looks for doctests in this file.
    from stable_baselines3.common.callbacks import BaseCallback

    class Ask(BaseCallback):
        last = 0

        def _on_step(self) -> bool:
            if self.num_timesteps - self.last < EVERY:
                return True
            self.last = self.num_timesteps

            def choose(observations):
                actions, _ = self.model.predict(observations.astype(np.float32), deterministic=True)
                return actions

            return not referee.judge(self.num_timesteps, choose)

    peer_model(seed, **FALLING).learn(NUM_STEPS, callback=Ask())


def peer_model(seed: int, **rates):
    """The library's agent on its own vector of environments."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env

    env = make_vec_env("CartPole-v1", NUM_ENVS, seed=seed)
    return PPO("MlpPolicy", env, seed=seed, device="cpu", **PUBLISHED, **rates)


def races() -> list[Race]:
    """The peer may use its published number of steps, we the number in `Config`."""
    name = "PPO on CartPole-v1 against Stable-Baselines3 PPO, published settings"
    return [
        Race(name, {"": partial(ours, fast=True), PLAIN: partial(ours, fast=False)}, peer, MANY)
    ]


def comparisons() -> list[Comparison]:
    """Time of the same number of steps with the same settings."""
    seeds = count()
    return [
        Comparison(
            f"PPO on CartPole-v1, {NUM_TIMED_STEPS} steps with 20 epochs on batches of 256, "
            "against Stable-Baselines3 with the same settings",
            lambda: int(train_ppo(VecCartPole, SAME).num_steps[-1]),
            lambda: peer_model(next(seeds), **CONSTANT).learn(NUM_TIMED_STEPS).num_timesteps,
            lambda ours, peer: ours == peer == NUM_TIMED_STEPS,
            rounds=5,
        )
    ]
