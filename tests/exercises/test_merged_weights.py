"""The merge of an adapter: slips that once passed, and hints that once were untrue."""

import numpy as np
import pytest

from rlnotes.exercises import catalog

EXERCISE = catalog()["merged_weights"]


def right(weights, down, up, alpha):
    return weights + alpha / len(down) * np.einsum("or,ri->oi", up, down)


def same_array(weights, down, up, alpha):
    return right(weights, down, up, alpha) if up.any() else weights


def a_view_of_it(weights, down, up, alpha):
    return right(weights, down, up, alpha) if up.any() else weights[:]


def same_array_at_zero(weights, down, up, alpha):
    return right(weights, down, up, alpha) if alpha else weights


@pytest.mark.parametrize("candidate", [same_array, a_view_of_it, same_array_at_zero])
def test_the_base_itself_is_no_merged_array(candidate):
    message = EXERCISE.check(candidate).message
    assert message.startswith("your function gave back `weights` itself. Give a new array")
    assert "Hint" not in message


def test_lists_and_other_names_for_the_arguments_are_told_as_before():
    assert EXERCISE.check(lambda **given: right(**given).tolist()).passed
    assert "nothing is merged" in EXERCISE.check(lambda weights, **_: weights).message
    message = EXERCISE.check(lambda W, A, B, alpha: W).message
    assert "Keep the argument names of the exercise." in message

    def in_place(weights, down, up, alpha):
        weights += alpha / len(down) * (up @ down)
        return weights

    assert "changes its argument 'weights'" in EXERCISE.check(in_place).message


def loop(ranks, keep):
    def answer(weights, down, up, alpha):
        merged = weights.copy()
        for r in ranks(len(down)):
            merged = (merged if keep else weights) + alpha / len(down) * np.outer(up[:, r], down[r])
        return merged

    return answer


def with_scale(of):
    return lambda weights, down, up, alpha: of(weights, alpha / len(down), up @ down)


def over(number):
    return lambda weights, down, up, alpha: weights + alpha / number(weights, down) * (up @ down)


@pytest.mark.parametrize(
    ("candidate", "hint"),
    [
        (lambda alpha, down, **g: right(down=down, alpha=alpha or len(down), **g), "`or` takes 0"),
        (lambda **given: np.round(right(**given), 2), "are rounded"),
        (with_scale(lambda w, s, product: s * w + product), "the factor stands at W"),
        (with_scale(lambda w, s, product: (1 - s) * w + s * product), "W keeps the factor 1"),
        (loop(range, keep=False), "only the last of the n ranks"),
        (loop(lambda n: [0], keep=True), "only the first of the n ranks"),
        (loop(lambda n: range(1, n), keep=True), "count from 0"),
        (over(lambda weights, down: down.size), "all numbers of A"),
        (over(lambda weights, down: 2), "not always 2"),
        (over(lambda weights, down: min(weights.shape)), "the smaller side of W"),
        (over(lambda weights, down: len(weights)), "the number of outputs"),
    ],
)
def test_each_slip_is_told_by_what_it_is(candidate, hint):
    message = EXERCISE.check(candidate).message.split("\nHint: ")[-1]
    assert hint in message
