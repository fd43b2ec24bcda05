"""GAE at a truncation: stable-baselines3 2.9.2, torchrl 0.14.1, tianshou 2.0.1."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.wrappers import TimeLimit
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from tianshou.algorithm.algorithm_base import Algorithm
from tianshou.data import Batch, ReplayBuffer
from torchrl.objectives.value import GAE
from torchrl.objectives.value.functional import generalized_advantage_estimate

from rlnotes.functional.advantages import generalized_advantage_estimation
from tests.peers.counter import Counter

# Two steps of reward 1 from state 0 to 2, where a limit cuts them; V(s) = 4 s.
# TD errors 1 + 2 - 0 and 1 + 4 - 4, so A = 3 + 0.25 * 1 and 1.
# With the cut taken for an end the second one is 1 - 4, so A = 3 - 0.75 and -3.
GAMMA = GAE_LAMBDA = 0.5
REWARDS, VALUES, NEXT_VALUES = [1.0, 1.0], [0.0, 4.0], [4.0, 8.0]
RIGHT, AS_AN_END, TD_ERRORS = [3.25, 1.0], [2.25, -3.0], [3.0, 1.0]


COLUMNS = REWARDS, VALUES, NEXT_VALUES, [False, False], [False, True]


def test_rlnotes_has_its_time_in_the_last_axis():
    columns = [torch.tensor([column]) for column in COLUMNS]
    advantages = generalized_advantage_estimation(*columns, gamma=GAMMA, gae_lambda=GAE_LAMBDA)
    assert advantages.tolist() == [RIGHT]


@pytest.mark.parametrize("left_out", range(5))
def test_rlnotes_requires_each_column(left_out):
    names = "rewards", "values", "next_values", "terminated", "truncated"
    columns = dict(zip(names, map(torch.tensor, COLUMNS), strict=True))
    del columns[names[left_out]]
    with pytest.raises(TypeError, match=names[left_out]):
        generalized_advantage_estimation(**columns, gamma=GAMMA, gae_lambda=GAE_LAMBDA)


def test_sb3_adds_the_value_of_the_last_state_to_the_stored_reward():
    model = PPO(
        "MlpPolicy",
        TimeLimit(Counter(10), 2),
        n_steps=2,
        batch_size=2,
        gamma=GAMMA,
        gae_lambda=GAE_LAMBDA,
        policy_kwargs={"net_arch": []},
        device="cpu",
    )
    with torch.no_grad():
        model.policy.value_net.weight.fill_(4)
        model.policy.value_net.bias.zero_()
    model.train = lambda: None  # the record only
    model.learn(2)
    assert model.rollout_buffer.rewards.flatten().tolist() == [1, 5]  # 1 + 0.5 * 8
    assert model.rollout_buffer.advantages.tolist() == [[a] for a in RIGHT]  # steps, copies


def sb3_buffer_advantages(episode_starts, *, last_done: bool) -> list[float]:
    spaces = gym.spaces.Box(0, 2, (1,)), gym.spaces.Discrete(2)
    settings = {"gamma": GAMMA, "gae_lambda": GAE_LAMBDA, "device": "cpu"}
    buffer, log_prob = RolloutBuffer(2, *spaces, **settings), torch.zeros(1)
    for t, start in enumerate(episode_starts):
        row = np.array([[t]]), np.array([[0]]), np.array([REWARDS[t]]), np.array([start])
        buffer.add(*row, torch.tensor([VALUES[t]]), log_prob)
    buffer.compute_returns_and_advantage(torch.tensor([8.0]), np.array([last_done]))
    assert buffer.advantages.shape == (2, 1)  # steps, copies
    return buffer.advantages.flatten().tolist()


def test_sb3_buffer_alone_knows_one_flag():
    assert sb3_buffer_advantages([True, False], last_done=True) == AS_AN_END


@pytest.mark.parametrize(
    ("starts", "advantages"), [([True, True], [1, 1]), ([True, False], [3.25, 1])], ids=str
)
def test_sb3_buffer_wants_the_flag_of_the_step_that_begins_an_episode(starts, advantages):
    # The first of two steps ends an episode: 1 - 0. Its own flag in its own row leaves
    # the second row unmarked, and nothing ends: 1 + 2 - 0 + 0.25 * 1.
    assert sb3_buffer_advantages(starts, last_done=False) == advantages


def test_rlnotes_wants_the_flag_of_the_step_that_ends_it():
    columns = map(torch.tensor, (REWARDS, VALUES, NEXT_VALUES, [True, False], [False, False]))
    advantages = generalized_advantage_estimation(*columns, gamma=GAMMA, gae_lambda=GAE_LAMBDA)
    assert advantages.tolist() == [1, 1]


def torchrl_advantages(*, drop: tuple[str, ...] = (), first_ends: bool = False) -> list[float]:
    network = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(network.weight, 4)
    critic = TensorDictModule(network, in_keys=["observation"], out_keys=["state_value"])
    following = {
        "observation": torch.tensor([[[1.0], [2.0]]]),
        "reward": torch.tensor(REWARDS).view(1, 2, 1),
        "done": torch.tensor([[[first_ends], [not first_ends]]]),
        "terminated": torch.tensor([[[first_ends], [False]]]),
    }
    for name in drop:
        del following[name]
    states = torch.tensor([[[0.0], [1.0]]])
    record = TensorDict({"observation": states, "next": following}, batch_size=[1, 2])
    GAE(gamma=GAMMA, lmbda=GAE_LAMBDA, value_network=critic)(record)
    return record["advantage"].flatten().tolist()


def test_torchrl_takes_done_for_the_end_if_terminated_is_missing():
    assert torchrl_advantages() == pytest.approx(RIGHT)
    assert torchrl_advantages(drop=("terminated",)) == pytest.approx(AS_AN_END)


def test_torchrl_wants_the_flag_of_the_step_that_ends_an_episode():
    assert torchrl_advantages(first_ends=True) == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("shape", "kwargs", "advantages"),
    [((1, 2, 1), {}, RIGHT), ((1, 2), {"time_dim": -1}, RIGHT), ((1, 2), {}, TD_ERRORS)],
    ids=str,
)
def test_torchrl_function_has_its_time_in_the_axis_before_the_last(shape, kwargs, advantages):
    flags = {"done": torch.tensor([False, True]), "terminated": torch.tensor([False, False])}
    columns = {"state_value": VALUES, "next_state_value": NEXT_VALUES, "reward": REWARDS}
    tensors = {name: torch.tensor(column) for name, column in columns.items()} | flags
    shaped = {name: column.view(shape) for name, column in tensors.items()}
    got, _ = generalized_advantage_estimate(GAMMA, GAE_LAMBDA, **shaped, **kwargs)
    assert got.flatten().tolist() == pytest.approx(advantages)


def tianshou_advantages(first_ends: bool, own: dict, **kwargs) -> list[float]:
    buffer, rows = ReplayBuffer(4, **own), np.arange(2)
    for t in rows:
        states = {"obs": np.array([t]), "obs_next": np.array([t + 1])}
        ends = {"terminated": first_ends and t == 0, "truncated": not first_ends and t == 1}
        buffer.add(Batch(act=0, rew=REWARDS[t], info={}, **states, **ends))
    settings = {"gamma": GAMMA, "gae_lambda": GAE_LAMBDA}
    batch = buffer[rows]
    values = 4.0 * batch.obs_next.flatten()
    _, got = Algorithm.compute_episodic_return(batch, buffer, rows, values, **kwargs, **settings)
    return got.tolist()


@pytest.mark.parametrize(
    ("first_ends", "own", "kwargs", "advantages"),
    [
        (False, {}, {"v_s": np.array(VALUES)}, RIGHT),
        (True, {}, {"v_s": np.array(VALUES)}, [1, 1]),
        (False, {}, {}, [-4.75, 1.0]),  # V(s) is the row before's V(s'), in the first row 8
        # The last row's next state is its own state: 1 + 2 - 4, and 3 - 0.25.
        (False, {"ignore_obs_next": True}, {"v_s": np.array(VALUES)}, [2.75, -1.0]),
    ],
    ids=("values", "an end", "no values", "no next states"),
)
def test_tianshou(first_ends, own, kwargs, advantages):
    assert tianshou_advantages(first_ends, own, **kwargs) == pytest.approx(advantages)
