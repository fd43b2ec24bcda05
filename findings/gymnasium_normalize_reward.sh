#!/usr/bin/env bash
# gymnasium 1.4.0: NormalizeReward starts with a reward of 70.7, and its running sum goes
# on behind a time limit.
#
# Guess: rewards are divided by the standard deviation of the discounted sum within an
# episode, as in VecNormalize of Stable-Baselines3; the sum starts anew with each episode,
# and the first rewards come out near 1 or are cut at 10.
# Seen: the first reward of 1 is divided by 0.0141, because the start variance of 1 counts
# as 0.0001 samples; nothing is cut. The sum starts anew where an episode terminates, and
# neither at a truncation nor at reset(). So with a time limit alone the divisor is that
# of one endless episode, 13 times as large after 100 steps here. Episodes of one step
# and reward 1 grow without bound: the sum never varies.
#
# Output seen, reward 1 in every step, gamma 0.99:
#   first rewards [70.71, 2.02, 1.24]
#   reward 100: endless 0.055, cut after 5 steps 0.055, ended after 5 steps 0.725
#   episodes of one step: rewards 1, 2, 400 are [70.71, 100.0, 1400.28]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gymnasium==1.4.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import gymnasium as gym
import numpy as np
from gymnasium.wrappers import NormalizeReward, TimeLimit


class Ones(gym.Env):
    """Reward 1 in every step; `length` steps terminate."""

    observation_space = gym.spaces.Box(0, 1, (1,))
    action_space = gym.spaces.Discrete(1)

    def __init__(self, length):
        self.length = length

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(1, dtype=np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(1, dtype=np.float32), 1.0, self.steps == self.length, False, {}


def rewards(env, count):
    env = NormalizeReward(env)
    env.reset(seed=0)
    seen = []
    for _ in range(count):
        _, reward, terminated, truncated, _ = env.step(0)
        seen.append(float(reward))
        if terminated or truncated:
            env.reset()
    return seen


endless, cut, ended, single = (
    rewards(env, 400) for env in (Ones(1000), TimeLimit(Ones(1000), 5), Ones(5), Ones(1))
)
first = [round(reward, 2) for reward in endless[:3]]
print("first rewards", first)
hundredth = [round(seen[99], 3) for seen in (endless, cut, ended)]
print("reward 100: endless {}, cut after 5 steps {}, ended after 5 steps {}".format(*hundredth))
growing = [round(single[at], 2) for at in (0, 1, 399)]
print("episodes of one step: rewards 1, 2, 400 are", growing)
assert first == [70.71, 2.02, 1.24]
assert endless == cut and hundredth == [0.055, 0.055, 0.725]
assert growing == [70.71, 100, 1400.28]
PY
