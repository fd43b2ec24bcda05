"""Exercise: an expectation under one policy from another's samples, and its worth."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _estimate(log_probs, sampling_log_probs, values):
    weights = np.exp(log_probs - sampling_log_probs)
    return np.mean(weights * values), weights.sum() ** 2 / (weights**2).sum()


def _estimate_by_loop(log_probs, sampling_log_probs, values):
    total = first = second = 0.0
    for new, old, value in zip(log_probs, sampling_log_probs, values, strict=True):
        weight = np.exp(new) / np.exp(old)
        total, first, second = total + weight * value, first + weight, second + weight * weight
    return total / len(values), first * first / second


def _weighted(weights_of):
    """A wrong answer: other weights in both numbers."""

    def estimate(log_probs, sampling_log_probs, values):
        weights = weights_of(log_probs, sampling_log_probs)
        with np.errstate(invalid="ignore"):  # weights of 0 make it 0 / 0
            return np.mean(weights * values), weights.sum() ** 2 / (weights**2).sum()

    return estimate


def _mean(mean_of):
    """A wrong answer: another mean, made of weights and values; the size is right."""

    def estimate(log_probs, sampling_log_probs, values):
        weights = np.exp(log_probs - sampling_log_probs)
        return mean_of(weights, values), weights.sum() ** 2 / (weights**2).sum()

    return estimate


def _size(size_of):
    """A wrong answer: another size, made of weights and values; the mean is right."""

    def estimate(log_probs, sampling_log_probs, values):
        weights = np.exp(log_probs - sampling_log_probs)
        return np.mean(weights * values), size_of(weights, values)

    return estimate


def _kish(weights):
    return weights.sum() ** 2 / (weights**2).sum()


def _plain(log_probs, sampling_log_probs, values):
    return np.mean(values), float(len(values))


def _swapped(log_probs, sampling_log_probs, values):
    return _estimate(log_probs, sampling_log_probs, values)[::-1]


def _mean_alone(log_probs, sampling_log_probs, values):
    return _estimate(log_probs, sampling_log_probs, values)[0]


def _under_the_target(log_probs, sampling_log_probs, values):
    size = _estimate(log_probs, sampling_log_probs, values)[1]
    return (np.exp(log_probs) * values).sum(), size


def _exp_of_entropy(weights, values):
    shares = weights / weights.sum()
    return np.exp(-(shares * np.log(shares)).sum())


# name -> a change of the weights that keeps large ones from counting in full
_LIMITS = {
    **{
        f"clipped at {most}": lambda w, most=most: np.minimum(w, most)
        for most in (1, 2, 5, 10, 100)
    },
    "band of PPO": lambda w: np.clip(w, 0.8, 1.2),
    "clipped at root n": lambda w: np.minimum(w, w.mean() * np.sqrt(len(w))),
}


def _limited(limit):
    return _weighted(lambda new, old: limit(np.exp(new - old)))


def _limited_mean(limit):
    return _mean(lambda weights, values: np.mean(limit(weights) * values))


def _limited_size(limit):
    return _size(lambda weights, values: _kish(limit(weights)))


def _shares(weights):
    return weights / weights.sum()


EXERCISE = Exercise(
    name="effective_samples",
    cases=[
        Case(
            {
                "log_probs": np.log([0.6, 0.5, 0.25, 0.2]),
                "sampling_log_probs": np.log([0.2, 0.25, 0.5, 0.4]),
                "values": np.array([1.0, 3.0, 4.0, 8.0]),
            },
            [3.75, 36 / 13.5],
            "weights 3, 2, 1/2, 1/2: mean (3 + 6 + 2 + 4) / 4, and 6^2 / (9 + 4 + 1/4 + 1/4).",
        ),
        Case(
            {
                "log_probs": np.log([0.3, 0.6]),
                "sampling_log_probs": np.log([0.3, 0.6]),
                "values": np.array([2.0, 7.0]),
            },
            [4.5, 2.0],
            "where both policies agree, all weights are 1.",
        ),
        Case(
            {
                "log_probs": np.log([0.75, 0.2, 0.05]),
                "sampling_log_probs": np.log([0.005, 0.4, 0.5]),
                "values": np.array([2.0, -4.0, 10.0]),
            },
            [299 / 3, 150.6**2 / (150**2 + 0.25 + 0.01)],
            "weights 150, 1/2, 1/10: mean (300 - 2 + 1) / 3. The three samples are worth hardly "
            "more than one.",
        ),
        Case(
            {
                "log_probs": np.log([0.1, 0.2]),
                "sampling_log_probs": np.log([0.4, 0.8]),
                "values": np.array([8.0, 4.0]),
            },
            [1.5, 2.0],
            "both weights are 1/4: equal weights make n_eff = n, whatever their size.",
        ),
        Case(
            {
                "log_probs": np.log([0.9]),
                "sampling_log_probs": np.log([0.3]),
                "values": np.array([-2.0]),
            },
            [-6.0, 1.0],
            "one sample of weight 3: the mean is 3 * -2, and its size is 1.",
        ),
    ],
    solutions=[_estimate, _estimate_by_loop],
    wrong_answers={
        "ratio inverted": _weighted(lambda new, old: np.exp(old - new)),
        "no weights": _plain,
        "no exp": _weighted(lambda new, old: new - old),
        "quotient of logs": _weighted(lambda new, old: new / old),
        "exp of the quotient": _weighted(lambda new, old: np.exp(new / old)),
        "another base": _weighted(lambda new, old: 10 ** (new - old)),
        "target probability as weight": _weighted(lambda new, old: np.exp(new)),
        "one weight for all": _weighted(lambda new, old: np.exp(np.sum(new - old)) + 0 * new),
        **{name: _limited(limit) for name, limit in _LIMITS.items()},
        **{f"mean {name}": _limited_mean(limit) for name, limit in _LIMITS.items()},
        **{f"size {name}": _limited_size(limit) for name, limit in _LIMITS.items()},
        "weights sum to one": _weighted(lambda new, old: _shares(np.exp(new - old))),
        "mean without weights": _mean(lambda weights, values: np.mean(values)),
        "ratio inverted in the mean": _mean(lambda weights, values: np.mean(values / weights)),
        "self-normalized": _mean(lambda weights, values: weights @ values / weights.sum()),
        "sum for mean": _mean(lambda weights, values: weights @ values),
        "product of means": _mean(lambda weights, values: weights.mean() * values.mean()),
        "divided by the size": _mean(lambda weights, values: weights @ values / _kish(weights)),
        "sizes of the values": _mean(lambda weights, values: np.mean(weights * abs(values))),
        "expectation over the samples": _under_the_target,
        "share for size": _size(lambda weights, values: _kish(weights) / len(values)),
        "size upside down": _size(lambda weights, values: 1 / _kish(weights)),
        "values in the size": _size(lambda weights, values: _kish(weights * values)),
        "mean weight taken as 1": _size(lambda weights, values: len(values) / np.mean(weights**2)),
        "variance not relative": _size(lambda weights, values: len(values) / (1 + weights.var())),
        "weights not normalized": _size(lambda weights, values: 1 / (weights**2).sum()),
        "square forgotten": _size(lambda weights, values: weights.sum() / (weights**2).sum()),
        "sum of the squares on top": _size(lambda weights, values: 1.0),
        "sum of the weights": _size(lambda weights, values: weights.sum()),
        "divided by the largest": _size(lambda weights, values: weights.sum() / weights.max()),
        "exp of the entropy": _size(_exp_of_entropy),
        "size is n": _size(lambda weights, values: float(len(values))),
        "rounded": _size(lambda weights, values: np.round(_kish(weights))),
        "outputs swapped": _swapped,
        "mean alone": _mean_alone,
    },
    hints={
        "ratio inverted": "the weight is sampling / target. What you want to know about stands on "
        "top: exp(log_probs - sampling_log_probs).",
        "no weights": "this is the mean under the sampling policy: the weights are missing.",
        "no exp": "a difference of logarithms is the logarithm of the weight: exp is missing.",
        "quotient of logs": "the quotient of two probabilities is exp of the difference of their "
        "logarithms, not the quotient of the logarithms.",
        "exp of the quotient": "exp is taken of a quotient of logarithms. Take it of their "
        "difference.",
        "another base": "these are natural logarithms: undo them with exp, not with 10 ** x.",
        "target probability as weight": "divide by the probability with which the sample came; "
        "likely samples are already drawn more often.",
        "one weight for all": "the logarithms are summed over the samples. Each sample has its "
        "own weight.",
        **{
            name: f"large weights are held back ({name}). That lowers the noise and biases the "
            "mean, and hides what n_eff warns of: take them as they are."
            for name in _LIMITS
        },
        **{
            f"mean {name}": f"large weights are held back in the mean ({name}), which biases it."
            for name in _LIMITS
        },
        **{
            f"size {name}": f"large weights are held back in n_eff ({name}), which is there to "
            "warn of them."
            for name in _LIMITS
        },
        "weights sum to one": "the weights sum to one, and are averaged on top of that: the values "
        "are divided by n twice. The unbiased mean uses the plain ratios.",
        "mean without weights": "the size is right, but the mean is that of the sampling policy: "
        "weigh each value.",
        "ratio inverted in the mean": "the size is right, but the values are divided by their "
        "weights. Multiply.",
        "self-normalized": "you divide by the sum of the weights: a fine estimator with a small "
        "bias. The unbiased one divides by n.",
        "sum for mean": "divide the sum of the weighted values by n.",
        "product of means": "multiply each value by its own weight, then average.",
        "divided by the size": "the weighted sum is divided by n_eff. Divide it by n.",
        "sizes of the values": "the signs of the values are lost.",
        "expectation over the samples": "a sum of probability times value runs over all outcomes, "
        "each once. These are samples: weigh by the ratio, and average.",
        "share for size": "this is the share n_eff / n; the size itself is wanted.",
        "size upside down": "the square of the sum stands on top.",
        "values in the size": "the effective sample size knows the weights only, not the values.",
        "mean weight taken as 1": "n / mean(w^2) takes the mean weight for 1. That holds under "
        "Q, not in a sample: (sum of w)^2 stands on top.",
        "variance not relative": "n / (1 + variance) needs weights whose mean is 1. Divide them by "
        "their mean first, or use (sum of w)^2 / (sum of w^2).",
        "weights not normalized": "1 / sum of w^2 needs weights that sum to one. Divide each by "
        "their sum first.",
        "square forgotten": "the sum of the weights must be squared: with equal weights n_eff "
        "is n, whatever their size.",
        "sum of the squares on top": "sum of squares over sum of squares is 1. On top stands the "
        "square of the sum.",
        "sum of the weights": "the sum of the weights is no size: twice the weights would be twice "
        "the samples. Divide its square by the sum of squares.",
        "divided by the largest": "the sum over the largest weight is another measure. n_eff is "
        "(sum of w)^2 / (sum of w^2).",
        "exp of the entropy": "this is exp of the weights' entropy, another measure. n_eff is the "
        "square of their sum over the sum of their squares.",
        "size is n": "the mean is right. n_eff is n only if all weights are equal.",
        "rounded": "n_eff need not be a whole number: do not round it.",
        "outputs swapped": "both numbers are right, but the mean comes first, then the size.",
        "mean alone": "the mean is right. Return n_eff as well: mean, size.",
    },
)
