"""Many copies of a finite MDP stepped together, observed as one-hot vectors."""

import numpy as np

from rlnotes._checks import require_positive_integer, require_shape
from rlnotes.envs.cartpole import Step
from rlnotes.envs.rollouts import draw_rows
from rlnotes.functional.finite_mdp import FiniteMDP, require_live_starts


class VecTableEnv:
    """The same interface as `VecCartPole`, for any `FiniteMDP`.

    On one-hot observations a linear network is a table: one row of outputs per state,
    plus a bias that all states share.

    Args:
        mdp: the tables.
        num_envs: number of copies N.
        rng: source of starts and landings.
        max_episode_steps: time limit, after which an episode is truncated.

    Raises:
        ValueError: if a count is not a positive integer, or an episode can start in a
            terminal state.

    Example:
        >>> from rlnotes.envs.maze import maze_2x3
        >>> env = VecTableEnv(maze_2x3(), 2, rng=np.random.default_rng(0))
        >>> env.step(np.array([3, 1])).rewards  # right, and down into the trap
        array([  0., -10.])
    """

    def __init__(
        self,
        mdp: FiniteMDP,
        num_envs: int,
        *,
        rng: np.random.Generator,
        max_episode_steps: int = 200,
    ):
        require_positive_integer(num_envs=num_envs, max_episode_steps=max_episode_steps)
        require_live_starts(mdp)
        self.mdp, self.num_envs, self.max_episode_steps = mdp, num_envs, max_episode_steps
        self.num_actions = mdp.num_actions
        self._rng = rng
        self._one_hot = np.eye(mdp.num_states)
        self._start_edges = mdp.start_probs.cumsum()
        self._landing_edges = mdp.successor_probs.cumsum(axis=-1)
        self.reset()

    @property
    def observations(self) -> np.ndarray:
        """[N, S] one-hot states to act in next."""
        return self._one_hot[self.states]

    def reset(self) -> np.ndarray:
        """Start a new episode in every copy; returns the observations [N, S]."""
        self.states = self._starts(self.num_envs)
        self.elapsed = np.zeros(self.num_envs, dtype=int)
        return self.observations

    def step(self, actions: np.ndarray) -> Step:
        """Take one action in every copy.

        Args:
            actions: [N] integers.

        Raises:
            ValueError: if the shape is not [N], or an action does not exist.
        """
        actions = np.asarray(actions)
        require_shape((self.num_envs,), actions=actions)
        if not np.isin(actions, np.arange(self.num_actions)).all():
            raise ValueError(f"actions must lie in [0, {self.num_actions}), got {actions}")
        actions = actions.astype(int)
        landing = draw_rows(self._landing_edges[self.states, actions], self._rng)
        successors = self.mdp.successors[self.states, actions, landing]
        rewards = self.mdp.transition_rewards[self.states, actions, successors]
        self.elapsed = self.elapsed + 1
        terminated = self.mdp.terminal[successors]
        truncated = ~terminated & (self.elapsed >= self.max_episode_steps)

        ended = terminated | truncated
        self.states = successors
        if ended.any():
            self.states = np.where(ended, self._starts(self.num_envs), successors)
            self.elapsed[ended] = 0
        return Step(self._one_hot[successors], rewards, terminated, truncated)

    def _starts(self, count: int) -> np.ndarray:
        return draw_rows(np.tile(self._start_edges, (count, 1)), self._rng)
