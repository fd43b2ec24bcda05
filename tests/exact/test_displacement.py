"""DPO on a pair that shares features: hand numbers, autograd, a theorem, bad input."""

import fractions
import math

import numpy as np
import pytest
import torch

from rlnotes.exact.displacement import (
    chosen_alignment,
    log_prob_rates,
    preference_path,
)
from rlnotes.functional.preferences import dpo_loss, pair_margins


def chosen_falls(*args, **pair) -> bool:
    return chosen_alignment(*args, **pair) < 0


PAIR = {"chosen": 2, "rejected": 0}
FREE = np.eye(3)
THIRDS = np.full(3, 1 / 3)
# Chosen and rejected differ in the second number only; the third answer has most of it.
ALIKE = np.array([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]])
OF_ALIKE = {"chosen": 1, "rejected": 0, "beta": 0.5, "learning_rate": 1.0}


@pytest.fixture
def world() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {"ref_logits": rng.normal(size=5), "features": rng.normal(size=(5, 2))}


def loss_of(theta, world, *, beta: float, sft_weight: float) -> torch.Tensor:
    """The loss through log-probabilities, whose normalizers do not cancel by hand."""
    ref = torch.tensor(world["ref_logits"]).log_softmax(-1)
    logs = (
        torch.tensor(world["ref_logits"]) + torch.tensor(world["features"]) @ theta
    ).log_softmax(-1)
    c, r = PAIR["chosen"], PAIR["rejected"]
    pair = logs[c, None], logs[r, None], ref[c, None], ref[r, None]
    return dpo_loss(*pair, beta=beta) - sft_weight * logs[c], logs, pair_margins(*pair, beta=beta)


def test_alignment_by_hand():
    # phi_c - phi_r = (0, .2). Mean of the second feature .5 * .2 + .25 * 1 = .35:
    # (.2 - .35) * .2 = -.03.
    probs = np.array([0.25, 0.5, 0.25])
    assert chosen_alignment(probs, ALIKE, chosen=1, rejected=0) == pytest.approx(-0.03)
    assert chosen_falls(probs, ALIKE, chosen=1, rejected=0)
    # With less of the third answer: .8 * .2 + .1 = .26, then .9 * .2 + 0 = .18.
    assert chosen_falls(np.array([0.1, 0.8, 0.1]), ALIKE, chosen=1, rejected=0)
    assert not chosen_falls(np.array([0.1, 0.9, 0.0]), ALIKE, chosen=1, rejected=0)
    # The other way round: (0 - .35) * -.2 = .07.
    assert chosen_alignment(probs, ALIKE, chosen=0, rejected=1) == pytest.approx(0.07)


def test_rates_by_hand():
    # Scores of the chosen answer (2, -1, -1) / 3; step = .5 (1, -1, 0) + .3 of those.
    rates = log_prob_rates(THIRDS, FREE, chosen=0, rejected=1, pull=0.5, sft_weight=0.3)
    # step = (.7, -.6, -.1) has mean 0, so it is the rate itself.
    assert rates == pytest.approx([0.7, -0.6, -0.1])


@pytest.mark.parametrize("sft_weight", [0.0, 0.4])
@pytest.mark.parametrize("beta", [0.1, 2.0])
def test_the_path_is_gradient_descent_on_the_loss_by_autograd(world, beta, sft_weight):
    settings = {"beta": beta, "sft_weight": sft_weight}
    path = preference_path(**world, **PAIR, **settings, learning_rate=0.3, num_steps=7)
    theta = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    for n in range(8):
        loss, logs, margin = loss_of(theta, world, **settings)
        assert path.losses[n] == pytest.approx(loss.item(), abs=1e-12)
        assert path.log_probs[n] == pytest.approx(logs.detach().numpy(), abs=1e-12)
        assert path.margins[n] == pytest.approx(margin.item(), abs=1e-12)
        (gradient,) = torch.autograd.grad(loss, theta)
        theta = (theta - 0.3 * gradient).detach().requires_grad_()
    assert len(path.losses) == len(path.margins) == len(path.log_probs) == len(path.rates) == 8


@pytest.mark.parametrize("sft_weight", [0.0, 0.4])
def test_rates_are_the_slopes_of_log_probabilities_along_the_step(world, sft_weight):
    settings = {"beta": 0.7, "sft_weight": sft_weight}
    theta = torch.tensor([0.4, -1.1], dtype=torch.float64, requires_grad=True)
    loss, logs, margin = loss_of(theta, world, **settings)
    (gradient,) = torch.autograd.grad(loss, theta)
    near = [loss_of(theta.detach() - h * gradient, world, **settings)[1] for h in (1e-5, -1e-5)]
    slopes = ((near[0] - near[1]) / 2e-5).numpy()
    pull = 0.7 / (1 + math.exp(margin.item()))
    probs = logs.detach().exp().numpy()
    rates = log_prob_rates(probs, world["features"], **PAIR, pull=pull, sft_weight=sft_weight)
    assert rates == pytest.approx(slopes, abs=1e-8)
    assert probs @ rates == pytest.approx(0, abs=1e-12)


def test_rates_of_the_path_are_those_of_each_of_its_steps(world):
    settings = {"beta": 0.7, "sft_weight": 0.2, "num_steps": 6}
    path = preference_path(**world, **PAIR, **settings, learning_rate=1e-6)
    changes = np.diff(path.log_probs, axis=0) / 1e-6
    assert path.rates[:-1] == pytest.approx(changes, abs=1e-5)
    far = preference_path(**world, **PAIR, **settings, learning_rate=0.5)
    for n in (0, 6):
        pull = 0.7 / (1 + math.exp(far.margins[n]))
        one = log_prob_rates(
            np.exp(far.log_probs[n]), world["features"], **PAIR, pull=pull, sft_weight=0.2
        )
        assert far.rates[n] == pytest.approx(one)


@pytest.mark.parametrize("num_answers", [2, 3, 8])
def test_with_one_free_logit_for_each_answer_the_chosen_one_never_falls(num_answers):
    rng = np.random.default_rng(num_answers)
    free = np.eye(num_answers)
    for probs in rng.dirichlet(np.full(num_answers, 0.3), size=50):
        alignment = chosen_alignment(probs, free, chosen=0, rejected=1)
        assert alignment == pytest.approx(1 - probs[0] + probs[1])
        assert not chosen_falls(probs, free, chosen=0, rejected=1)
    logits = rng.normal(scale=3, size=num_answers)
    setting = {"chosen": 0, "rejected": 1, "beta": 0.3, "learning_rate": 0.5, "num_steps": 50}
    path = preference_path(logits, free, **setting)
    assert (np.diff(path.log_probs[:, 0]) > 0).all()
    assert (np.diff(path.log_probs[:, 1]) < 0).all()


def test_the_margin_grows_while_the_chosen_answer_falls_to_a_third():
    path = preference_path(np.zeros(3), ALIKE, **OF_ALIKE, num_steps=200)
    assert (np.diff(path.margins) > 0).all()
    assert (np.diff(path.losses) < 0).all()
    assert (np.diff(path.log_probs[:, 1]) < 0).all()
    assert (np.diff(path.log_probs[:, 2]) > 0).all()
    assert chosen_falls(THIRDS, ALIKE, chosen=1, rejected=0)
    # The rejected answer falls faster: that is all that the margin sees.
    gap = 0.5 * (path.log_probs[:, 1] - path.log_probs[:, 0])
    assert path.margins == pytest.approx(gap)


def test_the_sign_tells_the_first_step_whatever_beta(world):
    signs = set()
    for chosen in range(5):
        for rejected in set(range(5)) - {chosen}:
            pair = {"chosen": chosen, "rejected": rejected}
            weights = np.exp(world["ref_logits"])
            falls = chosen_falls(weights / weights.sum(), world["features"], **pair)
            for beta in (0.05, 3.0):
                path = preference_path(**world, **pair, beta=beta, learning_rate=1e-5, num_steps=1)
                assert (path.log_probs[1, chosen] < path.log_probs[0, chosen]) == falls
            signs.add(falls)
    assert signs == {True, False}


def test_enough_of_the_supervised_term_lifts_the_chosen_answer():
    # rate = pull * alignment + weight * |phi_c - E phi|^2, and pull = beta / 2 first
    pair = {"chosen": 1, "rejected": 0}
    mean = THIRDS @ ALIKE
    needed = -0.25 * chosen_alignment(THIRDS, ALIKE, **pair) / ((ALIKE[1] - mean) ** 2).sum()
    assert needed > 0
    for factor, rises in ((0.99, False), (1.01, True)):
        path = preference_path(
            np.zeros(3), ALIKE, **OF_ALIKE, num_steps=1, sft_weight=factor * needed
        )
        assert (path.rates[0, 1] > 0) == rises


def test_a_common_part_of_all_features_changes_nothing(world):
    setting = {**PAIR, "beta": 0.5, "learning_rate": 0.2, "num_steps": 5, "sft_weight": 0.3}
    path = preference_path(**world, **setting)
    moved = preference_path(world["ref_logits"] + 9, world["features"] + [3, -1], **setting)
    assert moved.log_probs == pytest.approx(path.log_probs)
    assert moved.rates == pytest.approx(path.rates)


def test_a_pair_of_equal_features_moves_nothing():
    path = preference_path(
        np.zeros(3), np.ones((3, 2)), chosen=0, rejected=1, beta=1.0, learning_rate=1.0, num_steps=3
    )
    assert (path.log_probs == path.log_probs[0]).all()
    assert (path.margins == 0).all()
    assert not chosen_falls(THIRDS, np.ones((3, 2)), chosen=0, rejected=1)
    assert path.losses == pytest.approx(math.log(2))


def test_huge_margins_stay_finite():
    path = preference_path(
        np.zeros(3), 1e3 * FREE, chosen=0, rejected=1, beta=1.0, learning_rate=1.0, num_steps=2
    )
    assert path.margins[1] == pytest.approx(1e6)  # a step of beta / 2 along 1000 (1, -1, 0)
    assert path.losses[1] == 0
    assert path.rates[1] == pytest.approx(0)
    assert np.isfinite(path.log_probs).all()


def test_any_real_number_will_do():
    third, exact = fractions.Fraction(1, 3), 1 / 3
    given = {"beta": third, "learning_rate": third, "sft_weight": third}
    path, same = descend(**given), descend(**dict.fromkeys(given, exact))
    assert (path.log_probs == same.log_probs).all()
    assert path.losses.dtype == np.float64
    assert (rates(sft_weight=third) == rates(sft_weight=exact)).all()


def rates(probs=THIRDS, features=FREE, **changed):
    return log_prob_rates(probs, features, **{"chosen": 0, "rejected": 1, "pull": 1.0, **changed})


def descend(ref_logits=(0, 0, 0), features=FREE, **changed):
    given = {"chosen": 0, "rejected": 1, "beta": 1.0, "learning_rate": 1.0, "num_steps": 2}
    return preference_path(ref_logits, features, **{**given, **changed})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: rates(probs=[0.5, 0.2, 0.2]), "probs must sum to one, got 0.89"),
        (lambda: rates(probs="thirds"), "probs must be a rectangular array of numbers"),
        (lambda: rates(features=np.eye(2)), r"features must have shape \(3, 2\), got \(2, 2\)"),
        (lambda: rates(features=np.ones(3)), r"features must have shape \[K, D\], got \(3,\)"),
        (lambda: rates(features=FREE * math.nan), "features must be finite, got nan"),
        (lambda: rates(chosen=3), r"chosen must be an integer in \[0, 3\), got 3"),
        (lambda: rates(rejected=-1), r"rejected must be an integer in \[0, 3\), got -1"),
        (lambda: rates(rejected=1.0), r"rejected must be an integer in \[0, 3\), got 1.0"),
        (lambda: descend(chosen=0, rejected=True), "rejected must be an integer in .*, got True"),
        (lambda: rates(chosen=np.array([2])), r"chosen must be an integer in .*, got array\(\[2"),
        (lambda: rates(probs=1), r"probs must have shape \[..., K\], got \(\)"),
        (lambda: rates(pull=[1.0, 1.0]), r"pull must have shape \(\), got \(2,\)"),
        (lambda: rates(pull=[]), r"pull must have shape \(\), got \(0,\)"),
        (
            lambda: rates(features=FREE * 1e160),
            "features must not overflow in the rates, .* 1e.160",
        ),
        (
            lambda: chosen_alignment(THIRDS, [[1e308], [-1e308], [0.0]], **PAIR),
            "features must not overflow in the rates, got features up to 1e.308",
        ),
        (lambda: rates(rejected=0), "chosen and rejected must differ, got 0 twice"),
        (lambda: rates(pull=-1.0), "pull must be finite and not negative, got -1.0"),
        (lambda: rates(pull=math.inf), "pull must be finite, got inf"),
        (lambda: rates(sft_weight=-1.0), "sft_weight must be finite and not negative, got -1.0"),
        (lambda: chosen_alignment(THIRDS * 2, FREE, **PAIR), "probs must sum to one, got 2.0"),
        (
            lambda: chosen_alignment(np.ones((2, 3)) / 3, FREE, **PAIR),
            r"probs must have shape \[K\]",
        ),
        (lambda: descend(ref_logits=[[0, 0, 0]]), r"ref_logits must have shape \[K\], got \(1, 3"),
        (lambda: descend(ref_logits=[0, 0, math.inf]), "ref_logits must be finite, got inf"),
        (lambda: descend(ref_logits=[0, 0]), r"features must have shape \(2, 3\), got \(3, 3\)"),
        (lambda: descend(chosen=1), "chosen and rejected must differ, got 1 twice"),
        (lambda: descend(beta=0.0), "beta must be positive and finite, got 0.0"),
        (lambda: descend(learning_rate=-1.0), "learning_rate must be positive and finite"),
        (lambda: descend(num_steps=0), "num_steps must be a positive integer, got 0"),
        (lambda: descend(sft_weight=math.nan), "sft_weight must be finite and not negative"),
        (lambda: descend(features=FREE * 1e200), "must not overflow in the logits, .* 1e.200"),
        (lambda: descend(ref_logits=[1e308, -1e308, 0]), "overflow .* ref_logits up to 1e.308"),
        (lambda: descend(beta=1e200, features=FREE), "must not overflow .* beta 1e.200"),
    ],
)
def test_bad_input_names_the_argument(function, message):
    with pytest.raises(ValueError, match=message):
        function()
