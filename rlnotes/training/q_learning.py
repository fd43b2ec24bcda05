"""Tabular Q-learning on an environment with discrete states and actions."""

from dataclasses import dataclass
from functools import cached_property

import gymnasium as gym
import numpy as np

from rlnotes._checks import (
    require_finite_numbers,
    require_in_unit_interval,
    require_option,
    require_positive_integer,
    require_seed,
)
from rlnotes.envs.numbering import numbered_from_zero, require_discrete_spaces, state_number
from rlnotes.envs.table_env import TableEnv
from rlnotes.functional.finite_mdp import require_live_starts
from rlnotes.training.episodes import Episodes, Transitions


@dataclass(frozen=True)
class Config:
    """Hyperparameters; units in the comments.

    Raises:
        ValueError: for a rate outside [0, 1], a count that is not a positive integer, a
            negative visit_exponent, an initial value that is not finite, a seed that is
            no integer from 0 on, or a keep_transitions that is no bool.
    """

    gamma: float  # discount per step
    num_steps: int = 20_000  # environment steps in all
    learning_rate: float = 0.1  # step size alpha
    visit_exponent: float = 0.0  # alpha / visits(s, a) ** visit_exponent; 0 is constant
    epsilon: float = 0.1  # probability of a uniformly random action
    initial_value: float = 0.0  # of every action value, discounted reward
    max_episode_steps: int = 200  # then the episode is truncated
    num_snapshots: int = 1  # copies of the action values, evenly spaced, last at the end
    keep_transitions: bool = False  # every step of the run, in `Result.transitions`
    seed: int = 0

    def __post_init__(self):
        require_in_unit_interval(
            gamma=self.gamma, learning_rate=self.learning_rate, epsilon=self.epsilon
        )
        require_positive_integer(
            num_steps=self.num_steps,
            max_episode_steps=self.max_episode_steps,
            num_snapshots=self.num_snapshots,
        )
        require_finite_numbers(visit_exponent=self.visit_exponent, initial_value=self.initial_value)
        require_seed(seed=self.seed)
        require_option([False, True], keep_transitions=self.keep_transitions)
        if self.visit_exponent < 0:
            raise ValueError(f"visit_exponent must not be negative, got {self.visit_exponent}")
        if self.num_snapshots > self.num_steps:
            raise ValueError(
                f"num_snapshots must be at most num_steps={self.num_steps}, "
                f"got {self.num_snapshots}"
            )

    @cached_property
    def snapshot_steps(self) -> frozenset[int]:
        """After how many steps the action values are copied."""
        spaced = np.linspace(0, self.num_steps, self.num_snapshots + 1)[1:]
        return frozenset(spaced.round().astype(int).tolist())


@dataclass(frozen=True)
class Result:
    """What a run leaves behind."""

    q_values: np.ndarray  # [S, A] discounted reward
    visits: np.ndarray  # [S, A] updates of each action value
    episode_returns: np.ndarray  # [E] undiscounted reward of each finished episode
    episode_lengths: np.ndarray  # [E] steps; a truncated one has max_episode_steps
    num_truncated: int  # episodes that the limit ended
    snapshots: np.ndarray  # [N, S, A] action values during the run
    snapshot_steps: np.ndarray  # [N] after how many steps each was taken
    transitions: Transitions | None = None  # all num_steps of them, if they were kept


def train_q_learning(env: gym.Env, config: Config) -> Result:
    """Learn Q(s, a) off-policy from epsilon-greedy experience with an environment.

        Q(s, a) <- Q(s, a) + alpha * (r + gamma * max over b of Q(s', b) - Q(s, a))

    The next value counts unless the step terminated: a truncated episode bootstraps.
    The environment and the exploration get independent child seeds of `config.seed`.

    Args:
        env: discrete observations and actions; its own time limit is respected. A space
            that starts at k fills the table from row 0 on: row i is state k + i.
        config: see `Config`.

    Returns:
        `Result`. An episode that never ends is truncated, and counted.

    Raises:
        ValueError: if a space is not discrete, an observation lies outside its space, a
            reward is not finite, or a `TableEnv` may start in a terminal state.

    References:
        Watkins (1989); Sutton & Barto (2018), Eq. 6.8.
    """
    require_discrete_spaces(env)
    if isinstance(env.unwrapped, TableEnv):
        require_live_starts(env.unwrapped.mdp)
    env = numbered_from_zero(env)
    env_seed, agent_seed = np.random.SeedSequence(config.seed).spawn(2)
    rng = np.random.default_rng(agent_seed)
    shape = (int(env.observation_space.n), int(env.action_space.n))
    q_values, visits = np.full(shape, float(config.initial_value)), np.zeros(shape, dtype=int)
    episodes, snapshots = Episodes(), {}
    kept = [] if config.keep_transitions else None

    state = state_number(env.reset(seed=int(env_seed.generate_state(1)[0]))[0], shape[0])
    for step in range(1, config.num_steps + 1):
        action = epsilon_greedy(q_values[state], config.epsilon, rng)
        observation, reward, terminated, truncated, _ = env.step(action)
        next_state = state_number(observation, shape[0])
        if not np.isfinite(reward):
            raise ValueError(f"rewards must be finite, got {reward} at step {step}")
        next_value = 0.0 if terminated else q_values[next_state].max()
        if kept is not None:
            kept.append((state, action, reward, next_state, terminated))
        visits[state, action] += 1
        alpha = config.learning_rate / visits[state, action] ** config.visit_exponent
        q_values[state, action] += alpha * (
            reward + config.gamma * next_value - q_values[state, action]
        )
        state = next_state
        if episodes.step_ends_one(reward, terminated, truncated, config.max_episode_steps):
            state = state_number(env.reset()[0], shape[0])
        if step in config.snapshot_steps:
            snapshots[step] = q_values.copy()
    return collect(q_values, visits, episodes, snapshots, kept)


def epsilon_greedy(action_values: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
    """Best action with probability 1 - epsilon, ties at random; else a uniform one.

    The best of A actions is therefore taken with probability 1 - epsilon + epsilon / A.
    """
    if rng.random() < epsilon:
        return int(rng.integers(len(action_values)))
    return int(rng.choice(np.flatnonzero(action_values == action_values.max())))


def collect(
    q_values: np.ndarray,
    visits: np.ndarray,
    episodes: Episodes,
    snapshots: dict,
    kept: list | None,
) -> Result:
    """The `Result` of a run: tables, episodes, {step: snapshot}, transitions."""
    return Result(
        q_values=q_values,
        visits=visits,
        episode_returns=np.array(episodes.returns),
        episode_lengths=np.array(episodes.lengths, dtype=int),
        num_truncated=episodes.num_truncated,
        snapshots=np.stack(list(snapshots.values())),
        snapshot_steps=np.array(list(snapshots)),
        transitions=None if kept is None else Transitions.of(kept),
    )
