"""Parts of PPO: stable-baselines3 2.9.2, torchrl 0.14.1, tianshou 2.0.1."""

import inspect
import math

import pytest
import torch
from stable_baselines3 import PPO
from tianshou.algorithm import PPO as TianshouPPO
from torchrl.objectives import ClipPPOLoss

from rlnotes.functional.advantages import normalize_advantages
from rlnotes.functional.kl import kl_k3
from rlnotes.training import ppo
from rlnotes.training.advantage_batches import Batch
from tests.peers.actor_critics import (
    UNIFORM,
    logged,
    recorded,
    tianshou_algorithm,
    tianshou_batch,
    torchrl_batch,
    torchrl_loss,
)

# The new policy is uniform over two actions; the old one gave the action taken 1/4.
OLD, K3 = math.log(0.25), 1 - math.log(2)  # k3 = r - 1 - log r of r = new / old = 2


def our_batch(old_probs=(0.5, 0.5), advantages=(1.0, 1.0), targets=(3.0, 3.0)) -> Batch:
    """Steps of action 0 in state 0; the critic said 0."""
    size = len(advantages)
    old_logits = torch.tensor(old_probs).log().expand(size, -1)
    columns = old_logits[:, 0], torch.zeros(size), torch.tensor(targets), torch.tensor(advantages)
    actions = torch.zeros(size, dtype=torch.long)
    return Batch(torch.zeros(size, 1), actions, old_logits, *columns)


def our_learner(kind: type[ppo.Learner] = ppo.Learner, **kwargs) -> ppo.Learner:
    """Linear networks: in state 0, uniform and 0."""
    config = ppo.Config(hidden_sizes=(), **kwargs)
    return kind(1, 2, config, torch.Generator().manual_seed(0), torch.Generator().manual_seed(0))


def test_the_kl_in_the_log_is_another_estimator_in_each():
    exact = our_learner().kl(our_batch(old_probs=(0.25, 0.75)))
    assert exact == pytest.approx(0.25 * math.log(0.5) + 0.75 * math.log(1.5))  # 0.131
    model = recorded(PPO, 2, batch_size=2, n_epochs=1)
    model.rollout_buffer.log_probs[:] = OLD
    in_sb3 = logged(model)["train/approx_kl"]
    assert in_sb3 == pytest.approx(K3)
    # k3 is of KL(policy that sampled || other), so the new one is the "reference".
    assert in_sb3 == pytest.approx(kl_k3(torch.tensor(OLD), torch.tensor(UNIFORM)).item())
    batch = torchrl_batch(advantages=[1.0], targets=[3.0], old_log_probs=[OLD])
    in_torchrl = torchrl_loss(ClipPPOLoss)(batch)["kl_approx"]
    assert in_torchrl.item() == pytest.approx(-math.log(2))  # k1, and below 0
    stats = tianshou_algorithm(TianshouPPO)._update_with_batch(
        tianshou_batch(advantages=[1.0, 0.0], targets=[3.0, 3.0]), batch_size=None, repeat=1
    )
    assert not [name for name in vars(stats) if "kl" in name]


@pytest.mark.parametrize(("target_kl", "moves"), [(0.2, False), (0.21, True), (None, True)])
def test_sb3_stops_before_a_minibatch_whose_k3_exceeds_one_and_a_half_targets(target_kl, moves):
    model = recorded(
        PPO, 2, batch_size=2, n_epochs=1, learning_rate=0.1, clip_range=2.0, target_kl=target_kl
    )
    model.rollout_buffer.log_probs[:] = OLD
    model.rollout_buffer.advantages[:, 0] = [0, 1]
    model.train()
    assert 1.5 * 0.2 < K3 < 1.5 * 0.21
    assert bool(model.policy.action_net.weight.any()) is moves


class Far(ppo.Learner):
    def kl(self, batch: Batch) -> float:
        return 0.25


@pytest.mark.parametrize(("target_kl", "num_epochs"), [(0.2, 1), (0.25, 4), (None, 4)])
def test_here_the_epochs_end_once_the_exact_kl_is_above_the_target(target_kl, num_epochs):
    learner = our_learner(Far, target_kl=target_kl)
    assert learner.update(our_batch()).num_epochs == num_epochs


def test_torchrl_and_tianshou_have_no_such_stop():
    for kind in (ClipPPOLoss, TianshouPPO):
        assert not [name for name in inspect.signature(kind.__init__).parameters if "kl" in name]


# The lowest of four advantages has a ratio of 1.1. Over the batch it is 6 below the
# mean, in units of the std; in any half it is the lower of two, so -1/sqrt(2).
FOUR = [0.0, 2.0, 10.0, 12.0]
OF_BATCH, OF_HALVES = 0.1 / 4 * 6 / math.sqrt(104 / 3), 0.1 / 4 / math.sqrt(2)
SIZES = pytest.mark.parametrize(
    ("size", "loss"), [(4, OF_BATCH), (2, OF_HALVES)], ids=("one batch", "two minibatches")
)


def test_here_advantages_are_normalized_over_the_batch():
    assert normalize_advantages(torch.tensor(FOUR))[0].item() * -0.1 / 4 == pytest.approx(OF_BATCH)


@SIZES
def test_sb3_normalizes_advantages_in_each_minibatch(size, loss):
    model = recorded(PPO, 4, batch_size=size, n_epochs=1)
    model.rollout_buffer.advantages[:, 0] = FOUR
    model.rollout_buffer.log_probs[0] -= math.log(1.1)
    assert logged(model)["train/policy_gradient_loss"] == pytest.approx(loss, rel=1e-4)


@SIZES
def test_tianshou_normalizes_advantages_in_each_minibatch(size, loss):
    old_log_probs = [UNIFORM - math.log(1.1), *[UNIFORM] * 3]
    batch = tianshou_batch(advantages=FOUR, targets=[0.0] * 4, old_log_probs=old_log_probs)
    stats = tianshou_algorithm(TianshouPPO)._update_with_batch(batch, batch_size=size, repeat=1)
    assert stats.actor_loss.mean == pytest.approx(loss, rel=1e-4)


def test_torchrl_normalizes_only_if_asked_what_it_is_given():
    batch = torchrl_batch(
        advantages=FOUR, targets=[0.0] * 4, old_log_probs=[UNIFORM - math.log(1.1), *[UNIFORM] * 3]
    )
    as_they_are = torchrl_loss(ClipPPOLoss)(batch)["loss_objective"].item()
    assert as_they_are == pytest.approx(-6)  # the mean; the first one is 0
    normalized = torchrl_loss(ClipPPOLoss, normalize_advantage=True)(batch)["loss_objective"]
    assert normalized.item() == pytest.approx(OF_BATCH, rel=1e-4)
