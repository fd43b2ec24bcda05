"""Every episode of a small world, and exact moments of what is computed from them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rlnotes._checks import (
    require_distributions,
    require_finite,
    require_positive_integer,
    require_shape,
)
from rlnotes.functional.finite_mdp import FiniteMDP, require_live_starts


@dataclass(frozen=True)
class Trajectories:
    """All N episodes that a world allows, whatever the policy. T is the longest.

        p(tau) = world_probs * product over t of pi(a_t | s_t)

    world_probs holds the start and all landings: the part without any policy in it.
    Steps after the end are padding: mask is False, the reward 0, the next state the
    terminal one.
    """

    states: np.ndarray  # [N, T] int
    actions: np.ndarray  # [N, T] int
    rewards: np.ndarray  # [N, T]
    next_states: np.ndarray  # [N, T] int
    mask: np.ndarray  # [N, T] bool, True where a step was taken
    world_probs: np.ndarray  # [N]

    def probs(self, policy: np.ndarray) -> np.ndarray:
        """[N] probability of each episode under a policy [S, A]; they sum to one.

        Raises:
            ValueError: if a row of policy does not sum to one.
        """
        policy = np.asarray(policy)
        require_distributions(policy=policy)
        # One flat index and time first: several times faster, bit by bit the same.
        states, actions, mask = self._time_first
        steps = policy.take(states * policy.shape[1] + actions)
        return self.world_probs * np.where(mask, steps, 1.0).prod(axis=0)

    @cached_property
    def _time_first(self) -> tuple[np.ndarray, ...]:
        """[T, N] states, actions and mask, contiguous."""
        return tuple(map(np.ascontiguousarray, (self.states.T, self.actions.T, self.mask.T)))

    def scores(self, policy: np.ndarray) -> np.ndarray:
        """[N, T, S, A] gradient of log pi(a_t | s_t) in a table of logits.

        In the row of s_t it is onehot(a_t) - pi(. | s_t), elsewhere and in padding 0.

        Raises:
            ValueError: if a row of policy does not sum to one, or policy is not finite.
        """
        policy = np.asarray(policy, dtype=np.float64)
        require_distributions(policy=policy)
        scores = np.zeros((*self.states.shape, *policy.shape))
        n, t = np.nonzero(self.mask)
        s, a = self.states[n, t], self.actions[n, t]
        scores[n, t, s] = -policy[s]
        scores[n, t, s, a] += 1
        return scores


def enumerate_trajectories(
    mdp: FiniteMDP, *, max_steps: int, max_trajectories: int = 100_000
) -> Trajectories:
    """Every possible episode, cut after max_steps steps.

    Actions are all tried, landings only if they are possible. A cut episode is simply
    over: its return is the sum of the rewards up to the cut.

    Args:
        mdp: the tables.
        max_steps: length at which an episode is cut.
        max_trajectories: where to give up.

    Raises:
        ValueError: if a number is not a positive integer, there are more episodes than
            max_trajectories, or the start may be a terminal state.
    """
    require_positive_integer(max_steps=max_steps, max_trajectories=max_trajectories)
    require_live_starts(mdp)
    open_paths = [([s], [], [], mdp.start_probs[s]) for s in np.flatnonzero(mdp.start_probs)]
    ended = []
    for _ in range(max_steps):
        longer = [path for old in open_paths for path in _extended(mdp, old)]
        ended += [path for path in longer if mdp.terminal[path[0][-1]]]
        open_paths = [path for path in longer if not mdp.terminal[path[0][-1]]]
        if len(ended) + len(open_paths) > max_trajectories:
            raise ValueError(
                f"max_trajectories must allow all episodes of {max_steps} steps, got "
                f"{max_trajectories}, and there are more"
            )
    return _stack(ended + open_paths)


def _extended(mdp: FiniteMDP, path: tuple):
    visited, actions, rewards, prob = path
    s = visited[-1]
    for a, landing in zip(*np.nonzero(mdp.transition_probs[s]), strict=True):
        yield (
            [*visited, landing],
            [*actions, a],
            [*rewards, mdp.transition_rewards[s, a, landing]],
            prob * mdp.transition_probs[s, a, landing],
        )


def _stack(paths: list[tuple]) -> Trajectories:
    lengths = np.array([len(path[1]) for path in paths])
    longest = lengths.max()
    visited = np.array([path[0] + [path[0][-1]] * (longest - len(path[1])) for path in paths])
    actions = np.array([path[1] + [0] * (longest - len(path[1])) for path in paths])
    rewards = np.array([path[2] + [0.0] * (longest - len(path[2])) for path in paths])
    return Trajectories(
        states=visited[:, :-1],
        actions=actions,
        rewards=rewards,
        next_states=visited[:, 1:],
        mask=np.arange(longest) < lengths[:, None],
        world_probs=np.array([path[3] for path in paths]),
    )


def estimator_moments(probs: np.ndarray, estimates: np.ndarray) -> tuple[np.ndarray, float]:
    """Exact mean and total variance of an estimator, from all its outcomes.

        mean = sum of p g,    variance = sum of p |g - mean|^2

    Args:
        probs: [N] probability of each outcome.
        estimates: [N, ...] what the estimator returns then.

    Returns:
        The mean [...], and the sum of the variances of its entries. The mean of m
        independent estimates has this variance divided by m.

    Raises:
        ValueError: if probs does not sum to one, or estimates is not finite or has
            another N.

    Example:
        >>> estimator_moments(np.array([0.5, 0.5]), np.array([1.0, 3.0]))
        (2.0, 1.0)
    """
    probs, estimates = np.asarray(probs), np.asarray(estimates, dtype=np.float64)
    require_distributions(probs=probs)
    require_shape((len(probs), *estimates.shape[1:]), estimates=estimates)
    require_finite(estimates=estimates)
    mean = np.tensordot(probs, estimates, axes=1)
    squares = ((estimates - mean) ** 2).reshape(len(probs), -1).sum(axis=1)
    return (float(mean) if mean.ndim == 0 else mean), float(probs @ squares)


def entry_variances(probs: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """[...] exact variance of each entry; their sum is that of `estimator_moments`.

    Args, Raises: as for `estimator_moments`.

    Example:
        >>> entry_variances(np.array([0.5, 0.5]), np.array([[1.0, 5.0], [3.0, 5.0]]))
        array([1., 0.])
    """
    mean, _ = estimator_moments(probs, estimates)
    return np.tensordot(probs, (estimates - mean) ** 2, axes=1)
