"""The states w and 2w: hand numbers, the semi-gradient, thresholds, bad input."""

import itertools

import numpy as np
import pytest

from rlnotes.exact.semi_gradient import (
    LAGS,
    growth_per_copy,
    growth_per_update,
    stable_share,
    weight_path,
)


def step_of_the_loss(w: float, w_lag: float, gamma: float, share: float) -> float:
    """Minus the slope of the mean squared TD error / 2, targets held fixed."""

    def loss(weight):
        first = 0 + gamma * 2 * w_lag - 1 * weight  # value of state 2 is 2 w
        second = 0 - 2 * weight  # terminal: no next value
        return (1 - share) * first**2 / 2 + share * second**2 / 2

    return -(loss(w + 1e-4) - loss(w - 1e-4)) / 2e-4


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("lag", LAGS)
def test_each_update_follows_the_semi_gradient(share, lag):
    weights, lagged = weight_path(
        20, gamma=0.8, learning_rate=0.2, period=4, second_state_share=share, lag=lag
    )
    for w, w_lag, following in zip(weights, lagged, weights[1:], strict=False):
        step = step_of_the_loss(w, w_lag, gamma=0.8, share=share)
        assert following == pytest.approx(w + 0.2 * step, abs=1e-9)


def test_worked_example_by_hand():
    # gamma 1, alpha 1/2: w <- w + (2 w_lag - w) / 2 = w / 2 + w_lag, copied at 2 and 4.
    weights, lagged = weight_path(4, gamma=1.0, learning_rate=0.5, period=2)
    assert weights.tolist() == [1, 1.5, 1.75, 2.625, 3.0625]
    assert lagged.tolist() == [1, 1, 1.75, 1.75, 3.0625]
    assert growth_per_copy(gamma=1.0, learning_rate=0.5, period=2) == 1.75


def test_moving_average_by_hand():
    # w = 1 / 2 + 1 = 1.5, then w_lag halfway: 1.25; w = 0.75 + 1.25 = 2.
    weights, lagged = weight_path(2, gamma=1.0, learning_rate=0.5, period=2, lag="moving average")
    assert weights.tolist() == [1, 1.5, 2]
    assert lagged.tolist() == [1, 1.25, 1.625]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("learning_rate", [0.01, 0.25, 0.7])
@pytest.mark.parametrize("period", [1, 2, 7, 50])
@pytest.mark.parametrize("share", [0.0, 0.15, 0.6])
def test_the_growth_is_what_updating_gives(gamma, learning_rate, period, share):
    step = {"gamma": gamma, "learning_rate": learning_rate, "second_state_share": share}
    weights, lagged = weight_path(3 * period, period=period, **step)
    growth = growth_per_copy(period=period, **step)
    np.testing.assert_allclose(weights[::period], growth ** np.arange(4), atol=1e-12, rtol=1e-9)
    np.testing.assert_array_equal(lagged[::period], weights[::period])


def test_a_long_period_multiplies_by_two_gamma():
    growth = growth_per_copy(gamma=0.9, learning_rate=0.1, period=10_000)
    assert growth == pytest.approx(1.8, abs=1e-12)


def test_without_a_lag_it_is_the_example_of_the_book():
    # w <- w + alpha (gamma 2 w - w): factor 1 + alpha (2 gamma - 1).
    growth = growth_per_copy(gamma=0.9, learning_rate=0.1, period=1)
    assert growth == pytest.approx(1 + 0.1 * 0.8)
    average = growth_per_update(gamma=0.9, learning_rate=0.1, averaging_rate=1.0)
    assert average == pytest.approx(1 + 0.1 * 0.8)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.51, 0.75, 0.9, 1.0])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.12, 0.21, 0.5, 1.0])
def test_it_grows_below_the_stable_share_whatever_the_lag(gamma, share):
    # 1.9 / (1 + 3 p) is near the largest step for which the inner loop settles.
    grows = share < stable_share(gamma=gamma)
    for learning_rate, period in itertools.product([0.01, 1.9 / (1 + 3 * share)], [1, 3, 10, 100]):
        step = {"gamma": gamma, "learning_rate": learning_rate, "second_state_share": share}
        assert (abs(growth_per_copy(period=period, **step)) > 1) == grows, step
        assert (growth_per_update(averaging_rate=1 / period, **step) > 1) == grows, step


def test_a_lag_slows_growth_down_and_does_not_stop_it():
    step = {"gamma": 0.9, "learning_rate": 0.1}
    copied = [growth_per_copy(period=period, **step) ** (1 / period) for period in (1, 10, 100)]
    averaged = [growth_per_update(averaging_rate=rate, **step) for rate in (1, 0.1, 0.01)]
    assert copied[0] > copied[1] > copied[2] > 1
    assert averaged[0] > averaged[1] > averaged[2] > 1


@pytest.mark.parametrize(("gamma", "share"), [(0.6, 0.0), (0.9, 0.05), (0.4, 0.3)])
def test_the_moving_average_settles_to_its_growth(gamma, share):
    step = {"gamma": gamma, "learning_rate": 0.1, "second_state_share": share}
    weights, _ = weight_path(400, period=5, lag="moving average", **step)
    growth = growth_per_update(averaging_rate=0.2, **step)
    assert weights[-1] / weights[-2] == pytest.approx(growth, rel=1e-9)


def test_a_frozen_average_neither_grows_nor_shrinks():
    growth = growth_per_update(gamma=1.0, learning_rate=0.1, averaging_rate=0.0)
    assert growth == pytest.approx(1)


def test_growth_per_update_counts_a_swing_to_the_other_side():
    # gamma 0 and alpha 1.75: w <- w - 1.75 w = -0.75 w.
    growth = growth_per_update(gamma=0.0, learning_rate=1.75, averaging_rate=1.0)
    assert growth == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("gamma", "share"), [(0.0, 0), (0.5, 0), (0.75, 1 / 9), (0.9, 1 / 6), (1.0, 1 / 5)]
)
def test_stable_share_by_hand(gamma, share):
    assert stable_share(gamma=gamma) == pytest.approx(share)


def test_both_states_equally_often_is_stable_for_every_gamma():
    for gamma in np.linspace(0, 1, 11):
        step = {"gamma": gamma, "learning_rate": 0.1, "second_state_share": 0.5}
        assert abs(growth_per_copy(period=1, **step)) < 1


GOOD = {"gamma": 0.9, "learning_rate": 0.1, "period": 3}
BAD = [
    ({"gamma": 1.1}, r"gamma must lie in \[0, 1\], got 1.1"),
    ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
    ({"learning_rate": float("nan")}, "learning_rate must be positive and finite, got nan"),
    ({"learning_rate": float("inf")}, "learning_rate must be positive and finite, got inf"),
    ({"second_state_share": -0.1}, r"second_state_share must lie in \[0, 1\], got -0.1"),
    ({"period": 0}, "period must be a positive integer, got 0"),
    ({"period": 2.5}, "period must be a positive integer, got 2.5"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_input_names_the_argument(change, message):
    with pytest.raises(ValueError, match=message):
        growth_per_copy(**{**GOOD, **change})
    with pytest.raises(ValueError, match=message):
        weight_path(5, **{**GOOD, **change})
    if "period" not in change:
        rest = {name: value for name, value in GOOD.items() if name != "period"}
        with pytest.raises(ValueError, match=message):
            growth_per_update(averaging_rate=0.1, **{**rest, **change})


def test_bad_input_of_one_function_only():
    with pytest.raises(ValueError, match="num_updates must be a positive integer, got 0"):
        weight_path(0, **GOOD)
    with pytest.raises(ValueError, match=r"lag must be one of .*, got 'none'"):
        weight_path(5, **GOOD, lag="none")
    with pytest.raises(ValueError, match=r"averaging_rate must lie in \[0, 1\], got 2"):
        growth_per_update(gamma=0.9, learning_rate=0.1, averaging_rate=2)
    with pytest.raises(ValueError, match=r"gamma must lie in \[0, 1\], got -1"):
        stable_share(gamma=-1)
