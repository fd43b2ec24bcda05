"""What a bound on the KL bounds: sb3-contrib 2.9.2, tianshou 2.0.1; not in torchrl."""

import copy
import math

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.wrappers import TimeLimit
from sb3_contrib import TRPO
from tianshou.algorithm import TRPO as TianshouTRPO
from torch.distributions import Normal
from torchrl import objectives

from rlnotes.functional.kl import kl_divergence
from rlnotes.functional.trust_region import mean_kl
from tests.peers.actor_critics import tianshou_algorithm, tianshou_batch
from tests.peers.counter import Counter

TARGET = 0.5


def trained(env: gym.Env, target_kl: float, num_steps: int = 64):
    """A policy before and after one step of TRPO, the states, and the log."""
    settings = {"policy_kwargs": {"net_arch": []}, "device": "cpu", "seed": 0}
    sizes = {"n_steps": num_steps, "batch_size": num_steps}
    model = TRPO("MlpPolicy", TimeLimit(env, 10), target_kl=target_kl, **sizes, **settings)
    train, before = model.train, []

    def watched():
        before.append(copy.deepcopy(model.policy))
        train()

    model.train = watched
    model.learn(num_steps)
    states = torch.as_tensor(model.rollout_buffer.observations).view(num_steps, -1)
    with torch.no_grad():
        old, new = (p.get_distribution(states).distribution for p in (before[0], model.policy))
    return old, new, model.logger.name_to_value


def test_sb3_bounds_the_kl_of_the_new_policy_to_the_old():
    old, new, log = trained(Counter(1000), TARGET)
    old, new = (policy.logits.log_softmax(-1) for policy in (old, new))
    seen = log["train/kl_divergence_loss"]
    assert 0 < seen < TARGET
    assert seen == pytest.approx(kl_divergence(new, old).mean().item(), rel=1e-4)
    assert abs(seen - kl_divergence(old, new).mean().item()) > 0.01


def test_here_it_is_the_kl_of_the_old_policy_to_the_new():
    old, new = torch.tensor([[0.25, 0.75]]).log(), torch.tensor([[0.5, 0.5]]).log()
    forward = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    assert mean_kl(old, new).item() == pytest.approx(forward)
    assert abs(mean_kl(new, old).item() - forward) > 0.01


def test_torchrl_has_no_trpo():
    assert "ClipPPOLoss" in objectives.__all__
    assert not [name for name in objectives.__all__ if "trpo" in name.lower()]


def test_tianshou_bounds_the_kl_of_the_old_policy_to_the_new():
    algorithm = tianshou_algorithm(TianshouTRPO, max_kl=TARGET, advantage_normalization=False)
    actions, advantages = [0, 0, 0, 1], [1.0, 1.0, 1.0, 0.0]
    batch = tianshou_batch(advantages=advantages, targets=[0.0] * 4)
    batch.act = torch.tensor(actions)
    stats = algorithm._update_with_batch(batch, batch_size=None, repeat=1)
    old = torch.zeros(2).log_softmax(-1)
    new = algorithm.policy.actor.network.bias.detach().log_softmax(-1)
    assert 0 < stats.kl.mean < TARGET
    assert stats.kl.mean == pytest.approx(kl_divergence(old, new).item(), rel=1e-4)
    assert abs(stats.kl.mean - kl_divergence(new, old).item()) > 0.01


class Arms(Counter):
    """An action of several numbers, the first of which is the reward."""

    def __init__(self, num_numbers: int):
        super().__init__(1000)
        self.action_space = gym.spaces.Box(-1, 1, (num_numbers,))

    def step(self, action):
        observation, _, *ends = super().step(action)
        return observation, float(np.sum(action)), *ends


@pytest.mark.parametrize("num_numbers", [1, 4])
def test_sb3_bounds_the_mean_kl_of_the_numbers_in_an_action(num_numbers):
    old, new, log = trained(Arms(num_numbers), 0.01)
    assert isinstance(new, Normal)
    whole = torch.distributions.kl_divergence(new, old).sum(-1).mean().item()
    seen = log["train/kl_divergence_loss"]
    assert 0.004 < seen < 0.01
    assert whole == pytest.approx(num_numbers * seen, rel=1e-4)
