"""The ladder from REINFORCE to PPO, with the exact gradient estimate of each rung.

Each rung keeps what the rung below it has and adds one of `INGREDIENTS`.
"""

from dataclasses import dataclass

import numpy as np
import torch

from rlnotes._checks import (
    float64_array,
    require_finite,
    require_finite_numbers,
    require_in_unit_interval,
    require_index,
    require_positive,
    require_shape,
)
from rlnotes.exact.gradient_estimators import (
    discounted_total,
    trajectory_rewards_to_go,
    weighted_scores,
)
from rlnotes.exact.mdp import policy_values
from rlnotes.exact.policy_gradients import policy_gradient, softmax_policy
from rlnotes.exact.trajectories import Trajectories, estimator_moments
from rlnotes.functional.advantages import generalized_advantage_estimation
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_gradients import ppo_gradient_mask

INGREDIENTS = ("to_go", "baseline", "bootstrap", "copies", "reuse", "clip")
RUNGS = (
    "REINFORCE",
    "+ reward-to-go",
    "+ baseline V",
    "+ bootstrapping",
    "+ copies (A2C)",
    "+ epochs",
    "+ clip (PPO)",
)


@dataclass(frozen=True)
class Ladder:
    """What one episode's estimate of the gradient is on each rung; K rungs."""

    exact: np.ndarray  # [S, A] gradient of J at the current policy
    means: np.ndarray  # [K, S, A]
    variances: np.ndarray  # [K] sum over the entries; m episodes have 1 / m of it

    @property
    def shares(self) -> np.ndarray:
        """[K] the mean along the exact gradient, as a share of it: 1 is right."""
        return (self.means * self.exact).sum(axis=(1, 2)) / (self.exact**2).sum()

    @property
    def biases(self) -> np.ndarray:
        """[K] distance of the mean from the exact gradient, in its lengths."""
        distances = ((self.means - self.exact) ** 2).sum(axis=(1, 2)) ** 0.5
        return distances / np.linalg.norm(self.exact)

    @property
    def noise(self) -> np.ndarray:
        """[K] standard deviation of one episode's estimate, in lengths of the exact."""
        return self.variances**0.5 / np.linalg.norm(self.exact)


def ladder(
    mdp: FiniteMDP,
    episodes: Trajectories,
    logits: np.ndarray,
    old_logits: np.ndarray,
    *,
    learned: float,
    gae_lambda: float,
    clip_epsilon: float,
) -> Ladder:
    """Exact moments of the estimate of each rung, at gamma = 1.

        g = sum over t of ratio_t * score_t * Psi_t,    ratio_t = pi / pi_old

    All rungs estimate the gradient at `logits`. Those without reuse play with them, and
    their ratios are 1. Those with reuse have an episode that `old_logits` played. The
    last one drops the steps that `ppo_gradient_mask` drops. Copies change nothing here:
    an episode does not know which copy played it. The critic is `learned` times the
    exact V of the policy that played.

    Args:
        mdp: the tables.
        episodes: all of them, from `enumerate_trajectories`; none may be cut.
        logits: [S, A] of the policy whose gradient is estimated.
        old_logits: [S, A] of the policy that played the reused episodes.
        learned: share of V that the critic has learned; 1 is exact, 0 no critic.
        gae_lambda: decay of GAE, on the rungs that bootstrap.
        clip_epsilon: positive, on the last rung.

    Raises:
        ValueError: if a shape does not fit, a number is not finite or out of its range,
            or the policy never ends.
    """
    require_positive(clip_epsilon=clip_epsilon)
    require_finite_numbers(learned=learned)
    exact = policy_gradient(mdp, logits, gamma=1.0)
    require_shape(exact.shape, old_logits=old_logits)
    policy, old_policy = softmax_policy(logits), softmax_policy(old_logits)
    scores = episodes.scores(policy)
    ratios = (policy / old_policy)[episodes.states, episodes.actions]

    fresh, _ = _plain_rungs(mdp, episodes, scores, policy, learned, gae_lambda)
    _, weights = _plain_rungs(mdp, episodes, scores, old_policy, learned, gae_lambda)
    advantages, old_probs = weights[-1], episodes.probs(old_policy)
    pair = torch.from_numpy(ratios), torch.from_numpy(advantages)
    counted = ppo_gradient_mask(*pair, clip_epsilon=clip_epsilon).numpy()
    reused = [
        estimator_moments(old_probs, weighted_scores(scores, ratios * advantages * kept))
        for kept in (1.0, counted)
    ]
    means, variances = zip(*fresh, *reused, strict=True)
    return Ladder(exact, np.array(means), np.array(variances))


def without_ratio(
    mdp: FiniteMDP,
    episodes: Trajectories,
    logits: np.ndarray,
    old_logits: np.ndarray,
    *,
    learned: float,
    gae_lambda: float,
) -> Ladder:
    """Exact moments on a used batch of the five rungs that know no ratio.

        g = sum over t of score_t * Psi_t,    the episode is one of `old_logits`

    The score is that of `logits`, whose gradient is wanted. Arguments and errors are
    those of `ladder`.
    """
    require_finite_numbers(learned=learned)
    exact = policy_gradient(mdp, logits, gamma=1.0)
    require_shape(exact.shape, old_logits=old_logits)
    scores, player = episodes.scores(softmax_policy(logits)), softmax_policy(old_logits)
    found, _ = _plain_rungs(mdp, episodes, scores, player, learned, gae_lambda)
    means, variances = zip(*found, strict=True)
    return Ladder(exact, np.array(means), np.array(variances))


def _plain_rungs(
    mdp: FiniteMDP,
    episodes: Trajectories,
    scores: np.ndarray,
    player: np.ndarray,
    learned: float,
    gae_lambda: float,
) -> tuple[list[tuple[np.ndarray, float]], list[np.ndarray]]:
    """Moments and weights of the rungs that know no ratio, on episodes of a player."""
    critic = learned * policy_values(mdp, player, gamma=1.0)
    rungs = range(INGREDIENTS.index("reuse") + 1)
    weights = [rung_weights(episodes, critic, rung, gae_lambda=gae_lambda) for rung in rungs]
    probs = episodes.probs(player)
    return [estimator_moments(probs, weighted_scores(scores, w)) for w in weights], weights


def rung_weights(
    episodes: Trajectories, critic: np.ndarray, rung: int, *, gae_lambda: float
) -> np.ndarray:
    """[N, T] what multiplies the score of each step, at gamma = 1; 0 in padding.

    The return of the whole episode, then the reward-to-go, then less V(s), then GAE,
    which is the one before at lambda = 1.

    Args:
        episodes: N of T steps at most; each ends in a terminal state.
        critic: [S] estimates of V, reward; 0 in terminal states.
        rung: place in `RUNGS`.
        gae_lambda: decay of GAE, on the rungs that bootstrap.

    Raises:
        ValueError: if rung is no place in `RUNGS`, critic does not fit or is not
            finite, or gae_lambda lies outside [0, 1].
    """
    require_index(len(RUNGS), rung=rung)
    require_in_unit_interval(gae_lambda=gae_lambda)
    if not _has("to_go", rung):
        return discounted_total(episodes, gamma=1.0)[:, None] * episodes.mask
    critic = float64_array("critic", critic) * float(_has("baseline", rung))
    require_finite(critic=critic)
    last_state = max(episodes.states.max(), episodes.next_states.max())
    if critic.ndim != 1 or len(critic) <= last_state:
        raise ValueError(
            f"critic must have shape [S] with a value for state {last_state}, got {critic.shape}"
        )
    if not _has("bootstrap", rung):
        to_go = trajectory_rewards_to_go(episodes, gamma=1.0)
        return (to_go - critic[episodes.states]) * episodes.mask
    last = episodes.mask & ~np.pad(episodes.mask, ((0, 0), (0, 1)))[:, 1:]
    arrays = episodes.rewards, critic[episodes.states], critic[episodes.next_states]
    flags = last, np.zeros_like(last)
    advantages = generalized_advantage_estimation(
        *(torch.from_numpy(array) for array in (*arrays, *flags)),
        gamma=1.0,
        gae_lambda=gae_lambda,
    )
    return advantages.numpy() * episodes.mask


def _has(ingredient: str, rung: int) -> bool:
    return rung > INGREDIENTS.index(ingredient)
