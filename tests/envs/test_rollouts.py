"""Many episodes at once: by hand, padding, limits, frequencies, seeds, errors."""

import re

import numpy as np
import pytest
import torch

from rlnotes.envs.maze import Maze, maze_2x3
from rlnotes.envs.rollouts import sample_paid_rewards, sample_rollouts
from rlnotes.envs.textbook import gridworld_4x4
from rlnotes.exact.mdp import policy_values, return_variances
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.functional.returns import discounted_returns

UP, DOWN, LEFT, RIGHT = range(4)
MAZE = maze_2x3()
UNIFORM = np.full((6, 4), 0.25)
FIELDS = ("states", "actions", "rewards", "next_states", "terminated", "truncated")


def always(*actions: int) -> np.ndarray:
    return np.eye(4)[list(actions)]


def sample(mdp=MAZE, policy=UNIFORM, *, episodes=200, max_steps=50, seed=0):
    rng = np.random.default_rng(seed)
    return sample_rollouts(mdp, policy, num_episodes=episodes, max_steps=max_steps, rng=rng)


class Fixed:
    """A generator whose every draw is the same number."""

    def __init__(self, value: float):
        self.value = value

    def random(self, size: int) -> np.ndarray:
        return np.full(size, self.value)


def test_the_way_to_the_goal_by_hand():
    rollouts = sample(policy=always(RIGHT, DOWN, UP, UP, RIGHT, UP), episodes=2)
    assert rollouts.states.tolist() == [[0, 1, 4]] * 2
    assert rollouts.actions.tolist() == [[RIGHT, DOWN, RIGHT]] * 2
    assert rollouts.rewards.tolist() == [[0, 0, 10]] * 2
    assert rollouts.next_states.tolist() == [[1, 4, 5]] * 2
    assert rollouts.terminated.tolist() == [[False, False, True]] * 2
    assert not rollouts.truncated.any()


def test_the_time_limit_truncates_what_goes_on_and_only_that():
    going_right = always(*[RIGHT] * 6)
    rollouts = sample(policy=going_right, episodes=1, max_steps=4)
    assert rollouts.states.tolist() == [[0, 1, 2, 2]]
    assert rollouts.truncated.tolist() == [[False, False, False, True]]
    assert not rollouts.terminated.any()
    # The end on the very last step that is allowed is an end, not a truncation.
    last = sample(policy=always(RIGHT, DOWN, UP, UP, RIGHT, UP), episodes=1, max_steps=3)
    assert last.terminated.tolist() == [[False, False, True]]
    assert not last.truncated.any()


def test_short_episodes_are_padded_with_their_end_and_reward_zero():
    rollouts = sample(max_steps=6)
    ends = rollouts.terminated.argmax(axis=1)
    for episode in np.flatnonzero(rollouts.terminated.any(axis=1)):
        end = ends[episode]
        assert MAZE.terminal[rollouts.next_states[episode, end]]
        assert rollouts.terminated[episode, end:].all()
        assert (rollouts.states[episode, end + 1 :] == rollouts.next_states[episode, end]).all()
        assert not rollouts.rewards[episode, end + 1 :].any()
        assert abs(rollouts.rewards[episode, end]) == 10
        assert not rollouts.truncated[episode].any()
    going_on = ~rollouts.terminated.any(axis=1)
    assert 0 < going_on.sum() < 200  # both kinds are there
    assert rollouts.truncated[going_on, -1].all()
    assert not rollouts.truncated[:, :-1].any()


def test_states_follow_each_other_and_rewards_are_those_of_the_landing():
    mdp = Maze(picture=("S..", "T.G"), step_noise=0.3, step_reward=-1).mdp()
    rollouts = sample(mdp)
    np.testing.assert_array_equal(rollouts.states[:, 1:], rollouts.next_states[:, :-1])
    steps = (rollouts.states, rollouts.actions, rollouts.next_states)
    for s, a, landing, reward in zip(*(x.ravel() for x in (*steps, rollouts.rewards)), strict=True):
        assert mdp.transition_probs[s, a, landing] > 0
        assert reward == mdp.transition_rewards[s, a, landing]


def test_the_record_is_as_long_as_the_longest_episode():
    rollouts = sample(max_steps=10_000)
    longest = rollouts.terminated.argmax(axis=1).max() + 1
    assert {getattr(rollouts, name).shape for name in FIELDS} == {(200, longest)}
    assert rollouts.terminated[:, -1].all()


def test_episodes_that_start_at_an_end_have_no_steps():
    over = FiniteMDP(
        transition_probs=[[[1]]], expected_rewards=[[0]], start_probs=[1], terminal=[True]
    )
    rollouts = sample(over, np.ones((1, 1)), episodes=3)
    assert {getattr(rollouts, name).shape for name in FIELDS} == {(3, 0)}
    assert rollouts.terminated.dtype == rollouts.truncated.dtype == bool


@pytest.mark.parametrize(
    ("mdp", "policy"),
    [(MAZE, UNIFORM), (Maze(picture=("S.T", ".#G"), step_noise=0.3, step_reward=-1).mdp(), None)],
)
@pytest.mark.parametrize("max_steps", [4, 60])
def test_paid_rewards_are_those_of_the_rollouts_and_sum_to_their_returns(mdp, policy, max_steps):
    policy = np.full((mdp.num_states, 4), 0.25) if policy is None else policy
    rollouts = sample(mdp, policy, max_steps=max_steps, seed=5)
    paid = sample_paid_rewards(
        mdp, policy, num_episodes=200, max_steps=max_steps, rng=np.random.default_rng(5)
    )
    dense = np.zeros_like(rollouts.rewards)
    dense[paid.episodes, paid.times] = paid.rewards
    np.testing.assert_array_equal(dense, rollouts.rewards)
    assert np.count_nonzero(dense) == len(paid.rewards)
    record = [rollouts.rewards, 0 * rollouts.rewards, rollouts.terminated, rollouts.truncated]
    for gamma in (0, 0.9, 1):
        returns = discounted_returns(*map(torch.from_numpy, record), gamma=gamma)[:, 0]
        np.testing.assert_allclose(paid.returns(gamma=gamma), returns, rtol=1e-12, atol=1e-12)


def test_episodes_without_a_reward_return_zero():
    paid = sample_paid_rewards(
        MAZE, always(*[RIGHT] * 6), num_episodes=3, max_steps=4, rng=np.random.default_rng(0)
    )
    assert paid.returns(gamma=0.9).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match=r"gamma.*1\.5"):
        paid.returns(gamma=1.5)


def test_the_seed_decides_everything():
    one, same, other = sample(seed=1), sample(seed=1), sample(seed=2)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
    assert one.actions[:, :3].tolist() != other.actions[:, :3].tolist()


@pytest.mark.parametrize("draw", [0.0, np.nextafter(1, 0)])
def test_what_has_probability_zero_never_happens_even_at_the_edge_of_a_draw(draw):
    policy = np.tile([0, 0.3, 0.7, 0], (3, 1))
    mdp = FiniteMDP(
        transition_probs=np.tile([0, 0.9, 0.1], (3, 4, 1)),
        expected_rewards=np.zeros((3, 4)),
        start_probs=[0, 1, 0],
        terminal=[False] * 3,
    )
    rollouts = sample_rollouts(mdp, policy, num_episodes=2, max_steps=3, rng=Fixed(draw))
    assert set(rollouts.actions.ravel()) == {1 if draw == 0 else 2}
    assert set(rollouts.next_states.ravel()) == {1 if draw == 0 else 2}
    assert set(rollouts.states[:, 0]) == {1}


def test_a_row_in_single_precision_never_draws_beyond_its_last_entry():
    row = [0.3333333] * 3  # misses one by 1e-7: the largest draw lies beyond its sum
    mdp = FiniteMDP(
        transition_probs=np.tile(row, (3, 3, 1)),
        expected_rewards=np.zeros((3, 3)),
        start_probs=row,
        terminal=[False] * 3,
    )
    last = Fixed(np.nextafter(1, 0))
    rollouts = sample_rollouts(mdp, np.tile(row, (3, 1)), num_episodes=1, max_steps=1, rng=last)
    assert (rollouts.actions.item(), rollouts.next_states.item()) == (2, 2)


def test_actions_landings_and_starts_are_as_frequent_as_they_should_be():
    count = 40_000
    policy = np.tile([0.1, 0.2, 0.3, 0.4], (16, 1))
    first = sample(gridworld_4x4(), policy, episodes=count, max_steps=1)
    starts = np.bincount(first.states[:, 0], minlength=16) / count
    # Five standard errors of a fraction, sqrt(p (1 - p) / n), here and below.
    p = np.array([0] + [1 / 14] * 14 + [0])
    assert (np.abs(starts - p) <= 5 * np.sqrt(p * (1 - p) / count)).all()
    actions = np.bincount(first.actions[:, 0], minlength=4) / count
    assert (np.abs(actions - policy[0]) <= 5 * np.sqrt(policy[0] * (1 - policy[0]) / count)).all()

    noisy = Maze(picture=("S..", "T.G"), step_noise=0.4).mdp()
    landing = sample(noisy, always(*[RIGHT] * 6), episodes=count, max_steps=1).next_states[:, 0]
    p = np.array([0.2, 0.6, 0, 0.2, 0, 0])  # up bumps, right, down is the trap
    assert (
        np.abs(np.bincount(landing, minlength=6) / count - p) <= 5 * np.sqrt(p * (1 - p) / count)
    ).all()


@pytest.mark.parametrize(("step_reward", "gamma"), [(0.0, 0.9), (1.0, 1.0)])
def test_mean_return_and_mean_length_agree_with_the_exact_values(step_reward, gamma):
    # With a step reward of 1 and ends worth 0 the return is the length: 4.8 on average.
    end = 0.0 if step_reward else 10.0
    maze = Maze(picture=("S..", "T.G"), goal_reward=end, trap_reward=-end, step_reward=step_reward)
    mdp, episodes = maze.mdp(), 20_000
    rollouts = sample(mdp, episodes=episodes, max_steps=1000)
    returns = rollouts.rewards @ gamma ** np.arange(rollouts.rewards.shape[1])
    exact = policy_values(mdp, UNIFORM, gamma=gamma)[0]
    assert exact == pytest.approx(4.8 if step_reward else -50 / 11, abs=1e-12)
    error = np.sqrt(return_variances(mdp, UNIFORM, gamma=gamma)[0] / episodes)
    assert abs(returns.mean() - exact) < 5 * error


BAD = [
    ({"policy": UNIFORM[:5]}, "policy must have shape (6, 4), got (5, 4)"),
    ({"policy": 2 * UNIFORM}, "policy must sum to one, got 2.0"),
    ({"episodes": 0}, "num_episodes must be a positive integer, got 0"),
    ({"max_steps": 1.5}, "max_steps must be a positive integer, got 1.5"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_input_names_the_argument(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        sample(**change)
