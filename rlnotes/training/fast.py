"""Optional speed, and nothing else: the same steps, sooner.

`Config.fast` switches on what stands here. Without it a trainer runs the plain code
that one reads; a test compares the weights after both.

- The weights of small networks are one vector, so Adam moves one tensor, not twelve.
- A gradient is cut only where that changes it: mostly its length says that it does not.
- A few rows go through a network as NumPy arrays, without the overhead of torch.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from rlnotes.models.flat_weights import flatten_weights
from rlnotes.models.mlp import MLP

_ACTIVATIONS = {nn.Tanh: np.tanh, nn.ReLU: lambda inputs: np.maximum(inputs, 0.0)}


def weights_of(network: nn.Module, *, fast: bool) -> list[nn.Parameter]:
    """What an optimizer moves: the network's weights, or one vector that holds them.

    Clear gradients with `zero_grad(set_to_none=False)`: see `flatten_weights`.
    """
    return [flatten_weights(network)] if fast else list(network.parameters())


def clip_gradient_norm(
    network: nn.Module, weights: list[nn.Parameter], longest: float, *, fast: bool
) -> None:
    """`clip_grad_norm_` for the network, whose `weights_of` these are."""
    if fast and torch.linalg.vector_norm(weights[0].grad) <= longest:
        return
    nn.utils.clip_grad_norm_(network.parameters(), longest)


def forward_of(network: nn.Module, *, fast: bool) -> Callable[[np.ndarray], np.ndarray]:
    """The network as a function from arrays to arrays, without gradients."""
    return _numpy_forward(network) if fast and isinstance(network, MLP) else _forward(network)


def _forward(network: nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    def forward(inputs: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(np.asarray(inputs, dtype=np.float32))).numpy()

    return forward


def _numpy_forward(network: MLP) -> Callable[[np.ndarray], np.ndarray]:
    """Shares the network's memory, as long as its weights are updated in place."""
    layers = []
    for layer in network.layers:
        if isinstance(layer, nn.Linear):
            layers.append((layer.weight.detach().numpy().T, layer.bias.detach().numpy()))
        else:
            layers.append(_ACTIVATIONS[type(layer)])

    def forward(inputs: np.ndarray) -> np.ndarray:
        outputs = np.asarray(inputs, dtype=np.float32)
        for layer in layers:
            outputs = outputs @ layer[0] + layer[1] if type(layer) is tuple else layer(outputs)
        return outputs

    return forward
