"""Checks of arguments. Each error names the argument and the value received."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np


def require_same_shape(**arrays) -> None:
    """Raise unless all arrays (NumPy or torch) have one common shape."""
    for name, array in arrays.items():
        if not hasattr(array, "shape"):
            raise ValueError(f"{name} must be an array or tensor, got {type(array).__name__}")
    shapes = [array.shape for array in arrays.values()]
    if any(shape != shapes[0] for shape in shapes):
        listed = ", ".join(
            f"{name} {tuple(shape)}" for name, shape in zip(arrays, shapes, strict=True)
        )
        raise ValueError(f"arguments must have a common shape, got {listed}")


def require_in_unit_interval(**numbers: float) -> None:
    """Raise unless every number lies in [0, 1]; NaN does not."""
    for name, number in numbers.items():
        if not (isinstance(number, Real) and 0 <= number <= 1):
            raise ValueError(f"{name} must lie in [0, 1], got {shown(number)}")


def require_below_half(**numbers: float) -> None:
    """Raise unless every number, a share of wrong labels, lies in [0, 0.5)."""
    for name, number in numbers.items():
        if not (isinstance(number, Real) and 0 <= number < 0.5):
            raise ValueError(f"{name} must lie in [0, 0.5), got {shown(number)}")


def require_positive(**numbers: float) -> None:
    """Raise unless every number is positive and finite; NaN is not."""
    for name, number in numbers.items():
        if not (_is_finite(number) and number > 0):
            raise ValueError(f"{name} must be positive and finite, got {shown(number)}")


def require_not_negative(**numbers: float) -> None:
    """Raise unless every number is finite and not negative; NaN is not.

    A NumPy array or tensor of no axis counts as its number.
    """
    for name, number in numbers.items():
        plain = number.item() if getattr(number, "ndim", None) == 0 else number
        if not (_is_finite(plain) and plain >= 0):
            raise ValueError(f"{name} must be finite and not negative, got {shown(plain)}")


def require_finite_numbers(**numbers: float) -> None:
    """Raise unless every one is a number, and neither NaN nor infinite."""
    for name, number in numbers.items():
        if not _is_finite(number):
            raise ValueError(f"{name} must be finite, got {shown(number)}")


def require_positive_integer(**numbers: int) -> None:
    """Raise unless every number is an integer of at least one."""
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise ValueError(f"{name} must be a positive integer, got {number!r}")


def require_index(size: int, **numbers: int) -> None:
    """Raise unless every number is an integer that lies in [0, size)."""
    for name, number in numbers.items():
        whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not (whole and 0 <= number < size):
            raise ValueError(f"{name} must be an integer in [0, {size}), got {number!r}")


def require_seed(**numbers: int) -> None:
    """Raise unless every number is an integer of at least zero."""
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 0:
            raise ValueError(f"{name} must be an integer of at least 0, got {number!r}")


def require_indices(size: int, **indices) -> None:
    """Raise unless everything is a torch tensor of int64 that lies in [0, size)."""
    for name, tensor in indices.items():
        is_torch = hasattr(tensor, "detach")
        dtype = str(tensor.dtype) if is_torch else type(tensor).__name__
        if dtype != "torch.int64":
            raise ValueError(f"{name} must be an int64 tensor, got {dtype}")
        if not tensor.numel():
            continue
        least, most = (end.item() for end in tensor.aminmax())
        if least >= 0 and most < size:
            continue
        wrong = tensor[(tensor < 0) | (tensor >= size)]
        raise ValueError(f"{name} must lie in [0, {size}), got {wrong[0].item()}")


def require_shape(shape: tuple[int, ...], **arrays: np.ndarray) -> None:
    """Raise unless every array has exactly this shape."""
    for name, array in arrays.items():
        if array.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {array.shape}")


def require_finite(**arrays) -> None:
    """Raise at the first NaN or infinity (NumPy or torch), naming where it stands."""
    for name, array in arrays.items():
        if hasattr(array, "detach"):
            array = array.detach()
            # A finite sum has finite terms only: one number to look at instead of all.
            if array.is_floating_point() and math.isfinite(array.sum().item()):
                continue
            array = array.cpu()
            # NumPy knows no bfloat16.
            array = (array if array.dtype.itemsize > 2 else array.float()).numpy()
        finite = np.isfinite(array)
        if not finite.all():
            where = tuple(np.argwhere(~finite)[0].tolist())
            raise ValueError(f"{name} must be finite, got {array[where]} at {where}")


def require_floating_point(**tensors) -> None:
    """Raise unless every torch tensor has a real floating-point dtype."""
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise ValueError(f"{name} must be floating-point numbers, got {tensor.dtype}")


def require_distributions(**arrays: np.ndarray) -> None:
    """Raise unless the last axis of each array holds probabilities that sum to one."""
    require_finite(**arrays)
    for name, array in arrays.items():
        if (array < 0).any():
            raise ValueError(f"{name} must not be negative, got {array.min()}")
        if not array.size:
            raise ValueError(f"{name} must hold at least one number, got shape {array.shape}")
        sums = array.sum(axis=-1)
        worst = np.unravel_index(np.abs(sums - 1).argmax(), sums.shape)
        if abs(sums[worst] - 1) > 1e-6:
            where = f" at {tuple(int(index) for index in worst)}" if worst else ""
            raise ValueError(f"{name} must sum to one, got {sums[worst]}{where}")


def float64_array(name: str, values) -> np.ndarray:
    """A float64 copy of numbers in any form; text, gaps and ragged rows are refused."""
    try:
        array = np.asarray(values)
        exact = array.dtype == object and all(isinstance(entry, Real) for entry in array.flat)
        if array.dtype.kind not in "biuf" and not exact:
            raise TypeError(f"not numbers but {array.dtype}")
        return np.array(array, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{name} must be a rectangular array of numbers, got {shown(values)}: {error}"
        ) from error


def _is_finite(value) -> bool:
    try:
        return isinstance(value, Real) and math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False


def shown(value) -> str:
    """A value as messages show it: cut, and without an error of its own."""
    try:
        text = str(value) if isinstance(value, Real) else repr(value)
    except Exception:  # Python prints no integer of thousands of digits
        return f"a value of type {type(value).__name__} that cannot be printed"
    return text if len(text) <= 80 else f"{text[:77]}..."


def require_option(options: Sequence | Mapping, **values) -> None:
    """Raise unless every value is one of the options."""
    for name, value in values.items():
        if not _is_one_of(options, value):
            raise ValueError(f"{name} must be one of {list(options)}, got {value!r}")


def _is_one_of(options: Sequence | Mapping, value) -> bool:
    try:
        hash(value)  # a list or an array is no option, and an array has many answers to ==
        return value in options
    except TypeError:
        return False


def require_text(**texts: str) -> None:
    """Raise unless everything is a string."""
    for name, text in texts.items():
        if not isinstance(text, str):
            raise ValueError(f"{name} must be a string, got {shown(text)}")
