"""Tabular Q-learning straight on the tables of a finite MDP: many times faster."""

from bisect import bisect_right

import numpy as np

from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.training.q_learning import Config, Episodes, Result, collect

_BLOCK = 1 << 14  # steps for which random numbers are drawn at once


def train_q_learning_on_tables(mdp: FiniteMDP, config: Config) -> Result:
    """Learn Q(s, a) as `train_q_learning` does, from the tables instead of an env.

    Plain Python lists and random numbers drawn in blocks replace the environment's
    `step`. Same law of experience as `train_q_learning`, other random numbers.

    Args:
        mdp: the tables; only sampled from, as if they were unknown.
        config: see `Config`.

    Returns:
        `Result`; terminal states keep their initial value, which is never used.

    References:
        Watkins (1989); Sutton & Barto (2018), Eq. 6.8.
    """
    rng = np.random.default_rng(config.seed)
    world = _World(mdp)
    shape = (mdp.num_states, mdp.num_actions)
    q_values = np.full(shape, float(config.initial_value)).tolist()
    visits = np.zeros(shape, dtype=int).tolist()
    episodes, snapshots, done_steps = Episodes(), {}, 0
    state = world.start(rng)
    for snapshot_step in sorted(config.snapshot_steps):
        while done_steps < snapshot_step:
            count = min(_BLOCK, snapshot_step - done_steps)
            state = world.steps(state, count, q_values, visits, episodes, config, rng)
            done_steps += count
        snapshots[snapshot_step] = np.array(q_values)
    return collect(np.array(q_values), np.array(visits), episodes, snapshots)


class _World:
    """Tables as nested lists, which plain Python reads faster than arrays."""

    def __init__(self, mdp: FiniteMDP):
        rows = mdp.num_states * mdp.num_actions
        edges = mdp.successor_probs.cumsum(axis=-1)
        edges /= edges[..., -1:]  # the last edge is 1, so no draw falls beyond it
        rewards = np.take_along_axis(mdp.transition_rewards, mdp.successors, axis=-1)
        self.edges = edges.reshape(rows, -1).tolist()
        self.successors = mdp.successors.reshape(rows, -1).tolist()
        self.rewards = rewards.reshape(rows, -1).tolist()
        self.terminal = mdp.terminal.tolist()
        self.num_actions = mdp.num_actions
        self.start_edges = (mdp.start_probs.cumsum() / mdp.start_probs.sum()).tolist()

    def start(self, rng: np.random.Generator) -> int:
        return bisect_right(self.start_edges, rng.random())

    def steps(self, state, count, q_values, visits, episodes, config, rng) -> int:
        """Act and learn for `count` steps; return the state reached."""
        gamma, alpha, exponent = config.gamma, config.learning_rate, config.visit_exponent
        limit, num_actions = config.max_episode_steps, self.num_actions
        explore = (rng.random(count) < config.epsilon).tolist()
        choices, landings = rng.random((2, count)).tolist()
        for explores, choice, landing in zip(explore, choices, landings, strict=True):
            row = q_values[state]
            if explores:
                action = int(choice * num_actions)
            else:
                best = max(row)
                action = row.index(best)
                if row.count(best) > 1:
                    ties = [a for a, value in enumerate(row) if value == best]
                    action = ties[int(choice * len(ties))]
            here = state * num_actions + action
            k = bisect_right(self.edges[here], landing)
            next_state, reward = self.successors[here][k], self.rewards[here][k]
            terminated = self.terminal[next_state]
            target = reward if terminated else reward + gamma * max(q_values[next_state])
            visits[state][action] += 1
            size = alpha / visits[state][action] ** exponent if exponent else alpha
            row[action] += size * (target - row[action])
            episodes.reward_sum += reward
            episodes.length += 1
            state = next_state
            if terminated or episodes.length == limit:
                episodes.close(terminated)
                state = self.start(rng)
        return state
