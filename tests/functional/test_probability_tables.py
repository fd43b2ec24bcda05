"""Rows of probabilities: what is divided, what keeps its bits, what is left out."""

import numpy as np

from rlnotes.functional.probability_tables import sparse_rows, with_sums_of_one


def test_rows_that_sum_to_one_up_to_rounding_keep_every_bit():
    rows = np.random.default_rng(0).dirichlet(np.ones(40), size=200)
    assert (rows.sum(axis=-1) != 1).any()
    assert with_sums_of_one(rows) is rows


def test_only_the_row_that_misses_one_is_divided():
    rows = np.array([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5 + 1e-9]])
    assert rows[0].sum() == 1 - 2**-53
    divided = with_sums_of_one(rows)
    assert divided[0].tolist() == rows[0].tolist()
    np.testing.assert_array_equal(divided[1], rows[1] / rows[1].sum())


def test_the_short_form_lists_places_and_values_in_order():
    rows = np.array([[[0, 0.5, 0, 0.5], [1.0, 0, 0, 0]], [[0, 0, 0, 1.0], [0.2, 0.3, 0, 0.5]]])
    places, values = sparse_rows(rows)
    assert places.tolist() == [[[1, 3, 0], [0, 0, 0]], [[3, 0, 0], [0, 1, 3]]]
    assert values.tolist() == [[[0.5, 0.5, 0], [1, 0, 0]], [[1, 0, 0], [0.2, 0.3, 0.5]]]
