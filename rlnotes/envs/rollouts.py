"""Many episodes at once, sampled straight from the tables."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rlnotes._checks import require_in_unit_interval, require_positive_integer
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.policy_evaluation import policy_table


@dataclass(frozen=True)
class Rollouts:
    """B episodes, padded to the longest with the terminal state, action 0, reward 0."""

    states: np.ndarray  # [B, T] s_t
    actions: np.ndarray  # [B, T] a_t
    rewards: np.ndarray  # [B, T] r_t, reward for acting in s_t
    next_states: np.ndarray  # [B, T] s_{t+1}
    terminated: np.ndarray  # [B, T] bool, True at the step that ends the task, and after
    truncated: np.ndarray  # [B, T] bool, True at step max_steps - 1 if the task goes on


def sample_rollouts(
    mdp: FiniteMDP,
    policy: np.ndarray,
    *,
    num_episodes: int,
    max_steps: int,
    rng: np.random.Generator,
) -> Rollouts:
    """Episodes of a policy, each until a terminal state or max_steps.

    Args:
        mdp: the tables.
        policy: [S, A] probabilities.
        num_episodes: B.
        max_steps: the time limit, in steps; T is at most this.
        rng: the only source of randomness.

    Returns:
        `Rollouts` with T the length of the longest episode.

    Raises:
        ValueError: if the policy is no [S, A] table of probabilities, or a count is
            not a positive integer.
    """
    state, steps = _experience(mdp, policy, num_episodes, max_steps, rng)
    columns = []
    for running, _, action, reward, landing in steps:
        column = (state, np.zeros_like(state), np.zeros(num_episodes), state.copy())
        for padded, values in zip(column[1:], (action, reward, landing), strict=True):
            padded[running] = values
        columns.append(column)
        state = column[-1]

    states, actions, rewards, next_states = (
        np.stack(column).T if columns else np.zeros((num_episodes, 0), dtype=int)
        for column in (zip(*columns, strict=True) if columns else [()] * 4)
    )
    terminated = mdp.terminal[next_states]
    truncated = np.zeros_like(terminated)
    if len(columns) == max_steps:
        truncated[:, -1] = ~terminated[:, -1]
    return Rollouts(states, actions, rewards, next_states, terminated, truncated)


@dataclass(frozen=True)
class PaidRewards:
    """The rewards of B episodes that are not 0, in the order of their steps."""

    num_episodes: int  # B
    episodes: np.ndarray  # [N] which episode was paid
    times: np.ndarray  # [N] at which of its steps, the first is 0
    rewards: np.ndarray  # [N] how much

    def returns(self, *, gamma: float) -> np.ndarray:
        """[B] sum over t of gamma^t * r_t of each episode, discounted reward.

        Raises:
            ValueError: if gamma lies outside [0, 1].
        """
        require_in_unit_interval(gamma=gamma)
        discounts = float(gamma) ** np.arange(self.times.max(initial=0) + 1)
        paid = self.rewards * discounts.take(self.times)
        return np.bincount(self.episodes, weights=paid, minlength=self.num_episodes)


def sample_paid_rewards(
    mdp: FiniteMDP,
    policy: np.ndarray,
    *,
    num_episodes: int,
    max_steps: int,
    rng: np.random.Generator,
) -> PaidRewards:
    """The rewards of the episodes that `sample_rollouts` returns for the same `rng`.

    Where few steps pay, they need a small part of the time and memory.

    Args, Raises: as for `sample_rollouts`.
    """
    _, steps = _experience(mdp, policy, num_episodes, max_steps, rng)
    paid = [(np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0))]
    for time, (running, _, _, reward, _) in enumerate(steps):
        (counted,) = reward.nonzero()
        paid.append((running[counted], np.full(len(counted), time), reward[counted]))
    return PaidRewards(num_episodes, *map(np.concatenate, zip(*paid, strict=True)))


def _experience(
    mdp: FiniteMDP,
    policy: np.ndarray,
    num_episodes: int,
    max_steps: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, Iterator[tuple[np.ndarray, ...]]]:
    """[B] first states, and for each step: which episodes still run, s, a, r, s'."""
    policy = policy_table(mdp, policy)
    require_positive_integer(num_episodes=num_episodes, max_steps=max_steps)
    (starts,) = mdp.start_probs.nonzero()
    start_edges = mdp.start_probs[starts].cumsum()
    start = starts[draw_rows(np.broadcast_to(start_edges, (num_episodes, len(starts))), rng)]
    return start, _steps(mdp, policy, start, max_steps, rng)


def _steps(
    mdp: FiniteMDP,
    policy: np.ndarray,
    state: np.ndarray,
    max_steps: int,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, ...]]:
    # `take` on flat tables: many times faster than indexing with several arrays.
    num_successors = mdp.successors.shape[-1]
    action_edges = policy.cumsum(axis=-1)
    landing_edges = mdp.successor_probs.cumsum(axis=-1).reshape(-1, num_successors)
    running, goes_on = np.arange(len(state)), ~mdp.terminal
    for _ in range(max_steps):
        (live,) = goes_on.take(state).nonzero()  # most episodes end early
        if not len(live):
            return
        running, state = running.take(live), state.take(live)
        action = draw_rows(action_edges.take(state, axis=0), rng)
        row = state * mdp.num_actions + action
        landing = row * num_successors + draw_rows(landing_edges.take(row, axis=0), rng)
        next_state = mdp.successors.take(landing)
        yield running, state, action, mdp.successor_rewards.take(landing), next_state
        state = next_state


def draw_rows(edges: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One index per row, by inversion of the cumulative probabilities [B, N]."""
    # Scaling by the last edge keeps a draw from falling beyond it through rounding.
    points = rng.random(len(edges)) * edges[:, -1]
    if edges.shape[1] == 1:
        return np.zeros(len(edges), dtype=int)
    # A product with ones counts along short rows faster than `sum` does.
    ones = np.ones(edges.shape[1], dtype=np.float32)
    return ((points[:, None] >= edges) @ ones).astype(int)
