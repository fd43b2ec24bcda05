"""Checks of arguments: what passes, and the exact words of what does not."""

import re
from fractions import Fraction

import numpy as np
import pytest
import torch

from rlnotes._checks import (
    float64_array,
    require_below_half,
    require_distributions,
    require_finite,
    require_finite_numbers,
    require_in_unit_interval,
    require_index,
    require_indices,
    require_not_negative,
    require_option,
    require_positive,
    require_positive_integer,
    require_same_shape,
    require_seed,
    require_shape,
    require_text,
)


def refuses(message: str):
    """The whole message, so that neither the name nor the value can be lost."""
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


def test_arrays_of_one_shape_pass_and_torch_may_stand_beside_numpy():
    require_same_shape(left=np.zeros((2, 3)), right=torch.zeros(2, 3))
    require_same_shape()


def test_shapes_that_would_broadcast_are_refused_by_name():
    with refuses("arguments must have a common shape, got rewards (2, 3), values (2, 1)"):
        require_same_shape(rewards=np.zeros((2, 3)), values=torch.zeros(2, 1))


@pytest.mark.parametrize("number", [0, 0.0, 0.5, 1, 1.0, np.float32(1)])
def test_the_unit_interval_contains_its_ends(number):
    require_in_unit_interval(gamma=number)


@pytest.mark.parametrize("number", [-1e-12, 1.0000001, float("nan"), float("inf")])
def test_numbers_outside_the_unit_interval_are_refused(number):
    with refuses(f"gamma must lie in [0, 1], got {number}"):
        require_in_unit_interval(epsilon=0.5, gamma=number)


@pytest.mark.parametrize("number", [0, 0.0, 0.4999, np.float32(0.25)])
def test_a_share_of_wrong_labels_is_less_than_half(number):
    require_below_half(flip_rate=number)


@pytest.mark.parametrize("number", [-1e-12, 0.5, 1, 1.5, float("nan"), float("inf"), "0.1", None])
def test_half_of_the_labels_wrong_or_more_is_refused(number):
    with refuses(f"flip_rate must lie in [0, 0.5), got {number!r}"):
        require_below_half(label_smoothing=0.1, flip_rate=number)


@pytest.mark.parametrize("other", ["0.5", None, [0.5], torch.tensor([0.5, 0.5]), np.ones(1)])
def test_what_is_no_number_is_refused_as_it_was_written(other):
    with refuses(f"gamma must lie in [0, 1], got {other!r}"):
        require_in_unit_interval(gamma=other)
    with refuses(f"rate must be positive and finite, got {other!r}"):
        require_positive(rate=other)
    with refuses(f"reward must be finite, got {other!r}"):
        require_finite_numbers(reward=other)
    with refuses(f"price must be finite and not negative, got {other!r}"):
        require_not_negative(price=other)


def test_a_whole_number_beyond_every_float_is_refused():
    for check in (require_positive, require_finite_numbers, require_not_negative):
        with pytest.raises(ValueError, match=r"beta must be .*finite.*, got 1000"):
            check(beta=10**400)


def test_a_price_may_be_nothing_and_an_array_of_no_axis():
    require_not_negative(beta=0, gamma=torch.tensor(0.5), delta=np.array(2), epsilon=np.float32(1))
    for wrong in (-1e-9, float("nan"), float("inf"), torch.tensor(-1.0)):
        with refuses(f"beta must be finite and not negative, got {float(wrong)}"):
            require_not_negative(beta=wrong)


@pytest.mark.parametrize("wrong", [-1, 1.0, True, None, "1", [1]])
def test_what_is_no_seed_is_refused(wrong):
    require_seed(seed=0, other=np.int64(7))
    with refuses(f"seed must be an integer of at least 0, got {wrong!r}"):
        require_seed(seed=wrong)


def test_what_has_no_shape_is_refused_by_name():
    with refuses("values must be an array or tensor, got list"):
        require_same_shape(rewards=np.zeros(2), values=[0.0, 0.0])


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, np.float32("nan")])
def test_a_number_that_is_not_finite_is_refused(number):
    require_finite_numbers(size=-3, share=0.5, unit=np.float32(1e9))
    with refuses(f"reward must be finite, got {number}"):
        require_finite_numbers(size=-3, reward=number)


def test_numbers_in_any_form_become_a_float64_copy():
    given = np.array([0.5, 1.0])
    for values in (
        [0.5, 1],
        (0.5, 1),
        given,
        torch.tensor([0.5, 1]),
        np.float32([0.5, 1]),
        [Fraction(1, 2), 1],
    ):
        array = float64_array("values", values)
        assert (array.dtype, array.tolist()) == (np.float64, [0.5, 1.0])
    array[0] = 7
    assert float64_array("values", given) is not given
    assert float64_array("values", 3).shape == ()


@pytest.mark.parametrize("other", ["0.5", ["0.5"], None, [1, None], [[1], [1, 2]], [1j], {}])
def test_what_holds_no_numbers_is_no_array(other):
    message = f"values must be a rectangular array of numbers, got {other!r}: "
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        float64_array("values", other)


def test_a_long_value_is_shortened_in_a_message():
    with pytest.raises(ValueError, match=r"'x+\.\.\.$") as caught:
        require_in_unit_interval(gamma="x" * 1000)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("number", [1, 7, np.int64(3), np.uint8(1)])
def test_positive_integers_of_python_and_numpy_pass(number):
    require_positive_integer(count=number)


@pytest.mark.parametrize("number", [0, -1, 1.0, True, False, "1", None, float("nan")])
def test_anything_but_a_positive_integer_is_refused(number):
    with refuses(f"count must be a positive integer, got {number!r}"):
        require_positive_integer(size=1, count=number)


def test_a_shape_must_match_exactly():
    require_shape((2, 3), policy=np.zeros((2, 3)))
    with refuses("policy must have shape (2, 3), got (3, 2)"):
        require_shape((2, 3), values=np.zeros((2, 3)), policy=np.zeros((3, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_number_that_is_not_finite_is_named_with_its_place(bad):
    array = np.zeros((2, 3))
    array[1, 0] = array[1, 2] = bad
    with refuses(f"rewards must be finite, got {bad} at (1, 0)"):
        require_finite(values=np.ones(2), rewards=array)


def test_probabilities_of_any_number_of_axes_pass():
    third = np.full(3, 1 / 3)  # sums to one up to rounding
    require_distributions(start=third, policy=np.tile(third, (4, 1)), dynamics=np.ones((2, 2, 1)))


def test_the_row_that_is_farthest_from_one_is_named():
    policy = np.array([[0.5, 0.5], [0.5, 0.25], [0.5, 0.0]])
    with refuses("policy must sum to one, got 0.5 at (2,)"):
        require_distributions(policy=policy)
    with refuses("start must sum to one, got 1.5"):
        require_distributions(start=np.array([1.0, 0.5]))


def test_rows_may_miss_one_by_a_millionth_as_single_precision_does():
    require_distributions(start=np.array([0.5, 0.5 + 9e-7]))
    for slip in (-2e-6, 2e-6):
        with pytest.raises(ValueError, match="start must sum to one"):
            require_distributions(start=np.array([0.5, 0.5 + slip]))


def test_a_negative_probability_is_refused_although_the_row_sums_to_one():
    with refuses("policy must not be negative, got -0.25"):
        require_distributions(start=np.array([1.0]), policy=np.array([[1.25, -0.25]]))


def test_no_distribution_is_none():
    for shape in ((0,), (0, 3), (3, 0)):
        with refuses(f"policy must hold at least one number, got shape {shape}"):
            require_distributions(policy=np.zeros(shape))


def test_nan_is_no_probability():
    with refuses("policy must be finite, got nan at (0, 1)"):
        require_distributions(policy=np.array([[1.0, np.nan]]))


def test_an_option_may_come_from_a_sequence_or_from_the_keys_of_a_mapping():
    require_option(("fast", "slow"), speed="slow")
    require_option({"fast": 1}, speed="fast")
    with refuses("speed must be one of ['fast'], got 'slow'"):
        require_option({"fast": 1}, pace="fast", speed="slow")
    with refuses("speed must be one of ['fast'], got ['fast']"):  # a list has no hash
        require_option({"fast": 1}, speed=["fast"])


@pytest.mark.parametrize("value", [["fast"], {"fast": 1}, np.array(["fast"])])
def test_what_holds_an_option_is_none(value):
    for options in (("fast",), {"fast": 1}):
        with pytest.raises(ValueError, match=r"speed must be one of \['fast'\], got "):
            require_option(options, speed=value)


def test_an_index_is_an_integer_below_the_size():
    require_index(3, chosen=0, rejected=np.int64(2))
    for wrong in (3, -1, 1.0, True, None, np.array([1])):
        with pytest.raises(ValueError, match=r"chosen must be an integer in \[0, 3\), got "):
            require_index(3, chosen=wrong)


def test_positive_numbers_pass_and_zero_infinity_and_nan_do_not():
    require_positive(learning_rate=1e-9, coefficient=3)
    for number in (0, -1.5, float("inf"), float("nan")):
        with refuses(f"learning_rate must be positive and finite, got {number}"):
            require_positive(learning_rate=number)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_finite_numbers_pass_although_their_sum_overflows(dtype):
    require_finite(rewards=torch.full((3,), torch.finfo(dtype).max, dtype=dtype))
    require_finite(rewards=torch.tensor([1, 2]), flags=torch.tensor([True]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_numbers_of_torch_that_are_not_finite_are_named_with_their_place(dtype):
    for bad in (float("nan"), float("inf"), -float("inf")):
        tensor = torch.zeros(2, 3, dtype=dtype)
        tensor[1, 0] = tensor[1, 2] = bad
        with refuses(f"rewards must be finite, got {bad} at (1, 0)"):
            require_finite(values=torch.ones(2), rewards=tensor.requires_grad_())


def test_indices_are_int64_and_lie_in_their_range():
    require_indices(3, prompts=torch.tensor([0, 2]), replies=torch.zeros(0).long())
    with refuses("replies must lie in [0, 3), got 3"):
        require_indices(3, prompts=torch.tensor([2]), replies=torch.tensor([[1], [3]]))
    with refuses("replies must lie in [0, 3), got -1"):
        require_indices(3, replies=torch.tensor(-1))
    with refuses("replies must be an int64 tensor, got torch.int32"):
        require_indices(3, replies=torch.tensor([1]).int())
    with refuses("replies must be an int64 tensor, got int"):
        require_indices(3, replies=1)
    with refuses("replies must be an int64 tensor, got ndarray"):
        require_indices(3, replies=np.array([1]))


def test_a_text_is_a_string_and_a_long_value_is_shown_cut():
    require_text(text="", name="RM")
    with refuses("name must be a string, got 9.6"):
        require_text(text="9.60", name=9.6)
    with refuses("text must be a string, got b'9.60'"):
        require_text(text=b"9.60")
    with refuses(f"text must be a string, got [{'9, ' * 25}9..."):
        require_text(text=[9] * 1000)
