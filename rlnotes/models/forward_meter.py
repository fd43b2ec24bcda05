"""How much each of several models has to read: the cost of a training step, counted."""

from typing import NamedTuple

from torch import nn

from rlnotes.models.tiny_lm import TinyLM


class Reading(NamedTuple):
    """What one model has read. Time grows with tokens, not with passes."""

    passes: int  # calls of its trunk
    tokens: int  # rows times positions, over all passes
    kept_tokens: int  # those of them whose activations wait for a backward pass


class ForwardMeter:
    """Counts the tokens that pass through the trunks of models, while it is entered.

    Models that share a trunk are counted together, under the first of their names.

    Args:
        models: what to watch, by name.

    Raises:
        ValueError: without a model, or for what is no `TinyLM`.

    Example:
        >>> import torch
        >>> model = TinyLM(torch.Generator().manual_seed(0))
        >>> with ForwardMeter(policy=model) as meter:
        ...     _ = model(torch.zeros(3, 2).long(), torch.zeros(3, 4).long())
        >>> meter.readings["policy"]
        Reading(passes=1, tokens=18, kept_tokens=18)
    """

    def __init__(self, **models: TinyLM):
        if not models:
            raise ValueError("models must be at least one, got none")
        for name, model in models.items():
            if not isinstance(model, TinyLM):
                raise ValueError(f"{name} must be a TinyLM, got {type(model).__name__}")
        self.readings = {}
        self._trunks: dict[str, nn.Module] = {}
        for name, model in models.items():
            if all(model.trunk is not trunk for trunk in self._trunks.values()):
                self._trunks[name] = model.trunk
                self.readings[name] = Reading(0, 0, 0)
        self._handles = []

    def __enter__(self) -> "ForwardMeter":
        for name, trunk in self._trunks.items():
            self._handles.append(trunk.register_forward_hook(self._counter(name)))
        return self

    def __exit__(self, *_error) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _counter(self, name: str):
        def count(_trunk, inputs, outputs):
            passes, tokens, kept = self.readings[name]
            new = inputs[0].numel()
            learns = outputs[0].requires_grad  # never under no_grad
            self.readings[name] = Reading(passes + 1, tokens + new, kept + new * learns)

        return count
