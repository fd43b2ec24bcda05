"""Exercise: a loss term per sample whose mean gradient is that of the KL divergence."""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import torch

from rlnotes.exercises.answers import Unreadable
from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.gradients import TYPES, evaluate, gradients, kind_of
from rlnotes.exercises.weighted_scores import by_finite_differences

_SAMPLES = 3  # in each batch


def _half_square(log_probs, ref_log_probs):
    return (log_probs - ref_log_probs) ** 2 / 2


def _score_function(log_probs, ref_log_probs):
    return (log_probs - ref_log_probs).detach() * log_probs


def _k3_times_ratio(log_probs, ref_log_probs):
    log_r = ref_log_probs - log_probs
    ratio = (log_probs - log_probs.detach()).exp()
    return ratio * (torch.expm1(log_r) - log_r)


def _mean_of_samples(terms) -> torch.Tensor:
    """Mean of the terms, if they are as many as samples and have a gradient."""
    if isinstance(terms, list | tuple) and all(torch.is_tensor(t) and not t.ndim for t in terms):
        terms = torch.stack([*terms]) if terms else torch.zeros(0)
    if not torch.is_tensor(terms) or terms.dtype not in TYPES:
        kind = terms.dtype if torch.is_tensor(terms) else kind_of(terms)
        raise Unreadable(f"it must be a tensor of floating-point numbers, got {kind}.")
    if terms.shape != (_SAMPLES,):
        raise Unreadable(
            f"it must be one term per sample, shape [{_SAMPLES}], got {list(terms.shape)}. Leave "
            "the mean to whoever trains."
        )
    if not terms.requires_grad:
        raise Unreadable(
            "the terms have no gradient: nothing would be learned from them. Is all of "
            "log_probs detached?"
        )
    return terms.mean()


def _mean_gradient(candidate: Callable) -> Callable:
    """The candidate as a function from log-probabilities to a gradient in the logits.

    It gets every batch of samples. The gradients of the mean terms are weighed by the
    probabilities of the batches, plain numbers: samples are held fixed, so no gradient
    comes from how often they are drawn.
    """

    def gradient(log_probs, ref_log_probs):
        slopes, dtypes = torch.zeros(len(log_probs), dtype=torch.float64), set()
        for batch in product(range(len(log_probs)), repeat=_SAMPLES):
            chosen = list(batch)
            arguments = {"log_probs": log_probs[chosen], "ref_log_probs": ref_log_probs[chosen]}
            mean, leaves = evaluate(candidate, arguments, ("log_probs",), _mean_of_samples)
            if mean is None:
                return None
            (slope,) = gradients(mean, leaves)
            weight = np.exp(log_probs[chosen].sum())
            slopes.index_add_(0, torch.tensor(chosen), weight * slope.double())
            dtypes.add(mean.dtype)
        # d log pi(a) / d logit(b) = [a = b] - pi(b)
        in_logits = slopes - torch.tensor(np.exp(log_probs)) * slopes.sum()
        return in_logits.to(max(dtypes, key=lambda dtype: torch.finfo(dtype).eps))

    return gradient


def _kl(logits, ref_log_probs):
    log_probs = logits - np.log(np.exp(logits).sum())
    return np.exp(log_probs) @ (log_probs - ref_log_probs)


def _case(probs, ref_probs, reason) -> Case:
    log_probs, ref_log_probs = np.log(probs), np.log(ref_probs)
    return Case(
        {"log_probs": log_probs, "ref_log_probs": ref_log_probs},
        by_finite_differences(partial(_kl, ref_log_probs=ref_log_probs), log_probs),
        f"{reason} Your function gets each batch of {_SAMPLES} samples that these actions can "
        "make, repeated ones too. In the row: the gradient in the logits of the mean of your "
        "terms, averaged over the batches by their probability; expected is that of "
        "KL(pi || pi_ref), by finite differences.",
    )


def _score(weights_of):
    """A wrong answer: log_probs times a weight without gradient."""
    return lambda log_probs, ref_log_probs: (
        weights_of(log_probs, ref_log_probs).detach() * (log_probs)
    )


def _k3(log_probs, ref_log_probs):
    log_r = ref_log_probs - log_probs
    return log_r.exp() - 1 - log_r


def _k3_by_ratio_upside_down(log_probs, ref_log_probs):
    return (log_probs.detach() - log_probs).exp() * _k3(log_probs, ref_log_probs)


def _exact_sum_for_each(log_probs, ref_log_probs):
    return (log_probs.exp() * (log_probs - ref_log_probs)).sum().expand(len(log_probs))


def _normalized_over_samples(log_probs, ref_log_probs):
    return (log_probs.log_softmax(dim=0) - ref_log_probs) ** 2 / 2


def _both_normalized_over_samples(log_probs, ref_log_probs):
    return (log_probs.log_softmax(dim=0) - ref_log_probs.log_softmax(dim=0)) ** 2 / 2


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
        "exact sum for each sample": _exact_sum_for_each,
        "normalized over the samples": _normalized_over_samples,
        "both normalized over the samples": _both_normalized_over_samples,
        "less the mean of the batch": _score(
            lambda log_probs, ref_log_probs: (
                log_probs - ref_log_probs - (log_probs - ref_log_probs).mean()
            )
        ),
        "k3 times the ratio upside down": _k3_by_ratio_upside_down,
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
        "score, whose mean is zero. Terms less their own mean have a mean gradient of zero, too.",
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
        "exact sum for each sample": "these are samples, not the list of all actions: some occur "
        "twice, some not at all. Their sum, weighed by probabilities, is no KL. Each term is made "
        "from its own sample alone.",
        "normalized over the samples": "log_softmax over the samples makes a policy of them. They "
        "are not the list of all actions, and log_probs are normalized already. Each term is made "
        "from its own sample alone.",
        "both normalized over the samples": "log_softmax is taken of both over the samples, which "
        "are not the list of all actions. Each term is made from its own sample alone.",
        "less the mean of the batch": "the mean of the batch has each sample itself in it, which "
        "shrinks the gradient by 1 - 1 / B. Take each term from its own sample alone, or leave "
        "the sample out of its baseline.",
        "k3 times the ratio upside down": "the ratio is upside down: it is exp(log_probs - "
        "log_probs.detach()), whose gradient is plus the score.",
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
