"""KL estimators by enumeration: hand numbers, derivatives by hand, known gradients."""

import math

import pytest
import torch
from torch.testing import assert_close

from rlnotes.exact.kl_estimators import (
    ESTIMATORS,
    PLACES,
    expected_kl_gradient,
    forward_kl_gradient,
    kl_gradient,
    kl_moments,
    kl_shares,
)

LOGITS = torch.tensor([0.3, -1.2, 0.8, 0.1], dtype=torch.float64)
POLICY = LOGITS.softmax(-1)
REFERENCE = torch.tensor([0.1, 0.4, 0.2, 0.3], dtype=torch.float64)
SAMPLER = torch.tensor([0.5, 0.0, 0.2, 0.3], dtype=torch.float64)
LOG_R = (REFERENCE / POLICY).log()

# What multiplies grad log pi(a), worked out by hand: with r = pi_ref / pi and
# d log r / d log pi = -1. k1 = -log r, k2 = (log r)^2 / 2, k3 = r - 1 - log r.
WEIGHTS = {
    ("reward", "k1"): -LOG_R,
    ("reward", "k2"): LOG_R**2 / 2,
    ("reward", "k3"): LOG_R.exp() - 1 - LOG_R,
    ("loss", "k1"): torch.ones(4, dtype=torch.float64),
    ("loss", "k2"): -LOG_R,
    ("loss", "k3"): 1 - LOG_R.exp(),
    ("loss times ratio", "k1"): 1 - LOG_R,
    ("loss times ratio", "k2"): LOG_R**2 / 2 - LOG_R,
    ("loss times ratio", "k3"): -LOG_R,
}


def by_finite_differences(divergence) -> torch.Tensor:
    step = 1e-6
    columns = []
    for shift in step * torch.eye(4, dtype=torch.float64):
        up, down = (divergence((LOGITS + sign * shift).softmax(-1)) for sign in (1, -1))
        columns.append((up - down) / (2 * step))
    return torch.stack(columns)


REVERSE = by_finite_differences(lambda policy: (policy * (policy / REFERENCE).log()).sum())
FORWARD = by_finite_differences(lambda policy: (REFERENCE * (REFERENCE / policy).log()).sum())


def gradient(estimator: str, place: str, sampling_probs=POLICY, logits=LOGITS) -> torch.Tensor:
    where = {"estimator": estimator, "place": place}
    return expected_kl_gradient(logits, REFERENCE.log(), sampling_probs, **where)


def test_the_exact_gradients_are_those_of_finite_differences():
    forward = forward_kl_gradient(LOGITS, REFERENCE.log())
    assert_close(forward, FORWARD, atol=1e-9, rtol=1e-7)
    assert_close(forward, POLICY - REFERENCE)
    assert_close(kl_gradient(LOGITS, REFERENCE.log()), REVERSE, atol=1e-9, rtol=1e-7)
    both = kl_gradient(torch.stack([LOGITS, REFERENCE.log()]), torch.stack([REFERENCE.log()] * 2))
    assert_close(both[1], torch.zeros(4, dtype=torch.float64))


@pytest.mark.parametrize("sampling_probs", [POLICY, SAMPLER])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_mean_gradient_is_the_weighted_score(estimator, place, sampling_probs):
    scores = torch.eye(4, dtype=torch.float64) - POLICY  # row a: grad log pi(a)
    expected = (sampling_probs * WEIGHTS[place, estimator]) @ scores
    assert_close(gradient(estimator, place, sampling_probs), expected)


@pytest.mark.parametrize(
    ("estimator", "place", "expected"),
    [
        ("k1", "reward", REVERSE),
        ("k1", "loss", torch.zeros(4).double()),
        ("k2", "loss", REVERSE),
        ("k3", "loss", FORWARD),
        ("k3", "loss times ratio", REVERSE),
        ("k1", "loss times ratio", REVERSE),
    ],
)
def test_whose_gradient_it_is_on_policy(estimator, place, expected):
    assert_close(gradient(estimator, place), expected, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize(
    ("estimator", "place"),
    [("k2", "reward"), ("k3", "reward"), ("k2", "loss times ratio"), ("k3", "loss")],
)
def test_whose_gradient_it_is_not(estimator, place):
    assert (gradient(estimator, place) - REVERSE).abs().max() > 0.05


def test_moments_and_shares_by_hand():
    # Policy (.5, .5), reference (.25, .75): k1 = log 2 and log 2/3, k3 = r - 1 + k1.
    half, uneven = torch.tensor([[0.5, 0.5], [0.25, 0.75]], dtype=torch.float64)
    low, high = math.log(2 / 3), math.log(2)
    arguments = (half.log(), uneven.log())
    assert kl_moments(*arguments, half, estimator="k1") == (
        pytest.approx((low + high) / 2),
        pytest.approx((high - low) / 2),
    )
    assert kl_moments(*arguments, half, estimator="k3") == (
        pytest.approx((low + high) / 2),
        pytest.approx(abs(high - 0.5 - low - 0.5) / 2),
    )
    certain = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert kl_moments(*arguments, certain, estimator="k2") == (pytest.approx(low**2 / 2), 0)
    shares = kl_shares(*arguments, torch.stack([half, certain]), estimator="k1")
    assert_close(shares, torch.tensor([[high / 2, low / 2], [0, low]], dtype=torch.float64))


@pytest.mark.parametrize("place", PLACES)
def test_rows_of_samplers_do_not_mix(place):
    rows = gradient("k3", place, torch.stack([POLICY, SAMPLER]))
    assert_close(rows[0], gradient("k3", place, POLICY))
    assert_close(rows[1], gradient("k3", place, SAMPLER))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"estimator": "k4"}, "estimator must be one of .* got 'k4'"),
        ({"place": "value"}, "place must be one of .* got 'value'"),
        ({"sampling_probs": SAMPLER[:3]}, r"sampling_probs must have shape .* \(3,\) for \(4,\)"),
        ({"sampling_probs": SAMPLER * 2}, "sampling_probs must sum to one, got 2"),
        ({"sampling_probs": -SAMPLER}, "sampling_probs must not be negative"),
        ({"sampling_probs": [1.0]}, "sampling_probs must be a torch tensor, got list"),
        ({"logits": LOGITS * math.nan}, "logits must not be NaN"),
        ({"logits": LOGITS[None]}, r"sampling_probs must have shape .* for \(1, 4\)"),
        (
            {"logits": LOGITS[0], "sampling_probs": torch.tensor(1.0)},
            r"sampling_probs must have shape .* got \(\) for \(\)",
        ),
    ],
)
def test_bad_input_names_the_argument(change, message):
    arguments = {"estimator": "k1", "place": "loss", **change}
    with pytest.raises(ValueError, match=message):
        gradient(**arguments)
    if "place" in change or "logits" in change:
        return
    for function in (kl_moments, kl_shares):
        with pytest.raises(ValueError, match=message):
            function(
                POLICY.log(),
                REFERENCE.log(),
                change.get("sampling_probs", SAMPLER),
                estimator=arguments["estimator"],
            )


@pytest.mark.parametrize("function", [kl_gradient, forward_kl_gradient])
def test_exact_gradients_without_grad_and_with_a_bad_reference(function):
    expected = function(LOGITS, REFERENCE.log())
    with torch.no_grad():
        assert_close(function(LOGITS, REFERENCE.log()), expected)
    with pytest.raises(ValueError, match="common shape"):
        function(LOGITS, REFERENCE[:3].log())
    with pytest.raises(ValueError, match="ref_log_probs must be a torch tensor, got list"):
        function(LOGITS, [0.0])
    with pytest.raises(ValueError, match="logits must be a torch tensor, got list"):
        function([0.0], REFERENCE.log())


def test_an_infinite_divergence_has_no_gradient():
    missing = torch.tensor([1.0, 0.0, 0.0, 0.0]).log()
    message = "logits and ref_log_probs must have a finite divergence, got inf"
    with pytest.raises(ValueError, match=message):
        kl_gradient(LOGITS, missing.to(LOGITS))
    with pytest.raises(ValueError, match=message):
        forward_kl_gradient(missing.to(LOGITS), REFERENCE.log())


@pytest.mark.parametrize("place", ["reward", "loss", "loss times ratio"])
def test_mean_gradients_without_grad(place):
    expected = gradient("k3", place)
    with torch.no_grad():
        assert_close(gradient("k3", place), expected)


def test_a_reference_of_another_shape_is_refused():
    for function in (kl_moments, kl_shares):
        for bad in (REFERENCE[:1].log(), REFERENCE.log()[None]):
            with pytest.raises(ValueError, match="common shape"):
                function(POLICY.log(), bad, SAMPLER, estimator="k3")
        with pytest.raises(ValueError, match="ref_log_probs must be a torch tensor, got list"):
            function(POLICY.log(), [0.0] * 4, SAMPLER, estimator="k3")
    with pytest.raises(ValueError, match="common shape"):
        expected_kl_gradient(LOGITS, REFERENCE[:1].log(), SAMPLER, estimator="k3", place="reward")
