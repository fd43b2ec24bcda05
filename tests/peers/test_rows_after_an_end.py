"""The step after an end: gymnasium 1.4.0, SB3 2.9.2, torchrl 0.14.1, tianshou 2.0.1."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit
from stable_baselines3.common.vec_env import DummyVecEnv
from tianshou.algorithm import Reinforce
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from torchrl.envs import GymWrapper

from rlnotes.envs.gymnasium_copies import GymnasiumCopies
from rlnotes.functional.advantages import generalized_advantage_estimation
from tests.peers.actor_critics import tianshou_algorithm
from tests.peers.counter import Counter

# Two episodes of two steps of reward 1 from state 0 to 2, where a limit cuts them;
# V(s) = 4 s, gamma and lambda 1/2: 3 + 0.25 * 1 and 1, as in test_advantages.
RIGHT = [3.25, 1.0, 3.25, 1.0]


def short() -> gym.Env:
    return TimeLimit(Counter(10), 2)


def advantages_of(rows) -> list[float]:
    """From (state, reward, next state, terminated, truncated) of each step."""
    states, rewards, following, *ends = (torch.tensor(column) for column in zip(*rows, strict=True))
    return generalized_advantage_estimation(
        rewards, 4 * states, 4 * following, *ends, gamma=0.5, gae_lambda=0.5
    ).tolist()


def as_they_come(mode: AutoresetMode, num_steps: int, *, final_obs: bool = False) -> list[float]:
    envs, rows = SyncVectorEnv([short], autoreset_mode=mode), []
    (state,), _ = envs.reset(seed=0)
    for _ in range(num_steps):
        (following,), (reward,), (end,), (cut,), infos = envs.step(np.array([0]))
        true = infos["final_obs"][0] if final_obs and cut else following
        rows.append((state.item(), reward, true.item(), bool(end), bool(cut)))
        state = following
    return advantages_of(rows)


def test_next_step_has_a_row_that_only_resets():
    # Reward 0 from state 2 to state 0: 0 + 0 - 8, and the sum goes on behind it.
    assert as_they_come(AutoresetMode.NEXT_STEP, 5) == [3.25, 1, -8 + 0.25 * 3.25, 3.25, 1]
    assert SyncVectorEnv([short]).metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    assert gym.make_vec("CartPole-v1").metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP


def test_same_step_returns_the_next_start():
    assert as_they_come(AutoresetMode.SAME_STEP, 4) == [2.25, -3, 2.25, -3]  # 1 + 0 - 4
    assert as_they_come(AutoresetMode.SAME_STEP, 4, final_obs=True) == RIGHT


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_here_the_row_is_left_out_and_the_true_state_is_looked_up(mode):
    envs = SyncVectorEnv([short], autoreset_mode=mode)
    copies, rows = GymnasiumCopies(envs, rng=np.random.default_rng(0)), []
    while len(rows) < 4:
        state, step = copies.observations[0], copies.step(np.array([0]))
        row = state, step.rewards, step.next_observations[0], step.terminated, step.truncated
        if step.counted[0]:
            rows.append(tuple(column.item() for column in row))
    assert advantages_of(rows) == RIGHT


def test_sb3_returns_the_next_start_and_keeps_the_true_state_in_the_infos():
    envs, rows = DummyVecEnv([short]), []
    state = envs.reset().item()
    for _ in range(4):
        following, rewards, dones, infos = envs.step(np.array([0]))
        true = infos[0]["terminal_observation"] if dones[0] else following
        cut = bool(dones[0]) and infos[0]["TimeLimit.truncated"]
        rows.append((state, float(rewards[0]), true.item(), False, cut))
        state = following.item()
    assert [row[0] for row in rows] == [0, 1, 0, 1]
    assert advantages_of(rows) == RIGHT


def test_torchrl_and_tianshou_have_four_rows_with_the_true_states():
    rollout = GymWrapper(short()).rollout(4, break_when_any_done=False)
    keys = ("terminated", "truncated")
    ends = [rollout["next", key].flatten().tolist() for key in keys]
    states, following = rollout["observation"], rollout["next", "observation"]
    rewards = rollout["next", "reward"]
    columns = (column.flatten().tolist() for column in (states, rewards, following))
    assert advantages_of(zip(*columns, *ends, strict=True)) == RIGHT
    buffer = VectorReplayBuffer(4, 1)
    algorithm = tianshou_algorithm(Reinforce, critic=False)
    collector = Collector(algorithm, DummyVectorEnv([short]), buffer)
    collector.reset()
    collector.collect(n_step=4)
    columns = buffer.obs, buffer.rew, buffer.obs_next, buffer.terminated, buffer.truncated
    rows = zip(*(column.flatten().tolist() for column in columns), strict=True)
    assert advantages_of(rows) == RIGHT
