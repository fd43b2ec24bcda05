"""Exercise: value iteration that stops when its error is known to be small enough."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.answers import Refused, question, read, show
from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.guaranteed_hints import HINTS
from rlnotes.exercises.guaranteed_mistakes import MISTAKES, sweeps_until_sure


def _sweeps_by_loops(transition_probs, expected_rewards, gamma, max_error):
    values = [0.0] * len(expected_rewards)
    while True:
        before = values
        values = [
            _best(probs, rewards, before, gamma)
            for probs, rewards in zip(transition_probs, expected_rewards, strict=True)
        ]
        change = max(abs(new - old) for new, old in zip(values, before, strict=True))
        if gamma * change <= (1 - gamma) * max_error:
            return values, gamma * change / (1 - gamma)


def _best(probs, rewards, values, gamma):
    """The largest action value of one state."""
    return max(
        reward + gamma * sum(p * v for p, v in zip(landings, values, strict=True))
        for landings, reward in zip(probs, rewards, strict=True)
    )


def _as_one_list(candidate: Callable) -> Callable:
    """The candidate's values and bound behind one another, as their types have them."""

    def numbers(**arguments):
        answer = candidate(**arguments)
        return None if answer is None else _joined(answer, len(arguments["expected_rewards"]))

    return numbers


def _joined(answer: object, num_states: int) -> list:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Refused(f"return the pair (values, bound); got {show(answer)}{question(answer)}.")
    values, bound = (list(p) if hasattr(p, "__next__") else p for p in answer)
    shapes = [read(part).numbers.shape for part in (values, bound)]
    if shapes == [(), (num_states,)]:
        raise Refused("the pair is turned round: return the values first, then the bound.")
    if shapes[0] != (num_states,):
        raise Refused(f"values must have shape ({num_states},), got shape {shapes[0]}.")
    if shapes[1] not in ((), (1,)):
        raise Refused(f"the bound must be one number, got shape {shapes[1]}.")
    return [*values, bound[0] if shapes[1] else bound]


def _case(probs, rewards, gamma, max_error, expected, reason) -> Case:
    """`expected`: the values, then the bound."""
    return Case(
        {
            "transition_probs": np.array(probs, dtype=float),
            "expected_rewards": np.array(rewards, dtype=float),
            "gamma": gamma,
            "max_error": max_error,
        },
        expected,
        f"{reason} (Shown: the values, then the bound.)",
    )


_HERE, _THERE = [1.0, 0.0], [0.0, 1.0]
_CHAIN = np.eye(4)[[[0, 1], [0, 2], [1, 3], [3, 3]]]  # left or right, to an end
_TO_AND_FRO = 3 * (1 + (511 / 512) ** 481) / (1 + 511 / 512)  # 481 terms of alternating sign

EXERCISE = Exercise(
    name="guaranteed_values",
    cases=[
        _case(
            probs=[[[1.0]]],
            rewards=[[1.0]],
            gamma=0.5,
            max_error=0.25,
            expected=[1.75, 0.25],
            reason="one state, 1 for ever: 1, 1.5, 1.75. The changes are 1, 0.5, 0.25, the factor "
            "is 1. The exact value is 2: here the bound is the error.",
        ),
        _case(
            probs=[[[0.5, 0.5], _THERE], [_HERE, [0.5, 0.5]]],
            rewards=[[4.0, -1.0], [-2.0, -6.0]],
            gamma=0.5,
            max_error=0.6249,
            expected=[5.34375, 0.5625, 0.3125],
            reason="sweeps: (4, -2), (4.5, 0), (5.125, 0.25), (5.34375, 0.5625), and gamma / (1 - "
            "gamma) = 1. The third change of 0.625 is a little too large.",
        ),
        _case(
            probs=_CHAIN,
            rewards=[[-1.0, -1.0], [-1.0, -1.0], [-1.0, -2.0], [0.0, 0.0]],
            gamma=0.75,
            max_error=0.9,
            expected=[-2.875, -2.5, -2.0, 0.0, 0.421875],
            reason="every step costs. In the fifth sweep the largest change is the fall of "
            "0.140625 in the first state; three times that is below 0.9.",
        ),
        _case(
            probs=[[_THERE], [_HERE]],
            rewards=[[6.0], [-10.0]],
            gamma=0.75,
            max_error=23.0,
            expected=[-1.5, -5.5, 22.5],
            reason="to and fro: (6, -10), then (6 - 0.75 * 10, -10 + 0.75 * 6). The largest change "
            "is the fall from 6 to -1.5, and 3 * 7.5 = 22.5.",
        ),
        _case(
            probs=[[_HERE, _THERE], [_THERE, _HERE]],
            rewards=[[3.0, -1.0], [-2.0, -4.0]],
            gamma=0.0,
            max_error=0.1,
            expected=[3.0, -2.0, 0.0],
            reason="at gamma = 0 one sweep is exact, and its bound is 0.",
        ),
        _case(
            probs=[[_THERE, _HERE], [_HERE, _THERE]],
            rewards=[[-1.5, -2.0], [-0.75, -3.0]],
            gamma=0.25,
            max_error=0.6,
            expected=[-1.5, -0.75, 0.5],
            reason="one sweep is enough: its largest change is a fall of 1.5, a third of it 0.5.",
        ),
        _case(
            probs=np.eye(3)[[[1, 2, 0, 2], [2, 2, 1, 0], [2, 2, 2, 2]]],
            rewards=[[-3.0, 0.5, 1.0, 0.0], [-2.0, -1.0, 0.25, 0.0], [0.0, -1.0, -2.0, -9.0]],
            gamma=0.875,
            max_error=3.0,
            expected=[8 * (1 - 0.875**8), 7 - 8 * 0.875**8, 0.0, 8 * 0.875**8],
            reason="the first state earns 1 for ever, 8 in all, and after k sweeps it has 8 * (1 "
            "- 0.875^k). The k-th change is 0.875^(k-1), times 7; below 3 from k = 8 on.",
        ),
        _case(
            probs=[[_THERE], [_HERE]],
            rewards=[[3.0], [-3.0]],
            gamma=511 / 512,
            max_error=600.0,
            expected=[_TO_AND_FRO, -_TO_AND_FRO, 1536 * (511 / 512) ** 481],
            reason="3 - 3 g + 3 g^2 ... with g = 511 / 512. The k-th change is 3 g^(k-1), times "
            "511; below 600 from k = 481 on. A large gamma takes many sweeps.",
        ),
    ],
    solutions=[sweeps_until_sure, _sweeps_by_loops],
    wrong_answers=MISTAKES,
    hints=HINTS,
    seconds=2.0,  # a bound that never shrinks is soon found out
    measure=_as_one_list,
)
