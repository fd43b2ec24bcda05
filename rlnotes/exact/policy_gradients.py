"""Exact policy gradients of a finite MDP, for a softmax policy: one logit per pair."""

import numpy as np

from rlnotes._checks import require_finite, require_shape
from rlnotes.exact.mdp import occupancy, policy_values, q_values
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_evaluation import values_of_policies


def softmax_policy(logits: np.ndarray) -> np.ndarray:
    """Probabilities of a table of logits.

        pi(a | s) = exp(logits[s, a]) / sum over b of exp(logits[s, b])

    Args:
        logits: [..., A] finite.

    Returns:
        [..., A] probabilities.

    Raises:
        ValueError: if a logit is not finite.

    Example:
        >>> softmax_policy(np.log([[3.0, 1.0]]))
        array([[0.75, 0.25]])
    """
    logits = np.asarray(logits, dtype=np.float64)
    require_finite(logits=logits)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def objective(mdp: FiniteMDP, logits: np.ndarray, *, gamma: float) -> float:
    """Expected discounted return from the start.

        J = sum over s of start(s) * V(s)

    Args:
        mdp: the tables.
        logits: [S, A] of the policy, see `softmax_policy`.
        gamma: discount factor in [0, 1], per step.

    Returns:
        J, discounted reward.

    Raises:
        ValueError: if logits is not finite or not [S, A], gamma lies outside [0, 1], or
            gamma is 1 and the policy never ends.
    """
    return float(mdp.start_probs @ policy_values(mdp, _policy(mdp, logits), gamma=gamma))


def objectives(mdp: FiniteMDP, logits: np.ndarray, *, gamma: float) -> np.ndarray:
    """[...] the `objective` of many tables of logits [..., S, A] in one call.

    Args, Raises: as for `objective`; for small worlds.
    """
    return values_of_policies(mdp, softmax_policy(logits), gamma=gamma) @ mdp.start_probs


def policy_gradient(mdp: FiniteMDP, logits: np.ndarray, *, gamma: float) -> np.ndarray:
    """Gradient of the objective, by the policy-gradient theorem.

        dJ / d logits[s, a] = d(s) pi(a | s) (Q(s, a) - V(s))

    d is the discounted occupancy of `rlnotes.exact.mdp.occupancy`, not normalized: it
    holds the factor gamma^t of each visit. With a distribution that sums to one in its
    place, the result is too small by the factor sum of d.

    Args, Raises: as for `objective`.

    Returns:
        [S, A] gradient, discounted reward per nat; each row sums to zero.

    References:
        Sutton, McAllester, Singh & Mansour (2000), "Policy gradient methods for
        reinforcement learning with function approximation", Theorem 1.
    """
    policy = _policy(mdp, logits)
    return occupancy(mdp, policy, gamma=gamma)[:, None] * _pull(mdp, policy, gamma=gamma)


def gradient_without_gamma_power(mdp: FiniteMDP, logits: np.ndarray, *, gamma: float) -> np.ndarray:
    """What most code follows: discounted values, but every visit counts fully.

        g[s, a] = d_1(s) pi(a | s) (Q(s, a) - V(s)),    d_1 = occupancy at gamma 1

    It is the mean of sum over t of score_t * G_t, without the factor gamma^t. For
    gamma < 1 it is in general the gradient of no objective; at gamma = 1 it is exact.

    Args, Returns: as for `policy_gradient`.

    Raises:
        ValueError: as for `objective`, or if the policy never ends from some state.

    References:
        Nota & Thomas (2020), arXiv:1906.07073, "Is the policy gradient a gradient?".
    """
    policy = _policy(mdp, logits)
    return occupancy(mdp, policy, gamma=1.0)[:, None] * _pull(mdp, policy, gamma=gamma)


def _pull(mdp: FiniteMDP, policy: np.ndarray, *, gamma: float) -> np.ndarray:
    """[S, A] pi(a | s) times the advantage: how one visit moves the logits."""
    values = policy_values(mdp, policy, gamma=gamma)
    return policy * (q_values(mdp, values, gamma=gamma) - values[:, None])


def _policy(mdp: FiniteMDP, logits: np.ndarray) -> np.ndarray:
    logits = np.asarray(logits, dtype=np.float64)
    require_shape((mdp.num_states, mdp.num_actions), logits=logits)
    return softmax_policy(logits)
