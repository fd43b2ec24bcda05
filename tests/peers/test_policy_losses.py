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


def our_batch(old_probs=(0.5, 0.5)) -> Batch:
    """Two steps of action 0 in state 0; the critic said 0, the targets are 3."""
    old_logits = torch.tensor(old_probs).log().expand(2, -1)
    columns = old_logits[:, 0], torch.zeros(2), torch.full((2,), 3.0), torch.ones(2)
    return Batch(torch.zeros(2, 1), torch.zeros(2, dtype=torch.long), old_logits, *columns)


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


# The lowest of four advantages is 6 below the mean, in units of the std: -1.02. In any
# half it is the lower of two: -1/sqrt(2). Where all have the mean 0, a ratio of 1.1 in
# its step makes the loss a tenth of it over 4, with the other sign.
FOUR = [0.0, 2.0, 10.0, 12.0]
OF_BATCH, OF_HALVES = -6 / math.sqrt(104 / 3), -1 / math.sqrt(2)
SIZES = pytest.mark.parametrize(
    ("size", "lowest"), [(4, OF_BATCH), (2, OF_HALVES)], ids=("one batch", "two minibatches")
)
OLD_LOG_PROBS = [UNIFORM - math.log(1.1), *[UNIFORM] * 3]


def lowest_of(loss: float) -> float:
    return -loss * 4 / 0.1


def test_here_advantages_are_normalized_over_the_batch():
    assert normalize_advantages(torch.tensor(FOUR))[0].item() == pytest.approx(OF_BATCH)
    assert pytest.approx(-1.02, abs=5e-3) == OF_BATCH


@SIZES
def test_sb3_normalizes_advantages_in_each_minibatch(size, lowest):
    model = recorded(PPO, 4, batch_size=size, n_epochs=1)
    model.rollout_buffer.advantages[:, 0] = FOUR
    model.rollout_buffer.log_probs[:, 0] = OLD_LOG_PROBS
    loss = logged(model)["train/policy_gradient_loss"]
    assert lowest_of(loss) == pytest.approx(lowest, rel=1e-4)


@SIZES
def test_tianshou_normalizes_advantages_in_each_minibatch(size, lowest):
    batch = tianshou_batch(advantages=FOUR, targets=[0.0] * 4, old_log_probs=OLD_LOG_PROBS)
    stats = tianshou_algorithm(TianshouPPO)._update_with_batch(batch, batch_size=size, repeat=1)
    assert lowest_of(stats.actor_loss.mean) == pytest.approx(lowest, rel=1e-4)


def test_torchrl_normalizes_only_if_asked():
    batch = torchrl_batch(advantages=FOUR, targets=[0.0] * 4, old_log_probs=OLD_LOG_PROBS)
    as_they_are = torchrl_loss(ClipPPOLoss)(batch)["loss_objective"].item()
    assert as_they_are == pytest.approx(-6)  # the mean, with the first one at 0
    normalized = torchrl_loss(ClipPPOLoss, normalize_advantage=True)(batch)["loss_objective"]
    assert lowest_of(normalized.item()) == pytest.approx(OF_BATCH, rel=1e-4)
