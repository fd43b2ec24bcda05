"""Optional speed, and nothing else: the same steps, sooner.

`Config.fast` switches on what stands here. Without it a trainer runs the plain code
that one reads; a test compares the weights after both.

- The weights of small networks are one vector, so Adam moves one tensor, not twelve.
- Small networks act on NumPy arrays, without the overhead of torch.
- One step of DQN is written out on arrays: forward, backward and Adam.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from rlnotes.data.replay_buffer import Batch
from rlnotes.models.flat_weights import flatten_weights
from rlnotes.models.mlp import MLP

_ACTIVATIONS = {torch.tanh: np.tanh, torch.relu: lambda inputs: np.maximum(inputs, 0.0)}


def weights_of(network: nn.Module, *, fast: bool) -> list[nn.Parameter]:
    """What an optimizer moves: the network's weights, or one vector that holds them.

    Clear gradients with `zero_grad(set_to_none=False)`: see `flatten_weights`.
    """
    return [flatten_weights(network)] if fast else list(network.parameters())


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
    *hidden, last = _arrays(network)
    activation = _ACTIVATIONS[network.activation]

    def forward(inputs: np.ndarray) -> np.ndarray:
        outputs = np.asarray(inputs, dtype=np.float32)
        for weight, bias in hidden:
            outputs = activation(outputs @ weight.T + bias)
        return outputs @ last[0].T + last[1]

    return forward


def _arrays(network: MLP) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in network.layers
    ]


class TDStep:
    """`dqn.Learner.descend` for an MLP with ReLU: the gradient by hand, and Adam.

        delta = Q(s, a) - y,     slope of the loss = weight * h'(delta) / B
        Adam's step with beta = 0.9 and 0.999, epsilon 1e-8 outside the root

    Args:
        network: its weights are moved in place; their `.grad` shows the last gradient.
        squared: half the squared error; otherwise Huber's loss.
        learning_rate: Adam's.
        longest: length to which the gradient is cut.
    """

    def __init__(self, network: MLP, *, squared: bool, learning_rate: float, longest: float):
        self.weights = flatten_weights(network)
        self.layers = _arrays(network)
        self.slopes = [
            (layer.weight.grad.numpy(), layer.bias.grad.numpy()) for layer in network.layers
        ]
        self.vector, self.gradient = self.weights.detach().numpy(), self.weights.grad.numpy()
        self.mean, self.square = np.zeros_like(self.vector), np.zeros_like(self.vector)
        self.squared, self.learning_rate, self.longest = squared, learning_rate, longest
        self.count = 0

    def __call__(self, batch: Batch, targets: Tensor) -> tuple[Tensor, float]:
        """Q(s, a) and the loss before the step; then the step."""
        inputs, rows = [batch.observations.numpy()], np.arange(len(targets))
        for weight, bias in self.layers[:-1]:
            inputs.append(np.maximum(inputs[-1] @ weight.T + bias, 0.0))
        weight, bias = self.layers[-1]
        q_values, taken = inputs[-1] @ weight.T + bias, (rows, batch.actions.numpy())
        action_values = q_values[taken]
        delta = action_values - targets.numpy()
        weights = 1.0 if batch.weights is None else batch.weights.numpy()
        slope = delta if self.squared else np.clip(delta, -1.0, 1.0)
        # delta^2 / 2 for both inside [-1, 1]; beyond, Huber's is |delta| - 1/2.
        loss = float((weights * slope * (delta - slope / 2)).mean())

        downstream = np.zeros_like(q_values)
        downstream[taken] = weights * slope / len(rows)
        for (weight, _), (weight_slope, bias_slope), below in zip(
            reversed(self.layers), reversed(self.slopes), reversed(inputs), strict=True
        ):
            np.matmul(downstream.T, below, out=weight_slope)
            downstream.sum(axis=0, out=bias_slope)
            downstream = (downstream @ weight) * (below > 0)
        length = np.sqrt(self.gradient @ self.gradient)
        if length > self.longest:
            self.gradient *= self.longest / (length + 1e-6)
        self._adam()
        return torch.from_numpy(action_values), loss

    def _adam(self):
        self.count += 1
        self.mean += 0.1 * (self.gradient - self.mean)
        self.square += 0.001 * (self.gradient**2 - self.square)
        root = np.sqrt(self.square / (1 - 0.999**self.count)) + 1e-8
        self.vector -= self.learning_rate / (1 - 0.9**self.count) * self.mean / root
