"""Batches: advantages and targets by hand, ends, normalization, diagnostics."""

import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rlnotes.training.advantage_batches import (
    Diagnostics,
    batch_of,
    diagnose,
    explained_variance,
    over_updates,
)
from tests.training.test_reinforce import Table, record_of

CRITIC = Table([[1.0], [2.0], [4.0], [8.0], [16.0]])  # V of states 0 to 4
CRITIC_OF_4, POLICY_OF_4 = Table([[1.0], [2.0], [4.0], [8.0]]), Table(torch.zeros(4, 2))
POLICY = Table([[math.log(3), 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])


def four_steps(**changes):
    record = record_of(
        [[1.0, 1.0, 1.0, 1.0]],
        terminated=[[False, True, False, False]],
        truncated=[[False, False, True, False]],
    )
    settings = {"gamma": 0.5, "gae_lambda": 0.5, "normalize": False, **changes}
    return batch_of(record, POLICY, CRITIC, **settings)


def test_advantages_and_targets_by_hand():
    # TD errors: 1 + 2/2 - 1 = 1;  1 - 2 = -1 (end);  1 + 8/2 - 4 = 1 (limit: keeps the
    # bootstrap);  1 + 16/2 - 8 = 1 (last of the record). Only the first goes on:
    # 1 + 0.5 * 0.5 * (-1) = 0.75.
    batch = four_steps()
    assert_close(batch.advantages, torch.tensor([0.75, -1.0, 1.0, 1.0]))
    assert_close(batch.value_targets, torch.tensor([1.75, 1.0, 5.0, 9.0]))
    assert_close(batch.values, torch.tensor([1.0, 2.0, 4.0, 8.0]))


def test_targets_with_a_lambda_of_their_own_by_hand():
    # TD targets: 1 + 2/2 = 2, 1 (end), 1 + 8/2 = 5 (limit), 1 + 16/2 = 9 (last). At
    # lambda 1 the first goes on to the return of the next, 1 + 1/2; no other does.
    assert_close(four_steps(target_lambda=0.0).value_targets, torch.tensor([2.0, 1.0, 5.0, 9.0]))
    assert_close(four_steps(target_lambda=1.0).value_targets, torch.tensor([1.5, 1.0, 5.0, 9.0]))
    plain, apart = four_steps(), four_steps(target_lambda=0.0)
    for name in set(plain._fields) - {"value_targets"}:
        assert torch.equal(getattr(plain, name), getattr(apart, name)), name


def test_the_same_lambda_for_both_is_the_usual_target():
    assert_close(four_steps(target_lambda=0.5).value_targets, four_steps().value_targets)


@pytest.mark.parametrize("target_lambda", [None, 0.0])
def test_a_row_that_does_not_count_has_no_target_and_no_value(target_lambda):
    # One-step episodes; the row in the middle only resets. Targets are the rewards.
    ends = [[True, False, True]]
    record = record_of([[1.0, 7.0, 2.0]], terminated=ends, counted=ends)
    settings = {"gamma": 0.5, "gae_lambda": 0.0, "normalize": False}
    batch = batch_of(record, POLICY_OF_4, CRITIC_OF_4, **settings, target_lambda=target_lambda)
    assert batch.value_targets.tolist() == [1.0, 2.0]
    assert batch.values.tolist() == [1.0, 4.0]


def test_normalizing_changes_the_advantages_and_nothing_else():
    plain, normalized = four_steps(), four_steps(normalize=True)
    # Mean 0.4375; deviations .3125, -1.4375, .5625, .5625; squares sum to 2.796875.
    deviations = torch.tensor([0.3125, -1.4375, 0.5625, 0.5625])
    assert_close(normalized.advantages, deviations / math.sqrt(2.796875 / 3))
    for name in set(plain._fields) - {"advantages"}:
        assert torch.equal(getattr(plain, name), getattr(normalized, name)), name


def test_the_old_log_probabilities_are_those_of_the_actions_taken():
    batch = four_steps()
    assert_close(batch.old_log_probs.exp(), torch.tensor([0.75, 0.5, 0.5, 0.5]))
    assert_close(batch.old_logits[0].exp(), torch.tensor([3.0, 1.0]))


def test_copies_follow_each_other_in_the_flat_batch():
    record = record_of([[1.0, 2.0], [3.0, 4.0]])
    policy, critic = Table(torch.zeros(3, 2)), Table(torch.zeros(3, 1))
    batch = batch_of(record, policy, critic, gamma=0.0, gae_lambda=0.0, normalize=False)
    assert batch.value_targets.tolist() == [1, 2, 3, 4]
    assert_close(batch.observations, record.observations.reshape(4, 3))


def test_nothing_in_a_batch_has_a_gradient():
    assert not any(tensor.requires_grad for tensor in four_steps())


@pytest.mark.parametrize(("size", "sizes"), [(4, [4]), (3, [3, 1]), (1, [1] * 4), (9, [4])])
def test_minibatches_hold_every_step_once_and_keep_it_together(size, sizes):
    batch = four_steps()
    parts = list(batch.minibatches(size, torch.Generator().manual_seed(0)))
    assert [len(part.actions) for part in parts] == sizes
    targets = torch.cat([part.value_targets for part in parts])
    assert sorted(targets.tolist()) == sorted(batch.value_targets.tolist())
    by_target = dict(zip(batch.value_targets.tolist(), batch.values.tolist(), strict=True))
    for part in parts:
        assert part.values.tolist() == [by_target[target] for target in part.value_targets.tolist()]


def test_every_epoch_has_another_order():
    generator = torch.Generator().manual_seed(0)
    batch = four_steps()
    orders = {
        tuple(next(batch.minibatches(3, generator)).value_targets.tolist()) for _ in range(20)
    }
    assert len(orders) > 5


def test_diagnostics_by_hand():
    # In state 0 the action goes from 3/4 to 1/2, so a ratio of 2/3; the others stay.
    batch = four_steps()
    after = diagnose(batch, Table(torch.zeros(5, 2)), clip_epsilon=0.2, num_epochs=3)
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert after.entropy == pytest.approx((entropy + 3 * math.log(2)) / 4)
    assert after.kl == pytest.approx((0.75 * math.log(1.5) + 0.25 * math.log(0.5)) / 4)
    assert after.clip_fraction == 0.25
    assert (after.min_ratio, after.max_ratio) == pytest.approx((2 / 3, 1))
    assert (after.num_epochs, after.step_fraction) == (3, 1)
    wide = diagnose(batch, Table(torch.zeros(5, 2)), clip_epsilon=0.5, num_epochs=1)
    assert wide.clip_fraction == 0


def test_explained_variance_by_hand():
    targets = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert explained_variance(targets, targets) == 1
    assert explained_variance(targets + 7, targets) == 1  # a constant error is no variance
    assert explained_variance(torch.zeros(4), targets) == 0
    assert explained_variance(-targets, targets) == pytest.approx(-3)  # 1 - Var(2 t) / Var(t)
    assert explained_variance(targets, torch.ones(4)) == 0


def test_a_run_has_arrays_over_its_updates():
    runs = over_updates([Diagnostics(*range(8)), Diagnostics(*range(8, 16))])
    np.testing.assert_array_equal(runs.kl, [2, 10])
    assert all(len(numbers) == 2 for numbers in runs)
