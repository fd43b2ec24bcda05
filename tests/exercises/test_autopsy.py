"""The autopsy: what a diagnosis must be."""

import pytest

from rlnotes.exercises import catalog

AUTOPSY = catalog()["autopsy"]


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (lambda agent: None, "your function returned None. Is a return missing?"),
        (lambda agent: "no mask", "agent A: expected one of ["),
        (lambda agent: ["no termination mask"], "agent A: expected one of ["),
    ],
)
def test_what_is_no_diagnosis_is_said(candidate, message):
    verdict = AUTOPSY.check(candidate)
    assert not verdict.passed
    assert verdict.message.startswith(message)
