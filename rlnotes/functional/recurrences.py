"""A linear recurrence along time, without a Python loop over its steps."""

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import require_floating_point, require_same_shape
from rlnotes.functional.inputs import at_least_float32, require_tensors

_SMALL = 4096  # numbers; below it the count of NumPy calls matters, above it the work


def backward_recurrence(inputs: Tensor, decays: Tensor) -> Tensor:
    """What a backward loop over time would return.

        x_t = inputs_t + decays_t * x_{t+1},    x_T = 0

    Two neighbouring steps are one step of the same kind,

        x_t = (inputs_t + decays_t * inputs_{t+1}) + decays_t * decays_{t+1} * x_{t+2}

    so log2(T) rounds do for T steps. No power is left out and nothing is divided: a
    decay may be 0 or 1. But 0 * NaN is NaN, so inputs must be finite.

    NumPy does the sums, so the transforms of torch.func (vmap, grad, jvp) are not
    supported; autograd is.

    Args:
        inputs: [..., T] finite numbers, T at least 1.
        decays: [..., T] factors in [0, 1], constants; the last one is not used.

    Returns:
        [..., T] solution, differentiable in inputs, float32 or float64. Computed on the
        CPU.

    Raises:
        ValueError: for what is no torch tensor, if the shapes differ, there is no step,
            a dtype holds no real floating-point numbers, or decays require a gradient.

    References:
        Blelloch (1990), "Prefix sums and their applications"; Hillis & Steele (1986),
        "Data parallel algorithms".

    Example:
        >>> half = torch.full((3,), 0.5)
        >>> backward_recurrence(torch.tensor([1.0, 1.0, 4.0]), half)
        tensor([2.5000, 3.0000, 4.0000])
    """
    require_tensors(inputs=inputs, decays=decays)
    require_same_shape(inputs=inputs, decays=decays)
    require_floating_point(inputs=inputs, decays=decays)
    if inputs.ndim == 0 or inputs.shape[-1] == 0:
        raise ValueError(f"inputs must hold at least one step, got shape {tuple(inputs.shape)}")
    if decays.requires_grad:
        raise ValueError("decays must be constants, got a tensor that requires a gradient")
    return _Recurrence.apply(*at_least_float32(inputs=inputs, decays=decays))


class _Recurrence(torch.autograd.Function):
    """The gradient of a backward recurrence is the same recurrence, run forward."""

    @staticmethod
    def forward(context, inputs: Tensor, decays: Tensor) -> Tensor:
        context.save_for_backward(decays)
        solution = _solve(inputs.detach().cpu().numpy(), decays.cpu().numpy())
        return torch.from_numpy(solution).to(inputs.device)

    @staticmethod
    def backward(context, gradients: Tensor) -> tuple[Tensor, None]:
        (decays,) = context.saved_tensors
        # Reversed in time, decays_{t-1} carries the gradient from step t - 1 to step t.
        reversed_decays = decays.roll(1, dims=-1).flip(-1)
        return _Recurrence.apply(gradients.flip(-1), reversed_decays).flip(-1), None


def _solve(inputs: np.ndarray, decays: np.ndarray) -> np.ndarray:
    """Halve the length while the record is long: O(T) work in all."""
    if inputs.size <= _SMALL or inputs.shape[-1] < 3:
        return _solve_by_doubling(inputs, decays)
    num_pairs = inputs.shape[-1] // 2
    firsts = decays[..., : 2 * num_pairs : 2]
    seconds, second_inputs = decays[..., 1::2], inputs[..., 1::2]
    pairs, pair_decays = inputs[..., ::2].copy(), decays[..., ::2].copy()
    pairs[..., :num_pairs] += firsts * second_inputs
    pair_decays[..., :num_pairs] *= seconds

    solution = inputs.copy()
    solution[..., ::2] = _solve(pairs, pair_decays)
    following = solution[..., 2::2]
    count = following.shape[-1]
    solution[..., 1 : 2 * count : 2] += seconds[..., :count] * following
    return solution


def _solve_by_doubling(inputs: np.ndarray, decays: np.ndarray) -> np.ndarray:
    """After each round, every entry holds the sum over twice as many steps."""
    solution, length, span = inputs.copy(), inputs.shape[-1], 1
    reach = decays[..., :-1]  # product of the decays over the next `span` steps
    while span < length:
        solution[..., :-span] += reach * solution[..., span:]
        reach = reach[..., :-span] * reach[..., span:]
        span *= 2
    return solution
