"""Exercise: the log-probability that a language model gives a completion."""

from itertools import product

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _log_softmax(logits, axis=-1):
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


def _log_prob_mean(logits, tokens):
    return _log_prob_by_gather(logits, tokens) / len(tokens)


def _log_prob_not_log(logits, tokens):
    return np.exp(_log_prob_by_gather(logits, tokens))


def _log_prob_raw_logits(logits, tokens):
    return logits[np.arange(len(tokens)), tokens].sum()


def _log_prob_over_time(logits, tokens):
    return _log_softmax(logits, axis=0)[np.arange(len(tokens)), tokens].sum()


def _log_prob_greedy(logits, tokens):
    return _log_softmax(logits).max(axis=-1).sum()


def _log_prob_per_token(logits, tokens):
    return _log_softmax(logits)[np.arange(len(tokens)), tokens]


def _log_prob_negative(logits, tokens):
    return -_log_prob_by_gather(logits, tokens)


def _log_prob_last_token(logits, tokens):
    return _log_softmax(logits)[-1, tokens[-1]]


def _log_prob_by_enumeration(logits, tokens):
    """Log of this completion's share among all V^T completions."""
    steps, vocabulary = logits.shape
    weights = {
        text: np.exp(sum(logits[t, token] for t, token in enumerate(text)))
        for text in product(range(vocabulary), repeat=steps)
    }
    return np.log(weights[tuple(tokens)] / sum(weights.values()))


_LOGITS = np.array([[0.8, 0.4, -0.4], [0.0, 0.9, 0.1], [0.2, -0.2, 0.8]])
_HALVES = np.zeros((3, 2))

EXERCISE = Exercise(
    name="completion_log_prob",
    cases=[
        Case(
            {"logits": _HALVES, "tokens": np.array([0, 1, 1])},
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
    ],
    solutions=[_log_prob_by_gather, _log_prob_by_product],
    wrong_answers={
        "mean over tokens": _log_prob_mean,
        "probability, no log": _log_prob_not_log,
        "raw logits": _log_prob_raw_logits,
        "softmax over time": _log_prob_over_time,
        "greedy tokens": _log_prob_greedy,
        "last token only": _log_prob_last_token,
        "one per token": _log_prob_per_token,
        "negative": _log_prob_negative,
    },
    hints={
        "mean over tokens": "this is the mean per token. The probability of the text is a "
        "product over tokens, its log a sum.",
        "probability, no log": "this is the probability; take its logarithm.",
        "raw logits": "logits are not log-probabilities: subtract the log of the sum of "
        "exp(logits), step by step.",
        "softmax over time": "the softmax runs over the vocabulary, the last axis.",
        "greedy tokens": "these are the likeliest tokens; use the tokens that were written.",
        "one per token": "these are the log-probabilities of the single tokens: add them up.",
        "negative": "the sign is turned round: this is the negative log-likelihood, a loss.",
        "last token only": "only the last token counts here; add up all of them.",
    },
)
