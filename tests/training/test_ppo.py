"""PPO: updates by hand, ends, switches, early stop, the probe ladder, learning."""

import copy
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.envs.cartpole import VecCartPole
from rlnotes.envs.maze import maze_2x3
from rlnotes.envs.probes import probe_ladder
from rlnotes.envs.small_tasks import arms
from rlnotes.envs.vec_table_env import VecTableEnv
from rlnotes.exact.mdp import policy_values
from rlnotes.training.advantage_batches import batch_of, diagnose
from rlnotes.training.on_policy import collect_steps
from rlnotes.training.ppo import Config, Learner, train_ppo

MAZE = maze_2x3()
ON_MAZE = partial(VecTableEnv, MAZE)
TABULAR = Config(
    gamma=0.9,
    hidden_sizes=(),
    learning_rate=0.1,
    num_updates=60,
    num_envs=32,
    steps_per_update=4,
    minibatch_size=128,
)
PROBES = {probe.name: probe for probe in probe_ladder()}


def learner_and_record(num_envs=4, num_steps=6, **changes):
    """A learner on the maze, and steps that its policy took."""
    config = replace(TABULAR, **{"minibatch_size": 10**6, **changes})
    learner = Learner(6, 4, config, *(torch.Generator().manual_seed(s) for s in (0, 1)))
    with torch.no_grad():  # not uniform, so that ratios and entropies tell cases apart
        learner.policy.layers[0].weight.copy_(
            torch.randn(4, 6, generator=torch.Generator().manual_seed(2))
        )
    rng = np.random.default_rng(0)
    return learner, collect_steps(ON_MAZE(num_envs, rng=rng), learner.policy, num_steps, rng)


def batch_for(learner, record):
    settings = {name: getattr(learner.config, name) for name in ("gamma", "gae_lambda")}
    return batch_of(
        *(record, learner.policy, learner.critic),
        normalize=learner.config.normalize_advantages,
        **settings,
    )


def update_by_hand(learner, record):
    """The epochs in the plainest way: loops over steps, torch's own Adam and clip."""
    config = learner.config
    policy, critic = copy.deepcopy(learner.policy), copy.deepcopy(learner.critic)
    steps = [(n, t) for n in range(record.rewards.shape[0]) for t in range(record.rewards.shape[1])]
    with torch.no_grad():
        values = critic(record.observations).squeeze(-1)
        next_values = critic(record.next_observations).squeeze(-1)
        old_probs = torch.softmax(policy(record.observations), dim=-1)
    advantages = {}
    for n, t in reversed(steps):
        alive = 0.0 if record.terminated[n, t] else 1.0
        delta = record.rewards[n, t] + config.gamma * alive * next_values[n, t] - values[n, t]
        done = record.terminated[n, t] or record.truncated[n, t]
        rest = 0.0 if done else advantages.get((n, t + 1), 0.0)
        advantages[n, t] = delta + config.gamma * config.gae_lambda * rest
    targets = {step: advantages[step] + values[step] for step in steps}
    if config.normalize_advantages:
        numbers = np.array([float(advantages[step]) for step in steps])
        advantages = {
            step: float((advantages[step] - numbers.mean()) / numbers.std(ddof=1)) for step in steps
        }

    weights = [*policy.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(weights, lr=config.learning_rate)
    epsilon = config.clip_epsilon
    for _ in range(config.num_epochs):
        loss = 0.0
        for step in steps:
            probs = torch.softmax(policy(record.observations[step]), dim=-1)
            action = record.actions[step]
            ratio, advantage = probs[action] / old_probs[step][action], advantages[step]
            objective = ratio * advantage
            if epsilon is not None and (
                (advantage > 0 and ratio > 1 + epsilon) or (advantage < 0 and ratio < 1 - epsilon)
            ):
                objective = objective.detach()
            loss = loss - objective
            loss = loss + (critic(record.observations[step])[0] - targets[step]) ** 2 / 2
            loss = loss + config.entropy_coefficient * (probs * probs.log()).sum()
        optimizer.zero_grad()
        (loss / len(steps)).backward()
        torch.nn.utils.clip_grad_norm_(weights, config.max_gradient_norm)
        optimizer.step()
    return policy, critic


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"clip_epsilon": 0.05, "normalize_advantages": False},
        {"clip_epsilon": None},
        {"entropy_coefficient": 0.3, "gae_lambda": 0.0},
        {"max_gradient_norm": 1e-9},  # so small that Adam's own constant matters
        {"max_gradient_norm": 1e9, "gamma": 1.0},
    ],
)
def test_an_update_is_the_one_made_by_hand(changes):
    learner, record = learner_and_record(**changes)
    assert record.terminated.any()
    policy, critic = update_by_hand(learner, record)
    before = learner.policy.layers[0].weight.clone()
    learner.update(batch_for(learner, record))
    assert (learner.policy.layers[0].weight - before).abs().max() > 1e-4
    for ours, by_hand in ((learner.policy, policy), (learner.critic, critic)):
        for one, two in zip(ours.parameters(), by_hand.parameters(), strict=True):
            assert_close(one, two, rtol=1e-4, atol=2e-5)


def test_at_the_first_gradient_step_every_ratio_is_one():
    # So the clip does nothing yet, and the surrogate is the mean advantage.
    learner, record = learner_and_record(normalize_advantages=False)
    batch = batch_for(learner, record)
    before = diagnose(batch, learner.policy, clip_epsilon=0.2, num_epochs=0)
    assert (before.min_ratio, before.max_ratio, before.kl, before.clip_fraction) == (1, 1, 0, 0)
    value_part = (batch.values - batch.value_targets).square().mean() / 2
    assert_close(learner.loss(batch), value_part - batch.advantages.mean())


def test_from_the_second_minibatch_on_ratios_differ_from_one():
    learner, record = learner_and_record(num_epochs=1, minibatch_size=12)
    largest, plain_loss = [], learner.loss

    def watched(minibatch):
        logits = learner.policy(minibatch.observations).detach()
        log_probs = torch.log_softmax(logits, dim=-1)[range(12), minibatch.actions]
        largest.append((log_probs - minibatch.old_log_probs).exp().sub(1).abs().max().item())
        return plain_loss(minibatch)

    learner.loss = watched
    learner.update(batch_for(learner, record))
    assert len(largest) == 2
    assert largest[0] < 1e-6 < 0.01 < largest[1]


def test_the_kl_of_the_early_stop_has_the_old_policy_first():
    learner, record = learner_and_record()
    batch = batch_for(learner, record)
    old = torch.softmax(batch.old_logits.double(), dim=-1).numpy()
    weights = [[2.0, 0, 0, -1, 0, 0], [0, 1, 0, 3, 0, 0], [0, 0, -2, 0, 0, 1], [1, 0, 0, 0, 0, 0]]
    with torch.no_grad():
        learner.policy.layers[0].weight.copy_(2 * torch.tensor(weights))
        logits = learner.policy(batch.observations).double()
    new = torch.softmax(logits, dim=-1).numpy()
    forward, backward = 0.0, 0.0
    for p, q in zip(old, new, strict=True):
        for a in range(4):
            forward += p[a] * np.log(p[a] / q[a]) / len(old)
            backward += q[a] * np.log(q[a] / p[a]) / len(old)
    assert abs(forward - backward) > 0.1
    assert learner.kl(batch) == pytest.approx(forward, rel=1e-5)


def test_the_number_of_gradient_steps_is_epochs_times_minibatches():
    learner, record = learner_and_record(num_epochs=3, minibatch_size=10)  # 24 = 10 + 10 + 4
    learner.update(batch_for(learner, record))
    assert learner.optimizer.state[learner.weights[0]]["step"].item() == 9


def test_each_epoch_walks_through_the_batch_in_a_new_order(monkeypatch):
    learner, record = learner_and_record(num_epochs=3, minibatch_size=10)
    orders, loss = [], learner.loss

    def listen(batch):
        orders.append(batch.advantages.tolist())
        return loss(batch)

    monkeypatch.setattr(learner, "loss", listen)
    learner.update(batch_for(learner, record))
    epochs = [list(chain(*orders[k : k + 3])) for k in (0, 3, 6)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(epochs[2])
    assert epochs[0] != epochs[1]
    assert epochs[1] != epochs[2]


@pytest.mark.parametrize("share", [0.25, 4.0])
def test_a_long_gradient_is_cut_and_a_short_one_stays(share):
    learner, record = learner_and_record(fast=False)
    batch = batch_for(learner, record)
    gradients = torch.autograd.grad(learner.loss(batch), learner.weights)
    limit = share * torch.cat([part.flatten() for part in gradients]).norm().item()
    changes = {"max_gradient_norm": limit, "num_epochs": 1, "minibatch_size": len(batch.actions)}
    learner, _ = learner_and_record(fast=False, **changes)
    learner.update(batch)
    for weight, gradient in zip(learner.weights, gradients, strict=True):
        assert_close(weight.grad, min(share, 1.0) * gradient, rtol=1e-4, atol=1e-7)


def test_the_kl_early_stop_ends_the_epochs_after_the_first_above():
    kls = []
    for num_epochs in range(1, 7):
        learner, record = learner_and_record(num_epochs=num_epochs, learning_rate=0.02)
        kls.append(learner.update(batch_for(learner, record)).kl)
    assert (np.diff(kls) > 0).all()
    for stop in (1, 3, 5):
        target = (kls[stop - 1] + [0.0, *kls][stop - 1]) / 2  # first above: after `stop`
        learner, record = learner_and_record(num_epochs=6, target_kl=target, learning_rate=0.02)
        diagnosis = learner.update(batch_for(learner, record))
        assert diagnosis.num_epochs == stop
        assert diagnosis.kl == pytest.approx(kls[stop - 1])
    learner, record = learner_and_record(num_epochs=6, target_kl=1.0, learning_rate=0.02)
    assert learner.update(batch_for(learner, record)).num_epochs == 6


def test_the_clip_slows_the_policy_down_but_does_not_hold_it():
    largest = {}
    for clip_epsilon in (0.05, 0.2, None):
        learner, record = learner_and_record(num_epochs=40, clip_epsilon=clip_epsilon)
        diagnosis = learner.update(batch_for(learner, record))
        largest[clip_epsilon] = diagnosis.max_ratio
        assert diagnosis.max_ratio > 1 + (clip_epsilon or 0)
    assert max(largest[0.05], largest[0.2]) < largest[None]


@pytest.mark.parametrize("name", PROBES)
def test_climbs_the_probe_ladder(name):
    # The rungs "termination" and "time limit" fail if one end is taken for the other.
    probe = PROBES[name]
    make_env = partial(VecTableEnv, probe.mdp, max_episode_steps=probe.max_episode_steps)
    result = train_ppo(make_env, replace(TABULAR, gamma=probe.gamma))
    live = np.flatnonzero(~probe.mdp.terminal)
    values = result.critic(torch.eye(probe.mdp.num_states))[live, 0].detach().numpy()
    np.testing.assert_allclose(values, probe.exact_q_values.max(axis=-1), atol=0.1)


def test_the_entropy_bonus_keeps_the_policy_undecided():
    make_env = partial(VecTableEnv, arms([1.0, 0.0]))
    entropies = [
        train_ppo(
            make_env,
            replace(TABULAR, entropy_coefficient=weight, normalize_advantages=False),
        ).diagnostics.entropy
        for weight in (0.0, 1.0)
    ]
    assert entropies[0][0] == entropies[1][0] == pytest.approx(np.log(2), abs=1e-3)
    assert entropies[0][-1] < 0.05
    # With weight 1 the optimum is softmax(1, 0): p = 0.731, entropy 0.582.
    assert entropies[1][-1] == pytest.approx(0.582, abs=0.05)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_learns_the_maze_and_its_values(seed):
    result = train_ppo(ON_MAZE, replace(TABULAR, seed=seed))
    probs = torch.softmax(result.policy(torch.eye(6)).double(), dim=-1).detach().numpy()
    value = policy_values(MAZE, probs, gamma=0.9)[0]
    assert value > 7  # the optimum is 8.1, the uniform policy has -4.5
    assert abs(result.critic(torch.eye(6))[0].item() - value) < 0.5


def test_learns_to_balance_longer():
    # A random policy holds the pole for 22 steps.
    result = train_ppo(VecCartPole, Config(num_updates=40))
    assert result.episode_returns[:20].mean() < 40
    assert result.episode_returns[-20:].mean() > 100
    assert result.num_steps[-1] == 40 * Config.num_envs * Config.steps_per_update
    assert all(len(numbers) == 40 for numbers in result.diagnostics)


def test_watch_sees_every_update_and_may_stop():
    seen = []
    result = train_ppo(
        ON_MAZE, TABULAR, watch=lambda step, policy: seen.append(step) or len(seen) == 3
    )
    assert seen == result.num_steps.tolist() == [128, 256, 384]
    assert len(result.diagnostics.kl) == 3


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    first, again, other = (
        train_ppo(ON_MAZE, replace(TABULAR, num_updates=9, seed=seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.diagnostics.kl, again.diagnostics.kl)
    np.testing.assert_array_equal(first.episode_ends, again.episode_ends)
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
                *("num_updates", "num_envs", "steps_per_update"),
                *("num_epochs", "minibatch_size"),
            )
        ),
        ({"num_epochs": 1.5}, "num_epochs must be a positive integer, got 1.5"),
        *(
            ({name: bad}, f"{name} must be positive and finite, got {bad}")
            for name in ("learning_rate", "max_gradient_norm", "clip_epsilon", "target_kl")
            for bad in (0, -1.0, np.nan, np.inf)
        ),
        ({"entropy_coefficient": -0.1}, "entropy_coefficient must not be negative"),
        ({"entropy_coefficient": np.nan}, "entropy_coefficient must not be negative"),
    ],
)
def test_bad_hyperparameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Config(**change)
