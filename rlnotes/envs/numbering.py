"""Environments whose states or actions are not counted from 0, as tables need it."""

import operator

import gymnasium as gym


def numbered_from_zero(env: gym.Env) -> gym.Env:
    """The same task, with every discrete space counted from 0.

    A space `Discrete(n, start=k)` holds k ... k + n - 1, a table the rows 0 ... n - 1:
    row i stands for state k + i, column j for the action that the environment knows as
    its start plus j. An environment that counts from 0 already is returned as it is.

    Args:
        env: any environment; spaces that are not discrete stay as they are.

    Example:
        >>> from rlnotes.envs.maze import maze_2x3
        >>> from rlnotes.envs.table_env import TableEnv
        >>> env = TableEnv(maze_2x3())
        >>> env.action_space = gym.spaces.Discrete(4, start=1)
        >>> numbered_from_zero(env).action_space
        Discrete(4)
    """
    if _start(env.observation_space) == 0 and _start(env.action_space) == 0:
        return env
    return _Renumbered(env)


def require_discrete_spaces(env: gym.Env) -> None:
    """Raise unless both spaces of the environment are discrete."""
    for name in ("observation_space", "action_space"):
        space = getattr(env, name)
        if not isinstance(space, gym.spaces.Discrete):
            raise ValueError(f"env must have a discrete {name}, got {space}")


def state_number(state, num_states: int) -> int:
    """An observation as a row of a table: an int, however the environment hands it out.

    Raises:
        ValueError: if it is no integer from 0 to num_states - 1.
    """
    try:
        number = operator.index(state)
    except TypeError:
        number = -1
    if not 0 <= number < num_states:
        raise ValueError(f"observations must lie in [0, {num_states}), got {state!r}")
    return number


class _Renumbered(gym.Wrapper):
    def __init__(self, env: gym.Env):
        super().__init__(env)
        self._first_state, self._first_action = (
            _start(env.observation_space),
            _start(env.action_space),
        )
        self.observation_space = _counted_from_zero(env.observation_space)
        self.action_space = _counted_from_zero(env.action_space)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        state, info = self.env.reset(seed=seed, options=options)
        return self._shifted(state), info

    def step(self, action):
        if isinstance(self.action_space, gym.spaces.Discrete):
            action = action + self._first_action
        state, *rest = self.env.step(action)
        return self._shifted(state), *rest

    def _shifted(self, state):
        discrete = isinstance(self.observation_space, gym.spaces.Discrete)
        return state - self._first_state if discrete else state


def _start(space: gym.Space) -> int:
    return int(space.start) if isinstance(space, gym.spaces.Discrete) else 0


def _counted_from_zero(space: gym.Space) -> gym.Space:
    return gym.spaces.Discrete(space.n) if isinstance(space, gym.spaces.Discrete) else space
