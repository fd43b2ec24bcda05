"""Tasks of a few states: their tables, and the values that follow by hand."""

import numpy as np
import pytest

from rlnotes.envs.small_tasks import (
    arms,
    balancing,
    keep_going,
    now_and_later,
    switched_corridor,
    two_forks,
    two_goal_corridor,
)
from rlnotes.exact.mdp import policy_values


def value(mdp, probs, *, gamma) -> float:
    policy = np.tile(probs, (mdp.num_states, 1))
    return mdp.start_probs @ policy_values(mdp, policy, gamma=gamma)


def test_arms_pay_once():
    assert value(arms([1, 0, 5]), [0.5, 0.3, 0.2], gamma=0.9) == pytest.approx(1.5)


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_now_and_later_pays_for_taking_only(gamma):
    assert value(now_and_later(), [0.3, 0.7], gamma=gamma) == pytest.approx(
        0.7 * (1 - gamma * 1.05)
    )


@pytest.mark.parametrize("num_steps", [1, 3])
def test_keep_going_pays_one_per_step(num_steps):
    p, gamma = 0.6, 0.9
    expected = sum((gamma * p) ** k for k in range(num_steps))
    assert value(keep_going(num_steps), [1 - p, p], gamma=gamma) == pytest.approx(expected)


def test_keep_going_of_no_step_is_refused():
    with pytest.raises(ValueError, match="num_steps must be a positive integer, got 0"):
        keep_going(0)


@pytest.mark.parametrize("p", [0.2, 0.59, 0.9])
def test_the_switched_corridor_has_its_closed_form(p):
    expected = (2 * p - 4) / (p * (1 - p))
    assert value(switched_corridor(), [1 - p, p], gamma=1) == pytest.approx(expected)


def test_the_two_goal_corridor_ends_left_and_right():
    mdp = two_goal_corridor(left_reward=6, right_reward=10, step_reward=-1)
    # Always left: 2 steps. Always right: 3 steps. Gambler's ruin from cell 2 of 0 .. 5:
    # a fair coin ends right with 2/5, after 2 * 3 = 6 steps on average.
    assert value(mdp, [1, 0], gamma=1) == pytest.approx(6 - 2)
    assert value(mdp, [0, 1], gamma=1) == pytest.approx(10 - 3)
    assert value(mdp, [0.5, 0.5], gamma=1) == pytest.approx(0.4 * 10 + 0.6 * 6 - 6)
    assert value(mdp, [0, 1], gamma=0.5) == pytest.approx(-1 - 0.5 + 0.25 * 9)


@pytest.mark.parametrize(("p", "gamma"), [(0.0, 0.5), (0.3, 1.0), (1.0, 0.9)])
def test_two_forks_pay_at_the_first_or_at_the_second(p, gamma):
    # Both forks take action 1 with probability p: leave, or the good or bad way.
    expected = (1 - p) * 1 + p * gamma * (3 * p - 2 * (1 - p))
    assert value(two_forks(), [1 - p, p], gamma=gamma) == pytest.approx(expected)


def test_balancing_pays_until_the_fall():
    p, gamma = 0.3, 0.9  # of the careless action
    stays = p * (1 - 0.4) + (1 - p) * (1 - 0.1)
    expected = sum((gamma * stays) ** k for k in range(6))
    assert value(balancing(), [p, 1 - p], gamma=gamma) == pytest.approx(expected)
    certain = balancing(2, safe=0.0, careless=1.0)
    assert value(certain, [0, 1], gamma=1.0) == pytest.approx(2)
    assert value(certain, [1, 0], gamma=1.0) == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_steps": 0}, "num_steps must be .*, got 0"),
        ({"safe": -0.1}, "safe must lie in .*, got -0.1"),
        ({"careless": 1.1}, "careless must lie in .*, got 1.1"),
    ],
)
def test_a_balancing_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        balancing(**change)
