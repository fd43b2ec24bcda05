"""Targets of three steps: stable-baselines3 2.9.2, torchrl 0.14.1, tianshou 2.0.1."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3.common.buffers import NStepReplayBuffer
from tianshou.algorithm.algorithm_base import Algorithm
from tianshou.data import Batch, ReplayBuffer
from torchrl.data.postprocs import MultiStep

from rlnotes.data.n_step_window import NStepWindow
from rlnotes.functional.q_targets import q_learning_targets
from tests.peers.tables import torchrl_loss, torchrl_steps

# Three steps of reward 1, and then the episode is over. The last state has the value
# 100, by a network that was never asked to learn it.
GAMMA, LAST_VALUE, LAST = 0.9, 100.0, 3
REWARDS = [1.0, 1.0, 1.0]
TERMINATED = [2.71, 1.9, 1.0]  # 1 + 0.9 + 0.81, and so on
TRUNCATED = [75.61, 82.9, 91.0]  # 2.71 + 0.729 * 100, and so on

endings = pytest.mark.parametrize(
    ("terminated", "targets"), [(True, TERMINATED), (False, TRUNCATED)], ids=("end", "limit")
)


def rlnotes_targets(terminated: bool) -> torch.Tensor:
    window, ready = NStepWindow(3, gamma=GAMMA), []
    for state, reward in enumerate(REWARDS):
        over = state + 1 == LAST
        flags = {"terminated": over and terminated, "truncated": over and not terminated}
        ready += window.push(np.array([state]), 0, reward, np.array([state + 1]), **flags)
    values = [[LAST_VALUE if t.next_observation[0] == LAST else 0.0] * 2 for t in ready]
    return q_learning_targets(
        torch.tensor([t.reward for t in ready]),
        torch.tensor(values),
        torch.tensor([t.terminated for t in ready]),
        gamma=torch.tensor([GAMMA**t.num_steps for t in ready]),
    )


def sb3_targets(terminated: bool) -> torch.Tensor:
    space = gym.spaces.Box(0, LAST, (1,))
    buffer = NStepReplayBuffer(10, space, gym.spaces.Discrete(2), n_steps=3, gamma=GAMMA)
    for state, reward in enumerate(REWARDS):
        over = state + 1 == LAST
        row = np.array([[state]]), np.array([[state + 1]]), np.array([[0]]), np.array([reward])
        buffer.add(*row, np.array([over]), [{"TimeLimit.truncated": over and not terminated}])
    samples = buffer._get_samples(np.arange(LAST))
    next_values = torch.where(samples.next_observations == LAST, LAST_VALUE, 0.0)
    targets = samples.rewards + (1 - samples.dones) * samples.discounts * next_values
    return targets.flatten()


def tianshou_targets(terminated: bool, **kwargs) -> torch.Tensor:
    buffer = ReplayBuffer(10, **kwargs)
    for state, reward in enumerate(REWARDS):
        over = state + 1 == LAST
        flags = {"terminated": over and terminated, "truncated": over and not terminated}
        states = {"obs": np.array([state]), "obs_next": np.array([state + 1])}
        buffer.add(Batch(act=0, rew=reward, info={}, **states, **flags))
    rows = np.arange(LAST)

    def value(stored, indices):
        return torch.tensor(np.where(stored[indices].obs_next == LAST, LAST_VALUE, 0.0))

    batch = Algorithm.compute_nstep_return(buffer[rows], buffer, rows, value, GAMMA, 3)
    return batch.returns.flatten()


def torchrl_record(terminated: bool):
    ends = {"terminated": [False, False, terminated], "truncated": [False, False, not terminated]}
    record = torchrl_steps([0, 1, 2], REWARDS, following=[1, 2, 3], **ends)
    return MultiStep(gamma=GAMMA, n_steps=3)(record)


def torchrl_targets(record) -> torch.Tensor:
    """The distance of the targets to Q(s, a), which is 0 before the last state."""
    rows = [[0.0, 0.0]] * LAST + [[LAST_VALUE] * 2]
    loss = torchrl_loss(rows, gamma=GAMMA, loss_function="l1", reduction="none")
    return loss(record)["loss"].flatten().detach()


@endings
@pytest.mark.parametrize("targets_of", [rlnotes_targets, sb3_targets, tianshou_targets])
def test_nothing_follows_a_termination_and_a_truncation_bootstraps(targets_of, terminated, targets):
    assert targets_of(terminated).tolist() == pytest.approx(targets)


def test_torchrl_bootstraps_at_a_truncation():
    assert torchrl_targets(torchrl_record(False)).tolist() == pytest.approx(TRUNCATED)


def test_torchrl_bootstraps_past_a_termination_too():
    record = torchrl_record(True)
    assert record["next", "observation"].flatten().tolist() == [LAST] * 3  # of three steps on
    assert record["next", "terminated"].flatten().tolist() == [False, False, True]  # of one
    targets = [*TRUNCATED[:2], TERMINATED[2]]
    assert torchrl_targets(record).tolist() == pytest.approx(targets)


def test_torchrl_is_right_with_the_flag_of_the_last_of_the_steps():
    record = torchrl_record(True)
    flags = record["next", "terminated"]
    last = torch.arange(LAST) + record["steps_to_next_obs"] - 1
    record["next", "terminated"] = flags.gather(1, last[..., None])
    assert torchrl_targets(record).tolist() == pytest.approx(TERMINATED)


def test_tianshou_without_the_next_observations_takes_the_last_state_that_it_has():
    # The value of state 2 is 0 here: nothing of the 100 is left at the truncation.
    got = tianshou_targets(False, ignore_obs_next=True)
    assert got.tolist() == pytest.approx(TERMINATED)
