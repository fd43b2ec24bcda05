"""Checkers refuse every one-place mutation of the right answers that changes them."""

from dataclasses import replace

import pytest

from rlnotes.exercises import catalog
from tests.exercises.equivalent_mutations import EQUIVALENT
from tests.exercises.mutations import blinded, mutants

# What the checker compares with finite cases; without the search for a hint.
EXERCISES = {
    name: replace(exercise, wrong_answers={}, hints={}, seconds=0.3)
    for name, exercise in catalog().items()
    if exercise.cases
}


def accepted(exercise) -> tuple[list[str], int]:
    """The changes that the checker lets pass, and how many were tried."""
    found, count = [], 0
    arguments = [case.arguments for case in exercise.cases]
    for solution in exercise.solutions:
        for change, function in mutants(solution):
            count += 1
            if exercise.check(function).passed:
                found.append(change)
    for change, function in blinded(exercise.solutions[0], arguments):
        count += 1
        if exercise.check(function).passed:
            found.append(change)
    return found, count


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EXERCISES)
def test_only_mutations_that_change_nothing_are_accepted(name):
    found, count = accepted(EXERCISES[name])
    assert count >= 20
    assert set(found) == set(EQUIVALENT.get(name, {}))
