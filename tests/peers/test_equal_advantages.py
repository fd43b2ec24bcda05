"""Advantages without a spread: stable-baselines3 2.9.2, torchrl 0.14.1, tianshou 2.0.1.

64 float32 numbers of 0.3 have a mean that is one unit in the last place off.
"""

import math

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, PPO
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from tianshou.algorithm import A2C as TianshouA2C
from tianshou.algorithm import PPO as TianshouPPO
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

from rlnotes.functional.advantages import normalize_advantages
from tests.peers.actor_critics import (
    UNIFORM,
    logged,
    recorded,
    tianshou_algorithm,
    tianshou_batch,
    torchrl_batch,
    torchrl_loss,
    zero_linear,
)

EQUAL = [0.3] * 64
UNIT = float(np.spacing(np.float32(0.3)))
STD = UNIT * math.sqrt(64 / 63)
OF_EQUAL = UNIT / (STD + 1e-8)  # 0.744
SMALL = [0.0, 1e-5]


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


def average_gae(rewards) -> list[float]:
    """One step each, to the end; the critic says 0, so the reward is the advantage."""
    size = len(rewards)
    critic = TensorDictModule(zero_linear(1), ["observation"], ["state_value"])
    ends = torch.ones(size, 1, 1, dtype=torch.bool)
    following = {
        "observation": torch.zeros(size, 1, 1),
        "reward": torch.tensor(rewards).view(size, 1, 1),
        "done": ends,
        "terminated": ends,
    }
    record = TensorDict({"observation": torch.zeros(size, 1, 1), "next": following}, [size, 1])
    GAE(gamma=0.9, lmbda=0.9, value_network=critic, average_gae=True)(record)
    assert record["value_target"].flatten().tolist() == pytest.approx(rewards)
    return record["advantage"].flatten().tolist()


def test_a_small_spread_is_one_here_and_not_in_torchrl():
    ours = normalize_advantages(torch.tensor(SMALL)).tolist()
    assert ours == pytest.approx([-(0.5**0.5), 0.5**0.5])
    assert average_gae(SMALL) == pytest.approx([-0.05, 0.05])  # 5e-6 / 1e-4
    assert average_gae([1.0, 2.0]) == pytest.approx([-(0.5**0.5), 0.5**0.5])


# A ratio of 0.9 in the second step takes a tenth of its share away.
OLD_LOG_PROBS = [UNIFORM, UNIFORM - math.log(0.9)]
TENTH = 0.1 / 2 * 0.706


def test_a_small_spread_is_nearly_one_in_sb3_and_tianshou():
    model = recorded(PPO, 2, batch_size=2, n_epochs=1)
    model.rollout_buffer.advantages[:, 0] = SMALL
    model.rollout_buffer.log_probs[:, 0] = OLD_LOG_PROBS
    loss = logged(model)["train/policy_gradient_loss"]
    assert loss == pytest.approx(TENTH, rel=5e-4)
    batch = tianshou_batch(advantages=SMALL, targets=[0.0, 0.0], old_log_probs=OLD_LOG_PROBS)
    stats = tianshou_algorithm(TianshouPPO)._update_with_batch(batch, batch_size=None, repeat=1)
    assert stats.actor_loss.mean == pytest.approx(TENTH, rel=5e-4)


def test_a2c_of_sb3_and_tianshou_normalizes_nothing():
    model = recorded(A2C, 2)
    model.rollout_buffer.advantages[:, 0] = [1, 2]
    assert logged(model)["train/policy_loss"] == pytest.approx(1.5 * math.log(2))
    batch = tianshou_batch(advantages=[1.0, 2.0], targets=[0.0, 0.0])
    stats = tianshou_algorithm(TianshouA2C)._update_with_batch(batch, batch_size=None, repeat=1)
    assert stats.actor_loss.mean == pytest.approx(1.5 * math.log(2))
