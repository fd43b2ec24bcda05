"""Parts of PPO and TRPO: stable-baselines3 and sb3-contrib 2.9.2, torchrl 0.14.1."""

import copy
import math

import pytest
import torch
from gymnasium.wrappers import TimeLimit
from sb3_contrib import TRPO
from stable_baselines3 import PPO
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torchrl.modules import ProbabilisticActor
from torchrl.objectives import ClipPPOLoss

from rlnotes.functional.kl import kl_divergence, kl_k3
from rlnotes.functional.policy_gradients import value_loss
from tests.peers.counter import Counter

# The new policy is uniform over two actions; the old one gave the action taken 1/4.
NEW, OLD = math.log(0.5), math.log(0.25)


def recorded_ppo(num_steps: int, **kwargs) -> PPO:
    """A uniform policy with a record of its own, and no step of the optimizer."""
    model = PPO(
        "MlpPolicy",
        TimeLimit(Counter(1000), 50),
        n_steps=num_steps,
        n_epochs=1,
        learning_rate=0.0,
        policy_kwargs={"net_arch": []},
        device="cpu",
        **kwargs,
    )
    train, model.train = model.train, lambda: None
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.zero_()
    model.learn(num_steps)
    model.train = train
    model.rollout_buffer.log_probs[:] = NEW
    return model


def logged(model) -> dict[str, float]:
    model.train()
    return model.logger.name_to_value


def torchrl_losses(**kwargs) -> TensorDict:
    """One transition: the critic says 0 and its target is 3."""
    actor_net, critic_net = torch.nn.Linear(1, 2), torch.nn.Linear(1, 1)
    for parameter in (*actor_net.parameters(), *critic_net.parameters()):
        torch.nn.init.zeros_(parameter)
    actor = ProbabilisticActor(
        TensorDictModule(actor_net, in_keys=["observation"], out_keys=["logits"]),
        in_keys=["logits"],
        distribution_class=torch.distributions.Categorical,
    )
    critic = TensorDictModule(critic_net, in_keys=["observation"], out_keys=["state_value"])
    batch = {
        "observation": torch.zeros(1, 1),
        "action": torch.zeros(1, dtype=torch.long),
        "action_log_prob": torch.tensor([OLD]),
        "advantage": torch.ones(1, 1),
        "value_target": torch.tensor([[3.0]]),
    }
    return ClipPPOLoss(actor, critic, **kwargs)(TensorDict(batch, batch_size=[1]))


def test_an_error_of_3_in_the_value_costs_4_5_here():
    assert value_loss(torch.zeros(1), torch.tensor([3.0])).item() == 4.5


def test_an_error_of_3_in_the_value_costs_9_times_a_half_in_sb3():
    model = recorded_ppo(2, batch_size=2)
    model.rollout_buffer.returns[:] = 3
    assert logged(model)["train/value_loss"] == pytest.approx(9)
    assert model.vf_coef == 0.5


@pytest.mark.parametrize(("kwargs", "loss"), [({}, 2.5), ({"loss_critic_type": "l2"}, 9)], ids=str)
def test_an_error_of_3_in_the_value_costs_2_5_in_torchrl(kwargs, loss):
    assert torchrl_losses(**kwargs)["loss_critic"].item() == pytest.approx(loss)


def test_the_kl_in_the_log_is_another_estimator_in_each():
    model = recorded_ppo(2, batch_size=2)
    model.rollout_buffer.log_probs[:] = OLD
    in_sb3 = logged(model)["train/approx_kl"]
    assert in_sb3 == pytest.approx(1 - math.log(2))  # r - 1 - log r, r = new / old = 2
    # k3 is of KL(policy that sampled || other), so the new one is the "reference".
    assert in_sb3 == pytest.approx(kl_k3(torch.tensor(OLD), torch.tensor(NEW)).item())
    assert torchrl_losses()["kl_approx"].item() == pytest.approx(-math.log(2))  # below 0


@pytest.mark.parametrize(
    ("batch_size", "loss"),
    [(4, 0.1 / 4 * 6 / math.sqrt(104 / 3)), (2, 0.1 / 4 / math.sqrt(2))],
    ids=("one batch", "two minibatches"),
)
def test_sb3_normalizes_advantages_in_each_minibatch(batch_size, loss):
    # The lowest of four advantages has a ratio of 1.1. Over the batch it is 6 below the
    # mean in units of the std; in any half it is the lower of two, so -1/sqrt(2).
    model = recorded_ppo(4, batch_size=batch_size)
    model.rollout_buffer.advantages[:, 0] = [0, 2, 10, 12]
    model.rollout_buffer.log_probs[0] -= math.log(1.1)
    assert logged(model)["train/policy_gradient_loss"] == pytest.approx(loss, rel=1e-4)


def test_trpo_of_sb3_bounds_the_kl_of_the_new_policy_to_the_old():
    env = TimeLimit(Counter(1000), 10)
    settings = {"policy_kwargs": {"net_arch": []}, "device": "cpu", "seed": 0}
    model = TRPO("MlpPolicy", env, n_steps=64, batch_size=64, target_kl=0.5, **settings)
    train, before = model.train, []

    def watched():
        before.append(copy.deepcopy(model.policy))
        train()

    model.train = watched
    model.learn(64)
    states = torch.as_tensor(model.rollout_buffer.observations).view(-1, 1)
    old, new = (
        policy.get_distribution(states).distribution.logits.detach().log_softmax(-1)
        for policy in (before[0], model.policy)
    )
    seen = model.logger.name_to_value["train/kl_divergence_loss"]
    assert seen == pytest.approx(kl_divergence(new, old).mean().item(), rel=1e-4)
    assert abs(seen - kl_divergence(old, new).mean().item()) > 0.01
