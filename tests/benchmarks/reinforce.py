"""REINFORCE to a solved CartPole-v1 against the loop that most courses teach."""

from functools import partial

import gymnasium as gym
import numpy as np
import torch
from torch.distributions import Categorical

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.models.mlp import MLP
from rlnotes.training.on_policy import greedy_actions
from rlnotes.training.reinforce import Config, train_reinforce
from tests.benchmarks.seeds import MANY, Race, Referee

EVERY, MAX_STEPS = 1_000, 500_000
GAMMA, LEARNING_RATE, HIDDEN = 0.99, 0.005, 128


class Watch:
    """Asks the referee once 1000 steps have passed since the last time."""

    def __init__(self, referee: Referee):
        self.referee, self.last = referee, 0

    def __call__(self, step: int, policy: torch.nn.Module) -> bool:
        if step - self.last < EVERY:
            return False
        self.last = step
        return self.referee.judge(step, lambda seen: greedy_actions(policy, seen))


def ours(seed: int, referee: Referee) -> None:
    """The defaults, but training episodes are cut, and bootstrap, after 200 steps."""
    make_env = partial(VecCartPole, max_episode_steps=200)
    train_reinforce(make_env, Config(seed=seed), watch=Watch(referee))


def peer(seed: int, referee: Referee) -> None:
    """One environment, one episode per update, its returns standardized."""
    generator = torch.Generator().manual_seed(seed)
    policy = MLP([4, HIDDEN, 2], activation="relu", generator=generator, final_gain=0.01)
    optimizer = torch.optim.Adam(policy.parameters(), lr=LEARNING_RATE)
    env, watch, num_steps = gym.make("CartPole-v1"), Watch(referee), 0
    state, _ = env.reset(seed=seed)
    while num_steps < MAX_STEPS:
        log_probs, rewards, done = [], [], False
        while not done:
            distribution = Categorical(logits=policy(torch.from_numpy(state).float()))
            action = torch.multinomial(distribution.probs, 1, generator=generator).squeeze()
            log_probs.append(distribution.log_prob(action))
            state, reward, terminated, truncated, _ = env.step(action.item())
            rewards.append(reward)
            done = terminated or truncated
        num_steps += len(rewards)
        loss = -(torch.stack(log_probs) * standardized_returns(rewards)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if watch(num_steps, policy):
            return
        state, _ = env.reset()


def standardized_returns(rewards: list[float]) -> torch.Tensor:
    """The usual trick of such loops; on CartPole they do worse without it."""
    returns, running = [], 0.0
    for reward in reversed(rewards):
        running = reward + GAMMA * running
        returns.append(running)
    returns = np.array(returns[::-1], dtype=np.float32)
    return torch.from_numpy((returns - returns.mean()) / (returns.std() + 1e-8))


def races() -> list[Race]:
    """Both sides have the same rule; ours takes more environment steps."""
    return [
        Race(
            "REINFORCE with baseline, 16 copies, on CartPole-v1 against a loop with one "
            "environment and one episode per update",
            {"": ours},
            peer,
            MANY,
        )
    ]
