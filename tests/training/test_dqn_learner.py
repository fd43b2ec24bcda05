"""DQN's learner: one update against finite differences, the copy, the draws."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.data.replay_buffer import Batch
from rlnotes.training.dqn import Config, Learner


def make_learner(dtype=torch.float64, **changes):
    """A learner in double precision whose copy is not its online network."""
    small = {
        "hidden_sizes": (4,),
        "batch_size": 3,
        "warmup_steps": 5,
        "buffer_size": 8,
        "n_step": 3,
    }
    numbers = {"gamma": 0.9, "num_steps": 100, "learning_rate": 3e-3, "target_period": 100}
    config = Config(**{**small, **numbers, **changes})
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)  # the networks are born with it
    try:
        learner = Learner(2, 3, config, torch.Generator().manual_seed(0))
    finally:
        torch.set_default_dtype(usual)
    nudge(learner.online, seed=1)
    return learner


def nudge(network, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.8 * torch.randn(
                parameter.shape, generator=generator, dtype=torch.float64
            )


BATCH = Batch(
    observations=torch.tensor([[0.3, -1.0], [1.2, 0.4], [-0.5, 0.8]], dtype=torch.float64),
    actions=torch.tensor([2, 0, 1]),
    rewards=torch.tensor([1.0, -4.0, 0.2], dtype=torch.float64),
    next_observations=torch.tensor([[1.0, 0.1], [-0.7, 0.6], [0.4, 2.0]], dtype=torch.float64),
    terminated=torch.tensor([False, False, True]),
    indices=np.array([0, 1, 2]),
    weights=torch.tensor([1.0, 0.5, 0.8], dtype=torch.float64),
    num_steps=torch.tensor([1, 3, 2]),
)


def targets_by_hand(learner, double):
    following = BATCH.next_observations
    online, copy = (net(following).tolist() for net in (learner.online, learner.target))
    targets = []
    for row, (reward, terminated) in enumerate(zip(BATCH.rewards, BATCH.terminated, strict=True)):
        chooser = online[row] if double else copy[row]
        value = 0.0 if terminated else copy[row][chooser.index(max(chooser))]
        targets.append(float(reward) + 0.9 ** int(BATCH.num_steps[row]) * value)
    return targets


def loss_by_hand(learner, targets, loss):
    values, total = learner.online(BATCH.observations).tolist(), 0.0
    for row, target in enumerate(targets):
        delta = abs(target - values[row][BATCH.actions[row]])
        term = delta - 0.5 if loss == "huber" and delta > 1 else delta**2 / 2
        total += float(BATCH.weights[row]) * term / len(targets)
    return total


@pytest.mark.parametrize("loss", ["huber", "squared"])
@pytest.mark.parametrize("dueling", [False, True])
@pytest.mark.parametrize("double", [False, True])
def test_an_update_follows_the_finite_differences_of_the_loss(loss, dueling, double, monkeypatch):
    learner = make_learner(loss=loss, dueling=dueling, double=double, max_gradient_norm=1e9)
    monkeypatch.setattr(learner, "draw", lambda step, rng: BATCH)
    targets = targets_by_hand(learner, double)
    plain, doubled = targets_by_hand(learner, False), targets_by_hand(learner, True)
    assert plain != doubled  # or the test could not tell them apart
    before = loss_by_hand(learner, targets, loss)

    slopes = []
    for parameter in learner.online.parameters():
        flat, slope = parameter.data.view(-1), torch.zeros(parameter.numel(), dtype=torch.float64)
        for i in range(len(flat)):
            flat[i] += 1e-6
            above = loss_by_hand(learner, targets, loss)
            flat[i] -= 2e-6
            slope[i] = (above - loss_by_hand(learner, targets, loss)) / 2e-6
            flat[i] += 1e-6
        slopes.append(slope.view_as(parameter))

    start = [parameter.detach().clone() for parameter in learner.online.parameters()]
    learner.update(0, np.random.default_rng(0))
    assert learner.losses == [pytest.approx(before)]
    for parameter, old, slope in zip(learner.online.parameters(), start, slopes, strict=True):
        assert_close(parameter.grad, slope, rtol=1e-6, atol=1e-8)
        # Adam's first step is the learning rate against the sign of each slope.
        steep = slope.abs() > 1e-4
        assert_close((parameter - old)[steep], -3e-3 * slope[steep].sign(), rtol=1e-3, atol=0)


def test_no_gradient_reaches_the_copy(monkeypatch):
    learner = make_learner(double=True)
    monkeypatch.setattr(learner, "draw", lambda step, rng: BATCH)
    before = [parameter.clone() for parameter in learner.target.parameters()]
    assert not learner.targets(BATCH).requires_grad
    learner.update(0, np.random.default_rng(0))
    for parameter, old in zip(learner.target.parameters(), before, strict=True):
        assert parameter.grad is None
        assert torch.equal(parameter, old)


@pytest.mark.parametrize("dueling", [False, True])
def test_the_copy_starts_equal_and_follows_every_period(dueling, monkeypatch):
    config = Config(target_period=3, hidden_sizes=(4,), dueling=dueling)
    learner = Learner(2, 3, config, torch.Generator().manual_seed(0))
    inputs, rng = torch.randn(5, 2, generator=torch.Generator().manual_seed(2)), None
    single = {name: value.float() for name, value in BATCH._asdict().items() if name != "indices"}
    kept = {name: getattr(BATCH, name) for name in ("actions", "terminated", "num_steps")}
    batch = BATCH._replace(**{**single, **kept})
    monkeypatch.setattr(learner, "draw", lambda step, rng: batch)
    assert torch.equal(learner.target(inputs), learner.online(inputs))
    copied = [learner.target(inputs)]
    for number in range(1, 8):
        learner.update(number, rng)
        if number % 3 == 0:
            assert torch.equal(learner.target(inputs), learner.online(inputs))
            copied.append(learner.target(inputs))
        else:
            assert torch.equal(learner.target(inputs), copied[-1])
            assert (learner.target(inputs) != learner.online(inputs)).any()
    assert len(copied) == 3


def test_a_long_gradient_is_cut_to_its_largest_length(monkeypatch):
    def gradient(limit):
        learner = make_learner(max_gradient_norm=limit, loss="squared")
        monkeypatch.setattr(learner, "draw", lambda step, rng: BATCH)
        learner.update(0, np.random.default_rng(0))
        return torch.cat([parameter.grad.flatten() for parameter in learner.online.parameters()])

    whole, cut = gradient(1e9), gradient(0.25)
    assert whole.norm() > 0.3
    assert_close(cut, whole * 0.25 / whole.norm(), rtol=1e-4, atol=1e-6)


def test_gradients_do_not_add_up_over_updates(monkeypatch):
    learner = make_learner(learning_rate=1e-12, max_gradient_norm=1e9)
    monkeypatch.setattr(learner, "draw", lambda step, rng: BATCH)
    gradients = []
    for _ in range(2):
        learner.update(0, np.random.default_rng(0))
        gradients.append(torch.cat([p.grad.flatten() for p in learner.online.parameters()]))
    assert_close(gradients[0], gradients[1], rtol=1e-6, atol=1e-8)


def fill(learner, count=8):
    rng = np.random.default_rng(5)
    for i in range(count):
        learner.buffer.add(rng.normal(size=2), i % 3, rng.normal(), rng.normal(size=2), i == 3)


def test_new_priorities_are_the_errors_before_the_step(monkeypatch):
    learner = make_learner(torch.float32, replay="prioritized", learning_rate=0.1)
    fill(learner)
    batch = learner.buffer.latest(3)
    monkeypatch.setattr(learner, "draw", lambda step, rng: batch)
    values = learner.online(batch.observations).detach()
    targets = learner.targets(batch)
    errors = [abs(float(targets[i] - values[i, batch.actions[i]])) for i in range(3)]
    learner.update(0, np.random.default_rng(0))
    np.testing.assert_allclose(learner.buffer.priorities[5:], np.array(errors) + 0.01, rtol=1e-5)
    assert (learner.buffer.priorities[:5] == 1).all()


def test_prioritized_draws_use_alpha_and_the_beta_of_the_step():
    learner = make_learner(
        torch.float32, replay="prioritized", priority_alpha=0.5, priority_beta=0.2
    )
    fill(learner)
    priorities = np.arange(1.0, 9.0)
    learner.buffer.update_priorities(np.arange(8), priorities - 0.01)
    for step, beta in ((0, 0.2), (50, 0.6), (100, 1.0)):
        batch = learner.draw(step, np.random.default_rng(step))
        expected = priorities[batch.indices] ** (-0.5 * beta)
        np.testing.assert_allclose(batch.weights.numpy(), expected / expected.max(), rtol=1e-5)
        assert len(set(batch.indices.tolist())) > 1


def test_no_replay_is_the_latest_batch_and_uniform_replay_is_not():
    learner = make_learner(torch.float32, replay="none")
    fill(learner)
    learner.buffer.add(np.zeros(2), 0, 0.0, np.zeros(2), False)
    assert learner.draw(0, np.random.default_rng(0)).indices.tolist() == [6, 7, 0]
    learner = make_learner(torch.float32, replay="uniform", batch_size=8, warmup_steps=10)
    fill(learner)
    rng = np.random.default_rng(0)
    draws = {int(i) for _ in range(10) for i in learner.draw(0, rng).indices}
    assert draws == set(range(8))
    assert learner.draw(0, rng).weights is None


@pytest.mark.parametrize("replay", ["uniform", "prioritized"])
@pytest.mark.parametrize("dueling", [False, True])
def test_networks_and_buffer_have_the_sizes_of_the_configuration(dueling, replay):
    learner = make_learner(hidden_sizes=(5, 7), dueling=dueling, replay=replay)
    for network in (learner.online, learner.target):
        heads = [(1, 7), (3, 7)] if dueling else [(3, 7)]
        weights = [tuple(p.shape) for p in network.parameters() if p.ndim == 2]
        assert weights == [(5, 2), (7, 5), *heads]
    assert learner.buffer.capacity == 8
