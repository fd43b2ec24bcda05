"""Exercise: the two losses of an actor-critic, with gradients in the right places."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import numpy as np
import torch

from rlnotes.exercises.actor_critic_mistakes import HINTS, MISTAKES, losses
from rlnotes.exercises.answers import Unreadable
from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.gradients import evaluate, gradients, one_number


def _losses_by_loop(log_probs, values, next_values, rewards, terminated, gamma):
    policy_loss = value_loss = 0.0
    for t in range(len(rewards)):
        bootstrap = 0.0 if terminated[t] else gamma * next_values[t].item()
        error = rewards[t].item() + bootstrap - values[t]
        policy_loss = policy_loss - log_probs[t] * error.item() / len(rewards)
        value_loss = value_loss + error**2 / 2 / len(rewards)
    return policy_loss, value_loss


def _pair(answer) -> tuple[torch.Tensor, ...]:
    """The two losses, from any container with an order."""
    if torch.is_tensor(answer) and answer.shape != (2,):
        raise Unreadable(
            "it wants two losses, the policy's and the value's, and got one tensor. Return "
            "both, and leave their sum to whoever trains."
        )
    if isinstance(answer, Mapping):
        raise Unreadable("it wants a pair, not a dict: return policy_loss, value_loss.")
    pair = tuple(islice(answer, 3)) if isinstance(answer, Iterable) else ()
    if len(pair) != 2:
        raise Unreadable("it wants two losses: return policy_loss, value_loss.")
    return tuple(one_number(loss, "each loss") for loss in pair)


def _gradients(candidate: Callable) -> Callable:
    """The candidate as a function from arrays to the gradients of its two losses."""

    def rows(**arguments):
        learned = ("log_probs", "values", "next_values")
        pair, leaves = evaluate(candidate, arguments, learned, _pair)
        return None if pair is None else [row for loss in pair for row in gradients(loss, leaves)]

    return rows


_ROWS = (
    "\nRows: gradient of the policy loss in log_probs, values, next_values; then of the value "
    "loss in the same three."
)


def _case(values, next_values, rewards, ends, gamma, expected, reason) -> Case:
    """`ends`: a letter per step, E terminated, or a dot."""
    return Case(
        {
            "log_probs": -np.arange(1.0, 1 + len(values)) / 2,
            "values": np.array(values, dtype=float),
            "next_values": np.array(next_values, dtype=float),
            "rewards": np.array(rewards, dtype=float),
            "terminated": np.array([letter == "E" for letter in ends]),
            "gamma": gamma,
        },
        expected,
        reason + _ROWS,
    )


_NONE = [0.0, 0.0, 0.0]

EXERCISE = Exercise(
    name="actor_critic_losses",
    cases=[
        _case(
            values=[1, 2, 8],
            next_values=[2, 9, 4],
            rewards=[3, 1, 3],
            ends=".E.",
            gamma=0.5,
            expected=[[-1, 1 / 3, 1], _NONE, _NONE, _NONE, [-1, 1 / 3, 1], _NONE],
            reason="targets 3 + 0.5 * 2 = 4, 1 (the end), 3 + 0.5 * 4 = 5; advantages 4 - 1 = 3, "
            "1 - 2 = -1, 5 - 8 = -3; each divided by 3 steps, with a minus.",
        ),
        _case(
            values=[4],
            next_values=[60],
            rewards=[0],
            ends=".",
            gamma=1.0,
            expected=[[-56.0], [0], [0], [0], [-56.0], [0]],
            reason="the target is 60, the advantage 60 - 4 = 56.",
        ),
        _case(
            values=[2, 1.5, 1],
            next_values=[7, 5, 6],
            rewards=[2, 1, 4],
            ends="E.E",
            gamma=0.2,
            expected=[[0, -1 / 6, -1], _NONE, _NONE, _NONE, [0, -1 / 6, -1], _NONE],
            reason="targets 2 (an end), 1 + 0.2 * 5 = 2, 4 (an end); advantages 0, 0.5, 3; "
            "divided by 3 steps, with a minus.",
        ),
        _case(
            values=[3, 1],
            next_values=[5, 5],
            rewards=[1, 2],
            ends="..",
            gamma=0.0,
            expected=[[1, -0.5], [0, 0], [0, 0], [0, 0], [1, -0.5], [0, 0]],
            reason="at gamma 0 the targets are the rewards: advantages 1 - 3 = -2 and 2 - 1 = 1; "
            "divided by 2 steps, with a minus.",
        ),
    ],
    solutions=[losses, _losses_by_loop],
    wrong_answers=MISTAKES,
    hints=HINTS,
    measure=_gradients,
)
