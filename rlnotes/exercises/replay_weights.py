"""Exercise: how prioritized replay samples, and how it corrects for that."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _weights_by_array(td_errors, alpha, beta):
    priorities = np.abs(td_errors) ** alpha
    probs = priorities / priorities.sum()
    weights = (len(probs) * probs) ** -beta
    return [probs, weights / weights.max()]


def _weights_by_loop(td_errors, alpha, beta):
    total = sum(abs(error) ** alpha for error in td_errors)
    probs = [abs(error) ** alpha / total for error in td_errors]
    rarest = min(probs)
    return probs, [(rarest / prob) ** beta for prob in probs]


def _alpha_after(td_errors, alpha, beta):
    probs = (np.abs(td_errors) / np.abs(td_errors).sum()) ** alpha
    weights = (len(probs) * probs) ** -beta
    return [probs, weights / weights.max()]


def _no_alpha(td_errors, alpha, beta):
    return _weights_by_array(td_errors, 1.0, beta)


def _squared(td_errors, alpha, beta):
    return _weights_by_array(td_errors**2, alpha, beta)


def _signed(td_errors, alpha, beta):
    return _weights_by_array(np.maximum(td_errors, 1e-6), alpha, beta)


def _softmax(td_errors, alpha, beta):
    return _weights_by_array(np.exp(np.abs(td_errors)), alpha, beta)


def _beta_sign(td_errors, alpha, beta):
    return _weights_by_array(td_errors, alpha, -beta)


def _full_correction(td_errors, alpha, beta):
    return _weights_by_array(td_errors, alpha, 1.0)


def _weights_sum_to_one(td_errors, alpha, beta):
    probs, weights = _weights_by_array(td_errors, alpha, beta)
    return [probs, weights / weights.sum()]


def _not_scaled(td_errors, alpha, beta):
    probs, _ = _weights_by_array(td_errors, alpha, beta)
    return [probs, (len(probs) * probs) ** -beta]


EXERCISE = Exercise(
    name="replay_weights",
    cases=[
        Case(
            {"td_errors": np.array([1.0, -4.0]), "alpha": 0.5, "beta": 1.0},
            [[1 / 3, 2 / 3], [1.0, 0.5]],
            "the roots are 1 and 2, so P = 1/3 and 2/3; the second is drawn twice as often and "
            "counts half.",
        ),
        Case(
            {"td_errors": np.array([9.0, 1.0, -9.0]), "alpha": 0.5, "beta": 0.5},
            [[3 / 7, 1 / 7, 3 / 7], [3**-0.5, 1.0, 3**-0.5]],
            "P = 3/7, 1/7, 3/7 whatever the sign; the rarest gets weight 1, the others (1/3)^0.5.",
        ),
        Case(
            {"td_errors": np.array([0.5, -2.0, 7.0]), "alpha": 0.0, "beta": 0.7},
            [[1 / 3, 1 / 3, 1 / 3], [1.0, 1.0, 1.0]],
            "alpha 0 is uniform replay, and then there is nothing to correct.",
        ),
        Case(
            {"td_errors": np.array([1.0, 3.0]), "alpha": 1.0, "beta": 0.0},
            [[0.25, 0.75], [1.0, 1.0]],
            "alpha 1 is proportional; beta 0 corrects nothing.",
        ),
    ],
    solutions=[_weights_by_array, _weights_by_loop],
    wrong_answers={
        "alpha after the division": _alpha_after,
        "alpha ignored": _no_alpha,
        "squared errors": _squared,
        "sign kept": _signed,
        "softmax": _softmax,
        "sign of beta": _beta_sign,
        "beta ignored": _full_correction,
        "weights sum to one": _weights_sum_to_one,
        "not scaled": _not_scaled,
    },
    hints={
        "alpha after the division": "take the power first and divide then; otherwise the "
        "probabilities do not sum to one.",
        "alpha ignored": "P is proportional to |error| ** alpha, not to |error|.",
        "squared errors": "use the absolute error, not its square.",
        "sign kept": "an error of -4 is as surprising as one of +4: take the absolute value.",
        "softmax": "the power alpha replaces the exponential; this is no softmax.",
        "sign of beta": "what is drawn often must count less: the exponent is -beta.",
        "beta ignored": "you correct in full; the exponent is -beta.",
        "weights sum to one": "divide the weights by the largest of them, not by their sum: "
        "then they only ever shrink a step.",
        "not scaled": "divide the weights by the largest of them at the end.",
    },
)
