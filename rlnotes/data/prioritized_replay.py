"""Prioritized replay: surprising transitions are drawn more often, and count less."""

import numpy as np

from rlnotes._checks import require_finite, require_in_unit_interval, require_same_shape
from rlnotes.data.replay_buffer import Batch, ReplayBuffer


def sampling_probs(priorities: np.ndarray, *, alpha: float) -> np.ndarray:
    """Probability of drawing each stored transition.

        P(i) = p_i^alpha / sum over k of p_k^alpha

    Args:
        priorities: [N] positive numbers.
        alpha: 0 gives the uniform distribution, 1 a proportional one.

    Returns:
        [N] probabilities.

    Raises:
        ValueError: if there are none, one is not positive and finite, or alpha lies
            outside [0, 1].

    References:
        Schaul et al. (2016), arXiv:1511.05952, Eq. 1.

    Example:
        >>> sampling_probs(np.array([1.0, 3.0]), alpha=1.0).tolist()
        [0.25, 0.75]
    """
    require_in_unit_interval(alpha=alpha)
    priorities = np.asarray(priorities, dtype=float)
    if priorities.size == 0 or not (np.isfinite(priorities) & (priorities > 0)).all():
        raise ValueError(f"priorities must be positive and finite, got {priorities}")
    powers = (priorities / priorities.max()) ** alpha
    return powers / powers.sum()


def importance_weights(probs: np.ndarray, *, beta: float) -> np.ndarray:
    """Weights that undo, for beta = 1, what non-uniform sampling does to a mean.

        w_i = (N * P(i))^(-beta)
        beta = 1:  sum over i of P(i) * w_i * x_i = mean of x

    Args:
        probs: [N] sampling probabilities of all N stored transitions, all positive.
        beta: 0 gives ones, 1 the full correction.

    Returns:
        [N] weights, not scaled.

    Raises:
        ValueError: if a probability is not positive, or beta lies outside [0, 1].

    References:
        Schaul et al. (2016), arXiv:1511.05952, section 3.4.

    Example:
        >>> importance_weights(np.array([0.25, 0.75]), beta=1.0).round(3).tolist()
        [2.0, 0.667]
    """
    require_in_unit_interval(beta=beta)
    probs = np.asarray(probs, dtype=float)
    if probs.size == 0 or not (probs > 0).all():
        raise ValueError(f"probs must be positive, got {probs}")
    return (len(probs) * probs) ** -beta


class PrioritizedReplayBuffer(ReplayBuffer):
    """A buffer that samples surprising transitions more often.

        P(i) = p_i^alpha / sum over k of p_k^alpha,    p_i = |delta_i| + margin

    A new transition gets the largest priority so far, so that it is seen soon. Sampling
    searches a cumulative sum: O(N) per batch, fast enough for our sizes, where large
    buffers keep a tree.

    Args:
        capacity: largest number of transitions.
        observation_size: numbers per observation.
        alpha: 0 samples uniformly, 1 in proportion to the priority.
        margin: keeps transitions with zero error alive.

    Raises:
        ValueError: as for `ReplayBuffer`, for alpha outside [0, 1] or a margin that is
            not positive.

    References:
        Schaul et al. (2016), arXiv:1511.05952, Eq. 1 and section 3.4.
    """

    def __init__(self, capacity: int, observation_size: int, *, alpha: float, margin: float = 1e-2):
        super().__init__(capacity, observation_size)
        require_in_unit_interval(alpha=alpha)
        if not margin > 0:
            raise ValueError(f"margin must be positive, got {margin}")
        self.alpha, self.margin = alpha, margin
        self.priorities = np.zeros(capacity)
        self.largest_priority = 1.0

    def add(self, observation, action, reward, next_observation, terminated, num_steps=1) -> None:
        """Store one transition, with the largest priority so far."""
        super().add(observation, action, reward, next_observation, terminated, num_steps)
        self.priorities[(self.num_added - 1) % self.capacity] = self.largest_priority

    def sample(self, batch_size: int, rng: np.random.Generator, *, beta: float = 1.0) -> Batch:
        """Transitions drawn by priority; the largest of their weights is one.

        That is the largest of the batch, not of the buffer: a batch without rare
        transitions makes a larger step than with one scale for all batches.

        Args:
            batch_size: how many.
            rng: source of the draws.
            beta: exponent of the importance weights, see `importance_weights`.

        Raises:
            ValueError: if fewer than batch_size transitions are stored, or beta lies
                outside [0, 1].
        """
        self._require_enough(batch_size)
        probs = sampling_probs(self.priorities[: len(self)], alpha=self.alpha)
        cumulative = np.cumsum(probs)
        draws = rng.random(batch_size) * cumulative[-1]
        indices = np.searchsorted(cumulative, draws, side="right")
        weights = importance_weights(probs, beta=beta)[indices]
        return self._batch(indices, weights / weights.max())

    def update_priorities(self, indices: np.ndarray, td_errors: np.ndarray) -> None:
        """Set the priorities of sampled transitions to |TD error| + margin.

        Raises:
            ValueError: for unequal shapes, a place that holds no transition, or a TD
                error that is not finite.
        """
        indices, td_errors = np.asarray(indices), np.asarray(td_errors, dtype=float)
        require_same_shape(indices=indices, td_errors=td_errors)
        require_finite(td_errors=td_errors)
        if not ((indices >= 0) & (indices < len(self))).all():
            raise ValueError(f"indices must lie in [0, {len(self)}), got {indices}")
        self.priorities[indices] = np.abs(td_errors) + self.margin
        self.largest_priority = max(self.largest_priority, self.priorities[indices].max())
