"""The derivation of the policy gradient, line by line, with both sides as numbers."""

from collections.abc import Callable
from functools import cache

import numpy as np

from rlnotes.exact.gradient_estimators import (
    discounted_total,
    gamma_powers,
    trajectory_rewards_to_go,
)
from rlnotes.exact.mdp import occupancy, policy_values, q_values
from rlnotes.exact.rungs import Rung, finite_difference
from rlnotes.exact.trajectories import enumerate_trajectories
from rlnotes.functional.finite_mdp import FiniteMDP

RUNGS = (
    "J is an average over episodes",
    "the gradient enters the sum",
    "multiply and divide by p(tau)",
    "start and dynamics vanish",
    "weight gamma^t G_t is enough",
    "a baseline adds nothing",
    "the policy-gradient theorem",
)


def policy_gradient_ladder(
    world: Callable[[float], FiniteMDP],
    policy: Callable[[float], np.ndarray],
    theta: float,
    *,
    gamma: float,
    max_steps: int,
    baseline: np.ndarray | None = None,
    visits: np.ndarray | None = None,
    sampled: np.ndarray | None = None,
    step_discount: float | None = None,
) -> list[Rung]:
    """Every line of the derivation for one parameter, evaluated on its own.

        1  J = sum of p(tau) R(tau)
        2  J' = sum of p'(tau) R(tau)
        3  sum of p' R = sum of p (log p)' R
        4  ... = sum of p R sum over t of (log pi(a_t | s_t))'
        5  ... = sum of p sum over t of (log pi)' gamma^t G_t
        6  ... = sum of p sum over t of (log pi)' gamma^t (G_t - b(s_t))
        7  ... = sum over s of d(s) sum over a of pi'(a | s) Q(s, a)

    J' on the left of line 2 is a finite difference of the linear solve for V; so are
    all derivatives of p and pi, of fourth order. The line below starts again from the
    right formula, so a broken assumption shows in its own line only.

    Args:
        world: theta to the tables; they should not depend on theta.
        policy: theta to [S, A] probabilities, all of them positive.
        theta: the parameter.
        gamma: discount factor in [0, 1], per step.
        max_steps: no episode may be longer.
        baseline: [S, A] used in line 6; None: V(s), the same for all actions.
        visits: [S] used in line 7; None: the occupancy, not normalized.
        sampled: [S, A] bool used in line 3: which actions the sampler can draw; None:
            all of them.
        step_discount: factor per step before the score in line 5; None: gamma.

    Returns:
        Seven rungs. Where the assumptions hold, residuals are rounding errors.

    Raises:
        ValueError: if some path has not ended after max_steps steps, or policy is no
            table of distributions.

    References:
        Williams (1992); Sutton et al. (2000). The order of the lines is ours.
    """
    world, policy = cache(world), cache(policy)  # five values of theta, many times each
    mdp, probs_now = world(theta), policy(theta)
    episodes = enumerate_trajectories(mdp, max_steps=max_steps)
    if not mdp.terminal[episodes.next_states[:, -1]].all():
        raise ValueError(f"max_steps must let every path end, got {max_steps}, and some go on")
    s, a, mask = episodes.states, episodes.actions, episodes.mask

    @cache
    def path_probs(x: float) -> np.ndarray:
        return enumerate_trajectories(world(x), max_steps=max_steps).probs(policy(x))

    def value_of_start(x: float) -> float:
        tables = world(x)
        return tables.start_probs @ policy_values(tables, policy(x), gamma=gamma)

    p, total = path_probs(theta), discounted_total(episodes, gamma=gamma)
    p_slope = finite_difference(path_probs, theta)
    log_slope = finite_difference(lambda x: np.log(path_probs(x)), theta)
    policy_slope = finite_difference(policy, theta)
    step_scores = np.where(mask, (policy_slope / probs_now)[s, a], 0.0)

    values = policy_values(mdp, probs_now, gamma=gamma)
    to_go, powers = (
        trajectory_rewards_to_go(episodes, gamma=gamma),
        gamma_powers(episodes, gamma=gamma),
    )
    factors = powers if step_discount is None else gamma_powers(episodes, gamma=step_discount)
    compared = values[:, None] + 0 * probs_now if baseline is None else baseline
    counts = occupancy(mdp, probs_now, gamma=gamma) if visits is None else visits
    seen = np.ones(len(p)) if sampled is None else np.where(mask, sampled[s, a], True).all(axis=1)
    pull = (policy_slope * q_values(mdp, values, gamma=gamma)).sum(axis=1)

    by_total = p @ (step_scores.sum(axis=1) * total)
    by_to_go = p @ (step_scores * powers * to_go).sum(axis=1)
    less_baseline = p @ (step_scores * powers * (to_go - compared[s, a])).sum(axis=1)
    sides = [
        (value_of_start(theta), p @ total),
        (finite_difference(value_of_start, theta), p_slope @ total),
        (p_slope @ total, (p * log_slope * total) @ seen),
        ((p * log_slope) @ total, by_total),
        (by_total, p @ (step_scores * factors * to_go).sum(axis=1)),
        (by_to_go, less_baseline),
        (by_to_go, counts @ pull),
    ]
    return [
        Rung(name, float(left), float(right))
        for name, (left, right) in zip(RUNGS, sides, strict=True)
    ]
