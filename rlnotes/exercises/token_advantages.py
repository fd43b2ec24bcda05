"""Exercise: GAE per token of padded completions, with one score at the end of each."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.normalized import standardized


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
    deltas = last * scores[:, None] + following - counted
    gaps = np.arange(values.shape[1])[None, :] - np.arange(values.shape[1])[:, None]
    weights = np.where(gaps >= 0, gae_lambda ** np.maximum(gaps, 0), 0.0)
    return deltas @ weights.T


def _following(values):
    """The value of the next column, 0 behind the last one."""
    return np.append(values[:, 1:], np.zeros((len(values), 1)), axis=1)


def _behind(values, place):
    """The value of the next column, and behind the last one that of another place."""
    return np.append(values[:, 1:], values[:, [place]], axis=1)


def _sums(deltas, gae_lambda):
    """Discounted sums of whole rows, padding included."""
    sums, running = np.zeros_like(deltas), np.zeros(len(deltas))
    for t in reversed(range(deltas.shape[1])):
        running = deltas[:, t] + gae_lambda * running
        sums[:, t] = running
    return sums


def _paid(scores, mask, column):
    """The scores, each in the column that a function of its row's length gives."""
    rewards = np.zeros((len(mask), mask.shape[1] + 1))
    rewards[np.arange(len(mask)), column(mask.sum(axis=1))] = scores
    return rewards[:, :-1]


def _last_token(lengths):
    return lengths - 1


def _with_rewards(rewards_of):
    """A wrong answer: other rewards, the values and the sums being right."""

    def advantages(scores, values, completion_mask, gae_lambda):
        counted = values * completion_mask
        deltas = rewards_of(scores, completion_mask) + _following(counted) - counted
        return _sums(deltas, gae_lambda) * completion_mask

    return advantages


def _with_deltas(deltas_of):
    """A wrong answer: other TD errors, made of rewards, values and mask."""

    def advantages(scores, values, completion_mask, gae_lambda):
        rewards = _paid(scores, completion_mask, _last_token)
        return _sums(deltas_of(rewards, values, completion_mask), gae_lambda) * completion_mask

    return advantages


def _with_lambda(change):
    """A wrong answer: the right one for another lambda."""

    def advantages(scores, values, completion_mask, gae_lambda):
        return _tokens_backward(scores, values, completion_mask, change(gae_lambda))

    return advantages


def _result(change):
    """A wrong answer: the right advantages, changed."""

    def advantages(scores, values, completion_mask, gae_lambda):
        right = _tokens_backward(scores, values, completion_mask, gae_lambda)
        return change(right, values, completion_mask)

    return advantages


def _instead(make):
    """A wrong answer, made of scores (a column), values and mask without lambda."""

    def advantages(scores, values, completion_mask, gae_lambda):
        return make(scores[:, None], values, completion_mask)

    return advantages


def _last_column_values_too(scores, values, completion_mask, gae_lambda):
    rewards = np.zeros(values.shape)
    rewards[:, -1] = scores
    return _sums(rewards + _following(values) - values, gae_lambda) * completion_mask


def _weighed_score(scores, values, completion_mask, gae_lambda):
    left = np.flip(np.flip(completion_mask, axis=1).cumsum(axis=1), axis=1) - 1
    weights = gae_lambda ** np.maximum(left, 0)
    return completion_mask * (weights * scores[:, None] - values)


def _forward(scores, values, completion_mask, gae_lambda):
    counted = values * completion_mask
    rewards = _paid(scores, completion_mask, _last_token)
    backward = _sums((rewards + _following(counted) - counted)[:, ::-1], gae_lambda)
    return backward[:, ::-1] * completion_mask


def _longest_for_all(scores, values, completion_mask, gae_lambda):
    longest = completion_mask.any(axis=0) & np.ones_like(completion_mask)
    return _tokens_backward(scores, values, longest, gae_lambda) * completion_mask


def _not_reset(scores, values, completion_mask, gae_lambda):
    advantages, running = np.zeros(values.shape), 0.0
    for row, length in enumerate(completion_mask.sum(axis=1)):
        following = np.append(values[row, 1:length], scores[row])
        for t in reversed(range(length)):
            running = following[t] - values[row, t] + gae_lambda * running
            advantages[row, t] = running
    return advantages


def _over_tokens(advantages, mask, ddof=0):
    whole = np.zeros_like(advantages)
    whole[mask] = standardized(advantages[mask], ddof=ddof)
    return whole


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
        Case(
            {
                "scores": np.array([-1.0, 6.0, 0.5]),
                "values": np.array([[3.0, 4.0], [2.0, 8.0], [0.0, 5.0]]),
                "completion_mask": np.array([[True, True], [True, False], [True, True]]),
                "gae_lambda": 0.0,
            },
            [[1.0, -5.0], [4.0, 0.0], [5.0, -4.5]],
            "at lambda = 0 these are the TD errors: 4 - 3, -1 - 4; 6 - 2; 5 - 0, .5 - 5.",
        ),
    ],
    solutions=[_tokens_backward, _tokens_at_once],
    wrong_answers={
        "score in the last column": _with_rewards(
            lambda scores, mask: _paid(scores, mask, lambda _: mask.shape[1] - 1)
        ),
        "last column, values of the padding": _last_column_values_too,
        "score lost in the padding": _with_rewards(
            lambda scores, mask: mask * _paid(scores, mask, lambda _: mask.shape[1] - 1)
        ),
        "one column too late": _with_rewards(
            lambda scores, mask: _paid(scores, mask, lambda lengths: lengths)
        ),
        "one column too late, held in the row": _with_rewards(
            lambda scores, mask: _paid(
                scores, mask, lambda lengths: np.minimum(lengths, mask.shape[1] - 1)
            )
        ),
        "score at the first token": _with_rewards(
            lambda scores, mask: _paid(scores, mask, lambda _: 0)
        ),
        "score at every token": _with_rewards(lambda scores, mask: scores[:, None] * mask),
        "score spread": _with_rewards(
            lambda scores, mask: scores[:, None] * mask / mask.sum(axis=1, keepdims=True)
        ),
        "score twice": _with_rewards(lambda scores, mask: 2 * _paid(scores, mask, _last_token)),
        "padding bootstraps": _with_deltas(
            lambda rewards, values, mask: (rewards + _following(values) - values) * mask
        ),
        "last value behind a full row": _with_deltas(
            lambda rewards, values, mask: rewards + _behind(values * mask, place=-1) - values * mask
        ),
        "first value behind a full row": _with_deltas(
            lambda rewards, values, mask: rewards + _behind(values * mask, place=0) - values * mask
        ),
        "padding in the sum": _with_deltas(
            lambda rewards, values, mask: rewards + _following(values) - values
        ),
        "last value not subtracted": _with_deltas(
            lambda rewards, values, mask: (
                rewards + (_following(values * mask) - values) * _following(mask)
            )
        ),
        "no critic": _with_deltas(lambda rewards, values, mask: rewards),
        "longest for all": _longest_for_all,
        "not reset between rows": _not_reset,
        "forward loop": _forward,
        "weighed score minus value": _weighed_score,
        "score minus value": _with_lambda(lambda _: 1.0),
        "one-step TD errors": _with_lambda(lambda _: 0.0),
        "one minus lambda": _with_lambda(lambda gae_lambda: 1 - gae_lambda),
        "score for all": _instead(lambda scores, values, mask: scores * mask),
        "score minus the first value": _instead(
            lambda scores, values, mask: mask * (scores - values[:, :1])
        ),
        "targets": _result(lambda right, values, mask: right + values * mask),
        "targets, padding not zero": _result(lambda right, values, mask: right + values),
        "padding not zero": _result(lambda right, values, mask: np.where(mask, right, -values)),
        "padding nan": _result(lambda right, values, mask: np.where(mask, right, np.nan)),
        "normalized": _result(lambda right, values, mask: _over_tokens(right, mask)),
        "normalized, sample deviation": _result(
            lambda right, values, mask: _over_tokens(right, mask, ddof=1)
        ),
        "normalized with the padding": _result(
            lambda right, values, mask: standardized(right) * mask
        ),
        "divided by the length": _result(
            lambda right, values, mask: right / mask.sum(axis=1, keepdims=True)
        ),
    },
    hints={
        "score in the last column": "the score belongs to the last token of each completion, "
        "where its mask ends, not to the last column, which may be padding.",
        "last column, values of the padding": "the score stands in the last column, and values of "
        "the padding enter the sum. Each completion ends where its mask does.",
        "score lost in the padding": "the score of a short completion is lost: it was paid in the "
        "last column, which is padding there, and masked.",
        "one column too late": "the score is paid one column too late: the last token of a "
        "completion of n tokens has the index n - 1.",
        "one column too late, held in the row": "the score of a short completion is paid one "
        "column too late: the last token of a completion of n tokens has the index n - 1.",
        "score at the first token": "the score is paid at the first token. It comes at the last.",
        "score at every token": "the score is paid once, at the last token; you pay it again "
        "at each.",
        "score spread": "the score is spread over the tokens. It is paid once, at the last one.",
        "score twice": "the score is counted twice: it is the reward of the last token, and "
        "nothing follows that token.",
        "padding bootstraps": "behind the last token the episode is over: the value that "
        "stands in the padding must count as 0.",
        "last value behind a full row": "behind a completion that fills its row, its last value "
        "comes again. Nothing follows the last token: 0 stands there.",
        "first value behind a full row": "behind a completion that fills its row stands its first "
        "value, as np.roll puts it. Nothing follows the last token: 0 stands there.",
        "padding in the sum": "the TD errors of the padding reach the tokens before it. The sum "
        "ends at the last token of each completion.",
        "last value not subtracted": "the last token has a value, too: its TD error is the score "
        "minus that value.",
        "no critic": "the values are missing from the TD errors.",
        "longest for all": "every completion is taken to be as long as the longest. Each ends "
        "where its own mask does.",
        "not reset between rows": "the sum of one completion runs into the next: it starts at 0 "
        "in each row.",
        "forward loop": "the loop runs forward, so tokens get the TD errors before them. Go "
        "backward.",
        "weighed score minus value": "lambda^k stands before the score alone. It weighs the TD "
        "errors: the values in between count, too.",
        "score minus value": "this is the advantage at lambda = 1. Smaller lambdas weigh the "
        "TD errors of later tokens by lambda^k.",
        "one-step TD errors": "these are the TD errors; add the later ones with weights lambda^k.",
        "one minus lambda": "1 - lambda stands where lambda should.",
        "score for all": "every token gets the score. Subtract what the critic expected: sum the "
        "TD errors.",
        "score minus the first value": "every token gets the score minus the value of the prompt. "
        "Each has its own value, and its own sum of later TD errors.",
        "targets": "these are the value targets A + V. Asked is A.",
        "targets, padding not zero": "these are the value targets A + V, and the padding holds "
        "values. Asked is A, with 0 there.",
        "padding not zero": "positions outside the completion mask must be 0; "
        "their values mean nothing.",
        "padding nan": "the padding holds nan. Fill it with 0.",
        "normalized": "return the advantages as they are. Normalization is a step of its own.",
        "normalized, sample deviation": "the advantages are normalized over the tokens, dividing "
        "by n - 1. Return them in units of reward.",
        "normalized with the padding": "the advantages are normalized, and the zeros of the "
        "padding enter mean and deviation. Return them as they are.",
        "divided by the length": "the advantages are divided by the length of the completion. "
        "Each is a sum: leave it so.",
    },
)
