"""What "DQN" is by default: Stable-Baselines3 2.9.2, torchrl 0.14.1, tianshou 2.0.1."""

import numpy as np
import pytest
import torch
from tensordict import TensorDict
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.data import Batch, ReplayBuffer
from torchrl.data import Categorical
from torchrl.modules import EGreedyModule
from torchrl.objectives import HardUpdate, SoftUpdate

from rlnotes.functional.q_targets import huber_td_loss, squared_td_loss
from rlnotes.training.dqn import Config, Learner
from tests.peers.linear_dqn import linear_dqn, loss_of_one_step, set_values
from tests.peers.tables import ACTIONS, StateTable, tianshou_dqn, torchrl_loss, torchrl_steps

# In the next state the copy says 1 and 5, the online network 7 and 3. So the maximum of
# the copy gives the target 0.9 * 5, and the online network's choice gives 0.9 * 1.
START, COPY, ONLINE = [0.0, 0.0], [1.0, 5.0], [7.0, 3.0]
MAXIMUM, DOUBLE = 4.5, 0.9


def test_sb3_takes_the_maximum_of_the_copy():
    model = linear_dqn(gamma=0.9)
    set_values(model.q_net, ONLINE)
    set_values(model.q_net_target, COPY)
    loss = loss_of_one_step(model, reward=0.0, terminated=False)
    assert loss == pytest.approx(7 - MAXIMUM - 0.5)  # Huber, beyond its corner


@pytest.mark.parametrize(
    ("kwargs", "target"), [({}, MAXIMUM), ({"double_dqn": True}, DOUBLE)], ids=str
)
def test_torchrl_is_double_only_if_asked(kwargs, target):
    loss = torchrl_loss([START, COPY], loss_function="l1", **kwargs)
    (online,) = loss.value_network_params.values(True, True)
    online.data[1] = torch.tensor(ONLINE)
    step = torchrl_steps([0], [0.0], terminated=[False], truncated=[False], following=[1])
    assert loss(step)["loss"].item() == pytest.approx(target)


@pytest.mark.parametrize(
    ("kwargs", "value"),
    [
        ({"target_update_freq": 1000}, 1),
        ({"target_update_freq": 1000, "is_double": False}, 5),
        ({}, 7),  # the default: no copy, so the online network chooses and values
    ],
    ids=str,
)
def test_tianshou_is_double_but_has_no_copy_unless_asked(kwargs, value):
    algorithm = tianshou_dqn([START, COPY], **kwargs)
    with torch.no_grad():
        algorithm.policy.model.rows[1] = torch.tensor(ONLINE)
    buffer, ends = ReplayBuffer(4), {"terminated": False, "truncated": False}
    buffer.add(Batch(obs=np.array([0]), act=0, rew=0.0, obs_next=np.array([1]), info={}, **ends))
    assert algorithm._target_q(buffer, np.array([0])).item() == value


@pytest.mark.parametrize(("error", "loss"), [(0.5, 0.125), (3.0, 2.5)])
def test_sb3_has_the_huber_loss(error, loss):
    model = linear_dqn()
    set_values(model.q_net, [0.0, 0.0])
    assert loss_of_one_step(model, reward=error, terminated=True) == pytest.approx(loss)
    ours = huber_td_loss(torch.zeros(1), torch.tensor([error]))
    assert ours.item() == pytest.approx(loss)


@pytest.mark.parametrize(("error", "loss"), [(0.5, 0.25), (3.0, 9)])
def test_torchrl_and_tianshou_square_the_error_without_a_half(error, loss):
    end = {"terminated": [True], "truncated": [False]}
    step = torchrl_steps([0], [error], following=[1], **end)
    module = torchrl_loss([START, COPY])
    seen = module(step)["loss"]
    assert seen.item() == pytest.approx(loss)
    seen.backward()
    (values,) = module.value_network_params.values(True, True)
    assert values.grad[0].tolist() == pytest.approx([-2 * error, 0])
    batch = Batch(obs=np.array([[0]]), act=np.array([0]), info=Batch())
    batch.returns = torch.tensor([error])
    statistics = tianshou_dqn([START, COPY])._update_with_batch(batch)
    assert statistics.loss == pytest.approx(loss)
    if error == 3:
        huber = tianshou_dqn([START, COPY], huber_loss_delta=1.0)._update_with_batch(batch)
        assert huber.loss == pytest.approx(2.5)
    half = squared_td_loss(torch.zeros(1), torch.tensor([error]))
    assert half.item() == pytest.approx(loss / 2)


def test_sb3_copies_every_10000_environment_steps():
    model = linear_dqn()
    assert (model.target_update_interval, model.tau) == (10_000, 1.0)
    assert model.train_freq.frequency == 4  # so 2500 updates of the network
    set_values(model.q_net, ONLINE)
    set_values(model.q_net_target, COPY)
    copied = []
    for step in range(1, 10_001):
        model._on_step()
        if model.q_net_target.q_net[-1].bias.tolist() == ONLINE:
            copied.append(step)
    assert copied == [10_000]


def test_torchrl_copies_only_through_an_updater_and_then_at_each_1001st_call():
    loss = torchrl_loss([START, COPY])
    (online,) = loss.value_network_params.values(True, True)
    (copy,) = loss.target_value_network_params.values(True, True)
    updater, copied = HardUpdate(loss), []
    for call in range(1, 2003):
        online.data.fill_(call)
        updater.step()
        copied.append(copy[0, 0].item())
    assert [copied[call - 1] for call in (1000, 1001, 2001, 2002)] == [0, 1001, 1001, 2002]
    with pytest.raises(RuntimeError, match="Neither eps nor tau"):
        SoftUpdate(loss)


def test_rlnotes_copies_every_100_updates_of_the_network():
    learner = Learner(4, 2, Config(), torch.Generator().manual_seed(0))
    for _ in range(200):
        learner.buffer.add(np.zeros(4), 0, 1.0, np.zeros(4), True, 1)
    rng, same = np.random.default_rng(0), []
    for step in range(200):
        learner.update(step, rng)
        pairs = zip(learner.online.parameters(), learner.target.parameters(), strict=True)
        if all(torch.equal(*pair) for pair in pairs):
            same.append(step + 1)
    assert same == [100, 200]


@pytest.mark.parametrize("total", [50_000, 1_000_000])
def test_sb3_lets_epsilon_fall_over_a_tenth_of_the_run(total):
    model = linear_dqn()
    epsilons = [
        model.exploration_schedule(1 - step / total) for step in (0, total / 20, total / 10)
    ]
    assert epsilons == pytest.approx([1, 0.525, 0.05])
    assert model.exploration_schedule(0.5) == pytest.approx(0.05)


def test_torchrl_lets_epsilon_fall_by_calls_of_its_own_step():
    module = EGreedyModule(Categorical(2))
    greedy = TensorDict({"action": torch.tensor(0)})
    for _ in range(5):
        module(greedy)
    assert module.eps.item() == 1  # acting does not count
    for _ in range(1000):
        module.step()
    assert module.eps.item() == pytest.approx(0.1, abs=1e-4)  # a sum in float32


def test_tianshou_does_not_explore_unless_told():
    policy = DiscreteQLearningPolicy(model=StateTable([START]), action_space=ACTIONS)
    assert (policy.eps_training, policy.eps_inference) == (0, 0)
    policy.is_within_training_step = True
    greedy, batch = np.zeros(1000, dtype=int), Batch(obs=np.zeros((1000, 1)))
    assert policy.add_exploration_noise(greedy.copy(), batch).sum() == 0
    policy.set_eps_training(1.0)
    np.random.seed(0)  # noqa: NPY002 TID251 - the library draws from it
    assert 400 < policy.add_exploration_noise(greedy.copy(), batch).sum() < 600


def test_epsilon_here_falls_over_5000_steps_whatever_the_run():
    for num_steps in (50_000, 1_000_000):
        config = Config(num_steps=num_steps)
        epsilons = [config.epsilon(step) for step in (0, 2500, 5000, 9000)]
        assert epsilons == pytest.approx([1, 0.525, 0.05, 0.05])
