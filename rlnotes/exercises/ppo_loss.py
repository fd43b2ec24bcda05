"""Exercise: PPO's clipped loss, judged by its value and its gradient."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.gradients import evaluate, gradients, one_number
from rlnotes.exercises.ppo_loss_mistakes import HINTS, MISTAKES, loss


def _loss_by_loop(log_probs, old_log_probs, advantages, clip_epsilon):
    total = 0.0
    for new, old, advantage in zip(log_probs, old_log_probs.detach(), advantages, strict=True):
        ratio = (new - old).exp()
        if advantage > 0:
            total = total + min(ratio, 1 + clip_epsilon) * advantage
        else:
            total = total + max(ratio, 1 - clip_epsilon) * advantage
    return -total / len(log_probs)


def _value_and_gradients(candidate: Callable) -> Callable:
    """The candidate as a function from arrays to its loss and two gradients."""

    def numbers(**arguments):
        learned = ("log_probs", "old_log_probs")
        answer, leaves = evaluate(candidate, arguments, learned, partial(one_number, subject="it"))
        if answer is None:
            return None
        return torch.cat([answer.detach().cpu().reshape(1), *gradients(answer, leaves)])

    return numbers


_ROW = " In the row: the loss, its gradient in log_probs, its gradient in old_log_probs."


def _case(probs, old_probs, advantages, clip_epsilon, expected, reason) -> Case:
    return Case(
        {
            "log_probs": np.log(probs),
            "old_log_probs": np.log(old_probs),
            "advantages": np.array(advantages),
            "clip_epsilon": clip_epsilon,
        },
        expected,
        reason + _ROW,
    )


EXERCISE = Exercise(
    name="ppo_loss",
    cases=[
        _case(
            probs=[0.75, 0.2, 0.8, 0.1],
            old_probs=[0.5, 0.4, 0.4, 0.2],
            advantages=[5.0, 5.0, -5.0, -5.0],
            clip_epsilon=0.2,
            expected=[1.375, 0, -0.625, 2.5, 0, 0, 0, 0, 0],
            reason="ratios 1.5, 0.5, 2, 0.5; objectives 6, 2.5, -10, -4, mean -1.375. A sample "
            "whose gradient flows has -ratio * A / 4.",
        ),
        _case(
            probs=[0.5, 0.25],
            old_probs=[0.5, 0.25],
            advantages=[2.0, -6.0],
            clip_epsilon=0.1,
            expected=[2.0, -1.0, 3.0, 0, 0],
            reason="at ratio 1 nothing is clipped: objectives 2 and -6, gradient -A / 2.",
        ),
        _case(
            probs=[0.6, 0.2],
            old_probs=[0.4, 0.4],
            advantages=[4.0, 1.0],
            clip_epsilon=0.2,
            expected=[-2.65, 0, -0.25, 0, 0],
            reason="ratios 1.5 and 0.5, both good: objectives 4.8 and 0.5.",
        ),
        _case(
            probs=[0.7, 0.3, 0.8, 0.36],
            old_probs=[0.5, 0.5, 0.004, 0.8],
            advantages=[2.0, -1.0, -3.0, -2.0],
            clip_epsilon=0.5,
            expected=[149.7, -0.7, 0.15, 150.0, 0, 0, 0, 0, 0],
            reason="ratios 1.4, 0.6, 200, 0.45, the band from 0.5 to 1.5; objectives 2.8, -0.6, "
            "-600, -1, mean -149.7: a bad action that became likelier has no floor.",
        ),
        _case(
            probs=[0.6, 0.5, 0.3],
            old_probs=[0.3, 0.2, 0.3],
            advantages=[-0.5, 0.0, 4.0],
            clip_epsilon=0.2,
            expected=[-1.0, 1 / 3, 0, -4 / 3, 0, 0, 0],
            reason="ratio 2 with A = -0.5, objective -1; an advantage of 0; ratio 1 with A = 4, "
            "objective 4. The mean over all three is 1.",
        ),
    ],
    solutions=[loss, _loss_by_loop],
    wrong_answers=MISTAKES,
    hints=HINTS,
    measure=_value_and_gradients,
)
