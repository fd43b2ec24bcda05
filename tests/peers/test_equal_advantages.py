"""Advantages without a spread: stable-baselines3 2.9.2, torchrl 0.14.1, tianshou 2.0.1.

64 float32 numbers of 0.3 have a mean that is one unit in the last place off.
"""

import math

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from tianshou.algorithm import PPO as TianshouPPO
from torchrl.objectives import ClipPPOLoss

from rlnotes.functional.advantages import normalize_advantages
from tests.peers.actor_critics import (
    logged,
    recorded,
    tianshou_algorithm,
    tianshou_batch,
    torchrl_batch,
    torchrl_loss,
)

EQUAL = [0.3] * 64
UNIT = float(np.spacing(np.float32(0.3)))
STD = UNIT * math.sqrt(64 / 63)
OF_EQUAL = UNIT / (STD + 1e-8)  # 0.744


def minus_loss_in_sb3(advantages) -> float:
    """The mean of the normalized advantages times a ratio of 1, so their mean."""
    model = recorded(PPO, len(advantages), batch_size=len(advantages), n_epochs=1)
    model.rollout_buffer.advantages[:, 0] = advantages
    return -logged(model)["train/policy_gradient_loss"]


def minus_loss_in_tianshou(advantages) -> float:
    batch = tianshou_batch(advantages=advantages, targets=[0.0] * len(advantages))
    algorithm = tianshou_algorithm(TianshouPPO)
    return -algorithm._update_with_batch(batch, batch_size=None, repeat=1).actor_loss.mean


def minus_loss_in_torchrl(advantages, **kwargs) -> float:
    batch = torchrl_batch(advantages=advantages, targets=[0.0] * len(advantages))
    return -torchrl_loss(ClipPPOLoss, **kwargs)(batch)["loss_objective"].item()


def test_here_they_say_nothing():
    assert pytest.approx(0.744, abs=5e-4) == OF_EQUAL
    assert not normalize_advantages(torch.tensor(EQUAL)).any()


def test_they_count_0_744_in_sb3_and_tianshou():
    assert minus_loss_in_sb3(EQUAL) == pytest.approx(OF_EQUAL, rel=1e-3)
    assert minus_loss_in_tianshou(EQUAL) == pytest.approx(OF_EQUAL, rel=1e-3)


def test_they_move_the_policy_of_sb3():
    model = recorded(PPO, 64, batch_size=64, n_epochs=1, learning_rate=0.1)
    model.rollout_buffer.advantages[:, 0] = EQUAL
    model.rollout_buffer.actions[:] = 0
    model.train()
    probs = model.policy.action_net.bias.softmax(-1)
    assert probs[0].item() > 0.54


@pytest.mark.parametrize(
    ("kwargs", "count"), [({}, 0.3), ({"normalize_advantage": True}, UNIT / 1e-6)], ids=str
)
def test_they_count_little_in_torchrl(kwargs, count):
    assert minus_loss_in_torchrl(EQUAL, **kwargs) == pytest.approx(count, rel=0.05)
