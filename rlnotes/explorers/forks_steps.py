"""Steps of one policy in the plane of two logits, exactly: for `trust_region_step`."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rlnotes.envs.small_tasks import two_forks
from rlnotes.exact.local_models import (
    LocalModel,
    ball_boundary,
    ellipse_boundary,
    local_model,
)
from rlnotes.exact.policy_gradients import objectives, softmax_policy
from rlnotes.functional.trust_region import (
    TrustRegionStep,
    fisher_operator,
    line_search,
    natural_step,
)

LIMIT, NUM_POINTS = 4.0, 48
GRID = np.linspace(-LIMIT, LIMIT, 81)
MDP = two_forks()


def log_probs_of(parameters: Tensor) -> Tensor:
    """[..., 3, 2] log-probabilities: one logit for "go on", one for the good way."""
    logits = torch.zeros((*parameters.shape[:-1], 3, 2), dtype=parameters.dtype)
    logits[..., :2, 1] = parameters
    return torch.log_softmax(logits, dim=-1)


@lru_cache(maxsize=1)
def plane() -> Tensor:
    """[81, 81, 3, 2] log-probabilities at each point of the map; rows are theta_2."""
    x, y = np.meshgrid(GRID, GRID)
    return log_probs_of(torch.from_numpy(np.stack([x, y], axis=-1)))


@lru_cache(maxsize=1)
def objective_map() -> np.ndarray:
    """[81, 81] exact J over the plane."""
    return objectives(MDP, plane().numpy(), gamma=1.0)


@lru_cache(maxsize=2)
def surrogate_map(theta_1: float, theta_2: float) -> np.ndarray:
    """[81, 81] the surrogate over the plane."""
    return forks_model(theta_1, theta_2).surrogate_return(plane()).numpy()


class Steps(NamedTuple):
    """Steps from one place, and the ball that bounds them."""

    gradient: np.ndarray  # [2]
    scaled: np.ndarray  # [2] where the gradient's ray leaves the ball
    natural: np.ndarray  # [2]
    accepted: TrustRegionStep  # after the line search of TRPO
    ball: np.ndarray  # [2, N] closed
    ellipse: np.ndarray  # [2, N] closed


@lru_cache(maxsize=16)
def local_steps(theta_1: float, theta_2: float, max_kl: float) -> Steps:
    """What a gradient step, the natural step and TRPO do there, exactly."""
    model, start = forks_model(theta_1, theta_2), torch.tensor([theta_1, theta_2]).double()
    gradient, fisher = slope_and_curvature(theta_1, theta_2)

    def surrogate_of(parameters):
        return model.surrogate_return(log_probs_of(parameters))

    def kl_of(parameters):
        return model.kl(log_probs_of(parameters))

    natural = natural_step(fisher.matmul, gradient, max_kl=max_kl)
    accepted = line_search(surrogate_of, kl_of, start, natural, max_kl=max_kl)
    # The first ray runs along the gradient: there the ball ends the scaled step.
    x, y = gradient / gradient.norm()
    turned = torch.stack([torch.stack([x, y]), torch.stack([-y, x])])
    ball = start + turned_ball(kl_of, start, turned, max_kl) @ turned
    oval = ellipse_boundary(fisher, start, max_kl=max_kl, num_points=2 * NUM_POINTS)
    return Steps(
        gradient=gradient.numpy(),
        scaled=ball[0].numpy(),
        natural=natural.numpy(),
        accepted=accepted._replace(parameters=accepted.parameters.numpy()),
        ball=_closed(ball),
        ellipse=_closed(oval),
    )


@lru_cache(maxsize=64)
def slope_and_curvature(theta_1: float, theta_2: float) -> tuple[Tensor, Tensor]:
    """Gradient [2] of the surrogate and Fisher matrix [2, 2], by autograd."""
    model, start = forks_model(theta_1, theta_2), torch.tensor([theta_1, theta_2]).double()
    leaf = start.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.surrogate_return(log_probs_of(leaf)), leaf)
    product = fisher_operator(lambda parameters: model.kl(log_probs_of(parameters)), start)
    return gradient, torch.stack([product(axis) for axis in torch.eye(2, dtype=torch.float64)])


def turned_ball(kl_of, start: Tensor, axes: Tensor, max_kl: float) -> Tensor:
    """[N, 2] boundary of the ball in coordinates along two axes [2, 2], from zero."""
    return ball_boundary(
        lambda points: kl_of(start + points @ axes),
        torch.zeros_like(start),
        max_kl=max_kl,
        num_points=NUM_POINTS,
    )


@lru_cache(maxsize=64)
def forks_model(theta_1: float, theta_2: float) -> LocalModel:
    """The exact local model at two logits."""
    policy = softmax_policy([[0.0, theta_1], [0.0, theta_2], [0.0, 0.0]])
    return local_model(MDP, policy, gamma=1.0)


def _closed(points: Tensor) -> np.ndarray:
    return torch.cat([points, points[:1]]).numpy().T
