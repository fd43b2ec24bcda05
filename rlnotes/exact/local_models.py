"""What a trust-region method sees of the policies nearby, without any sampling.

The surrogate keeps the old policy's visits; the true objective does not. Everything is
torch in float64, so that `rlnotes.functional.trust_region` can differentiate it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from rlnotes._checks import require_distributions, require_positive, require_positive_integer
from rlnotes.exact.mdp import occupancy, policy_values, q_values
from rlnotes.functional.finite_mdp import FiniteMDP

_MAX_RADIUS = 100.0


@dataclass(frozen=True)
class LocalModel:
    """Exact surrogate and exact mean KL around one policy; see `local_model`."""

    objective: float  # J of the old policy
    visits: Tensor  # [S] discounted occupancy of the old policy, not normalized
    log_probs: Tensor  # [S, A] of the old policy
    advantages: Tensor  # [S, A] of the old policy

    def surrogate_return(self, log_probs: Tensor) -> Tensor:
        """[...] what J would be if the visits stayed as they are, for [..., S, A].

        L = J_old + sum over s of d_old(s) * sum over a of pi(a|s) A_old(s, a)
        """
        weights = self.visits[:, None] * self.advantages
        return self.objective + log_probs.exp().flatten(-2) @ weights.flatten()

    def kl(self, log_probs: Tensor) -> Tensor:
        """[...] KL(old || new) of a state, averaged over the old policy's visits."""
        return (self.log_probs - log_probs).flatten(-2) @ self._shares.flatten()

    @cached_property
    def _shares(self) -> Tensor:
        """[S, A] how often the old policy is in s and does a; they sum to one."""
        return self.log_probs.exp() * (self.visits / self.visits.sum())[:, None]


def local_model(mdp: FiniteMDP, policy: np.ndarray, *, gamma: float) -> LocalModel:
    """The exact local model of a policy [S, A] whose probabilities are all positive.

    Raises:
        ValueError: if a row of policy does not sum to one or holds a zero, gamma lies
            outside [0, 1], or gamma is 1 and the policy never ends.

    References:
        Kakade & Langford (2002), "Approximately optimal approximate reinforcement
        learning"; Schulman et al. (2015), arXiv:1502.05477, section 2.
    """
    policy = np.asarray(policy, dtype=np.float64)
    require_distributions(policy=policy)
    if (policy == 0).any():
        raise ValueError("policy must be positive everywhere, got a probability of 0")
    values = policy_values(mdp, policy, gamma=gamma)
    advantages = q_values(mdp, values, gamma=gamma) - values[:, None]
    return LocalModel(
        float(mdp.start_probs @ values),
        torch.from_numpy(occupancy(mdp, policy, gamma=gamma)),
        torch.from_numpy(np.log(policy)),
        torch.from_numpy(np.where(mdp.terminal[:, None], 0.0, advantages)),
    )


def ball_boundary(
    kl_of: Callable[[Tensor], Tensor], centre: Tensor, *, max_kl: float, num_points: int
) -> Tensor:
    """[num_points, 2] where the KL reaches max_kl, around a centre in the plane.

    By finer and finer grids on rays, on which KL(old || new) of a softmax policy never
    falls. Rays that stay below max_kl end at a distance of 100.

    Args:
        kl_of: parameters [..., 2] to KL [...].
        centre: [2] parameters of the old policy.
        max_kl: positive, nats.
        num_points: number of rays; the first runs along the first axis.
    """
    return _reach(kl_of, centre, _directions(max_kl, num_points), max_kl=max_kl)


def _reach(
    kl_of: Callable[[Tensor], Tensor], centre: Tensor, directions: Tensor, *, max_kl: float
) -> Tensor:
    directions = directions.to(centre.dtype)[:, None]
    low = torch.zeros(len(directions), 1, dtype=centre.dtype)
    high = torch.full_like(low, _MAX_RADIUS)
    for _ in range(6):  # to within 100 / 16^6, or 6e-6
        radii = low + (high - low) * torch.linspace(0, 1, 17, dtype=centre.dtype)
        inside = (kl_of(centre + radii[..., None] * directions) < max_kl).sum(dim=1, keepdim=True)
        low, high = radii.gather(1, inside - 1), radii.gather(1, inside.clamp_max(16))
    return centre + low * directions[:, 0]


def ellipse_boundary(fisher: Tensor, centre: Tensor, *, max_kl: float, num_points: int) -> Tensor:
    """[num_points, 2] where the quadratic model of the KL reaches max_kl.

        d^T F d / 2 = max_kl

    Args:
        fisher: [2, 2] second derivative of the KL at the centre.
        centre: [2].
        max_kl: positive, nats.
        num_points: as for `ball_boundary`.
    """
    directions = _directions(max_kl, num_points).to(centre.dtype)
    curvatures = ((directions @ fisher) * directions).sum(dim=-1, keepdim=True)
    return centre + (2 * max_kl / curvatures.clamp_min(1e-12)).sqrt() * directions


def _directions(max_kl: float, num_points: int) -> Tensor:
    require_positive(max_kl=max_kl)
    require_positive_integer(num_points=num_points)
    angles = torch.arange(num_points, dtype=torch.float64) * (2 * torch.pi / num_points)
    return torch.stack([angles.cos(), angles.sin()], dim=1)
