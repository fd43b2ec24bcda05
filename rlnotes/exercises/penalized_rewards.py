"""Exercise: per-token rewards of RLHF, a KL price on each token and one score."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _rewards_by_loop(scores, log_probs, ref_log_probs, lengths, beta):
    rewards = np.zeros(log_probs.shape)
    for row, length in enumerate(lengths):
        for t in range(length):
            rewards[row, t] = -beta * (log_probs[row, t] - ref_log_probs[row, t])
        rewards[row, length - 1] += scores[row]
    return rewards


def _rewards_at_once(scores, log_probs, ref_log_probs, lengths, beta):
    places = np.arange(log_probs.shape[1])[None, :]
    prices = beta * (ref_log_probs - log_probs)
    ends = places == lengths[:, None] - 1
    return prices * (places < lengths[:, None]) + scores[:, None] * ends


def _counts(log_probs, lengths):
    """True on the tokens of each completion."""
    return np.arange(log_probs.shape[1]) < lengths[:, None]


def _ends(log_probs, lengths):
    """True on the last token of each completion."""
    return np.arange(log_probs.shape[1]) == lengths[:, None] - 1


def _with_prices(prices_of):
    """A wrong answer: other prices, made of the log-probabilities, mask and beta."""

    def rewards(scores, log_probs, ref_log_probs, lengths, beta):
        counts = _counts(log_probs, lengths)
        prices = prices_of(log_probs, ref_log_probs, counts, beta)
        return np.where(counts, prices, 0.0) + scores[:, None] * _ends(log_probs, lengths)

    return rewards


def _with_estimate(estimate):
    """A wrong answer: another number per token in place of the log-ratio."""
    return _with_prices(lambda new, ref, counts, beta: -beta * estimate(new, ref))


def _with_scores(scores_at):
    """A wrong answer: the scores in other places, made of mask, ends and lengths."""

    def rewards(scores, log_probs, ref_log_probs, lengths, beta):
        counts, ends = _counts(log_probs, lengths), _ends(log_probs, lengths)
        prices = beta * (ref_log_probs - log_probs) * counts
        return prices + scores[:, None] * scores_at(counts, ends, lengths[:, None])

    return rewards


def _result(change):
    """A wrong answer: the right rewards, changed with prices, scores and mask."""

    def rewards(scores, log_probs, ref_log_probs, lengths, beta):
        counts, ends = _counts(log_probs, lengths), _ends(log_probs, lengths)
        prices = beta * (ref_log_probs - log_probs)
        return change(prices, scores[:, None], counts, ends)

    return rewards


def _to_go(rewards):
    return np.flip(np.flip(rewards, axis=1).cumsum(axis=1), axis=1)


def _beta_on_all(scores, log_probs, ref_log_probs, lengths, beta):
    return beta * _rewards_by_loop(scores, log_probs, ref_log_probs, lengths, 1.0)


def _running_into_the_next_row(scores, log_probs, ref_log_probs, lengths, beta):
    rewards, total = np.zeros(log_probs.shape), 0.0
    for row, length in enumerate(lengths):
        for t in range(length):
            total += log_probs[row, t] - ref_log_probs[row, t]
        rewards[row, length - 1] = scores[row] - beta * total
    return rewards


def _always(beta_typed):
    """A wrong answer: the price is a number in the code, whatever the argument says."""

    def rewards(scores, log_probs, ref_log_probs, lengths, beta):
        return _rewards_by_loop(scores, log_probs, ref_log_probs, lengths, beta_typed)

    return rewards


def _whole_rows_at_the_end(scores, log_probs, ref_log_probs, lengths, beta):
    prices = beta * (ref_log_probs - log_probs).sum(axis=1)
    return _ends(log_probs, lengths) * (scores + prices)[:, None]


def _score_at_the_last_but_one(scores, log_probs, ref_log_probs, lengths, beta):
    rewards = _rewards_by_loop(0.0 * scores, log_probs, ref_log_probs, lengths, beta)
    rewards[np.arange(len(lengths)), lengths - 2] += scores
    return rewards


def _centred(scores, log_probs, ref_log_probs, lengths, beta):
    return _rewards_by_loop(scores - scores.mean(), log_probs, ref_log_probs, lengths, beta)


def _normalized(scores, log_probs, ref_log_probs, lengths, beta):
    scores = (scores - scores.mean()) / (scores.std() + 1e-8)
    return _rewards_by_loop(scores, log_probs, ref_log_probs, lengths, beta)


def _last_column(counts, ends, lengths):
    return np.arange(counts.shape[1]) == counts.shape[1] - 1


def _one_too_late(counts, ends, lengths):
    return np.arange(counts.shape[1]) == np.minimum(lengths, counts.shape[1] - 1)


def _clipped(new, ref):
    return np.maximum(new - ref, 0.0)


def _case(scores, log_probs, ref_log_probs, lengths, beta, expected, reason) -> Case:
    return Case(
        {
            "scores": np.array(scores, dtype=float),
            "log_probs": np.array(log_probs, dtype=float),
            "ref_log_probs": np.array(ref_log_probs, dtype=float),
            "lengths": np.array(lengths),
            "beta": beta,
        },
        expected,
        reason,
    )


_TYPED_BETAS = (0.01, 0.05, 0.1, 0.2)

_WRONG_PRICES = {
    "ratio inverted": _with_estimate(lambda new, ref: ref - new),
    "quotient of logs": _with_estimate(lambda new, ref: new / ref),
    "ratio, not its logarithm": _with_estimate(lambda new, ref: np.exp(new - ref)),
    "difference of probabilities": _with_estimate(lambda new, ref: np.exp(new) - np.exp(ref)),
    "weighed by the probability": _with_estimate(lambda new, ref: np.exp(new) * (new - ref)),
    "size of the log-ratio": _with_estimate(lambda new, ref: abs(new - ref)),
    "negative prices cut": _with_estimate(_clipped),
    "k2": _with_estimate(lambda new, ref: (new - ref) ** 2 / 2),
    "square": _with_estimate(lambda new, ref: (new - ref) ** 2),
    "k3": _with_estimate(lambda new, ref: np.expm1(ref - new) - (ref - new)),
    "reference forgotten": _with_estimate(lambda new, ref: new),
    "policy forgotten": _with_estimate(lambda new, ref: ref),
    "beta missing": _with_prices(lambda new, ref, counts, beta: ref - new),
    "divided by beta": _with_prices(lambda new, ref, counts, beta: (ref - new) / (beta or 1.0)),
    "no price": _with_prices(lambda new, ref, counts, beta: 0.0 * new),
    "mean over the tokens": _with_prices(
        lambda new, ref, counts, beta: beta * (ref - new) / counts.sum(axis=1, keepdims=True)
    ),
    "price of the whole at each token": _with_prices(
        lambda new, ref, counts, beta: (
            beta * ((ref - new) * counts).sum(axis=1, keepdims=True) * np.ones(new.shape)
        )
    ),
    "running price": _with_prices(
        lambda new, ref, counts, beta: (beta * (ref - new) * counts).cumsum(axis=1)
    ),
}

_WRONG_SCORES = {
    "score at every token": _with_scores(lambda counts, ends, lengths: counts),
    "score spread": _with_scores(lambda counts, ends, lengths: counts / lengths),
    "score in the last column": _with_scores(_last_column),
    "score lost in the padding": _with_scores(
        lambda counts, ends, lengths: counts & _last_column(counts, ends, lengths)
    ),
    "score one column too late": _with_scores(_one_too_late),
    "score at the first token": _with_scores(
        lambda counts, ends, lengths: np.arange(counts.shape[1]) == 0
    ),
    "score subtracted": _with_scores(lambda counts, ends, lengths: -1 * ends),
    "score twice": _with_scores(lambda counts, ends, lengths: 2 * ends),
    "no score": _with_scores(lambda counts, ends, lengths: 0 * ends),
}

_WRONG_RESULTS = {
    "score in place of the last price": _result(
        lambda prices, scores, counts, ends: np.where(ends, scores, prices * counts)
    ),
    "whole price at the end": _result(
        lambda prices, scores, counts, ends: (
            ends * (scores + (prices * counts).sum(axis=1, keepdims=True))
        )
    ),
    "whole price at the end, too": _result(
        lambda prices, scores, counts, ends: (
            prices * counts + ends * (scores + (prices * counts).sum(axis=1, keepdims=True))
        )
    ),
    "last price alone": _result(lambda prices, scores, counts, ends: ends * (scores + prices)),
    "last price twice": _result(
        lambda prices, scores, counts, ends: prices * counts + ends * (scores + prices)
    ),
    "first price left out": _result(
        lambda prices, scores, counts, ends: (
            prices * counts * (np.arange(counts.shape[1]) > 0) + ends * scores
        )
    ),
    "price on the padding": _result(lambda prices, scores, counts, ends: prices + ends * scores),
    "price on the padding, score in the last column": _result(
        lambda prices, scores, counts, ends: prices + scores * _last_column(counts, ends, None)
    ),
    "padding nan": _result(
        lambda prices, scores, counts, ends: np.where(counts, prices + ends * scores, np.nan)
    ),
    "rewards-to-go": _result(
        lambda prices, scores, counts, ends: counts * _to_go(prices * counts + ends * scores)
    ),
    "sums from the left": _result(
        lambda prices, scores, counts, ends: (prices * counts + ends * scores).cumsum(axis=1)
    ),
    "one number per completion": _result(
        lambda prices, scores, counts, ends: (prices * counts + ends * scores).sum(axis=1)
    ),
}

EXERCISE = Exercise(
    name="penalized_rewards",
    cases=[
        _case(
            scores=[2, -1],
            log_probs=[[-1, -2, -0.5], [-3, -1, -4]],
            ref_log_probs=[[-2, -1.5, -1], [-1, -2, -9]],
            lengths=[3, 2],
            beta=0.1,
            expected=[[-0.1, 0.05, 1.95], [0.2, -1.1, 0.0]],
            reason="log-ratios 1, -0.5, 0.5 and -2, 1; times -0.1; the scores 2 and -1 come on "
            "top of the last token of each. The second completion has two tokens.",
        ),
        _case(
            scores=[3, 0.5, 1],
            log_probs=[[-1, -5, -7, -2], [-2, -2, -1, -6], [-4, -1, -2, -1]],
            ref_log_probs=[[-3, -1, -2, -9], [-2, -2, -3, -1], [-1, -2, -3, -5]],
            lengths=[1, 4, 2],
            beta=0.5,
            expected=[[2, 0, 0, 0], [0, 0, -1, 3], [1.5, 0.5, 0, 0]],
            reason="row 0 has one token: 3 - 0.5 * 2. Row 1 has four, log-ratios 0, 0, 2, -5: "
            "the last is 0.5 + 0.5 * 5. Row 2 has two, -3 and 1: 1 - 0.5 * 1.",
        ),
        _case(
            scores=[-2],
            log_probs=[[-1, -2, -3]],
            ref_log_probs=[[-2, -5, -1]],
            lengths=[2],
            beta=0.0,
            expected=[[0, -2, 0]],
            reason="at beta 0 nothing is charged: the score alone, at the last of two tokens.",
        ),
        _case(
            scores=[1, 4],
            log_probs=[[-2, -3], [-1, -1]],
            ref_log_probs=[[-1, -1], [-4, -2]],
            lengths=[2, 1],
            beta=2.0,
            expected=[[2, 5], [-2, 0]],
            reason="log-ratios -1, -2 and 3, times -2: tokens that the policy makes less likely "
            "than the reference does earn something.",
        ),
    ],
    solutions=[_rewards_by_loop, _rewards_at_once],
    wrong_answers={
        **_WRONG_PRICES,
        **_WRONG_SCORES,
        **_WRONG_RESULTS,
        "whole rows at the end": _whole_rows_at_the_end,
        "score at the last token but one": _score_at_the_last_but_one,
        "score less the mean": _centred,
        "score normalized": _normalized,
        **{f"beta always {beta}": _always(beta) for beta in _TYPED_BETAS},
        "beta on the score, too": _beta_on_all,
        "running into the next row": _running_into_the_next_row,
    },
    hints={
        "ratio inverted": "the price has the wrong sign: what the policy makes likelier than the "
        "reference does costs -beta * (log_probs - ref_log_probs).",
        "quotient of logs": "the log-ratio is the difference of the logarithms, not their "
        "quotient.",
        "ratio, not its logarithm": "the price is the logarithm of the ratio, the difference "
        "itself: no exp.",
        "difference of probabilities": "you subtract probabilities. Subtract their logarithms: "
        "that has the KL as its mean.",
        "weighed by the probability": "the sampling weighs by the probability already: these "
        "tokens were drawn from the policy. Charge the log-ratio alone.",
        "size of the log-ratio": "you charge the size of the log-ratio. Its sign counts: the "
        "mean is the KL only if tokens that became less likely earn something.",
        "negative prices cut": "negative log-ratios count as 0 here. They must earn something: "
        "else the mean is more than the KL.",
        "k2": "you charge k2, half the squared log-ratio. The price is the log-ratio itself.",
        "square": "you charge the squared log-ratio. The price is the log-ratio itself.",
        "k3": "you charge k3. Its mean is the KL, too, but only that of the log-ratio adds up to "
        "score - beta log(pi / pi_ref) of the whole completion.",
        "reference forgotten": "ref_log_probs are not used: that is a bonus for entropy, not a "
        "price on the distance to the reference.",
        "policy forgotten": "log_probs are not used. The price compares both policies.",
        "beta missing": "beta is missing in front of the log-ratio.",
        "divided by beta": "the log-ratio is divided by beta. Multiply.",
        "no price": "the price is missing: each token costs beta times its log-ratio.",
        "mean over the tokens": "the log-ratios are divided by the length. The price of a "
        "completion is a sum over its tokens.",
        "price of the whole at each token": "each token pays for the whole completion. It pays its "
        "own log-ratio.",
        "running price": "each token pays for those before it again. It pays its own log-ratio.",
        "score at every token": "the score is paid at every token. It is paid once, at the last "
        "one.",
        "score spread": "the score is spread over the tokens. It is paid once, at the last one.",
        "score in the last column": "the score stands in the last column, which may be padding. "
        "The last token of a completion has the index length - 1.",
        "score lost in the padding": "the score of a short completion is lost. Its last token has "
        "the index length - 1.",
        "score one column too late": "the score comes one column too late: the last token has the "
        "index length - 1.",
        "score at the first token": "the score is paid at the first token. It comes at the last.",
        "score subtracted": "the score is subtracted. Add it: it is what the policy works for.",
        "score twice": "the score is counted twice.",
        "no score": "the score is missing: add it at the last token.",
        "score in place of the last price": "the last token pays no price. Either the score "
        "overwrites it (add it: +=, not =), or the loop stops one token early.",
        "whole price at the end": "the sum is right, but it is all paid at the end. Each token "
        "pays its own log-ratio, so that credit lands where it belongs.",
        "whole price at the end, too": "the price is counted twice: at each token, and once more "
        "at the end.",
        "last price alone": "only the last token pays. Each one does.",
        "last price twice": "the last token pays twice. Only the score is added there.",
        "first price left out": "the first token pays nothing. It has a log-ratio, too.",
        "price on the padding": "behind the end there is nothing to pay: rewards of the padding "
        "are 0.",
        "price on the padding, score in the last column": "every row counts as full: the padding "
        "pays, and gets the score. Use lengths.",
        "padding nan": "the padding holds nan. Fill it with 0.",
        "rewards-to-go": "these are sums of rewards from each token on. Asked are the rewards.",
        "sums from the left": "these are running sums from the left. Asked is the reward of each "
        "token alone.",
        "one number per completion": "this is one number per completion, the sum over its tokens. "
        "Return an array [B, T].",
        "whole rows at the end": "all is paid at the end, and the padding pays, too. Each token "
        "pays its own log-ratio, and behind the end there is nothing to pay.",
        "score at the last token but one": "the score comes one token too early: the last token "
        "has the index length - 1.",
        "score less the mean": "the mean of the batch is subtracted from the scores. Here a "
        "score is paid as it is.",
        "score normalized": "the scores are normalized over the batch. Here a score is paid as "
        "it is.",
        **{
            f"beta always {beta}": f"beta is {beta} in your code, whatever the argument says."
            for beta in _TYPED_BETAS
        },
        "beta on the score, too": "beta multiplies the score as well. It is the price of the KL "
        "alone.",
        "running into the next row": "the sum of one completion runs on into the next, and all is "
        "paid at the end. Each token pays its own log-ratio.",
    },
)
