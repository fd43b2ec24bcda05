"""The frame of the benchmarks: compares answers, reports times, judges none."""

import pytest

from tests.benchmarks.frame import Comparison, Measurement, measure, table


def test_both_sides_must_solve_the_task():
    wrong = Comparison("toy", lambda: 1, lambda: 2, lambda a, b: a == b, rounds=1)
    with pytest.raises(AssertionError, match="toy"):
        measure(wrong)


def test_the_ratio_says_how_much_longer_the_peer_takes(monkeypatch):
    seconds = iter([0.001, 0.010, 0.001, 0.030, 0.002, 0.040])  # ours, peer, ours, ...
    monkeypatch.setattr("tests.benchmarks.frame._timed", lambda _: (1, next(seconds)))
    result = measure(Comparison("toy", int, int, lambda a, b: a == b, rounds=3))
    assert result.ours_ms == pytest.approx(1)
    assert result.peer_ms == pytest.approx(30)
    assert result.ratio == pytest.approx(20)  # median of 10, 30, 20
    assert result.worst == pytest.approx(10)


def test_the_table_names_versions_and_every_task():
    text = table([Measurement("toy task", 1.0, 30.0, 30.0, 20.0)])
    assert "numpy" in text
    assert "| toy task | 1.00 | 30.0 | 30 | 20 |" in text
