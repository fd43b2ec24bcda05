"""Exercise: the log-probability that a language model gives a completion."""

from collections.abc import Callable
from itertools import product

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _log_softmax(logits, axis=1):
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _log_prob_by_gather(logits, tokens):
    return _log_softmax(logits)[np.arange(len(tokens)), tokens].sum()


def _log_prob_by_product(logits, tokens):
    probability = 1.0
    for row, token in zip(logits, tokens, strict=True):
        weights = np.exp(row - row.max())
        probability *= weights[token] / weights.sum()
    return np.log(probability)


def _log_prob_by_enumeration(logits, tokens):
    """Log of this completion's share among all V^T completions."""
    steps, vocabulary = logits.shape
    weights = {
        text: np.exp(sum(logits[t, token] for t, token in enumerate(text)))
        for text in product(range(vocabulary), repeat=steps)
    }
    return np.log(weights[tuple(tokens)] / sum(weights.values()))


def _summed(log_probs: Callable) -> Callable:
    """The right sum, of other log-probabilities: a function of the logits."""

    @np.errstate(all="ignore")  # some overflow, and the reader shall see no warning of ours
    def log_prob(logits, tokens):
        return log_probs(logits)[np.arange(len(tokens)), tokens].sum()

    return log_prob


def _of_each(combine: Callable) -> Callable:
    """Another number than the sum, from the right log-probability of each token."""

    def log_prob(logits, tokens):
        return combine(_log_softmax(logits)[np.arange(len(tokens)), tokens])

    return log_prob


def _normalized(logits):
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _normalized_half_shifted(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _normalized_by_one_number(logits):
    largest = logits.max()
    return logits - largest - np.log(np.exp(logits - largest).sum())


def _with_margin(logits):
    return np.log(np.exp(_log_softmax(logits)) + 1e-8)


def _with_tiny_margin(logits):
    return np.log(np.exp(_log_softmax(logits)) + 1e-12)


def _log_prob_greedy(logits, tokens):
    return _log_softmax(logits).max(axis=-1).sum()


def _log_prob_raw_mean(logits, tokens):
    return logits[np.arange(len(tokens)), tokens].mean()


def _log_prob_of_tokens_turned(logits, tokens):
    return _log_prob_by_gather(logits, np.roll(tokens, -1))


def _log_prob_of_later_tokens(logits, tokens):
    return _log_prob_by_gather(logits[:-1], tokens[1:])


def _log_prob_of_earlier_tokens(logits, tokens):
    return _log_prob_by_gather(logits[1:], tokens[:-1])


def _log_prob_all_pairs(logits, tokens):
    return _log_softmax(logits)[:, tokens].sum()


def _log_prob_rows(logits, tokens):
    return _log_softmax(logits)[tokens].sum()


def _log_prob_all_entries(logits, tokens):
    return _log_softmax(logits).sum()


_COUNTS = np.array([[1.0, 1.0, 3.0], [5.0, 2.0, 1.0], [1.0, 2.0, 4.0]])
_LOGITS = np.array([[0.8, 0.4, -0.4], [0.0, 0.9, 0.1], [0.2, -0.2, 0.8]])

EXERCISE = Exercise(
    name="completion_log_prob",
    cases=[
        Case(
            {"logits": np.log(_COUNTS), "tokens": np.array([2, 1, 1])},
            np.log(3 / 70),
            "exp of the logits is (1, 1, 3), (5, 2, 1) and (1, 2, 4), so the tokens have the "
            "probabilities 3/5, 2/8 and 2/7: log(3/5 * 2/8 * 2/7) = log(3/70).",
        ),
        Case(
            {"logits": np.zeros((3, 2)), "tokens": np.array([0, 1, 1])},
            3 * np.log(0.5),
            "two equally likely tokens, three times: log(1/2 * 1/2 * 1/2).",
        ),
        *(
            Case(
                {"logits": _LOGITS, "tokens": np.array(tokens)},
                _log_prob_by_enumeration(_LOGITS, tokens),
                "its share among all 27 completions, by enumeration.",
            )
            for tokens in ([0, 1, 2], [2, 0, 0])
        ),
        Case(
            {"logits": np.array([[0.0, np.log(3.0)]]), "tokens": np.array([1])},
            np.log(0.75),
            "one token of probability 3/4.",
        ),
        Case(
            {
                "logits": np.array([[1000.0, 960.0, 0.0], [-1000.0, -1000.0, -2000.0]]),
                "tokens": np.array([1, 0]),
            },
            -40.0 + np.log(0.5),
            "only differences of logits matter: the first token is exp(-40) times as likely as "
            "the best one, the second has probability 1/2. Nothing may overflow on the way, and "
            "no margin may be added to such a small probability.",
        ),
    ],
    solutions=[_log_prob_by_gather, _log_prob_by_product],
    wrong_answers={
        "no shift": _summed(_normalized),
        "global shift": _summed(lambda logits: _normalized(logits - logits.max())),
        "shift by the minimum": _summed(
            lambda logits: _normalized(logits - logits.min(axis=1, keepdims=True))
        ),
        "shift along time": _summed(lambda logits: _normalized(logits - logits.max(axis=0))),
        "shift in one place only": _summed(_normalized_half_shifted),
        "margin in the log": _summed(_with_margin),
        "tiny margin in the log": _summed(_with_tiny_margin),
        "raw logits": _summed(lambda logits: logits),
        "mean of the raw logits": _log_prob_raw_mean,
        "sigmoid": _summed(lambda logits: -np.logaddexp(0.0, -logits)),
        "not divided by the sum": _summed(
            lambda logits: logits - logits.max(axis=1, keepdims=True)
        ),
        "softmax over time": _summed(lambda logits: _log_softmax(logits, axis=0)),
        "one normalizer": _summed(_normalized_by_one_number),
        "softmax twice": _summed(lambda logits: _log_softmax(np.exp(_log_softmax(logits)))),
        "mean over tokens": _of_each(np.mean),
        "mean over tokens, negative": _of_each(lambda each: -each.mean()),
        "negative": _of_each(lambda each: -each.sum()),
        "probability, no log": _of_each(lambda each: np.exp(each.sum())),
        "sum of probabilities": _of_each(lambda each: np.exp(each).sum()),
        "sum before the log": _of_each(lambda each: np.log(np.exp(each).sum())),
        "mean before the log": _of_each(lambda each: np.log(np.exp(each).mean())),
        "product of logs": _of_each(np.prod),
        "perplexity": _of_each(lambda each: np.exp(-each.mean())),
        "one per token": _of_each(np.array),
        "one per token, as a column": _of_each(lambda each: each[:, None]),
        "last token only": _of_each(lambda each: each[-1]),
        "first token only": _of_each(lambda each: each[0]),
        "last token left out": _of_each(lambda each: each[:-1].sum()),
        "first token left out": _of_each(lambda each: each[1:].sum()),
        "greedy tokens": _log_prob_greedy,
        "later tokens": _log_prob_of_later_tokens,
        "earlier tokens": _log_prob_of_earlier_tokens,
        "tokens turned": _log_prob_of_tokens_turned,
        "all pairs": _log_prob_all_pairs,
        "rows for tokens": _log_prob_rows,
        "tokens not used": _log_prob_all_entries,
    },
    hints={
        "no shift": "exp of a large logit is infinite, and of a very negative one 0. Subtract the "
        "row maximum first, each row's own: the probabilities stay the same.",
        "global shift": "one maximum for all rows is too large for some: exp gives 0 in a whole "
        "row, and its log is infinite. Subtract each row's own maximum.",
        "shift by the minimum": "after subtracting the row minimum the largest logit can still "
        "overflow. Subtract the row maximum.",
        "shift along time": "you subtract the maximum along time, one per column, so that a whole "
        "row can become 0 under exp. Subtract the maximum of each row.",
        "shift in one place only": "you subtract the row maximum outside the log only: the sum of "
        "exp must be taken of the shifted logits, too.",
        "margin in the log": "you add a small number before the log, which changes unlikely "
        "tokens. Subtract the log of the sum from the logits instead.",
        "tiny margin in the log": "even 1e-12 before the log changes a very unlikely token. "
        "Subtract the log of the sum from the logits instead.",
        "raw logits": "logits are not log-probabilities: subtract the log of the sum of "
        "exp(logits), step by step.",
        "mean of the raw logits": "logits are not log-probabilities, and wanted is a sum, not a "
        "mean: subtract the log of the sum of exp(logits) in each row first.",
        "sigmoid": "this is a sigmoid of each logit alone; the softmax compares the logits of one "
        "row.",
        "not divided by the sum": "subtracting the row maximum does not normalize: subtract the "
        "log of the sum of exp, too.",
        "softmax over time": "the softmax runs over the vocabulary, the last axis.",
        "one normalizer": "one sum over all steps normalizes nothing: each step has its own sum "
        "over the vocabulary.",
        "softmax twice": "the softmax is taken twice: once gives probabilities, and then only "
        "the log is missing.",
        "mean over tokens": "this is the mean per token. The probability of the text is a "
        "product over tokens, its log a sum.",
        "mean over tokens, negative": "this is the cross-entropy, minus the mean per token. "
        "Wanted is the sum, with its sign.",
        "negative": "the sign is turned round: this is the negative log-likelihood, a loss.",
        "probability, no log": "this is the probability; take its logarithm.",
        "sum of probabilities": "these are probabilities added up. Take the log of each first.",
        "sum before the log": "you add the probabilities and take the log of the sum. Take the "
        "log of each, and add then.",
        "mean before the log": "you take the log of a mean of probabilities. Take the log of each, "
        "and add then.",
        "product of logs": "the probabilities are multiplied, so their logs are added.",
        "perplexity": "this is the perplexity, exp of minus the mean; wanted is the sum of logs.",
        "one per token": "these are the log-probabilities of the single tokens: add them up.",
        "one per token, as a column": "these are the log-probabilities of the single tokens, in a "
        "column: add them up.",
        "last token only": "only the last token counts here; add up all of them.",
        "first token only": "only the first token counts here; add up all of them.",
        "last token left out": "the last token is left out; the sum has T terms.",
        "first token left out": "the first token is left out; the sum has T terms.",
        "greedy tokens": "these are the likeliest tokens; use the tokens that were written.",
        "later tokens": "you score tokens[t + 1] with row t. Here row t already belongs to "
        "tokens[t]: shift nothing.",
        "earlier tokens": "you score tokens[t - 1] with row t. Row t belongs to tokens[t].",
        "tokens turned": "you score tokens[t + 1] with row t, and tokens[0] with the last row. "
        "Row t belongs to tokens[t].",
        "all pairs": "[:, tokens] takes every token at every step, a [T, T] array. Pair them: "
        "[np.arange(T), tokens].",
        "rows for tokens": "[tokens] takes whole rows, as if tokens were steps. Take one entry of "
        "each row: [np.arange(T), tokens].",
        "tokens not used": "you add up all entries; take that of the written token at each step.",
    },
)
