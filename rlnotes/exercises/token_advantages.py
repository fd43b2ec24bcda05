"""Exercise: GAE per token of padded completions, with one score at the end of each."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _tokens_backward(scores, values, completion_mask, gae_lambda):
    advantages = np.zeros(values.shape)
    for row, length in enumerate(completion_mask.sum(axis=1)):
        running, following = 0.0, 0.0
        for t in reversed(range(length)):
            reward = scores[row] if t == length - 1 else 0.0
            running = reward + following - values[row, t] + gae_lambda * running
            following = values[row, t]
            advantages[row, t] = running
    return advantages


def _tokens_at_once(scores, values, completion_mask, gae_lambda):
    mask = completion_mask.astype(float)
    counted = values * mask
    following = np.concatenate([counted[:, 1:], np.zeros((len(values), 1))], axis=1)
    last = mask - np.concatenate([mask[:, 1:], np.zeros((len(values), 1))], axis=1)
    deltas = last * np.asarray(scores)[:, None] + following - counted
    gaps = np.arange(values.shape[1])[None, :] - np.arange(values.shape[1])[:, None]
    weights = np.where(gaps >= 0, gae_lambda ** np.maximum(gaps, 0), 0.0)
    return (deltas @ weights.T) * mask


def _tokens_score_in_the_last_column(scores, values, completion_mask, gae_lambda):
    return completion_mask * _tokens_backward(
        scores, values * completion_mask, np.ones_like(completion_mask), gae_lambda
    )


def _tokens_padding_bootstraps(scores, values, completion_mask, gae_lambda):
    padded = np.concatenate([values, np.zeros((len(values), 1))], axis=1)
    advantages = _tokens_backward(scores, values, completion_mask, gae_lambda)
    for row, length in enumerate(completion_mask.sum(axis=1)):
        weights = gae_lambda ** np.arange(length)[::-1]
        advantages[row, :length] += weights * padded[row, length]
    return advantages


def _tokens_padding_in_the_sum(scores, values, completion_mask, gae_lambda):
    advantages = np.zeros(values.shape)
    for row, length in enumerate(completion_mask.sum(axis=1)):
        running, following = 0.0, 0.0
        for t in reversed(range(values.shape[1])):
            reward = scores[row] if t == length - 1 else 0.0
            running = reward + following - values[row, t] + gae_lambda * running
            following = values[row, t]
            advantages[row, t] = running
    return advantages * completion_mask


def _tokens_targets(scores, values, completion_mask, gae_lambda):
    advantages = _tokens_backward(scores, values, completion_mask, gae_lambda)
    return completion_mask * (advantages + values)


def _tokens_score_twice(scores, values, completion_mask, gae_lambda):
    return _tokens_backward(2 * np.asarray(scores), values, completion_mask, gae_lambda)


def _tokens_padding_not_masked(scores, values, completion_mask, gae_lambda):
    advantages = _tokens_backward(scores, values, completion_mask, gae_lambda)
    return np.where(completion_mask, advantages, -values)


def _tokens_score_at_every_token(scores, values, completion_mask, gae_lambda):
    advantages = np.zeros(values.shape)
    for row, length in enumerate(completion_mask.sum(axis=1)):
        running, following = 0.0, 0.0
        for t in reversed(range(length)):
            running = scores[row] + following - values[row, t] + gae_lambda * running
            following = values[row, t]
            advantages[row, t] = running
    return advantages


def _tokens_score_minus_value(scores, values, completion_mask, gae_lambda):
    return completion_mask * (np.asarray(scores)[:, None] - values)


def _tokens_without_values(scores, values, completion_mask, gae_lambda):
    return _tokens_backward(scores, 0 * values, completion_mask, gae_lambda)


def _tokens_td_errors(scores, values, completion_mask, gae_lambda):
    return _tokens_backward(scores, values, completion_mask, 0.0)


def _tokens_normalized(scores, values, completion_mask, gae_lambda):
    advantages = _tokens_backward(scores, values, completion_mask, gae_lambda)
    valid = advantages[completion_mask]
    return np.where(completion_mask, (advantages - valid.mean()) / (valid.std() + 1e-8), 0.0)


def _tokens_first_value(scores, values, completion_mask, gae_lambda):
    return completion_mask * (np.asarray(scores)[:, None] - values[:, :1])


def _tokens_running_not_reset(scores, values, completion_mask, gae_lambda):
    advantages, running = np.zeros(values.shape), 0.0
    for row, length in enumerate(completion_mask.sum(axis=1)):
        following = np.append(values[row, 1:length], scores[row])
        for t in reversed(range(length)):
            running = following[t] - values[row, t] + gae_lambda * running
            advantages[row, t] = running
    return advantages


EXERCISE = Exercise(
    name="token_advantages",
    cases=[
        Case(
            {
                "scores": np.array([1.0, 2.0]),
                "values": np.array([[0.5, 0.6, 0.8], [1.0, 7.0, -3.0]]),
                "completion_mask": np.array([[True, True, True], [True, False, False]]),
                "gae_lambda": 0.95,
            },
            [[0.4705, 0.39, 0.2], [1.0, 0.0, 0.0]],
            "the first row is .1 + .95 * .2 + .95^2 * .2 and so on; the second completion "
            "has one token, 2 - 1 = 1, and behind it only padding.",
        ),
        Case(
            {
                "scores": np.array([4.0]),
                "values": np.array([[1.0, 2.0, 9.0, 9.0]]),
                "completion_mask": np.array([[True, True, False, False]]),
                "gae_lambda": 0.5,
            },
            [[2.0, 2.0, 0.0, 0.0]],
            "token 1: 4 - 2 = 2. Token 0: 2 - 1 + .5 * 2 = 2. Padding is 0.",
        ),
        Case(
            {
                "scores": np.array([3.0]),
                "values": np.array([[1.0, 5.0, 2.0]]),
                "completion_mask": np.array([[True, True, True]]),
                "gae_lambda": 1.0,
            },
            [[2.0, -2.0, 1.0]],
            "at lambda = 1 each token has the score minus its own value.",
        ),
    ],
    solutions=[_tokens_backward, _tokens_at_once],
    wrong_answers={
        "score in the last column": _tokens_score_in_the_last_column,
        "padding bootstraps": _tokens_padding_bootstraps,
        "padding in the sum": _tokens_padding_in_the_sum,
        "targets": _tokens_targets,
        "score twice": _tokens_score_twice,
        "padding not zero": _tokens_padding_not_masked,
        "score at every token": _tokens_score_at_every_token,
        "score minus value": _tokens_score_minus_value,
        "no critic": _tokens_without_values,
        "one-step TD errors": _tokens_td_errors,
        "normalized": _tokens_normalized,
        "score minus the first value": _tokens_first_value,
        "not reset between rows": _tokens_running_not_reset,
    },
    hints={
        "score in the last column": "the score belongs to the last token of each completion, "
        "where its mask ends, not to the last column, which may be padding.",
        "padding bootstraps": "behind the last token the episode is over: the value that "
        "stands in the padding must count as 0.",
        "padding in the sum": "the TD errors of the padding reach the tokens before it. The sum "
        "ends at the last token of each completion.",
        "targets": "these are the value targets A + V. Asked is A.",
        "score twice": "the score is counted twice: it is the reward of the last token, and "
        "nothing follows that token.",
        "padding not zero": "positions outside the completion mask must be 0; "
        "their values mean nothing.",
        "score at every token": "the score is paid once, at the last token; you pay it again "
        "at each.",
        "score minus value": "this is the advantage at lambda = 1. Smaller lambdas weigh the "
        "TD errors of later tokens by lambda^k.",
        "no critic": "the values are missing from the TD errors.",
        "one-step TD errors": "these are the TD errors; add the later ones with weights lambda^k.",
        "score minus the first value": "every token gets the score minus the value of the prompt. "
        "Each has its own value, and its own sum of later TD errors.",
        "not reset between rows": "the sum of one completion runs into the next: it starts at 0 "
        "in each row.",
        "normalized": "return the advantages as they are. Normalization is a step of its own.",
    },
)
