"""Two states with values w and 2w: when bootstrapping on one's own guess runs away.

    state 1 (feature 1, value w) -> state 2 (feature 2, value 2w) -> end,   reward 0

The true values are 0. Updates are expected ones: a share of them is made at state 2,
the rest at state 1, whose target bootstraps on lagged weights.
"""

import numpy as np

from rlnotes._checks import require_in_unit_interval, require_option, require_positive_integer

LAGS = ["periodic copy", "moving average"]


def growth_per_copy(
    *, gamma: float, learning_rate: float, period: int, second_state_share: float = 0.0
) -> float:
    """Factor by which w is multiplied between one copy of the target and the next.

        w <- (1 - a) w + b w_lag        expected update, at state 1 or state 2
        a = learning_rate * (1 + 3 p)   b = learning_rate * 2 gamma (1 - p)
        growth = q + (b / a) (1 - q)    q = (1 - a)^period,  p = second_state_share

    Between copies w approaches (b / a) w_lag; a longer period only brings it closer.
    So for a < 2 the growth exceeds 1 if and only if b > a, whatever the period: the
    copy slows the feedback and does not cure it. For p = 0 that is gamma > 1/2.

    Args:
        gamma: discount factor in [0, 1], per step.
        learning_rate: step size, positive.
        period: updates from copy to copy; 1 bootstraps on the newest weights.
        second_state_share: fraction of the updates made at state 2, whose target is 0.

    Returns:
        Growth factor; w diverges where its absolute value exceeds 1.

    Raises:
        ValueError: if gamma or second_state_share lies outside [0, 1], learning_rate is
            not positive and finite, or period is not a positive integer.

    References:
        Sutton & Barto (2018), section 11.2, which has no lagged copy and p = 0.

    Example:
        >>> growth_per_copy(gamma=1.0, learning_rate=0.5, period=1)  # 1 + 0.5 * (2 - 1)
        1.5
    """
    a, b = _coefficients(gamma, learning_rate, second_state_share)
    require_positive_integer(period=period)
    kept = (1 - a) ** period
    return kept + b / a * (1 - kept)


def growth_per_update(
    *, gamma: float, learning_rate: float, averaging_rate: float, second_state_share: float = 0.0
) -> float:
    """Long-run growth per update if the lagged weights are a moving average.

        w     <- (1 - a) w + b w_lag                     a, b as in `growth_per_copy`
        w_lag <- (1 - averaging_rate) w_lag + averaging_rate * w

    The largest absolute eigenvalue of this linear map. It crosses 1 where b = a, as
    with a periodic copy: averaging does not cure it either.

    Args:
        gamma: discount factor in [0, 1], per step.
        learning_rate: step size, positive.
        averaging_rate: tau of Polyak averaging in [0, 1]; 1 does not lag, 0 freezes.
        second_state_share: fraction of the updates made at state 2, whose target is 0.

    Returns:
        Growth factor per update, not negative; w diverges above 1.

    Raises:
        ValueError: as for `growth_per_copy`, or for averaging_rate outside [0, 1].

    References:
        Lillicrap et al. (2016), arXiv:1509.02971, for the averaged target network.

    Example:
        >>> growth = growth_per_update(gamma=1.0, learning_rate=0.5, averaging_rate=1.0)
        >>> round(growth, 12)  # 1 + 0.5 * (2 - 1), as without a lag
        1.5
    """
    a, b = _coefficients(gamma, learning_rate, second_state_share)
    require_in_unit_interval(averaging_rate=averaging_rate)
    tau = averaging_rate
    step = np.array([[1 - a, b], [tau * (1 - a), 1 - tau + tau * b]])
    return float(np.abs(np.linalg.eigvals(step)).max())


def stable_share(*, gamma: float) -> float:
    """Share of updates at state 2 from which on w no longer grows.

        p = max(0, (2 gamma - 1) / (2 gamma + 3))

    From b = a in `growth_per_copy`, so for steps with a < 2. Episodes that start in
    state 1 visit both states equally often: their share of 1/2 is above the largest
    threshold, 1/5 at gamma = 1.

    Args:
        gamma: discount factor in [0, 1], per step.

    Returns:
        Fraction in [0, 1/5].

    Raises:
        ValueError: if gamma lies outside [0, 1].

    Example:
        >>> stable_share(gamma=1.0), stable_share(gamma=0.5)
        (0.2, 0.0)
    """
    require_in_unit_interval(gamma=gamma)
    return max(0.0, (2 * gamma - 1) / (2 * gamma + 3))


def weight_path(
    num_updates: int,
    *,
    gamma: float,
    learning_rate: float,
    period: int,
    second_state_share: float = 0.0,
    lag: str = "periodic copy",
) -> tuple[np.ndarray, np.ndarray]:
    """Weights update by update, from w = w_lag = 1.

        w <- w + learning_rate * [(1 - p) (gamma 2 w_lag - w) + p * 2 (0 - 2 w)]

    Then the lagged weights follow: by a copy after every `period` updates, or by a
    moving average with rate 1 / period after each.

    Args:
        num_updates: K, how many updates.
        gamma: discount factor in [0, 1], per step.
        learning_rate: step size, positive.
        period: updates from copy to copy; 1 bootstraps on the newest weights.
        second_state_share: p, fraction of the updates made at state 2.
        lag: one of `LAGS`.

    Returns:
        [K + 1] weights and [K + 1] lagged weights, those that the next update uses.

    Raises:
        ValueError: as for `growth_per_copy`, for num_updates that is not a positive
            integer, or an unknown lag.

    Example:
        >>> weights, lagged = weight_path(4, gamma=1.0, learning_rate=0.5, period=2)
        >>> weights.tolist(), lagged.tolist()
        ([1.0, 1.5, 1.75, 2.625, 3.0625], [1.0, 1.0, 1.75, 1.75, 3.0625])
    """
    _coefficients(gamma, learning_rate, second_state_share)
    require_positive_integer(num_updates=num_updates, period=period)
    require_option(LAGS, lag=lag)
    w = w_lag = 1.0
    path = [(w, w_lag)]
    for update in range(1, num_updates + 1):
        first = 2 * gamma * w_lag - w
        second = 2 * (0 - 2 * w)
        w += learning_rate * ((1 - second_state_share) * first + second_state_share * second)
        if lag == "moving average":
            w_lag += (w - w_lag) / period
        elif update % period == 0:
            w_lag = w
        path.append((w, w_lag))
    weights, lagged_weights = np.array(path).T
    return weights, lagged_weights


def _coefficients(
    gamma: float, learning_rate: float, second_state_share: float
) -> tuple[float, float]:
    require_in_unit_interval(gamma=gamma, second_state_share=second_state_share)
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate must be positive and finite, got {learning_rate}")
    pull = learning_rate * (1 + 3 * second_state_share)
    return pull, learning_rate * 2 * gamma * (1 - second_state_share)
