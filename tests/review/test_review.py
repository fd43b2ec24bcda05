"""The package loads its modules when they are asked for."""

import subprocess
import sys

import pytest

from rlnotes import review


def test_a_module_is_loaded_when_it_is_asked_for_and_not_before():
    code = (
        "import sys; from rlnotes import review;"
        "before = [m for m in sys.modules if m.startswith('rlnotes.review.')];"
        "print(before, callable(review.decisions.decide))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[] True\n"


def test_every_module_that_is_offered_is_there():
    assert {"quiz", "card_data", "comparison"} <= set(dir(review))
    for name in review._MODULES:
        assert getattr(review, name).__name__ == f"rlnotes.review.{name}"


def test_another_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = review.nothing
