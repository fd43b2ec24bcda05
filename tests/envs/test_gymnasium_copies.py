"""Vector environments against scalar ones: the same transitions, whatever the reset."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from torch.testing import assert_close

from rlnotes.envs.gymnasium_copies import GymnasiumCopies
from rlnotes.functional.advantages import generalized_advantage_estimation
from rlnotes.models.mlp import MLP
from rlnotes.training import actor_critic, ppo
from rlnotes.training.advantage_batches import batch_of
from rlnotes.training.on_policy import collect_steps, play_episodes

BOTH = [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP]
LIMIT = 20  # steps: some episodes of a random policy end before, some are cut


def make_one(name="CartPole-v1"):
    return gym.make(name, max_episode_steps=LIMIT)


def copies(mode, *, num_envs=3, name="CartPole-v1", seed=0, **kwargs):
    envs = SyncVectorEnv([lambda: make_one(name)] * num_envs, autoreset_mode=mode, **kwargs)
    return GymnasiumCopies(envs, rng=np.random.default_rng(seed))  # a generator stays one


def first_seed(seed=0) -> int:
    return int(np.random.default_rng(seed).integers(2**31))


def record_of(mode, num_steps=150, **kwargs):
    policy = MLP([4, 2], generator=torch.Generator().manual_seed(0), final_gain=0.01)
    return collect_steps(copies(mode, **kwargs), policy, num_steps, np.random.default_rng(1))


def replayed(actions: np.ndarray, seed: int) -> list[tuple]:
    """What a scalar environment does with these actions, reset by hand."""
    env = make_one()
    observation, _ = env.reset(seed=seed)
    rows = []
    for action in actions:
        following, reward, terminated, truncated, _ = env.step(int(action))
        rows.append((observation, reward, following, terminated, truncated))
        observation = env.reset()[0] if terminated or truncated else following
    return rows


@pytest.mark.parametrize("reuse", [False, True])
@pytest.mark.parametrize("mode", BOTH)
def test_the_counted_rows_are_those_of_a_scalar_environment(mode, reuse):
    record = record_of(mode, copy=not reuse)  # without copies the arrays change in place
    assert record.terminated.any()
    assert record.truncated.any()
    assert (~record.counted).any() == (mode == AutoresetMode.NEXT_STEP)
    for number in range(3):
        counted = record.counted[number]
        actions = record.actions[number][counted].numpy()
        rows = replayed(actions, first_seed() + number)
        observations, rewards, following, terminated, truncated = map(
            np.array, zip(*rows, strict=True)
        )
        assert_close(record.observations[number][counted].numpy(), observations)
        assert_close(record.next_observations[number][counted].numpy(), following)
        assert_close(record.rewards[number][counted].numpy(), rewards.astype(np.float32))
        assert (record.terminated[number][counted].numpy() == terminated).all()
        assert (record.truncated[number][counted].numpy() == truncated & ~terminated).all()


@pytest.mark.parametrize("mode", BOTH)
def test_gae_of_the_counted_rows_is_that_of_the_scalar_episodes(mode):
    record = record_of(mode)
    weights = torch.tensor([0.5, -1.0, 2.0, 0.3])
    settings = {"gamma": 0.9, "gae_lambda": 0.8}
    advantages = generalized_advantage_estimation(
        record.rewards,
        record.observations @ weights,
        record.next_observations @ weights,
        record.terminated,
        record.truncated,
        **settings,
    )
    for number in range(3):
        counted = record.counted[number]
        rows = replayed(record.actions[number][counted].numpy(), first_seed() + number)
        columns = [torch.tensor(np.array(column)) for column in zip(*rows, strict=True)]
        alone = generalized_advantage_estimation(
            columns[1].float(), columns[0] @ weights, columns[2] @ weights, *columns[3:], **settings
        )
        assert_close(advantages[number][counted], alone, rtol=1e-4, atol=1e-5)


def test_a_batch_leaves_out_the_rows_that_only_reset():
    record = record_of(AutoresetMode.NEXT_STEP)
    policy, critic = (MLP([4, n], generator=torch.Generator().manual_seed(n)) for n in (2, 1))
    batch = batch_of(record, policy, critic, gamma=0.9, gae_lambda=0.8, normalize=True)
    assert len(batch.actions) == record.counted.sum() < record.counted.numel()
    assert_close(batch.advantages.mean(), torch.tensor(0.0), rtol=0, atol=1e-6)
    # What only resets must not matter: anything may stand there.
    waiting = ~record.counted
    spoilt = record._replace(rewards=torch.where(waiting, 1e3, record.rewards))
    again = batch_of(spoilt, policy, critic, gamma=0.9, gae_lambda=0.8, normalize=True)
    assert_close(again.advantages, batch.advantages)


@pytest.mark.parametrize("mode", BOTH)
def test_whole_episodes_and_the_trainers_run_on_them(mode):
    def make_env(num_envs, rng):
        return copies(mode, num_envs=num_envs, seed=rng)

    policy = MLP([4, 2], generator=torch.Generator().manual_seed(0))
    whole = play_episodes(copies(mode), policy, np.random.default_rng(0))
    assert (whole.counted.sum(dim=1) == whole.episode_returns).all()
    result = ppo.train_ppo(make_env, ppo.Config(num_updates=2, num_envs=2))
    assert max(result.episode_returns) <= LIMIT
    config = actor_critic.Config(num_updates=3, num_envs=2)
    assert len(actor_critic.train_actor_critic(make_env, config).episode_returns) > 2


def test_the_actor_critic_leaves_out_the_rows_that_only_reset():
    record = record_of(AutoresetMode.NEXT_STEP)
    waiting = ~record.counted
    spoilt = record._replace(
        rewards=torch.where(waiting, 1e3, record.rewards), actions=record.actions * ~waiting
    )
    weights = []
    for seen in (record, spoilt):
        generator = torch.Generator().manual_seed(0)
        learner = actor_critic.Learner(4, 2, actor_critic.Config(), generator)
        learner.update(seen)
        weights.append(torch.cat([w.detach().flatten() for w in learner.policy.parameters()]))
    assert_close(weights[0], weights[1])


def test_discrete_observations_become_one_hot():
    env = copies(AutoresetMode.SAME_STEP, name="FrozenLake-v1", num_envs=2)
    assert env.observations.tolist() == np.eye(16)[[0, 0]].tolist()
    for _ in range(LIMIT):
        step = env.step(np.array([1, 2]))
        assert (step.next_observations.sum(axis=1) == 1).all()


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("Pendulum-v1", {}, "envs must have discrete actions, got Box"),
        ("CartPole-v1", {"autoreset_mode": AutoresetMode.DISABLED}, "must start new episodes in"),
    ],
)
def test_what_it_cannot_take_is_refused(name, kwargs, message):
    envs = SyncVectorEnv([lambda: make_one(name)], **kwargs)
    with pytest.raises(ValueError, match=message):
        GymnasiumCopies(envs, rng=np.random.default_rng(0))


def test_actions_are_counted_from_0_whatever_the_first_one_is():
    class FromOne(gym.ActionWrapper):
        action_space = gym.spaces.Discrete(2, start=1)

        def action(self, action):
            assert action in (1, 2)
            return action - 1

    plain, shifted = (
        GymnasiumCopies(SyncVectorEnv([make]), rng=np.random.default_rng(0))
        for make in (make_one, lambda: FromOne(make_one()))
    )
    for action in (0, 1, 1):
        steps = [copy.step(np.array([action])) for copy in (plain, shifted)]
        assert_close(*(torch.tensor(step.next_observations) for step in steps))


def test_pictures_are_refused_by_name():
    envs = SyncVectorEnv([lambda: gym.make("CartPole-v1")])
    envs.single_observation_space = gym.spaces.Box(0, 255, (8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match=r"discrete or vector observations, got Box\(0, 255"):
        GymnasiumCopies(envs, rng=np.random.default_rng(0))
