"""Recorded runs of the ladder: the gains by hand."""

import numpy as np
import pytest

from rlnotes.training import lineage_runs
from rlnotes.training.lineage_runs import Runs, all_runs, gain, runs_of
from rlnotes.training.recordings import load


def test_a_gain_is_the_mean_difference_of_the_same_seeds(monkeypatch):
    steps = np.array([1.0, 2.0])
    one = Runs(steps, np.array([[4.0, 6.0], [5.0, 7.0], [1.0, 1.0]]), None)
    other = Runs(steps, np.array([[1.0, 3.0], [4.0, 6.0], [2.0, 2.0]]), None)
    monkeypatch.setattr(lineage_runs, "all_runs", lambda: {(0.01, 1): one, (0.5, 0): other})
    found = gain(1, 0, other_rate=0.5)
    assert found.mean == pytest.approx((3 + 1 - 1) / 3)
    assert found.error == pytest.approx(2 / 3**0.5)  # differences 3, 1, -1
    assert found.ahead == 2


@pytest.mark.parametrize(("rung", "rate"), [(0, 0.01), (6, 0.01), (4, 0.003)])
def test_the_arrays_are_the_rows_of_the_file(rung, rate):
    runs = runs_of(rung, learning_rate=rate)
    assert runs.steps.tolist() == [*range(4_096, 32_769, 4_096)]
    for row in load("lineage_cartpole"):
        if (row["rung"], row["learning_rate"]) == (rung, rate):
            place = int(row["seed"]), int(row["step"] / 4_096) - 1
            assert runs.returns[place] == row["mean_return"]
            assert runs.batches[place] == row["batches"]


def test_what_was_not_recorded_is_refused():
    assert len(all_runs()) == 10
    for rung, rate in ((0, 0.003), (7, 0.01)):
        with pytest.raises(ValueError, match="setting must be one of"):
            runs_of(rung, learning_rate=rate)
