"""All weights of a network in one vector: an optimizer then has one tensor to move."""

import torch
from torch import nn


def flatten_weights(network: nn.Module) -> nn.Parameter:
    """One vector that holds the network's weights, with its gradient.

        vector = (w_1, b_1, w_2, b_2, ...),  each flattened, in the network's order

    The network's weights become windows on the vector and their gradients windows on
    its gradient: stepping the vector steps the network. On small networks an update
    costs mostly its number of tensors, and this leaves one.

    Clear the gradient with `vector.grad.zero_()`: setting it to None would cut the
    windows off. So would a later conversion such as `network.double()`; convert first.

    Args:
        network: changed in place; its numbers stay.

    Returns:
        [number of weights] leaf with a gradient of zeros.

    Raises:
        ValueError: if the network has no weights, or weights of two dtypes.

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> vector = flatten_weights(layer)
        >>> vector.data.fill_(3.0).shape, layer.weight.tolist()
        (torch.Size([3]), [[3.0, 3.0]])
    """
    weights = list(network.parameters())
    dtypes = {weight.dtype for weight in weights}
    if len(dtypes) != 1:
        raise ValueError(f"network must have weights of one dtype, got {sorted(map(str, dtypes))}")
    vector = nn.Parameter(nn.utils.parameters_to_vector(weights).detach())
    vector.grad = torch.zeros_like(vector)
    lengths = [weight.numel() for weight in weights]
    windows = zip(vector.detach().split(lengths), vector.grad.split(lengths), strict=True)
    for weight, (values, gradient) in zip(weights, windows, strict=True):
        weight.data, weight.grad = values.view_as(weight), gradient.view_as(weight)
    return vector
