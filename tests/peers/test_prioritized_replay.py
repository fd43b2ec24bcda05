"""Prioritized replay: torchrl 0.14.1, tianshou 2.0.1; stable-baselines3 has none."""

import numpy as np
import pytest
import torch
from stable_baselines3.common import buffers
from tianshou.data import Batch, PrioritizedReplayBuffer
from torchrl.data import PrioritizedSampler
from torchrl.data.replay_buffers.samplers import prioritized

from rlnotes.data import prioritized_replay
from tests.peers.tables import tianshou_dqn, torchrl_loss, torchrl_steps

ERRORS = [0.25, 1.0, 2.0, 4.0]
DRAWN = np.array([1, 2])  # a batch without the smallest error


class Tree:
    """Sums or minima over a plain list, in place of torchrl's compiled trees."""

    def __init__(self, size):
        self.numbers = np.zeros(size)

    def __getitem__(self, index):
        return torch.as_tensor(self.numbers[np.asarray(index)])

    def __setitem__(self, index, value):
        self.numbers[np.asarray(index)] = np.asarray(value)


class SumTree(Tree):
    def query(self, start, stop):
        return self.numbers[start:stop].sum()

    def scan_lower_bound(self, mass):
        return np.searchsorted(np.cumsum(self.numbers), mass, side="right")


class MinTree(Tree):
    def query(self, start, stop):
        return self.numbers[start:stop].min()


class Storage:
    ndim, device = 1, None

    def __len__(self):
        return len(ERRORS)


@pytest.fixture
def plain_trees(monkeypatch):
    for kind, tree in (("Sum", SumTree), ("Min", MinTree)):
        for precision in ("32", "64"):
            monkeypatch.setattr(prioritized, f"{kind}SegmentTreeFp{precision}", tree)


def torchrl_sampler(errors, *, alpha, beta):
    sampler = PrioritizedSampler(len(errors), alpha=alpha, beta=beta)
    sampler.update_priority(torch.arange(len(errors)), torch.tensor(errors))
    return sampler


def tianshou_buffer(errors, *, alpha, beta, **kwargs):
    buffer = PrioritizedReplayBuffer(len(errors), alpha=alpha, beta=beta, **kwargs)
    ends = {"terminated": False, "truncated": False}
    for _ in errors:
        buffer.add(Batch(obs=np.zeros(1), act=0, rew=0.0, obs_next=np.zeros(1), info={}, **ends))
    buffer.update_weight(np.arange(len(errors)), np.array(errors))
    return buffer


def rlnotes_buffer(errors, *, alpha):
    buffer = prioritized_replay.PrioritizedReplayBuffer(len(errors), 1, alpha=alpha)
    for _ in errors:
        buffer.add(np.zeros(1), 0, 0.0, np.zeros(1), False, 1)
    buffer.update_priorities(np.arange(len(errors)), np.array(errors))
    return buffer


def rlnotes_probs(errors, *, alpha):
    priorities = rlnotes_buffer(errors, alpha=alpha).priorities
    return prioritized_replay.sampling_probs(priorities, alpha=alpha)


class Draws:
    """A generator whose next draws are known."""

    def __init__(self, draws):
        self.draws = np.array(draws)

    def random(self, size):
        assert len(self.draws) == size
        return self.draws


def test_sb3_has_no_buffer_with_priorities():
    assert "NStepReplayBuffer" in vars(buffers)
    assert not [name for name in vars(buffers) if "prio" in name.lower()]


def test_torchrl_has_none_beside_this_torch():
    assert torch.__version__.startswith("2.13.0")
    with pytest.raises(RuntimeError, match="SumSegmentTreeFp32 is not available"):
        PrioritizedSampler(4, alpha=1.0, beta=1.0)


def test_rlnotes_and_tianshou_divide_by_the_largest_weight_of_the_batch():
    probs = rlnotes_probs(ERRORS, alpha=1.0)
    middles = np.cumsum(probs) - probs / 2
    batch = rlnotes_buffer(ERRORS, alpha=1.0).sample(2, Draws(middles[DRAWN]), beta=1.0)
    assert batch.indices.tolist() == DRAWN.tolist()
    assert batch.weights.tolist() == pytest.approx([1, 0.5], abs=0.005)  # a margin of 0.01
    assert tianshou_buffer(ERRORS, alpha=1.0, beta=1.0)[DRAWN].weight == pytest.approx([1, 0.5])


def test_torchrl_divides_by_the_largest_weight_of_the_buffer(plain_trees, monkeypatch):
    sampler = torchrl_sampler(ERRORS, alpha=1.0, beta=1.0)
    monkeypatch.setattr(np.random, "uniform", lambda low, high, size: np.array([0.5, 2.0]))
    index, info = sampler.sample(Storage(), 2)
    assert index.tolist() == DRAWN.tolist()
    assert info["priority_weight"].tolist() == pytest.approx([0.25, 0.125])


def test_tianshou_without_weight_norm_has_no_largest_weight_of_1():
    # The stored priorities have the power alpha, their minimum has not.
    buffer = tianshou_buffer(ERRORS, alpha=0.5, beta=1.0, weight_norm=False)
    smallest, *_, largest = buffer[np.arange(len(ERRORS))].weight
    assert (smallest, largest) == pytest.approx((0.5, 0.125))
    powers = np.array(ERRORS) ** 0.5
    assert (powers / powers.min()) ** -1.0 == pytest.approx([1, 0.5, 0.25**0.75, 0.25])


def test_how_often_an_error_of_0_beside_three_of_1_is_drawn(plain_trees):
    errors, alpha = [0.0, 1.0, 1.0, 1.0], 0.6
    assert rlnotes_probs(errors, alpha=alpha)[0] == pytest.approx(0.02, abs=6e-4)
    weights = tianshou_buffer(errors, alpha=alpha, beta=1.0).weight[np.arange(4)]
    assert weights[0] / weights.sum() == pytest.approx(2.3e-5, rel=0.02)
    numbers = torchrl_sampler(errors, alpha=alpha, beta=1.0)._sum_tree.numbers[:4]
    assert numbers[0] / numbers.sum() == pytest.approx(5.3e-6, rel=0.02)


def test_torchrl_writes_the_squared_error_as_the_priority(plain_trees):
    errors = [1.0, 3.0]
    ends = {"terminated": [True] * 2, "truncated": [False] * 2}
    steps = torchrl_steps([0, 0], errors, following=[1, 1], **ends)
    torchrl_loss([[0.0, 0.0], [1.0, 5.0]])(steps)
    priorities = steps["td_error"].flatten()
    assert priorities.tolist() == [1, 9]
    numbers = torchrl_sampler(priorities.tolist(), alpha=0.5, beta=1.0)._sum_tree.numbers[:2]
    assert numbers / numbers.sum() == pytest.approx([0.25, 0.75], rel=1e-4)
    # By the error itself, 3 is drawn 1.73 times as often as 1, and not 3 times.
    ours = rlnotes_probs(errors, alpha=0.5)
    assert ours[1] / ours[0] == pytest.approx(3**0.5, rel=0.01)
    halved = torchrl_sampler(priorities.tolist(), alpha=0.25, beta=1.0)._sum_tree.numbers[:2]
    assert halved[1] / halved[0] == pytest.approx(3**0.5)
    stored = tianshou_buffer([1.0, -3.0], alpha=1.0, beta=1.0).weight[np.arange(2)]
    assert stored == pytest.approx([1, 3])


def test_torchrl_takes_a_negative_error_and_keeps_nan(plain_trees):
    numbers = torchrl_sampler([1.0, -3.0], alpha=0.6, beta=1.0)._sum_tree.numbers
    assert np.isnan(numbers[1])


@pytest.mark.parametrize(
    ("kwargs", "losses"),
    [
        ({}, [4.625, 0.125]),  # (0.25 + 9) / 2, and 0.25 / 2 without the second one
        ({"huber_loss_delta": 1.0}, [1.3125, 1.3125]),  # (0.125 + 2.5) / 2, both times
    ],
)
def test_tianshou_weighs_the_squared_error_and_not_the_huber_loss(kwargs, losses):
    seen = []
    for weights in ([1.0, 1.0], [1.0, 0.0]):
        batch = Batch(obs=np.zeros((2, 1)), act=np.zeros(2, dtype=int), info=Batch())
        batch.returns, batch.weight = torch.tensor([0.5, 3.0]), torch.tensor(weights)
        seen.append(tianshou_dqn([[0.0, 0.0]], **kwargs)._update_with_batch(batch).loss)
    assert seen == pytest.approx(losses)
