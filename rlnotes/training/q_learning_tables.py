"""Tabular Q-learning straight on the tables of a finite MDP: many times faster."""

from bisect import bisect_right

import numpy as np

from rlnotes.functional.finite_mdp import FiniteMDP, require_live_starts
from rlnotes.training.episodes import Episodes
from rlnotes.training.q_learning import Config, Result, collect

_BLOCK = 1 << 14  # steps for which random numbers are drawn at once
_DRAWS = 1 << 11  # the same, at least


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
        snapshots[snapshot_step] = run.q_values.copy()
    shape = (mdp.num_states, mdp.num_actions)
    tables = dict(
        zip(snapshots, np.array(list(snapshots.values())).reshape(-1, *shape), strict=True)
    )
    visits = np.array(run.visits).reshape(shape)
    q_values = np.array(run.q_values).reshape(shape)
    return collect(q_values, visits, run.episodes, tables, run.transitions())


class _Draws:
    """The random numbers of a generator, in their order, as plain Python floats."""

    def __init__(self, rng: np.random.Generator):
        self.rng, self.drawn, self.used = rng, [], 0

    def ahead(self, count: int) -> list[float]:
        """The next ones, of which the caller adds to `used` how many it took."""
        if self.used + count > len(self.drawn):
            more = self.rng.random(max(count, _DRAWS)).tolist()
            self.drawn, self.used = self.drawn[self.used :] + more, 0
        return self.drawn[self.used : self.used + count]


class _World:
    """Tables as lists, one row per (s, a): plain Python reads them faster."""

    def __init__(self, mdp: FiniteMDP):
        rows = mdp.num_states * mdp.num_actions
        edges = mdp.successor_probs.cumsum(axis=-1)
        edges /= edges[..., -1:]  # the last edge is 1, so no draw falls beyond it
        self.edges = edges.reshape(rows, -1).tolist()
        columns = (mdp.successors, mdp.successor_rewards, mdp.terminal[mdp.successors])
        columns = (column.reshape(rows, -1).tolist() for column in columns)
        # What may follow each row: (s', reward, is s' terminal), and the only such one.
        self.outcomes = [list(zip(*row, strict=True)) for row in zip(*columns, strict=True)]
        self.sure = [
            outcomes[0] if edges[0] == 1 else None
            for outcomes, edges in zip(self.outcomes, self.edges, strict=True)
        ]
        self.start_edges = (mdp.start_probs.cumsum() / mdp.start_probs.sum()).tolist()


class _Run:
    """What a run knows at one moment: the two tables, the episodes, where it stands."""

    def __init__(self, mdp: FiniteMDP, config: Config):
        num_rows = mdp.num_states * mdp.num_actions
        self.config, self.world, self.num_actions = config, _World(mdp), mdp.num_actions
        self.draws = _Draws(np.random.default_rng(config.seed))
        self.q_values, self.visits = [float(config.initial_value)] * num_rows, [0] * num_rows
        # Kept beside the table: its largest value in each state, and the row that holds
        # it, -1 if several do. The end is worth 0, whatever its rows hold.
        self.best_values = np.where(mdp.terminal, 0.0, config.initial_value).tolist()
        self.best_rows = [-1] * mdp.num_states
        self.episodes = Episodes()
        self.kept = [] if config.keep_transitions else None  # (row, what followed) per step
        self.state = bisect_right(self.world.start_edges, self.draws.ahead(1)[0])
        self.draws.used += 1

    def act_and_learn(self, count: int) -> None:
        """`count` steps with one update each."""
        # Local names, and look-ups instead of calls, are what makes this loop fast.
        config, world, episodes = self.config, self.world, self.episodes
        edges, outcomes, sure = world.edges, world.outcomes, world.sure
        q_values, visits = self.q_values, self.visits
        best_values, best_rows = self.best_values, self.best_rows
        state, num_actions, kept = self.state, self.num_actions, self.kept
        reward_sum, length = episodes.reward_sum, episodes.length
        gamma, alpha, exponent = config.gamma, config.learning_rate, config.visit_exponent
        epsilon, limit = config.epsilon, config.max_episode_steps
        draws = self.draws.ahead(4 * count)  # three per step, one per start
        start = 3 * count
        for explore, choice, landing in zip(
            draws[:count], draws[count : 2 * count], draws[2 * count : start], strict=True
        ):
            if explore < epsilon:
                row = state * num_actions + int(choice * num_actions)
            elif (row := best_rows[state]) < 0:
                row = self.tied_row(state, choice)
            follows = sure[row] or outcomes[row][bisect_right(edges[row], landing)]
            next_state, reward, terminated = follows
            if kept is not None:
                kept.append((row, follows))
            visits[row] += 1
            size = alpha / visits[row] ** exponent if exponent else alpha
            old = q_values[row]
            new = old + size * (reward + gamma * best_values[next_state] - old)
            q_values[row] = new
            if new > (best := best_values[state]):
                best_values[state], best_rows[state] = new, row
            elif new != old and (old == best or new == best):
                first = state * num_actions
                values = q_values[first : first + num_actions]
                best_values[state] = best = max(values)
                best_rows[state] = first + values.index(best) if values.count(best) == 1 else -1
            state = next_state
            reward_sum += reward
            length += 1
            if terminated or length == limit:
                episodes.reward_sum, episodes.length = reward_sum, length
                episodes.close(terminated)
                reward_sum, length = 0.0, 0
                state = bisect_right(world.start_edges, draws[start])
                start += 1
        self.draws.used += start
        self.state, episodes.reward_sum, episodes.length = state, reward_sum, length

    def transitions(self) -> list[tuple] | None:
        """(s, a, reward, s', is s' terminal) of each step, if they were kept."""
        if self.kept is None:
            return None
        return [
            (*divmod(row, self.num_actions), reward, next_state, terminated)
            for row, (next_state, reward, terminated) in self.kept
        ]

    def tied_row(self, state: int, choice: float) -> int:
        """One of the rows of a state that share its largest value."""
        first, best = state * self.num_actions, self.best_values[state]
        rows = range(first, first + self.num_actions)
        ties = [row for row in rows if self.q_values[row] == best]
        return ties[int(choice * len(ties))]
