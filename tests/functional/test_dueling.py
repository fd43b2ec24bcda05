"""Dueling heads: hand numbers, what V equals, what cannot be told, bad input."""

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.dueling import (
    dueling_q_values,
    max_centered_dueling_q_values,
    summed_dueling_q_values,
)

HEADS = [summed_dueling_q_values, dueling_q_values, max_centered_dueling_q_values]


@pytest.fixture
def streams() -> tuple[torch.Tensor, torch.Tensor]:
    """Two batches of five states with three actions, float64."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    return values, torch.randn(2, 5, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (summed_dueling_q_values, [[11.0, 12.0, 16.0], [20.0, 20.0, 20.0]]),
        (dueling_q_values, [[8.0, 9.0, 13.0], [20.0, 20.0, 20.0]]),  # mean of A is 3
        (max_centered_dueling_q_values, [[5.0, 6.0, 10.0], [20.0, 20.0, 20.0]]),
    ],
)
def test_worked_example_by_hand(head, expected):
    values = torch.tensor([10.0, 20.0])
    advantages = torch.tensor([[1.0, 2.0, 6.0], [0.0, 0.0, 0.0]])
    assert_close(head(values, advantages), torch.tensor(expected))


def test_the_value_stream_is_the_mean_or_the_largest_q(streams):
    values, advantages = streams
    assert_close(dueling_q_values(values, advantages).mean(dim=-1), values)
    assert_close(max_centered_dueling_q_values(values, advantages).amax(dim=-1), values)


def test_a_constant_moves_between_the_streams_of_the_plain_sum_only(streams):
    values, advantages = streams
    c = torch.arange(10, dtype=torch.float64).reshape(2, 5)
    moved = values + c, advantages - c[..., None]
    assert_close(summed_dueling_q_values(*moved), summed_dueling_q_values(values, advantages))
    for head in HEADS[1:]:
        assert_close(head(values, moved[1]), head(values, advantages))
        assert_close(head(*moved), head(values, advantages) + c[..., None])


@pytest.mark.parametrize("head", HEADS)
def test_differences_between_actions_are_those_of_the_advantages(head, streams):
    values, advantages = streams
    assert_close(head(values, advantages).diff(dim=-1), advantages.diff(dim=-1))


@pytest.mark.parametrize("head", HEADS)
def test_gradients_reach_both_streams(head, streams):
    for stream in streams:
        stream.requires_grad_()
    assert torch.autograd.gradcheck(head, streams)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_and_shape_are_kept(head, dtype):
    assert head(torch.tensor(1.0, dtype=dtype), torch.ones(4, dtype=dtype)).dtype == dtype
    assert head(torch.zeros(0), torch.zeros(0, 4)).shape == (0, 4)
    assert head(torch.tensor([3.0]), torch.tensor([[5.0]])).shape == (1, 1)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(
    ("value_shape", "advantage_shape"),
    [
        ((3, 1), (3, 3)),  # a value head's [B, 1] would broadcast to [3, 3, 3]
        ((1,), (3, 2)),
        ((3,), (3,)),
        ((), ()),
        ((3,), (3, 0)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(head, value_shape, advantage_shape):
    with pytest.raises(ValueError, match=r"advantages must have shape .* got \("):
        head(torch.zeros(value_shape), torch.zeros(advantage_shape))
