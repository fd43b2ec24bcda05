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
        self._moved = False

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self._state, self._moved = self._draw(self.mdp.start_probs), False
        return self._state, {}

    def step(self, action: int):
        """One step of the process.

        Raises:
            ValueError: for an unknown action, before the first reset, after the end, or
                if the episode started in a terminal state and so has no step.
        """
        if not self.action_space.contains(action):
            raise ValueError(f"action must lie in {self.action_space}, got {action!r}")
        state = self._state
        if state is None or self.mdp.terminal[state]:
            raise ValueError(self._why_not(state))
        self._moved = True
        self._state = self._draw(self.mdp.transition_probs[state, action])
        reward = float(self.mdp.transition_rewards[state, action, self._state])
        return self._state, reward, bool(self.mdp.terminal[self._state]), False, {}

    def _why_not(self, state: int | None) -> str:
        if state is None or self._moved:
            return f"step needs a running episode, call reset first; state is {state}"
        return (
            f"step needs a state that is not terminal, but the episode started in terminal state "
            f"{self.mdp.state_names[state]}: start_probs there is {self.mdp.start_probs[state]}"
        )

    def _draw(self, probs: np.ndarray) -> int:
        # Rounding may leave a sum beside one; `choice` is strict.
        return int(self.np_random.choice(len(probs), p=probs / probs.sum()))
