"""A network whose weights are one vector: same numbers, same training, same errors."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from rlnotes.models.flat_weights import flatten_weights
from rlnotes.models.mlp import MLP, DuelingMLP
from rlnotes.training.fast import forward_of

INPUTS = torch.linspace(-1, 1, 12).reshape(3, 4)


def network(kind=MLP) -> nn.Module:
    return kind([4, 5, 2], generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [MLP, DuelingMLP])
def test_outputs_and_weights_stay_the_same(kind):
    plain, flat = network(kind), network(kind)
    vector = flatten_weights(flat)
    assert_close(flat(INPUTS), plain(INPUTS), rtol=0, atol=0)
    assert_close(vector.detach(), nn.utils.parameters_to_vector(plain.parameters()).detach())


def test_order_is_the_order_of_the_network():
    layer = nn.Linear(2, 1)
    layer.weight.data, layer.bias.data = torch.tensor([[1.0, 2.0]]), torch.tensor([3.0])
    assert flatten_weights(layer).tolist() == [1, 2, 3]


def test_gradient_of_the_vector_is_that_of_the_weights():
    plain, flat = network(), network()
    vector = flatten_weights(flat)
    for net in (plain, flat):
        net(INPUTS).square().sum().backward()
    expected = torch.cat([weight.grad.flatten() for weight in plain.parameters()])
    assert_close(vector.grad, expected, rtol=0, atol=0)


def test_ten_steps_of_adam_equal_ten_steps_on_the_separate_weights():
    plain, flat = network(), network()
    vector = flatten_weights(flat)
    for net, weights in ((plain, list(plain.parameters())), (flat, [vector])):
        optimizer = torch.optim.Adam(weights, lr=0.1)
        for _ in range(10):
            optimizer.zero_grad(set_to_none=False)
            net(INPUTS).square().sum().backward()
            optimizer.step()
    assert_close(flat(INPUTS), plain(INPUTS), rtol=0, atol=0)
    assert_close(vector.detach(), nn.utils.parameters_to_vector(plain.parameters()).detach())


def test_loading_a_state_and_the_array_form_follow_the_vector():
    flat, other = network(), network(DuelingMLP)
    vector, arrays = flatten_weights(flat), forward_of(flat, fast=True)
    flat.load_state_dict({name: w + 1 for name, w in flat.state_dict().items()})
    assert_close(vector.detach(), nn.utils.parameters_to_vector(flat.parameters()).detach())
    vector.data.mul_(0.5)
    assert_close(torch.from_numpy(arrays(INPUTS.numpy())), flat(INPUTS).detach())
    flatten_weights(other)
    twin = copy.deepcopy(other)
    assert_close(twin(INPUTS), other(INPUTS))


def test_two_dtypes_or_no_weights_are_refused():
    mixed = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2).double())
    with pytest.raises(ValueError, match=r"weights of one dtype, got \['torch.float32', 'torch"):
        flatten_weights(mixed)
    with pytest.raises(ValueError, match=r"weights of one dtype, got \[\]"):
        flatten_weights(nn.ReLU())
