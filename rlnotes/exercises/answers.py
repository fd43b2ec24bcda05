"""What a reader's function returned, as numbers that can be compared."""

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping, ValuesView
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch

from rlnotes.exercises.time_limit import TimeUp

_TOLERANCE = 1e-6
_ROUNDING_STEPS = 8  # how many roundings of its own type an answer may be off by
_COARSEST = 0.07  # tolerance for bfloat16; types with fewer digits get no more


class Refused(Exception):
    """A sentence for the reader on an answer whose numbers were not looked at."""


class Unreadable(Refused):
    """The checker cannot read an answer; the message says what it wants instead."""

    def __str__(self) -> str:
        return f"the checker could not read your answer: {super().__str__()}"


@dataclass(frozen=True)
class Outcome:
    """What a function gave for one input: numbers, or an error."""

    numbers: np.ndarray | None
    tolerance: float = _TOLERANCE
    error: str = ""

    def equals(self, numbers: np.ndarray) -> bool:
        """Whether these are the numbers, as far as the answer's type can tell."""
        tolerance = self.tolerance
        return (
            self.numbers is not None
            and self.numbers.shape == numbers.shape
            and np.allclose(self.numbers, numbers, rtol=tolerance, atol=tolerance, equal_nan=True)
        )

    def resembles(self, other: "Outcome") -> bool:
        """Whether another function gave the same numbers, or the same error."""
        if other.numbers is None:
            return self.numbers is None and self.error == other.error
        return self.equals(other.numbers)


def read(answer: object) -> Outcome:
    """The numbers of an answer: of any real type, in any container, on any device.

    Args:
        answer: a number, array or tensor, with or without gradient, or a list, tuple or
            iterator of such.

    Returns:
        float64 numbers, and a tolerance that grows with the rounding of the answer's
        own type: half precision knows three digits.

    Raises:
        Unreadable: if it holds no real numbers, or rows of different lengths.

    Example:
        >>> read([torch.tensor([1.0], requires_grad=True), (2,)]).numbers.tolist()
        [[1.0], [2.0]]
    """
    if inspect.iscoroutine(answer):
        answer.close()
        raise Unreadable("it must be real numbers, got a coroutine: leave out async.")
    if isinstance(answer, Iterator | ValuesView):
        answer = list(answer)  # may run the reader's code, whose errors are the reader's
    epsilons = [0.0]
    try:
        plain = _plain(answer, epsilons)
        if _is_ragged(plain):
            raise Unreadable(f"it has rows of different lengths: {show(answer)}.")
        numbers = np.asarray(plain, dtype=np.float64)
    except Unreadable:
        raise
    except Exception:  # whatever it holds, it is not what can be compared
        raise Unreadable(f"it must be real numbers, got {show(answer)}.") from None
    rounding = min(_COARSEST, _ROUNDING_STEPS * max(epsilons))
    return Outcome(numbers, max(_TOLERANCE, rounding))


def outcome(function: Callable, arguments: Mapping[str, object]) -> Outcome:
    """What a function gives for these arguments; an error is an outcome, too."""
    try:
        return read(function(**deepcopy(dict(arguments))))
    except (TimeUp, KeyboardInterrupt):
        raise
    except BaseException as error:  # a known mistake may be one that raises
        return Outcome(None, error="".join(traceback.format_exception_only(error)))


def show(value: object, digits: int = 4) -> str:
    """A value in few characters, arrays with so many digits behind the point."""
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=digits, suppress_small=True)
        return text.replace("\n", "\n          ")
    try:
        text = repr(value)
    except Exception:  # a broken __repr__ of the reader's
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= 200 else text[:200] + " ..."


def question(answer: object) -> str:
    """What a generator suggests, in brackets; empty for any other answer."""
    return " (did you write yield instead of return?)" if inspect.isgenerator(answer) else ""


def _plain(answer: object, epsilons: list[float]) -> object:
    """Nested lists and NumPy arrays only; `epsilons` collects the types' roundings."""
    if isinstance(answer, torch.Tensor):
        if answer.is_floating_point():
            epsilons.append(torch.finfo(answer.dtype).eps)
        if answer.is_complex():
            raise TypeError("complex")
        return answer.detach().cpu().double().numpy()
    if isinstance(answer, list | tuple):
        return [_plain(part, epsilons) for part in answer]
    array = np.asarray(answer)
    if array.dtype.kind not in "biufO" or answer is None:
        raise TypeError("no real numbers")
    if array.dtype.kind == "f":
        epsilons.append(float(np.finfo(array.dtype).eps))
    return array.astype(np.float64)


def _is_ragged(plain: object) -> bool:
    """Whether nested lists of arrays have rows of different lengths, at any depth."""
    if not isinstance(plain, list):
        return False
    lengths = {len(part) if isinstance(part, list) or part.ndim else None for part in plain}
    return len(lengths) > 1 or any(map(_is_ragged, plain))
