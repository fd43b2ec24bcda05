"""A world with nothing to learn, whose steps one knows beforehand."""

import gymnasium as gym
import numpy as np


class Counter(gym.Env):
    """The state counts the steps, the reward is 1, and `length` steps terminate."""

    observation_space = gym.spaces.Box(0, 10, (1,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self, length: int):
        self.length = length

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(1, dtype=np.float32), {}

    def step(self, action):
        self.steps += 1
        observation = np.full(1, self.steps, dtype=np.float32)
        return observation, 1.0, self.steps == self.length, False, {}
