"""Every exercise: right answers pass, each known mistake fails with its own hint."""

import sys

import numpy as np
import pytest

from rlnotes.exercises import catalog
from rlnotes.exercises.base import Case, Exercise

EXERCISES = catalog()
SOLUTIONS = [(n, i) for n, exercise in EXERCISES.items() for i in range(len(exercise.solutions))]
MISTAKES = [(n, wrong) for n, exercise in EXERCISES.items() for wrong in exercise.wrong_answers]


@pytest.mark.parametrize(("name", "index"), SOLUTIONS)
def test_each_solution_passes(name, index):
    verdict = EXERCISES[name].check(EXERCISES[name].solutions[index])
    assert verdict.passed, verdict.message


@pytest.mark.filterwarnings("error")  # the reader would see a warning of ours
@pytest.mark.parametrize(("name", "wrong"), MISTAKES)
def test_each_mistake_fails_with_its_own_hint(name, wrong):
    exercise = EXERCISES[name]
    verdict = exercise.check(exercise.wrong_answers[wrong])
    assert not verdict.passed
    assert verdict.message.endswith(f"Hint: {exercise.hints[wrong]}")
    assert "expected" in verdict.message


@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_is_complete(name):
    exercise = EXERCISES[name]
    assert len(exercise.solutions) >= 2
    assert len(exercise.wrong_answers) >= 5
    assert set(exercise.hints) == set(exercise.wrong_answers)
    assert len(set(exercise.hints.values())) == len(exercise.hints)


def double(x):
    return 2 * x


TOY = Exercise(
    name="double",
    cases=[Case({"x": np.array([1.0, 2.0])}, [2.0, 4.0], "twice as much.")],
    solutions=[double, lambda x: x + x],
    wrong_answers={"squares": lambda x: x**2, "raises": lambda x: x.nothing},
    hints={"squares": "do not square.", "raises": "arrays have no such attribute."},
    seconds=0.3,
)


def loops(x):
    while True:
        pass


def loops_and_catches(x):
    while True:
        try:
            len(x)
        except Exception:
            continue


def changes_its_argument(x):
    x *= 2
    return x


def interrupted(x):
    raise KeyboardInterrupt


def not_written(x):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (None, "check needs a function, got NoneType"),
        (7, "check needs a function, got int"),
        (loops, "no answer after 0.3 seconds"),
        (loops_and_catches, "no answer after 0.3 seconds"),
        (changes_its_argument, "changes its argument 'x'"),
        (not_written, "`raise NotImplementedError` was reached"),
        (lambda x: None, "Is a return missing?"),
        (lambda x: "four", "must return numbers, got 'four'"),
        (lambda x: [[1], [2, 3]], "must return numbers"),
        (lambda x: x[:1], "expected an array of shape (2,), got shape (1,)"),
        (lambda x: x * np.nan, "got       [nan nan]"),
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda y: y, "Keep the argument names of the exercise."),
        (lambda x: sys.exit(), "SystemExit"),
        (interrupted, "interrupted. Does a loop never end?"),
        (lambda x: 1j * x, "must return numbers"),
        (lambda x: ["2", "4"], "must return numbers"),
        (lambda x: x.nothing, "Hint: arrays have no such attribute."),
        (lambda x: x**2, "Hint: do not square."),
        (lambda x: x + 1, "Why: twice as much."),
    ],
)
def test_check_never_raises_and_says_what_is_wrong(candidate, message):
    verdict = TOY.check(candidate)
    assert not verdict.passed
    assert message in verdict.message


def test_an_unknown_mistake_gets_no_hint():
    assert "Hint" not in TOY.check(lambda x: x + 1).message


def test_the_traceback_starts_in_the_readers_code():
    def broken(x):
        return x["key"]

    message = TOY.check(broken).message
    assert "broken" in message
    assert "exercises/base.py" not in message


def test_torch_answers_are_accepted():
    import torch

    assert TOY.check(lambda x: torch.from_numpy(2 * x).requires_grad_()).passed


def test_the_verdict_shows_more_than_colour():
    bundle = TOY.check(double)._repr_mimebundle_()
    assert bundle["text/plain"].startswith("Passed")
    assert "solid" in bundle["text/html"]
    assert "dotted" in TOY.check(None)._repr_mimebundle_()["text/html"]
    assert "&lt;" in TOY.check(lambda x: "<b>")._repr_mimebundle_()["text/html"]


def test_what_is_measured_may_be_something_else_than_the_answer():
    def slope(candidate):
        return lambda x: candidate(x + 1) - candidate(x)

    exercise = Exercise(
        name="any line of slope 2",
        cases=[Case({"x": np.array(3.0)}, 2.0, "the slope.")],
        solutions=[double, lambda x: 2 * x + 7],
        wrong_answers={"half as steep": lambda x: x},
        hints={"half as steep": "twice as steep."},
        measure=slope,
    )
    assert all(exercise.check(solution).passed for solution in exercise.solutions)
    assert exercise.check(lambda x: x - 5).message.endswith("Hint: twice as steep.")
