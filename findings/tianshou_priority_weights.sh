#!/usr/bin/env bash
# tianshou 2.0.1: where the weights of prioritized replay do not arrive.
#
# Guess: the weights of a prioritized batch scale each sample's loss, whatever the loss;
# and without division by the batch's largest weight, the buffer's largest weight is 1.
# Seen: DQN multiplies the squared errors by the weights; with huber_loss_delta they are
# left out. With weight_norm=False the largest weight is the smallest priority to the
# power (1 - alpha) * beta: the priorities have the power alpha, their minimum has not.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen, errors 0.5 and 3, weights [1, 1] and [1, 0]:
#   squared loss [4.625, 0.125]
#   Huber loss [1.3125, 1.3125]
#   weights of the errors 0.25, 1, 4 with weight_norm=False [0.5, 0.25, 0.125]
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
from tianshou.data import Batch, PrioritizedReplayBuffer


class Zeros(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.values = torch.nn.Parameter(torch.zeros(2))

    def forward(self, obs, state=None, info=None):
        return self.values.expand(len(obs), 2), state


def losses(**kwargs):
    found = []
    for weights in ([1.0, 1.0], [1.0, 0.0]):
        policy = DiscreteQLearningPolicy(model=Zeros(), action_space=gym.spaces.Discrete(2))
        algorithm = DQN(policy=policy, optim=AdamOptimizerFactory(), **kwargs)
        batch = Batch(obs=np.zeros((2, 1)), act=np.zeros(2, dtype=int), info=Batch())
        batch.returns, batch.weight = torch.tensor([0.5, 3.0]), torch.tensor(weights)
        found.append(round(algorithm._update_with_batch(batch).loss, 6))
    return found


squared, huber = losses(), losses(huber_loss_delta=1.0)
print("squared loss", squared)
print("Huber loss", huber)
buffer = PrioritizedReplayBuffer(3, alpha=0.5, beta=1.0, weight_norm=False)
step = {"obs": np.zeros(1), "act": 0, "rew": 0.0, "obs_next": np.zeros(1), "info": {}}
for _ in range(3):
    buffer.add(Batch(**step, terminated=False, truncated=False))
buffer.update_weight(np.arange(3), np.array([0.25, 1.0, 4.0]))
weights = buffer[np.arange(3)].weight.round(5).tolist()
print("weights of the errors 0.25, 1, 4 with weight_norm=False", weights)
assert squared == [4.625, 0.125] and huber == [1.3125, 1.3125]
assert weights == [0.5, 0.25, 0.125]
PY
