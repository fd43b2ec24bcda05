"""Exercise: an adapter of low rank is added to the weights that it belongs to."""

import numpy as np

from rlnotes.exercises.answers import Refused
from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.merged_weights_mistakes import HINTS, MISTAKES, merged


def _merged_by_loops(weights, down, up, alpha):
    total = weights.copy()
    num_outputs, rank = up.shape
    for output in range(num_outputs):
        for r in range(rank):
            total[output] += up[output, r] * down[r] * alpha / rank
    return total


def _new_array(candidate):
    """The candidate; refused if what it gives for a right answer is W itself."""

    def measured(weights, down, up, alpha):
        answer = candidate(weights=weights, down=down, up=up, alpha=alpha)
        shared = isinstance(answer, np.ndarray) and np.shares_memory(answer, weights)
        if shared and np.array_equal(answer, merged(weights, down, up, alpha)):
            raise Refused(
                "your function gave back `weights` itself. Give a new array, also where nothing "
                "is added: who writes into it later would change the base."
            )
        return answer

    return measured


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
        Case(
            {
                "weights": np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0], [2.0, 1.0, 0.0]]),
                "down": np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]),
                "up": np.array([[1.0, 1.0], [0.0, 3.0], [2.0, 0.0]]),
                "alpha": 0.125,
            },
            np.array([[1.0625, 0.0625, 2.0625], [0.0, 3.1875, 0.8125], [2.125, 1.0, 0.25]]),
            "rank 2 of a map of three by three: the scale is 1/16, and B A = [[1, 1, 1], "
            "[0, 3, -3], [2, 0, 4]].",
        ),
        Case(
            {"weights": _WEIGHTS, "down": _DOWN, "up": _UP, "alpha": 0.0},
            _WEIGHTS,
            "alpha 0 adds nothing, whatever B A is.",
        ),
    ],
    solutions=[merged, _merged_by_loops],
    wrong_answers=MISTAKES,
    hints=HINTS,
    measure=_new_array,
)
