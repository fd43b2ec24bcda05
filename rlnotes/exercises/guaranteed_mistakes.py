"""Value iteration with a guaranteed error, and the mistakes that people make in it."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np


def backup(probs, rewards, values, gamma):
    """One sweep of the optimality equation: [S, A, S], [S, A], [S] -> [S]."""
    return (rewards + gamma * probs @ values).max(axis=1)


def sweeps_until_sure(transition_probs, expected_rewards, gamma, max_error):
    """The values of the first sweep whose bound is small enough, and that bound."""
    values, bound = np.zeros(len(expected_rewards)), np.inf
    while bound > max_error:
        new = backup(transition_probs, expected_rewards, values, gamma)
        bound = gamma / (1 - gamma) * np.max(abs(new - values))
        values = new
    return values, bound


def _largest(change):
    return abs(change).max()


def _factor(gamma):
    return gamma / (1 - gamma)


def _loop(
    sweep: Callable = backup,
    size: Callable = _largest,
    factor: Callable = _factor,
    bound: Callable = lambda m: m.factor * m.change,
    stops: Callable = lambda m: m.bound <= m.max_error,
    result: Callable = lambda m: (m.values, m.bound),
    start: Callable = lambda rewards: np.zeros(len(rewards)),
) -> Callable:
    """A wrong answer: the loop with another part.

    `sweep` is one of P, R, V and gamma; `size` is that of the change; `factor` is one
    of gamma; `bound`, `stops` and `result` are of the moment after a sweep; `start` is
    of R.
    """

    def wrong(transition_probs, expected_rewards, gamma, max_error):
        m = SimpleNamespace(probs=transition_probs, rewards=expected_rewards, gamma=gamma)
        m.max_error, m.sweeps, m.bound = max_error, 0, np.inf
        m.before, m.factor = None, factor(gamma)
        m.values = start(expected_rewards)
        while m.sweeps == 0 or not stops(m):
            m.sweeps, m.before, m.bound_before = m.sweeps + 1, m.values, m.bound
            m.values = sweep(m.probs, m.rewards, m.before, gamma)
            m.change = size(m.values - m.before)
            m.bound = bound(m)
        return result(m)

    return wrong


def _in_place(probs, rewards, values, gamma):
    values = values.copy()
    for state in range(len(values)):
        values[state] = (rewards[state] + gamma * probs[state] @ values).max()
    return values


def _of_action_values(choose: Callable) -> Callable:
    """A wrong sweep: something else than the largest action value."""
    return lambda probs, rewards, values, gamma: choose(rewards + gamma * probs @ values)


def _a_priori(first: Callable) -> Callable:
    """A true bound that needs no sweep: gamma^k / (1 - gamma) times a number of R."""
    return _loop(bound=lambda m: m.gamma**m.sweeps / (1 - m.gamma) * first(m.rewards))


def _never_begun(start: float) -> Callable:
    """A wrong answer: `while bound > max_error` with a bound that is small at first."""

    def wrong(max_error, **problem):
        if start > max_error:
            return sweeps_until_sure(max_error=max_error, **problem)
        return np.zeros(len(problem["expected_rewards"])), start

    return wrong


def _largest_values_compared(m):
    return m.factor * abs(m.values.max() - m.before.max())


def _best_at_once(probs, rewards, values, gamma):
    """The action of the largest reward, whatever follows."""
    chosen = rewards.argmax(axis=1)[:, None]
    return np.take_along_axis(rewards + gamma * probs @ values, chosen, axis=1)[:, 0]


def _one_more(m):
    return backup(m.probs, m.rewards, m.values, m.gamma)


def _true_error(m):
    exact = m.values
    for _ in range(500):
        exact = backup(m.probs, m.rewards, exact, m.gamma)
    return _largest(exact - m.values)


def _infinite_at_first(transition_probs, expected_rewards, gamma, max_error):
    values, change = np.zeros(len(expected_rewards)), np.inf
    while gamma / (1 - gamma) * change > max_error:
        new = backup(transition_probs, expected_rewards, values, gamma)
        values, change = new, _largest(new - values)
    return values, gamma / (1 - gamma) * change


def _sizes_compared(transition_probs, expected_rewards, gamma, max_error):
    values, bound = np.zeros(len(expected_rewards)), np.inf
    while bound > max_error:
        new = backup(transition_probs, expected_rewards, values, gamma)
        bound = gamma / (1 - gamma) * _largest(abs(new) - abs(values))
        values = new
    return values, bound


def _one_array(transition_probs, expected_rewards, gamma, max_error):
    """`old = values` is no copy: no change is ever seen."""
    values = np.zeros(len(expected_rewards))
    return _in_place(transition_probs, expected_rewards, values, gamma), 0.0


def _change_so_small(m):
    return m.change <= m.max_error


MISTAKES = {
    "no factor": _loop(factor=lambda gamma: 1.0),
    "no factor, bound computed": _loop(stops=_change_so_small),
    "no factor, change returned": _loop(result=lambda m: (m.values, m.change)),
    "factor 1 / (1 - gamma)": _loop(factor=lambda gamma: 1 / (1 - gamma)),
    "stops by 1 / (1 - gamma)": _loop(stops=lambda m: m.change / (1 - m.gamma) <= m.max_error),
    "factor gamma": _loop(factor=lambda gamma: gamma),
    "factor 1 - gamma": _loop(factor=lambda gamma: 1 - gamma),
    "factor turned round": _loop(factor=lambda gamma: (1 - gamma) / gamma if gamma else 0.0),
    "factor 2 gamma / (1 - gamma)": _loop(factor=lambda gamma: 2 * _factor(gamma)),
    "factor 2 / (1 - gamma)": _loop(factor=lambda gamma: 2 / (1 - gamma)),
    "brackets left out": _loop(bound=lambda m: m.change * m.gamma / 1 - m.gamma),
    "brackets left out, change last": _loop(bound=lambda m: m.gamma / 1 - m.gamma * m.change),
    "factor with gamma squared": _loop(factor=lambda gamma: gamma * _factor(gamma)),
    "mean of the changes": _loop(size=lambda change: abs(change).mean()),
    "sum of the changes": _loop(size=lambda change: abs(change).sum()),
    "root of the squares": _loop(size=lambda change: np.sqrt((change**2).sum())),
    "signed maximum": _loop(size=np.max),
    "size of the signed maximum": _loop(size=lambda change: abs(change.max())),
    "falls alone": _loop(size=lambda change: -change.min()),
    "size of the largest fall": _loop(size=lambda change: abs(change.min())),
    "sizes compared": _sizes_compared,
    "squares": _loop(size=lambda change: (change**2).max()),
    "smallest change": _loop(size=lambda change: abs(change).min()),
    "change of the first state": _loop(size=lambda change: abs(change[0])),
    "change of the last state": _loop(size=lambda change: abs(change[-1])),
    "change of the sum": _loop(size=lambda change: abs(change.sum())),
    "change of the largest value": _loop(bound=_largest_values_compared),
    "span of the changes": _loop(size=np.ptp),
    "relative change": _loop(
        stops=lambda m: m.bound <= m.max_error * max(_largest(m.values), 1e-12)
    ),
    "relative bound": _loop(bound=lambda m: m.factor * m.change / max(_largest(m.values), 1e-12)),
    "bound must be smaller": _loop(stops=lambda m: m.bound < m.max_error),
    "one sweep more": _loop(stops=lambda m: m.bound_before <= m.max_error),
    "values after one sweep more": _loop(result=lambda m: (_one_more(m), m.bound)),
    "values before the sweep": _loop(result=lambda m: (m.before, m.bound)),
    "values before, and their bound": _loop(
        factor=lambda gamma: 1 / (1 - gamma), result=lambda m: (m.before, m.bound)
    ),
    "bound of the sweep before": _loop(result=lambda m: (m.values, m.bound_before)),
    "max_error returned": _loop(result=lambda m: (m.values, m.max_error)),
    "true error": _loop(result=lambda m: (m.values, _true_error(m))),
    "number of sweeps": _loop(result=lambda m: (m.values, m.sweeps)),
    "a priori": _a_priori(lambda rewards: abs(rewards.max(axis=1)).max()),
    "a priori from the rewards": _a_priori(lambda rewards: abs(rewards).max()),
    "bound 0 at first": _never_begun(0.0),
    "bound 1 at first": _never_begun(1.0),
    "starts from the rewards": _loop(start=lambda rewards: rewards.max(axis=1)),
    "starts from ones": _loop(start=lambda rewards: np.ones(len(rewards))),
    "one sweep": _loop(stops=lambda m: True),
    "until nothing changes": _loop(stops=lambda m: m.change < 1e-9),
    "infinite at first": _infinite_at_first,
    "one array": _one_array,
    "in place": _loop(sweep=_in_place),
    "mean over actions": _loop(sweep=_of_action_values(lambda q: q.mean(axis=1))),
    "minimum over actions": _loop(sweep=_of_action_values(lambda q: q.min(axis=1))),
    "maximum over states": _loop(sweep=_of_action_values(lambda q: q.max(axis=0))),
    "maxima apart": _loop(sweep=lambda p, r, v, gamma: r.max(axis=1) + gamma * (p @ v).max(axis=1)),
    "best at once": _loop(sweep=_best_at_once),
    "landings turned round": _loop(sweep=lambda p, r, v, gamma: backup(p.T, r, v, gamma)),
    "table of integers": _loop(
        sweep=lambda *problem: np.trunc(backup(*problem)),
        stops=lambda m: m.bound <= m.max_error or m.sweeps == 1000,  # else it goes on for ever
    ),
    "first action": _loop(sweep=_of_action_values(lambda q: q[:, 0])),
    "gamma on the reward": _loop(sweep=lambda p, r, v, gamma: gamma * backup(p, r, v, 1.0)),
    "best landing": _loop(
        sweep=lambda p, r, v, gamma: (r + gamma * np.where(p > 0, v, -np.inf).max(axis=2)).max(
            axis=1
        )
    ),
    "values only grow": _loop(sweep=lambda p, r, v, gamma: np.maximum(backup(p, r, v, gamma), v)),
}
