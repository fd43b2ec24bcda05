"""Transitions of several steps: rewards summed up, the states between left out."""

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from rlnotes._checks import require_in_unit_interval, require_positive_integer


class Transition(NamedTuple):
    """From a state to the one `num_steps` later, as `ReplayBuffer.add` takes it."""

    observation: np.ndarray  # o_t, [D]
    action: int  # a_t
    reward: float  # of the steps up to next_observation, discounted to step t
    next_observation: np.ndarray  # o_{t+k}, [D]
    terminated: bool  # whether the last of the k steps terminated
    num_steps: int  # k


class NStepWindow:
    """The latest steps of an episode, held back until n of them make a transition.

        R = r_t + gamma r_{t+1} + ... + gamma^(k-1) r_{t+k-1},   from s_t to s_{t+k}

    k is n, and less for the last n - 1 states of an episode: no transition runs into
    the next episode, and none is left out. With n = 1 each step is a transition.

    The actions after a_t are those that were taken, not the best ones. So a target
    R + gamma^k max Q(s_{t+k}, .) is one of Q-learning for k = 1 only.

    Args:
        n: largest number of steps.
        gamma: discount factor in [0, 1], per step.

    Raises:
        ValueError: if n is not a positive integer, or gamma lies outside [0, 1].

    References:
        Sutton & Barto (2018), section 7.1; Hessel et al. (2018), arXiv:1710.02298.

    Example:
        >>> window, going = NStepWindow(2, gamma=0.5), {"terminated": False}
        >>> window.push("s0", 0, 1.0, "s1", truncated=False, **going)
        []
        >>> for transition in window.push("s1", 1, 4.0, "s2", truncated=True, **going):
        ...     print(*transition)
        s0 0 3.0 s2 False 2
        s1 1 4.0 s2 False 1
    """

    def __init__(self, n: int, *, gamma: float):
        require_positive_integer(n=n)
        require_in_unit_interval(gamma=gamma)
        self.n, self.gamma = n, gamma
        self._steps: deque[tuple] = deque()

    def push(
        self, observation, action, reward, next_observation, *, terminated: bool, truncated: bool
    ) -> list[Transition]:
        """Take a step in; return the transitions that end with it, the oldest first.

        Raises:
            ValueError: if the reward is not finite.
        """
        if not math.isfinite(reward):
            raise ValueError(f"reward must be finite, got {reward}")
        self._steps.append((_copied(observation), action, reward))
        ready = []
        while self._steps and (terminated or truncated or len(self._steps) == self.n):
            k, total = len(self._steps), 0.0
            for _, _, later in reversed(self._steps):
                total = later + self.gamma * total
            start, first_action, _ = self._steps.popleft()
            last = _copied(next_observation)
            ready.append(Transition(start, first_action, total, last, terminated, k))
        return ready


def _copied(observation):
    # It is kept over later steps, and the environment may change its array in place.
    return observation.copy() if isinstance(observation, np.ndarray) else observation
