#!/usr/bin/env bash
# tianshou 2.0.1: return_standardization of Reinforce uses the batches before, and their
# mean return stands in for what a time limit cut off.
#
# Guess: return_standardization=True gives the returns of a batch mean 0 and deviation 1;
# or, going by "running" in its documentation, all returns so far, those of the batch
# included. It changes nothing else.
# Seen: mean and deviation are those of all *earlier* batches. The first batch keeps its
# returns as they are, and the statistics of a batch never touch that batch. A truncated
# episode, and one that is still running, goes on with gamma times the mean return of
# the past; without the option, and in the first batch, with 0.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen, rewards -4 and 5 in each of three batches, gamma 1:
#   without, terminated: [[1.0, 5.0], [1.0, 5.0], [1.0, 5.0]]
#   without, truncated: [[1.0, 5.0], [1.0, 5.0], [1.0, 5.0]]
#   with, terminated: [[1.0, 5.0], [-1.0, 1.0], [-1.0, 1.0]]
#   with, truncated: [[1.0, 5.0], [0.5, 2.5], [0.4, 2.0]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tianshou==2.0.1 gymnasium==1.4.0 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import numpy as np
import torch
from tianshou.algorithm import Reinforce
from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, ReplayBuffer


class Uniform(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.zeros(2))

    def forward(self, obs, state=None, info=None):
        return self.logits.expand(len(obs), 2), state


def returns(terminated, **kwargs):
    policy = DiscreteActorPolicy(actor=Uniform(), action_space=gym.spaces.Discrete(2))
    optim = AdamOptimizerFactory()
    algorithm = Reinforce(policy=policy, optim=optim, gamma=1.0, **kwargs)
    seen = []
    for _ in range(3):
        buffer = ReplayBuffer(2)
        for t, reward in enumerate((-4.0, 5.0)):
            ends = {"terminated": t == 1 and terminated, "truncated": t == 1 and not terminated}
            states = {"obs": np.array([t]), "obs_next": np.array([t + 1])}
            buffer.add(Batch(act=0, rew=reward, info={}, **states, **ends))
        rows = np.arange(2)
        batch = algorithm._preprocess_batch(buffer[rows], buffer, rows)
        seen.append([round(number, 3) for number in batch.returns.tolist()])
        algorithm._update_with_batch(batch, batch_size=None, repeat=1)
    return seen


expected = {
    ("without", "terminated"): [[1, 5], [1, 5], [1, 5]],
    ("without", "truncated"): [[1, 5], [1, 5], [1, 5]],
    ("with", "terminated"): [[1, 5], [-1, 1], [-1, 1]],
    ("with", "truncated"): [[1, 5], [0.5, 2.5], None],
}
for (option, end), numbers in expected.items():
    seen = returns(end == "terminated", return_standardization=option == "with")
    print(f"{option}, {end}: {seen}")
    if numbers[-1] is None:  # (1 + m - m) / d of the four unscaled returns 1, 5, 4, 8
        numbers[-1] = [round(number / np.std([1, 5, 4, 8]), 3) for number in (1, 5)]
    assert seen == numbers
PY
