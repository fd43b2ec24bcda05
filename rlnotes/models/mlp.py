"""Multi-layer perceptron, plain and with the two streams of a dueling network."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from rlnotes._checks import require_option, require_positive_integer
from rlnotes.functional.dueling import dueling_q_values

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


class MLP(nn.Module):
    """Linear layers with an activation between them, none after the last.

        h_1 = f(W_1 x + b_1),  ...,  output = W_n h_{n-1} + b_n

    Weights are orthogonal with gain sqrt(2), biases zero; the last layer has its own
    gain (0.01 makes a policy start almost uniform).

    Args:
        sizes: number of inputs, of each hidden layer's units, and of outputs.
        activation: "tanh" or "relu".
        generator: source of the start weights.
        final_gain: gain of the last layer.

    Raises:
        ValueError: for fewer than two sizes, a size that is not a positive integer, or
            an unknown activation.

    Example:
        >>> net = MLP([4, 64, 2], generator=torch.Generator().manual_seed(0))
        >>> net(torch.zeros(5, 4)).shape
        torch.Size([5, 2])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        generator: torch.Generator,
        activation: str = "tanh",
        final_gain: float = 1.0,
    ):
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(f"sizes must hold inputs and outputs at least, got {list(sizes)}")
        for size in sizes:
            require_positive_integer(sizes=size)
        require_option(ACTIVATIONS, activation=activation)
        gains = [2**0.5] * (len(sizes) - 2) + [final_gain]
        self.layers = nn.ModuleList(
            linear(*pair, gain, generator)
            for pair, gain in zip(pairwise(sizes), gains, strict=True)
        )
        self.activation = ACTIVATIONS[activation]

    def forward(self, inputs: Tensor) -> Tensor:
        *hidden, last = self.layers
        for layer in hidden:
            inputs = self.activation(layer(inputs))
        return last(inputs)


class DuelingMLP(nn.Module):
    """An encoder with two heads, joined into action values.

        Q(s, a) = V(s) + A(s, a) - mean over b of A(s, b)

    The mean of Q over actions is V(s) exactly. So V here is not the value of a policy,
    unless the policy is uniform and Q belongs to it.

    Args:
        sizes: as for `MLP`; at least one hidden layer, shared by both heads.
        activation: "tanh" or "relu", also between the encoder and the heads.
        generator: source of the start weights.

    Raises:
        ValueError: as for `MLP`, or without a hidden layer.

    References:
        Wang et al. (2016), arXiv:1511.06581, Eq. 9.
    """

    def __init__(
        self, sizes: Sequence[int], *, generator: torch.Generator, activation: str = "tanh"
    ):
        super().__init__()
        if len(sizes) < 3:
            raise ValueError(f"sizes must have a hidden layer, got {list(sizes)}")
        *encoder, num_actions = sizes
        self.encoder = MLP(encoder, generator=generator, activation=activation, final_gain=2**0.5)
        self.activation = ACTIVATIONS[activation]
        require_positive_integer(sizes=num_actions)
        self.value_head = linear(encoder[-1], 1, 1.0, generator)
        self.advantage_head = linear(encoder[-1], num_actions, 1.0, generator)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.activation(self.encoder(inputs))
        state_values = self.value_head(features).squeeze(-1)
        return dueling_q_values(state_values, self.advantage_head(features))


def linear(inputs: int, outputs: int, gain: float, generator: torch.Generator) -> nn.Linear:
    """Linear layer with orthogonal weights of this gain and zero bias."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    nn.init.orthogonal_(layer.weight, gain, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
