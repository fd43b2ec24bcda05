"""Tabular Q-learning straight on the tables of a finite MDP: many times faster."""

from bisect import bisect_right

import numpy as np

from rlnotes.functional.finite_mdp import FiniteMDP, require_live_starts
from rlnotes.training.episodes import Episodes
from rlnotes.training.q_learning import Config, Result, collect

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

    Raises:
        ValueError: if an episode may start in a terminal state.

    References:
        Watkins (1989); Sutton & Barto (2018), Eq. 6.8.
    """
    require_live_starts(mdp)
    run, snapshots, done_steps = _Run(mdp, config), {}, 0
    for snapshot_step in sorted(config.snapshot_steps):
        while done_steps < snapshot_step:
            count = min(_BLOCK, snapshot_step - done_steps)
            run.act_and_learn(count)
            done_steps += count
        snapshots[snapshot_step] = np.array(run.q_values)
    return collect(np.array(run.q_values), np.array(run.visits), run.episodes, snapshots)


class _World:
    """Tables as nested lists, which plain Python reads faster than arrays."""

    def __init__(self, mdp: FiniteMDP):
        rows = mdp.num_states * mdp.num_actions
        edges = mdp.successor_probs.cumsum(axis=-1)
        edges /= edges[..., -1:]  # the last edge is 1, so no draw falls beyond it
        self.edges = edges.reshape(rows, -1).tolist()
        self.successors = mdp.successors.reshape(rows, -1).tolist()
        self.rewards = mdp.successor_rewards.reshape(rows, -1).tolist()
        self.terminal = mdp.terminal.tolist()
        self.start_edges = (mdp.start_probs.cumsum() / mdp.start_probs.sum()).tolist()

    def start(self, draw: float) -> int:
        return bisect_right(self.start_edges, draw)


class _Run:
    """What a run knows at one moment: the two tables, the episodes, where it stands."""

    def __init__(self, mdp: FiniteMDP, config: Config):
        shape = (mdp.num_states, mdp.num_actions)
        self.config, self.world = config, _World(mdp)
        self.rng = np.random.default_rng(config.seed)
        self.q_values = np.full(shape, float(config.initial_value)).tolist()
        self.visits = np.zeros(shape, dtype=int).tolist()
        self.episodes = Episodes()
        self.state = self.world.start(self.rng.random())

    def act_and_learn(self, count: int) -> None:
        """`count` steps with one update each."""
        # Local names are what makes this loop fast.
        config, world, rng = self.config, self.world, self.rng
        edges, successors, rewards = world.edges, world.successors, world.rewards
        q_values, visits, state = self.q_values, self.visits, self.state
        terminal, step_ends_one = world.terminal, self.episodes.step_ends_one
        gamma, alpha, exponent = config.gamma, config.learning_rate, config.visit_exponent
        num_actions, limit = len(q_values[0]), config.max_episode_steps
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
            k = bisect_right(edges[here], landing)
            next_state, reward = successors[here][k], rewards[here][k]
            terminated = terminal[next_state]
            target = reward if terminated else reward + gamma * max(q_values[next_state])
            visits[state][action] += 1
            size = alpha / visits[state][action] ** exponent if exponent else alpha
            row[action] += size * (target - row[action])
            state = next_state
            if step_ends_one(reward, terminated, False, limit):
                state = world.start(rng.random())
        self.state = state
