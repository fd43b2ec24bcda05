"""Heads of a dueling network: state value and advantages, joined into action values."""

import torch
from torch import Tensor

from rlnotes._checks import require_floating_point
from rlnotes.functional.inputs import at_least_float32, require_tensors


def summed_dueling_q_values(state_values: Tensor, advantages: Tensor) -> Tensor:
    """Action values as the plain sum of both streams.

        Q(s, a) = V(s) + A(s, a)

    V and A cannot be told from Q: adding c to V and subtracting it from every A leaves
    Q as it is.

    Args:
        state_values: [...] V stream, one number per state.
        advantages: [..., A] advantage stream.

    Returns:
        [..., A] action values, float32 for half precision; differentiable in both.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, or if
            advantages do not have shape [*state_values.shape, A], A > 0.

    References:
        Wang et al. (2016), arXiv:1511.06581, Eq. 7.

    Example:
        >>> summed_dueling_q_values(torch.tensor(10.0), torch.tensor([1.0, 3.0]))
        tensor([11., 13.])
    """
    state_values, advantages = _checked(state_values, advantages)
    return state_values[..., None] + advantages


def dueling_q_values(state_values: Tensor, advantages: Tensor) -> Tensor:
    """Action values of the usual dueling head, centered by the mean.

        Q(s, a) = V(s) + A(s, a) - mean over b of A(s, b)

    So V(s) is the mean of Q(s, .) exactly. It is the value of the uniform policy if Q
    is, and of no other policy in general.

    Args:
        state_values: [...] V stream, one number per state.
        advantages: [..., A] advantage stream; a constant added to it changes nothing.

    Returns:
        [..., A] action values, float32 for half precision; differentiable in both.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, or if
            advantages do not have shape [*state_values.shape, A], A > 0.

    References:
        Wang et al. (2016), arXiv:1511.06581, Eq. 9.

    Example:
        >>> dueling_q_values(torch.tensor(10.0), torch.tensor([1.0, 3.0]))
        tensor([ 9., 11.])
    """
    state_values, advantages = _checked(state_values, advantages)
    return state_values[..., None] + advantages - torch.mean(advantages, -1, keepdim=True)


def max_centered_dueling_q_values(state_values: Tensor, advantages: Tensor) -> Tensor:
    """Action values of the dueling head that is centered by the maximum.

        Q(s, a) = V(s) + A(s, a) - max over b of A(s, b)

    So V(s) is the largest Q(s, a) exactly, and the best action has no advantage.

    Args:
        state_values: [...] V stream, one number per state.
        advantages: [..., A] advantage stream; a constant added to it changes nothing.

    Returns:
        [..., A] action values, float32 for half precision; differentiable in both.

    Raises:
        ValueError: for what is no torch tensor of floating-point numbers, or if
            advantages do not have shape [*state_values.shape, A], A > 0.

    References:
        Wang et al. (2016), arXiv:1511.06581, Eq. 8.

    Example:
        >>> max_centered_dueling_q_values(torch.tensor(10.0), torch.tensor([1.0, 3.0]))
        tensor([ 8., 10.])
    """
    state_values, advantages = _checked(state_values, advantages)
    return state_values[..., None] + advantages - torch.amax(advantages, -1, keepdim=True)


def _checked(state_values: Tensor, advantages: Tensor) -> list[Tensor]:
    streams = {"state_values": state_values, "advantages": advantages}
    require_tensors(**streams)
    require_floating_point(**streams)
    shape = tuple(advantages.shape)
    if not shape or shape[-1] == 0 or shape[:-1] != tuple(state_values.shape):
        raise ValueError(
            f"advantages must have shape [*state_values.shape, A], A > 0, got {shape} for "
            f"state_values {tuple(state_values.shape)}"
        )
    return at_least_float32(**streams)
