"""Many copies of CartPole-v1 stepped together, with arrays instead of a loop."""

from typing import NamedTuple

import numpy as np

from rlnotes._checks import require_positive_integer, require_shape

OBSERVATION_SIZE, NUM_ACTIONS = 4, 2
SOLVED = 475.0  # mean episode return that counts as solved, of at most 500

GRAVITY, CART_MASS, POLE_MASS, HALF_LENGTH = 9.8, 1.0, 0.1, 0.5
FORCE, TIME_STEP = 10.0, 0.02
POSITION_LIMIT, ANGLE_LIMIT = 2.4, 12 * 2 * np.pi / 360


class Step(NamedTuple):
    """One step of all copies; the arrays run over the copies."""

    next_observations: np.ndarray  # [N, 4] true successors, also where an episode ended
    rewards: np.ndarray  # [N] 1 for every step
    terminated: np.ndarray  # [N] bool, the pole fell or the cart left the track
    truncated: np.ndarray  # [N] bool, the time limit came first
    counted: np.ndarray | None = None  # [N] bool, False where a copy only started anew


class VecCartPole:
    """Push a cart left (0) or right (1) so that the pole on it stays up.

    The physics, limits, rewards and start states are those of Gymnasium's CartPole-v1.
    A copy whose episode ended starts a new one at once: `observations` always holds
    what to act on next, and the step's `next_observations` what the last one led to.

    Args:
        num_envs: number of copies N.
        rng: source of the start states.
        max_episode_steps: time limit, after which an episode is truncated.

    Raises:
        ValueError: if a count is not a positive integer.

    References:
        Barto, Sutton & Anderson (1983), "Neuronlike adaptive elements that can solve
        difficult learning control problems".
    """

    num_actions = NUM_ACTIONS

    def __init__(self, num_envs: int, *, rng: np.random.Generator, max_episode_steps: int = 500):
        require_positive_integer(num_envs=num_envs, max_episode_steps=max_episode_steps)
        self.num_envs, self.max_episode_steps = num_envs, max_episode_steps
        self._rng = rng
        self.reset()

    def reset(self) -> np.ndarray:
        """Start a new episode in every copy; returns the observations [N, 4]."""
        self.observations = self._start_states(self.num_envs)
        self.elapsed = np.zeros(self.num_envs, dtype=int)
        return self.observations

    def step(self, actions: np.ndarray) -> Step:
        """Push every cart once.

        Args:
            actions: [N] integers, 0 pushes left and 1 right.

        Raises:
            ValueError: if the shape is not [N], or an action is neither 0 nor 1.
        """
        actions = np.asarray(actions)
        require_shape((self.num_envs,), actions=actions)
        if not ((actions == 0) | (actions == 1)).all():
            raise ValueError(f"actions must be 0 or 1, got {actions}")
        successors = physics(self.observations, actions)
        self.elapsed = self.elapsed + 1
        terminated = (np.abs(successors[:, 0]) > POSITION_LIMIT) | (
            np.abs(successors[:, 2]) > ANGLE_LIMIT
        )
        truncated = ~terminated & (self.elapsed >= self.max_episode_steps)

        ended = terminated | truncated
        self.observations = successors
        if ended.any():
            self.observations = successors.copy()
            self.observations[ended] = self._start_states(ended.sum())
            self.elapsed[ended] = 0
        return Step(successors, np.ones(self.num_envs), terminated, truncated)

    def _start_states(self, count: int) -> np.ndarray:
        return self._rng.uniform(-0.05, 0.05, size=(count, OBSERVATION_SIZE))


def physics(observations: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """[N, 4] positions, speeds, angles and angular speeds one Euler step later."""
    _, speed, angle, angular_speed = observations.T
    force = np.where(actions == 1, FORCE, -FORCE)
    cosine, sine = np.cos(angle), np.sin(angle)
    mass, moment = CART_MASS + POLE_MASS, POLE_MASS * HALF_LENGTH

    push = (force + moment * angular_speed**2 * sine) / mass
    angular_acceleration = (GRAVITY * sine - cosine * push) / (
        HALF_LENGTH * (4 / 3 - POLE_MASS * cosine**2 / mass)
    )
    acceleration = push - moment * angular_acceleration * cosine / mass
    changes = np.stack([speed, acceleration, angular_speed, angular_acceleration], axis=1)
    return observations + TIME_STEP * changes
