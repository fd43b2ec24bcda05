"""Exercise: how strongly a group pushes a prompt, on average and exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.expected_weight_mistakes import HINTS, MISTAKES, weight


def _weight_by_enumeration(pass_rate, group_size, advantages):
    """From the mean update of two answers and one logit, over all groups."""
    mean_update = 0.0
    for group in product((0.0, 1.0), repeat=group_size):
        rewards = np.array(group)
        num_right = rewards.sum()
        chance = pass_rate**num_right * (1 - pass_rate) ** (group_size - num_right)
        scores = rewards - pass_rate  # 1 - p for the right answer, -p for the wrong one
        mean_update += chance * np.mean(advantages(rewards) * scores)
    return mean_update / (pass_rate * (1 - pass_rate))


@dataclass(frozen=True)
class _Advantages:
    """A rule for a group's advantages, with words for the message of the checker."""

    words: str
    rule: Callable

    def __call__(self, rewards):
        return self.rule(np.asarray(rewards, dtype=float))

    def __repr__(self) -> str:
        return f"a function: {self.words}"


def _quotients(parts, wholes):
    """0 where there is nothing to divide by."""
    return parts / wholes if wholes > 0 else np.zeros_like(parts)


_RAISED = _Advantages("reward plus 2", lambda r: r + 2)
_CENTERED = _Advantages("reward minus the group's mean", lambda r: r - r.mean())
_OTHERS = _Advantages(
    "reward minus the mean of the others", lambda r: r - (r.sum() - r) / (len(r) - 1)
)
_PER_STD = _Advantages(
    "reward minus mean, divided by the std (with G); 0 if all are equal",
    lambda r: _quotients(r - r.mean(), r.std()),
)
_PER_MEAN = _Advantages(
    "reward minus mean, divided by the mean; 0 if all are wrong",
    lambda r: _quotients(r - r.mean(), r.mean()),
)
_SHARES = _Advantages(
    "reward divided by the number of right answers; 0 if all are wrong",
    lambda r: _quotients(r, r.sum()),
)


def _case(pass_rate, group_size, advantages, expected, reason) -> Case:
    return Case(
        {"pass_rate": pass_rate, "group_size": group_size, "advantages": advantages},
        expected,
        reason,
    )


EXERCISE = Exercise(
    name="expected_weight",
    cases=[
        _case(
            pass_rate=0.2,
            group_size=3,
            advantages=_PER_MEAN,
            expected=1.8,
            reason="of the two others none, one or both are right with probability 0.64, 0.32 and "
            "0.04. The advantages of this answer, right or wrong, are then 2 or 0, 0.5 or -1, and "
            "0 or -1: differences 2, 1.5 and 1. Their mean is 1.28 + 0.48 + 0.04.",
        ),
        _case(
            pass_rate=0.3,
            group_size=4,
            advantages=_CENTERED,
            expected=0.75,
            reason="whether this answer is right moves the group's mean by 1/4: the difference is "
            "1 - 1/4, however many of the others are right.",
        ),
        _case(
            pass_rate=0.25,
            group_size=4,
            advantages=_PER_STD,
            expected=(28 * np.sqrt(3) + 36 * (1 + 1 / np.sqrt(3))) / 64,
            reason="of the three others 0, 1, 2 or 3 are right with 27, 27, 9 and 1 chances in 64. "
            "The std of a group is the root of 3/16 with one or three right, and 1/2 with two. The "
            "differences are root 3, 1 + 1 / root 3, the same again, and root 3.",
        ),
        _case(
            pass_rate=0.5,
            group_size=3,
            advantages=_SHARES,
            expected=7 / 12,
            reason="a wrong answer has 0, a right one 1, 1/2 or 1/3, with the probabilities 1/4, "
            "1/2 and 1/4. That is (1 - (1 - p)^3) / (3 p).",
        ),
        _case(
            pass_rate=0.9,
            group_size=2,
            advantages=_OTHERS,
            expected=1.0,
            reason="the mean of the others does not depend on this answer: right or wrong differ "
            "by 1.",
        ),
        _case(
            pass_rate=0.6,
            group_size=5,
            advantages=_RAISED,
            expected=1.0,
            reason="without a baseline the group does not matter: 3 if right, 2 if wrong. What is "
            "added to all rewards cancels in the mean.",
        ),
        _case(
            pass_rate=0.5,
            group_size=5,
            advantages=_PER_MEAN,
            expected=1.875,
            reason="with k right answers a right one has 5 / k - 1, a wrong one -1, or 0 if k is "
            "0. The differences are 4, 5/2, 5/3, 5/4 and 1, the probabilities 1, 4, 6, 4 and 1 in "
            "16.",
        ),
    ],
    solutions=[weight, _weight_by_enumeration],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
