"""A2C: targets and gradients by hand, ends, entropy, borders of pieces, learning."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.envs.maze import maze_2x3
from rlnotes.envs.small_tasks import arms
from rlnotes.envs.vec_table_env import VecTableEnv
from rlnotes.exact.mdp import policy_values
from rlnotes.functional.finite_mdp import FiniteMDP
from rlnotes.training.actor_critic import (
    Config,
    Learner,
    bootstrapped_targets,
    train_actor_critic,
)
from rlnotes.training.on_policy import collect_steps
from tests.training.test_on_policy import BothFlags
from tests.training.test_reinforce import BAD, Table, record_of

MAZE = maze_2x3()
ON_MAZE = partial(VecTableEnv, MAZE)
TABULAR = Config(
    gamma=0.9,
    hidden_sizes=(),
    learning_rate=0.1,
    value_learning_rate=0.1,
    num_updates=200,
    num_envs=16,
    steps_per_update=4,
)
ENDLESS = FiniteMDP(
    transition_probs=[[[1.0]]], expected_rewards=[[1.0]], start_probs=[1], terminal=[False]
)


def test_targets_by_hand():
    # V of states 0 to 4 is 1, 2, 4, 8, 16. Step 1 ends the task, step 2 hits the limit,
    # step 3 is the last of the piece.
    critic = Table(torch.tensor([[1.0], [2.0], [4.0], [8.0], [16.0]]))
    record = record_of(
        [[1.0, 1.0, 1.0, 1.0]],
        terminated=[[False, True, False, False]],
        truncated=[[False, False, True, False]],
    )
    targets = bootstrapped_targets(record, critic, gamma=0.5)
    assert_close(targets, torch.tensor([[1.5, 1.0, 5.0, 9.0]]))
    assert not targets.requires_grad


def test_one_step_pieces_give_td_targets():
    critic = Table(torch.tensor([[1.0], [2.0]]))
    targets = bootstrapped_targets(record_of([[3.0]]), critic, gamma=0.5)
    assert_close(targets, torch.tensor([[4.0]]))


def learner_after_update(**changes) -> Learner:
    config = replace(TABULAR, **changes)
    learner = Learner(6, 4, config, torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    learner.update(collect_steps(ON_MAZE(4, rng=rng), learner.policy, 8, rng))
    return learner


def gradients(network) -> list[torch.Tensor]:
    return [parameter.grad for parameter in network.parameters()]


def test_no_loss_reaches_the_other_network():
    usual, entropic = learner_after_update(), learner_after_update(entropy_coefficient=1.0)
    for one, two in zip(gradients(usual.critic), gradients(entropic.critic), strict=True):
        assert torch.equal(one, two)
    fast_critic = learner_after_update(value_learning_rate=5.0)
    for one, two in zip(gradients(usual.policy), gradients(fast_critic.policy), strict=True):
        assert torch.equal(one, two)
    assert not torch.equal(gradients(usual.policy)[0], gradients(entropic.policy)[0])


def test_the_gradients_are_scores_times_advantages_and_errors():
    # Loops over the steps, from the definition; nothing of the update's own code.
    rng = np.random.default_rng(1)
    config = replace(TABULAR, entropy_coefficient=0.0)
    learner = Learner(6, 4, config, torch.Generator().manual_seed(0))
    record = collect_steps(ON_MAZE(2, rng=rng), learner.policy, 5, rng)
    with torch.no_grad():
        probs = torch.softmax(learner.policy(torch.eye(6)), dim=-1)
        values = learner.critic(torch.eye(6)).squeeze(-1)
    expected_policy, expected_critic = torch.zeros(4, 6), torch.zeros(1, 6)
    for copy in range(2):
        for t in range(5):
            target, discount = 0.0, 1.0
            for k in range(t, 5):
                target += discount * record.rewards[copy, k]
                discount *= 0.9
                if record.terminated[copy, k]:
                    break
            else:
                target += discount * values[record.next_observations[copy, 4].argmax()]
            state, action = record.observations[copy, t].argmax(), record.actions[copy, t]
            error = target - values[state]
            expected_policy[:, state] -= error * (torch.eye(4)[action] - probs[state]) / 10
            expected_critic[0, state] -= error / 10
    learner.update(record)
    assert_close(learner.policy.layers[0].weight.grad, expected_policy)
    assert_close(learner.critic.layers[0].weight.grad, expected_critic)


@pytest.mark.parametrize("max_episode_steps", [1, 7])
def test_truncation_keeps_the_bootstrap(max_episode_steps):
    make_env = partial(VecTableEnv, ENDLESS, max_episode_steps=max_episode_steps)
    result = train_actor_critic(make_env, replace(TABULAR, gamma=0.5, num_updates=300))
    assert result.critic(torch.eye(1)).item() == pytest.approx(2.0, abs=0.01)  # 1 / (1 - 0.5)
    assert result.num_truncated == len(result.episode_returns)
    assert set(result.episode_returns) == {max_episode_steps}


def test_ends_flagged_as_both_are_no_truncations():
    make_env = partial(BothFlags, arms([3.0, 3.0]))
    result = train_actor_critic(make_env, replace(TABULAR, num_updates=5))
    assert (len(result.episode_returns), result.num_truncated) == (5 * 16 * 4, 0)


def test_termination_stops_the_bootstrap():
    make_env = partial(VecTableEnv, arms([3.0, 3.0]))
    result = train_actor_critic(make_env, replace(TABULAR, gamma=1.0))
    assert result.critic(torch.eye(2))[0].item() == pytest.approx(3.0, abs=0.01)


def test_the_entropy_bonus_keeps_the_policy_undecided():
    make_env = partial(VecTableEnv, arms([1.0, 0.0]))
    entropies = [
        train_actor_critic(make_env, replace(TABULAR, entropy_coefficient=weight)).entropies
        for weight in (0.0, 1.0)
    ]
    assert entropies[0][0] == entropies[1][0] == pytest.approx(np.log(2), abs=1e-3)
    assert entropies[0][-1] < 0.05
    # With weight 1 the optimum is softmax(1, 0): p = 0.731, entropy 0.582.
    assert entropies[1][-1] == pytest.approx(0.582, abs=0.05)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_learns_the_maze_and_its_values(seed):
    result = train_actor_critic(ON_MAZE, replace(TABULAR, seed=seed))
    probs = torch.softmax(result.policy(torch.eye(6)).double(), dim=-1).detach().numpy()
    value = policy_values(MAZE, probs, gamma=0.9)[0]
    assert value > 7  # the optimum is 8.1, the uniform policy has -4.5
    assert abs(result.critic(torch.eye(6))[0].item() - value) < 0.5


def test_learns_to_balance_longer():
    # A random policy holds the pole for 22 steps.
    result = train_actor_critic(VecCartPole, Config(num_updates=100))
    assert result.episode_returns[:20].mean() < 40
    assert result.episode_returns[-20:].mean() > 100
    assert result.num_steps[-1] == 100 * 8 * 32
    assert (np.diff(result.episode_ends) >= 0).all()


def test_watch_sees_every_update_and_may_stop():
    seen = []
    result = train_actor_critic(
        ON_MAZE, TABULAR, watch=lambda step, policy: seen.append(step) or len(seen) == 3
    )
    assert seen == result.num_steps.tolist() == [64, 128, 192]
    assert len(result.entropies) == 3


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    first, again, other = (
        train_actor_critic(ON_MAZE, replace(TABULAR, num_updates=9, seed=seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.entropies, again.entropies)
    np.testing.assert_array_equal(first.episode_ends, again.episode_ends)
    assert not np.array_equal(first.entropies, other.entropies)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        *(bad for bad in BAD if "value_steps" not in bad[0]),
        ({"steps_per_update": 0}, "steps_per_update must be a positive integer, got 0"),
        ({"entropy_coefficient": -0.1}, "entropy_coefficient must not be negative"),
        ({"entropy_coefficient": np.nan}, "entropy_coefficient must not be negative"),
    ],
)
def test_bad_hyperparameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)
