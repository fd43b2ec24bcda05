#!/usr/bin/env bash
# tianshou 2.0.1: DQN is double by default, and has no second network by default.
#
# Guess: DQN(is_double=True), the default, chooses the next action with the online network
# and asks a lagged copy what it is worth. And a policy with exploration explores while
# it is trained.
# Seen: target_update_freq is 0 by default, so there is no copy; the online network chooses
# and values, which is the plain maximum that double is made to avoid, with a moving target
# besides. is_double changes nothing then. And eps_training is 0 by default: it acts
# greedily in training, until set_eps_training is called. Neither warns.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen, the next state is worth (7, 3) to the online network and (1, 5) to a copy:
#   default 7.0, is_double=False 7.0
#   target_update_freq=1000 1.0, the same with is_double=False 5.0
#   eps_training 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tianshou==2.0.1 gymnasium==1.4.0 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import numpy as np
import torch
from tianshou.algorithm import DQN
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, ReplayBuffer


class Values(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.values = torch.nn.Parameter(torch.tensor([1.0, 5.0]))

    def forward(self, obs, state=None, info=None):
        return self.values.expand(len(obs), 2), state


def next_value(**kwargs):
    policy = DiscreteQLearningPolicy(model=Values(), action_space=gym.spaces.Discrete(2))
    algorithm = DQN(policy=policy, optim=AdamOptimizerFactory(), **kwargs)
    policy.model.values.data = torch.tensor([7.0, 3.0])  # a copy, if any, keeps 1 and 5
    buffer, step = ReplayBuffer(2), {"obs": np.zeros(1), "act": 0, "rew": 0.0, "info": {}}
    buffer.add(Batch(**step, obs_next=np.zeros(1), terminated=False, truncated=False))
    return algorithm._target_q(buffer, np.array([0])).item(), policy.eps_training


(default, epsilon), (plain, _) = next_value(), next_value(is_double=False)
(double, _), (maximum, _) = (
    next_value(target_update_freq=1000, is_double=chosen) for chosen in (True, False)
)
print(f"default {default}, is_double=False {plain}")
print(f"target_update_freq=1000 {double}, the same with is_double=False {maximum}")
print(f"eps_training {epsilon}")
assert (default, plain, double, maximum, epsilon) == (7, 7, 1, 5, 0)
PY
