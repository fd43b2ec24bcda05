"""Gymnasium's vector environments, with the interface of our own copies."""

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from rlnotes.envs.cartpole import Step


class GymnasiumCopies:
    """The same interface as `VecCartPole`, for any `gymnasium.vector.VectorEnv`.

    A vector environment starts a new episode by itself, in one of two ways, and each
    hides something that GAE and TD targets need:

    - NEXT_STEP (the usual one): the step after an end ignores its action and only
      resets. Its row leads from the last state of one episode to the first of the next
      with reward 0, and carries no flag. Here it is marked as not counted.
    - SAME_STEP: the step that ends an episode already returns the first observation of
      the next. The true last one stands in the infos, and here in next_observations.

    Args:
        envs: discrete actions; observations are vectors, or discrete (one-hot). Actions
            are counted from 0 here, whatever the first one is there.
        rng: source of the seed of the first reset.

    Raises:
        ValueError: for a space of another kind, or without an automatic reset.

    References:
        Gymnasium 1.4, `gymnasium.vector.AutoresetMode`.

    Example:
        >>> envs = gym.make_vec("CartPole-v1", 3, vectorization_mode="sync")
        >>> copies = GymnasiumCopies(envs, rng=np.random.default_rng(0))
        >>> copies.step(np.array([0, 1, 0])).rewards
        array([1., 1., 1.])
    """

    def __init__(self, envs: VectorEnv, *, rng: np.random.Generator):
        self.envs, self.num_envs = envs, envs.num_envs
        actions, self._space = envs.single_action_space, envs.single_observation_space
        if not isinstance(actions, gym.spaces.Discrete):
            raise ValueError(f"envs must have discrete actions, got {actions}")
        vectors = isinstance(self._space, gym.spaces.Box) and len(self._space.shape) == 1
        if not vectors and not isinstance(self._space, gym.spaces.Discrete):
            raise ValueError(f"envs must have discrete or vector observations, got {self._space}")
        self._mode = envs.metadata.get("autoreset_mode")
        if self._mode not in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP):
            raise ValueError(
                f"envs must start new episodes in NEXT_STEP or SAME_STEP mode, got {self._mode}"
            )
        self.num_actions, self._first_action = int(actions.n), int(actions.start)
        self._seed: int | None = int(rng.integers(2**31))
        self.reset()

    def reset(self) -> np.ndarray:
        """Start a new episode in every copy; returns the observations [N, D]."""
        observations, _ = self.envs.reset(seed=self._seed)
        self._seed = None  # once is enough: the environments go on with their generators
        self._ended = np.zeros(self.num_envs, dtype=bool)
        self.observations = self._encoded(observations)
        return self.observations

    def step(self, actions: np.ndarray) -> Step:
        """Take one action in every copy.

        Args:
            actions: [N] integers from 0, ignored for a copy that only starts anew.

        Returns:
            `Step`; rows that only started an episode have `counted` False.

        Raises:
            ValueError: if an episode ended without its last observation in the infos.
        """
        observations, rewards, terminated, truncated, infos = self.envs.step(
            np.asarray(actions) + self._first_action
        )
        ended = np.array(terminated | truncated)
        self.observations = self._encoded(observations)
        successors, counted = self.observations, ~self._ended
        if self._mode == AutoresetMode.NEXT_STEP:
            self._ended = ended
        else:
            successors = self.observations.copy()
            for copy in np.flatnonzero(ended):
                if not infos.get("_final_obs", ~ended)[copy]:
                    raise ValueError(f"infos must hold final_obs of copy {copy}, got {infos}")
                successors[copy] = self._encoded(np.array([infos["final_obs"][copy]]))[0]
        return Step(
            successors, np.array(rewards), np.array(terminated), np.array(truncated), counted
        )

    def _encoded(self, observations: np.ndarray) -> np.ndarray:
        """A copy as vectors: the environments may reuse their arrays."""
        if isinstance(self._space, gym.spaces.Discrete):
            return np.eye(int(self._space.n))[np.asarray(observations) - self._space.start]
        return np.array(observations, dtype=float)
