"""Q-learning on environments and on tables: exact answers, ends, seeds, bad input."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

from rlnotes.envs.gymnasium_adapter import finite_mdp_from_env
from rlnotes.envs.maze import Maze, maze_2x3
from rlnotes.envs.table_env import TableEnv
from rlnotes.exact.mdp import optimal_values, policy_values, q_values, return_variances
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.training.q_learning import Config, epsilon_greedy, train_q_learning
from rlnotes.training.q_learning_tables import train_q_learning_on_tables

MAZE = maze_2x3()
LIVE = ~MAZE.terminal
TRAINERS = {
    "environment": lambda mdp, config: train_q_learning(TableEnv(mdp), config),
    "tables": train_q_learning_on_tables,
}


@pytest.fixture(params=TRAINERS)
def train(request):
    return TRAINERS[request.param]


def coin() -> FiniteMDP:
    """One step, then the end: reward 0 or 1, each half of the time."""
    transition_rewards = np.zeros((3, 1, 3))
    transition_rewards[0, 0, 1] = 1
    return FiniteMDP(
        transition_probs=[[[0, 0.5, 0.5]], [[0, 1, 0]], [[0, 0, 1]]],
        expected_rewards=[[0.5], [0], [0]],
        start_probs=[1, 0, 0],
        terminal=[False, True, True],
        transition_rewards=transition_rewards,
    )


def endless() -> FiniteMDP:
    return FiniteMDP(
        transition_probs=[[[1.0]]], expected_rewards=[[1.0]], start_probs=[1], terminal=[False]
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("epsilon", [0.3, 1.0])
def test_reaches_the_exact_values_of_the_maze_off_policy(train, epsilon, seed):
    # The maze is deterministic, so alpha = 1 is exact once every pair was seen enough.
    config = Config(gamma=0.9, num_steps=6000, epsilon=epsilon, learning_rate=1.0, seed=seed)
    exact = q_values(MAZE, optimal_values(MAZE, gamma=0.9), gamma=0.9)
    result = train(MAZE, config)
    np.testing.assert_allclose(result.q_values[LIVE], exact[LIVE], atol=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_comes_close_on_slippery_ice(seed):
    mdp = finite_mdp_from_env(gym.make("FrozenLake-v1"))
    exact = q_values(mdp, optimal_values(mdp, gamma=0.9), gamma=0.9)
    config = Config(
        gamma=0.9, num_steps=400_000, epsilon=1.0, learning_rate=1.0, visit_exponent=0.7, seed=seed
    )
    result = train_q_learning_on_tables(mdp, config)
    # The largest exact value is 0.64. Over ten seeds the worst error was 0.063.
    assert np.abs(result.q_values - exact)[~mdp.terminal].max() < 0.1


def test_learns_on_gymnasiums_own_environment():
    env = gym.make("FrozenLake-v1", is_slippery=False)
    result = train_q_learning(env, Config(gamma=0.9, num_steps=20_000, epsilon=1, learning_rate=1))
    assert result.q_values[0].max() == pytest.approx(0.9**5)  # six steps to the goal


def test_termination_stops_the_bootstrap_even_if_the_state_goes_on_elsewhere():
    class EndsInPlace(gym.Env):
        observation_space = action_space = gym.spaces.Discrete(1)

        def reset(self, *, seed=None, options=None):
            return 0, {}

        def step(self, action):
            return 0, 1.0, True, False, {}

    result = train_q_learning(EndsInPlace(), Config(gamma=0.5, num_steps=200, learning_rate=0.5))
    assert result.q_values.item() == pytest.approx(1.0)  # 2 if it bootstrapped


@pytest.mark.parametrize("max_episode_steps", [1, 7])
def test_truncation_keeps_the_bootstrap(train, max_episode_steps):
    config = Config(
        gamma=0.5, num_steps=300, learning_rate=0.5, max_episode_steps=max_episode_steps
    )
    result = train(endless(), config)
    assert result.q_values.item() == pytest.approx(2.0)  # 1 / (1 - 0.5); 1 if cut off
    assert result.num_truncated == 300 // max_episode_steps == len(result.episode_returns)
    assert set(result.episode_lengths) == {max_episode_steps}


def test_a_time_limit_of_the_environment_truncates_too():
    env = gym.wrappers.TimeLimit(TableEnv(endless()), max_episode_steps=3)
    result = train_q_learning(env, Config(gamma=0.5, num_steps=300, learning_rate=0.5))
    assert result.q_values.item() == pytest.approx(2.0)
    assert result.num_truncated == 100


def test_alpha_one_forgets_and_one_over_n_averages(train):
    # After each coin, alpha = 1 holds the last reward and 1/n the mean of all.
    last = train(coin(), Config(gamma=1, num_steps=500, learning_rate=1.0))
    assert last.q_values[0, 0] == last.episode_returns[-1]
    mean = train(coin(), Config(gamma=1, num_steps=500, learning_rate=1.0, visit_exponent=1.0))
    assert mean.q_values[0, 0] == pytest.approx(mean.episode_returns.mean())
    assert abs(mean.q_values[0, 0] - 0.5) < 5 * 0.5 / np.sqrt(500)


def test_random_experience_has_the_exact_mean_return(train):
    result = train(MAZE, Config(gamma=0.9, num_steps=20_000, epsilon=1.0, max_episode_steps=500))
    uniform = np.full((6, 4), 0.25)
    mean = policy_values(MAZE, uniform, gamma=1)[0]
    sigma = np.sqrt(return_variances(MAZE, uniform, gamma=1)[0])
    count = len(result.episode_returns)
    assert abs(result.episode_returns.mean() - mean) < 5 * sigma / np.sqrt(count)
    assert abs(result.episode_lengths.mean() - 4.8) < 0.3


def test_the_same_seed_gives_the_same_run_and_another_seed_another(train):
    first, again, other = (
        train(MAZE, Config(gamma=0.9, num_steps=300, seed=seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.q_values, again.q_values)
    np.testing.assert_array_equal(first.episode_lengths, again.episode_lengths)
    assert (first.visits != other.visits).any()


def test_every_step_is_counted_and_snapshots_end_with_the_result(train):
    result = train(MAZE, Config(gamma=0.9, num_steps=1000, num_snapshots=3))
    assert result.visits.sum() == 1000
    assert result.episode_lengths.sum() <= 1000
    assert result.snapshot_steps.tolist() == [333, 667, 1000]
    np.testing.assert_array_equal(result.snapshots[-1], result.q_values)
    assert (result.snapshots[0] != result.q_values).any()


def test_without_exploration_ties_are_broken_at_random(train):
    # All values stay 0 in this world, so every choice is a tie of four.
    free = FiniteMDP(
        transition_probs=np.ones((1, 4, 1)),
        expected_rewards=np.zeros((1, 4)),
        start_probs=[1],
        terminal=[False],
    )
    visits = train(free, Config(gamma=0.9, num_steps=4000, epsilon=0.0)).visits[0]
    assert (abs(visits - 1000) < 5 * np.sqrt(4000 * 0.25 * 0.75)).all()


def test_an_initial_value_is_kept_where_nothing_was_learned(train):
    result = train(MAZE, Config(gamma=0.9, num_steps=50, initial_value=5.0))
    assert (result.q_values[result.visits == 0] == 5.0).all()


def test_the_end_is_worth_nothing_whatever_the_table_starts_with(train):
    # Rows of terminal states keep 12; a target that read them would be 10.8 off.
    config = Config(gamma=0.9, num_steps=6000, epsilon=1, learning_rate=1, initial_value=12.0)
    exact = q_values(MAZE, optimal_values(MAZE, gamma=0.9), gamma=0.9)
    np.testing.assert_allclose(train(MAZE, config).q_values[LIVE], exact[LIVE], atol=1e-12)


def test_epsilon_greedy_takes_the_best_action_with_one_minus_epsilon_plus_its_share():
    rng = np.random.default_rng(0)
    draws = [epsilon_greedy(np.array([0.0, 2.0, 1.0, 0.0]), 0.1, rng) for _ in range(20_000)]
    share = np.mean(np.array(draws) == 1)
    assert abs(share - 0.925) < 5 * np.sqrt(0.925 * 0.075 / 20_000)  # 0.9 + 0.1 / 4


BAD = [
    ({"gamma": "0.9"}, r"gamma must lie in \[0, 1\], got '0.9'"),
    ({"gamma": None}, r"gamma must lie in \[0, 1\], got None"),
    ({"initial_value": None}, "initial_value must be finite, got None"),
    ({"visit_exponent": "1"}, "visit_exponent must be finite, got '1'"),
    ({"gamma": 1.1}, r"gamma must lie in \[0, 1\], got 1.1"),
    ({"learning_rate": -0.1}, r"learning_rate must lie in \[0, 1\], got -0.1"),
    ({"epsilon": 2}, r"epsilon must lie in \[0, 1\], got 2"),
    ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
    ({"max_episode_steps": 1.5}, "max_episode_steps must be a positive integer, got 1.5"),
    ({"visit_exponent": -1}, "visit_exponent must not be negative, got -1"),
    ({"initial_value": np.nan}, "initial_value must be finite, got nan"),
    ({"num_steps": 5, "num_snapshots": 6}, "num_snapshots must be at most num_steps=5, got 6"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_hyperparameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**{"gamma": 0.9, **change})


class Ring(gym.Env):
    """Three states in a ring; action 1 of two goes on, and pays 1 on leaving the last.

    Both spaces start at `start`, and observations may come in one array that changes.
    """

    def __init__(self, start: int, *, in_place: bool = False):
        self.observation_space = gym.spaces.Discrete(3, start=start)
        self.action_space = gym.spaces.Discrete(2, start=start)
        self.start, self.in_place, self.place = start, in_place, 0
        self.buffer = np.array(0)

    def observation(self):
        if not self.in_place:
            return self.place + self.start
        self.buffer[...] = self.place + self.start
        return self.buffer

    def reset(self, *, seed=None, options=None):
        self.place = 0
        return self.observation(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        goes = action == self.start + 1
        reward = float(goes and self.place == 2)
        self.place = (self.place + goes) % 3
        return self.observation(), reward, False, False, {}


@pytest.mark.parametrize("start", [-1, 0, 1, 5])
@pytest.mark.parametrize("in_place", [False, True])
def test_rows_follow_the_order_of_the_space_wherever_it_starts(start, in_place):
    config = Config(gamma=0.5, num_steps=6000, learning_rate=1.0, epsilon=1.0)
    result = train_q_learning(Ring(start, in_place=in_place), config)
    # V = (1/4, 1/2, 1) + V / 8, so V = (2, 4, 8) / 7; staying is worth half of it.
    best = np.array([2, 4, 8]) / 7
    np.testing.assert_allclose(result.q_values, np.stack([best / 2, best], axis=1), atol=1e-9)
    assert result.visits.shape == (3, 2)


def test_an_observation_outside_its_space_is_refused():
    class Lost(Ring):
        def observation(self):
            return 3 - 4 * (self.place == 0)

    with pytest.raises(ValueError, match=r"observations must lie in \[0, 3\), got -1"):
        train_q_learning(Lost(0), Config(gamma=0.5))


def test_an_end_that_comes_with_the_time_limit_is_an_end(train):
    # The coin ends after one step, just when the limit of one step is reached.
    result = train(coin(), Config(gamma=0.5, num_steps=50, max_episode_steps=1))
    assert (len(result.episode_lengths), result.num_truncated) == (50, 0)


def test_a_step_flagged_as_both_counts_as_an_end():
    env = gym.wrappers.TimeLimit(TableEnv(coin()), max_episode_steps=1)
    env.reset(seed=0)
    assert env.step(0)[2:4] == (True, True)
    assert train_q_learning(env, Config(gamma=0.5, num_steps=50)).num_truncated == 0


def test_an_episode_that_may_start_at_its_end_is_refused(train):
    mdp = FiniteMDP(
        transition_probs=np.eye(2)[:, None],
        expected_rewards=np.zeros((2, 1)),
        start_probs=[0.875, 0.125],
        terminal=[False, True],
    )
    with pytest.raises(ValueError, match=r"start_probs must be 0 in terminal states, got 0\.125"):
        train(mdp, Config(gamma=0.9))


def test_terminal_rows_keep_their_initial_value(train):
    result = train(MAZE, Config(gamma=0.9, num_steps=2000, epsilon=1.0, initial_value=12.0))
    assert (result.q_values[MAZE.terminal] == 12).all()
    assert (result.visits[MAZE.terminal] == 0).all()
    assert (result.q_values[LIVE] != 12).any()


def test_continuous_spaces_are_refused():
    with pytest.raises(ValueError, match="env must have a discrete observation_space, got Box"):
        train_q_learning(gym.make("CartPole-v1"), Config(gamma=0.9))


def test_a_reward_that_is_not_finite_is_refused_with_its_step():
    class Breaks(TableEnv):
        def step(self, action):
            return (0, float("nan"), False, False, {})

    with pytest.raises(ValueError, match="rewards must be finite, got nan at step 1"):
        train_q_learning(Breaks(MAZE), Config(gamma=0.9))


def plain_q_learning(mdp: FiniteMDP, config: Config) -> np.ndarray:
    """Eq. 6.8 step by step on arrays, with the random numbers of the run on tables."""
    rng, q = np.random.default_rng(config.seed), np.zeros((mdp.num_states, mdp.num_actions))
    start, length = np.searchsorted(mdp.start_probs.cumsum(), rng.random(), side="right"), 0
    state = start
    explore, choices, landings = (rng.random(config.num_steps) for _ in range(3))
    for t in range(config.num_steps):
        ties = np.flatnonzero(q[state] == q[state].max())
        options = np.arange(mdp.num_actions) if explore[t] < config.epsilon else ties
        action = options[int(choices[t] * len(options))]
        edges = mdp.successor_probs[state, action].cumsum()
        k = np.searchsorted(edges, landings[t] * edges[-1], side="right")
        after = mdp.successors[state, action, k]
        next_value = 0.0 if mdp.terminal[after] else q[after].max()
        target = mdp.successor_rewards[state, action, k] + config.gamma * next_value
        q[state, action] += config.learning_rate * (target - q[state, action])
        state, length = after, length + 1
        if mdp.terminal[state] or length == config.max_episode_steps:
            rng.random()  # one draw per start; here there is one start
            state, length = start, 0
    return q


@pytest.mark.parametrize("step_noise", [0.0, 0.3])
@pytest.mark.parametrize("learning_rate", [0.3, 1.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.4])
def test_the_run_on_tables_is_the_plain_loop_bit_by_bit(step_noise, learning_rate, epsilon):
    mdp = Maze(picture=("S..", "T.G"), step_noise=step_noise, step_reward=-0.5).mdp()
    config = Config(
        gamma=0.9,
        num_steps=700,
        learning_rate=learning_rate,
        epsilon=epsilon,
        max_episode_steps=9,
        seed=4,
    )
    result = train_q_learning_on_tables(mdp, config)
    np.testing.assert_array_equal(result.q_values, plain_q_learning(mdp, config))


@pytest.mark.parametrize("num_snapshots", [1, 7, 400])
@pytest.mark.parametrize("max_episode_steps", [5, 200])
def test_the_kept_transitions_replay_to_the_same_tables(train, num_snapshots, max_episode_steps):
    mdp = Maze(picture=("S..", "T.G"), step_noise=0.3).mdp()
    config = Config(
        gamma=0.9,
        num_steps=400,
        learning_rate=0.3,
        epsilon=0.4,
        initial_value=2.0,
        max_episode_steps=max_episode_steps,
        num_snapshots=num_snapshots,
        keep_transitions=True,
        seed=5,
    )
    result = train(mdp, config)
    kept = result.transitions
    steps = zip(
        kept.states, kept.actions, kept.rewards, kept.next_states, kept.terminated, strict=True
    )
    q, tables = np.full((6, 4), 2.0), []
    for s, a, r, after, terminated in steps:
        assert mdp.transition_probs[s, a, after] > 0
        assert r == mdp.transition_rewards[s, a, after]
        assert terminated == mdp.terminal[after]
        q[s, a] += 0.3 * (r + 0.9 * (0.0 if terminated else q[after].max()) - q[s, a])
        tables.append(q.copy())
    np.testing.assert_array_equal(np.array(tables)[result.snapshot_steps - 1], result.snapshots)
    np.testing.assert_array_equal(q, result.q_values)
    assert np.bincount(kept.states * 4 + kept.actions, minlength=24).tolist() == (
        result.visits.ravel().tolist()
    )
    assert kept.terminated.sum() == len(result.episode_lengths) - result.num_truncated


def test_keeping_the_transitions_changes_nothing_and_is_not_the_default(train):
    config = Config(gamma=0.9, num_steps=500, seed=2)
    bare, kept = train(MAZE, config), train(MAZE, replace(config, keep_transitions=True))
    np.testing.assert_array_equal(bare.q_values, kept.q_values)
    assert bare.transitions is None
    assert len(kept.transitions.states) == 500


def test_keep_transitions_must_be_a_bool():
    with pytest.raises(ValueError, match=r"keep_transitions must be .*got 'all'"):
        Config(gamma=0.9, keep_transitions="all")


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_a_seed_is_an_integer_from_0_on(seed):
    with pytest.raises(ValueError, match=f"seed must .*got {seed}"):
        Config(gamma=0.9, seed=seed)
