"""Steps on one group of answers: by hand, against closed forms, clip and KL, errors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rlnotes.exact.group_path import group_path

START = np.array([0.6, 0.2, 0.1, 0.1])
ADVANTAGES = np.array([-1.5, -0.25, 0.75, 1.0])
SETTING = {"clip_epsilon": 0.2, "beta": 0.04, "learning_rate": 0.5, "num_steps": 6}


def path(start=START, advantages=ADVANTAGES, **change):
    return group_path(start, advantages, **{**SETTING, **change})


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum()


def test_the_first_step_moves_logits_by_the_advantages_whatever_clip_and_price():
    # Advantages that do not add up to 0: their sum comes back through -pi.
    advantages = ADVANTAGES + 0.5
    moves = 0.5 / 4 * (advantages - START * advantages.sum())
    expected = softmax(np.log(START) + moves)
    for clip_epsilon in (0.01, 0.5):
        for beta in (0.0, 3.0):
            setting = {"clip_epsilon": clip_epsilon, "beta": beta, "num_steps": 1}
            assert_allclose(path(advantages=advantages, **setting), [START, expected])


def test_two_steps_by_hand():
    half, advantages = np.array([0.5, 0.5]), np.array([0.5, -0.5])
    setting = {"beta": 0.0, "learning_rate": 2.0, "num_steps": 2}
    moved = softmax(np.array([0.5, -0.5]))  # ratios 1.46 and 0.54
    assert_allclose(path(half, advantages, **setting), [half, moved, moved])
    # A wide band lets the second step through: ratio times advantage times e - pi.
    pulls = moved / half * advantages
    logits = np.array([0.5, -0.5]) + pulls - moved * pulls.sum()
    wide = path(half, advantages, **setting | {"clip_epsilon": 0.9})
    assert_allclose(wide[2], softmax(logits))


def test_a_price_holds_the_policy_back_after_the_first_step():
    def distance(beta):
        return np.abs(path(clip_epsilon=10.0, beta=beta, num_steps=20)[-1] - START).sum()

    assert distance(1.0) < 0.8 * distance(0.0)


def test_no_advantage_moves_nothing():
    assert_allclose(path(advantages=np.zeros(4)), np.tile(START, (7, 1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": [0.5, 0.6]}, "start_probs must sum to one"),
        ({"start": [1.0, 0.0]}, "start_probs must be positive, got 0.0"),
        ({"advantages": ADVANTAGES[:3]}, "advantages must have shape"),
        ({"advantages": [np.nan, 0, 0, 0]}, "advantages must be finite"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
        ({"num_steps": 0}, "num_steps must be a positive integer, got 0"),
        ({"clip_epsilon": -1.0}, "clip_epsilon must be positive"),
        ({"beta": -1.0}, "beta must"),
    ],
)
def test_bad_input_names_the_argument(change, message):
    with pytest.raises(ValueError, match=message):
        path(**change)
