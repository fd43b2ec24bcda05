"""Targets of several steps, and the same with one part exchanged."""

from collections.abc import Callable
from types import SimpleNamespace


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


def on_changed_record(change: Callable) -> Callable:
    """A wrong answer: the right one for a changed record."""

    def wrong(**record):
        return targets_by_windows(**{**record, **change(SimpleNamespace(**record))})

    return wrong


def last_step(r, t):
    """The last step of the window that starts at t."""
    ends = r.terminated | r.truncated
    stop = min(t + r.n, len(r.rewards))
    return next((k for k in range(t, stop) if ends[k]), stop - 1)


def tail_value(r, t, last):
    """What follows the window, seen from t."""
    return 0.0 if r.terminated[last] else r.gamma ** (last - t + 1) * r.next_values[last]


def unmasked_tail(r, t, last):
    """What follows the window, whether or not it terminated."""
    return r.gamma ** (last - t + 1) * r.next_values[last]


def discounted_sum(r, t, last):
    """The rewards of the window, seen from t."""
    return sum(r.gamma ** (k - t) * r.rewards[k] for k in range(t, last + 1))


def changed_windows(
    last: Callable = last_step, tail: Callable = tail_value, total: Callable = discounted_sum
) -> Callable:
    """A wrong answer: another last step, another tail or another sum of rewards."""

    def wrong(**record):
        r, targets = SimpleNamespace(**record), []
        for t in range(len(r.rewards)):
            end = last(r, t)
            targets.append(total(r, t, end) + tail(r, t, end))
        return targets

    return wrong


def with_weight(factor: Callable) -> Callable:
    """A wrong answer: another factor of the value; of the record and the k."""
    return changed_windows(
        tail=lambda r, t, last: (
            0.0 if r.terminated[last] else factor(r, last - t + 1) * r.next_values[last]
        )
    )


def with_value(value: Callable) -> Callable:
    """A wrong answer: another value behind the window."""
    return changed_windows(
        tail=lambda r, t, last: (
            0.0 if r.terminated[last] else r.gamma ** (last - t + 1) * value(r, t, last)
        )
    )


def with_tail_where(keep: Callable) -> Callable:
    """A wrong answer: a value behind other windows; of the record, first, last."""
    return changed_windows(
        tail=lambda r, t, last: unmasked_tail(r, t, last) if keep(r, t, last) else 0.0
    )


def with_reward_weights(weight: Callable) -> Callable:
    """A wrong answer: another weight of a reward; of the record, first step and k."""
    return changed_windows(
        total=lambda r, t, last: sum(weight(r, t, k) * r.rewards[k] for k in range(t, last + 1))
    )


def uncut_last(r, t):
    """The last step of a window that no flag stops."""
    return min(t + r.n, len(r.rewards)) - 1
