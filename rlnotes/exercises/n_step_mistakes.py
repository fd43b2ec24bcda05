"""Targets of several steps, and the mistakes that people make in them."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np


def targets_by_windows(rewards, next_values, terminated, truncated, n, gamma):
    """For each step the rewards of its window, and the value behind it."""
    targets = []
    for t in range(len(rewards)):
        last = t
        while last < min(t + n, len(rewards)) - 1 and not (terminated[last] or truncated[last]):
            last += 1
        target = 0.0 if terminated[last] else gamma ** (last - t + 1) * next_values[last]
        for later in range(t, last + 1):
            target += gamma ** (later - t) * rewards[later]
        targets.append(target)
    return targets


def _with(change: Callable) -> Callable:
    """A wrong answer: the right one for a changed record."""

    def wrong(**record):
        return targets_by_windows(**{**record, **change(SimpleNamespace(**record))})

    return wrong


def _last(r, t):
    """The last step of the window that starts at t."""
    ends = r.terminated | r.truncated
    stop = min(t + r.n, len(r.rewards))
    return next((k for k in range(t, stop) if ends[k]), stop - 1)


def _tail(r, t, last):
    """What follows the window, seen from t."""
    return 0.0 if r.terminated[last] else r.gamma ** (last - t + 1) * r.next_values[last]


def _tail_unmasked(r, t, last):
    return r.gamma ** (last - t + 1) * r.next_values[last]


def _total(r, t, last):
    return sum(r.gamma ** (k - t) * r.rewards[k] for k in range(t, last + 1))


def _windows(last: Callable = _last, tail: Callable = _tail, total: Callable = _total) -> Callable:
    """A wrong answer: another last step, another tail or another sum of rewards."""

    def wrong(**record):
        r, targets = SimpleNamespace(**record), []
        for t in range(len(r.rewards)):
            end = last(r, t)
            targets.append(total(r, t, end) + tail(r, t, end))
        return targets

    return wrong


def _tails(factor: Callable) -> Callable:
    """A wrong answer: another factor of the value; of the record and the k."""
    return _windows(
        tail=lambda r, t, last: (
            0.0 if r.terminated[last] else factor(r, last - t + 1) * r.next_values[last]
        )
    )


def _tail_of_n(r, t, last):
    """gamma^n where the record stops the window, whatever its length."""
    flagged = r.terminated[last] or r.truncated[last]
    return _tail(r, t, last) if flagged else r.gamma**r.n * r.next_values[last]


def _values(value: Callable) -> Callable:
    """A wrong answer: another value behind the window."""
    return _windows(
        tail=lambda r, t, last: (
            0.0 if r.terminated[last] else r.gamma ** (last - t + 1) * value(r, t, last)
        )
    )


def _kept(keep: Callable) -> Callable:
    """A wrong answer: a value behind other windows; of the record, first, last."""
    return _windows(tail=lambda r, t, last: _tail_unmasked(r, t, last) if keep(r, t, last) else 0.0)


def _weighed(weight: Callable) -> Callable:
    """A wrong answer: another weight of a reward; of the record, first step and k."""
    return _windows(
        total=lambda r, t, last: sum(weight(r, t, k) * r.rewards[k] for k in range(t, last + 1))
    )


def _never(r):
    return np.zeros(len(r.rewards), dtype=bool)


def _unbroken(r, t):
    return min(t + r.n, len(r.rewards)) - 1


def _full(r, t):
    return t + r.n <= len(r.rewards)


def _next_row(r, t, last):
    return r.next_values[min(last + 1, len(r.rewards) - 1)]


def _row_before(r, t, last):
    return r.next_values[max(last - 1, 0)]


def _values_at_each_step(r, t, last):
    return sum(_tail(r, t, k) for k in range(t, last + 1))


def _value_at_truncations_on_the_way(r, t, last):
    """The window goes on behind them, with a value at each; no truncation stops it."""
    cuts = (k for k in range(t, last) if r.truncated[k])
    return sum(_tail(r, t, k) for k in cuts) + _tail(r, t, last)


def _over_truncations(r, t):
    return _last(SimpleNamespace(**{**vars(r), "truncated": _never(r)}), t)


def _last_flag(r, t):
    """The last step with a flag among the n, where the first one counts."""
    stop = _unbroken(r, t)
    return next((k for k in range(stop, t - 1, -1) if r.terminated[k] or r.truncated[k]), stop)


def _one_kind_first(r, t, flags, others):
    """A step of one kind stops the window; only without any the other kind does."""
    steps = range(t, _unbroken(r, t) + 1)
    found = [k for k in steps if flags[k]] or [k for k in steps if others[k]]
    return found[0] if found else steps[-1]


def _from_the_second_step(r, t):
    """The flags of step t itself are not asked."""
    stop = _unbroken(r, t)
    return t if t == stop else _last(SimpleNamespace(**{**vars(r), "n": r.n - 1}), t + 1)


def _stopped_before(**record):
    """The break stands before the reward, and the value behind what was added."""
    r, targets = SimpleNamespace(**record), []
    for t in range(len(r.rewards)):
        target, k = 0.0, 0
        while k < r.n and t + k < len(r.rewards):
            if r.terminated[t + k] or r.truncated[t + k]:
                break
            target, k = target + r.gamma**k * r.rewards[t + k], k + 1
        if k:
            target += r.gamma**k * r.next_values[t + k - 1]
        targets.append(target)
    return targets


def _discount_not_reset(**record):
    r, targets, discount = SimpleNamespace(**record), [], 1.0
    for t in range(len(r.rewards)):
        last, target = _last(r, t), 0.0
        for k in range(t, last + 1):
            target, discount = target + discount * r.rewards[k], discount * r.gamma
        tail = 0.0 if r.terminated[last] else discount * r.next_values[last]
        targets.append(target + tail)
    return targets


def _wrapped(**record):
    """Indices modulo T, as in a ring, until an end or n steps."""
    r, targets = SimpleNamespace(**record), []
    for t in range(len(r.rewards)):
        target = 0.0
        for k in range(r.n):
            place = (t + k) % len(r.rewards)
            target += r.gamma**k * r.rewards[place]
            if r.terminated[place] or r.truncated[place]:
                break
        tail = 0.0 if r.terminated[place] else r.gamma ** (k + 1) * r.next_values[place]
        targets.append(target + tail)
    return targets


def _full_windows_only(**record):
    r = SimpleNamespace(**record)
    return targets_by_windows(**record)[: max(len(r.rewards) - r.n + 1, 0)]


def _ready(**record):
    """As a learner has them while the last episode goes on: what is complete."""
    r = SimpleNamespace(**record)
    ends = r.terminated | r.truncated
    complete = [_full(r, t) or ends[_last(r, t)] for t in range(len(r.rewards))]
    return np.array(targets_by_windows(**record))[complete]


def _zero_where_short(**record):
    r = SimpleNamespace(**record)
    targets = targets_by_windows(**record)
    return [target if _full(r, t) else 0.0 for t, target in enumerate(targets)]


def _one_step_where_short(**record):
    r = SimpleNamespace(**record)
    one_step, targets = targets_by_windows(**{**record, "n": 1}), targets_by_windows(**record)
    short = [_last(r, t) - t + 1 < r.n for t in range(len(r.rewards))]
    return np.where(short, one_step, targets)


def _means(r, t, last):
    return _total(r, t, last) / (last - t + 1)


def _ends_of_blocks(r, t):
    return _last(SimpleNamespace(**{**vars(r), "n": r.n - t % r.n}), t)


MISTAKES = {
    "gamma for gamma^k": _tails(lambda r, k: r.gamma),
    "value not discounted": _tails(lambda r, k: 1.0),
    "gamma^n in short windows": _tails(lambda r, k: r.gamma**r.n),
    "gamma^n at the record's end": _windows(tail=_tail_of_n),
    "gamma^(k-1)": _tails(lambda r, k: r.gamma ** (k - 1)),
    "gamma^(k+1)": _tails(lambda r, k: r.gamma ** (k + 1)),
    "over all ends": _windows(last=_unbroken),
    "over all ends, no mask": _with(lambda r: {"terminated": _never(r), "truncated": _never(r)}),
    "over truncations": _with(lambda r: {"truncated": _never(r)}),
    "over terminations": _windows(
        last=lambda r, t: _last(SimpleNamespace(**{**vars(r), "terminated": _never(r)}), t)
    ),
    "last flag": _windows(last=_last_flag),
    "terminations first": _windows(
        last=lambda r, t: _one_kind_first(r, t, r.terminated, r.truncated)
    ),
    "truncations first": _windows(
        last=lambda r, t: _one_kind_first(r, t, r.truncated, r.terminated)
    ),
    "flags from the second step": _windows(last=_from_the_second_step),
    "truncations on the way": _windows(
        last=_over_truncations, tail=_value_at_truncations_on_the_way
    ),
    "flags of the first step": _windows(
        last=lambda r, t: t if r.terminated[t] or r.truncated[t] else _unbroken(r, t),
        tail=lambda r, t, last: _tail(r, t, last) if last == t else _tail_unmasked(r, t, last),
    ),
    "flags of the first step, masked": _windows(
        last=lambda r, t: t if r.terminated[t] or r.truncated[t] else _unbroken(r, t)
    ),
    "mask of all n steps": _kept(
        lambda r, t, last: not r.terminated[t : _unbroken(r, t) + 1].any()
    ),
    "mask of the first step": _kept(lambda r, t, last: not r.terminated[t]),
    "bootstraps after termination": _kept(lambda r, t, last: True),
    "truncation as termination": _with(lambda r: {"terminated": r.terminated | r.truncated}),
    "nothing after the record": _kept(
        lambda r, t, last: not r.terminated[last] and (last < len(r.rewards) - 1 or r.truncated[-1])
    ),
    "value behind full windows alone": _kept(
        lambda r, t, last: not r.terminated[last] and last - t + 1 == r.n
    ),
    "value at truncations alone": _kept(
        lambda r, t, last: r.truncated[last] and not r.terminated[last]
    ),
    "rewards alone": _kept(lambda r, t, last: False),
    "flags swapped": _with(lambda r: {"terminated": r.truncated, "truncated": r.terminated}),
    "truncation wins": _with(lambda r: {"terminated": r.terminated & ~r.truncated}),
    "flags of the next row": _with(
        lambda r: {
            "terminated": np.append(r.terminated[1:], False),
            "truncated": np.append(r.truncated[1:], False),
        }
    ),
    "one reward too many": _with(lambda r: {"n": r.n + 1}),
    "one reward too few": _with(lambda r: {"n": max(r.n - 1, 1)}),
    "n is 3": _with(lambda r: {"n": 3}),
    "n is 5": _with(lambda r: {"n": 5}),
    "stopped before the end": _stopped_before,
    "last reward left out": _windows(total=lambda r, t, last: _total(r, t, last - 1)),
    "reward of the end left out": _windows(
        total=lambda r, t, last: _total(r, t, last - (r.terminated[last] or r.truncated[last]))
    ),
    "reward of the first step alone": _windows(total=lambda r, t, last: r.rewards[t]),
    "one step": _with(lambda r: {"n": 1}),
    "whole episodes": _with(lambda r: {"n": len(r.rewards)}),
    "unfinished windows left out": _ready,
    "full windows only": _full_windows_only,
    "zero where the record ends": _zero_where_short,
    "one step where the window is short": _one_step_where_short,
    "blocks": _windows(last=_ends_of_blocks),
    "wrapped": _wrapped,
    "not discounted": _with(lambda r: {"gamma": 1.0}),
    "rewards not discounted": _weighed(lambda r, t, k: 1.0),
    "first reward discounted": _weighed(lambda r, t, k: r.gamma ** (k - t + 1)),
    "gamma for every later reward": _weighed(lambda r, t, k: 1.0 if k == t else r.gamma),
    "discounted from the start": _weighed(lambda r, t, k: r.gamma**k),
    "discount not reset": _discount_not_reset,
    "weights turned round": _weighed(lambda r, t, k: r.gamma ** (_last(r, t) - k)),
    "value of the first step": _values(lambda r, t, last: r.next_values[t]),
    "value of the next row": _values(_next_row),
    "value of the row before": _values(_row_before),
    "value of the last row": _values(lambda r, t, last: r.next_values[-1]),
    "value of the uncut window": _values(lambda r, t, last: r.next_values[_unbroken(r, t)]),
    "value at each step": _windows(tail=_values_at_each_step),
    "mean of the rewards": _windows(total=_means),
}
