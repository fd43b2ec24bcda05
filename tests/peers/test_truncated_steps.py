"""What is kept of a truncated step: stable-baselines3 2.9.2, torchrl 0.14.1."""

import numpy as np
import pytest
from gymnasium.wrappers import TimeLimit
from stable_baselines3 import DQN
from torchrl.envs import GymWrapper

from tests.peers.counter import Counter
from tests.peers.linear_dqn import linear_dqn
from tests.peers.tables import torchrl_loss, torchrl_steps

LIMIT = 3


def stored(length: int, num_steps: int = 2 * LIMIT, **kwargs):
    """The first transitions of a run, as a batch."""
    env = TimeLimit(Counter(length), LIMIT)
    model = linear_dqn(env, learning_starts=100, **kwargs)
    model.learn(num_steps)
    return model.replay_buffer._get_samples(np.arange(LIMIT))


@pytest.mark.parametrize(("length", "end"), [(10, 0), (LIMIT, 1)], ids=("truncated", "both"))
def test_sb3_keeps_no_end_at_a_truncation_and_the_true_last_state(length, end):
    batch = stored(length)
    assert batch.dones.flatten().tolist() == [0, 0, end]
    assert batch.next_observations.flatten().tolist() == [1, 2, 3]
    assert batch.rewards.flatten().tolist() == [1, 1, 1]


def test_sb3_saves_memory_only_if_truncations_count_as_ends():
    env = TimeLimit(Counter(10), LIMIT)
    with pytest.raises(ValueError, match="handle_timeout_termination = True simultaneously"):
        DQN("MlpPolicy", env, optimize_memory_usage=True, buffer_size=100)
    kwargs = {"replay_buffer_kwargs": {"handle_timeout_termination": False}}
    batch = stored(10, optimize_memory_usage=True, **kwargs)
    assert batch.dones.flatten().tolist() == [0, 0, 1]
    assert batch.next_observations.flatten().tolist() == [1, 2, 0]  # the next episode's start


def test_torchrl_keeps_all_three_flags():
    env = GymWrapper(TimeLimit(Counter(10), LIMIT))
    following = env.rollout(LIMIT)["next"]
    flags = {name: following[name].flatten().tolist() for name in ("terminated", "done")}
    assert flags == {"terminated": [False] * 3, "done": [False, False, True]}
    assert following["truncated"].flatten().tolist() == [False, False, True]
    assert following["observation"].flatten().tolist() == [1, 2, 3]


def test_torchrl_takes_done_for_the_end_if_terminated_is_missing():
    # Q(last state) is 100, gamma 0.9: 1 + 90 with the flag.
    loss = torchrl_loss([[0.0, 0.0], [100.0, 100.0]], loss_function="l1")
    step = torchrl_steps([0], [1.0], terminated=[False], truncated=[True], following=[1])
    assert loss(step)["loss"].item() == pytest.approx(91)
    del step["next", "terminated"]
    assert loss(step)["loss"].item() == pytest.approx(1)
