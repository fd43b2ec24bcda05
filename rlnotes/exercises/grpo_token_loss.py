"""Exercise: the loss of GRPO from log-probabilities per token."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.grpo_token_hints import HINTS
from rlnotes.exercises.grpo_token_mistakes import MISTAKES, loss


def _loss_by_loop(log_probs, old_log_probs, ref_log_probs, advantages, mask, clip_epsilon, beta):
    means = []
    for row, advantage in enumerate(advantages):
        total = 0.0
        places = np.flatnonzero(mask[row])
        for t in places:
            ratio = np.exp(log_probs[row, t] - old_log_probs[row, t])
            kept = min(ratio, 1 + clip_epsilon) if advantage > 0 else max(ratio, 1 - clip_epsilon)
            gap = log_probs[row, t] - ref_log_probs[row, t]
            total += beta * (np.exp(-gap) + gap - 1) - kept * advantage
        means.append(total / len(places))
    return sum(means) / len(means)


def _k3(ratio):
    """k3 where the reference has a token `ratio` times as likely as the policy."""
    return ratio - 1 - np.log(ratio)


def _case(ratios, reference, advantages, padding, settings, means, reason) -> Case:
    """A case of tokens with probabilities between 0.05 and 0.2; None is padding.

    The ratios are policy / old policy, the numbers of the reference reference / policy.
    The padding is three log-probabilities: own, old, of the reference. The settings are
    clip_epsilon and beta, and the means the loss of each answer.
    """
    mask = np.array([[ratio is not None for ratio in row] for row in ratios])
    probs = 0.2 - 0.01 * np.arange(mask.size).reshape(mask.shape)

    def logs(rows, power, filler):
        factors = [[1.0 if entry is None else entry**power for entry in row] for row in rows]
        return np.where(mask, np.log(probs * factors), filler)

    own, old, ref = padding
    return Case(
        {
            "log_probs": logs(ratios, 0, own),
            "old_log_probs": logs(ratios, -1, old),
            "ref_log_probs": logs(reference, 1, ref),
            "advantages": np.array(advantages, dtype=float),
            "mask": mask,
            "clip_epsilon": settings[0],
            "beta": settings[1],
        },
        np.mean(means),
        reason,
    )


_NAN = float("nan")

EXERCISE = Exercise(
    name="grpo_token_loss",
    cases=[
        _case(
            ratios=[[3, 0.5, 1.1], [1.5, None, None]],
            reference=[[1, 2, 1], [0.5, None, None]],
            advantages=[2, -0.5],
            padding=(1.0, -0.5, 2.0),
            settings=(0.2, 0.5),
            means=[(-5.6 + 0.5 * _k3(2)) / 3, 0.75 + 0.5 * _k3(0.5)],
            reason="the ratios of the first answer are 3, 0.5 and 1.1, its advantage is 2: the "
            "minima are 2.4 (clipped at 1.2), 1 and 2.2. The second answer, with advantage -0.5, "
            "has one token of ratio 1.5: the minimum is -0.75, not clipped. The reference has one "
            "token of the first answer twice as likely as the policy, k3 = 1 - log 2, and that of "
            "the second half as likely, k3 = log 2 - 1/2. Each answer has its own mean, and they "
            "count alike.",
        ),
        _case(
            ratios=[[0.25, 4, None, 1, None], [0.25, 1, None, None, None], [1, 2, 0.5, 1.2, None]],
            reference=[[4, 1, None, 0.5, None], [2, 2, None, None, None], [1, 1, 0.5, 0.25, None]],
            advantages=[-2, 1, 0],
            padding=(-7.0, -6.0, -5.0),
            settings=(0.5, 0.1),
            means=[
                (11 + 0.1 * (_k3(4) + _k3(0.5))) / 3,
                (-1.25 + 0.1 * 2 * _k3(2)) / 2,
                0.1 * (_k3(0.5) + _k3(0.25)) / 4,
            ],
            reason="the third token of the first answer does not count: a tool wrote it. The "
            "minima of the others are -1 (ratio 0.25, clipped at 0.5), -8 and -2; of the second "
            "answer 0.25 (not clipped: the advantage is positive) and 1. The third answer has "
            "advantage 0, and only its KL counts.",
        ),
        _case(
            ratios=[[1, 1, None, None], [1, 1, 1, 1]],
            reference=[[2, 3, None, None], [0.5, 2, 1, 4]],
            advantages=[3, -1],
            padding=(0.0, 4.0, 1.0),
            settings=(0.2, 0.0),
            means=[-3, 1],
            reason="all ratios are 1, as at the first step, and beta is 0: the means are -3 and 1, "
            "whatever the lengths.",
        ),
        _case(
            ratios=[[1, 1.5, 0.9, 0.5], [None, None, 2, 0.5]],
            reference=[[1, 1, 2, 1], [None, None, 0.5, 0.5]],
            advantages=[0.5, -3],
            padding=(_NAN, _NAN, _NAN),
            settings=(0.1, 2.0),
            means=[(-1.75 + 2 * _k3(2)) / 4, (8.7 + 2 * 2 * _k3(0.5)) / 2],
            reason="the padding holds nan, and stands on the left: select the tokens that count. "
            "The minima are 0.5, 0.55, 0.45 and 0.25, then -6 and -2.7.",
        ),
    ],
    solutions=[loss, _loss_by_loop],
    wrong_answers=MISTAKES,
    hints=HINTS,
)
