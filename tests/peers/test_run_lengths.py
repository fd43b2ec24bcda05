"""How many steps a budget is: stable-baselines3 2.9.2."""

import pytest
from stable_baselines3 import PPO

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.training import ppo
from tests.peers.counter import Counter


@pytest.mark.parametrize(("asked", "taken"), [(100, 128), (128, 128), (129, 256)])
def test_sb3_takes_whole_records(asked, taken):
    model = PPO("MlpPolicy", Counter(10), n_steps=128, batch_size=64, n_epochs=1, device="cpu")
    model.learn(asked)
    assert model.num_timesteps == taken


def test_here_one_says_how_many_records():
    config = ppo.Config(num_updates=2, num_envs=4, steps_per_update=32, hidden_sizes=())
    assert ppo.train_ppo(VecCartPole, config).num_steps.tolist() == [128, 256]
