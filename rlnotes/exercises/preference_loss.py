"""Exercise: the loss of a reward model, judged by its value and its gradients."""

from collections.abc import Callable

import numpy as np
import torch

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.gradients import loss_and_gradients
from rlnotes.exercises.preference_mistakes import HINTS, MISTAKES, loss


def _loss_by_loop(chosen_scores, rejected_scores, chosen_mask, rejected_mask):
    total = 0.0
    for row in range(len(chosen_mask)):
        chosen = chosen_scores[row][chosen_mask[row]][-1]
        rejected = rejected_scores[row][rejected_mask[row]][-1]
        total = total + torch.nn.functional.softplus(rejected - chosen)
    return total / len(chosen_mask)


def _value_and_gradients(candidate: Callable) -> Callable:
    """The candidate as a function from arrays to its loss and two gradients."""
    return loss_and_gradients(candidate, ("chosen_scores", "rejected_scores"))


_ROW = (
    " In the row: the loss, its gradient in chosen_scores, row by row, its gradient in "
    "rejected_scores."
)


def _case(chosen, rejected, chosen_lengths, rejected_lengths, expected, reason) -> Case:
    def mask(scores, lengths):
        return np.arange(np.shape(scores)[1]) < np.array(lengths)[:, None]

    loss, *flows = expected
    return Case(
        {
            "chosen_scores": np.array(chosen, dtype=float),
            "rejected_scores": np.array(rejected, dtype=float),
            "chosen_mask": mask(chosen, chosen_lengths),
            "rejected_mask": mask(rejected, rejected_lengths),
        },
        np.concatenate([[loss], *(np.ravel(flow) for flow in flows)]),
        reason + _ROW,
    )


_LOG_2, _LOG_3 = np.log(2), np.log(3)

EXERCISE = Exercise(
    name="preference_loss",
    cases=[
        _case(
            chosen=[[1, _LOG_3, -4], [0.5, 2, -1]],
            rejected=[[3, -2, 0], [-1 + _LOG_3, 5, 0.5]],
            chosen_lengths=[2, 3],
            rejected_lengths=[3, 1],
            expected=[
                np.log(16 / 3) / 2,
                [[0, -1 / 8, 0], [0, 0, -3 / 8]],
                [[0, 0, 1 / 8], [3 / 8, 0, 0]],
            ],
            reason="the scores at the last true tokens are log 3 against 0, and -1 against "
            "-1 + log 3: probabilities 3/4 and 1/4, -log(3/4) and -log(1/4), mean 0.837.",
        ),
        _case(
            chosen=[[7, -1, 2.5]],
            rejected=[[0.5, 2.5, 8]],
            chosen_lengths=[3],
            rejected_lengths=[2],
            expected=[_LOG_2, [[0, 0, -0.5]], [[0, 0.5, 0]]],
            reason="2.5 against 2.5: an even choice, log 2.",
        ),
        _case(
            chosen=[[-960, 3], [2, 50], [1, 0.25]],
            rejected=[[40, 9], [6, 10], [0.25, 3]],
            chosen_lengths=[1, 2, 2],
            rejected_lengths=[1, 2, 1],
            expected=[
                (1000 + _LOG_2) / 3,
                [[-1 / 3, 0], [0, 0], [0, -1 / 6]],
                [[1 / 3, 0], [0, 0], [1 / 6, 0]],
            ],
            reason="margins -1000, 40 and 0. The first pair is ranked far the wrong way: its loss "
            "is 1000. It must not become infinite, and nothing may cap it: no clamp, no small "
            "number inside the log. The second has no loss left, the third log 2.",
        ),
        _case(
            chosen=[[0.2, 0.1], [0.3, 0.7]],
            rejected=[[0.4, 0.1 - _LOG_3], [0.7 + _LOG_3, 0.6]],
            chosen_lengths=[2, 2],
            rejected_lengths=[2, 1],
            expected=[
                np.log(16 / 3) / 2,
                [[0, -1 / 8], [0, -3 / 8]],
                [[0, 1 / 8], [3 / 8, 0]],
            ],
            reason="margins log 3 and -log 3 again, from other scores: only differences count.",
        ),
    ],
    solutions=[loss, _loss_by_loop],
    wrong_answers=MISTAKES,
    hints=HINTS,
    measure=_value_and_gradients,
)
