"""What is remembered of the checkers, and that a check itself changes nothing of it."""

import numpy as np
import pytest

from rlnotes.exercises import advantages, autopsy, base, catalog
from rlnotes.scripts.grade_child import NOT_YET, PASSED, own_copy, verdict_on
from rlnotes.scripts.grade_guard import Guard


def always(*_args, **_kwargs):
    return True


@pytest.fixture
def guard():
    found = Guard()
    yield found
    found.restore()


@pytest.mark.parametrize(
    ("place", "name", "label"),
    [
        (base, "_problem", "rlnotes.exercises.base._problem"),
        (base.Exercise, "check", "rlnotes.exercises.base.Exercise.check"),
        (base.Exercise, "_mistakes", "rlnotes.exercises.base.Exercise._mistakes"),
        (np, "allclose", "numpy.allclose"),
    ],
)
def test_what_is_replaced_is_put_back_and_named(guard, place, name, label):
    before = vars(place)[name]
    setattr(place, name, always)
    assert guard.restore() == [label]
    assert vars(place)[name] is before
    assert guard.restore() == []


def test_what_is_deleted_comes_back(guard):
    before = base.Exercise.problem
    del base.Exercise.problem
    assert guard.restore() == ["rlnotes.exercises.base.Exercise.problem"]
    assert base.Exercise.problem is before


def test_new_code_in_an_old_function_is_put_back(guard):
    before = base.Exercise.problem.__code__
    base.Exercise.problem.__code__ = always.__code__
    assert guard.restore() == ["rlnotes.exercises.base.Exercise.problem"]
    assert base.Exercise.problem.__code__ is before


def test_a_table_that_is_emptied_is_filled_again(guard):
    before = dict(autopsy._TRUTH)
    autopsy._TRUTH.clear()
    autopsy._TRUTH["Z"] = "nothing"
    assert guard.restore() == ["a table of rlnotes.exercises"]
    assert before == autopsy._TRUTH


def test_the_graders_inputs_are_its_own():
    mine = own_copy("advantages")
    theirs = advantages.EXERCISE.cases[0].arguments["policy"]
    assert len(mine.cases) == len(advantages.EXERCISE.cases)
    assert mine.cases is not advantages.EXERCISE.cases
    assert not np.shares_memory(mine.cases[0].arguments["policy"], theirs)


@pytest.mark.parametrize("name", catalog())
def test_a_check_changes_nothing_and_says_what_the_checker_says(guard, name):
    checker = own_copy(name)
    assert verdict_on(checker.solutions[0], checker, guard) == (PASSED, "")
    verdict, hint = verdict_on(next(iter(checker.wrong_answers.values())), checker, guard)
    assert verdict == NOT_YET
    assert hint
    assert "while it was checked" not in hint
