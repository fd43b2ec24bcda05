"""Exercise: GAE of a record with episodes that terminate and that are truncated."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.gae_mistakes import HINTS, MISTAKES, gae_backward


def _gae_as_sums(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    deltas = rewards + gamma * next_values * (1 - terminated) - values
    done = terminated | truncated
    advantages = []
    for t in range(len(deltas)):
        ends = np.flatnonzero(done[t:])
        stop = t + ends[0] + 1 if len(ends) else len(deltas)
        weights = (gamma * gae_lambda) ** np.arange(stop - t)
        advantages.append(weights @ deltas[t:stop])
    return advantages


def _case(rewards, values, next_values, ends, gamma, gae_lambda, expected, reason) -> Case:
    """`ends`: a letter per step, E terminated, C truncated, B both, or a dot."""
    return Case(
        {
            "rewards": np.array(rewards, dtype=float),
            "values": np.array(values, dtype=float),
            "next_values": np.array(next_values, dtype=float),
            "terminated": np.array([letter in "EB" for letter in ends]),
            "truncated": np.array([letter in "CB" for letter in ends]),
            "gamma": gamma,
            "gae_lambda": gae_lambda,
        },
        expected,
        reason,
    )


EXERCISE = Exercise(
    name="gae",
    cases=[
        _case(
            rewards=[0, 0, 1],
            values=[0.5, 0.6, 0.8],
            next_values=[0.6, 0.8, 0.3],
            ends="..E",
            gamma=1.0,
            gae_lambda=0.95,
            expected=[0.4705, 0.39, 0.2],
            reason="the TD errors are .1, .2, .2, and .1 + .95 * .2 + .95^2 * .2 = .4705.",
        ),
        _case(
            rewards=[1, 2, 3, 4],
            values=[1, 1, 1, 1],
            next_values=[1, 8, 1, 2],
            ends=".C..",
            gamma=0.5,
            gae_lambda=0.5,
            expected=[1.75, 5.0, 3.5, 4.0],
            reason="step 1 is truncated before a state worth 8: 2 + .5 * 8 - 1 = 5, and nothing "
            "of step 2 reaches it. The last step bootstraps: 4 + .5 * 2 - 1 = 4.",
        ),
        _case(
            rewards=[2, 1, 4],
            values=[1, 1, 2],
            next_values=[5, 2, 7],
            ends="E.E",
            gamma=0.5,
            gae_lambda=1.0,
            expected=[1.0, 2.0, 2.0],
            reason="two episodes: 2 - 1 | 1 + .5 * 2 - 1 + .5 * (4 - 2), 4 - 2.",
        ),
        _case(
            rewards=[1, 1, 1],
            values=[3, 2, 1],
            next_values=[2, 1, 4],
            ends="..C",
            gamma=0.5,
            gae_lambda=0.0,
            expected=[-1.0, -0.5, 2.0],
            reason="at lambda = 0 each advantage is the TD error of its step.",
        ),
        _case(
            rewards=[1, 2],
            values=[1, 1],
            next_values=[3, 8],
            ends="B.",
            gamma=0.5,
            gae_lambda=0.5,
            expected=[0.0, 5.0],
            reason="step 0 has both flags: the task has ended, so 1 + 0 - 1 = 0. Step 1 "
            "bootstraps: 2 + .5 * 8 - 1 = 5.",
        ),
        _case(
            rewards=[5, 2, 1],
            values=[2, 4, 3],
            next_values=[6, 3, 9],
            ends="C.B",
            gamma=1.0,
            gae_lambda=1.0,
            expected=[9.0, -1.0, -2.0],
            reason="at gamma = lambda = 1: 5 + 6 - 2 | 2 + 1 - 4, 1 - 3, as the last step has "
            "both flags.",
        ),
        _case(
            rewards=[3],
            values=[2],
            next_values=[40],
            ends=".",
            gamma=0.5,
            gae_lambda=0.9,
            expected=[21.0],
            reason="one step, cut by nothing but the record: 3 + .5 * 40 - 2.",
        ),
    ],
    solutions=[gae_backward, _gae_as_sums],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
