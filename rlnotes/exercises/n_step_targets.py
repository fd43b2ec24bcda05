"""Exercise: targets of several steps, with windows that stop where an episode does."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.n_step_hints import HINTS
from rlnotes.exercises.n_step_mistakes import MISTAKES
from rlnotes.exercises.n_step_windows import targets_by_windows


def _targets_by_rounds(rewards, next_values, terminated, truncated, n, gamma):
    """Round m holds the targets of m steps, made of those of m - 1 steps."""
    targets = rewards + gamma * np.where(terminated, 0.0, next_values)
    stops = terminated[:-1] | truncated[:-1]
    for _ in range(n - 1):
        longer = rewards[:-1] + gamma * targets[1:]
        targets[:-1] = np.where(stops, targets[:-1], longer)
    return targets


def _case(rewards, next_values, ends, n, gamma, expected, reason) -> Case:
    """`ends`: a letter per step, E terminated, C truncated, B both, or a dot."""
    return Case(
        {
            "rewards": np.array(rewards, dtype=float),
            "next_values": np.array(next_values, dtype=float),
            "terminated": np.array([letter in "EB" for letter in ends]),
            "truncated": np.array([letter in "CB" for letter in ends]),
            "n": n,
            "gamma": gamma,
        },
        expected,
        reason,
    )


EXERCISE = Exercise(
    name="n_step_targets",
    cases=[
        _case(
            rewards=[1, 2, 4, 8, 2],
            next_values=[10, 20, 40, 12, 80],
            ends="....E",
            n=3,
            gamma=0.5,
            expected=[8.0, 7.5, 8.5, 9.0, 2.0],
            reason="three rewards and .125 of a value: 1 + 1 + 1 + .125 * 40, 2 + 2 + 2 + .125 * "
            "12. Then the end is reached, and nothing follows: 4 + 4 + .5, 8 + 1, 2.",
        ),
        _case(
            rewards=[2, 4, 6, 1, 3, 5],
            next_values=[8, 16, 32, 24, 8, 4],
            ends=".C..E.",
            n=3,
            gamma=0.5,
            expected=[8.0, 12.0, 7.25, 2.5, 3.0, 7.0],
            reason="step 1 is truncated, its value counts: 2 + 2 + .25 * 16, 4 + .5 * 16. Step 4 "
            "terminates: 6 + .5 + .75, 1 + 1.5, 3. The record stops after step 5: 5 + .5 * 4.",
        ),
        _case(
            rewards=[3, 1, 2, 4, -1, 2, 6],
            next_values=[9, 8, -8, 4, 16, 12, 20],
            ends="E.C.B..",
            n=2,
            gamma=0.5,
            expected=[3.0, 0.0, -2.0, 3.5, -1.0, 10.0, 16.0],
            reason="four episodes: 3 | 1 + 1 - .25 * 8, 2 - .5 * 8 | 4 - .5, -1, as both flags "
            "mean that the task has ended | 2 + 3 + .25 * 20, 6 + .5 * 20.",
        ),
        _case(
            rewards=[2, -3, 4],
            next_values=[6, 10, 8],
            ends=".CE",
            n=1,
            gamma=0.5,
            expected=[5.0, 2.0, 4.0],
            reason="n = 1 is r + gamma * V(s'): 2 + 3, -3 + 5, and 4 without a value.",
        ),
        _case(
            rewards=[1, 2, 3, 1, 2, -1, 4],
            next_values=[10, 5.5, 6, 7, 8, 10, 1],
            ends=".CE.EC.",
            n=3,
            gamma=0.9,
            expected=[7.255, 6.95, 3.0, 2.8, 2.0, 8.0, 4.9],
            reason="two flags may lie within n steps. The first one stops the window: 1 + 1.8 + "
            ".81 * 5.5, although step 2 terminates, and 1 + 1.8, although step 5 is truncated.",
        ),
        _case(
            rewards=[1, 2, 3, 1, 2, 3, 1, 2, 3],
            next_values=[9, 8, 7, 6, 5, 4, 30, 20, 10],
            ends=".........",
            n=7,
            gamma=1.0,
            expected=[43.0, 34.0, 25.0, 22.0, 21.0, 19.0, 16.0, 15.0, 13.0],
            reason="seven rewards and a value: 13 + 30, 14 + 20, 15 + 10. From step 3 on the "
            "record is shorter than the window: 12 + 10, 11 + 10.",
        ),
        _case(
            rewards=[1, -2, 3],
            next_values=[5, 7, 4],
            ends="..C",
            n=2,
            gamma=0.0,
            expected=[1.0, -2.0, 3.0],
            reason="at gamma = 0 only the immediate reward is left.",
        ),
        _case(
            rewards=[4],
            next_values=[6],
            ends=".",
            n=4,
            gamma=0.25,
            expected=[5.5],
            reason="one step, cut by nothing but the record: 4 + .25 * 6.",
        ),
    ],
    solutions=[targets_by_windows, _targets_by_rounds],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
