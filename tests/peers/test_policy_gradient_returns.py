"""What the score is multiplied by: SB3 2.9.2, torchrl 0.14.1, tianshou 2.0.1."""

import math

import numpy as np
import pytest
import stable_baselines3
import torch
from gymnasium.wrappers import TimeLimit
from stable_baselines3 import A2C
from tensordict import TensorDict
from tianshou.algorithm import A2C as TianshouA2C
from tianshou.algorithm import Reinforce
from tianshou.data import Batch, ReplayBuffer
from torchrl.objectives import A2CLoss, ReinforceLoss

from rlnotes.functional.returns import discounted_returns
from rlnotes.training import reinforce
from rlnotes.training.on_policy import Record
from tests.peers.actor_critics import (
    logged,
    recorded,
    tianshou_algorithm,
    torchrl_batch,
    torchrl_loss,
    zero_linear,
)
from tests.peers.counter import Counter


def tianshou_steps(rewards, *, terminated: bool) -> tuple[Batch, ReplayBuffer, np.ndarray]:
    """One episode that ends with its last step, in states 0, 1, ..."""
    buffer, rows = ReplayBuffer(len(rewards)), np.arange(len(rewards))
    for t, reward in enumerate(rewards):
        last = t == len(rewards) - 1
        states = {"obs": np.array([t]), "obs_next": np.array([t + 1])}
        ends = {"terminated": last and terminated, "truncated": last and not terminated}
        buffer.add(Batch(act=0, rew=reward, info={}, **states, **ends))
    return buffer[rows], buffer, rows


def torchrl_steps(num_steps: int, *, terminated: bool) -> TensorDict:
    """The same with rewards of 1."""
    last = (torch.arange(num_steps) == num_steps - 1).view(1, -1, 1)
    states = torch.arange(num_steps + 1.0)
    following = {
        "observation": states[1:].view(1, -1, 1),
        "reward": torch.ones(1, num_steps, 1),
        "done": last,
        "terminated": last & terminated,
    }
    steps = {"observation": states[:-1].view(1, -1, 1), "next": following}
    return TensorDict(steps, batch_size=[1, num_steps])


def torchrl_advantages(steps: TensorDict, *, weight: float = 0.0, **kwargs) -> list[float]:
    """What A2CLoss computes with a critic of V(s) = weight * s."""
    loss = torchrl_loss(A2CLoss)
    loss.make_value_estimator(**kwargs)
    critic = loss.critic_network_params.detach()
    critic["module", "weight"].fill_(weight)
    loss.value_estimator(steps, params=critic, target_params=critic)
    return steps["advantage"].flatten().tolist()


# Two steps of reward 1, cut by a limit; V(s) = 4 s and gamma 1/2. The whole sum is
# 1 + 0.5 + 0.25 * 8 = 3.5; the TD errors are 3 and 1, so lambda 0.95 gives 3.475.
WHOLE_SUM, MIXED = 3.5, 3.475


def test_the_advantage_of_a2c_is_the_whole_sum_here_and_in_sb3():
    columns = torch.ones(2), torch.tensor([4.0, 8.0]), torch.zeros(2, dtype=torch.bool)
    ours = discounted_returns(*columns, torch.tensor([False, True]), gamma=0.5)
    assert ours[0].item() == WHOLE_SUM  # V(0) is 0
    model = recorded(A2C, 2, TimeLimit(Counter(10), 2), gamma=0.5)
    with torch.no_grad():
        model.policy.value_net.weight.fill_(4)
    model.train = lambda: None
    model.learn(2)
    assert model.rollout_buffer.advantages[0].item() == WHOLE_SUM


def test_the_advantage_of_a2c_is_mixed_with_0_95_in_torchrl_and_tianshou():
    advantages = torchrl_advantages(torchrl_steps(2, terminated=False), weight=4.0, gamma=0.5)
    assert advantages[0] == pytest.approx(MIXED)
    algorithm = tianshou_algorithm(TianshouA2C, gamma=0.5)
    with torch.no_grad():
        algorithm.critic.network.weight.fill_(4)
    steps = tianshou_steps([1.0, 1.0], terminated=False)
    batch = algorithm._add_returns_and_advantages(*steps)
    assert batch.adv[0].item() == pytest.approx(MIXED)


def test_with_lambda_at_1_it_is_the_whole_sum_there_too():
    steps = torchrl_steps(2, terminated=False)
    found = torchrl_advantages(steps, weight=4.0, gamma=0.5, lmbda=1.0)
    assert found[0] == pytest.approx(WHOLE_SUM)
    algorithm = tianshou_algorithm(TianshouA2C, gamma=0.5, gae_lambda=1.0)
    with torch.no_grad():
        algorithm.critic.network.weight.fill_(4)
    batch = algorithm._add_returns_and_advantages(*tianshou_steps([1.0] * 2, terminated=False))
    assert batch.adv[0].item() == pytest.approx(WHOLE_SUM)


# Three steps of reward 1, then the end; V is 0 and gamma 1/2. The power of gamma that
# the discounted objective asks for would make these 1.75, 0.75 and 0.25.
RETURNS = [1.75, 1.5, 1.0]


def test_nobody_multiplies_the_weights_with_the_power_of_gamma():
    rewards, last = torch.ones(3), torch.tensor([False, False, True])
    ours = discounted_returns(rewards, torch.zeros(3), last, last & False, gamma=0.5)
    assert ours.tolist() == RETURNS
    model = recorded(A2C, 3, Counter(3), gamma=0.5)
    assert model.rollout_buffer.advantages.flatten().tolist() == RETURNS
    steps = torchrl_steps(3, terminated=True)
    assert torchrl_advantages(steps, gamma=0.5, lmbda=1.0) == pytest.approx(RETURNS)
    algorithm = tianshou_algorithm(Reinforce, critic=False, gamma=0.5)
    batch = algorithm._preprocess_batch(*tianshou_steps([1.0] * 3, terminated=True))
    assert batch.returns.tolist() == RETURNS


def episode(rewards) -> Record:
    """Of action 0 in state 0, to the end."""
    size = 1, len(rewards)
    last = torch.arange(len(rewards)).view(size) == len(rewards) - 1
    states, actions = torch.zeros(*size, 1), torch.zeros(size, dtype=torch.long)
    rewards = torch.tensor([rewards])
    return Record(states, actions, rewards, states, last, last & False, last | True)


# Each log-probability is log 1/2. The loss is the mean over the steps; here the sum.
LOSS = sum(RETURNS) / 3 * math.log(2)


def test_no_loss_does_it_either():
    ours = reinforce.policy_loss(zero_linear(2), episode([1.0] * 3), torch.tensor([RETURNS]))
    assert ours.item() == pytest.approx(3 * LOSS)
    model = recorded(A2C, 3, Counter(3), gamma=0.5)
    assert logged(model)["train/policy_loss"] == pytest.approx(LOSS)
    batch = torchrl_batch(advantages=RETURNS, targets=RETURNS)
    assert torchrl_loss(A2CLoss)(batch)["loss_objective"].item() == pytest.approx(LOSS)
    algorithm = tianshou_algorithm(Reinforce, critic=False, gamma=0.5)
    batch = algorithm._preprocess_batch(*tianshou_steps([1.0] * 3, terminated=True))
    stats = algorithm._update_with_batch(batch, batch_size=None, repeat=1)
    assert stats.loss.mean == pytest.approx(LOSS)


def test_sb3_has_no_reinforce():
    assert "A2C" in stable_baselines3.__all__
    assert not [name for name in stable_baselines3.__all__ if "reinf" in name.lower()]


def returns_in_tianshou(*, terminated: bool = True, **kwargs) -> list[list[float]]:
    """Of one episode with the rewards -4 and 5, and of the same one once more."""
    algorithm = tianshou_algorithm(Reinforce, critic=False, gamma=1.0, **kwargs)
    steps = [tianshou_steps([-4.0, 5.0], terminated=terminated) for _ in range(2)]
    return [algorithm._preprocess_batch(*step).returns.tolist() for step in steps]


RAW = pytest.approx([1, 5])  # of mean 3 and deviation 2


@pytest.mark.parametrize(
    ("terminated", "second"), [(True, [-1, 1]), (False, [0.5, 2.5])], ids=("end", "cut")
)
def test_tianshou_standardizes_by_the_batches_before(terminated, second):
    # The first batch has none before it. A cut one goes on with the mean of the past:
    # (1 + 3 - 3) / 2 and (5 + 3 - 3) / 2.
    assert returns_in_tianshou(terminated=terminated) == [RAW, RAW]
    standardized = returns_in_tianshou(terminated=terminated, return_standardization=True)
    assert standardized == [RAW, pytest.approx(second)]


def test_here_and_in_torchrl_the_weights_stay_as_they_are():
    for _ in range(2):
        ours = reinforce.returns_of_record(episode([-4.0, 5.0]), None, gamma=1.0)
        assert ours.tolist() == [[1, 5]]
    loss = torchrl_loss(ReinforceLoss)
    for _ in range(2):
        losses = loss(torchrl_batch(advantages=[1.0, 5.0], targets=[1.0, 5.0]))
        assert losses["loss_actor"].item() == pytest.approx(3 * math.log(2))
