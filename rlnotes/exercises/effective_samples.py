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


def _estimate_inverted(log_probs, sampling_log_probs, values):
    return _estimate(sampling_log_probs, log_probs, values)


def _estimate_plain(log_probs, sampling_log_probs, values):
    return np.mean(values), float(len(values))


def _estimate_no_exp(log_probs, sampling_log_probs, values):
    weights = log_probs - sampling_log_probs
    with np.errstate(invalid="ignore"):  # equal log-probabilities make it 0 / 0
        return np.mean(weights * values), weights.sum() ** 2 / (weights**2).sum()


def _estimate_target_weighted(log_probs, sampling_log_probs, values):
    weights = np.exp(log_probs)
    return np.mean(weights * values), weights.sum() ** 2 / (weights**2).sum()


def _estimate_self_normalized(log_probs, sampling_log_probs, values):
    weights = np.exp(log_probs - sampling_log_probs)
    return (weights * values).sum() / weights.sum(), weights.sum() ** 2 / (weights**2).sum()


def _estimate_summed(log_probs, sampling_log_probs, values):
    mean, size = _estimate(log_probs, sampling_log_probs, values)
    return mean * len(values), size


def _estimate_share(log_probs, sampling_log_probs, values):
    mean, size = _estimate(log_probs, sampling_log_probs, values)
    return mean, size / len(values)


def _estimate_squares_swapped(log_probs, sampling_log_probs, values):
    mean, size = _estimate(log_probs, sampling_log_probs, values)
    return mean, 1 / size


def _estimate_values_in_size(log_probs, sampling_log_probs, values):
    weights = np.exp(log_probs - sampling_log_probs) * values
    return weights.mean(), weights.sum() ** 2 / (weights**2).sum()


def _estimate_not_squared_mean(log_probs, sampling_log_probs, values):
    mean, _ = _estimate(log_probs, sampling_log_probs, values)
    weights = np.exp(log_probs - sampling_log_probs)
    return mean, len(values) / np.mean(weights**2)


def _estimate_not_normalized(log_probs, sampling_log_probs, values):
    mean, _ = _estimate(log_probs, sampling_log_probs, values)
    return mean, 1 / (np.exp(log_probs - sampling_log_probs) ** 2).sum()


def _estimate_swapped(log_probs, sampling_log_probs, values):
    mean, size = _estimate(log_probs, sampling_log_probs, values)
    return size, mean


def _estimate_square_forgotten(log_probs, sampling_log_probs, values):
    mean, _ = _estimate(log_probs, sampling_log_probs, values)
    weights = np.exp(log_probs - sampling_log_probs)
    return mean, weights.sum() / (weights**2).sum()


def _estimate_quotient_of_logs(log_probs, sampling_log_probs, values):
    weights = log_probs / sampling_log_probs
    return np.mean(weights * values), weights.sum() ** 2 / (weights**2).sum()


def _estimate_plain_mean(log_probs, sampling_log_probs, values):
    return np.mean(values), _estimate(log_probs, sampling_log_probs, values)[1]


def _estimate_all_samples_count(log_probs, sampling_log_probs, values):
    return _estimate(log_probs, sampling_log_probs, values)[0], float(len(values))


EXERCISE = Exercise(
    name="effective_samples",
    cases=[
        Case(
            {
                "log_probs": np.log([0.5, 0.5, 0.25, 0.2]),
                "sampling_log_probs": np.log([0.25, 0.25, 0.5, 0.4]),
                "values": np.array([1.0, 3.0, 4.0, 8.0]),
            },
            [3.5, 25 / 8.5],
            "weights 2, 2, 1/2, 1/2: mean (2 + 6 + 2 + 4) / 4, and 5^2 / (4 + 4 + 1/4 + 1/4).",
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
                "log_probs": np.log([0.9, 0.1]),
                "sampling_log_probs": np.log([0.1, 0.9]),
                "values": np.array([1.0, 0.0]),
            },
            [4.5, (9 + 1 / 9) ** 2 / (81 + 1 / 81)],
            "one weight of 9 and one of 1/9: the two samples are worth hardly more than one.",
        ),
    ],
    solutions=[_estimate, _estimate_by_loop],
    wrong_answers={
        "ratio inverted": _estimate_inverted,
        "no weights": _estimate_plain,
        "no exp": _estimate_no_exp,
        "target probability as weight": _estimate_target_weighted,
        "self-normalized": _estimate_self_normalized,
        "sum for mean": _estimate_summed,
        "share for size": _estimate_share,
        "size upside down": _estimate_squares_swapped,
        "values in the size": _estimate_values_in_size,
        "mean weight taken as 1": _estimate_not_squared_mean,
        "weights not normalized": _estimate_not_normalized,
        "outputs swapped": _estimate_swapped,
        "square forgotten": _estimate_square_forgotten,
        "quotient of logs": _estimate_quotient_of_logs,
        "mean without weights": _estimate_plain_mean,
        "size is n": _estimate_all_samples_count,
    },
    hints={
        "ratio inverted": "the weight is sampling / target. What you want to know about stands on "
        "top: exp(log_probs - sampling_log_probs).",
        "no weights": "this is the mean under the sampling policy: the weights are missing.",
        "no exp": "a difference of logarithms is the logarithm of the weight: exp is missing.",
        "target probability as weight": "divide by the probability with which the sample came; "
        "likely samples are already drawn more often.",
        "self-normalized": "you divide by the sum of the weights: a fine estimator with a small "
        "bias. The unbiased one divides by n.",
        "sum for mean": "divide the sum of the weighted values by n.",
        "share for size": "this is the share n_eff / n; the size itself is wanted.",
        "size upside down": "the square of the sum stands on top.",
        "values in the size": "the effective sample size knows the weights only, not the values.",
        "mean weight taken as 1": "n / mean(w^2) takes the mean weight for 1. That holds under "
        "Q, not in a sample: (sum of w)^2 stands on top.",
        "weights not normalized": "1 / sum of w^2 needs weights that sum to one. Divide each by "
        "their sum first.",
        "outputs swapped": "both numbers are right, but the mean comes first, then the size.",
        "square forgotten": "the sum of the weights must be squared: with equal weights n_eff "
        "is n, whatever their size.",
        "quotient of logs": "the quotient of two probabilities is exp of the difference of their "
        "logarithms, not the quotient of the logarithms.",
        "mean without weights": "the size is right, but the mean is that of the sampling policy: "
        "weigh each value.",
        "size is n": "the mean is right. n_eff is n only if all weights are equal.",
    },
)
