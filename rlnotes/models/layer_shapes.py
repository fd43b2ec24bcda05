"""What goes through a network layer by layer: the shapes, and where the weights are."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor, nn


class LayerShape(NamedTuple):
    """One layer of a network in use."""

    name: str  # as in `named_modules`, such as blocks.0.widen
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    num_weights: int


def layer_shapes(model: nn.Module, *inputs: Tensor) -> list[LayerShape]:
    """The layers that a forward pass goes through, in the order of their use.

    A layer is what holds no other module: an embedding, a linear map, a normalization.
    Attention itself has no weights, so it stands between `query_key_value` and
    `project`.

    Args:
        model: a network; for a `TinyLM` the inputs are prompts and replies.
        inputs: what the forward pass takes.

    Returns:
        One `LayerShape` for each call of a layer. The weights of all of them add up to
        those of the model if each is called once.

    Example:
        >>> import torch
        >>> layer_shapes(nn.Sequential(nn.Linear(3, 2)), torch.zeros(5, 3))
        [LayerShape(name='0', inputs=(5, 3), outputs=(5, 2), num_weights=8)]
    """
    rows: list[LayerShape] = []

    def recorder(name: str) -> Callable:
        def record(layer: nn.Module, given: tuple[Any, ...], result: Tensor) -> None:
            num_weights = sum(weights.numel() for weights in layer.parameters())
            rows.append(LayerShape(name, tuple(given[0].shape), tuple(result.shape), num_weights))

        return record

    layers = [(name, part) for name, part in model.named_modules() if not [*part.children()]]
    hooks = [layer.register_forward_hook(recorder(name)) for name, layer in layers]
    try:
        model(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return rows
