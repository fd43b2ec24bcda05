"""TRPO: the bound in every update, a step by hand, ends, the critic, learning."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.envs.maze import maze_2x3
from rlnotes.envs.probes import probe_ladder
from rlnotes.envs.vec_table_env import VecTableEnv
from rlnotes.exact.mdp import policy_values
from rlnotes.models.mlp import MLP
from rlnotes.training.advantage_batches import batch_of
from rlnotes.training.on_policy import collect_steps
from rlnotes.training.trpo import Config, Learner, logits_at, train_trpo

MAZE = maze_2x3()
ON_MAZE = partial(VecTableEnv, MAZE)
TABULAR = Config(
    gamma=0.9,
    hidden_sizes=(),
    max_kl=0.05,
    num_updates=60,
    num_envs=32,
    steps_per_update=4,
    minibatch_size=128,
    value_learning_rate=0.1,
)
PROBES = {probe.name: probe for probe in probe_ladder()}


def learner_and_record(**changes):
    config = replace(TABULAR, **changes)
    learner = Learner(6, 4, config, *(torch.Generator().manual_seed(s) for s in (0, 1)))
    rng = np.random.default_rng(0)
    return learner, collect_steps(ON_MAZE(8, rng=rng), learner.policy, 6, rng)


def batch_for(learner, record):
    return batch_of(
        *(record, learner.policy, learner.critic),
        gamma=0.9,
        gae_lambda=learner.config.gae_lambda,
        normalize=True,
    )


def weights_of(learner):
    return torch.nn.utils.parameters_to_vector(learner.policy.parameters()).detach().clone()


@pytest.mark.parametrize("max_kl", [1e-4, 1e-2, 0.3])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_update_leaves_the_trust_region(max_kl, seed):
    config = replace(TABULAR, max_kl=max_kl, seed=seed, damping=0.0, num_updates=30)
    diagnostics = train_trpo(ON_MAZE, config).diagnostics
    # Measured again after the update; float32 log-probabilities carry 1e-7 each.
    assert (diagnostics.kl <= max_kl + 1e-6).all()
    assert (diagnostics.kl[diagnostics.step_fraction == 0] == 0).all()
    assert diagnostics.kl.max() > 0.5 * max_kl


def test_the_step_is_the_one_that_a_dense_fisher_matrix_gives():
    learner, record = learner_and_record(max_kl=1e-4, damping=0.1, conjugate_gradient_steps=28)
    batch = batch_for(learner, record)
    observations, size = batch.observations.double(), len(batch.actions)
    weights = weights_of(learner).double()

    def log_probs_of(vector):
        table, bias = vector[:24].view(4, 6), vector[24:]
        return torch.log_softmax(observations @ table.T + bias, dim=-1)

    scores = torch.autograd.functional.jacobian(log_probs_of, weights)  # [B, A, 28]
    probs = log_probs_of(weights).exp()
    fisher = torch.einsum("ba,bap,baq->pq", probs, scores, scores) / size
    taken = scores[torch.arange(size), batch.actions]
    gradient = batch.advantages.double() @ taken / size
    damped = fisher + 0.1 * torch.eye(28)
    direction = torch.linalg.solve(damped, gradient)
    expected = direction * (2e-4 / (direction @ damped @ direction)).sqrt()

    before = weights_of(learner)
    diagnosis = learner.update(batch_for(learner, record))
    assert diagnosis.step_fraction == 1
    moved = (weights_of(learner) - before).double()
    assert_close(moved, expected, rtol=1e-3, atol=1e-6)


def test_without_advantages_the_policy_stays_and_the_critic_learns():
    learner, record = learner_and_record(value_epochs=1)
    record = record._replace(rewards=torch.zeros_like(record.rewards))
    with torch.no_grad():
        for weight in learner.critic.parameters():
            weight.zero_()
        learner.critic.layers[0].bias += 1  # V = 1 everywhere, so that the critic is wrong
    zeros = batch_for(learner, record)._replace(advantages=torch.zeros(48))
    assert learner.policy_step(zeros).fraction == 0
    assert torch.equal(learner.policy_step(zeros).parameters, weights_of(learner))
    before = (zeros.values - zeros.value_targets).square().mean()
    learner.fit_critic(zeros)
    after = (learner.critic(zeros.observations).squeeze(-1) - zeros.value_targets).square().mean()
    assert after < before


def test_the_critic_takes_epochs_times_minibatches_steps():
    learner, record = learner_and_record(value_epochs=3, minibatch_size=20)  # 48 = 20 + 20 + 8
    learner.update(batch_for(learner, record))
    state = learner.value_optimizer.state
    assert {int(entry["step"]) for entry in state.values()} == {9}


def test_a_step_that_was_cut_back_says_so():
    learner, _ = learner_and_record(max_kl=1.0, damping=0.0)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():  # far from uniform, where the quadratic is poor
        weights = 3 * torch.randn(28, generator=generator)
        torch.nn.utils.vector_to_parameters(weights, learner.policy.parameters())
    rng = np.random.default_rng(0)
    record = collect_steps(ON_MAZE(8, rng=rng), learner.policy, 6, rng)
    proposed = learner.policy_step(batch_for(learner, record))
    assert 0 < proposed.fraction < 1
    assert learner.update(batch_for(learner, record)).step_fraction == proposed.fraction


def test_proposing_a_step_changes_nothing():
    learner, record = learner_and_record()
    before = weights_of(learner)
    step = learner.policy_step(batch_for(learner, record))
    assert torch.equal(weights_of(learner), before)
    assert not torch.equal(step.parameters, before)


def test_other_weights_give_the_logits_of_the_network_that_has_them():
    one, two = (MLP([3, 5, 2], generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    observations = torch.randn(7, 3, generator=torch.Generator().manual_seed(2))
    weights = torch.nn.utils.parameters_to_vector(two.parameters())
    assert_close(logits_at(one, weights, observations), two(observations))
    assert logits_at(one, weights.detach().requires_grad_(), observations).requires_grad


@pytest.mark.parametrize("name", ["termination", "next state", "time limit", "both"])
def test_climbs_the_probe_ladder(name):
    probe = PROBES[name]
    make_env = partial(VecTableEnv, probe.mdp, max_episode_steps=probe.max_episode_steps)
    result = train_trpo(make_env, replace(TABULAR, gamma=probe.gamma))
    live = np.flatnonzero(~probe.mdp.terminal)
    values = result.critic(torch.eye(probe.mdp.num_states))[live, 0].detach().numpy()
    np.testing.assert_allclose(values, probe.exact_q_values.max(axis=-1), atol=0.1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_learns_the_maze_and_its_values(seed):
    result = train_trpo(ON_MAZE, replace(TABULAR, seed=seed))
    probs = torch.softmax(result.policy(torch.eye(6)).double(), dim=-1).detach().numpy()
    value = policy_values(MAZE, probs, gamma=0.9)[0]
    assert value > 7  # the optimum is 8.1, the uniform policy has -4.5
    assert abs(result.critic(torch.eye(6))[0].item() - value) < 0.5


def test_learns_to_balance_longer():
    # A random policy holds the pole for 22 steps.
    result = train_trpo(VecCartPole, Config(num_updates=15))
    assert result.episode_returns[:20].mean() < 40
    assert result.episode_returns[-20:].mean() > 100


def test_watch_may_stop_and_the_same_seed_gives_the_same_run():
    first, again, other = (
        train_trpo(ON_MAZE, replace(TABULAR, seed=seed), watch=lambda step, _: step >= 640)
        for seed in (1, 1, 2)
    )
    assert first.num_steps.tolist() == [128, 256, 384, 512, 640]
    np.testing.assert_array_equal(first.diagnostics.kl, again.diagnostics.kl)
    assert not np.array_equal(first.diagnostics.kl, other.diagnostics.kl)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gamma": 1.1}, r"gamma must lie in \[0, 1\], got 1.1"),
        ({"gae_lambda": -0.1}, r"gae_lambda must lie in \[0, 1\], got -0.1"),
        ({"target_lambda": 1.5}, r"target_lambda must lie in \[0, 1\], got 1.5"),
        *(
            ({name: 0}, f"{name} must be a positive integer, got 0")
            for name in (
                *("num_updates", "num_envs", "steps_per_update", "value_epochs"),
                *("conjugate_gradient_steps", "minibatch_size"),
            )
        ),
        *(
            ({name: bad}, f"{name} must be positive and finite, got {bad}")
            for name in ("max_kl", "value_learning_rate")
            for bad in (0, -1.0, np.nan, np.inf)
        ),
        ({"damping": -0.1}, "damping must not be negative"),
        ({"damping": np.nan}, "damping must not be negative"),
    ],
)
def test_bad_hyperparameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)
