"""DQN to a solved CartPole-v1 against Stable-Baselines3 with its published settings."""

from functools import partial

import gymnasium as gym
import numpy as np

from rlnotes.training.dqn import Config, train_dqn
from rlnotes.training.on_policy import greedy_actions
from tests.benchmarks.seeds import PLAIN, Race, Referee

NUM_STEPS, EVERY = 50_000, 1_000
# The tuned settings for CartPole-v1 that the project publishes in its model zoo.
PUBLISHED = {
    "learning_rate": 2.3e-3,
    "batch_size": 64,
    "buffer_size": 100_000,
    "learning_starts": 1_000,
    "gamma": 0.99,
    "target_update_interval": 10,
    "train_freq": 256,
    "gradient_steps": 128,
    "exploration_fraction": 0.16,
    "exploration_final_eps": 0.04,
    "policy_kwargs": {"net_arch": [256, 256]},
}


def ours(seed: int, referee: Referee, *, fast: bool) -> None:
    """Train with the defaults of `Config` until solved."""

    def watch(step, q_network):
        return referee.judge(step, partial(greedy_actions, q_network))

    train_dqn(gym.make("CartPole-v1"), Config(seed=seed, fast=fast), every=EVERY, watch=watch)


def peer(seed: int, referee: Referee) -> None:
    """The same rule, asked after every 1000 steps by a callback."""
    # Only `make bench` installs it, and pytest looks for doctests in this file.
    from stable_baselines3 import DQN
    from stable_baselines3.common.callbacks import BaseCallback

    class Watch(BaseCallback):
        def _on_step(self) -> bool:
            if self.num_timesteps % EVERY:
                return True

            def choose(observations):
                actions, _ = self.model.predict(observations.astype(np.float32), deterministic=True)
                return actions

            return not referee.judge(self.num_timesteps, choose)

    model = DQN("MlpPolicy", gym.make("CartPole-v1"), seed=seed, device="cpu", **PUBLISHED)
    model.learn(NUM_STEPS, callback=Watch())


def races() -> list[Race]:
    """The peer may use its published number of steps, we the number in `Config`."""
    name = "DQN on CartPole-v1 against Stable-Baselines3 DQN, published settings"
    return [Race(name, {"": partial(ours, fast=True), PLAIN: partial(ours, fast=False)}, peer, 10)]
