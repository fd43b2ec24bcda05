"""The ladder's trainer: weights by hand, batches, and the trainers at its two ends."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.envs.token_tree import token_level_mdp
from rlnotes.envs.vec_table_env import VecTableEnv
from rlnotes.exact.lineage import INGREDIENTS
from rlnotes.training import actor_critic, batch_runs, ppo, reinforce
from rlnotes.training.advantage_batches import batch_of
from rlnotes.training.lineage import (
    Config,
    Learner,
    at_rung,
    collect,
    of_whole_episodes,
    train_lineage,
    weights_and_targets,
)
from rlnotes.training.on_policy import Record
from rlnotes.training.optimizing import torch_rng

ON_TREE = partial(VecTableEnv, token_level_mdp())
SMALL = {"batch_steps": 64, "num_envs": 8, "hidden_sizes": (16,)}


class Numbered(nn.Module):
    """A critic that is worth 10 times the number of the observation."""

    def forward(self, observations):
        return 10 * observations


def record(rewards, terminated, truncated) -> Record:
    """One copy; state t is the number t, and an end lands at t + 0.5."""
    rewards = torch.tensor([rewards])
    terminated, truncated = torch.tensor([terminated]), torch.tensor([truncated])
    states = torch.arange(rewards.shape[1], dtype=torch.float32)[None, :, None]
    landed = torch.where((terminated | truncated)[..., None], states + 0.5, states + 1)
    actions = torch.zeros(rewards.shape, dtype=torch.int64)
    return Record(states, actions, rewards, landed, terminated, truncated, ~(terminated & False))


# Episodes of 2 (it ends), 2 (a limit cuts it) and 1 step (the record is over).
MIXED = record(
    [1.0, 4.0, 4.0, 2.0, 16.0],
    [False, True, False, False, False],
    [False, False, False, True, False],
)


@pytest.mark.parametrize(
    ("rung", "expected"),
    [
        (0, [3, 3, 5, 5, 16]),  # 1 + 4/2 and 4 + 2/2, at every step of the episode
        (1, [3, 4, 5, 2, 16]),
        (2, [3, -6, -15, -28, 1]),  # less 0, 10, 20, 30; the last is 16 + 50/2 - 40
    ],
)
def test_weights_of_the_first_rungs_by_hand(rung, expected):
    weights, targets = weights_and_targets(MIXED, Numbered(), at_rung(rung, gamma=0.5))
    assert weights.tolist() == [expected]
    if rung == 2:
        assert targets.tolist() == [[3, 4, 5, 2, 41]]


def test_bootstrapping_continues_a_cut_and_the_last_step_but_no_end():
    weights, targets = weights_and_targets(MIXED, Numbered(), at_rung(3, gamma=0.5, gae_lambda=0.0))
    # r + V(s')/2 - V(s): V is 0, 10, 20, 30, 40, then 35 behind the cut and 50 at last.
    assert weights.tolist() == [[6, -6, -1, -10.5, 1]]
    assert targets.tolist() == [[6, 4, 19, 19.5, 41]]


def test_the_whole_return_stands_at_every_step_of_its_episode():
    returns = torch.tensor([[5.0, 4.0, 3.0, 2.0, 1.0]])
    ends = torch.tensor([[False, True, True, False, True]])
    assert of_whole_episodes(returns, ends).tolist() == [[5, 5, 3, 2, 2]]


def test_the_first_rungs_play_whole_episodes_until_a_batch_is_full():
    rng = np.random.default_rng(0)
    config = at_rung(2, **SMALL)
    learner = Learner(4, 2, config, torch.Generator().manual_seed(0))
    batch = collect(VecCartPole(1, rng=rng), learner.policy, config, rng)
    ends = (batch.terminated | batch.truncated)[0]
    before_last = ends[:-1].nonzero().max() + 1
    assert ends[-1]
    assert batch.rewards.numel() >= 64 > before_last


@pytest.mark.parametrize(("rung", "shape"), [(3, (1, 64)), (4, (8, 8)), (6, (8, 8))])
def test_from_bootstrapping_on_a_batch_is_cut_anywhere(rung, shape):
    seen = []

    class Seen(VecCartPole):
        def __init__(self, num_envs, *, rng):
            super().__init__(num_envs, rng=rng)
            seen.append(num_envs)

    steps = []
    config = at_rung(rung, **SMALL)
    train_lineage(Seen, config, num_steps=100, watch=lambda step, _: steps.append(step))
    assert seen == [shape[0]]
    assert steps == [64, 128]


def test_a_rung_has_the_ingredients_below_it():
    for rung in range(7):
        config = at_rung(rung, seed=3)
        assert [getattr(config, name) for name in INGREDIENTS] == [i < rung for i in range(6)]
        assert config.seed == 3


@pytest.mark.parametrize("rung", range(7))
def test_the_same_seed_gives_the_same_policy_and_another_seed_another(rung):
    policies = [
        train_lineage(VecCartPole, at_rung(rung, seed=seed, **SMALL), num_steps=130)
        for seed in (0, 0, 1)
    ]
    one, same, other = (nn.utils.parameters_to_vector(p.parameters()) for p in policies)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_every_ingredient_changes_what_is_learned():
    policies = [
        train_lineage(VecCartPole, at_rung(rung, **SMALL, clip_epsilon=0.02), num_steps=300)
        for rung in range(7)
    ]
    vectors = [nn.utils.parameters_to_vector(policy.parameters()) for policy in policies]
    for low, high in pairwise(vectors):
        assert not torch.equal(low, high)


def copied(learner, like):
    learner.policy.load_state_dict(like.policy.state_dict())
    learner.critic.load_state_dict(like.critic.state_dict())
    return learner


def test_the_last_rung_moves_the_policy_as_ppo_does():
    config = at_rung(6, **SMALL)
    mine = Learner(4, 2, config, torch.Generator().manual_seed(1))
    rng = np.random.default_rng(1)
    piece = collect(VecCartPole(8, rng=rng), mine.policy, config, rng)
    settings = ppo.Config(
        num_epochs=8,
        minibatch_size=64,
        learning_rate=0.01,
        normalize_advantages=False,
        max_gradient_norm=1e9,
        hidden_sizes=(16,),
        fast=False,
    )
    draws = torch.Generator().manual_seed(0)
    theirs = copied(ppo.Learner(4, 2, settings, draws, draws), mine)
    batch = batch_of(
        piece, theirs.policy, theirs.critic, gamma=0.99, gae_lambda=0.95, normalize=False
    )
    before = nn.utils.parameters_to_vector(mine.policy.parameters()).clone()
    mine.update(piece)
    theirs.update(batch)
    after = [nn.utils.parameters_to_vector(x.policy.parameters()) for x in (mine, theirs)]
    assert (after[0] - before).abs().max() > 0.01
    assert_close(*after, atol=1e-5, rtol=0)


def test_the_a2c_rung_moves_the_policy_as_the_actor_critic_does():
    config = at_rung(4, gae_lambda=1.0, **SMALL)
    mine = Learner(4, 2, config, torch.Generator().manual_seed(2))
    rng = np.random.default_rng(2)
    piece = collect(VecCartPole(8, rng=rng), mine.policy, config, rng)
    settings = actor_critic.Config(learning_rate=0.01, entropy_coefficient=0.0, hidden_sizes=(16,))
    theirs = copied(
        actor_critic.Learner(4, 2, settings, torch_rng(np.random.SeedSequence(0))), mine
    )
    mine.update(piece)
    theirs.update(piece)
    after = [nn.utils.parameters_to_vector(x.policy.parameters()) for x in (mine, theirs)]
    assert_close(*after, atol=1e-5, rtol=0)


class NoCritic(nn.Module):
    """The baseline 0."""

    def forward(self, observations):
        return torch.zeros(*observations.shape[:-1], 1)


class WithoutBaseline(ppo.Learner):
    """PPO's learner with its critic taken out."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.critic = NoCritic()


@pytest.mark.parametrize("baseline", [False, True])
def test_a_run_of_ppo_with_its_ingredients_off_is_a_run_of_reinforce(baseline):
    # Every text of the tree has three tokens, so that both trainers collect alike.
    shared = {
        "gamma": 1.0,
        "num_updates": 30,
        "num_envs": 64,
        "hidden_sizes": (16,),
        "learning_rate": 0.01,
        "seed": 3,
    }
    off = ppo.Config(
        **shared,
        gae_lambda=1.0,
        steps_per_update=3,
        num_epochs=1,
        minibatch_size=192,
        clip_epsilon=0.2,
        normalize_advantages=False,
        max_gradient_norm=1e9,
        fast=False,
    )
    plain = reinforce.Config(**shared, baseline=baseline, value_learning_rate=0.01, value_steps=1)
    learner = ppo.Learner if baseline else WithoutBaseline
    one = batch_runs.run_updates(ON_TREE, learner, off, None)
    other = reinforce.train_reinforce(ON_TREE, plain)
    assert np.array_equal(one.episode_returns, other.episode_returns.ravel())
    assert other.episode_returns[-1].mean() > 3 * other.episode_returns[0].mean()
    ends = [nn.utils.parameters_to_vector(run.policy.parameters()) for run in (one, other)]
    assert_close(*ends, atol=5e-3, rtol=0)
    three = ppo.train_ppo(ON_TREE, ppo.Config(**{**vars(off), "num_epochs": 3}))
    assert not np.array_equal(three.episode_returns, other.episode_returns.ravel())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gamma": 1.1}, "gamma must lie in"),
        ({"gae_lambda": -0.1}, "gae_lambda must lie in"),
        ({"batch_steps": 0}, "batch_steps must be"),
        ({"num_epochs": 1.5}, "num_epochs must be"),
        ({"value_steps": 0}, "value_steps must be"),
        ({"learning_rate": 0.0}, "learning_rate must be"),
        ({"value_learning_rate": -1.0}, "value_learning_rate must be"),
        ({"clip_epsilon": 0.0}, "clip_epsilon must be"),
        ({"num_envs": 7}, "batch_steps must be a multiple of num_envs, got 512 for 7"),
        ({"to_go": False}, "baseline must come with to_go"),
        ({"baseline": False}, "bootstrap must come with baseline"),
        ({"bootstrap": False}, "copies must come with bootstrap"),
        ({"reuse": False}, "clip must come with reuse"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


@pytest.mark.parametrize("rung", [-1, 7, True])
def test_a_rung_that_does_not_exist_is_refused(rung):
    with pytest.raises(ValueError, match="rung must be an integer"):
        at_rung(rung)


def test_a_run_of_no_step_is_refused():
    with pytest.raises(ValueError, match="num_steps must be"):
        train_lineage(VecCartPole, Config(), num_steps=0)
