"""What the torch functions take: dtypes, kinds and sizes, the same in all of them."""

import inspect
import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.advantages import (
    generalized_advantage_estimation,
    normalize_advantages,
    td_errors,
)
from rlnotes.functional.dueling import (
    dueling_q_values,
    max_centered_dueling_q_values,
    summed_dueling_q_values,
)
from rlnotes.functional.inputs import (
    at_counted,
    at_least_float32,
    counted,
    finite_result,
    require_flags,
    unit_interval,
    where_counted,
)
from rlnotes.functional.kl import kl_divergence, kl_k1, kl_k2, kl_k3
from rlnotes.functional.kl_penalty import ppo_kl_penalty_loss
from rlnotes.functional.log_probs import action_log_probs, entropy, softmax_score
from rlnotes.functional.policy_gradients import (
    clip_fraction,
    entropy_bonus,
    ppo_clip_loss,
    ppo_gradient_mask,
    reinforce_loss,
    value_loss,
)
from rlnotes.functional.preferences import preference_probs, reward_model_loss
from rlnotes.functional.q_targets import (
    chosen_q_values,
    double_q_learning_targets,
    huber_td_loss,
    q_learning_targets,
    squared_td_loss,
)
from rlnotes.functional.ratios import clipped_surrogate, probability_ratios
from rlnotes.functional.recurrences import backward_recurrence
from rlnotes.functional.returns import discounted_returns, lambda_returns, n_step_returns
from rlnotes.functional.trust_region import (
    conjugate_gradient,
    fisher_operator,
    line_search,
    mean_kl,
    natural_step,
    surrogate_objective,
    trust_region_step,
)

HALF, SINGLE, DOUBLE = torch.float16, torch.float32, torch.float64


def name_of(function) -> str:
    return getattr(function, "func", function).__name__


def tensors_for(function, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Good arguments by name, of numbers that bfloat16 holds exactly."""
    numbers = torch.tensor([-0.5, 0.25, 0.75, -1.25])
    rows = torch.tensor([[0.5, -1.0, 0.25], [0.0, 0.0, 0.0], [2.0, 1.0, -1.5], [-0.5, 0.5, 0.5]])
    special = {
        "terminated": torch.zeros(4, dtype=torch.bool),
        "truncated": torch.tensor([False, True, False, False]),
        "actions": torch.tensor([0, 2, 1, 0]),
        "ratios": numbers.abs().to(dtype),
        "decays": numbers.abs().to(dtype),
        "old_logits": rows.roll(1, 0).to(dtype),
        "log_probs_p": rows.to(dtype).log_softmax(-1),
        "log_probs_q": rows.roll(1, 0).to(dtype).log_softmax(-1),
    }
    for name in ("logits", "q_values", "next_q_values"):
        special |= {f"{name}{ending}": rows.to(dtype) for ending in ("", "_online", "_target")}
    if "dueling" in name_of(function):
        special["advantages"] = rows.to(dtype)
    names = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is not parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    ]
    others = {name: numbers.roll(i).to(dtype) for i, name in enumerate(names)}
    return {name: special.get(name, others[name]) for name in names}


FUNCTIONS = [
    partial(td_errors, gamma=0.9),
    partial(generalized_advantage_estimation, gamma=0.9, gae_lambda=0.8),
    normalize_advantages,
    partial(discounted_returns, gamma=0.9),
    partial(lambda_returns, gamma=0.9, gae_lambda=0.8),
    partial(n_step_returns, gamma=0.9, n=2),
    backward_recurrence,
    action_log_probs,
    entropy,
    softmax_score,
    kl_divergence,
    kl_k1,
    kl_k2,
    kl_k3,
    reinforce_loss,
    value_loss,
    entropy_bonus,
    probability_ratios,
    partial(clipped_surrogate, clip_epsilon=0.2),
    partial(ppo_clip_loss, clip_epsilon=0.2),
    partial(ppo_gradient_mask, clip_epsilon=0.2),
    partial(clip_fraction, clip_epsilon=0.2),
    partial(ppo_kl_penalty_loss, beta=0.5),
    preference_probs,
    reward_model_loss,
    partial(q_learning_targets, gamma=0.9),
    partial(double_q_learning_targets, gamma=0.9),
    chosen_q_values,
    squared_td_loss,
    huber_td_loss,
    summed_dueling_q_values,
    dueling_q_values,
    max_centered_dueling_q_values,
    surrogate_objective,
    mean_kl,
]


everywhere = pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
WHOLE_NUMBERS_WILL_DO = {  # rewards may be counted in whole numbers, and so may a table
    "td_errors",
    "generalized_advantage_estimation",
    "discounted_returns",
    "lambda_returns",
    "n_step_returns",
    "q_learning_targets",
    "double_q_learning_targets",
    "chosen_q_values",
}


def floats_of(given: dict[str, torch.Tensor]) -> list[str]:
    return [name for name, tensor in given.items() if tensor.is_floating_point()]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@everywhere
def test_half_precision_is_computed_and_returned_in_float32(function, dtype):
    given = tensors_for(function, dtype)
    wide = {name: t.float() if t.is_floating_point() else t for name, t in given.items()}
    result = function(**given)
    if function is kl_divergence:  # which takes rounded rows in their own dtype only
        p, q = wide.values()
        expected = (p.exp() * (p - q)).sum(-1)
    else:
        expected = function(**wide)
    assert result.dtype == (torch.bool if name_of(function) == "ppo_gradient_mask" else SINGLE)
    assert_close(result, expected, atol=0, rtol=0)


@everywhere
def test_float32_and_float64_are_kept_and_the_wider_of_two_dtypes_wins(function):
    if name_of(function) == "ppo_gradient_mask":
        return
    for dtype in (SINGLE, DOUBLE):
        assert function(**tensors_for(function, dtype)).dtype == dtype
    given = tensors_for(function, SINGLE)
    for name in floats_of(given):
        if name != "next_q_values_online":  # it chooses, and is no part of the sum
            assert function(**{**given, name: given[name].double()}).dtype == DOUBLE, name


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@everywhere
def test_gradients_come_back_in_the_dtype_that_was_given(function, dtype):
    given = tensors_for(function, dtype)
    leaves = [given[name].requires_grad_() for name in floats_of(given) if name != "decays"]
    result = function(**given)
    if result.requires_grad:
        result.sum().backward()
        got = [leaf.grad for leaf in leaves if leaf.grad is not None]
        assert got
        assert all(gradient.dtype == dtype and gradient.isfinite().all() for gradient in got)


@everywhere
def test_lists_and_arrays_are_refused_by_name(function):
    given = tensors_for(function, SINGLE)
    for name, tensor in given.items():
        for other, kind in ((tensor.tolist(), "list"), (tensor.numpy(), "ndarray"), (None, "None")):
            with pytest.raises(ValueError, match=f"{name} must be a torch tensor, got {kind}"):
                function(**{**given, name: other})


@everywhere
def test_whole_numbers_are_refused_where_floats_are_needed(function):
    given = tensors_for(function, SINGLE)
    for name in floats_of(given):
        whole = {**given, name: torch.zeros_like(given[name], dtype=torch.int64)}
        if name_of(function) in WHOLE_NUMBERS_WILL_DO:
            assert function(**whole).dtype == SINGLE
            continue
        message = rf"{name} must be floating-point numbers, got torch\.int64"
        with pytest.raises(ValueError, match=message):
            function(**whole)


@everywhere
def test_a_shape_that_would_broadcast_is_refused(function):
    given = tensors_for(function, SINGLE)
    for name, tensor in given.items():
        if len(given) > 1:
            with pytest.raises(ValueError, match="shape"):
                function(**{**given, name: tensor[:1]})


@everywhere
def test_complex_numbers_are_refused(function):
    given = tensors_for(function, SINGLE)
    for name in floats_of(given):
        with pytest.raises(ValueError, match=f"{name} must be (real|floating-point) numbers, got"):
            function(**{**given, name: given[name].to(torch.complex64)})


PER_ROW = {  # one answer for each row: none for none
    "action_log_probs",
    "entropy",
    "softmax_score",
    "chosen_q_values",
    "summed_dueling_q_values",
    "dueling_q_values",
    "max_centered_dueling_q_values",
}


@everywhere
def test_empty_input_is_refused_or_gives_an_empty_answer(function):
    given = {name: tensor[:0] for name, tensor in tensors_for(function, SINGLE).items()}
    if name_of(function) in PER_ROW:
        assert len(function(**given)) == 0
        return
    with pytest.raises(ValueError, match=r"must (hold at least one|have shape).*got .*\(0,"):
        function(**given)


@everywhere
def test_nan_never_passes_silently(function):
    # Chosen Q-values and dueling heads hand on what a network says; losses refuse it.
    if name_of(function) in PER_ROW - {"action_log_probs", "entropy", "softmax_score"}:
        return
    if function is backward_recurrence:
        return  # says so in its docstring
    given = tensors_for(function, SINGLE)
    for name in floats_of(given):
        if (name_of(function), name) == ("discounted_returns", "next_values"):
            continue  # ignored in the middle of an episode, see test_returns
        bad = given[name].clone()
        bad[(2,) + (0,) * (bad.ndim - 1)] = float("nan")
        with pytest.raises(ValueError, match=f"{name} must .*got nan"):
            function(**{**given, name: bad})


# gamma and its relatives


RATES = [
    (td_errors, {}),
    (generalized_advantage_estimation, {"gae_lambda": 0.5}),
    (discounted_returns, {}),
    (lambda_returns, {"gae_lambda": 0.5}),
    (n_step_returns, {"n": 2}),
    (q_learning_targets, {}),
    (double_q_learning_targets, {}),
]
of_gamma = pytest.mark.parametrize(("function", "rates"), RATES)


@of_gamma
@pytest.mark.parametrize("gamma", ["0.9", None, [0.9], np.full(4, 0.9), 0.9j, np.array(["a"])])
def test_a_gamma_that_is_no_number_is_refused(function, rates, gamma):
    with pytest.raises(ValueError, match=r"gamma must be a number in \[0, 1\], got "):
        function(**tensors_for(function, SINGLE), **rates, gamma=gamma)


@of_gamma
def test_a_gamma_per_copy_is_for_targets_only_and_must_have_their_shape(function, rates):
    given = tensors_for(function, SINGLE)
    if "targets" in function.__name__:
        with pytest.raises(ValueError, match=r"common shape, got rewards \(4,\), gamma \(1,\)"):
            function(**given, **rates, gamma=torch.tensor([0.9]))
        return
    with pytest.raises(ValueError, match=r"gamma must be a number in \[0, 1\], got tensor"):
        function(**given, **rates, gamma=torch.full((4,), 0.9))


@of_gamma
@pytest.mark.parametrize("kind", [torch.tensor, np.float32, np.float64, np.array])
def test_gamma_may_be_a_scalar_of_numpy_or_torch(function, rates, kind):
    given = tensors_for(function, DOUBLE)
    assert_close(function(**given, **rates, gamma=kind(0.5)), function(**given, **rates, gamma=0.5))
    for bad in (1.5, -0.5, math.nan):
        with pytest.raises(ValueError, match=rf"gamma must lie in \[0, 1\], got {bad}"):
            function(**given, **rates, gamma=kind(bad))


@pytest.mark.parametrize("function", [generalized_advantage_estimation, lambda_returns])
def test_lambda_is_a_number_too(function):
    given = tensors_for(function, DOUBLE)
    half = function(**given, gamma=0.9, gae_lambda=0.5)
    assert_close(function(**given, gamma=0.9, gae_lambda=torch.tensor(0.5)), half)
    with pytest.raises(ValueError, match=r"gae_lambda must be a number in \[0, 1\], got 'x'"):
        function(**given, gamma=0.9, gae_lambda="x")


# vectors of parameters


def test_trust_region_functions_return_float32_for_half_precision():
    def kl_of(parameters):
        return (parameters**2).sum() / 2

    for dtype, wide in ((HALF, SINGLE), (torch.bfloat16, SINGLE), (DOUBLE, DOUBLE)):
        zero, one = torch.zeros(2, dtype=dtype), torch.ones(2, dtype=dtype)
        assert fisher_operator(kl_of, zero)(one).dtype == wide
        assert conjugate_gradient(lambda v: 2 * v, one).tolist() == [0.5, 0.5]
        assert conjugate_gradient(lambda v: 2 * v, one).dtype == wide
        assert natural_step(lambda v: v, one, max_kl=1.0).dtype == wide
        assert line_search(torch.sum, kl_of, zero, one, max_kl=2.0).parameters.dtype == wide
        seen = set()

        def total(parameters, seen=seen):
            seen.add(parameters.dtype)
            return parameters.sum()

        step = trust_region_step(total, kl_of, zero, max_kl=1.0)
        assert seen == {wide}
        assert step.parameters.dtype == wide
        assert_close(step.parameters, torch.ones(2, dtype=wide))


@pytest.mark.parametrize(("wrong", "kind"), [([1.0], "list"), (np.ones(1), "ndarray")])
def test_trust_region_functions_refuse_what_is_no_tensor(wrong, kind):
    one = torch.ones(1)
    calls = {
        "target": lambda: conjugate_gradient(lambda v: v, wrong),
        "gradient": lambda: natural_step(lambda v: v, wrong, max_kl=1.0),
        "step": lambda: line_search(torch.sum, torch.sum, one, wrong, max_kl=1.0),
        "parameters": lambda: trust_region_step(torch.sum, torch.sum, wrong, max_kl=1.0),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"{name} must be a torch tensor, got {kind}"):
            call()
    with pytest.raises(ValueError, match="target must be floating-point numbers"):
        conjugate_gradient(lambda v: v, torch.ones(1, dtype=torch.int64))


# the parts


def test_one_dtype_of_at_least_32_bits():
    def dtypes(*given):
        named = {f"x{i}": torch.zeros(1, dtype=dtype) for i, dtype in enumerate(given)}
        return {tensor.dtype for tensor in at_least_float32(**named)}

    assert dtypes(HALF) == dtypes(torch.bfloat16, HALF) == dtypes(torch.int64) == {SINGLE}
    assert dtypes(HALF, SINGLE) == dtypes(torch.int64, SINGLE) == dtypes(torch.bool) == {SINGLE}
    assert dtypes(HALF, DOUBLE) == dtypes(SINGLE, DOUBLE) == dtypes(DOUBLE, torch.int8) == {DOUBLE}


def test_what_needs_no_change_is_handed_on_as_it_is():
    one, two = torch.ones(2), torch.zeros(2)
    assert [a is b for a, b in zip(counted(None, a=one, b=two), (one, two), strict=True)] == [
        True,
        True,
    ]


def test_an_overflow_names_the_sizes_of_what_counts():
    mask = torch.tensor([True, False])
    values, targets = torch.tensor([3.0, 99.0]), torch.tensor([-4.0, 99.0])
    message = "values and targets must not overflow in the result, got values up to 3, targets "
    with pytest.raises(ValueError, match=f"{message}up to 4"):
        finite_result(torch.tensor(math.inf), mask, values=values, targets=targets)
    for loss in (value_loss, squared_td_loss):
        with pytest.raises(
            ValueError, match=r"must not overflow in the result, got .* up to 1e\+30"
        ):
            loss(torch.tensor([1e30]), torch.tensor([0.0]))


def test_flags_are_bools_and_numbers_are_floats():
    with pytest.raises(ValueError, match=r"terminated must be a bool tensor, got torch\.uint8"):
        require_flags(terminated=torch.zeros(1, dtype=torch.uint8))
    assert unit_interval(gamma=np.float64(0.5), gae_lambda=1) == [0.5, 1.0]


@pytest.mark.parametrize("counts", [[[True, True], [True, True]], [[True, False], [False, True]]])
def test_what_counts_comes_in_the_order_of_an_index_with_the_same_gradient(counts):
    numbers, mask = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), torch.tensor(counts)
    for column in (numbers, numbers.T):
        one, other = where_counted(column, mask), column[mask]
        assert_close(one, other, rtol=0, atol=0)
        slopes = [torch.autograd.grad((x**3).sum(), numbers)[0] for x in (one, other)]
        assert_close(*slopes, rtol=0, atol=0)


@pytest.mark.parametrize("mask", [[[True, True], [True, True]], [[False, True], [True, False]]])
def test_what_counts_goes_back_to_its_places_with_its_gradient(mask):
    mask = torch.tensor(mask)
    numbers = torch.arange(1.0, 1 + mask.sum()).requires_grad_(True)
    table = at_counted(numbers, mask)
    assert torch.equal(where_counted(table, mask), numbers)
    assert not table[~mask].any()
    weights = torch.tensor([[3.0, 5.0], [7.0, 11.0]])
    (table * weights).sum().backward()
    assert torch.equal(numbers.grad, weights[mask])


def test_rows_of_a_table_count_as_they_are_or_in_part():
    table = torch.arange(12.0).view(2, 2, 3)
    every, some = torch.ones(2, 2, dtype=torch.bool), torch.tensor([[False, True], [True, False]])
    assert where_counted(table, every).tolist() == table.view(4, 3).tolist()
    assert where_counted(table, some).tolist() == [[3, 4, 5], [6, 7, 8]]
