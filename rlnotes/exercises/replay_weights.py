"""Exercise: how prioritized replay samples, and how it corrects for that."""

from collections.abc import Callable

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


def _drawn(probabilities: Callable) -> Callable:
    """Right but for the probabilities, a function of the errors' sizes and alpha."""

    def replay_weights(td_errors, alpha, beta):
        probs = probabilities(abs(td_errors), alpha)
        weights = (len(probs) * probs) ** -beta
        return [probs, weights / weights.max()]

    return replay_weights


def _weighted(weights: Callable) -> Callable:
    """Right but for the weights, a function of N, the right probabilities, and beta."""

    def replay_weights(td_errors, alpha, beta):
        probs, _ = _weights_by_array(td_errors, alpha, beta)
        return [probs, weights(len(probs), probs, beta)]

    return replay_weights


def _scaled(weights: Callable) -> Callable:
    """The same, divided by the largest weight."""

    def scaled(num, probs, beta):
        unscaled = weights(num, probs, beta)
        return unscaled / unscaled.max()

    return _weighted(scaled)


def _returned(change: Callable) -> Callable:
    """The right pair in another form."""
    return lambda td_errors, alpha, beta: change(*_weights_by_array(td_errors, alpha, beta))


def _softmax(numbers):
    weights = np.exp(numbers - numbers.max())
    return weights / weights.sum()


def _shares(priorities):
    return priorities / priorities.sum()


def _unscaled(num, probs, beta):
    return (num * probs) ** -beta


@np.errstate(invalid="ignore")
def _signed(td_errors, alpha, beta):
    probs = td_errors**alpha / (td_errors**alpha).sum()
    weights = (len(probs) * probs) ** -beta
    return [probs, weights / weights.max()]


@np.errstate(divide="ignore", invalid="ignore")
def _alpha_as_a_factor(td_errors, alpha, beta):
    probs = alpha * _shares(abs(td_errors))
    weights = (len(probs) * probs) ** -beta
    return [probs, weights / weights.max()]


@np.errstate(divide="ignore", invalid="ignore")
def _positive_only(td_errors, alpha, beta):
    return _weights_by_array(np.maximum(td_errors, 0.0), alpha, beta)


def _ranks(sizes, alpha):
    ranks = 1 + (sizes[:, None] < sizes).sum(axis=1)
    return _shares(ranks**-alpha)


def _weights_of_the_errors(td_errors, alpha, beta):
    weights = abs(td_errors) ** -beta
    return [_shares(abs(td_errors) ** alpha), weights / weights.max()]


EXERCISE = Exercise(
    name="replay_weights",
    cases=[
        Case(
            {"td_errors": np.array([-9.0, 1.0, 4.0]), "alpha": 0.5, "beta": 0.25},
            [[1 / 2, 1 / 6, 1 / 3], [3**-0.25, 1.0, 2**-0.25]],
            "the roots are 3, 1 and 2, so P = 3/6, 1/6 and 2/6, whatever the sign; the rarest gets "
            "weight 1, the others (1/3)^0.25 and (1/2)^0.25.",
        ),
        Case(
            {"td_errors": np.array([1.0, -4.0]), "alpha": 0.5, "beta": 1.0},
            [[1 / 3, 2 / 3], [1.0, 0.5]],
            "the roots are 1 and 2, so P = 1/3 and 2/3; the second is drawn twice as often and "
            "counts half.",
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
        Case(
            {"td_errors": np.array([1e-6, 1.0]), "alpha": 0.5, "beta": 1.0},
            [[1 / 1001, 1000 / 1001], [1.0, 0.001]],
            "the roots are 0.001 and 1; added to the errors, even a margin of 1e-6 would change "
            "the first.",
        ),
        Case(
            {"td_errors": np.array([-3.0]), "alpha": 0.25, "beta": 0.5},
            [[1.0], [1.0]],
            "a single step is always drawn.",
        ),
    ],
    solutions=[_weights_by_array, _weights_by_loop],
    wrong_answers={
        "alpha after the division": _drawn(lambda sizes, alpha: _shares(sizes) ** alpha),
        "alpha above only": _drawn(lambda sizes, alpha: sizes**alpha / sizes.sum()),
        "alpha below only": _drawn(lambda sizes, alpha: sizes / (sizes**alpha).sum()),
        "alpha ignored": _drawn(lambda sizes, alpha: _shares(sizes)),
        "alpha as a factor": _alpha_as_a_factor,
        "squared errors": _drawn(lambda sizes, alpha: _shares(sizes ** (2 * alpha))),
        "squared errors, alpha ignored": _drawn(lambda sizes, alpha: _shares(sizes**2)),
        "sign kept": _signed,
        "negative errors dropped": _positive_only,
        "softmax": _drawn(lambda sizes, alpha: _softmax(alpha * sizes)),
        "softmax, alpha ignored": _drawn(lambda sizes, alpha: _softmax(sizes)),
        "softmax of the priorities": _drawn(lambda sizes, alpha: _softmax(sizes**alpha)),
        "not divided by the sum": _drawn(lambda sizes, alpha: sizes**alpha),
        "divided by the largest error": _drawn(lambda sizes, alpha: (sizes / sizes.max()) ** alpha),
        "margin": _drawn(lambda sizes, alpha: _shares((sizes + 0.01) ** alpha)),
        "tiny margin": _drawn(lambda sizes, alpha: _shares((sizes + 1e-6) ** alpha)),
        "margin after the power": _drawn(lambda sizes, alpha: _shares(sizes**alpha + 0.01)),
        "ranks": _drawn(_ranks),
        "sign of alpha": _drawn(lambda sizes, alpha: _shares(sizes**-alpha)),
        "sign of beta": _scaled(lambda num, probs, beta: probs**beta),
        "sign of beta, not scaled": _weighted(lambda num, probs, beta: (num * probs) ** beta),
        "beta ignored": _scaled(lambda num, probs, beta: 1 / probs),
        "beta ignored, not scaled": _weighted(lambda num, probs, beta: 1 / (num * probs)),
        "one minus beta": _scaled(lambda num, probs, beta: probs ** (beta - 1)),
        "no correction": _weighted(lambda num, probs, beta: np.ones(num)),
        "not scaled": _weighted(_unscaled),
        "N forgotten, not scaled": _weighted(lambda num, probs, beta: probs**-beta),
        "weights sum to one": _weighted(lambda *of: _shares(_unscaled(*of))),
        "divided by the mean": _weighted(lambda *of: _unscaled(*of) / _unscaled(*of).mean()),
        "divided by the smallest": _weighted(lambda *of: _unscaled(*of) / _unscaled(*of).min()),
        "divided by the largest probability": _weighted(
            lambda num, probs, beta: _unscaled(num, probs, beta) / probs.max()
        ),
        "divided by the first": _weighted(lambda *of: _unscaled(*of) / _unscaled(*of)[0]),
        "cut at one": _weighted(lambda *of: np.minimum(1.0, _unscaled(*of))),
        "weights of the errors": _weights_of_the_errors,
        "alpha and beta exchanged": lambda td_errors, alpha, beta: _weights_by_array(
            td_errors, beta, alpha
        ),
        "pair swapped": _returned(lambda probs, weights: [weights, probs]),
        "weights only": _returned(lambda probs, weights: weights),
        "probabilities only": _returned(lambda probs, weights: probs),
        "one long array": _returned(lambda probs, weights: np.append(probs, weights)),
        "product of the two": _returned(lambda probs, weights: probs * weights),
    },
    hints={
        "alpha after the division": "take the power first and divide then; otherwise the "
        "probabilities do not sum to one.",
        "alpha above only": "the sum below must also be one of |error| ** alpha; otherwise the "
        "probabilities do not sum to one.",
        "alpha below only": "above the line, too, stands |error| ** alpha; otherwise the "
        "probabilities do not sum to one.",
        "alpha ignored": "P is proportional to |error| ** alpha, not to |error|.",
        "alpha as a factor": "alpha is an exponent, |error| ** alpha, not a factor.",
        "squared errors": "use the absolute error, not its square.",
        "squared errors, alpha ignored": "use |error| ** alpha, not the square.",
        "sign kept": "a power of a negative error is no number. An error of -4 is as surprising as "
        "one of +4: take the absolute value first.",
        "negative errors dropped": "an error of -4 is as surprising as one of +4: take the "
        "absolute value.",
        "softmax": "the power alpha replaces the exponential; this is no softmax.",
        "softmax, alpha ignored": "P is proportional to |error| ** alpha; this is a softmax of "
        "the errors.",
        "softmax of the priorities": "divide |error| ** alpha by its sum; no softmax is needed.",
        "not divided by the sum": "these are priorities; divide them by their sum to make "
        "probabilities.",
        "divided by the largest error": "divide the priorities by their sum, not by the largest: "
        "probabilities sum to one.",
        "margin": "you add a margin of 0.01 to the errors; here there is none.",
        "tiny margin": "you add 1e-6 to the errors; here no margin is wanted.",
        "margin after the power": "you add 0.01 to the priorities; here there is no margin.",
        "ranks": "these are the rank-based priorities; here the sizes of the errors count.",
        "sign of alpha": "a larger error must be drawn more often: the exponent is +alpha.",
        "sign of beta": "what is drawn often must count less: the exponent is -beta.",
        "sign of beta, not scaled": "what is drawn often must count less: the exponent is -beta. "
        "And divide by the largest weight at the end.",
        "beta ignored": "you correct in full; the exponent is -beta.",
        "beta ignored, not scaled": "you correct in full; the exponent is -beta. And divide by "
        "the largest weight at the end.",
        "one minus beta": "the exponent is -beta, not -(1 - beta).",
        "no correction": "all weights are 1, so nothing is corrected: use (N P) ** -beta.",
        "not scaled": "divide the weights by the largest of them at the end.",
        "N forgotten, not scaled": "divide the weights P ** -beta by the largest of them.",
        "weights sum to one": "divide the weights by the largest of them, not by their sum: "
        "then they only ever shrink a step.",
        "divided by the mean": "divide the weights by the largest of them, not by their mean.",
        "divided by the smallest": "divide the weights by the largest of them, not the smallest: "
        "no weight may be above 1.",
        "divided by the largest probability": "divide by the largest weight, not by the largest "
        "probability.",
        "divided by the first": "divide by the largest weight, not by the first.",
        "cut at one": "you cut the weights at 1. Divide all of them by the largest instead, which "
        "keeps their ratios.",
        "weights of the errors": "the weights correct the probabilities: (N P) ** -beta, with "
        "alpha inside P, not |error| ** -beta.",
        "alpha and beta exchanged": "alpha and beta are exchanged: alpha shapes the "
        "probabilities, beta the weights.",
        "pair swapped": "the pair is the wrong way round: probabilities first, then weights.",
        "weights only": "these are the weights alone; return the pair (probabilities, weights).",
        "probabilities only": "these are the probabilities alone; return the pair "
        "(probabilities, weights).",
        "one long array": "both are glued into one array; return the pair "
        "(probabilities, weights).",
        "product of the two": "this is P times w; return both as a pair.",
    },
)
