"""Exercise: a loss term per sample whose mean gradient is that of the KL divergence."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from rlnotes.exercises.answers import Unreadable
from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.gradients import TYPES, evaluate, gradients
from rlnotes.exercises.weighted_scores import by_finite_differences


def _half_square(log_probs, ref_log_probs):
    return (log_probs - ref_log_probs) ** 2 / 2


def _score_function(log_probs, ref_log_probs):
    return (log_probs - ref_log_probs).detach() * log_probs


def _k3_times_ratio(log_probs, ref_log_probs):
    log_r = ref_log_probs - log_probs
    ratio = (log_probs - log_probs.detach()).exp()
    return ratio * (torch.expm1(log_r) - log_r)


def _one_per_sample(terms, count: int) -> torch.Tensor:
    """The terms, if they are as many as samples and have a gradient."""
    if isinstance(terms, list | tuple) and all(torch.is_tensor(t) and not t.ndim for t in terms):
        terms = torch.stack([*terms]) if terms else torch.zeros(0)
    if not torch.is_tensor(terms) or terms.dtype not in TYPES:
        kind = terms.dtype if torch.is_tensor(terms) else type(terms).__name__
        raise Unreadable(f"it must be a tensor of floating-point numbers, got {kind}.")
    if terms.shape != (count,):
        raise Unreadable(
            f"it must be one term per sample, shape [{count}], got {list(terms.shape)}. Leave "
            "the mean to whoever trains."
        )
    if not terms.requires_grad:
        raise Unreadable(
            "the terms have no gradient: nothing would be learned from them. Is all of "
            "log_probs detached?"
        )
    return terms


def _mean_gradient(candidate: Callable) -> Callable:
    """The candidate as a function from log-probabilities to a gradient in the logits.

    Each action is one sample. The mean weighs it by its probability, a plain number:
    samples are held fixed, so no gradient comes from how often they are drawn.
    """

    def gradient(log_probs, ref_log_probs):
        arguments = {"log_probs": log_probs, "ref_log_probs": ref_log_probs}
        unpack = partial(_one_per_sample, count=len(log_probs))
        terms, leaves = evaluate(candidate, arguments, ("log_probs",), unpack)
        if terms is None:
            return None
        probs = torch.tensor(np.exp(log_probs), dtype=terms.dtype)
        (slope,) = gradients((probs * terms).sum(), leaves)
        # d log pi(a) / d logit(b) = [a = b] - pi(b)
        return slope - probs * slope.sum()

    return gradient


def _kl(logits, ref_log_probs):
    log_probs = logits - np.log(np.exp(logits).sum())
    return np.exp(log_probs) @ (log_probs - ref_log_probs)


def _case(probs, ref_probs, reason) -> Case:
    log_probs, ref_log_probs = np.log(probs), np.log(ref_probs)
    return Case(
        {"log_probs": log_probs, "ref_log_probs": ref_log_probs},
        by_finite_differences(partial(_kl, ref_log_probs=ref_log_probs), log_probs),
        f"{reason} Each action is one sample, weighed by its probability. In the row: the mean "
        "gradient of your terms in the logits; expected is that of KL(pi || pi_ref), by finite "
        "differences.",
    )


def _score(weights_of):
    """A wrong answer: log_probs times a weight without gradient."""
    return lambda log_probs, ref_log_probs: (
        weights_of(log_probs, ref_log_probs).detach() * (log_probs)
    )


def _k3(log_probs, ref_log_probs):
    log_r = ref_log_probs - log_probs
    return log_r.exp() - 1 - log_r


EXERCISE = Exercise(
    name="kl_as_loss",
    cases=[
        _case([0.8, 0.1, 0.1], [0.1, 0.1, 0.8], "pi = (.8, .1, .1), pi_ref = (.1, .1, .8)."),
        _case(
            [0.1, 0.2, 0.3, 0.4], [0.5, 0.3, 0.15, 0.05], "pi = (.1, .2, .3, .4), far from pi_ref."
        ),
        _case([0.05, 0.95], [0.6, 0.4], "a policy that is nearly decided."),
        _case([0.5, 0.3, 0.2], [0.5, 0.3, 0.2], "pi = pi_ref: nothing pulls."),
    ],
    solutions=[_half_square, _score_function, _k3_times_ratio],
    wrong_answers={
        "k1": lambda log_probs, ref_log_probs: log_probs - ref_log_probs,
        "k3": _k3,
        "k3 turned round": lambda log_probs, ref_log_probs: _k3(ref_log_probs, log_probs),
        "k3 as a weight": _score(_k3),
        "k2 as a weight": _score(_half_square),
        "square": lambda log_probs, ref_log_probs: (log_probs - ref_log_probs) ** 2,
        "half square, negative": lambda log_probs, ref_log_probs: (
            -((log_probs - ref_log_probs) ** 2) / 2
        ),
        "half square per sample": lambda log_probs, ref_log_probs: (
            (log_probs - ref_log_probs) ** 2 / 2 / len(log_probs)
        ),
        "size": lambda log_probs, ref_log_probs: (log_probs - ref_log_probs).abs(),
        "positive part": lambda log_probs, ref_log_probs: (log_probs - ref_log_probs).clamp(min=0),
        "not detached": lambda log_probs, ref_log_probs: (log_probs - ref_log_probs) * log_probs,
        "exact sum": lambda log_probs, ref_log_probs: log_probs.exp() * (log_probs - ref_log_probs),
        "weighed again": lambda log_probs, ref_log_probs: (
            log_probs.detach().exp() * (log_probs - ref_log_probs) ** 2 / 2
        ),
        "weighed k1": lambda log_probs, ref_log_probs: (
            log_probs.detach().exp() * (log_probs - ref_log_probs)
        ),
        "kl_div of torch": lambda log_probs, ref_log_probs: torch.nn.functional.kl_div(
            log_probs, ref_log_probs, reduction="none", log_target=True
        ),
        "ratio to the reference": lambda log_probs, ref_log_probs: (
            (log_probs - ref_log_probs).exp() * (log_probs - ref_log_probs)
        ),
        "difference of probabilities": lambda log_probs, ref_log_probs: (
            (log_probs.exp() - ref_log_probs.exp()) ** 2 / 2
        ),
        "quotient of logs": lambda log_probs, ref_log_probs: log_probs / ref_log_probs,
        "sum of logs": lambda log_probs, ref_log_probs: (log_probs + ref_log_probs) ** 2 / 2,
        "reference forgotten": lambda log_probs, ref_log_probs: log_probs**2 / 2,
        "policy forgotten": _score(lambda log_probs, ref_log_probs: -ref_log_probs),
    },
    hints={
        "k1": "nothing pulls. The mean of k1 is the KL, but with fixed samples its gradient is the "
        "score, whose mean is zero.",
        "k3": "this pulls along the gradient of KL(pi_ref || pi), the other way round. So does k3 "
        "with fixed samples, although its mean is KL(pi || pi_ref).",
        "k3 turned round": "this is the ratio pi / pi_ref, alone or in k3 with its arguments "
        "exchanged: its gradient is that of no KL at all.",
        "k3 as a weight": "k3 stands as a weight before log_probs, and its own gradient is "
        "detached. For k1 that part has mean zero, for k3 it has not.",
        "k2 as a weight": "k2 stands as a weight before log_probs. As a loss it needs no log_probs "
        "behind it: its own gradient is the log-ratio times the score.",
        "square": "the gradient is twice that of the KL: half of the square is wanted.",
        "half square, negative": "the sign is turned round: this pushes the policy away from the "
        "reference.",
        "half square per sample": "the terms are divided by the number of samples. Whoever trains "
        "takes the mean.",
        "size": "the size of the log-ratio pulls equally hard near and far. The pull is in "
        "proportion to the log-ratio.",
        "positive part": "negative log-ratios are cut off: what the policy has made less likely "
        "must be pulled back, too.",
        "not detached": "the log-ratio is a weight here, and must be detached: as it is, its own "
        "gradient comes on top.",
        "exact sum": "this is a term of the exact sum over all actions. The samples come from the "
        "policy: they are weighed by its probabilities already.",
        "weighed again": "the half square is weighed by the probability. The samples come from "
        "the policy: they are weighed already.",
        "weighed k1": "the log-ratio is weighed by the probability. The samples come from the "
        "policy: they are weighed already, and k1 itself has no mean gradient.",
        "kl_div of torch": "kl_div(input, target) sums target * (log target - input) over all "
        "actions. Samples of the policy are no such sum.",
        "ratio to the reference": "the ratio pi / pi_ref weighs samples of the reference. These "
        "come from the policy.",
        "difference of probabilities": "you square a difference of probabilities. Take that of the "
        "logarithms.",
        "quotient of logs": "the log-ratio is a difference of logarithms, not a quotient.",
        "sum of logs": "the logarithms are added. The log-ratio is their difference.",
        "reference forgotten": "the reference is not used. What is left is a bonus for entropy.",
        "policy forgotten": "the weight is -ref_log_probs alone: a cross-entropy to the reference. "
        "The log-ratio has log_probs in it, too.",
    },
    measure=_mean_gradient,
)
