"""Actor-critics of three libraries that say the same in every state.

The policy is uniform over two actions and the critic says 0; each has one linear layer.
"""

import math

import gymnasium as gym
import numpy as np
import torch
from gymnasium.wrappers import TimeLimit
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from tianshou.algorithm.algorithm_base import Algorithm
from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch
from torch import Tensor, nn
from torchrl.modules import ProbabilisticActor
from torchrl.objectives.common import LossModule

from tests.peers.counter import Counter

UNIFORM = math.log(0.5)


def zero_linear(num_outputs: int) -> nn.Linear:
    layer = nn.Linear(1, num_outputs)
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def recorded(kind: type[OnPolicyAlgorithm], num_steps: int, env=None, **kwargs):
    """A Stable-Baselines3 model with a record of its own, which has not learned yet."""
    own = {"policy_kwargs": {"net_arch": []}, "learning_rate": 0.0, "device": "cpu"}
    env = TimeLimit(Counter(1000), 50) if env is None else env
    model = kind("MlpPolicy", env, n_steps=num_steps, **{**own, **kwargs})
    train, model.train = model.train, lambda: None
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.zero_()
    model.learn(num_steps)
    model.train = train
    return model


def logged(model: OnPolicyAlgorithm) -> dict[str, float]:
    model.train()
    return model.logger.name_to_value


def torchrl_loss(kind: type[LossModule], **kwargs) -> LossModule:
    actor = ProbabilisticActor(
        TensorDictModule(zero_linear(2), in_keys=["observation"], out_keys=["logits"]),
        in_keys=["logits"],
        distribution_class=torch.distributions.Categorical,
    )
    critic = TensorDictModule(zero_linear(1), ["observation"], ["state_value"])
    return kind(actor, critic, **kwargs)


def torchrl_batch(*, advantages, targets, old_log_probs=None, old_values=None) -> TensorDict:
    """Steps of action 0 in state 0."""
    size = len(advantages)
    columns = {
        "advantage": advantages,
        "value_target": targets,
        "state_value": old_values or [0.0] * size,
    }
    steps = {name: torch.tensor(column).view(size, 1) for name, column in columns.items()}
    steps |= {
        "observation": torch.zeros(size, 1),
        "action": torch.zeros(size, dtype=torch.long),
        "action_log_prob": torch.tensor(old_log_probs or [UNIFORM] * size),
    }
    return TensorDict(steps, batch_size=[size])


class WithState(nn.Module):
    """A network with tianshou's signature for actors."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, obs, state=None, info=None) -> tuple[Tensor, None]:
        return self.network(torch.as_tensor(obs, dtype=torch.float)), state


class OfArrays(WithState):
    """The same for critics."""

    def forward(self, obs) -> Tensor:
        return super().forward(obs)[0]


def tianshou_algorithm(kind: type[Algorithm], *, critic: bool = True, **kwargs) -> Algorithm:
    policy = DiscreteActorPolicy(
        actor=WithState(zero_linear(2)), action_space=gym.spaces.Discrete(2)
    )
    if critic:
        kwargs["critic"] = OfArrays(zero_linear(1))
    return kind(policy=policy, optim=AdamOptimizerFactory(lr=0.0), **kwargs)


def tianshou_batch(*, advantages, targets, old_log_probs=None, old_values=None) -> Batch:
    """Steps of action 0 in state 0."""
    size = len(advantages)
    return Batch(
        obs=np.zeros((size, 1)),
        act=torch.zeros(size, dtype=torch.long),
        adv=torch.tensor(advantages),
        returns=torch.tensor(targets),
        logp_old=torch.tensor(old_log_probs or [UNIFORM] * size),
        v_s=torch.tensor(old_values or [0.0] * size),
        info=Batch(),
    )
