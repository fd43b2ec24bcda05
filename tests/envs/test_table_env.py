"""The environment over tables: Gymnasium's own check, agreement, seeds, ends."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from rlnotes.envs.maze import Maze, maze_2x3
from rlnotes.envs.table_env import TableEnv
from rlnotes.envs.textbook import gridworld_4x4, gridworld_5x5
from rlnotes.functional.finite_mdp import FiniteMDP

UP, DOWN, LEFT, RIGHT = range(4)


@pytest.mark.parametrize("make", [maze_2x3, gridworld_4x4, gridworld_5x5])
def test_gymnasium_accepts_it_without_a_warning(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*not having a spec.*")  # it is unregistered
        warnings.filterwarnings("ignore", message=".*different from the unwrapped version.*")
        check_env(TableEnv(make()), skip_render_check=True)


def test_one_episode_by_hand():
    env = TableEnv(Maze(picture=("S..", "T.G"), step_reward=-0.5).mdp())
    assert env.reset(seed=0) == (0, {})
    assert env.step(UP) == (0, -0.5, False, False, {})
    assert env.step(RIGHT) == (1, -0.5, False, False, {})
    assert env.step(DOWN) == (4, -0.5, False, False, {})
    assert env.step(RIGHT) == (5, 9.5, True, False, {})
    assert [type(part) for part in env.reset()] == [int, dict]


def test_spaces_fit_the_tables():
    env = TableEnv(maze_2x3())
    assert env.observation_space == gym.spaces.Discrete(6)
    assert env.action_space == gym.spaces.Discrete(4)


def test_the_reward_is_the_one_of_the_landing_not_the_mean():
    # Right from (0,2) slips up (bump) or down (the goal): 0 or 10, never the mean 5.
    env = TableEnv(Maze(picture=("..S", "T.G"), step_noise=1).mdp())
    for seed in range(20):
        env.reset(seed=seed)
        state, reward, terminated, _, _ = env.step(RIGHT)
        assert (state, reward, terminated) in {(2, 0.0, False), (5, 10.0, True)}


def test_slips_happen_as_often_as_the_tables_say():
    env, tries = TableEnv(Maze(picture=("S..", "T.G"), step_noise=0.4).mdp()), 4000
    env.reset(seed=5)
    counts = np.zeros(6)
    for _ in range(tries):
        env.reset()
        counts[env.step(RIGHT)[0]] += 1
    probs = np.array([0.2, 0.6, 0, 0.2, 0, 0])  # up bumps, right, down is the trap
    assert (np.abs(counts / tries - probs) <= 5 * np.sqrt(probs * (1 - probs) / tries)).all()


def starts(env: TableEnv, seed: int | None, count: int) -> list[int]:
    first = env.reset(seed=seed)[0]
    return [first] + [env.reset()[0] for _ in range(count - 1)]


def test_one_seed_gives_one_sequence_and_a_reset_without_a_seed_goes_on_with_it():
    env = TableEnv(gridworld_4x4())
    sequence = starts(env, 7, 30)
    assert sequence == starts(env, 7, 30) == starts(TableEnv(gridworld_4x4()), 7, 30)
    assert sequence != starts(env, 8, 30)
    # A seed that is used again would start every episode alike.
    assert len(set(sequence)) > 5
    assert set(sequence) <= set(range(1, 15))


def test_steps_depend_on_the_seed_too():
    env = TableEnv(Maze(picture=("S....G",) * 1 + ("......",) * 5, step_noise=1).mdp())

    def walk(seed: int) -> list[int]:
        env.reset(seed=seed)
        return [env.step(RIGHT)[0] for _ in range(30)]

    assert walk(1) == walk(1)
    assert walk(1) != walk(2)


def test_a_step_needs_a_running_episode():
    env = TableEnv(maze_2x3())
    with pytest.raises(ValueError, match="call reset first; state is None"):
        env.step(RIGHT)
    env.reset(seed=0)
    env.step(DOWN)
    with pytest.raises(ValueError, match="call reset first; state is 3"):
        env.step(RIGHT)
    env.reset()
    assert env.step(RIGHT)[0] == 1


def test_an_episode_that_starts_at_its_end_has_no_step():
    mdp = FiniteMDP(
        transition_probs=np.eye(2)[:, None],
        expected_rewards=np.zeros((2, 1)),
        start_probs=[0, 1],
        terminal=[False, True],
        state_names=("cell", "pit"),
    )
    env = TableEnv(mdp)
    env.reset(seed=0)
    message = "the episode started in terminal state pit: start_probs there is 1"
    with pytest.raises(ValueError, match=message):
        env.step(0)


@pytest.mark.parametrize("action", [-1, 4, 1.0, None, "up"])
def test_an_unknown_action_is_refused_and_changes_nothing(action):
    env = TableEnv(maze_2x3())
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"action must lie in Discrete\(4\), got "):
        env.step(action)
    assert env.step(RIGHT)[0] == 1


def test_a_step_limit_comes_from_the_wrapper_and_truncates():
    env = gym.wrappers.TimeLimit(TableEnv(maze_2x3()), max_episode_steps=2)
    env.reset(seed=0)
    assert env.step(UP)[2:4] == (False, False)
    assert env.step(UP)[2:4] == (False, True)


def test_rows_in_single_precision_can_be_sampled():
    # 3 * 0.3333333 misses one by 1e-7: a FiniteMDP allows it, NumPy's choice does not.
    third = [0.3333333] * 3
    mdp = FiniteMDP(
        transition_probs=[[third]] * 3,
        expected_rewards=np.zeros((3, 1)),
        start_probs=third,
        terminal=[False] * 3,
    )
    env = TableEnv(mdp)
    env.reset(seed=0)
    assert env.step(0)[0] in range(3)
