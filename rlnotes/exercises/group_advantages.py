"""Exercise: advantages of GRPO, each answer measured against its group."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.group_advantages_mistakes import HINTS, MISTAKES, advantages


def _advantages_by_loops(rewards):
    rows = []
    for group in rewards:
        mean = sum(group) / len(group)
        variance = sum((reward - mean) ** 2 for reward in group) / (len(group) - 1)
        rows.append([(reward - mean) / (variance**0.5 + 1e-4) for reward in group])
    return rows


def _case(rewards, distances, stds, reason) -> Case:
    """A case from each reward's distance to its group's mean, and the groups' stds."""
    divisors = np.array(stds)[:, None] + 1e-4
    return Case({"rewards": np.array(rewards)}, np.array(distances) / divisors, reason)


EXERCISE = Exercise(
    name="group_advantages",
    cases=[
        _case(
            rewards=[[1.0, 0.0, 0.0, 0.0], [10.0, 10.0, 6.0, 10.0]],
            distances=[[0.75, -0.25, -0.25, -0.25], [1, 1, -3, 1]],
            stds=[0.5, 2],
            reason="the means are 1/4 and 9. The squared distances add up to 3/4 and 12; divided "
            "by 4 - 1 they are 1/4 and 4, so the standard deviations are 1/2 and 2. Then 1e-4 is "
            "added: 0.75 / 0.5001 is the first number.",
        ),
        _case(
            rewards=[[2.0, 2.0, 2.0], [0.0, 3.0, 6.0], [-1.0, -1.0, -4.0]],
            distances=[[0, 0, 0], [-3, 0, 3], [1, 1, -2]],
            stds=[0, 3, np.sqrt(3)],
            reason="three equal rewards do not say which answer is better: 0, not 0 / 0. The "
            "others have the means 3 and -2, the standard deviations 3 and the root of 3.",
        ),
        _case(
            rewards=[[-5e-5, 0.0, 5e-5], [5.0, 4.0, 3.0]],
            distances=[[-5e-5, 0, 5e-5], [1, 0, -1]],
            stds=[5e-5, 1],
            reason="the first standard deviation is 5e-5, and 1e-4 is added to it, so that 1/3 is "
            "left where 1 would be. The second is 1.",
        ),
        _case(
            rewards=[[0.0, 0.0], [1.0, 0.0], [0.0, 0.5], [3.0, 7.0]],
            distances=[[0, 0], [0.5, -0.5], [-0.25, 0.25], [-2, 2]],
            stds=[0, np.sqrt(0.5), np.sqrt(0.125), np.sqrt(8)],
            reason="in a pair the squared distances add up to half the squared gap, divided by "
            "2 - 1: whatever the gap, the two get nearly 0.707 and -0.707.",
        ),
    ],
    solutions=[advantages, _advantages_by_loops],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
