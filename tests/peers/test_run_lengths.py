"""How many steps a budget is: stable-baselines3 2.9.2, torchrl 0.14.1."""

import pytest
from stable_baselines3 import PPO
from torchrl.collectors import Collector
from torchrl.envs import GymWrapper

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.training import ppo
from tests.peers.counter import Counter


@pytest.mark.parametrize(("asked", "taken"), [(100, 128), (128, 128), (129, 256)])
def test_sb3_takes_whole_records(asked, taken):
    model = PPO("MlpPolicy", Counter(10), n_steps=128, batch_size=64, n_epochs=1, device="cpu")
    model.learn(asked)
    assert model.num_timesteps == taken


@pytest.mark.filterwarnings("ignore:total_frames")
def test_torchrl_does_too():
    collector = Collector(GymWrapper(Counter(10)), frames_per_batch=128, total_frames=129)
    assert [batch.numel() for batch in collector] == [128, 128]
    collector.shutdown()


def test_here_one_says_how_many_records():
    config = ppo.Config(num_updates=2, num_envs=4, steps_per_update=32, hidden_sizes=())
    assert ppo.train_ppo(VecCartPole, config).num_steps.tolist() == [128, 256]
