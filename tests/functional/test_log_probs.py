"""Softmax log-probabilities: hand numbers, gradients, masks, bad input."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.functional.log_probs import action_log_probs, entropy, softmax_score

INF = math.inf


@pytest.fixture
def logits() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 5, 4, generator=generator, dtype=torch.float64)


@pytest.fixture
def actions() -> torch.Tensor:
    return torch.randint(4, (2, 5), generator=torch.Generator().manual_seed(1))


def row(*numbers) -> torch.Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def test_worked_example_by_hand():
    # Weights 1, 2, 5 out of 8.
    logits = row(0, math.log(2), math.log(5))
    for action, prob in enumerate([1 / 8, 2 / 8, 5 / 8]):
        taken = torch.tensor([action])
        assert action_log_probs(logits, taken).item() == pytest.approx(math.log(prob))
        expected = [float(action == b) - p for b, p in enumerate([1 / 8, 2 / 8, 5 / 8])]
        assert softmax_score(logits, taken)[0].tolist() == pytest.approx(expected)
    # Two bits less the known part: 1/8 * 3 + 2/8 * 2 + 5/8 * log2(8/5), in nats.
    bits = 3 / 8 + 4 / 8 + 5 / 8 * math.log2(8 / 5)
    assert entropy(logits).item() == pytest.approx(bits * math.log(2))


def test_agrees_with_torch_distributions(logits, actions):
    categorical = torch.distributions.Categorical(logits=logits)
    assert_close(action_log_probs(logits, actions), categorical.log_prob(actions))
    assert_close(entropy(logits), categorical.entropy())


def test_the_score_is_the_gradient_of_the_log_probability(logits, actions):
    logits.requires_grad_()
    action_log_probs(logits, actions).sum().backward()
    assert_close(softmax_score(logits, actions), logits.grad, check_dtype=True)


def test_the_mean_score_under_the_policy_is_zero(logits):
    probs = torch.softmax(logits, dim=-1)
    mean = sum(probs[..., [a]] * softmax_score(logits, torch.full((2, 5), a)) for a in range(4))
    assert_close(mean, torch.zeros_like(mean), atol=1e-15, rtol=0)


def test_a_shift_of_all_logits_changes_nothing(logits, actions):
    assert_close(action_log_probs(logits + 300, actions), action_log_probs(logits, actions))
    assert_close(entropy(logits - 300), entropy(logits))


def test_log_probabilities_are_valid_logits_and_probabilities_are_not(logits, actions):
    once = torch.log_softmax(logits, dim=-1)
    assert_close(action_log_probs(once, actions), action_log_probs(logits, actions))
    # Probabilities (0.9, 0.1) taken for logits: e^0.9 / (e^0.9 + e^0.1) = 0.69.
    wrong = action_log_probs(row(0.9, 0.1), torch.tensor([0])).exp().item()
    assert wrong == pytest.approx(1 / (1 + math.exp(-0.8)))
    assert wrong == pytest.approx(0.69, abs=0.001)


def test_extreme_logits_stay_finite_where_a_logarithm_of_the_softmax_would_not():
    logits = row(1000.0, 0.0).requires_grad_()
    log_prob = action_log_probs(logits, torch.tensor([1]))
    assert log_prob.item() == -1000
    (log_prob + entropy(logits)).sum().backward()
    assert logits.grad.tolist() == [[-1, 1]]
    assert torch.softmax(logits, dim=-1).log()[0, 1].item() == -INF


def test_entropy_of_a_certain_and_of_a_uniform_policy():
    assert entropy(row(0.0, -INF, -INF)).item() == 0
    assert entropy(torch.zeros(3, 7)).tolist() == pytest.approx([math.log(7)] * 3)


def test_a_masked_action_takes_no_part():
    masked, rest = row(0.3, -INF, 1.0).requires_grad_(), row(0.3, 1.0)
    assert_close(entropy(masked), entropy(rest))
    assert_close(
        action_log_probs(masked, torch.tensor([2])), action_log_probs(rest, torch.tensor([1]))
    )
    assert softmax_score(masked, torch.tensor([0]))[0, 1].item() == 0
    (entropy(masked) + action_log_probs(masked, torch.tensor([2]))).sum().backward()
    assert masked.grad.isfinite().all()
    assert masked.grad[0, 1].item() == 0


def test_gradient_of_the_entropy(logits):
    assert torch.autograd.gradcheck(entropy, (logits.requires_grad_(),))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_is_kept(dtype):
    logits, actions = torch.zeros(3, 2, dtype=dtype), torch.tensor([0, 1, 0])
    for result in (action_log_probs(logits, actions), entropy(logits)):
        assert result.dtype == dtype
    assert softmax_score(logits, actions).dtype == dtype


@pytest.mark.parametrize(
    ("logits", "actions", "message"),
    [
        (row(0, 0), torch.tensor([0, 1]), r"logits must have shape \[\*actions.shape, A\]"),
        (row(0, 0), torch.tensor(0), r"logits must have shape \[\*actions.shape, A\]"),
        (row(0, 0), torch.tensor([2]), r"actions must lie in \[0, 2\), got \[2\]"),
        (row(0, 0), torch.tensor([-1]), r"actions must lie in \[0, 2\), got \[-1\]"),
        (row(0, 0), torch.tensor([1.0]), "actions must be int64, got torch.float32"),
        (row(0, math.nan), torch.tensor([0]), "logits must not be NaN"),
        (row(0, INF), torch.tensor([0]), "logits must not be NaN or plus infinity"),
        (row(-INF, -INF), torch.tensor([0]), "got only -inf at"),
        (row(0, -INF), torch.tensor([1]), "actions must not be masked out"),
    ],
)
def test_bad_input_names_the_argument(logits, actions, message):
    for function in (action_log_probs, softmax_score):
        with pytest.raises(ValueError, match=message):
            function(logits, actions)


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        (row(0, math.nan), "logits must not be NaN"),
        (row(-INF, -INF), "got only -inf at"),
        (torch.zeros(()), r"logits must have shape \[..., A\]"),
        (torch.zeros(3, 0), r"logits must have shape \[..., A\]"),
    ],
)
def test_entropy_refuses_what_is_no_policy(logits, message):
    with pytest.raises(ValueError, match=message):
        entropy(logits)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_probability_that_rounds_to_zero_takes_no_part_in_the_entropy(dtype):
    # Weights 1 and e^-15; what is masked with the smallest number of the dtype is 0.
    lowest = torch.finfo(dtype).min
    logits = torch.tensor([[16.0, 1.0, lowest]], dtype=dtype, requires_grad=True)
    undecided = entropy(logits)
    undecided.sum().backward()
    rest = math.exp(-15)
    expected = math.log1p(rest) + 15 * rest / (1 + rest)
    assert undecided.item() == pytest.approx(expected, rel=0.02)  # log(1 + e^-15) in float32
    assert logits.grad.isfinite().all()
    assert logits.grad[0, 2].item() == 0


def test_a_probability_of_zero_beside_an_infinite_logarithm():
    # In float32 the difference of the two logits overflows: log 0 is -inf by rounding.
    largest = torch.finfo(torch.float32).max
    logits = torch.tensor([largest, -largest], requires_grad=True)
    assert torch.log_softmax(logits.detach(), dim=0)[1].item() == -INF
    undecided = entropy(logits)
    undecided.backward()
    assert undecided.item() == 0
    assert logits.grad.tolist() == [0, 0]


def test_a_bad_logit_is_named_with_its_place():
    for function in (entropy, lambda logits: action_log_probs(logits, torch.tensor([0, 0]))):
        for bad in ("nan", "inf"):
            logits = torch.tensor([[0.0, 0.0], [0.0, float(bad)]])
            message = rf"logits must not be NaN or plus infinity, got {bad} at \(1, 1\)"
            with pytest.raises(ValueError, match=message):
                function(logits)
