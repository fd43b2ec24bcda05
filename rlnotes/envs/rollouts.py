"""Many episodes at once, sampled straight from the tables."""

from dataclasses import dataclass

import numpy as np

from rlnotes._checks import require_positive_integer
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
    policy = policy_table(mdp, policy)
    require_positive_integer(num_episodes=num_episodes, max_steps=max_steps)

    action_edges = policy.cumsum(axis=-1)
    landing_edges = mdp.successor_probs.cumsum(axis=-1)
    state = draw_rows(np.tile(mdp.start_probs.cumsum(), (num_episodes, 1)), rng)
    columns = []
    while len(columns) < max_steps and not mdp.terminal[state].all():
        running = np.flatnonzero(~mdp.terminal[state])  # most episodes end early
        here = state[running]
        chosen = draw_rows(action_edges[here], rng)
        landing = mdp.successors[here, chosen, draw_rows(landing_edges[here, chosen], rng)]
        action, reward, next_state = np.zeros_like(state), np.zeros(num_episodes), state.copy()
        action[running], next_state[running] = chosen, landing
        reward[running] = mdp.transition_rewards[here, chosen, landing]
        columns.append((state, action, reward, next_state))
        state = next_state

    states, actions, rewards, next_states = (
        np.stack(column).T if columns else np.zeros((num_episodes, 0), dtype=int)
        for column in (zip(*columns, strict=True) if columns else [()] * 4)
    )
    terminated = mdp.terminal[next_states]
    truncated = np.zeros_like(terminated)
    if len(columns) == max_steps:
        truncated[:, -1] = ~terminated[:, -1]
    return Rollouts(states, actions, rewards, next_states, terminated, truncated)


def draw_rows(edges: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One index per row, by inversion of the cumulative probabilities [B, N]."""
    # Scaling by the last edge keeps a draw from falling beyond it through rounding.
    points = rng.random(len(edges)) * edges[:, -1]
    return (points[:, None] >= edges).sum(axis=-1)
