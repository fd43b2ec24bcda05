"""Transitions of n steps: hand numbers, ends of episodes, n-step returns."""

import numpy as np
import pytest
import torch

from rlnotes.data.n_step_window import NStepWindow
from rlnotes.functional.returns import n_step_returns


def pushed(window, rewards, ends=()):
    """Push steps from state i to i + 1 with action 10 i; ends maps i to its kind."""
    ends = dict(ends)
    return [
        [
            tuple(transition)
            for transition in window.push(
                i,
                10 * i,
                reward,
                i + 1,
                terminated=ends.get(i) == "terminated",
                truncated=ends.get(i) == "truncated",
            )
        ]
        for i, reward in enumerate(rewards)
    ]


def test_three_steps_by_hand():
    # 1 + 0.5 * 2 + 0.25 * 8 = 4;  2 + 0.5 * 8 + 0.25 * 4 = 7
    assert pushed(NStepWindow(3, gamma=0.5), [1.0, 2.0, 8.0, 4.0]) == [
        [],
        [],
        [(0, 0, 4.0, 3, False, 3)],
        [(1, 10, 7.0, 4, False, 3)],
    ]


@pytest.mark.parametrize("end", ["terminated", "truncated"])
def test_an_end_lets_every_state_that_waits_go_with_fewer_steps(end):
    over = end == "terminated"
    steps = pushed(NStepWindow(3, gamma=0.5), [1.0, 2.0, 8.0, 4.0, 16.0], {3: end})
    assert steps[2] == [(0, 0, 4.0, 3, False, 3)]
    assert steps[3] == [
        (1, 10, 7.0, 4, over, 3),
        (2, 20, 10.0, 4, over, 2),
        (3, 30, 4.0, 4, over, 1),
    ]
    assert steps[4] == []  # the next episode starts with an empty window


def test_one_step_is_the_transition_itself():
    steps = pushed(NStepWindow(1, gamma=0.5), [1.0, 2.0, 8.0], {1: "terminated"})
    assert steps == [
        [(0, 0, 1.0, 1, False, 1)],
        [(1, 10, 2.0, 2, True, 1)],
        [(2, 20, 8.0, 3, False, 1)],
    ]


def test_an_episode_shorter_than_the_window_is_kept():
    steps = pushed(NStepWindow(5, gamma=1.0), [3.0, 4.0], {1: "terminated"})
    assert steps[1] == [(0, 0, 7.0, 2, True, 2), (1, 10, 4.0, 2, True, 1)]


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_with_a_value_behind_it_each_transition_is_an_n_step_return(n):
    rng = np.random.default_rng(n)
    rewards, values, gamma = rng.normal(size=40), rng.normal(size=41), 0.9
    ends = {4: "terminated", 5: "truncated", 17: "truncated", 30: "terminated", 39: "truncated"}
    targets = {}
    for ready in pushed(NStepWindow(n, gamma=gamma), rewards, ends):
        for start, _, total, following, terminated, k in ready:
            assert following == start + k
            assert start not in targets
            targets[start] = total + (0.0 if terminated else gamma**k * values[following])
    flags = (
        torch.tensor([ends.get(i) == end for i in range(40)]) for end in ("terminated", "truncated")
    )
    expected = n_step_returns(
        torch.from_numpy(rewards), torch.from_numpy(values[1:]), *flags, gamma=gamma, n=n
    )
    np.testing.assert_allclose([targets[i] for i in range(40)], expected.numpy(), rtol=1e-12)


@pytest.mark.parametrize(
    ("n", "gamma", "message"),
    [
        (0, 0.9, "n must be a positive integer, got 0"),
        (2.0, 0.9, "n must be a positive integer, got 2.0"),
        (2, 1.5, r"gamma must lie in \[0, 1\], got 1.5"),
    ],
)
def test_bad_settings_are_refused(n, gamma, message):
    with pytest.raises(ValueError, match=message):
        NStepWindow(n, gamma=gamma)


def test_arrays_that_change_later_are_kept_as_they_were():
    window, array = NStepWindow(3, gamma=1.0), np.zeros(1)
    found = []
    for step in range(6):
        found += window.push(array, 0, 1.0, array, terminated=False, truncated=step == 5)
        array += 1  # as an environment may do
    assert [float(t.observation[0]) for t in found] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("reward", [float("nan"), float("inf")])
def test_a_reward_that_is_not_finite_is_refused(reward):
    with pytest.raises(ValueError, match=f"reward must be finite, got {reward}"):
        NStepWindow(3, gamma=1.0).push("s0", 0, reward, "s1", terminated=False, truncated=False)
