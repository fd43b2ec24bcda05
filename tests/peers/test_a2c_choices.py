"""What A2C adds up: stable-baselines3 2.9.2, torchrl 0.14.1, tianshou 2.0.1."""

import math

import pytest
import torch
from stable_baselines3 import A2C
from tianshou.algorithm import A2C as TianshouA2C
from torchrl.objectives import A2CLoss

from rlnotes.functional.policy_gradients import entropy_bonus, value_loss
from rlnotes.training import actor_critic
from tests.peers.actor_critics import (
    logged,
    recorded,
    tianshou_algorithm,
    tianshou_batch,
    torchrl_batch,
    torchrl_loss,
)

# One step: the critic says 0 and its target is 3.
STEP = {"advantages": [1.0], "targets": [3.0]}
ENTROPY = math.log(2)


def sb3_after_a_step(**kwargs) -> tuple[dict, A2C]:
    model = recorded(A2C, 1, **kwargs)
    model.rollout_buffer.returns[:] = 3
    return dict(logged(model)), model


def tianshou_after_a_step(**kwargs):
    algorithm = tianshou_algorithm(TianshouA2C, **kwargs)
    batch = tianshou_batch(**STEP)
    return algorithm._update_with_batch(batch, batch_size=None, repeat=1), algorithm


def test_an_error_of_3_in_the_value_costs_4_5_here_and_pulls_with_3():
    value = torch.zeros(1, requires_grad=True)
    loss = value_loss(value, torch.tensor([3.0]))
    loss.backward()
    assert (loss.item(), value.grad.item()) == (4.5, -3)


def test_it_costs_9_in_sb3_with_a_weight_of_a_half():
    log, model = sb3_after_a_step(max_grad_norm=100.0)
    assert log["train/value_loss"] == pytest.approx(9)
    assert model.vf_coef == 0.5
    assert model.policy.value_net.bias.grad.item() == pytest.approx(-3)


def test_it_costs_9_in_tianshou_with_a_weight_of_a_half():
    stats, algorithm = tianshou_after_a_step()
    assert stats.vf_loss.mean == pytest.approx(9)
    assert algorithm.vf_coef == 0.5
    assert algorithm.critic.network.bias.grad.item() == pytest.approx(-3)


@pytest.mark.parametrize(
    ("kwargs", "cost", "pull"), [({}, 2.5, 1), ({"loss_critic_type": "l2"}, 9, 6)], ids=str
)
def test_it_costs_2_5_in_torchrl_with_a_weight_of_1(kwargs, cost, pull):
    loss = torchrl_loss(A2CLoss, **kwargs)
    losses = loss(torchrl_batch(**STEP))
    losses["loss_critic"].backward()
    assert losses["loss_critic"].item() == pytest.approx(cost)
    assert loss.critic_coeff.item() == 1
    bias = loss.critic_network_params["module", "bias"]
    assert bias.grad.item() == pytest.approx(-pull)


def test_the_entropy_has_another_sign_and_weight_in_each_log():
    bonus = entropy_bonus(torch.zeros(1, 2)).item()
    assert bonus == pytest.approx(ENTROPY)
    assert actor_critic.Config().entropy_coefficient == 0.01
    in_sb3, model = sb3_after_a_step()
    assert in_sb3["train/entropy_loss"] == pytest.approx(-ENTROPY)
    assert model.ent_coef == 0
    in_torchrl = torchrl_loss(A2CLoss)(torchrl_batch(**STEP))
    assert in_torchrl["entropy"].item() == pytest.approx(ENTROPY)
    assert in_torchrl["loss_entropy"].item() == pytest.approx(-0.01 * ENTROPY)
    stats, algorithm = tianshou_after_a_step()
    assert stats.ent_loss.mean == pytest.approx(ENTROPY)
    assert algorithm.ent_coef == 0.01
    whole = stats.actor_loss.mean + 0.5 * stats.vf_loss.mean - 0.01 * stats.ent_loss.mean
    assert stats.loss.mean == pytest.approx(whole)
