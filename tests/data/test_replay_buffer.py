"""The ring of transitions: order, uniform draws, ends, what is refused."""

import numpy as np
import pytest
import torch

from rlnotes.data.prioritized_replay import PrioritizedReplayBuffer
from rlnotes.data.replay_buffer import ReplayBuffer

KINDS = {
    "uniform": ReplayBuffer,
    "prioritized": lambda *sizes: PrioritizedReplayBuffer(*sizes, alpha=0.5),
}


@pytest.fixture(params=KINDS)
def make(request):
    """Both kinds keep this contract."""
    return KINDS[request.param]


def filled(make, capacity, count):
    """Transition i holds (i, -i), action i % 3, reward -10 i; it ends if i % 4 == 3."""
    buffer = make(capacity, 2)
    for i in range(count):
        buffer.add(np.array([i, -i]), i % 3, -10.0 * i, np.array([i + 0.5, -i]), i % 4 == 3)
    return buffer


def stored(buffer):
    """Numbers of the transitions in the buffer, place by place."""
    return buffer.rewards[: len(buffer)] / -10


@pytest.mark.parametrize(
    ("count", "places", "latest"),
    [
        (2, [0, 1], [0, 1]),
        (4, [0, 1, 2, 3], [2, 3]),
        (5, [4, 1, 2, 3], [3, 4]),  # the first place is used again; latest wraps
        (11, [8, 9, 10, 7], [9, 10]),
    ],
)
def test_the_oldest_makes_room_and_latest_comes_in_order(make, count, places, latest):
    buffer = filled(make, 4, count)
    assert len(buffer) == len(places)
    assert stored(buffer).tolist() == places
    assert (buffer.latest(2).rewards / -10).tolist() == latest


def test_the_number_of_steps_stays_with_its_transition_and_is_one_by_default(make):
    buffer = make(3, 1)
    for i in range(4):
        buffer.add([i], 0, 0.0, [i], False, *([10 + i] if i else []))
    assert buffer.latest(3).num_steps.tolist() == [11, 12, 13]
    batch = buffer.sample(3, np.random.default_rng(0))
    assert batch.num_steps.tolist() == (10 + batch.observations[:, 0]).tolist()
    assert batch.num_steps.dtype == torch.int64
    buffer.add([9], 0, 0.0, [9], False)
    assert buffer.latest(1).num_steps.tolist() == [1]


def test_the_whole_ring_in_order_of_time(make):
    buffer = filled(make, 4, 6)
    assert buffer.latest(4).indices.tolist() == [2, 3, 0, 1]
    assert (buffer.latest(4).rewards / -10).tolist() == [2, 3, 4, 5]


def test_the_fields_of_a_transition_stay_together(make):
    batch = filled(make, 50, 70).sample(40, np.random.default_rng(0))
    number = batch.rewards / -10
    assert torch.equal(batch.observations, torch.stack([number, -number], dim=1))
    assert torch.equal(batch.next_observations, torch.stack([number + 0.5, -number], dim=1))
    assert torch.equal(batch.actions, number.long() % 3)
    assert torch.equal(batch.terminated, number.long() % 4 == 3)
    assert (number >= 20).all()  # the oldest 20 are gone


def test_dtypes_are_those_a_network_takes(make):
    batch = filled(make, 4, 4).sample(3, np.random.default_rng(0))
    assert batch.observations.dtype == batch.next_observations.dtype == torch.float32
    assert batch.rewards.dtype == torch.float32
    assert batch.actions.dtype == torch.int64
    assert batch.terminated.dtype == torch.bool
    if batch.weights is not None:  # a uniform draw has none
        assert (batch.weights.dtype, batch.weights.shape) == (torch.float32, (3,))


def test_the_indices_are_the_places_of_the_batch(make):
    buffer = filled(make, 8, 12)
    for batch in (buffer.sample(5, np.random.default_rng(0)), buffer.latest(5)):
        np.testing.assert_array_equal(buffer.rewards[batch.indices], batch.rewards.numpy())


def test_a_batch_is_a_copy(make):
    buffer = filled(make, 4, 4)
    batch = buffer.latest(4)
    buffer.add(np.array([9, 9]), 0, 0.0, np.array([9, 9]), True)
    assert (batch.rewards / -10).tolist() == [0, 1, 2, 3]


def test_an_observation_that_changes_later_is_stored_as_it_was(make):
    buffer, observation = make(4, 2), np.zeros(2)
    buffer.add(observation, 0, 0.0, observation, False)
    observation += 1
    assert (buffer.observations[0] == 0).all()
    assert (buffer.next_observations[0] == 0).all()


@pytest.mark.parametrize("count", [7, 10, 25])
def test_every_stored_transition_is_drawn_equally_often(count):
    # Full or not, empty places never. The chi-square statistic has mean N - 1 and
    # variance 2 (N - 1): five standard deviations.
    buffer, rng = filled(ReplayBuffer, 10, count), np.random.default_rng(0)
    size = len(buffer)
    draws = np.concatenate([buffer.sample(5, rng).indices for _ in range(2000)])
    counts = np.bincount(draws, minlength=size)
    assert len(counts) == size
    statistic = ((counts - 10_000 / size) ** 2 / (10_000 / size)).sum()
    assert statistic < size - 1 + 5 * np.sqrt(2 * (size - 1))


def test_uniform_draws_have_no_weights_and_may_repeat():
    batch = filled(ReplayBuffer, 10, 10).sample(10, np.random.default_rng(0))
    assert batch.weights is None
    assert len(set(batch.indices.tolist())) < 10


def test_draws_come_from_the_given_generator_alone(make):
    buffer, before = filled(make, 30, 30), np.random.get_state()[1].copy()  # noqa: NPY002
    one, same, other = (buffer.sample(20, np.random.default_rng(s)).indices for s in (0, 0, 1))
    assert (one == same).all()
    assert (one != other).any()
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_batch_may_be_as_large_as_the_buffer_and_no_larger(make):
    buffer = filled(make, 4, 3)
    assert buffer.sample(3, np.random.default_rng(0)).rewards.shape == (3,)
    assert buffer.latest(3).rewards.shape == (3,)
    message = "batch_size must be at most the 3 transitions stored, got 4"
    with pytest.raises(ValueError, match=message):
        buffer.sample(4, np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        buffer.latest(4)


@pytest.mark.parametrize("batch_size", [0, -1, 1.5])
def test_a_batch_size_that_is_no_count_is_refused(make, batch_size):
    for draw in (make(4, 2).latest, lambda size: make(4, 2).sample(size, np.random.default_rng(0))):
        with pytest.raises(
            ValueError, match=f"batch_size must be a positive integer, got {batch_size}"
        ):
            draw(batch_size)


def test_an_empty_buffer_gives_no_batch(make):
    buffer = make(4, 2)
    assert len(buffer) == 0
    with pytest.raises(ValueError, match="at most the 0 transitions stored, got 1"):
        buffer.sample(1, np.random.default_rng(0))


GOOD = {
    "observation": np.array([1.0, 2.0]),
    "action": 1,
    "reward": 0.5,
    "next_observation": np.array([3.0, 4.0]),
    "terminated": True,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reward": np.nan}, r"reward must be finite, got nan"),
        ({"reward": -np.inf}, r"reward must be finite, got -inf"),
        (
            {"observation": np.array([0.0, np.nan])},
            r"observation must be finite, got nan at \(1,\)",
        ),
        (
            {"next_observation": np.array([np.inf, 0.0])},
            r"next_observation must be finite, got inf",
        ),
        ({"observation": np.zeros(3)}, r"observation must have shape \(2,\), got \(3,\)"),
        ({"observation": 0.0}, r"observation must have shape \(2,\), got \(\)"),
        ({"next_observation": np.zeros((1, 2))}, r"next_observation must have shape \(2,\)"),
    ],
)
@pytest.mark.parametrize("count", [2, 4, 5])
def test_a_bad_transition_is_refused_and_leaves_the_buffer_alone(make, change, message, count):
    # In a full ring, a half-written transition would destroy the oldest one.
    buffer, same = filled(make, 4, count), filled(make, 4, count)
    with pytest.raises(ValueError, match=message):
        buffer.add(**{**GOOD, **change})
    for name, array in vars(same).items():
        np.testing.assert_array_equal(getattr(buffer, name), array, err_msg=name)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0, 2), "capacity must be a positive integer, got 0"),
        ((2.5, 2), "capacity must be a positive integer, got 2.5"),
        ((4, 0), "observation_size must be a positive integer, got 0"),
    ],
)
def test_sizes_that_are_no_counts_are_refused(make, sizes, message):
    with pytest.raises(ValueError, match=message):
        make(*sizes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reward": 1e39}, "reward must be finite, got inf"),
        ({"reward": np.ones(2)}, r"reward must have shape \(\), got \(2,\)"),
        ({"action": np.nan}, "action must be an integer from 0, got nan"),
        ({"action": -1}, "action must be an integer from 0, got -1"),
        ({"terminated": "no"}, "terminated must be a bool, got 'no'"),
        ({"action": 0.5}, "action must be an integer from 0, got 0.5"),
        ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
        ({"num_steps": 1.0}, "num_steps must be a positive integer, got 1.0"),
    ],
    ids=str,
)
def test_a_refused_transition_leaves_a_full_ring_alone(change, message):
    buffer = ReplayBuffer(2, 1)
    for number in range(3):
        buffer.add([number], number, float(number), [number + 1], False)
    before = buffer.latest(2)
    step = {"observation": [9.0], "action": 0, "reward": 0.0, "next_observation": [9.0]}
    with pytest.raises(ValueError, match=message):
        buffer.add(**{**step, "terminated": True, **change})
    for old, new in zip(before, buffer.latest(2), strict=True):
        assert np.array_equal(old, new)
