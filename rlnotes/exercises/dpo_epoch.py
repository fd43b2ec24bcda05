"""Exercise: DPO on a table of logits, one step after each pair."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.dpo_epoch_hints import HINTS
from rlnotes.exercises.dpo_epoch_mistakes import MISTAKES, epoch


def _epoch_by_directions(logits, ref_log_probs, pairs, beta, learning_rate):
    unit = np.eye(len(logits))
    for chosen, rejected in pairs:
        direction = unit[chosen] - unit[rejected]
        margin = beta * direction @ (logits - ref_log_probs)
        weight = (1 - np.tanh(margin / 2)) / 2
        logits = logits + learning_rate * beta * weight * direction
    return logits


def _case(logits, ref_probs, pairs, beta, learning_rate, expected, reason) -> Case:
    return Case(
        {
            "logits": np.array(logits, dtype=float),
            "ref_log_probs": np.log(ref_probs),
            "pairs": np.array(pairs),
            "beta": beta,
            "learning_rate": learning_rate,
        },
        expected,
        reason,
    )


_LOG_3 = float(np.log(3))

EXERCISE = Exercise(
    name="dpo_epoch",
    cases=[
        _case(
            logits=[_LOG_3, 0, 1],
            ref_probs=[0.6, 0.2, 0.2],
            pairs=[[0, 1], [0, 1]],
            beta=0.5,
            learning_rate=4 * _LOG_3,
            expected=[2.5 * _LOG_3, -1.5 * _LOG_3, 1],
            reason="the learning rate is 4 log 3. Answer 0 is three times as likely as answer 1 "
            "for policy and reference: margin 0, weight 1/2, and both logits move by 4 log 3 * "
            "0.5 * 1/2 = log 3. Then the margin is 0.5 * 2 log 3 = log 3, the weight 1/4, and "
            "they move by half of log 3. The third logit stays: the sum over all answers cancels "
            "in the margin.",
        ),
        _case(
            logits=[0.5, 0.5, 0.5],
            ref_probs=[1 / 3, 1 / 3, 1 / 3],
            pairs=[[0, 1], [2, 2], [1, 2]],
            beta=1.0,
            learning_rate=2 * _LOG_3,
            expected=[0.5 + _LOG_3, 0.5 + 0.5 * _LOG_3, 0.5 - 1.5 * _LOG_3],
            reason="the learning rate is 2 log 3, so the first pair moves 0 and 1 by half of that. "
            "An answer compared with itself moves nothing. Then the margin of answer 1 against 2 "
            "is -log 3: weight 3/4, a move of 1.5 log 3.",
        ),
        _case(
            logits=[0, 0, 2, -1],
            ref_probs=[0.45, 0.05, 0.3, 0.2],
            pairs=[[0, 1]],
            beta=2.0,
            learning_rate=0.5,
            expected=[81 / 82, -81 / 82, 2, -1],
            reason="the reference has answer 0 nine times as likely, the policy has not: margin "
            "-2 log 9 = -log 81, weight 81/82, and a move of 0.5 * 2 * 81/82.",
        ),
        _case(
            logits=[0, 1000, 5],
            ref_probs=[0.25, 0.25, 0.5],
            pairs=[[0, 1], [1, 0]],
            beta=3.0,
            learning_rate=0.25,
            expected=[0.75, 999.25, 5],
            reason="margin -3000, weight 1: a move of 0.25 * 3. Then the same answers the other "
            "way round, far ahead: weight 0. exp(3000) is infinite, and must not end in a "
            "quotient of two infinities.",
        ),
    ],
    solutions=[epoch, _epoch_by_directions],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
