"""What follows from a prompt's pass rate p: dead groups, pass@k, a verifier that errs.

All are probabilities of independent replies, each right with probability p.
"""

import numpy as np

from rlnotes._checks import float64_array, require_in_unit_interval, require_positive_integer


def success_probs(pass_rates: np.ndarray, num_replies: int) -> np.ndarray:
    """[..., n + 1] probability of each number of successes among n independent replies.

    Raises:
        ValueError: if a pass rate lies outside [0, 1], or num_replies is no positive
            integer.

    Example:
        >>> success_probs(0.5, 2).round(12)
        array([0.25, 0.5 , 0.25])
    """
    pass_rates = checked_pass_rates(pass_rates)
    require_positive_integer(num_replies=num_replies)
    counts = np.arange(num_replies + 1)
    log_orders = np.log((num_replies - counts[:-1]) / counts[1:]).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        right = counts * np.log(pass_rates)[..., None]
        wrong = (num_replies - counts) * np.log1p(-pass_rates)[..., None]
    # 0 * log 0 is NaN, and stands for p^0 = 1.
    right[..., 0] = wrong[..., -1] = 0
    return np.exp(np.concatenate([[0.0], log_orders]) + right + wrong)


def no_signal_probability(pass_rates: np.ndarray, *, group_size: int) -> np.ndarray:
    """Probability that all rewards of a group are equal, so that no advantage is left.

        p^G + (1 - p)^G

    Args:
        pass_rates: [...] p.
        group_size: G, at least 1.

    Returns:
        [...] probabilities, smallest at p = 1/2.

    Raises:
        ValueError: if a pass rate lies outside [0, 1], or group_size is no positive
            integer.

    Example:
        >>> no_signal_probability([0.5, 1.0], group_size=4)
        array([0.125, 1.   ])
    """
    pass_rates = checked_pass_rates(pass_rates)
    require_positive_integer(group_size=group_size)
    return pass_rates**group_size + (1 - pass_rates) ** group_size


def pass_at_k(pass_rates: np.ndarray, *, k: int) -> np.ndarray:
    """Probability that at least one of k replies is right.

        pass@k = 1 - (1 - p)^k

    Args:
        pass_rates: [...] p.
        k: number of replies, at least 1.

    Returns:
        [...] probabilities, accurate for small ones, too.

    Raises:
        ValueError: if a pass rate lies outside [0, 1], or k is no positive integer.

    Example:
        >>> pass_at_k([0.5, 1.0], k=3)
        array([0.875, 1.   ])
    """
    pass_rates = checked_pass_rates(pass_rates)
    require_positive_integer(k=k)
    with np.errstate(divide="ignore"):  # a certain success: log 0
        return -np.expm1(k * np.log1p(-pass_rates))


def pass_at_k_estimate(num_replies: int, num_right: int, *, k: int) -> float:
    """Unbiased estimate of pass@k from n replies of which c are right.

        1 - C(n - c, k) / C(n, k)

    The share of all choices of k of the n replies that hold a right one. To put c / n
    for p into the formula of `pass_at_k` is biased: too low.

    Args:
        num_replies: n, at least k.
        num_right: c, from 0 to n.
        k: at least 1.

    Returns:
        A probability.

    Raises:
        ValueError: if n or k is no positive integer, k exceeds n, or c is no integer
            from 0 to n.

    References:
        Chen et al. (2021), arXiv:2107.03374, Eq. 1.

    Example:
        >>> pass_at_k_estimate(4, 1, k=2)  # 3 of the 6 pairs hold the right one
        0.5
    """
    require_positive_integer(num_replies=num_replies, k=k)
    if k > num_replies:
        raise ValueError(f"k must be at most num_replies, got k {k} of {num_replies}")
    whole = isinstance(num_right, int | np.integer) and not isinstance(num_right, bool)
    if not (whole and 0 <= num_right <= num_replies):
        raise ValueError(f"num_right must be an integer from 0 to {num_replies}, got {num_right!r}")
    first = np.arange(num_replies - k + 1, num_replies + 1)
    # C(n - c, k) / C(n, k), factor by factor; one of them is 0 where n - c < k.
    return float(1 - np.prod((first - num_right) / first))


def observed_pass_rates(
    pass_rates: np.ndarray, *, false_positive_rate: float, false_negative_rate: float
) -> np.ndarray:
    """Pass rate as an erring verifier sees it.

        q = fp + (1 - fp - fn) p

    Every estimator made of rewards follows q. So its weight is that at q, times
    dq / dp = 1 - fp - fn: at fp + fn = 1 nothing is learned, beyond it the opposite.

    Args:
        pass_rates: [...] p, of replies that are really right.
        false_positive_rate: fp, probability that a wrong reply is passed.
        false_negative_rate: fn, probability that a right reply is failed.

    Returns:
        [...] q.

    Raises:
        ValueError: if a number lies outside [0, 1].

    Example:
        >>> rates = {"false_positive_rate": 0.25, "false_negative_rate": 0.0}
        >>> observed_pass_rates([0.0, 1.0], **rates)
        array([0.25, 1.  ])
    """
    pass_rates = checked_pass_rates(pass_rates)
    require_in_unit_interval(
        false_positive_rate=false_positive_rate, false_negative_rate=false_negative_rate
    )
    # Written as a mean of two rates: that stays in [0, 1].
    return (1 - pass_rates) * false_positive_rate + pass_rates * (1 - false_negative_rate)


def checked_pass_rates(pass_rates: np.ndarray) -> np.ndarray:
    """[...] as float64.

    Raises:
        ValueError: if one lies outside [0, 1], or is no number.
    """
    array = float64_array("pass_rates", pass_rates)
    for number in (array.min(initial=0), array.max(initial=0)):
        require_in_unit_interval(pass_rates=float(number))
    return array
