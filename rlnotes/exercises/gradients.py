"""Losses judged by their gradients: the reader's function gets tensors, not arrays."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch

from rlnotes.exercises.answers import Refused, Unreadable, question, read

# With fewer digits than these, a wrong number would be as good as a right one.
TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@contextmanager
def _gradients_on() -> Iterator[None]:
    """Gradients, whatever the caller has switched off; afterwards all is as it was."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


@contextmanager
def _no_change_in_place() -> Iterator[None]:
    """A sentence in place of torch's error on a leaf that is changed in place."""
    try:
        yield
    except RuntimeError as error:
        if "leaf" in str(error) and "in-place" in str(error):
            raise Refused(
                "your function changes one of its arguments in place; work on a copy. For "
                "example x = x * 2 makes one, x *= 2 does not."
            ) from None
        raise


def kind_of(answer: object) -> str:
    """Name of an answer's type, for a message, and what it suggests."""
    return type(answer).__name__ + question(answer)


def evaluate(
    candidate: Callable, arguments: Mapping, learned: Collection[str], unpack: Callable
) -> tuple[object, list[torch.Tensor]]:
    """What a candidate returns for tensors, unpacked, and the tensors with a gradient.

    Args:
        candidate: the reader's function.
        arguments: its arguments, as arrays and numbers.
        learned: names of those that get a gradient.
        unpack: makes loss tensors of an answer that is not None.

    Raises:
        Refused: if the candidate changes one of its tensors.
    """
    with _gradients_on(), _no_change_in_place():
        tensors = {
            name: torch.tensor(value, requires_grad=name in learned)
            for name, value in arguments.items()
            if isinstance(value, np.ndarray)
        }
        answer = candidate(**{**arguments, **tensors})
        with _gradients_on():  # the candidate may have switched them off
            losses = None if answer is None else unpack(answer)
    for name, tensor in tensors.items():
        detached = name in learned and not tensor.requires_grad
        if detached or not np.array_equal(read(tensor).numbers, arguments[name]):
            raise Refused(f"your function changes its argument {name!r}; work on a copy.")
    return losses, [tensors[name] for name in learned]


def one_number(loss: object, subject: str) -> torch.Tensor:
    """The loss itself, if it is one that has a gradient.

    Args:
        loss: what should be a tensor of one element.
        subject: how the message calls it.

    Raises:
        Unreadable: if it is something else.
    """
    if not torch.is_tensor(loss):
        raise Unreadable(
            f"{subject} must be a tensor, got {kind_of(loss)}. A float, as from .item(), "
            "has no gradient."
        )
    if loss.numel() != 1:
        raise Unreadable(
            f"{subject} must be one number, got shape {list(loss.shape)}. Take the mean."
        )
    if loss.dtype not in TYPES:
        raise Unreadable(
            f"{subject} must be a floating-point number of 16 bits or more, got {loss.dtype}."
        )
    return loss


def gradients(loss: torch.Tensor, leaves: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Gradient of one number in each leaf, in the number's own type: it has its digits.

    Zeros where the number does not depend on the leaf.
    """
    found = [None] * len(leaves)
    if loss.requires_grad:
        with _gradients_on():
            found = torch.autograd.grad(loss.sum(), leaves, allow_unused=True, retain_graph=True)
    return [
        torch.zeros_like(leaf, dtype=loss.dtype) if gradient is None else gradient.to(loss.dtype)
        for leaf, gradient in zip(leaves, found, strict=True)
    ]


def loss_and_gradients(candidate: Callable, learned: tuple[str, ...]) -> Callable:
    """The candidate as a function from arrays to its loss and the gradients of it.

    Args:
        candidate: returns one number.
        learned: the arguments whose gradients follow the loss, row by row.
    """

    def numbers(**arguments):
        answer, leaves = evaluate(candidate, arguments, learned, partial(one_number, subject="it"))
        if answer is None:
            return None
        flat = [gradient.flatten() for gradient in gradients(answer, leaves)]
        return torch.cat([answer.detach().cpu().reshape(1), *flat])

    return numbers
