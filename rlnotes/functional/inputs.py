"""What comes into a function of torch tensors: checked, selected, in 32 bits or more.

Half precision (float16, bfloat16) is computed and returned in float32: its sums stop
growing, and its logarithms have two or three digits. A mask selects before anything is
computed, so that what it leaves out reaches neither a value nor a gradient.
"""

import math
from numbers import Real

import torch
from torch import Tensor

from rlnotes._checks import (
    require_finite,
    require_floating_point,
    require_in_unit_interval,
    require_same_shape,
)

_WIDE = {torch.float32, torch.float64}


def at_least_float32(**tensors: Tensor) -> list[Tensor]:
    """Tensors in one dtype of 32 bits or more.

    In bfloat16 a decay of 0.9405 is 0.9414: sums need the digits. Whole numbers count
    as float32, and the wider of two dtypes wins.

    Args:
        tensors: one or more of any shape, by name.

    Returns:
        The same numbers, differentiable, float32 or float64.

    Raises:
        ValueError: for what is no torch tensor, or holds complex numbers.

    Example:
        >>> half, single = torch.zeros(1, dtype=torch.bfloat16), torch.zeros(1)
        >>> [tensor.dtype for tensor in at_least_float32(values=half, rewards=single)]
        [torch.float32, torch.float32]
    """
    require_tensors(**tensors)
    numbers = [*tensors.values()]
    if numbers[0].dtype in _WIDE and all(same.dtype is numbers[0].dtype for same in numbers[1:]):
        return numbers
    require_real(**tensors)
    widest = any(tensor.dtype == torch.float64 for tensor in numbers)
    return [tensor.to(torch.float64 if widest else torch.float32) for tensor in numbers]


def counted(mask: Tensor | None, **tensors: Tensor) -> list[Tensor]:
    """The elements that a mean runs over: where the mask is True, or all of them.

    Args:
        mask: [...] bool, True where an element counts; None counts all.
        tensors: [...] floating-point numbers of one shape, by name.

    Returns:
        One tensor for each, [N] with a mask and [...] without, differentiable, as
        `at_least_float32` makes them. Whether they are finite is left to the caller.

    Raises:
        ValueError: for what is no torch tensor, another dtype, shapes that differ, no
            element, or a mask that is not bool or counts nothing.

    Example:
        >>> padded = torch.tensor([1.0, 2.0, torch.nan])
        >>> counted(torch.tensor([True, True, False]), values=padded)
        [tensor([1., 2.])]
    """
    if mask is None and _ready(numbers := [*tensors.values()]):
        return numbers
    require_tensors(**tensors)
    require_floating_point(**tensors)
    require_same_shape(**tensors)
    require_elements(**tensors)
    if mask is not None:
        require_mask(mask, **tensors)
        tensors = {name: where_counted(tensor, mask) for name, tensor in tensors.items()}
    return at_least_float32(**tensors)


def where_counted(tensor: Tensor, mask: Tensor) -> Tensor:
    """[N, ...] `tensor[mask]`; where all counts, a view, with a cheaper gradient."""
    if mask.all():
        return tensor.reshape(mask.numel(), *tensor.shape[mask.ndim :])
    return tensor[mask]


def at_counted(numbers: Tensor, mask: Tensor) -> Tensor:
    """[...] numbers [N] at the places that count, 0 elsewhere: where they came from."""
    if mask.all():
        return numbers.view(mask.shape)
    return numbers.new_zeros(mask.shape).masked_scatter(mask, numbers)


def _ready(tensors: list[Tensor]) -> bool:
    """Whether nothing is left to check or to convert: the usual case, seen quickly."""
    first = tensors[0]
    if not isinstance(first, Tensor) or first.dtype not in _WIDE or not first.numel():
        return False
    dtype, shape = first.dtype, first.shape
    for tensor in tensors:
        if not isinstance(tensor, Tensor) or tensor.dtype is not dtype or tensor.shape != shape:
            return False
    return True


def finite_result(result: Tensor, mask: Tensor | None, **tensors: Tensor) -> Tensor:
    """The result, unless it is NaN or infinite: then raise, and say what made it so.

    One number is looked at, so a loss stays fast. It suffices where a NaN or infinity
    in any counted input reaches the result, as it does in a mean of products.

    Args:
        result: scalar.
        mask: as for `counted`.
        tensors: [...] what the result was computed from, by name.

    Raises:
        ValueError: if the result is not finite.

    Example:
        >>> finite_result(torch.tensor(2.0), None, values=torch.tensor([1.0, 3.0]))
        tensor(2.)
    """
    if math.isfinite(result.item()):
        return result
    require_counted_finite(mask, **tensors)
    largest = {name: largest_size(tensor, mask) for name, tensor in tensors.items()}
    listed = ", ".join(f"{name} up to {size:g}" for name, size in largest.items())
    raise ValueError(f"{' and '.join(tensors)} must not overflow in the result, got {listed}")


def require_counted_finite(mask: Tensor | None, **tensors: Tensor) -> None:
    """Raise at the first NaN or infinity that counts, naming where it stands."""
    if mask is not None:
        tensors = {name: tensor.masked_fill(~mask, 0.0) for name, tensor in tensors.items()}
    require_finite(**tensors)


def largest_size(tensor: Tensor, mask: Tensor | None = None) -> float:
    """Largest absolute value among what counts, for an error message."""
    selected = tensor if mask is None else tensor[mask]
    return selected.detach().abs().max().item()


def require_tensors(**tensors: Tensor) -> None:
    """Raise unless everything is a torch tensor."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"{name} must be a torch tensor, got {type(tensor).__name__}")


def require_real(**tensors: Tensor) -> None:
    """Raise at the first tensor of complex numbers."""
    for name, tensor in tensors.items():
        if tensor.is_complex():
            raise ValueError(f"{name} must be real numbers, got {tensor.dtype}")


def require_elements(**tensors: Tensor) -> None:
    """Raise at the first tensor without any number."""
    for name, tensor in tensors.items():
        if tensor.numel() == 0:
            raise ValueError(
                f"{name} must hold at least one number, got shape {tuple(tensor.shape)}"
            )


def require_flags(**flags: Tensor) -> None:
    """Raise unless everything is a torch tensor of bools."""
    require_tensors(**flags)
    for name, flag in flags.items():
        if flag.dtype != torch.bool:
            raise ValueError(f"{name} must be a bool tensor, got {flag.dtype}")


def require_mask(mask: Tensor, **tensors: Tensor) -> None:
    """Raise unless the mask is of bools, of the right shape, and counts something."""
    require_flags(mask=mask)
    require_same_shape(**tensors, mask=mask)
    if not mask.any():
        raise ValueError(f"mask must count at least one element, got none of {mask.numel()}")


def unit_interval(**numbers: float | Tensor) -> list[float]:
    """Numbers in [0, 1] as floats; a NumPy scalar or a tensor of no axis is one, too.

    Args:
        numbers: one or more, by name.

    Raises:
        ValueError: for what is no single number, or lies outside [0, 1].

    Example:
        >>> unit_interval(gamma=torch.tensor(0.5), gae_lambda=1)
        [0.5, 1.0]
    """
    plain = {
        name: number.item() if getattr(number, "ndim", None) == 0 else number
        for name, number in numbers.items()
    }
    for name, number in plain.items():
        if not isinstance(number, Real):
            raise ValueError(f"{name} must be a number in [0, 1], got {number!r}")
    require_in_unit_interval(**plain)
    return [float(number) for number in plain.values()]
