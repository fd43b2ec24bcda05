"""Experience of a policy: whole episodes, pieces, borders, draws, bad rewards."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.envs.maze import maze_2x3
from rlnotes.envs.vec_table_env import VecTableEnv
from rlnotes.exact.mdp import policy_values, return_variances
from rlnotes.training.on_policy import (
    collect_steps,
    greedy_actions,
    play_episodes,
    sample_actions,
)

MAZE = maze_2x3()


class Uniform(nn.Module):
    """Equal logits, whatever is seen; not an `MLP`."""

    def __init__(self, num_actions):
        super().__init__()
        self.num_actions = num_actions

    def forward(self, observations):
        return torch.zeros(*observations.shape[:-1], self.num_actions)


class BothFlags(VecTableEnv):
    """Every end is flagged as a truncation, too, as a plain time limit may do."""

    def step(self, actions):
        step = super().step(actions)
        return step._replace(truncated=step.terminated | step.truncated)


def maze(num_envs, seed=0, **arguments):
    return VecTableEnv(MAZE, num_envs, rng=np.random.default_rng(seed), **arguments)


def cartpole(num_envs=5, seed=0, **arguments):
    return VecCartPole(num_envs, rng=np.random.default_rng(seed), **arguments)


def test_the_counted_steps_of_a_copy_are_one_whole_episode():
    record = play_episodes(maze(50), Uniform(4), np.random.default_rng(0))
    done = record.terminated | record.truncated
    for counted, ended in zip(record.counted, done, strict=True):
        length = int(counted.sum())
        assert counted[:length].all()  # a first part, without gaps
        assert ended[length - 1]
        assert not ended[: length - 1].any()
    assert record.counted[:, -1].any()  # no longer than the longest


def test_short_episodes_are_not_too_frequent():
    record = play_episodes(maze(4000), Uniform(4), np.random.default_rng(1))
    uniform = np.full((6, 4), 0.25)
    mean = policy_values(MAZE, uniform, gamma=1)[0]
    sigma = np.sqrt(return_variances(MAZE, uniform, gamma=1)[0])
    assert abs(record.episode_returns.mean() - mean) < 5 * sigma / np.sqrt(4000)
    assert abs(record.counted.sum(dim=1).double().mean() - 4.8) < 0.4  # exact mean length


def test_episodes_begin_afresh_even_if_the_copies_stood_elsewhere():
    env = maze(8)
    collect_steps(env, Uniform(4), 3, np.random.default_rng(0))
    record = play_episodes(env, Uniform(4), np.random.default_rng(0))
    assert (record.observations[:, 0].argmax(dim=1) == 0).all()


def test_pieces_join_without_losing_a_step():
    env, rng = cartpole(), np.random.default_rng(0)
    pieces = [collect_steps(env, Uniform(2), 30, rng) for _ in range(3)]
    following = torch.cat([p.next_observations for p in pieces], dim=1)[:, :-1]
    acted_on = torch.cat([p.observations for p in pieces], dim=1)[:, 1:]
    done = torch.cat([p.terminated | p.truncated for p in pieces], dim=1)[:, :-1]
    assert done.sum() > 5
    assert torch.equal(following[~done], acted_on[~done])
    assert (following[done] != acted_on[done]).any(dim=-1).all()  # a new episode
    assert all(piece.counted.all() for piece in pieces)


def test_truncation_and_termination_stay_apart():
    record = collect_steps(cartpole(max_episode_steps=4), Uniform(2), 8, np.random.default_rng(0))
    assert record.truncated[:, [3, 7]].all()
    assert record.truncated.sum() == 10
    assert not record.terminated.any()


def test_a_step_flagged_as_both_counts_as_an_end():
    env = BothFlags(MAZE, 40, rng=np.random.default_rng(0), max_episode_steps=3)
    records = (
        collect_steps(env, Uniform(4), 9, np.random.default_rng(0)),
        play_episodes(env, Uniform(4), np.random.default_rng(0)),
    )
    for record in records:
        assert record.terminated.any()
        assert record.truncated.any()  # by the limit alone
        assert not (record.terminated & record.truncated).any()


def test_draws_follow_the_softmax_of_the_logits():
    class Fixed(Uniform):
        def forward(self, observations):
            return torch.tensor([3.0, 1.0, 0.0]).log().expand(len(observations), 3)

    rng = np.random.default_rng(0)
    actions = sample_actions(Fixed(3), np.zeros((20_000, 1)), rng)
    shares = np.bincount(actions, minlength=3) / 20_000
    assert abs(shares[0] - 0.75) < 5 * np.sqrt(0.75 * 0.25 / 20_000)
    assert shares[2] == 0  # a masked action is never taken
    assert set(greedy_actions(Fixed(3), np.zeros((5, 1)))) == {0}


def test_the_same_generator_gives_the_same_record():
    first, again, other = (
        collect_steps(cartpole(), Uniform(2), 9, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first.observations, again.observations)
    assert not torch.equal(first.actions, other.actions)


def pays_nan_at(step_number):
    """A maze whose reward of one step is not a number, for the first copy."""

    class Breaks(VecTableEnv):
        steps = 0

        def step(self, actions):
            step = super().step(actions)
            self.steps += 1
            if self.steps == step_number:
                step.rewards[0] = np.nan
            return step

    return partial(Breaks, MAZE, rng=np.random.default_rng(0))


def test_a_reward_that_is_not_finite_is_refused_with_its_place():
    with pytest.raises(ValueError, match=r"rewards must be finite, got nan at \(0, 0\)"):
        play_episodes(pays_nan_at(1)(3), Uniform(4), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"rewards must be finite, got nan at \(0, 2\)"):
        collect_steps(pays_nan_at(3)(3), Uniform(4), 5, np.random.default_rng(0))


def test_the_number_of_steps_must_be_positive():
    with pytest.raises(ValueError, match="num_steps must be a positive integer, got 0"):
        collect_steps(maze(2), Uniform(4), 0, np.random.default_rng(0))
