"""REINFORCE: the estimate against exact gradients, ends, baselines, seeds, learning."""

from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.envs.maze import maze_2x3
from rlnotes.envs.small_tasks import arms
from rlnotes.envs.vec_table_env import VecTableEnv
from rlnotes.exact.mdp import policy_values
from rlnotes.exact.policy_gradients import gradient_without_gamma_power
from rlnotes.training.on_policy import Record, play_episodes
from rlnotes.training.reinforce import (
    Config,
    Learner,
    policy_loss,
    returns_of_record,
    train_reinforce,
)
from tests.training.test_on_policy import BothFlags

MAZE = maze_2x3()
ON_MAZE = partial(VecTableEnv, MAZE)
TABULAR = Config(gamma=0.9, hidden_sizes=(), learning_rate=0.1, num_updates=60)


class Table(nn.Module):
    """One row of outputs per one-hot observation."""

    def __init__(self, rows):
        super().__init__()
        self.rows = nn.Parameter(torch.as_tensor(rows))

    def forward(self, observations):
        return observations @ self.rows


def record_of(rewards, terminated=None, truncated=None, counted=None) -> Record:
    """A record of which only rewards and ends matter; state t is number t."""
    rewards = torch.as_tensor(rewards)
    no = torch.zeros(rewards.shape, dtype=torch.bool)
    size = rewards.shape[1]
    states = torch.eye(size + 1, dtype=rewards.dtype).expand(len(rewards), -1, -1)
    return Record(
        states[:, :size],
        torch.zeros(rewards.shape, dtype=torch.int64),
        rewards,
        states[:, 1:],
        no if terminated is None else torch.tensor(terminated),
        no if truncated is None else torch.tensor(truncated),
        ~no if counted is None else torch.tensor(counted),
    )


def test_over_all_completions_the_loss_has_the_exact_gradient_for_any_baseline():
    # 2 tokens, 3 steps: all 8 episodes once, so weights carry the probabilities.
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    actions = torch.tensor(list(product(range(2), repeat=3)))
    rewards = torch.randn(8, 3, generator=generator, dtype=torch.float64)
    rewards[:, 0] = torch.tensor([1.0, 5.0], dtype=torch.float64)[actions[:, 0]]
    rewards[:, 1] = torch.arange(4, dtype=torch.float64).repeat_interleave(2)  # of the prefix
    record = record_of(rewards, terminated=[[False, False, True]] * 8)._replace(
        observations=torch.eye(3, dtype=torch.float64).expand(8, 3, 3), actions=actions
    )

    def objective(table):
        log_probs = torch.log_softmax(table, dim=-1)
        probs = log_probs[torch.arange(3), actions].sum(dim=1).exp()
        return probs @ rewards.sum(dim=1), probs

    numerical = torch.zeros_like(logits)
    for place in np.ndindex(3, 2):
        nudge = torch.zeros_like(logits)
        nudge[place] = 1e-6
        numerical[place] = (objective(logits + nudge)[0] - objective(logits - nudge)[0]) / 2e-6

    probs = objective(logits)[1]
    for baseline in ([0.0, 0.0, 0.0], [2.0, -3.0, 100.0]):
        to_go = returns_of_record(record, None, gamma=1.0)
        weights = 8 * probs[:, None] * (to_go - torch.tensor(baseline, dtype=torch.float64))
        policy = Table(logits)
        policy_loss(policy, record, weights).backward()
        assert_close(-policy.rows.grad, numerical, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("baseline", [None, [5.0, -3.0, 8.0, 0.0, 2.0, 0.0]])
def test_on_the_maze_the_mean_estimate_is_the_exact_one(baseline):
    generator = torch.Generator().manual_seed(3)
    logits = 0.5 * torch.randn(6, 4, generator=generator)
    exact = gradient_without_gamma_power(MAZE, logits.double().numpy(), gamma=0.9)
    policy, rng = Table(logits), np.random.default_rng(0)
    env = ON_MAZE(500, rng=rng)
    estimates = []
    for _ in range(60):
        record = play_episodes(env, policy, rng)
        weights = returns_of_record(record, None, gamma=0.9)
        if baseline:
            weights = weights - record.observations @ torch.tensor(baseline)
        policy.zero_grad()
        policy_loss(policy, record, weights).backward()
        estimates.append(-policy.rows.grad.double().numpy())
    mean, error = np.mean(estimates, axis=0), np.std(estimates, axis=0) / np.sqrt(60)
    assert (abs(mean - exact) <= 5 * error + 1e-9).all()
    assert abs(exact).max() > 20 * error.max()  # the interval is narrow


def test_rewards_to_go_by_hand():
    values = Table(torch.tensor([[1.0], [2.0], [4.0], [8.0]]))
    rewards = [[1.0, 1.0, 3.0]]
    yes, no = [[False, False, True]], [[False, False, False]]
    ended = record_of(rewards, terminated=yes, truncated=no)
    cut = record_of(rewards, terminated=no, truncated=yes)
    # The end: 3, 1 + 3/2, 1 + 2.5/2. The limit adds V = 8, halved, to the last reward.
    assert_close(returns_of_record(ended, values, gamma=0.5), torch.tensor([[2.25, 2.5, 3.0]]))
    assert_close(returns_of_record(cut, values, gamma=0.5), torch.tensor([[3.25, 4.5, 7.0]]))
    assert_close(returns_of_record(cut, None, gamma=0.5), torch.tensor([[2.25, 2.5, 3.0]]))
    assert not returns_of_record(cut, values, gamma=0.5).requires_grad


def test_steps_of_a_waiting_copy_change_nothing():
    rewards = torch.tensor([[1.0, 2.0, 0.0], [4.0, 0.0, 0.0]])
    ends = [[False, False, True], [True, False, True]]
    counted = [[True, True, True], [True, False, False]]
    gradients = []
    for waste in (0.0, 77.0):
        record = record_of(
            rewards + waste * torch.tensor([[0, 0, 0], [0, 1, 1]]), ends, counted=counted
        )
        policy = Table(torch.zeros(4, 2))
        policy_loss(policy, record, returns_of_record(record, None, gamma=1.0)).backward()
        gradients.append(policy.rows.grad)
    assert_close(*gradients)
    # Step 0: rewards-to-go 3 and 4, over 2 episodes, times the score (1/2, -1/2).
    assert_close(gradients[0][0], torch.tensor([-1.75, 1.75]))
    assert_close(gradients[0][1], torch.tensor([-0.5, 0.5]))


@pytest.mark.parametrize("baseline", [True, False])
def test_an_update_weighs_the_scores_with_the_return_minus_the_baseline(baseline):
    # Two arms, paid 1 and 5: one step, so the weight is the reward minus V(start).
    learner = Learner(2, 2, replace(TABULAR, baseline=baseline), torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    record = play_episodes(VecTableEnv(arms([1.0, 5.0]), 4, rng=rng), learner.policy, rng)
    with torch.no_grad():
        probs = torch.softmax(learner.policy(torch.eye(2)[0]), dim=-1)
        value = learner.baseline(torch.eye(2)[0]) if baseline else 0.0
    expected = torch.zeros(2)
    for action in record.actions[:, 0]:
        expected -= ([1.0, 5.0][action] - value) * (torch.eye(2)[action] - probs) / 4
    learner.update(record)
    assert_close(learner.policy.layers[0].weight.grad[:, 0], expected)


@pytest.mark.parametrize("limit", [200, 4])
def test_an_update_on_long_episodes_step_by_step(limit):
    # Long episodes through several states: G_t from step t on, V at s_t, no gamma^t.
    learner = Learner(6, 4, TABULAR, torch.Generator().manual_seed(2))
    with torch.no_grad():
        learner.policy.layers[0].weight.mul_(50)  # so that the actions differ
        learner.baseline.layers[0].weight.add_(torch.arange(6.0))
        rng = np.random.default_rng(7)
        env = ON_MAZE(3, rng=rng, max_episode_steps=limit)
        record = play_episodes(env, learner.policy, rng)
        probs = torch.softmax(learner.policy(torch.eye(6)), dim=-1)
        values = learner.baseline(torch.eye(6))[:, 0].tolist()
    lengths, was_cut = record.counted.sum(dim=1).tolist(), []
    states, after = record.observations.argmax(dim=-1), record.next_observations.argmax(dim=-1)
    expected = torch.zeros(4, 6)
    for n, length in enumerate(lengths):
        rewards = record.rewards[n, :length].tolist()
        was_cut.append(bool(record.truncated[n, length - 1]))
        if was_cut[-1]:
            rewards.append(values[after[n, length - 1]])
        for t in range(length):
            s, a = states[n, t], record.actions[n, t]
            weight = sum(0.9 ** (k - t) * rewards[k] for k in range(t, len(rewards))) - values[s]
            expected[:, s] -= weight * (torch.eye(4)[a] - probs[s]) / 3  # a mean over episodes
    assert max(lengths) >= 4
    assert len(set(lengths)) > 1
    assert any(was_cut) == (limit == 4)
    learner.update(record)
    assert_close(learner.policy.layers[0].weight.grad, expected, rtol=1e-4, atol=1e-5)


def test_the_baseline_is_fitted_after_the_policy_has_used_it():
    # The first update of the policy cannot depend on how well V fits this batch.
    policies = [
        train_reinforce(ON_MAZE, replace(TABULAR, num_updates=1, value_steps=steps)).policy
        for steps in (1, 50)
    ]
    for first, second in zip(*(policy.parameters() for policy in policies), strict=True):
        assert torch.equal(first, second)


def test_the_policy_loss_does_not_move_the_baseline():
    config = Config(value_learning_rate=1e-30)
    learner = Learner(6, 4, replace(config, hidden_sizes=()), torch.Generator().manual_seed(0))
    before = [parameter.clone() for parameter in learner.baseline.parameters()]
    rng = np.random.default_rng(0)
    learner.update(play_episodes(ON_MAZE(4, rng=rng), learner.policy, rng))
    for old, new in zip(before, learner.baseline.parameters(), strict=True):
        assert_close(old, new)


def test_the_baseline_reaches_the_mean_return():
    # Two arms that both pay 3: nothing to choose, and V must become 3.
    result = train_reinforce(
        partial(VecTableEnv, arms([3.0, 3.0])), replace(TABULAR, num_updates=100)
    )
    assert result.baseline(torch.eye(2))[0].item() == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("baseline", [True, False])
def test_episodes_of_one_step_give_no_nan_and_the_best_arm(baseline):
    result = train_reinforce(
        partial(VecTableEnv, arms([1.0, 2.0, 0.0])), replace(TABULAR, baseline=baseline)
    )
    probs = torch.softmax(result.policy(torch.eye(2)[0]), dim=-1)
    assert probs.argmax() == 1
    assert probs[1] > 0.9
    assert (result.episode_lengths == 1).all()
    assert (result.baseline is not None) == baseline


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_learns_the_maze(seed):
    policy = train_reinforce(ON_MAZE, replace(TABULAR, seed=seed)).policy
    probs = torch.softmax(policy(torch.eye(6)).double(), dim=-1).detach().numpy()
    # The optimum is 8.1, the uniform policy has -4.5.
    assert policy_values(MAZE, probs, gamma=0.9)[0] > 7


def test_learns_to_balance_longer():
    # A random policy holds the pole for 22 steps; over ten seeds, 25 updates reach
    # returns above 300.
    result = train_reinforce(VecCartPole, Config(num_updates=25))
    assert result.episode_returns[0].mean() < 40
    assert result.episode_returns[-3:].mean() > 150


def test_ends_flagged_as_both_are_no_truncations():
    make_env = partial(BothFlags, arms([3.0, 3.0]))
    result = train_reinforce(make_env, replace(TABULAR, num_updates=5))
    assert result.episode_returns.size > 0
    assert result.num_truncated == 0


def test_the_result_counts_episodes_and_steps():
    make_env = partial(ON_MAZE, max_episode_steps=2)
    result = train_reinforce(make_env, replace(TABULAR, num_updates=3, num_envs=5))
    assert result.episode_returns.shape == result.episode_lengths.shape == (3, 5)
    assert set(result.episode_lengths.ravel()) <= {1, 2}  # into the trap, or the limit
    assert result.num_truncated == (result.episode_returns == 0).sum()
    longest = result.episode_lengths.max(axis=1)
    assert result.num_steps.tolist() == (5 * longest.cumsum()).tolist()


def test_watch_sees_every_update_and_may_stop():
    seen = []
    result = train_reinforce(
        ON_MAZE, TABULAR, watch=lambda step, policy: seen.append(step) or len(seen) == 4
    )
    assert seen == result.num_steps.tolist()
    assert len(seen) == 4


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    first, again, other = (
        train_reinforce(ON_MAZE, replace(TABULAR, num_updates=4, seed=seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.episode_lengths, again.episode_lengths)
    for one, two in zip(first.policy.parameters(), again.policy.parameters(), strict=True):
        assert torch.equal(one, two)
    assert not np.array_equal(first.episode_lengths, other.episode_lengths)


BAD = [
    ({"gamma": 1.1}, r"gamma must lie in \[0, 1\], got 1.1"),
    ({"num_updates": 0}, "num_updates must be a positive integer, got 0"),
    ({"num_envs": 2.5}, "num_envs must be a positive integer, got 2.5"),
    ({"value_steps": 0}, "value_steps must be a positive integer, got 0"),
    ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
    ({"value_learning_rate": np.nan}, "value_learning_rate must be positive and finite, got nan"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_hyperparameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)


def test_a_reward_that_is_not_finite_is_refused():
    class Breaks(VecTableEnv):
        def step(self, actions):
            return super().step(actions)._replace(rewards=np.full(self.num_envs, np.nan))

    with pytest.raises(ValueError, match=r"rewards must be finite, got nan at \(0, 0\)"):
        train_reinforce(partial(Breaks, MAZE), TABULAR)
