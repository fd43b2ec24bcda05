"""Exercise: an adapter of low rank is added to the weights that it belongs to."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _merged(weights, down, up, alpha):
    return weights + alpha / len(down) * (up @ down)


def _merged_by_loops(weights, down, up, alpha):
    merged = weights.copy()
    num_outputs, rank = up.shape
    for output in range(num_outputs):
        for r in range(rank):
            merged[output] += up[output, r] * down[r] * alpha / rank
    return merged


def _scaled(scale_of):
    """A wrong answer: another factor, made of rank, alpha and the shape of the map."""

    def merged(weights, down, up, alpha):
        return weights + scale_of(len(down), alpha, *weights.shape) * (up @ down)

    return merged


def _of(change):
    """A wrong answer: W and the scaled update put together in another way."""

    def merged(weights, down, up, alpha):
        return change(weights, alpha / len(down) * (up @ down))

    return merged


def _other_product(product):
    """A wrong answer: another product of A and B, where its shape happens to fit."""

    def merged(weights, down, up, alpha):
        return weights + alpha / len(down) * product(down, up)

    return merged


def _scale_on_all(weights, down, up, alpha):
    return alpha / len(down) * (weights + up @ down)


_WEIGHTS = np.array([[1.0, 2.0], [3.0, 4.0]])
_DOWN, _UP = np.array([[3.0, 1.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [2.0, 1.0]])
_AFTER = np.array([[10.0, 5.0], [21.0, 16.0]])

EXERCISE = Exercise(
    name="merged_weights",
    cases=[
        Case(
            {"weights": _WEIGHTS, "down": _DOWN, "up": _UP, "alpha": 6.0},
            _AFTER,
            "B A = [[3, 1], [6, 4]], and the scale is 6 / 2 = 3.",
        ),
        Case(
            {
                "weights": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
                "down": np.array([[1.0, 0.0, -1.0]]),
                "up": np.array([[1.0], [2.0]]),
                "alpha": 2.0,
            },
            np.array([[3.0, 2.0, 1.0], [8.0, 5.0, 2.0]]),
            "rank 1, scale 2: row i of W gets 2 B[i] times the only row of A.",
        ),
        Case(
            {"weights": _AFTER, "down": _DOWN, "up": _UP, "alpha": -6.0},
            _WEIGHTS,
            "the same adapter with -alpha takes out what the first input put in.",
        ),
        Case(
            {
                "weights": np.array([[0.5, -1.0], [2.0, 0.0], [1.0, 1.5]]),
                "down": np.array([[1.0, -2.0], [0.5, 1.0]]),
                "up": np.zeros((3, 2)),
                "alpha": 4.0,
            },
            np.array([[0.5, -1.0], [2.0, 0.0], [1.0, 1.5]]),
            "B starts at zero, so an adapter that was never trained changes nothing.",
        ),
        Case(
            {
                "weights": np.array([[0.5, -1.0], [2.0, 0.0], [1.0, 1.5]]),
                "down": np.array([[1.0, -2.0], [0.5, 1.0], [2.0, 0.0]]),
                "up": np.array([[2.0, 0.0, 1.0], [0.0, 4.0, 0.0], [-1.0, 2.0, 3.0]]),
                "alpha": 1.5,
            },
            np.array([[2.5, -3.0], [3.0, 2.0], [4.0, 3.5]]),
            "rank 3, scale 1/2, and B A = [[4, -4], [2, 4], [6, 4]].",
        ),
    ],
    solutions=[_merged, _merged_by_loops],
    wrong_answers={
        "no scale": _scaled(lambda rank, alpha, outputs, inputs: 1.0),
        "alpha alone": _scaled(lambda rank, alpha, outputs, inputs: alpha),
        "scale upside down": _scaled(lambda rank, alpha, outputs, inputs: rank / alpha),
        "rank alone": _scaled(lambda rank, alpha, outputs, inputs: 1 / rank),
        "alpha times rank": _scaled(lambda rank, alpha, outputs, inputs: alpha * rank),
        "root of the rank": _scaled(lambda rank, alpha, outputs, inputs: alpha / rank**0.5),
        "scale on both": _scaled(lambda rank, alpha, outputs, inputs: (alpha / rank) ** 2),
        "inputs for rank": _scaled(lambda rank, alpha, outputs, inputs: alpha / inputs),
        "outputs for rank": _scaled(lambda rank, alpha, outputs, inputs: alpha / outputs),
        "whole scale": _scaled(lambda rank, alpha, outputs, inputs: alpha // rank),
        "sign of alpha": _scaled(lambda rank, alpha, outputs, inputs: abs(alpha) / rank),
        "A times B": _other_product(lambda down, up: down @ up),
        "transposed": _other_product(lambda down, up: (up @ down).T),
        "A transposed": _other_product(lambda down, up: up @ down.T),
        "element by element": _other_product(lambda down, up: up * down),
        "update alone": _of(lambda weights, update: update),
        "base alone": _of(lambda weights, update: weights.copy()),
        "subtracted": _of(lambda weights, update: weights - update),
        "merged twice": _of(lambda weights, update: weights + 2 * update),
        "chained": _of(lambda weights, update: weights * update),
        "mean": _of(lambda weights, update: (weights + update) / 2),
        "scale on all": _scale_on_all,
    },
    hints={
        "no scale": "this is W + B A. The literature's factor alpha / n is missing.",
        "alpha alone": "the factor is alpha / n: alpha is not yet divided by the rank, the number "
        "of rows of A.",
        "scale upside down": "the factor is upside down: alpha stands on top, the rank below.",
        "rank alone": "alpha is not used: the factor is alpha / n.",
        "alpha times rank": "divide alpha by the rank. B A is a sum over n numbers, and grows "
        "with it.",
        "root of the rank": "alpha / sqrt(n) is another rule, that of rank-stabilized adapters. "
        "The factor here is alpha / n.",
        "scale on both": "the factor counts twice, as if A and B each had it. It belongs to their "
        "product, once.",
        "inputs for rank": "you divide by the number of inputs. The rank is the number of rows of "
        "A.",
        "outputs for rank": "you divide by the number of outputs. The rank is the number of "
        "columns of B.",
        "whole scale": "`//` drops what is behind the point; divide with `/`.",
        "sign of alpha": "the sign of alpha is lost, and with it the way back: -alpha takes an "
        "adapter out.",
        "A times B": "A B is [n, n]; it fits only where the map is as wide as the rank. B A has "
        "the shape of W.",
        "transposed": "the update is transposed. A row of W belongs to an output, and so does a "
        "row of B A.",
        "A transposed": "A is [n, inputs] already: B A needs no transpose.",
        "element by element": "`*` multiplies element by element. The product of matrices is `@`.",
        "update alone": "this is the update alone; W is missing.",
        "base alone": "this is W as it was: nothing is merged.",
        "subtracted": "the update is subtracted. That is the way back.",
        "merged twice": "the update is in there twice. Merge once, and keep count: a layer that is "
        "merged and still adds its adapter is off by as much.",
        "chained": "W and the update are multiplied. They stand side by side, so they add up.",
        "mean": "this is the mean of W and the update; the sum is wanted.",
        "scale on all": "W is scaled as well. The factor belongs to B A alone.",
    },
)
