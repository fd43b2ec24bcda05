"""Recorded runs of two tasks: what is read, where levels are reached, bad input."""

import numpy as np
import pytest

from rlnotes.training import adapter_runs
from rlnotes.training.adapter_runs import (
    CHECKPOINTS,
    KINDS,
    MEASURES,
    RANKS,
    best_rates,
    curves,
    first_reaching,
    likeliest_replies,
    mean_and_error,
    recording,
)
from rlnotes.training.adapters import Standing, standing
from rlnotes.training.help_desk_reference import reference_log_probs
from rlnotes.training.recordings import load


def test_the_best_rate_is_that_of_both_tasks_together(monkeypatch):
    def row(rank, rate, task, objective):
        return {"rank": float(rank), "rate": rate, "task": task, "objective": objective}

    rows = [
        row(rank, rate, task, objective - (3 if rank == 4 and rate == 0.02 else 0))
        for rank in (0, 1, 2, 4, 8)
        for rate, task, objective in (
            (0.01, "A", 3.0),
            (0.01, "B", 0.0),
            (0.02, "A", 2.0),
            (0.02, "B", 1.5),
        )
    ]
    monkeypatch.setattr(adapter_runs, "load", lambda name: rows)
    assert best_rates() == {None: 0.02, 1: 0.02, 2: 0.02, 4: 0.01, 8: 0.02}


def test_the_recorded_rates_are_a_full_grid_and_the_runs_took_the_best_ones():
    rows = load("adapter_rates")
    grid = {(row["rank"], row["rate"], row["task"], row["seed"]) for row in rows}
    assert len(grid) == len(rows) == 5 * 7 * 2 * 2
    for row in rows:
        assert row["objective"] == pytest.approx(row["reward"] - 0.1 * row["kl"])
    best = best_rates()
    assert recording()["learning_rates"].tolist() == [best[rank] for rank in RANKS]


def test_measures_are_those_of_a_standing():
    assert Standing._fields == MEASURES
    shape = (len(RANKS), len(KINDS), 20, len(CHECKPOINTS), len(MEASURES))
    assert recording()["standings"].shape == shape


@pytest.mark.parametrize("rank", RANKS)
def test_runs_start_at_the_base_and_the_second_task_where_the_first_ended(rank):
    base = standing(reference_log_probs(), reference_log_probs())
    for measure, at_base in zip(MEASURES, base, strict=True):
        for kind in ("A", "B"):
            assert curves(rank, kind, measure)[:, 0] == pytest.approx([at_base] * 20, abs=6e-4)
        ends = curves(rank, "A", measure)[:, -1]
        assert (curves(rank, "A then B", measure)[:, 0] == ends).all()
        assert (curves(rank, "A", measure)[:, -1] != curves(rank, "B", measure)[:, -1]).any()


@pytest.mark.parametrize("rank", RANKS)
def test_seeds_differ_and_so_do_ranks(rank):
    mine = curves(rank, "A", "reward_a")[:, -1]
    assert len(set(mine)) > 5
    others = [curves(other, "A", "reward_a")[:, -1] for other in RANKS if other != rank]
    assert all((mine != other).any() for other in others)


@pytest.mark.parametrize("seed", [None, 0, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_likeliest_replies_come_in_order_and_are_no_more_than_all(kind, seed):
    replies = likeliest_replies(4, kind, seed)
    assert replies.places.shape == replies.probs.shape == (6, 4)
    assert (np.diff(replies.probs, axis=1) <= 0).all()
    assert (replies.probs.sum(axis=1) <= 1 + 1e-6).all()
    assert (replies.probs[:, 0] > 0.05).all()
    assert (replies.places < 19_608).all()


def test_the_mean_over_seeds_is_not_the_first_seed():
    mean, first = (likeliest_replies(1, "A", seed).probs for seed in (None, 0))
    assert abs(mean - first).max() > 1e-3


@pytest.mark.parametrize(
    ("rewards", "level", "expected"),
    [
        ([0.0, 1.0, 3.0], 2.0, 15.0),
        ([0.0, 1.0, 3.0], 1.0, 10.0),
        ([0.0, 1.0, 3.0], 0.25, 2.5),
        ([0.0, 4.0, 1.0], 2.0, 5.0),  # the first time counts
        ([1.0, 0.0, 3.0], 0.5, 0.0),  # there already
        ([0.0, -1.0, 3.0], 1.0, 15.0),
        ([0.0, 1.0, 1.5], 2.0, np.nan),
    ],
)
def test_where_a_level_is_first_reached(rewards, level, expected):
    updates = np.array([[0.0, 10.0, 20.0]])
    found = first_reaching(np.array([rewards]), updates, level=level)
    assert found.tolist() == pytest.approx([expected], nan_ok=True)


def test_runs_are_looked_at_one_by_one():
    rewards = np.array([[0.0, 2.0], [0.0, 1.0], [0.0, 4.0]])
    measure = np.array([[0.0, 5.0], [0.0, 6.0], [1.0, 9.0]])
    found = first_reaching(rewards, measure, level=2.0).tolist()
    assert found == pytest.approx([5.0, np.nan, 5.0], nan_ok=True)


def test_mean_and_error_by_hand():
    assert mean_and_error(np.array([1.0, 2.0, 3.0])) == pytest.approx((2.0, 1 / 3**0.5))


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: curves(3, "A", "reward_a"), "rank must be one of .* got 3"),
        (lambda: curves(0, "A", "reward_a"), "rank must be one of .* got 0"),
        (lambda: curves(1, "C", "reward_a"), "kind must be one of .* got 'C'"),
        (lambda: curves(1, "A", "reward"), "measure must be one of .* got 'reward'"),
        (lambda: likeliest_replies(1, "A", 5), "seed must be one of .* got 5"),
        (lambda: first_reaching(np.zeros((1, 2)), np.zeros((1, 3)), level=1), "shape"),
        (lambda: first_reaching(np.zeros(2), np.zeros(2), level=1), r"rewards must .* \[2\]"),
        (lambda: first_reaching(np.zeros((1, 2)), np.zeros((1, 2)), level=np.nan), "level"),
        (lambda: mean_and_error(np.array([1.0])), "numbers must be two or more"),
        (lambda: mean_and_error(np.array([1.0, np.nan])), "numbers must be two or more"),
    ],
)
def test_bad_input(use, message):
    with pytest.raises(ValueError, match=message):
        use()
