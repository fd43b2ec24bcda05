"""Exercise: the loss of DPO from log-probabilities per token, and its gradients."""

from collections.abc import Callable

import numpy as np
import torch

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.dpo_pair_hints import HINTS
from rlnotes.exercises.dpo_pair_mistakes import MISTAKES, loss
from rlnotes.exercises.gradients import loss_and_gradients


def _log_ratio(log_probs, ref_log_probs, length):
    return log_probs[:length].sum() - ref_log_probs[:length].sum()


def _loss_by_loop(
    chosen_log_probs,
    rejected_log_probs,
    ref_chosen_log_probs,
    ref_rejected_log_probs,
    chosen_lengths,
    rejected_lengths,
    beta,
):
    total = 0.0
    for row, (chosen_length, rejected_length) in enumerate(
        zip(chosen_lengths, rejected_lengths, strict=True)
    ):
        chosen = _log_ratio(chosen_log_probs[row], ref_chosen_log_probs[row], chosen_length)
        rejected = _log_ratio(rejected_log_probs[row], ref_rejected_log_probs[row], rejected_length)
        total = total + torch.nn.functional.softplus(beta * (rejected - chosen))
    return total / len(chosen_lengths)


def _value_and_gradients(candidate: Callable) -> Callable:
    """The candidate as a function from arrays to its loss and two gradients."""
    return loss_and_gradients(candidate, ("chosen_log_probs", "rejected_log_probs"))


_ROW = (
    " In the row: the loss, its gradient in chosen_log_probs, row by row, its gradient in "
    "rejected_log_probs. The reference is frozen."
)


def _flow(pulls, log_probs, lengths) -> np.ndarray:
    """Gradient [B, T] of the mean loss: each pair's own, on the tokens that count."""
    counted = np.arange(log_probs.shape[1]) < lengths[:, None]
    return np.where(counted, np.array(pulls)[:, None] / len(pulls), 0.0) + 0.0  # no -0.


def _case(chosen, rejected, lengths, beta, losses, pulls, reason) -> Case:
    """A case from (policy, reference) of both answers, each pair's loss and its pull.

    A pull is beta times the sigmoid of minus the margin.
    """
    chosen, ref_chosen = (np.array(log_probs, dtype=float) for log_probs in chosen)
    rejected, ref_rejected = (np.array(log_probs, dtype=float) for log_probs in rejected)
    chosen_lengths, rejected_lengths = (np.array(numbers) for numbers in lengths)
    up = _flow([-pull for pull in pulls], chosen, chosen_lengths)
    down = _flow(pulls, rejected, rejected_lengths)
    return Case(
        {
            "chosen_log_probs": chosen,
            "rejected_log_probs": rejected,
            "ref_chosen_log_probs": ref_chosen,
            "ref_rejected_log_probs": ref_rejected,
            "chosen_lengths": chosen_lengths,
            "rejected_lengths": rejected_lengths,
            "beta": beta,
        },
        np.concatenate([[np.mean(losses)], up.ravel(), down.ravel()]),
        reason + _ROW,
    )


_LOG_2, _LOG_9 = np.log(2), np.log(9)

EXERCISE = Exercise(
    name="dpo_pair_loss",
    cases=[
        _case(
            chosen=(
                [[-1, -2, 7], [-2 - _LOG_9, -1, -3]],
                [[-2, -2.5, -4], [-1.5, -2, -1.5]],
            ),
            rejected=(
                [[-1, -1.5 - _LOG_9, -1], [-4, 9, -6]],
                [[-2, -2.5, -0.5], [-3, -2, 5]],
            ),
            lengths=([2, 3], [3, 1]),
            beta=0.5,
            losses=[np.log(4 / 3), np.log(4)],
            pulls=[1 / 8, 3 / 8],
            reason="the log-ratios of the first pair are 1.5 and 1.5 - log 9, of the second "
            "-1 - log 9 and -1. Half the differences are log 3 and -log 3, so the choices have "
            "the probabilities 3/4 and 1/4: the mean of log 4/3 and log 4. Each token that counts "
            "pulls with 0.5 * 1/4 / 2 in the first pair, 0.5 * 3/4 / 2 in the second.",
        ),
        _case(
            chosen=([[-1, -3, -2, -0.5, -4]], [[-1, -3, -2, -0.5, -4]]),
            rejected=([[-2, -1, 3, -8, 6]], [[-2, -1, -5, 0, 2]]),
            lengths=([5], [2]),
            beta=0.1,
            losses=[_LOG_2],
            pulls=[0.05],
            reason="the policy is the reference, as at the first step: log 2, whatever the "
            "lengths. Each token pulls with 0.1 / 2.",
        ),
        _case(
            chosen=([[-250, -150], [-1, 30], [-3, -20]], [[-60, -40], [-17, -60], [-1, 5]]),
            rejected=(
                [[-50, -50, -50, -50], [-6, 12, -3, 8], [-1, -4, 11, -25]],
                [[-100, -100, -100, -100], [-2, -7, -1, -90], [-2, -1, -14, 3]],
            ),
            lengths=([2, 1, 1], [4, 1, 2]),
            beta=2.0,
            losses=[1000, 0, _LOG_2],
            pulls=[2.0, 0.0, 1.0],
            reason="the log-ratios are -300 and 200, 16 and -4, -2 and -2: margins -1000, 40 and "
            "0. The first pair is ranked far the wrong way: its loss is 1000. It must not become "
            "infinite, and nothing may cap it: no clamp, no small number inside the log. The "
            "second has no loss left, the third log 2.",
        ),
        _case(
            chosen=([[-2, -1], [-4, -6]], [[-2.5, -1.5], [-2, -4]]),
            rejected=([[-3, 8, 4], [-5, -3, -4]], [[-2.5, 2, -7], [-2, -2, -2.5]]),
            lengths=([2, 2], [1, 3]),
            beta=0.1,
            losses=[np.log1p(np.exp(-0.15))] * 2,
            pulls=[0.1 / (1 + np.exp(0.15))] * 2,
            reason="the log-ratios are 1 and -0.5 in the first pair, -4 and -5.5 in the second. "
            "Both margins are 0.15, both losses 0.6210: that both answers of the second pair have "
            "become less likely is not seen.",
        ),
    ],
    solutions=[loss, _loss_by_loop],
    wrong_answers=MISTAKES,
    hints=HINTS,
    measure=_value_and_gradients,
)
