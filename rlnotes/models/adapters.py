"""Adapters of a whole module: switch off, take out, put in, merge.

An adapter is all the updates of low rank in a module, see `low_rank.add_low_rank`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from rlnotes._checks import require_finite
from rlnotes.functional.inputs import require_tensors
from rlnotes.models.low_rank import LowRankLinear


def adapter_state(module: nn.Module) -> dict[str, Tensor]:
    """Copies of an adapter's numbers: all that is stored for a task beside the base.

    Args:
        module: with updates of low rank inside.

    Returns:
        name -> `down` [r, inputs] or `up` [outputs, r] of each adapted map.

    Raises:
        ValueError: if there is no update inside of the module.

    Example:
        >>> from rlnotes.models.low_rank import add_low_rank
        >>> module = add_low_rank(nn.Sequential(nn.Linear(8, 6)), rank=2,
        ...                       generator=torch.Generator().manual_seed(0))
        >>> {name: tuple(part.shape) for name, part in adapter_state(module).items()}
        {'0.down': (2, 8), '0.up': (6, 2)}
    """
    return {name: part.detach().clone() for name, part in _parts(module).items()}


def load_adapter(module: nn.Module, state: dict[str, Tensor]) -> None:
    """Put an adapter's numbers in the place of those in a module. The base stays.

    Args:
        module: with updates of low rank inside; changed in place.
        state: as `adapter_state` returns it, from a module of the same shape.

    Raises:
        ValueError: if a name is missing or unknown, or a tensor has another shape or is
            not finite; the module is not changed then.
    """
    parts = _parts(module)
    if state.keys() != parts.keys():
        raise ValueError(f"state must have the names {list(parts)}, got {list(state)}")
    require_tensors(**state)
    require_finite(**state)
    for name, part in parts.items():
        if state[name].shape != part.shape:
            shapes = f"{tuple(part.shape)}, got {tuple(state[name].shape)}"
            raise ValueError(f"state[{name!r}] must have shape {shapes}")
    with torch.no_grad():
        for name, part in parts.items():
            part.copy_(state[name])


@contextmanager
def adapter_off(module: nn.Module) -> Iterator[None]:
    """Within, a module is its base, to the bit: a reference that takes no memory.

    What was switched off before stays off after.

    Args:
        module: with updates of low rank inside; the same one as before afterwards.

    Raises:
        ValueError: if there is no update inside of the module.

    Example:
        >>> from rlnotes.models.low_rank import add_low_rank
        >>> base, inputs = nn.Sequential(nn.Linear(3, 2)), torch.ones(1, 3)
        >>> before = base(inputs)
        >>> module = add_low_rank(base, rank=1, generator=torch.Generator())
        >>> _ = nn.init.ones_(module[0].up)
        >>> with adapter_off(module):
        ...     print(torch.equal(module(inputs), before))
        True
    """
    layers = list(_layers(module).values())
    before = [layer.is_on for layer in layers]
    for layer in layers:
        layer.is_on = False
    try:
        yield
    finally:
        for layer, was_on in zip(layers, before, strict=True):
            layer.is_on = was_on


def merge_low_rank(module: nn.Module) -> nn.Module:
    """Put a plain linear map W + B A in the place of each map with an update.

    The outputs are the same to rounding, and cost what those of the base do. Nothing is
    frozen, nothing is shared with the maps that were there, and the way back needs
    them, or A and B: to subtract B A gives W to rounding only.

    Args:
        module: changed in place, and returned.

    Raises:
        ValueError: if there is no update inside of the module, or one is switched off.
    """
    layers = _layers(module)
    off = [name for name, layer in layers.items() if not layer.is_on]
    if off or "" in layers:
        wrong = f"{off} switched off" if off else "one that is itself an update"
        raise ValueError(f"module must have updates inside that are on, got {wrong}")
    for name, layer in layers.items():
        parent, _, own_name = name.rpartition(".")
        if parent not in layers:  # an update below another one is merged with that
            setattr(module.get_submodule(parent), own_name, _merged(layer))
    return module


def _merged(layer: LowRankLinear) -> nn.Linear:
    below = layer.trained
    below = _merged(below) if isinstance(below, LowRankLinear) else below
    kept = {"dtype": below.weight.dtype, "device": below.weight.device}
    has_bias = below.bias is not None
    result = nn.utils.skip_init(nn.Linear, *below.weight.T.shape, bias=has_bias, **kept)
    with torch.no_grad():
        result.weight.copy_(below.weight + layer.up @ layer.down)
        if has_bias:
            result.bias.copy_(below.bias)
    return result


def _layers(module: nn.Module) -> dict[str, LowRankLinear]:
    layers = {n: part for n, part in module.named_modules() if isinstance(part, LowRankLinear)}
    if not layers:
        raise ValueError(f"module must have updates of low rank, got {type(module).__name__}")
    return layers


def _parts(module: nn.Module) -> dict[str, nn.Parameter]:
    return {
        f"{name}.{part}" if name else part: getattr(layer, part)
        for name, layer in _layers(module).items()
        for part in ("down", "up")
    }
