"""Networks: forward pass by hand, start weights, the dueling identity, bad input."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.models.mlp import MLP, DuelingMLP, linear


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def with_random_biases(net, seed=1):
    generator = seeded(seed)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(generator=generator)
    return net


def linears(net):
    return [module for module in net.modules() if isinstance(module, torch.nn.Linear)]


def affine(layer, inputs):
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return np.array([[row @ x for row in weight] for x in inputs]) + bias


BEND = {"tanh": np.tanh, "relu": lambda x: np.where(x > 0, x, 0)}
INPUTS = torch.randn(5, 3, generator=seeded(7))


@pytest.mark.parametrize("activation", BEND)
def test_forward_by_hand_with_no_activation_after_the_last_layer(activation):
    net = with_random_biases(MLP([3, 6, 4, 2], generator=seeded(), activation=activation))
    first, second, last = linears(net)
    hidden = BEND[activation](affine(first, INPUTS.numpy()))
    expected = affine(last, BEND[activation](affine(second, hidden)))
    assert_close(net(INPUTS).detach().numpy(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", [MLP, DuelingMLP])
def test_the_default_activation_is_tanh(kind):
    assert_close(
        kind([3, 6, 2], generator=seeded())(INPUTS),
        kind([3, 6, 2], generator=seeded(), activation="tanh")(INPUTS),
    )


def test_two_sizes_are_one_linear_map():
    net = MLP([3, 2], generator=seeded())
    assert_close(net(2 * INPUTS), 2 * net(INPUTS))
    assert len(list(net.parameters())) == 2


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3)])
@pytest.mark.parametrize("kind", [MLP, DuelingMLP])
def test_leading_axes_are_kept(kind, shape):
    net, inputs = kind([3, 8, 2], generator=seeded()), torch.ones(shape)
    assert net(inputs).shape == (*shape[:-1], 2)
    assert_close(net(inputs).reshape(-1, 2)[0], net(torch.ones(3)))


def assert_orthogonal(layer, gain):
    """Rows (or columns, if fewer) of length gain, each orthogonal to the others."""
    weight = layer.weight.detach()
    weight = weight if weight.shape[0] <= weight.shape[1] else weight.T
    assert_close(weight @ weight.T, gain**2 * torch.eye(len(weight)), atol=1e-5, rtol=1e-5)
    assert (layer.bias == 0).all()


def test_start_weights_are_orthogonal_with_their_gains():
    *hidden, last = linears(MLP([3, 6, 4, 2], generator=seeded()))
    assert_orthogonal(last, 1.0)
    for layer in hidden:
        assert_orthogonal(layer, 2**0.5)
    assert_orthogonal(linears(MLP([3, 6, 2], generator=seeded(), final_gain=0.01))[-1], 0.01)
    assert_orthogonal(linear(4, 4, 3.0, seeded()), 3.0)


def test_a_small_last_gain_makes_an_almost_uniform_policy():
    net = MLP([3, 64, 2], generator=seeded(), final_gain=0.01)
    assert (net(INPUTS).softmax(dim=-1) - 0.5).abs().max() < 0.02


@pytest.mark.parametrize("kind", [MLP, DuelingMLP])
def test_weights_depend_on_the_generator_and_on_nothing_else(kind):
    before = torch.random.get_rng_state()
    one, same, other = (kind([3, 8, 2], generator=seeded(seed)) for seed in (0, 0, 1))
    assert_close(one(INPUTS), same(INPUTS), atol=0, rtol=0)
    assert (one(INPUTS) != other(INPUTS)).any()
    assert torch.equal(before, torch.random.get_rng_state())


def test_two_networks_from_one_generator_differ():
    generator = seeded()
    one, other = (MLP([3, 8, 2], generator=generator) for _ in range(2))
    assert (one(INPUTS) != other(INPUTS)).any()


@pytest.mark.parametrize("activation", BEND)
def test_dueling_forward_by_hand(activation):
    net = with_random_biases(DuelingMLP([3, 6, 5, 4], generator=seeded(), activation=activation))
    first, second = linears(net.encoder)
    bend = BEND[activation]
    features = bend(affine(second, bend(affine(first, INPUTS.numpy()))))
    values = affine(net.value_head, features)
    advantages = affine(net.advantage_head, features)
    expected = [
        [value[0] + advantage - sum(row) / 4 for advantage in row]
        for value, row in zip(values, advantages, strict=True)
    ]
    assert_close(net(INPUTS).detach().numpy(), np.float32(expected), atol=1e-5, rtol=1e-5)


def test_a_constant_on_all_advantages_changes_nothing_and_on_the_value_all():
    net = DuelingMLP([3, 6, 4], generator=seeded())
    before = net(INPUTS).detach()
    with torch.no_grad():
        net.advantage_head.bias += 5
    assert_close(net(INPUTS).detach(), before, atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        net.value_head.bias += 5
    assert_close(net(INPUTS).detach(), before + 5, atol=1e-5, rtol=1e-5)


def test_dueling_start_weights():
    net = DuelingMLP([3, 6, 5, 4], generator=seeded())
    for layer in linears(net.encoder):
        assert_orthogonal(layer, 2**0.5)
    assert_orthogonal(net.value_head, 1.0)
    assert_orthogonal(net.advantage_head, 1.0)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        (MLP, {"sizes": []}, r"sizes must hold inputs and outputs at least, got \[\]"),
        (MLP, {"sizes": [3]}, r"sizes must hold inputs and outputs at least, got \[3\]"),
        (MLP, {"sizes": [3, 0, 2]}, "sizes must be a positive integer, got 0"),
        (MLP, {"sizes": [3, 2.0]}, "sizes must be a positive integer, got 2.0"),
        (MLP, {"activation": "sigmoid"}, "activation must be one of .* got 'sigmoid'"),
        (DuelingMLP, {"sizes": [3, 2]}, r"sizes must have a hidden layer, got \[3, 2\]"),
        (DuelingMLP, {"sizes": [3, 6, 0]}, "sizes must be a positive integer, got 0"),
        (DuelingMLP, {"sizes": [3, -6, 2]}, "sizes must be a positive integer, got -6"),
        (DuelingMLP, {"activation": "sigmoid"}, "activation must be one of .* got 'sigmoid'"),
    ],
)
def test_bad_input_names_the_argument(kind, change, message):
    arguments = {"sizes": [3, 6, 2], "activation": "tanh", **change}
    with pytest.raises(ValueError, match=message):
        kind(arguments["sizes"], activation=arguments["activation"], generator=seeded())
