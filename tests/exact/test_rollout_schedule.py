"""Timelines of writing and training, against schedules drawn by hand and identities."""

import itertools

import numpy as np
import pytest

from rlnotes.exact.rollout_schedule import STAGES, TRAINING, Schedule, one_pool, two_pools
from rlnotes.exact.rollout_times import Durations, steady_period, steady_utilisation

TIMES = Durations(rollout=3, wait=1, score=1, train=2, send=1)  # writing 5, training 3


def rows(schedule):
    return [(i.pool, i.stage, i.batch, i.start, i.end) for i in schedule.intervals]


def some_durations(seed):
    rollout, wait, score, train, send = np.random.default_rng(seed).integers(0, 9, size=5) / 2
    return Durations(rollout + 0.5, wait, score, train + 0.5, send)


def every_schedule(times, num_batches=12):
    yield one_pool(num_batches, times)
    for staleness in range(4):
        yield two_pools(num_batches, times, staleness=staleness)


def test_one_pool_by_hand():
    assert rows(one_pool(2, TIMES)) == [
        (0, "rollout", 0, 0, 3),
        (0, "wait", 0, 3, 4),
        (0, "score", 0, 4, 5),
        (0, "train", 0, 5, 7),
        (0, "send", 0, 7, 8),
        (0, "rollout", 1, 8, 11),
        (0, "wait", 1, 11, 12),
        (0, "score", 1, 12, 13),
        (0, "train", 1, 13, 15),
        (0, "send", 1, 15, 16),
    ]


def test_two_pools_in_step_by_hand():
    times = Durations(rollout=3, wait=0, score=0, train=2, send=0)
    assert rows(two_pools(2, times, staleness=0)) == [
        (0, "rollout", 0, 0, 3),
        (1, "train", 0, 3, 5),
        (0, "rollout", 1, 5, 8),
        (1, "train", 1, 8, 10),
    ]


def test_one_update_ahead_by_hand_with_slow_training():
    # Batch 1 begins at 2, with weights 0; batch 2 has to wait for update 0, at 7.
    times = Durations(rollout=2, wait=0, score=0, train=5, send=0)
    schedule = two_pools(3, times, staleness=1)
    assert rows(schedule) == [
        (0, "rollout", 0, 0, 2),
        (1, "train", 0, 2, 7),
        (0, "rollout", 1, 2, 4),
        (1, "train", 1, 7, 12),
        (0, "rollout", 2, 7, 9),
        (1, "train", 2, 12, 17),
    ]
    assert schedule.staleness == (0, 1, 1)


def test_staleness_by_hand_with_slow_writing():
    # Update b is sent at 6 + 5 b; batch b begins at 5 b: it never has the last update.
    times = Durations(rollout=5, wait=0, score=0, train=1, send=0)
    assert two_pools(5, times, staleness=3).staleness == (0, 1, 1, 1, 1)


def test_weights_that_arrive_as_a_batch_begins_are_used():
    # Writing and training both take 0.2, but sums of floats say otherwise in places.
    times = Durations(rollout=0.1, wait=0.1, score=0, train=0.2, send=0)
    assert two_pools(20, times, staleness=3).staleness == (0, *[1] * 19)


@pytest.mark.parametrize("seed", range(8))
def test_no_pool_does_two_things_at_once_and_no_work_is_lost(seed):
    times = some_durations(seed)
    for schedule in every_schedule(times):
        for pool in range(schedule.num_pools):
            mine = [i for i in schedule.intervals if i.pool == pool]
            in_time = sorted(mine, key=lambda i: i.start)
            assert all(one.end <= two.start + 1e-9 for one, two in itertools.pairwise(in_time))
        for stage in STAGES:
            spent = sum(i.end - i.start for i in schedule.intervals if i.stage == stage)
            assert spent == pytest.approx(12 * getattr(times, stage))
        assert all(i.end > i.start for i in schedule.intervals)


@pytest.mark.parametrize("seed", range(8))
def test_a_batch_is_written_before_it_is_trained_and_never_by_weights_of_the_future(seed):
    for schedule in every_schedule(some_durations(seed)):
        sent = {}
        for batch in range(12):
            mine = [i for i in schedule.intervals if i.batch == batch]
            written = max(i.end for i in mine if i.stage not in TRAINING)
            begun = next(i.start for i in mine if i.stage == "train")
            assert begun >= written - 1e-9
            sent[batch] = max(i.end for i in mine)
            version = batch - schedule.staleness[batch]
            start = min(i.start for i in mine)
            assert version == 0 or sent[version - 1] <= start + 1e-9
            assert sent.get(version, np.inf) > start + 1e-9 or version == batch


@pytest.mark.parametrize("seed", range(8))
def test_staleness_stays_within_its_bound_and_more_is_never_slower(seed):
    times = some_durations(seed)
    schedules = [two_pools(12, times, staleness=s) for s in range(5)]
    for s, schedule in enumerate(schedules):
        assert schedule.num_pools == 2
        assert min(schedule.staleness) == 0
        assert max(schedule.staleness) <= s
    ends = [schedule.end for schedule in schedules]
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(ends))
    assert ends[0] == pytest.approx(one_pool(12, times).end)


@pytest.mark.parametrize("staleness", range(4))
@pytest.mark.parametrize("seed", range(8))
def test_the_timeline_comes_to_the_steady_period(seed, staleness):
    times = some_durations(seed)
    ends = [two_pools(k, times, staleness=staleness).end for k in (60, 120)]
    period = steady_period(times, num_pools=2, staleness=staleness)
    assert (ends[1] - ends[0]) / 60 == pytest.approx(period)
    ends = [one_pool(k, times).end for k in (60, 120)]
    assert (ends[1] - ends[0]) / 60 == pytest.approx(steady_period(times, num_pools=1))


@pytest.mark.parametrize("seed", range(8))
def test_utilisation_is_the_useful_time_of_a_long_timeline(seed):
    times = some_durations(seed)
    for num_pools, staleness in ((1, 0), (2, 0), (2, 1), (2, 3)):
        shares = steady_utilisation(times, num_pools=num_pools, staleness=staleness)
        long = (
            one_pool(400, times) if num_pools == 1 else two_pools(400, times, staleness=staleness)
        )
        assert len(shares) == num_pools
        for pool, share in enumerate(shares):
            useful = [i for i in long.intervals if i.pool == pool and i.stage != "wait"]
            spent = sum(i.end - i.start for i in useful)
            assert spent / long.end == pytest.approx(share, rel=0.02)


def test_two_pools_in_step_give_half_of_one_pool_per_pool():
    # Twice the devices, the same answers: that is why writers are sent ahead.
    assert steady_period(TIMES, num_pools=2) == steady_period(TIMES, num_pools=1) == 8
    assert steady_utilisation(TIMES, num_pools=1) == (7 / 8,)
    assert steady_utilisation(TIMES, num_pools=2) == (4 / 8, 3 / 8)
    assert steady_utilisation(TIMES, num_pools=2, staleness=1) == (4 / 5, 3 / 5)


@pytest.mark.parametrize("name", ["rollout", "wait", "score", "train", "send"])
@pytest.mark.parametrize("bad", [-1, np.nan, np.inf, "long"])
def test_bad_durations_are_refused(name, bad):
    good = {"rollout": 1, "wait": 0, "score": 0, "train": 1, "send": 0}
    with pytest.raises(ValueError, match=f"{name} must be .*got"):
        Durations(**{**good, name: bad})


@pytest.mark.parametrize("name", ["rollout", "train"])
def test_writing_and_training_take_time(name):
    good = {"rollout": 1, "wait": 0, "score": 0, "train": 1, "send": 0}
    with pytest.raises(ValueError, match=f"{name} must be positive"):
        Durations(**{**good, name: 0})


@pytest.mark.parametrize("bad", [-1, 0.5, True, None])
def test_bad_staleness_is_refused(bad):
    with pytest.raises(ValueError, match="staleness must be an integer of at least 0, got"):
        two_pools(2, TIMES, staleness=bad)
    with pytest.raises(ValueError, match="staleness must be an integer of at least 0, got"):
        steady_period(TIMES, num_pools=2, staleness=bad)


def test_bad_numbers_of_batches_and_pools_are_refused():
    with pytest.raises(ValueError, match="num_batches must be a positive integer, got 0"):
        one_pool(0, TIMES)
    with pytest.raises(ValueError, match=r"num_batches must be a positive integer, got 1\.5"):
        two_pools(1.5, TIMES, staleness=0)
    with pytest.raises(ValueError, match="num_pools must be 1 or 2, got 3"):
        steady_period(TIMES, num_pools=3)
    assert isinstance(one_pool(1, TIMES), Schedule)
