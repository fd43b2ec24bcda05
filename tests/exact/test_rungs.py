"""Lines of a derivation: residuals, and slopes against polynomials."""

import numpy as np
import pytest

from rlnotes.exact.rungs import Rung, finite_difference


def test_a_residual_has_no_sign():
    assert Rung("a line", left=1.0, right=3.5).residual == 2.5
    assert Rung("a line", left=3.5, right=1.0).residual == 2.5


@pytest.mark.parametrize("power", [1, 2, 3, 4])
def test_a_slope_is_exact_for_powers_up_to_four(power):
    slope = finite_difference(lambda x: x**power, 1.5, h=0.1)
    assert slope == pytest.approx(power * 1.5 ** (power - 1), abs=1e-12)


def test_a_slope_of_many_numbers_and_its_error():
    slopes = finite_difference(lambda x: np.array([np.sin(x), x**5]), 0.7, h=0.1)
    assert slopes[0] == pytest.approx(np.cos(0.7), abs=0.1**4)
    # The error of x^5 is -h^4 times its fifth derivative over 30: -4 h^4.
    assert slopes[1] == pytest.approx(5 * 0.7**4 - 4 * 0.1**4, abs=1e-12)
