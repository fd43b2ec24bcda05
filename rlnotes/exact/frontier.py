"""What is reachable at most: reward against KL, and the best of n samples, exactly.

Everything is the mean over prompts: one price beta for all of them.
"""

from dataclasses import dataclass

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from rlnotes._checks import (
    float64_array,
    require_finite,
    require_not_negative,
    require_positive_integer,
    require_same_shape,
)
from rlnotes.exact.language import require_all_completions
from rlnotes.functional.inputs import at_least_float32


@dataclass(frozen=True)
class RewardMasses:
    """How much of each prompt's reference lies on each reward: all that pi* needs.

    pi*(y) weighs every reply of one reward by one factor, so a few dozen numbers stand
    for all replies.
    """

    rewards: Tensor  # [K] distinct values, rising
    log_masses: Tensor  # [P, K] log of the reference's probability of each, nats


def reward_masses(ref_log_probs: Tensor, rewards: Tensor) -> RewardMasses:
    """Sum the reference's probabilities over the replies of equal reward.

    Args:
        ref_log_probs: [P, N] of all replies under the reference, nats.
        rewards: [P, N] in the same order.

    Raises:
        ValueError: for what is no torch tensor, if the shapes are not one [P, N], a
            reward is not finite, or the probabilities do not sum to one.
    """
    ref_log_probs, rewards = at_least_float32(ref_log_probs=ref_log_probs, rewards=rewards)
    require_same_shape(ref_log_probs=ref_log_probs, rewards=rewards)
    if ref_log_probs.ndim != 2:
        raise ValueError(f"ref_log_probs must have shape [P, N], got {tuple(ref_log_probs.shape)}")
    require_finite(rewards=rewards)
    require_all_completions(ref_log_probs=ref_log_probs)
    values, places = rewards.unique(return_inverse=True)
    masses = torch.zeros(len(rewards), len(values), dtype=ref_log_probs.dtype)
    masses.scatter_add_(1, places, ref_log_probs.exp())
    return RewardMasses(values, masses.log())


def frontier(masses: RewardMasses, betas: ArrayLike) -> tuple[Tensor, Tensor]:
    """The best expected reward at each price of KL, and the KL that it takes.

        pi*_beta(y) = pi_ref(y) exp(r(y) / beta) / Z
        reward = E[r],   KL(pi*_beta || pi_ref) = E[r] / beta - log Z

    No policy with the same KL has more reward.

    Args:
        masses: see `reward_masses`.
        betas: [B] numbers in any form, positive, reward per nat.

    Returns:
        Rewards [B] and KL divergences [B] in nats, each the mean over prompts.

    Raises:
        ValueError: for what is no row of numbers, or if one is not positive and finite.
    """
    rows = torch.as_tensor(float64_array("betas", betas)).to(masses.rewards)
    if rows.ndim != 1 or not ((rows > 0) & (rows < float("inf"))).all():
        raise ValueError(f"betas must be a row of positive, finite numbers, got {rows.tolist()}")
    prices = rows[:, None, None]
    # Below the best possible reward of each prompt, so that no exponential overflows
    # and a small price cancels no digits.
    possible = masses.log_masses > -torch.inf
    best = torch.where(possible, masses.rewards, -torch.inf).amax(dim=-1, keepdim=True)
    lowest = torch.finfo(best.dtype).min  # 0 times -inf is no number
    below = (masses.rewards - best).clamp(lowest, 0.0)  # [P, K]
    tilted = masses.log_masses + below / prices  # [B, P, K]
    log_z = torch.logsumexp(tilted, dim=-1)
    below = ((tilted - log_z[..., None]).exp() * below).sum(dim=-1)
    kls = below / prices[..., 0] - log_z
    return (best[:, 0] + below).mean(dim=-1), kls.mean(dim=-1)


def best_reward_at(masses: RewardMasses, kl: float) -> float:
    """The frontier's reward at this KL: what the best policy at this distance has.

    Found by bisection in log beta, from 1e-3 to 1e4 times the spread of the rewards.

    Args:
        masses: see `reward_masses`.
        kl: mean KL to the reference, nats, not negative. Beyond the largest KL of the
            frontier the reward is that of the end.

    Raises:
        ValueError: if kl is negative or not finite.
    """
    require_not_negative(kl=kl)
    # In float32 the sums round by more than the reward still rises near its end.
    log_masses = torch.log_softmax(masses.log_masses.double(), dim=-1)
    masses = RewardMasses(masses.rewards.double(), log_masses)
    spread = (masses.rewards[-1] - masses.rewards[0]).clamp(min=1e-12)
    low, high = (spread * 1e-3).log(), (spread * 1e4).log()
    for _ in range(60):
        middle = (low + high) / 2
        if frontier(masses, middle.exp()[None])[1] > kl:
            low = middle
        else:
            high = middle
    return frontier(masses, high.exp()[None])[0].item()


def best_of_n_log_probs(ref_log_probs: Tensor, scores: Tensor, n: int) -> Tensor:
    """The distribution of the highest-scored of n samples of the reference.

        P(score <= s) = F(s)^n,  F under the reference; replies of equal score share
        what their score gets in proportion to the reference

    Its KL is close to log n - (n - 1)/n, an upper bound that ties lower.

    Args:
        ref_log_probs: [P, N] of all replies under the reference, nats.
        scores: [P, N] what the best is chosen by.
        n: number of samples, at least 1.

    Returns:
        [P, N] log-probabilities, nats; minus infinity for what never wins in this
        precision.

    Raises:
        ValueError: as for `reward_masses`, or if n is not a positive integer.

    References:
        Stiennon et al. (2020), arXiv:2009.01325, appendix G.3 (the bound).
    """
    require_positive_integer(n=n)
    ref_log_probs, scores = at_least_float32(ref_log_probs=ref_log_probs, scores=scores)
    require_same_shape(ref_log_probs=ref_log_probs, scores=scores)
    require_finite(scores=scores)
    masses = reward_masses(ref_log_probs, scores)
    upper = masses.log_masses.exp().cumsum(dim=-1)
    upper = upper / upper[:, -1:]
    # upper^n - lower^n = upper^n (1 - (1 - mass / upper)^n), without cancellation.
    share = (masses.log_masses.exp() / upper).clamp(max=1.0)
    wins = n * upper.log() + torch.log(-torch.expm1(n * torch.log1p(-share)))
    gain = torch.where(masses.log_masses > -torch.inf, wins - masses.log_masses, -torch.inf)
    places = scores.unique(return_inverse=True)[1]
    return ref_log_probs + gain.gather(1, places)
