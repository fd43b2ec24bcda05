"""Exercise: which gradients of a padded batch of completions flow, token by token."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _share(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    ratios = np.exp(log_probs - old_log_probs)
    good, bad = advantages[:, None] > 0, advantages[:, None] < 0
    stopped = (good & (ratios > 1 + clip_epsilon)) | (bad & (ratios < 1 - clip_epsilon))
    return (stopped & completion_mask).sum() / completion_mask.sum()


def _share_by_loop(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    stopped = counted = 0
    for row, advantage in enumerate(advantages):
        for t in range(completion_mask.shape[1]):
            if not completion_mask[row, t]:
                continue
            counted += 1
            ratio = np.exp(log_probs[row, t] - old_log_probs[row, t])
            too_far = ratio - 1 if advantage > 0 else 1 - ratio
            stopped += advantage != 0 and too_far > clip_epsilon
    return stopped / counted


def _stopped(ratios, advantages, clip_epsilon):
    """Of any shapes that fit together."""
    good, bad = advantages > 0, advantages < 0
    return (good & (ratios > 1 + clip_epsilon)) | (bad & (ratios < 1 - clip_epsilon))


def _with_rule(rule):
    """A wrong answer: other tokens, told by ratios, a column of advantages, eps."""

    def share(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
        ratios = np.exp(log_probs - old_log_probs)
        stopped = rule(ratios, advantages[:, None], clip_epsilon)
        return np.broadcast_to(stopped, completion_mask.shape)[completion_mask].mean()

    return share


def _with_ratios(ratios_of):
    """A wrong answer: other ratios [B, T], made of new, old and mask."""

    def share(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
        ratios = ratios_of(log_probs, old_log_probs, completion_mask)
        return _stopped(ratios, advantages[:, None], clip_epsilon)[completion_mask].mean()

    return share


def _with_count(count):
    """A wrong answer: the right tokens, counted in another way."""

    def share(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
        ratios = np.exp(log_probs - old_log_probs)
        stopped = _stopped(ratios, advantages[:, None], clip_epsilon)
        with np.errstate(invalid="ignore"):  # no padding: 0 / 0
            return count(stopped, completion_mask, advantages[:, None])

    return share


def _of_completions(ratios_of):
    """A wrong answer: the share of completions, each with one ratio."""

    def share(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
        ratios = ratios_of(log_probs, old_log_probs, completion_mask)[:, 0]
        return _stopped(ratios, advantages, clip_epsilon).mean()

    return share


def _whole(log_probs, old_log_probs, mask):
    """The product of a completion's ratios, at each of its tokens."""
    log_ratios = np.where(mask, log_probs - old_log_probs, 0.0)
    return np.exp(log_ratios.sum(axis=1, keepdims=True)) * np.ones(mask.shape)


def _geometric_mean(log_probs, old_log_probs, mask):
    return _whole(log_probs, old_log_probs, mask) ** (1 / mask.sum(axis=1, keepdims=True))


def _quotient_of_logs(log_probs, old_log_probs, mask):
    return log_probs / old_log_probs


def _next_mask(mask):
    return np.append(mask[:, 1:], np.zeros((len(mask), 1), dtype=bool), axis=1)


def _outside(ratios, clip_epsilon):
    return abs(ratios - 1) > clip_epsilon


def _clip_fraction_of_all(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    return _outside(np.exp(log_probs - old_log_probs), clip_epsilon).mean()


def _among_the_outside(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    ratios = np.exp(log_probs - old_log_probs)
    outside = _outside(ratios, clip_epsilon) & completion_mask
    stopped = _stopped(ratios, advantages[:, None], clip_epsilon) & outside
    return stopped.sum() / max(outside.sum(), 1)


def _centered_over_tokens(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    """The mean advantage of all tokens is subtracted: long completions weigh more."""
    mean = np.average(advantages, weights=completion_mask.sum(axis=1))
    ratios = np.exp(log_probs - old_log_probs)
    return _stopped(ratios, (advantages - mean)[:, None], clip_epsilon)[completion_mask].mean()


def _centered(ratios, advantages, clip_epsilon):
    return _stopped(ratios, advantages - advantages.mean(), clip_epsilon)


def _case(ratios, old_probs, advantages, lengths, clip_epsilon, expected, reason) -> Case:
    ratios = np.array(ratios)
    old_log_probs = np.log(np.broadcast_to(old_probs, ratios.shape))
    return Case(
        {
            "log_probs": old_log_probs + np.log(ratios),
            "old_log_probs": old_log_probs,
            "advantages": np.array(advantages),
            "completion_mask": np.arange(ratios.shape[1]) < np.array(lengths)[:, None],
            "clip_epsilon": clip_epsilon,
        },
        expected,
        reason,
    )


EXERCISE = Exercise(
    name="token_ratios",
    cases=[
        _case(
            ratios=[
                [2.5, 1.3, 0.7, 1.3, 1.0, 0.6],
                [0.9, 1.1, 1.1, 1.15, 1.9, 1.3],
                [0.5, 0.82, 0.6, 0.81, 0.6, 0.7],
            ],
            old_probs=0.1,
            advantages=[0.5, 2.0, -0.5],
            lengths=[4, 3, 6],
            clip_epsilon=0.2,
            expected=7 / 13,
            reason="ratios 2.5, 1.3, 0.7, 1.3 (good): three are above 1.2; 0.9, 1.1, 1.1 (good): "
            "none; 0.5, 0.82, 0.6, 0.81, 0.6, 0.7 (bad): four are below 0.8. Seven of 13 tokens.",
        ),
        _case(
            ratios=[[1.25, 1.4, 0.6, 1.28], [2.0, 0.3, 1.0, 9.0], [0.75, 0.65, 0.1, 0.1]],
            old_probs=[[0.1], [0.2], [0.4]],
            advantages=[1.0, 0.0, -2.0],
            lengths=[4, 3, 2],
            clip_epsilon=0.3,
            expected=2 / 9,
            reason="1.25, 1.4, 0.6, 1.28 (good): one is above 1.3; an advantage of 0 has no "
            "gradient to stop; 0.75, 0.65 (bad): one is below 0.7. Two of nine tokens.",
        ),
        _case(
            ratios=[
                [1.21, 1.22, 1.8, 1.8, 1.8],
                [0.81, 0.825, 1.22, 0.9, 0.2],
                [1.5, 1.3, 1.4, 1.25, 0.5],
            ],
            old_probs=0.5,
            advantages=[1.0, -3.0, 0.0],
            lengths=[2, 4, 5],
            clip_epsilon=0.2,
            expected=2 / 11,
            reason="ratios 1.21, 1.22 (good) are above 1.2; 0.81, 0.825, 1.22, 0.9 (bad) are not "
            "below 0.8; the last row has an advantage of 0: two of eleven tokens.",
        ),
        _case(
            ratios=[[1.0, 1.5, 0.5, 1.0], [1.0, 0.75, 1.25, 0.25]],
            old_probs=0.25,
            advantages=[3.0, -3.0],
            lengths=[4, 4],
            clip_epsilon=0.0,
            expected=3 / 8,
            reason="the band is the point 1 alone: 1.5 (good) is stopped, 0.75 and 0.25 (bad) are. "
            "At ratio 1 the clip changes nothing.",
        ),
        _case(
            ratios=[[1.5]],
            old_probs=0.5,
            advantages=[0.01],
            lengths=[1],
            clip_epsilon=0.4,
            expected=1.0,
            reason="one token, above 1.4: however small its advantage is, it is stopped.",
        ),
    ],
    solutions=[_share, _share_by_loop],
    wrong_answers={
        "clip fraction": _with_rule(lambda ratios, a, eps: _outside(ratios, eps)),
        "clip fraction, A not 0": _with_rule(
            lambda ratios, a, eps: _outside(ratios, eps) & (a != 0)
        ),
        "clip fraction with padding": _clip_fraction_of_all,
        "clipped not smaller": _with_rule(
            lambda ratios, a, eps: np.clip(ratios, 1 - eps, 1 + eps) * a <= ratios * a
        ),
        "threshold on the log-ratio": _with_rule(
            lambda ratios, a, eps: np.sign(a) * np.log(ratios) > eps
        ),
        "size of the log-ratio": _with_rule(lambda ratios, a, eps: abs(np.log(ratios)) > eps),
        "lower edge 1 / (1 + eps)": _with_rule(
            lambda ratios, a, eps: (
                ((a > 0) & (ratios > 1 + eps)) | ((a < 0) & (ratios < 1 / (1 + eps)))
            )
        ),
        "no band": _with_rule(lambda ratios, a, eps: _stopped(ratios, a, 0.0)),
        "upper edge 1": _with_rule(
            lambda ratios, a, eps: ((a > 0) & (ratios > 1)) | ((a < 0) & (ratios < 1 - eps))
        ),
        "lower edge 1": _with_rule(
            lambda ratios, a, eps: ((a > 0) & (ratios > 1 + eps)) | ((a < 0) & (ratios < 1))
        ),
        "eps fixed at 0.2": _with_rule(lambda ratios, a, eps: _stopped(ratios, a, 0.2)),
        "the edge counted": _with_rule(
            lambda ratios, a, eps: ((a > 0) & (ratios >= 1 + eps)) | ((a < 0) & (ratios <= 1 - eps))
        ),
        "A = 0 counted as good": _with_rule(
            lambda ratios, a, eps: _stopped(ratios, np.where(a >= 0, 1, -1), eps)
        ),
        "A = 0 counted as bad": _with_rule(
            lambda ratios, a, eps: _stopped(ratios, np.where(a > 0, 1, -1), eps)
        ),
        "sides swapped": _with_rule(lambda ratios, a, eps: _stopped(ratios, -a, eps)),
        "ratio inverted": _with_rule(lambda ratios, a, eps: _stopped(1 / ratios, a, eps)),
        "above the band, whatever the sign": _with_rule(lambda ratios, a, eps: ratios > 1 + eps),
        "below the band, whatever the sign": _with_rule(lambda ratios, a, eps: ratios < 1 - eps),
        "good actions alone": _with_rule(
            lambda ratios, a, eps: _stopped(ratios, np.maximum(a, 0), eps)
        ),
        "bad actions alone": _with_rule(
            lambda ratios, a, eps: _stopped(ratios, np.minimum(a, 0), eps)
        ),
        "advantage times excess": _with_rule(lambda ratios, a, eps: a * (ratios - 1) > eps),
        "advantage times ratio": _with_rule(lambda ratios, a, eps: a * ratios > 1 + eps),
        "advantages centred": _with_rule(_centered),
        "advantages centred over the tokens": _centered_over_tokens,
        "no exp": _with_rule(lambda ratios, a, eps: _stopped(np.log(ratios), a, eps)),
        "quotient of logs": _with_ratios(_quotient_of_logs),
        "sequence ratio": _with_ratios(_whole),
        "mean ratio of the sequence": _with_ratios(_geometric_mean),
        "share of completions": _of_completions(_whole),
        "share of completions by mean ratio": _of_completions(_geometric_mean),
        "any token": _with_count(lambda stopped, mask, a: (stopped & mask).any(axis=1).mean()),
        "padding counted": _with_count(lambda stopped, mask, a: stopped.mean()),
        "padding in the length": _with_count(lambda stopped, mask, a: (stopped & mask).mean()),
        "padding among the stopped": _with_count(
            lambda stopped, mask, a: stopped.sum() / mask.sum()
        ),
        "mean of means": _with_count(
            lambda stopped, mask, a: ((stopped & mask).sum(axis=1) / mask.sum(axis=1)).mean()
        ),
        "one share per completion": _with_count(
            lambda stopped, mask, a: (stopped & mask).sum(axis=1) / mask.sum(axis=1)
        ),
        "one number per token": _with_count(lambda stopped, mask, a: stopped & mask),
        "mask inverted": _with_count(
            lambda stopped, mask, a: (stopped & ~mask).sum() / (~mask).sum()
        ),
        "mask shifted": _with_count(
            lambda stopped, mask, a: (stopped & _next_mask(mask)).sum() / _next_mask(mask).sum()
        ),
        "A = 0 left out": _with_count(
            lambda stopped, mask, a: (stopped & mask).sum() / (mask & (a != 0)).sum()
        ),
        "among those outside the band": _among_the_outside,
        "flowing instead": _with_count(lambda stopped, mask, a: 1 - stopped[mask].mean()),
        "count": _with_count(lambda stopped, mask, a: stopped[mask].sum()),
    },
    hints={
        "clip fraction": "this is the share of ratios outside the band. On either side one sign "
        "of the advantage keeps its gradient.",
        "clip fraction, A not 0": "you count every ratio outside the band with an advantage. A "
        "good action below the band and a bad one above it keep their gradients.",
        "clip fraction with padding": "this is the share of all ratios outside the band, padding "
        "included. Only true tokens count, and only those whose gradient stops.",
        "clipped not smaller": "inside the band both objectives are equal, and the gradient flows. "
        "Stopped is a token only where the clipped one is smaller: <, not <=.",
        "threshold on the log-ratio": "you compare the log-ratio with eps. The band is that of "
        "the ratio: a ratio of 1.21 is outside 1.2, though its logarithm is 0.19.",
        "size of the log-ratio": "you compare the size of the log-ratio with eps. The band is that "
        "of the ratio, and each sign of A stops on one side of it.",
        "lower edge 1 / (1 + eps)": "the lower edge of the band is 1 - eps, not 1 / (1 + eps): a "
        "bad token at ratio 0.81 still has its gradient.",
        "no band": "you compare the ratio with 1. A good token is stopped above 1 + eps, a bad one "
        "below 1 - eps.",
        "upper edge 1": "a good token is stopped above 1 here. Between 1 and 1 + eps its gradient "
        "still flows.",
        "lower edge 1": "a bad token is stopped below 1 here. Between 1 - eps and 1 its gradient "
        "still flows.",
        "eps fixed at 0.2": "the band has a half width of 0.2 here, whatever clip_epsilon says.",
        "the edge counted": "on the very edge of the band the clip changes nothing, so the "
        "gradient flows: > and <, not >= and <=.",
        "A = 0 counted as good": "A = 0 counts as good here. Such a token has no gradient that "
        "the clip could stop: test A > 0.",
        "A = 0 counted as bad": "A = 0 counts as bad here. Such a token has no gradient that the "
        "clip could stop: test A < 0.",
        "sides swapped": "a good action is stopped above the band, a bad one below it.",
        "ratio inverted": "the ratio is old / new here. The policy being changed stands on top.",
        "above the band, whatever the sign": "you count ratios above 1 + eps for both signs. A "
        "bad action is stopped below 1 - eps, and flows above.",
        "below the band, whatever the sign": "you count ratios below 1 - eps for both signs. A "
        "good action is stopped above 1 + eps, and flows below.",
        "good actions alone": "tokens with a negative advantage can be stopped as well, below "
        "1 - eps.",
        "bad actions alone": "tokens with a positive advantage can be stopped as well, above "
        "1 + eps.",
        "advantage times excess": "you compare A (ratio - 1) with eps. The size of the advantage "
        "does not matter: compare the ratio, and take the sign of A.",
        "advantage times ratio": "you compare A times ratio with 1 + eps. The band is that of the "
        "ratio alone; A gives the side.",
        "advantages centred": "the advantages are centred inside, which turns signs round. Take "
        "them as they are.",
        "advantages centred over the tokens": "the mean advantage of all tokens is subtracted, "
        "which turns signs round. Take the advantages as they are.",
        "no exp": "a difference of log-probabilities is the logarithm of the ratio: exp is "
        "missing.",
        "quotient of logs": "the ratio of two probabilities is exp(log_probs - old_log_probs), "
        "not the quotient of the logarithms.",
        "sequence ratio": "one ratio for the whole completion, the product over its tokens. PPO "
        "for language models clips each token's ratio.",
        "mean ratio of the sequence": "one ratio for the whole completion, the geometric mean "
        "over its tokens. PPO for language models clips each token's ratio.",
        "share of completions": "this is the share of stopped completions, each with one product "
        "of ratios. Wanted is the share of tokens.",
        "share of completions by mean ratio": "this is the share of stopped completions, each with "
        "its mean ratio, as in GSPO. Wanted is the share of tokens.",
        "any token": "this is the share of completions with a stopped token. Count the tokens.",
        "padding counted": "tokens after the end count as well. Keep those of completion_mask "
        "only.",
        "padding in the length": "the stopped tokens are right, but divide by the number of true "
        "tokens, not by the size of the array.",
        "padding among the stopped": "the length is right, but stopped tokens of the padding are "
        "counted.",
        "mean of means": "a mean per completion, then over completions, weighs tokens of short "
        "ones more. Count tokens over the whole batch.",
        "one share per completion": "this is one share per completion. Count tokens over the whole "
        "batch, for one number.",
        "one number per token": "this says for each token whether it is stopped. Return their "
        "share of the true tokens.",
        "mask inverted": "these are the tokens of the padding. The mask is True on true tokens.",
        "mask shifted": "the mask is shifted by one token. Here it belongs to the positions of the "
        "log-probabilities.",
        "A = 0 left out": "the stopped tokens are right, but tokens with A = 0 are true tokens "
        "and count in the length.",
        "among those outside the band": "this is the share among the tokens outside the band. "
        "Divide by all true tokens.",
        "flowing instead": "this is the share that still flows.",
        "count": "this is the number of stopped tokens. Divide by the number of true ones.",
    },
)
