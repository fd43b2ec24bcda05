"""A Gymnasium environment that samples from the tables of a finite MDP."""

import gymnasium as gym
import numpy as np

from rlnotes.functional.finite_mdp import FiniteMDP


class TableEnv(gym.Env):
    """The agent-environment loop over any `FiniteMDP`, one step at a time.

    `step` returns (next_state, reward, terminated, truncated, info); truncated is
    always False: wrap in `gymnasium.wrappers.TimeLimit` for a step limit.

    Example:
        >>> from rlnotes.envs.maze import maze_2x3
        >>> env = TableEnv(maze_2x3())
        >>> env.reset(seed=0)[0], env.step(3)[:3]  # right
        (0, (1, 0.0, False))
    """

    def __init__(self, mdp: FiniteMDP):
        self.mdp = mdp
        self.observation_space = gym.spaces.Discrete(mdp.num_states)
        self.action_space = gym.spaces.Discrete(mdp.num_actions)
        self._state: int | None = None

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self._state = self._draw(self.mdp.start_probs)
        return self._state, {}

    def step(self, action: int):
        """One step of the process.

        Raises:
            ValueError: for an unknown action, before the first reset, or after the end.
        """
        if not self.action_space.contains(action):
            raise ValueError(f"action must lie in {self.action_space}, got {action!r}")
        state = self._state
        if state is None or self.mdp.terminal[state]:
            raise ValueError(f"step needs a running episode, call reset first; state is {state}")
        self._state = self._draw(self.mdp.transition_probs[state, action])
        reward = float(self.mdp.transition_rewards[state, action, self._state])
        return self._state, reward, bool(self.mdp.terminal[self._state]), False, {}

    def _draw(self, probs: np.ndarray) -> int:
        # A FiniteMDP allows rows in single precision; `choice` is stricter.
        return int(self.np_random.choice(len(probs), p=probs / probs.sum()))
