"""The fast place changes no step: plain and fast trainers end with the same weights."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import nn

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.models.mlp import MLP, DuelingMLP
from rlnotes.training import dqn, ppo, trpo
from rlnotes.training.fast import forward_of, weights_of


def parameters(*networks: nn.Module) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for net in networks for weight in net.parameters()])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("hidden", [[], [7], [7, 5]])
def test_the_network_on_arrays_is_the_network_also_after_a_step_of_adam(activation, hidden):
    generator = torch.Generator().manual_seed(0)
    network = MLP([4, *hidden, 3], activation=activation, generator=generator)
    fast, inputs = forward_of(network, fast=True), torch.randn(9, 4, generator=generator)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1, fused=True)
    for _ in range(2):
        exact = network(inputs)
        np.testing.assert_allclose(fast(inputs.numpy()), exact.detach().numpy(), atol=1e-5)
        exact.pow(2).sum().backward()
        optimizer.step()


@pytest.mark.parametrize("network", [nn.Linear(4, 2), nn.Sequential(nn.Linear(4, 2), nn.GELU())])
def test_a_network_without_a_fast_form_is_used_as_it_is(network):
    inputs = np.linspace(-1, 1, 12).reshape(3, 4)
    outputs = forward_of(network, fast=True)(inputs)
    expected = network(torch.tensor(inputs, dtype=torch.float32)).detach().numpy()
    np.testing.assert_array_equal(outputs, expected)


def test_the_plain_place_changes_nothing():
    network = MLP([4, 5, 2], generator=torch.Generator().manual_seed(0))
    assert weights_of(network, fast=False) == list(network.parameters())
    assert len(weights_of(network, fast=True)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"clip_epsilon": None, "entropy_coefficient": 0.01, "max_gradient_norm": 1e9},
        {"target_kl": 0.01, "minibatch_size": 50, "hidden_sizes": ()},
    ],
)
def test_plain_and_fast_ppo_take_the_same_steps(changes):
    config = ppo.Config(num_updates=3, num_envs=8, steps_per_update=32, minibatch_size=64)
    runs = [
        ppo.train_ppo(VecCartPole, replace(config, fast=fast, **changes)) for fast in (True, False)
    ]
    fast, plain = (parameters(run.policy, run.critic) for run in runs)
    torch.testing.assert_close(fast, plain, rtol=0, atol=1e-5)
    start = ppo.Learner(4, 2, replace(config, **changes), *_generators())
    assert (fast - parameters(start.policy, start.critic)).abs().max() > 1e-3


def test_plain_and_fast_trpo_take_the_same_steps():
    config = trpo.Config(num_updates=4)
    runs = [trpo.train_trpo(VecCartPole, replace(config, fast=fast)) for fast in (True, False)]
    fast, plain = (parameters(run.policy, run.critic) for run in runs)
    torch.testing.assert_close(fast, plain, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss": "squared", "hidden_sizes": (16,), "max_gradient_norm": 1e9},
        {"replay": "prioritized", "hidden_sizes": ()},
        {"dueling": True, "double": False},
    ],
)
def test_plain_and_fast_dqn_take_the_same_steps(changes):
    config = dqn.Config(num_steps=500, warmup_steps=200, batch_size=32, max_gradient_norm=0.5)
    runs = [
        dqn.train_dqn(gym.make("CartPole-v1"), replace(config, fast=fast, **changes))
        for fast in (True, False)
    ]
    fast, plain = (parameters(run.q_network) for run in runs)
    assert isinstance(runs[0].q_network, DuelingMLP if "dueling" in changes else MLP)
    assert len(runs[0].losses) > 50
    torch.testing.assert_close(fast, plain, rtol=0, atol=1e-5)
    np.testing.assert_allclose(*(run.losses for run in runs), rtol=1e-4, atol=1e-6)


def _generators():
    return (torch.Generator().manual_seed(seed) for seed in (0, 1))
