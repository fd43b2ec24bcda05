"""Networks that are tables, so that every action value is a number one chose."""

import gymnasium as gym
import torch
from tensordict import TensorDict
from tianshou.algorithm import DQN
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from torch import Tensor, nn
from torchrl.modules import QValueActor
from torchrl.objectives import DQNLoss

ACTIONS = gym.spaces.Discrete(2)


class QTable(nn.Module):
    """Observations [..., 1] that are state numbers to rows of a table [S, A]."""

    def __init__(self, rows: list[list[float]]):
        super().__init__()
        self.rows = nn.Parameter(torch.tensor(rows))

    def forward(self, observations) -> Tensor:
        return self.rows[torch.as_tensor(observations).long().squeeze(-1)]


class StateTable(QTable):
    """The same with tianshou's signature."""

    def forward(self, obs, state=None, info=None):
        return super().forward(obs), state


def torchrl_loss(rows, *, gamma: float = 0.9, **kwargs) -> DQNLoss:
    actor = QValueActor(QTable(rows), in_keys=["observation"], action_space="categorical")
    loss = DQNLoss(actor, action_space="categorical", **kwargs)
    loss.make_value_estimator(gamma=gamma)
    return loss


def torchrl_steps(states, rewards, *, terminated, truncated, following) -> TensorDict:
    """One record [1, T] of action 0."""
    ends = torch.tensor(terminated), torch.tensor(truncated)
    columns = {
        "observation": torch.tensor(following, dtype=torch.float),
        "reward": torch.tensor(rewards),
        "terminated": ends[0],
        "done": ends[0] | ends[1],
    }
    size = [1, len(rewards)]
    return TensorDict(
        {
            "observation": torch.tensor(states, dtype=torch.float).view(*size, 1),
            "action": torch.zeros(*size, 1, dtype=torch.long),
            "next": {name: column.view(*size, 1) for name, column in columns.items()},
        },
        batch_size=size,
    )


def tianshou_dqn(rows, **kwargs) -> DQN:
    policy = DiscreteQLearningPolicy(model=StateTable(rows), action_space=ACTIONS)
    return DQN(policy=policy, optim=AdamOptimizerFactory(), gamma=0.9, **kwargs)
