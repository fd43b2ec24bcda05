#!/usr/bin/env bash
# stable-baselines3 2.9.2: a batch in which every action is worth the same still trains PPO's
# policy, for equal advantages are not 0 after normalization.
#
# Guess: PPO with normalize_advantage=True learns nothing from a batch of equal advantages:
# less their mean they are 0.
# Seen: the mean of 64 numbers 0.3 in float32 is not 0.3, the deviation is as small as that
# rounding, 3e-8, and the 1e-8 beside it is no help: each advantage becomes 0.74. In a
# world of one observation, one step and a reward that is always 0.3 the policy moves.
# With 0.5, which rounds nowhere, it keeps its bits.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   reward 0.3: 64 advantages of 0.3, deviation 3.0e-08, normalized 0.74, a probability moves by 0.0014
#   reward 0.5: 64 advantages of 0.5, deviation 0.0e+00, normalized 0.00, a probability moves by 0.0000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet stable-baselines3==2.9.2 gymnasium==1.4.0 torch==2.13.0 \
  numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO

torch.set_num_threads(1)


class Same(gymnasium.Env):
    """One observation, one step, four actions, and the same reward for each."""

    observation_space = gymnasium.spaces.Box(-1, 1, (1,))
    action_space = gymnasium.spaces.Discrete(4)

    def __init__(self, reward):
        self.reward = reward

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return np.zeros(1, np.float32), self.reward, True, False, {}


def trained(reward):
    """Advantages of a batch, these normalized, and how far a probability moves."""
    sizes = {"n_steps": 64, "batch_size": 64, "n_epochs": 10}
    losses = {"ent_coef": 0.0, "vf_coef": 0.0, "normalize_advantage": True}
    model = PPO("MlpPolicy", Same(reward), seed=0, device="cpu", **sizes, **losses)
    state = torch.zeros(1, 1)

    def probabilities():
        with torch.no_grad():
            return model.policy.get_distribution(state).distribution.probs[0].clone()

    before = probabilities()
    model.learn(64)
    advantages = torch.as_tensor(model.rollout_buffer.advantages).flatten()
    normalized = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    return advantages, normalized, (probabilities() - before).abs().max().item()


for reward in (0.3, 0.5):
    advantages, normalized, moved = trained(reward)
    print(
        f"reward {reward}: {len(advantages)} advantages of {advantages[0]:.1f}, deviation "
        f"{advantages.std():.1e}, normalized {normalized[0]:.2f}, a probability moves by {moved:.4f}"
    )
    assert (advantages == advantages[0]).all()
    if reward == 0.5:
        assert (normalized == 0).all() and moved == 0, (normalized, moved)
    else:
        assert normalized[0].abs() > 0.5 and moved > 1e-4, (normalized, moved)
PY
