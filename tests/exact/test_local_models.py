"""Local models: hand numbers, first-order agreement, the boundary of the ball."""

from functools import partial

import numpy as np
import pytest
import torch

from rlnotes.envs.maze import PICTURE_2X3, Maze
from rlnotes.envs.small_tasks import two_forks
from rlnotes.exact.local_models import (
    ball_boundary,
    ellipse_boundary,
    local_model,
)
from rlnotes.exact.policy_gradients import objective, policy_gradient, softmax_policy
from rlnotes.functional.kl import kl_divergence
from rlnotes.functional.trust_region import trust_region_step

P, Q = 0.25, 0.5
FORKS = np.array([[1 - P, P], [1 - Q, Q], [0.5, 0.5]])


def log_probs(logits):
    return torch.log_softmax(torch.as_tensor(logits), dim=-1)


def test_two_forks_by_hand():
    model = local_model(two_forks(), FORKS, gamma=1.0)
    # J = 0.75 * 1 + 0.25 * (1.5 - 1); the second fork is reached once in four times.
    assert model.objective == pytest.approx(0.875)
    assert model.visits.tolist() == pytest.approx([1, 0.25, 0])
    assert model.advantages.numpy() == pytest.approx(
        np.array([[0.125, -0.375], [-2.5, 2.5], [0, 0]])
    )
    # At p = 0.5 and q = 1: 0.875 + (0.5 * 0.125 - 0.5 * 0.375) + 0.25 * 2.5 = 1.375,
    # the truth is 0.5 + 0.5 * 3 = 2.
    new = torch.tensor([[0.5, 0.5], [1e-12, 1 - 1e-12], [0.5, 0.5]]).double().log()
    assert model.surrogate_return(new).item() == pytest.approx(1.375)
    kl_first = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    kl_second = 0.5 * np.log(0.5 / 1e-12) + 0.5 * np.log(0.5)
    assert model.kl(new).item() == pytest.approx((kl_first + 0.25 * kl_second) / 1.25)


@pytest.mark.parametrize("gamma", [0.5, 0.9])
def test_surrogate_and_objective_agree_to_first_order_only(gamma):
    mdp, rng = Maze(picture=PICTURE_2X3, step_noise=0.2).mdp(), np.random.default_rng(0)
    logits, change = rng.normal(size=(2, 6, 4))
    model = local_model(mdp, softmax_policy(logits), gamma=gamma)
    errors = []
    for size in (1e-2, 5e-3):
        new = logits + size * change
        errors.append(
            objective(mdp, new, gamma=gamma) - model.surrogate_return(log_probs(new)).item()
        )
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)  # second order
    leaf = torch.tensor(logits, requires_grad=True)
    (slope,) = torch.autograd.grad(model.surrogate_return(log_probs(leaf)), leaf)
    np.testing.assert_allclose(slope, policy_gradient(mdp, logits, gamma=gamma), atol=1e-12)


def test_with_one_state_the_surrogate_is_the_objective():
    arms = two_forks(leave=2.0, good=-1.0, bad=-1.0)
    model = local_model(arms, FORKS, gamma=1.0)
    new = np.log([[0.1, 0.9], [0.5, 0.5], [0.5, 0.5]])
    assert model.surrogate_return(log_probs(new)).item() == pytest.approx(0.1 * 2 - 0.9)


def test_kl_averages_the_divergences_over_the_visits():
    mdp, rng = Maze(picture=PICTURE_2X3, step_noise=0.2).mdp(), np.random.default_rng(0)
    old, new = (log_probs(rng.normal(size=shape)) for shape in [(6, 4), (3, 6, 4)])
    model = local_model(mdp, old.exp().numpy(), gamma=0.9)
    each = kl_divergence(old.expand(new.shape), new)
    mean = (each * model.visits).sum(dim=-1) / model.visits.sum()
    np.testing.assert_allclose(model.kl(new), mean, rtol=1e-12)


def test_kl_is_zero_at_home_and_takes_a_batch():
    model = local_model(two_forks(), FORKS, gamma=1.0)
    batch = torch.stack([model.log_probs, log_probs(np.ones((3, 2)))])
    assert model.kl(batch)[0].item() == pytest.approx(0, abs=1e-15)
    assert model.kl(batch)[1].item() > 0.05
    assert model.surrogate_return(batch).shape == (2,)


def test_the_boundary_of_a_round_bowl_is_a_circle_for_both():
    centre = torch.tensor([1.0, -2.0]).double()
    ball = ball_boundary(
        lambda x: 2 * ((x - centre) ** 2).sum(dim=-1), centre, max_kl=0.5, num_points=8
    )
    ellipse = ellipse_boundary(4 * torch.eye(2).double(), centre, max_kl=0.5, num_points=8)
    assert (ball - centre).norm(dim=1).tolist() == pytest.approx([0.5] * 8, abs=2e-5)
    assert ball.numpy() == pytest.approx(ellipse.numpy(), abs=2e-5)
    assert ball[2].tolist() == pytest.approx([1.0, -1.5], abs=2e-5)


def test_no_trust_region_step_beats_the_boundary():
    mdp = two_forks()
    for theta in np.array(np.meshgrid([-1.5, -0.5, 0.5, 1.5], [-1.5, 0, 1.5])).reshape(2, -1).T:
        start = torch.from_numpy(theta)
        model = local_model(mdp, softmax_policy([[0, theta[0]], [0, theta[1]], [0, 0]]), gamma=1.0)

        def measured(what, points):
            zero = torch.zeros_like(points[..., 0])
            columns = [torch.stack([zero, x], dim=-1) for x in (*points.unbind(-1), zero)]
            return what(log_probs(torch.stack(columns, dim=-2)))

        surrogate_of = partial(measured, model.surrogate_return)
        kl_of = partial(measured, model.kl)
        for max_kl in (0.01, 0.1, 0.3):
            ball = ball_boundary(kl_of, start, max_kl=max_kl, num_points=360)
            assert kl_of(ball).numpy() == pytest.approx(np.full(360, max_kl), abs=1e-5)
            most = (surrogate_of(ball).max() - surrogate_of(start)).item()
            assert trust_region_step(surrogate_of, kl_of, start, max_kl=max_kl).gain <= most + 1e-4


def test_a_direction_that_changes_nothing_ends_far_away():
    ball = ball_boundary(
        lambda x: x[..., 0] ** 2, torch.zeros(2).double(), max_kl=1.0, num_points=4
    )
    assert ball[:, 0].abs().tolist() == pytest.approx([1, 0, 1, 0], abs=2e-5)
    assert ball[1, 1].item() == pytest.approx(100)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: local_model(two_forks(), FORKS * 2, gamma=1.0), "policy must sum to one"),
        (lambda: local_model(two_forks(), np.eye(3)[:, :2], gamma=1.0), "policy must"),
        (
            lambda: local_model(two_forks(), [[1, 0], [0.5, 0.5], [0.5, 0.5]], gamma=1.0),
            "policy must be positive",
        ),
        (lambda: local_model(two_forks(), FORKS, gamma=1.1), "gamma must lie"),
        (
            lambda: ball_boundary(lambda x: x, torch.zeros(2), max_kl=0.0, num_points=3),
            "max_kl must be positive",
        ),
        (
            lambda: ellipse_boundary(torch.eye(2), torch.zeros(2), max_kl=1.0, num_points=0),
            "num_points must be a positive integer",
        ),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
