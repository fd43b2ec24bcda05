"""The loss of DPO on padded pairs, and the mistakes that people make in it."""

import torch
from torch.nn.functional import binary_cross_entropy, logsigmoid


def loss(
    chosen_log_probs,
    rejected_log_probs,
    ref_chosen_log_probs,
    ref_rejected_log_probs,
    chosen_lengths,
    rejected_lengths,
    beta,
):
    """Minus the mean of log sigmoid of beta times the difference of two log-ratios."""
    chosen = total(chosen_log_probs - ref_chosen_log_probs, chosen_lengths)
    rejected = total(rejected_log_probs - ref_rejected_log_probs, rejected_lengths)
    return -logsigmoid(beta * (chosen - rejected)).mean()


def total(values, lengths):
    """Sum of the first entries of each row, as many as its length says."""
    return (values * _counts(values, lengths)).sum(dim=1)


def _counts(values, lengths):
    return torch.arange(values.shape[1]) < lengths[:, None]


def _of_sums(loss_of, read=total):
    """A wrong answer: another loss, of one number for each answer and model."""

    def wrong(
        chosen_log_probs,
        rejected_log_probs,
        ref_chosen_log_probs,
        ref_rejected_log_probs,
        chosen_lengths,
        rejected_lengths,
        beta,
    ):
        return loss_of(
            read(chosen_log_probs, chosen_lengths),
            read(rejected_log_probs, rejected_lengths),
            read(ref_chosen_log_probs, chosen_lengths),
            read(ref_rejected_log_probs, rejected_lengths),
            beta,
        )

    return wrong


def _usual(chosen, rejected, ref_chosen, ref_rejected, beta):
    return -logsigmoid(beta * ((chosen - ref_chosen) - (rejected - ref_rejected))).mean()


def _read(read):
    """A wrong answer: another number than the sum for each answer and model."""
    return _of_sums(_usual, read)


def _margin(margin_of):
    """A wrong answer: another margin of the right sums."""
    return _of_sums(lambda *sums: -logsigmoid(margin_of(*sums)).mean())


def _of_ratios(loss_of):
    """A wrong answer: another loss of the right log-ratios and beta."""
    return _of_sums(lambda c, r, ref_c, ref_r, beta: loss_of(c - ref_c, r - ref_r, beta))


def _of_margins(loss_of):
    """A wrong answer: another loss of the right margins."""
    return _of_ratios(lambda chosen, rejected, beta: loss_of(beta * (chosen - rejected)))


def _lengths(change):
    """A wrong answer: other lengths, made of those of the chosen and the rejected."""

    def wrong(*, chosen_lengths, rejected_lengths, **given):
        chosen_lengths, rejected_lengths = change(chosen_lengths, rejected_lengths)
        return loss(**given, chosen_lengths=chosen_lengths, rejected_lengths=rejected_lengths)

    return wrong


def _all_places(values, lengths):
    return values.sum(dim=1)


def _mean(values, lengths):
    return total(values, lengths) / lengths


def _last(values, lengths):
    return values[torch.arange(len(values)), lengths - 1]


def _product(values, lengths):
    return values.masked_fill(~_counts(values, lengths), 1.0).prod(dim=1)


def _log_of_sum(values, lengths):
    return values.masked_fill(~_counts(values, lengths), -torch.inf).logsumexp(dim=1)


def _without_reference(chosen, rejected, ref_chosen, ref_rejected, beta):
    return -logsigmoid(beta * (chosen - rejected)).mean()


def _reference_padding_counts(**given):
    for side in ("chosen", "rejected"):
        log_probs, lengths = given[f"{side}_log_probs"], given[f"{side}_lengths"]
        given[f"{side}_log_probs"] = log_probs * _counts(log_probs, lengths)
        given[f"{side}_lengths"] = torch.full_like(lengths, log_probs.shape[1])
    return loss(**given)


def _quotient_of_tokens(**given):
    for side in ("chosen", "rejected"):
        own, reference = f"{side}_log_probs", f"ref_{side}_log_probs"
        given[own] = given[own] / given[reference]
        given[reference] = torch.zeros_like(given[own])
    return loss(**given)


def _token_by_token(**given):
    """A loss of each place that both answers have."""
    shorter = torch.minimum(given["chosen_lengths"], given["rejected_lengths"])
    places = min(given["chosen_log_probs"].shape[1], given["rejected_log_probs"].shape[1])
    chosen = (given["chosen_log_probs"] - given["ref_chosen_log_probs"])[:, :places]
    rejected = (given["rejected_log_probs"] - given["ref_rejected_log_probs"])[:, :places]
    terms = -logsigmoid(given["beta"] * (chosen - rejected))
    return terms[_counts(terms, shorter)].mean()


def _detached(*names):
    def wrong(**given):
        frozen = {f"{name}_log_probs": given[f"{name}_log_probs"].detach() for name in names}
        answer = loss(**{**given, **frozen})
        return answer if answer.requires_grad else answer.requires_grad_()

    return wrong


def _cross_entropy(margins):
    return binary_cross_entropy(torch.sigmoid(margins), torch.ones_like(margins))


def _softplus_by_hand(margins):
    return ((-margins).relu() + (-margins.abs()).exp().log1p()).mean()


def _accuracy(margins):
    return (margins > 0).double().mean()


def _share_of_errors(margins):
    return (margins <= 0).double().mean()


def _clamped(most):
    return _of_margins(lambda margins: -logsigmoid(margins.clamp(-most, most)).mean())


def _always(beta_typed):
    """A wrong answer: beta is a number in the code."""
    return lambda **given: loss(**{**given, "beta": beta_typed})


CUTS = (5, 10, 20, 30, 50)
TYPED_BETAS = (0.1, 0.2, 0.25, 0.5)

_READ = {
    "mean over tokens": _read(_mean),
    "mean over all places": _read(lambda values, lengths: values.mean(dim=1)),
    "divided by the width": _read(lambda values, lengths: total(values, lengths) / values.shape[1]),
    "mean, reference left out": _of_sums(_without_reference, _mean),
    "padding counted": _read(_all_places),
    "padding of the reference counted": _reference_padding_counts,
    "last token left out": _read(lambda values, lengths: total(values, lengths - 1)),
    "one token too many": _read(lambda values, lengths: total(values, lengths + 1)),
    "first token left out": _read(lambda values, lengths: total(values, lengths) - values[:, 0]),
    "last token alone": _read(_last),
    "padding alone": _read(lambda values, lengths: values.sum(dim=1) - total(values, lengths)),
    "first token alone": _read(lambda values, lengths: values[:, 0]),
    "product of logs": _read(_product),
    "log of the sum": _read(_log_of_sum),
    "probabilities": _read(lambda values, lengths: total(values, lengths).exp()),
    "whole batch in one": _read(lambda values, lengths: total(values, lengths).sum()),
    "mean of the whole batch": _read(
        lambda values, lengths: total(values, lengths).sum() / lengths.sum()
    ),
    "lengths exchanged": _lengths(lambda chosen, rejected: (rejected, chosen)),
    "chosen lengths for both": _lengths(lambda chosen, rejected: (chosen, chosen)),
    "rejected lengths for both": _lengths(lambda chosen, rejected: (rejected, rejected)),
    "common length": _lengths(lambda c, r: (torch.minimum(c, r), torch.minimum(c, r))),
    "longest for all": _lengths(lambda c, r: (c.max().expand(len(c)), r.max().expand(len(r)))),
    "token by token": _token_by_token,
    "quotient of tokens": _quotient_of_tokens,
}

_OTHER_MARGINS = {
    "rejected - chosen": _margin(lambda c, r, rc, rr, beta: beta * ((r - rr) - (c - rc))),
    "reference left out": _of_sums(_without_reference),
    "reference added": _margin(lambda c, r, rc, rr, beta: beta * ((c + rc) - (r + rr))),
    "brackets lost": _margin(lambda c, r, rc, rr, beta: beta * (c - rc - r - rr)),
    "chosen alone": _margin(lambda c, r, rc, rr, beta: beta * (c - rc)),
    "rejected alone": _margin(lambda c, r, rc, rr, beta: -beta * (r - rr)),
    "quotient of logs": _margin(lambda c, r, rc, rr, beta: beta * (c / rc - r / rr)),
    "ratio, no log": _margin(lambda c, r, rc, rr, beta: beta * ((c - rc).exp() - (r - rr).exp())),
    "beta missing": _margin(lambda c, r, rc, rr, beta: (c - rc) - (r - rr)),
    "beta twice": _margin(lambda c, r, rc, rr, beta: beta**2 * ((c - rc) - (r - rr))),
    "divided by beta": _margin(lambda c, r, rc, rr, beta: ((c - rc) - (r - rr)) / beta),
    "beta on the policy alone": _margin(lambda c, r, rc, rr, beta: beta * (c - r) - (rc - rr)),
    "beta on the chosen alone": _margin(lambda c, r, rc, rr, beta: beta * (c - rc) - (r - rr)),
    "every pair": _margin(lambda c, r, rc, rr, beta: beta * ((c - rc)[:, None] - (r - rr))),
    "size of the margin": _margin(lambda c, r, rc, rr, beta: beta * ((c - rc) - (r - rr)).abs()),
    **{f"beta always {beta}": _always(beta) for beta in TYPED_BETAS},
}

_OTHER_LOSSES = {
    "beta outside": _of_ratios(
        lambda chosen, rejected, beta: -beta * logsigmoid(chosen - rejected).mean()
    ),
    "beta outside, too": _of_ratios(
        lambda chosen, rejected, beta: -beta * logsigmoid(beta * (chosen - rejected)).mean()
    ),
    "divided by beta at the end": _of_ratios(
        lambda chosen, rejected, beta: -logsigmoid(beta * (chosen - rejected)).mean() / beta
    ),
    "log likelihood": _of_margins(lambda margins: logsigmoid(margins).mean()),
    "log of 1 - sigmoid": _of_margins(lambda margins: logsigmoid(-margins).mean()),
    "log of the sigmoid": _of_margins(lambda margins: -torch.sigmoid(margins).log().mean()),
    "log with a small number": _of_margins(
        lambda margins: -(torch.sigmoid(margins) + 1e-8).log().mean()
    ),
    "cross-entropy of a sigmoid": _of_margins(_cross_entropy),
    "softplus by hand": _of_margins(_softplus_by_hand),
    "exponential": _of_margins(lambda margins: (-margins).exp().mean()),
    "wrong pairs alone": _of_margins(lambda margins: (-margins).relu().mean()),
    "no log": _of_margins(lambda margins: -torch.sigmoid(margins).mean()),
    "no log, of the other": _of_margins(lambda margins: torch.sigmoid(-margins).mean()),
    "no sigmoid": _of_margins(lambda margins: -margins.mean()),
    "sum": _of_margins(lambda margins: -logsigmoid(margins).sum()),
    "first pair alone": _of_margins(lambda margins: -logsigmoid(margins)[0]),
    "loss of the mean": _of_margins(lambda margins: -logsigmoid(margins.mean())),
    "hinge": _of_margins(lambda margins: (1 - margins).clamp(min=0).mean()),
    "squared": _of_ratios(
        lambda chosen, rejected, beta: ((chosen - rejected - 1 / (2 * beta)) ** 2).mean()
    ),
    "each on its own": _of_ratios(
        lambda chosen, rejected, beta: (
            -(logsigmoid(beta * chosen) + logsigmoid(-beta * rejected)).mean()
        )
    ),
    "difference of log sigmoids": _of_ratios(
        lambda chosen, rejected, beta: (
            -(logsigmoid(beta * chosen) - logsigmoid(beta * rejected)).mean()
        )
    ),
    "sigmoid of each": _of_ratios(
        lambda chosen, rejected, beta: (
            -logsigmoid(torch.sigmoid(beta * chosen) - torch.sigmoid(beta * rejected)).mean()
        )
    ),
    "accuracy": _of_margins(_accuracy),
    "share of errors": _of_margins(_share_of_errors),
    **{f"margins cut at {most}": _clamped(most) for most in CUTS},
    "chosen detached": _detached("chosen"),
    "rejected detached": _detached("rejected"),
    "both detached": _detached("chosen", "rejected"),
}

MISTAKES = {**_READ, **_OTHER_MARGINS, **_OTHER_LOSSES}
