"""The critic in PPO: stable-baselines3 2.9.2, torchrl 0.14.1, tianshou 2.0.1."""

import pytest
import torch
from stable_baselines3 import PPO
from tianshou.algorithm import PPO as TianshouPPO
from torchrl.objectives import ClipPPOLoss

from rlnotes.functional.policy_gradients import value_loss
from tests.peers.actor_critics import (
    logged,
    recorded,
    tianshou_algorithm,
    tianshou_batch,
    torchrl_batch,
    torchrl_loss,
)

# The critic said 0, its target is 1, and it says 3 by now: 2 too much.
TARGET, NOW = 1.0, 3.0
STEP = {"advantages": [1.0, 1.0], "targets": [TARGET] * 2}


def cost_and_pull_here() -> tuple[float, float]:
    value = torch.tensor([NOW], requires_grad=True)
    loss = value_loss(value, torch.tensor([TARGET]))
    loss.backward()
    return loss.item(), value.grad.item()


def cost_and_pull_in_sb3(**kwargs) -> tuple[float, float]:
    model = recorded(PPO, 2, batch_size=2, n_epochs=1, max_grad_norm=100.0, **kwargs)
    model.rollout_buffer.returns[:] = TARGET
    with torch.no_grad():
        model.policy.value_net.bias.fill_(NOW)
    cost = logged(model)["train/value_loss"]
    return cost, model.policy.value_net.bias.grad.item()


def cost_and_pull_in_torchrl(**kwargs) -> tuple[float, float]:
    loss = torchrl_loss(ClipPPOLoss, **kwargs)
    bias = loss.critic_network_params["module", "bias"]
    with torch.no_grad():
        bias.fill_(NOW)
    cost = loss(torchrl_batch(**STEP))["loss_critic"]
    cost.backward()
    return cost.item(), bias.grad.item()


def cost_and_pull_in_tianshou(**kwargs) -> tuple[float, float]:
    algorithm = tianshou_algorithm(TianshouPPO, advantage_normalization=False, **kwargs)
    bias = algorithm.critic.network.bias
    with torch.no_grad():
        bias.fill_(NOW)
    batch = tianshou_batch(**STEP)
    stats = algorithm._update_with_batch(batch, batch_size=None, repeat=1)
    return stats.vf_loss.mean, bias.grad.item()


def test_no_library_clips_the_value_unless_asked():
    assert cost_and_pull_here() == (2, 2)
    assert cost_and_pull_in_sb3() == pytest.approx((4, 2))
    assert cost_and_pull_in_torchrl() == pytest.approx((1.5, 1))
    assert cost_and_pull_in_tianshou() == pytest.approx((4, 2))


def test_sb3_takes_the_clipped_value_alone():
    # Clipped to 0.2, it is 0.8 below its target: a smaller cost, and nothing pulls.
    assert cost_and_pull_in_sb3(clip_range_vf=0.2) == pytest.approx((0.64, 0))


def test_torchrl_and_tianshou_take_the_larger_cost():
    assert cost_and_pull_in_torchrl(clip_value=0.2) == pytest.approx((1.5, 1))
    assert cost_and_pull_in_tianshou(value_clip=True) == pytest.approx((4, 2))
