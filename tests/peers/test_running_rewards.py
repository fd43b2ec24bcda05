"""Rewards over a running scale: gymnasium 1.4.0, stable-baselines3 2.9.2."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import NormalizeReward, RecordEpisodeStatistics, TimeLimit
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from tests.peers.counter import Counter


def walked(env: gym.Env, num_steps: int) -> list[float]:
    """Rewards; the environment is reset after either flag."""
    env.reset(seed=0)
    rewards = []
    for _ in range(num_steps):
        _, reward, terminated, truncated, _ = env.step(0)
        rewards.append(float(reward))
        if terminated or truncated:
            env.reset()
    return rewards


def first_second_hundredth(rewards: list[float]) -> list[float]:
    return [rewards[0], rewards[1], rewards[99]]


def test_the_first_reward_of_1_comes_out_as_70_7():
    seen = first_second_hundredth(walked(NormalizeReward(TimeLimit(Counter(1000), 5)), 100))
    assert seen[:2] == pytest.approx([70.71, 2.02], abs=0.01)
    assert seen[2] == pytest.approx(0.055, abs=5e-4)


def test_the_sum_restarts_at_a_termination_and_not_at_a_truncation():
    by_limit = NormalizeReward(TimeLimit(Counter(1000), 5))
    assert by_limit.gamma == 0.99
    endless, by_end = NormalizeReward(Counter(1000)), NormalizeReward(Counter(5))
    limit, none, end = (walked(env, 100)[-1] for env in (by_limit, endless, by_end))
    assert limit == none == pytest.approx(0.055, abs=5e-4)
    assert end == pytest.approx(0.725, abs=5e-4)


def walked_in_sb3(make, num_steps: int) -> list[float]:
    env = VecNormalize(DummyVecEnv([make]), norm_obs=False)
    assert env.gamma == 0.99
    env.reset()
    return [env.step(np.array([0]))[1].item() for _ in range(num_steps)]


def test_sb3_cuts_at_10_and_restarts_at_both_ends():
    def cut():
        return TimeLimit(Counter(1000), 5)

    rewards = walked_in_sb3(cut, 100)
    assert rewards == walked_in_sb3(lambda: Counter(5), 100)
    seen = first_second_hundredth(rewards)
    assert seen[:2] == pytest.approx([10, 2.02], abs=0.01)
    assert seen[2] == pytest.approx(0.725, abs=5e-4)
    assert walked_in_sb3(lambda: Counter(1000), 100)[-1] == pytest.approx(0.055, abs=5e-4)


def test_a_constant_reward_of_one_step_episodes_grows_without_bound():
    rewards = walked(NormalizeReward(Counter(1)), 400)
    assert rewards[:3] == pytest.approx([70.7, 100, 122.5], abs=0.1)
    assert rewards[-1] > 1000
    assert np.all(np.diff(rewards) > 0)


def test_the_statistics_outside_are_of_the_divided_rewards():
    inside = NormalizeReward(RecordEpisodeStatistics(Counter(5)))
    outside = RecordEpisodeStatistics(NormalizeReward(Counter(5)))
    for env, low, high in ((inside, 5, 5), (outside, 70, 80)):
        env.reset(seed=0)
        *_, last = (env.step(0) for _ in range(5))
        assert low <= last[4]["episode"]["r"] <= high
