"""mask= in every function that has it: what is not counted reaches nothing."""

from functools import partial

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.advantages import normalize_advantages
from rlnotes.functional.kl_penalty import ppo_kl_penalty_loss
from rlnotes.functional.policy_gradients import (
    clip_fraction,
    entropy_bonus,
    ppo_clip_loss,
    reinforce_loss,
    value_loss,
)
from rlnotes.functional.preference_variants import (
    conservative_dpo_loss,
    hinge_dpo_loss,
    ipo_loss,
    robust_dpo_loss,
)
from rlnotes.functional.preferences import dpo_loss, reward_model_loss
from rlnotes.functional.q_targets import huber_td_loss, squared_td_loss
from rlnotes.functional.trust_region import mean_kl, surrogate_objective

MASK = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0]], dtype=torch.bool)  # two padded rows
ANYTHING = (float("nan"), float("inf"), -float("inf"), 1e30)

# function, axes of each argument behind [B, T], whether each may carry a gradient
FUNCTIONS = {
    "reinforce_loss": (reinforce_loss, "tn"),
    "value_loss": (value_loss, "tn"),
    "ppo_clip_loss": (partial(ppo_clip_loss, clip_epsilon=0.2), "tnn"),
    "ppo_kl_penalty_loss": (partial(ppo_kl_penalty_loss, beta=0.7), "tnnt"),
    "reward_model_loss": (reward_model_loss, "tt"),
    "dpo_loss": (partial(dpo_loss, beta=0.7), "tttt"),
    "conservative_dpo_loss": (
        partial(conservative_dpo_loss, beta=0.7, label_smoothing=0.2),
        "tttt",
    ),
    "robust_dpo_loss": (partial(robust_dpo_loss, beta=0.7, flip_rate=0.2), "tttt"),
    "ipo_loss": (partial(ipo_loss, beta=0.7), "tttt"),
    "hinge_dpo_loss": (partial(hinge_dpo_loss, beta=0.7), "tttt"),
    "surrogate_objective": (surrogate_objective, "tnn"),
    "squared_td_loss": (squared_td_loss, "tn"),
    "huber_td_loss": (huber_td_loss, "tn"),
    "squared_td_loss, weighted": (squared_td_loss, "tnn"),
    "huber_td_loss, weighted": (huber_td_loss, "tnn"),
    "entropy_bonus": (entropy_bonus, "T"),
    "mean_kl": (mean_kl, "TT"),
    "normalize_advantages": (normalize_advantages, "t"),
    "clip_fraction": (partial(clip_fraction, clip_epsilon=0.2), "nn"),
}
SCALARS = [name for name in FUNCTIONS if name != "normalize_advantages"]
# t trained, n not, both [B, T]; T trained, [B, T, A]
everywhere = pytest.mark.parametrize("name", FUNCTIONS)


def arguments(name: str) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    shapes = [(2, 4, 3) if kind == "T" else (2, 4) for kind in FUNCTIONS[name][1]]
    return [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes]


def with_junk(tensors: list[torch.Tensor], junk: float) -> list[torch.Tensor]:
    """Copies that require a gradient, with junk in all places that do not count."""
    copies = [tensor.clone() for tensor in tensors]
    for copy in copies:
        copy[~MASK] = junk
    return [copy.requires_grad_() for copy in copies]


@pytest.mark.parametrize("junk", ANYTHING)
@pytest.mark.parametrize("name", SCALARS)
def test_the_result_is_that_of_the_counted_elements_alone(name, junk):
    function, _ = FUNCTIONS[name]
    alone = function(*(tensor[MASK] for tensor in arguments(name)))
    assert alone.shape == ()
    assert_close(function(*with_junk(arguments(name), junk), mask=MASK), alone, atol=0, rtol=1e-14)


@pytest.mark.parametrize("junk", ANYTHING)
@everywhere
def test_what_does_not_count_gets_a_gradient_of_zero_and_the_rest_that_of_the_selection(name, junk):
    function, kinds = FUNCTIONS[name]
    tensors = with_junk(arguments(name), junk)
    selected = [tensor[MASK].requires_grad_() for tensor in arguments(name)]
    result, alone = function(*tensors, mask=MASK), function(*selected)
    if name == "clip_fraction":
        assert not result.requires_grad
        return
    (result**2).sum().backward()
    (alone**2).sum().backward()
    for kind, tensor, part in zip(kinds, tensors, selected, strict=True):
        if kind == "n":
            assert tensor.grad is None
            continue
        assert (tensor.grad[~MASK] == 0).all()
        assert_close(tensor.grad[MASK], part.grad, atol=1e-15, rtol=1e-14)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "clip_fraction"])
def test_gradcheck_with_a_mask(name):
    function, kinds = FUNCTIONS[name]
    tensors = arguments(name)
    trained = [i for i, kind in enumerate(kinds) if kind != "n"]

    def of_trained(*changed):
        given = [tensor.detach() for tensor in tensors]
        for i, tensor in zip(trained, changed, strict=True):
            given[i] = tensor
        return function(*given, mask=MASK)

    leaves = tuple(tensors[i].requires_grad_() for i in trained)
    assert torch.autograd.gradcheck(of_trained, leaves)


@everywhere
def test_no_mask_counts_all(name):
    function, _ = FUNCTIONS[name]
    tensors = arguments(name)
    assert_close(function(*tensors, mask=torch.ones_like(MASK)), function(*tensors))
    assert_close(function(*tensors, mask=None), function(*tensors), atol=0, rtol=0)


@everywhere
def test_only_what_counts_must_be_finite_and_the_message_tells_its_place(name):
    function, _ = FUNCTIONS[name]
    for number in range(len(arguments(name))):
        tensors = arguments(name)
        tensors[number][1, 1] = float("nan")
        tensors[number][0, 3] = float("nan")  # comes first, and does not count
        with pytest.raises(ValueError, match=r"got nan at \(1, 1"):
            function(*tensors, mask=MASK)


@everywhere
@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.zeros(2, 4, dtype=torch.bool), "mask must count at least one element, got none of"),
        (MASK[0], r"common shape, got .*mask \(4,\)"),
        (MASK[:, :1], r"common shape, got .*mask \(2, 1\)"),
        (MASK.double(), r"mask must be a bool tensor, got torch\.float64"),
        (MASK.long(), r"mask must be a bool tensor, got torch\.int64"),
        (MASK.numpy(), "mask must be a torch tensor, got ndarray"),
        (MASK.tolist(), "mask must be a torch tensor, got list"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(name, mask, message):
    function, _ = FUNCTIONS[name]
    with pytest.raises(ValueError, match=message):
        function(*arguments(name), mask=mask)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@everywhere
def test_half_precision_with_a_mask_comes_back_in_float32(name, dtype):
    function, _ = FUNCTIONS[name]
    tensors = [tensor.to(dtype) for tensor in arguments(name)]
    result = function(*tensors, mask=MASK)
    assert result.dtype == torch.float32
    assert_close(result, function(*(t.float() for t in tensors), mask=MASK), atol=0, rtol=0)


def test_losses_of_padded_completions_by_hand():
    # Counted: -(-1 * 1 + -2 * 2) / 2 = 2.5; zeros in place of padding give 5 / 4.
    nan = float("nan")
    log_probs, weights = torch.tensor([[-1.0, -2.0], [-3.0, nan]]), torch.tensor([[1.0, 2], [9, 9]])
    mask = torch.tensor([[True, True], [False, False]])
    assert reinforce_loss(log_probs, weights, mask=mask).item() == 2.5
    # (2 - 0)^2 / 2 and (1 - 0)^2 / 2, mean 1.25.
    values = torch.tensor([2.0, 1.0, nan])
    mask = torch.tensor([True, True, False])
    assert value_loss(values, torch.zeros(3), mask=mask).item() == 1.25
    # One of two ratios, 1 and 3, lies outside the band.
    old = torch.zeros(3)
    ratios = torch.tensor([1.0, 3.0, nan])
    assert clip_fraction(ratios.log(), old, clip_epsilon=0.2, mask=mask).item() == 0.5


def test_padding_is_left_out_of_mean_and_spread_and_stays_zero():
    # 1, 2, 3: mean 2, std 1. With three zeros in it all three would be pushed up.
    advantages = torch.tensor([[1.0, 2, 3, 0, 0, 0], [0.0] * 6])
    mask = advantages > 0
    expected = torch.tensor([[-1.0, 0, 1, 0, 0, 0], [0.0] * 6])
    assert_close(normalize_advantages(advantages, mask=mask), expected)
    advantages[~mask] = float("nan")
    assert_close(normalize_advantages(advantages, mask=mask), expected)
    equal = torch.tensor([0.3, 0.3, 5.0])
    mask = torch.tensor([True, True, False])
    assert torch.equal(normalize_advantages(equal, mask=mask), torch.zeros(3))


def test_an_overflow_tells_the_size_of_what_counts():
    mask, old = torch.tensor([True, False]), torch.zeros(2)
    advantages = torch.tensor([-1e20, 1e30])
    with pytest.raises(ValueError, match=r"advantages must not be so large .* got 1e\+20 at"):
        ppo_clip_loss(old + 80, old, advantages, clip_epsilon=0.2, mask=mask)
    with pytest.raises(ValueError, match=r"got advantages up to 1e\+20"):
        surrogate_objective(old + 80, old, advantages, mask=mask)


def test_logits_without_an_axis_of_actions_are_refused_with_a_mask_too():
    with pytest.raises(ValueError, match=r"logits must have shape \[..., A\], got \(\)"):
        entropy_bonus(torch.tensor(1.0), mask=torch.tensor(True))
    with pytest.raises(ValueError, match=r"got old_logits \(2, 3\), logits \(2, 2\)"):
        mean_kl(torch.zeros(2, 3), torch.zeros(2, 2), mask=torch.tensor([True, True]))


def test_an_action_masked_out_of_a_counted_row_is_no_padding():
    logits = torch.tensor([[0.0, 0.0, -torch.inf], [torch.nan] * 3])
    mask = torch.tensor([True, False])
    assert entropy_bonus(logits, mask=mask).exp().item() == pytest.approx(2)
    with pytest.raises(ValueError, match=r"logits must leave one action .* only -inf at \(0,\)"):
        entropy_bonus(torch.full((2, 3), -torch.inf), mask=mask)
