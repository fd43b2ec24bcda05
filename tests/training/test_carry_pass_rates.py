"""Recorded pass rates: the start against the models, the rest against the formulas."""

import numpy as np
import pytest

from rlnotes.data.carry_addition import held_out_prompts
from rlnotes.training import carry_pass_rates
from rlnotes.training.carry_accuracy import exact_accuracy
from rlnotes.training.carry_pass_rates import (
    dead_groups,
    mean_pass_at_k,
    pass_rates_after,
    recorded_updates,
)
from rlnotes.training.carry_reference import carry_reference

TABLE = np.array([[[0.5, 1.0], [0.25, 0.0]], [[1.0, 1.0 + 1e-7], [0.5, 0.5]]], dtype=np.float32)


@pytest.fixture
def small(monkeypatch):
    """Two updates, two seeds, two prompts in place of the recording."""
    functions = recorded_updates, pass_rates_after, dead_groups, mean_pass_at_k
    arrays = {"updates": np.array([0, 30]), "pass_rates": TABLE}
    monkeypatch.setattr(carry_pass_rates, "load_arrays", {"carry_pass_rates": arrays}.get)
    for function in functions:
        function.cache_clear()
    yield
    for function in functions:
        function.cache_clear()


def test_pass_rates_are_found_by_their_update_and_stay_probabilities(small):
    assert recorded_updates() == [0, 30]
    assert pass_rates_after(0).tolist() == TABLE[0].tolist()
    assert pass_rates_after(30).tolist() == [[1, 1], [0.5, 0.5]]
    assert pass_rates_after(0).dtype == np.float64
    with pytest.raises(ValueError, match=r"update must be one of \[0, 30\], got 29"):
        pass_rates_after(29)


def test_dead_groups_by_hand(small):
    # Groups of 2: p = .5: 1/4 + 1/4; 1: 1 + 0; .25: 1/16 + 9/16; 0: 0 + 1.
    found = dead_groups(0, 2)
    assert found.dead == pytest.approx((0.5 + 1 + 0.625 + 1) / 4)
    assert found.all_right == pytest.approx((0.25 + 1 + 0.0625) / 4)
    assert found.all_wrong == pytest.approx((0.25 + 0.5625 + 1) / 4)
    assert (found.low, found.high) == pytest.approx((0.75, 0.8125))
    assert dead_groups(30, 3)[:3] == pytest.approx((0.625, 0.5625, 0.0625))


def test_mean_pass_at_k_by_hand(small):
    # k = 1: the mean; k = 2: 3/4, 1, 7/16, 0.
    assert mean_pass_at_k(0, 2) == pytest.approx([1.75 / 4, 2.1875 / 4])
    assert mean_pass_at_k(30, 3) == pytest.approx([0.75, 0.875, 0.9375])


def test_the_record_begins_with_the_models_before_reinforcement():
    assert recorded_updates()[0] == 0
    exact = exact_accuracy(carry_reference(1), held_out_prompts())
    assert pass_rates_after(0)[1] == pytest.approx(exact.numpy(), abs=1e-5)
    assert pass_rates_after(recorded_updates()[-1]).mean() > 0.9


@pytest.mark.parametrize("largest", [0, -1, 2.5, True, "3", None])
def test_a_largest_k_that_is_none_is_named(largest):
    with pytest.raises(ValueError, match="largest must be a positive integer, got"):
        mean_pass_at_k(0, largest)
