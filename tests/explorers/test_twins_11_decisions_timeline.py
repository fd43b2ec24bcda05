"""The text twin and the bars of the rollout timeline, against the schedules."""

import re

import numpy as np
import pytest

from rlnotes.exact.rollout_schedule import one_pool, two_pools
from rlnotes.exact.rollout_times import Durations
from rlnotes.explorers.rollout_timeline import (
    SCHEDULES,
    WINDOW,
    RolloutTimeline,
    longest_over_mean,
    worth_by_staleness,
)


@pytest.fixture
def explorer():
    return RolloutTimeline()


def numbers_of(text, pattern):
    (found,) = re.findall(pattern, text)
    return [float(n) for n in ([found] if isinstance(found, str) else found)]


def test_one_pool_with_equal_answers_by_hand(explorer):
    # 4 + 0.5 + 3 + 0.5 minutes a batch of 8, all of it useful: 60 answers an hour.
    explorer.set(schedule="one pool", rollout=4.0, train=3.0, length_spread=0.0)
    text = explorer.description
    assert "a batch of 8 every 8.00 min: 60.0 answers an hour, 60.0 per pool" in text
    assert "Useful time: 100 %." in text
    assert "a batch takes 4.00 min to write, 0 % of it waiting" in text
    assert "Updates ahead: idle here" in text


def test_ahead_with_equal_answers_by_hand(explorer):
    # Pool 1 needs 4.5, pool 2 3.5 minutes: the writers decide, the trainer waits.
    explorer.set(rollout=4.0, train=3.0, length_spread=0.0, staleness=1)
    text = explorer.description
    assert "every 4.50 min: 106.7 answers an hour, 53.3 per pool" in text
    assert "Useful time: 100 % of pool 1, 78 % of pool 2" in text
    assert "idle here" not in text


def test_the_wait_for_the_longest(explorer):
    # P(no long one of 8) = 0.75^8, P(none above short) = 0.25^8.
    longest = 1.6 - 0.6 * 0.75**8 - 0.6 * 0.25**8
    assert longest_over_mean(0.6) == pytest.approx(longest)
    assert longest_over_mean(0.0) == 1
    explorer.set(rollout=5.0, length_spread=0.6)
    assert f"takes {5 * longest:.2f} min to write, {100 - 100 / longest:.0f} %" in (
        explorer.description
    )
    explorer.set(schedule="ahead, places refilled")
    assert "takes 5.00 min to write, 0 % of it waiting" in explorer.description


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("staleness", [0, 1, 4])
def test_bars_and_staleness_are_those_of_the_schedule(explorer, schedule, staleness):
    explorer.set(schedule=schedule, staleness=staleness, rollout=2.5, length_spread=0.8)
    refilled = schedule == "ahead, places refilled"
    wait = 0.0 if refilled else 2.5 * (longest_over_mean(0.8) - 1)
    times = Durations(rollout=2.5, wait=wait, score=0.5, train=6.0, send=0.5)
    ahead = staleness if "ahead" in schedule else 0
    expected = (
        one_pool(30, times) if schedule == "one pool" else two_pools(30, times, staleness=ahead)
    )
    for stage, patch in explorer.bars.items():
        seen = [i for i in expected.intervals if i.stage == stage and i.start < WINDOW]
        corners = patch.get_path().vertices.reshape(-1, 5, 2)
        assert len(corners) == len(seen)
        for box, interval in zip(corners, seen, strict=True):
            assert box[:, 0].min() == pytest.approx(interval.start)
            assert box[:, 0].max() == pytest.approx(min(interval.end, WINDOW))
            assert box[:, 1].mean() == pytest.approx(3 - interval.pool, abs=0.2)
    ages = numbers_of(explorer.description, r"batch by batch: (\d), (\d), (\d), (\d), (\d), (\d)")
    assert tuple(ages) == expected.staleness[:6]
    age = expected.staleness[-1]
    assert f"batch 30 is {age} behind" in explorer.description
    worth = numbers_of(explorer.description, r"samples are worth ([\d.]+) fresh")[0]
    assert worth == pytest.approx(100 * worth_by_staleness()[age], abs=0.05)
    assert explorer.here.get_data() == ([age], [worth_by_staleness()[age]])


def test_the_numbers_in_the_bars_differ_by_the_staleness(explorer):
    explorer.set(schedule="two pools, ahead", staleness=2, rollout=3.0, train=6.0)
    writing, trained = ([t for t in labels.texts if t] for labels in explorer.numbers)
    assert writing[:5] == ["0", "0", "0", "1", "2"]
    assert trained == ["0", "1", "2", "3", "4"]


def test_the_worth_of_samples_starts_at_one_and_falls():
    worth = worth_by_staleness()
    assert worth[0] == pytest.approx(1)
    assert (np.diff(worth) < 0).all()
    # Near the closed form of a normal policy, exp(-2 s^2 KL), at first.
    assert worth[1] == pytest.approx(np.exp(-0.04), abs=0.002)
