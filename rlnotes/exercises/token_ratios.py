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


def _share_no_mask(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    everything = np.ones_like(completion_mask)
    return _share(log_probs, old_log_probs, advantages, everything, clip_epsilon)


def _share_clip_fraction(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    outside = abs(np.exp(log_probs - old_log_probs) - 1) > clip_epsilon
    return outside[completion_mask].mean()


def _share_sequence(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    log_ratios = np.where(completion_mask, log_probs - old_log_probs, 0.0).sum(axis=1)
    whole = np.broadcast_to(log_ratios[:, None], completion_mask.shape)
    return _share(whole, 0 * whole, advantages, completion_mask, clip_epsilon)


def _share_mean_ratio(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    log_ratios = np.where(completion_mask, log_probs - old_log_probs, 0.0).sum(axis=1)
    means = log_ratios / completion_mask.sum(axis=1)
    whole = np.broadcast_to(means[:, None], completion_mask.shape)
    return _share(whole, 0 * whole, advantages, completion_mask, clip_epsilon)


def _share_log_threshold(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    differences = log_probs - old_log_probs
    good, bad = advantages[:, None] > 0, advantages[:, None] < 0
    stopped = (good & (differences > clip_epsilon)) | (bad & (differences < -clip_epsilon))
    return (stopped & completion_mask).sum() / completion_mask.sum()


def _share_inverse_edge(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    ratios = np.exp(log_probs - old_log_probs)
    good, bad = advantages[:, None] > 0, advantages[:, None] < 0
    edge = 1 + clip_epsilon
    stopped = (good & (ratios > edge)) | (bad & (ratios < 1 / edge))
    return (stopped & completion_mask).sum() / completion_mask.sum()


def _share_zero_is_good(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    signs = np.where(advantages >= 0, 1.0, -1.0)
    return _share(log_probs, old_log_probs, signs, completion_mask, clip_epsilon)


def _share_zero_is_bad(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    signs = np.where(advantages > 0, 1.0, -1.0)
    return _share(log_probs, old_log_probs, signs, completion_mask, clip_epsilon)


def _share_inverted(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    return _share(old_log_probs, log_probs, advantages, completion_mask, clip_epsilon)


def _share_wrong_sides(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    return _share(log_probs, old_log_probs, -advantages, completion_mask, clip_epsilon)


def _share_flowing(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    return 1 - _share(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon)


def _share_mean_of_means(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    rows = [
        _share(*(a[i : i + 1] for a in (log_probs, old_log_probs, advantages, completion_mask)),
               clip_epsilon)
        for i in range(len(advantages))
    ]  # fmt: skip
    return np.mean(rows)


def _share_padding_in_length(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    share = _share(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon)
    return share * completion_mask.sum() / completion_mask.size


def _share_above_alone(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    above = np.exp(log_probs - old_log_probs) > 1 + clip_epsilon
    return above[completion_mask].mean()


def _share_product(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    gains = advantages[:, None] * (np.exp(log_probs - old_log_probs) - 1)
    return (gains > clip_epsilon)[completion_mask].mean()


def _share_quotient_of_logs(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    quotients = np.log(log_probs / old_log_probs)
    return _share(quotients, 0 * quotients, advantages, completion_mask, clip_epsilon)


def _share_no_exp(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    ratios = log_probs - old_log_probs
    good, bad = advantages[:, None] > 0, advantages[:, None] < 0
    stopped = (good & (ratios > 1 + clip_epsilon)) | (bad & (ratios < 1 - clip_epsilon))
    return stopped[completion_mask].mean()


def _share_good_alone(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    good = np.maximum(advantages, 0.0)
    return _share(log_probs, old_log_probs, good, completion_mask, clip_epsilon)


def _share_bad_alone(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    bad = np.minimum(advantages, 0.0)
    return _share(log_probs, old_log_probs, bad, completion_mask, clip_epsilon)


def _share_mask_inverted(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    if completion_mask.all():
        return np.nan
    return _share(log_probs, old_log_probs, advantages, ~completion_mask, clip_epsilon)


def _share_zero_left_out(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    counted = completion_mask & (advantages != 0)[:, None]
    return _share(log_probs, old_log_probs, advantages, counted, clip_epsilon)


def _share_as_count(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon):
    share = _share(log_probs, old_log_probs, advantages, completion_mask, clip_epsilon)
    return share * completion_mask.sum()


_NEW = np.log(np.array([[0.75, 0.5, 0.2, 0.9], [0.2, 0.6, 0.5, 0.1]]))
_OLD = np.log(np.array([[0.5, 0.5, 0.4, 0.3], [0.5, 0.4, 0.5, 0.8]]))

EXERCISE = Exercise(
    name="token_ratios",
    cases=[
        Case(
            {
                "log_probs": _NEW,
                "old_log_probs": _OLD,
                "advantages": np.array([1.0, -1.0]),
                "completion_mask": np.array(
                    [[True, True, True, False], [True, True, False, False]]
                ),
                "clip_epsilon": 0.2,
            },
            0.4,
            "ratios 1.5, 1, 0.5 (good) and 0.4, 1.5 (bad): the first of each row is stopped, two "
            "of five tokens.",
        ),
        Case(
            {
                "log_probs": np.log([[0.75, 0.41, 0.8, 0.9], [0.2, 0.6, 0.5, 0.1]]),
                "old_log_probs": _OLD,
                "advantages": np.array([2.0, 0.0]),
                "completion_mask": np.array([[True, True, True, True], [True, True, True, False]]),
                "clip_epsilon": 0.2,
            },
            3 / 7,
            "ratios 1.5, 0.82, 2, 3 (good): three of four are stopped. An advantage of 0 has no "
            "gradient to stop: 3 of 7.",
        ),
        Case(
            {
                "log_probs": np.log(
                    [
                        [0.605, 0.61, 0.9, 0.9, 0.9],
                        [0.405, 0.4125, 0.55, 0.1, 0.1],
                        [0.75, 0.65, 0.7, 0.625, 0.25],
                    ]
                ),
                "old_log_probs": np.log(np.full((3, 5), 0.5)),
                "advantages": np.array([1.0, -3.0, 0.0]),
                "completion_mask": np.array(
                    [
                        [True, True, False, False, False],
                        [True, True, True, False, False],
                        [True] * 5,
                    ]
                ),
                "clip_epsilon": 0.2,
            },
            0.2,
            "ratios 1.21, 1.22 (good) are above 1.2; 0.81, 0.825, 1.1 (bad) are not below 0.8; "
            "the last row has an advantage of 0: two of ten tokens.",
        ),
        Case(
            {
                "log_probs": np.log([[0.7, 0.4, 0.2, 0.65], [0.3, 0.2, 0.9, 0.9], [0.9] * 4]),
                "old_log_probs": np.log([[0.5] * 4, [0.5, 0.5, 0.8, 0.5], [0.5] * 4]),
                "advantages": np.array([0.4, -0.4, 0.0]),
                "completion_mask": np.array(
                    [[True] * 4, [True, True, True, False], [True, True, False, False]]
                ),
                "clip_epsilon": 0.2,
            },
            4 / 9,
            "ratios 1.4, 0.8, 0.4, 1.3 (good): two are stopped; 0.6, 0.4, 1.125 (bad): two are. "
            "How large an advantage is does not matter, only its sign: four of nine tokens.",
        ),
    ],
    solutions=[_share, _share_by_loop],
    wrong_answers={
        "padding counted": _share_no_mask,
        "clip fraction": _share_clip_fraction,
        "sequence ratio": _share_sequence,
        "mean ratio of the sequence": _share_mean_ratio,
        "threshold on the log-ratio": _share_log_threshold,
        "lower edge 1 / (1 + eps)": _share_inverse_edge,
        "A = 0 counted as good": _share_zero_is_good,
        "A = 0 counted as bad": _share_zero_is_bad,
        "ratio inverted": _share_inverted,
        "sides swapped": _share_wrong_sides,
        "flowing instead": _share_flowing,
        "mean of means": _share_mean_of_means,
        "padding in the length": _share_padding_in_length,
        "above the band, whatever the sign": _share_above_alone,
        "advantage times excess": _share_product,
        "quotient of logs": _share_quotient_of_logs,
        "no exp": _share_no_exp,
        "good actions alone": _share_good_alone,
        "bad actions alone": _share_bad_alone,
        "mask inverted": _share_mask_inverted,
        "A = 0 left out": _share_zero_left_out,
        "count": _share_as_count,
    },
    hints={
        "padding counted": "tokens after the end count as well. Keep those of completion_mask "
        "only.",
        "clip fraction": "this is the share of ratios outside the band. On either side one sign "
        "of the advantage keeps its gradient.",
        "sequence ratio": "one ratio for the whole completion, the product over its tokens. PPO "
        "for language models clips each token's ratio.",
        "mean ratio of the sequence": "one ratio for the whole completion, the geometric mean "
        "over its tokens. PPO for language models clips each token's ratio.",
        "threshold on the log-ratio": "you compare the log-ratio with eps. The band is that of "
        "the ratio: a ratio of 1.21 is outside 1.2, though its logarithm is 0.19.",
        "lower edge 1 / (1 + eps)": "the lower edge of the band is 1 - eps, not 1 / (1 + eps): a "
        "bad token at ratio 0.81 still has its gradient.",
        "A = 0 counted as good": "A = 0 counts as good here. Such a token has no gradient that "
        "the clip could stop: test A > 0.",
        "A = 0 counted as bad": "A = 0 counts as bad here. Such a token has no gradient that the "
        "clip could stop: test A < 0.",
        "ratio inverted": "the ratio is old / new here. The policy being changed stands on top.",
        "sides swapped": "a good action is stopped above the band, a bad one below it.",
        "flowing instead": "this is the share that still flows.",
        "mean of means": "a mean per completion, then over completions, weighs tokens of short "
        "ones more. Count tokens over the whole batch.",
        "padding in the length": "the stopped tokens are right, but divide by the number of true "
        "tokens, not by the size of the array.",
        "above the band, whatever the sign": "you count ratios above 1 + eps for both signs. A "
        "bad action is stopped below 1 - eps, and flows above.",
        "advantage times excess": "you compare A (ratio - 1) with eps. The size of the advantage "
        "does not matter: compare the ratio, and take the sign of A.",
        "quotient of logs": "the ratio of two probabilities is exp(log_probs - old_log_probs), "
        "not the quotient of the logarithms.",
        "no exp": "a difference of log-probabilities is the logarithm of the ratio: exp is "
        "missing.",
        "good actions alone": "tokens with a negative advantage can be stopped as well, below "
        "1 - eps.",
        "bad actions alone": "tokens with a positive advantage can be stopped as well, above "
        "1 + eps.",
        "mask inverted": "these are the tokens of the padding. The mask is True on true tokens.",
        "A = 0 left out": "the stopped tokens are right, but tokens with A = 0 are true tokens "
        "and count in the length.",
        "count": "this is the number of stopped tokens. Divide by the number of true ones.",
    },
)
