"""The scan against the loop it replaces: lengths, decays, precision, gradients."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.recurrences import backward_recurrence


def loop(inputs: torch.Tensor, decays: torch.Tensor) -> torch.Tensor:
    solution, running = np.zeros(inputs.shape), 0.0
    for t in reversed(range(inputs.shape[-1])):
        running = inputs[..., t].double().numpy() + decays[..., t].double().numpy() * running
        solution[..., t] = running
    return torch.from_numpy(solution)


def random_record(*shape: int, dtype=torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(shape[-1])
    inputs = torch.randn(shape, generator=generator, dtype=dtype)
    return inputs, torch.rand(shape, generator=generator, dtype=dtype)


def test_three_steps_by_hand():
    # x_2 = 4, x_1 = 1 + 0.5 * 4 = 3, x_0 = 1 + 0 * 3 = 1. The last decay has no step.
    inputs, decays = torch.tensor([1.0, 1.0, 4.0]), torch.tensor([0.0, 0.5, 9.0])
    assert_close(backward_recurrence(inputs, decays), torch.tensor([1.0, 3.0, 4.0]))


@pytest.mark.parametrize("length", [*range(1, 18), 31, 32, 33])
def test_every_length_agrees_with_the_loop(length):
    inputs, decays = random_record(2, length)
    assert_close(backward_recurrence(inputs, decays), loop(inputs, decays))


@pytest.mark.parametrize("shape", [(4097,), (1, 8193), (3, 5000), (5000, 3), (5000, 1)])
def test_long_records_are_halved_first_and_agree_too(shape):
    inputs, decays = random_record(*shape)
    decays = decays.sqrt()  # nearer to 1, so that far steps count
    assert_close(backward_recurrence(inputs, decays), loop(inputs, decays))


@pytest.mark.parametrize("decay", [0.0, 0.9405, 1.0])
def test_float32_keeps_to_the_float64_loop(decay):
    inputs, _ = random_record(2, 10_000, dtype=torch.float32)
    decays = torch.full_like(inputs, decay)
    solution = backward_recurrence(inputs, decays)
    assert solution.dtype == torch.float32
    expected = loop(inputs, decays)
    # Rounding grows with the size of the sums, which reach hundreds at decay 1.
    error = (solution.double() - expected).abs().max() / expected.abs().max()
    assert error < 1e-5


def test_no_power_is_dropped():
    # 0.999^5000 = 0.0067: a far reward of a million still counts.
    inputs = torch.zeros(5001, dtype=torch.float64)
    inputs[-1] = 1e6
    solution = backward_recurrence(inputs, torch.full_like(inputs, 0.999))
    assert solution[0].item() == pytest.approx(1e6 * 0.999**5000)


def test_first_and_second_gradient():
    inputs, decays = random_record(2, 7)
    inputs.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: backward_recurrence(x, decays), (inputs,))
    assert torch.autograd.gradgradcheck(lambda x: backward_recurrence(x, decays) ** 2, (inputs,))


def test_arguments_are_left_as_they_were():
    for shape in [(9,), (2, 3000)]:
        inputs, decays = random_record(*shape)
        before = inputs.clone(), decays.clone()
        backward_recurrence(inputs, decays)[..., 0] = 7.0
        assert torch.equal(inputs, before[0])
        assert torch.equal(decays, before[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(dtype):
    # 300 ones add up to 300; in bfloat16 the sum would stick at 256, as 257 is rounded.
    ones = torch.ones(300, dtype=dtype, requires_grad=True)
    solution = backward_recurrence(ones, torch.ones(300, dtype=dtype))
    assert_close(solution[0], torch.tensor(300.0))
    solution[0].backward()
    assert torch.equal(ones.grad, torch.ones(300, dtype=dtype))


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_a_record_without_steps_is_refused(shape):
    empty = torch.zeros(shape)
    with pytest.raises(ValueError, match=r"inputs must hold at least one step, got shape \("):
        backward_recurrence(empty, empty)


def test_no_records_at_all_give_no_solutions():
    assert backward_recurrence(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0, 3)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_what_is_no_floating_point_number_is_refused(dtype):
    real, other = torch.ones(2), torch.ones(2, dtype=dtype)
    with pytest.raises(ValueError, match=f"inputs must be floating-point numbers, got {dtype}"):
        backward_recurrence(other, real)
    with pytest.raises(ValueError, match=f"decays must be floating-point numbers, got {dtype}"):
        backward_recurrence(real, other)


def test_decays_that_want_a_gradient_are_refused():
    with pytest.raises(ValueError, match="decays must be constants, got a tensor that requires"):
        backward_recurrence(torch.ones(2), torch.ones(2, requires_grad=True))


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"common shape, got inputs \(2, 3\), decays \(3,\)"):
        backward_recurrence(torch.zeros(2, 3), torch.zeros(3))
