"""The mistakes that people make in targets of several steps."""

from types import SimpleNamespace

import numpy as np

from rlnotes.exercises.n_step_windows import (
    changed_windows,
    discounted_sum,
    last_step,
    on_changed_record,
    tail_value,
    targets_by_windows,
    uncut_last,
    unmasked_tail,
    with_reward_weights,
    with_tail_where,
    with_value,
    with_weight,
)


def _tail_of_n(r, t, last):
    """gamma^n where the record stops the window, whatever its length."""
    flagged = r.terminated[last] or r.truncated[last]
    return tail_value(r, t, last) if flagged else r.gamma**r.n * r.next_values[last]


def _never(r):
    return np.zeros(len(r.rewards), dtype=bool)


def _full(r, t):
    return t + r.n <= len(r.rewards)


def _next_row(r, t, last):
    return r.next_values[min(last + 1, len(r.rewards) - 1)]


def _row_before(r, t, last):
    return r.next_values[max(last - 1, 0)]


def _values_at_each_step(r, t, last):
    return sum(tail_value(r, t, k) for k in range(t, last + 1))


def _value_at_truncations_on_the_way(r, t, last):
    """The window goes on behind them, with a value at each; no truncation stops it."""
    cuts = (k for k in range(t, last) if r.truncated[k])
    return sum(tail_value(r, t, k) for k in cuts) + tail_value(r, t, last)


def _over_truncations(r, t):
    return last_step(SimpleNamespace(**{**vars(r), "truncated": _never(r)}), t)


def _last_flag(r, t):
    """The last step with a flag among the n, where the first one counts."""
    stop = uncut_last(r, t)
    return next((k for k in range(stop, t - 1, -1) if r.terminated[k] or r.truncated[k]), stop)


def _one_kind_first(r, t, flags, others):
    """A step of one kind stops the window; only without any the other kind does."""
    steps = range(t, uncut_last(r, t) + 1)
    found = [k for k in steps if flags[k]] or [k for k in steps if others[k]]
    return found[0] if found else steps[-1]


def _from_the_second_step(r, t):
    """The flags of step t itself are not asked."""
    stop = uncut_last(r, t)
    return t if t == stop else last_step(SimpleNamespace(**{**vars(r), "n": r.n - 1}), t + 1)


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
        last, target = last_step(r, t), 0.0
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
    complete = [_full(r, t) or ends[last_step(r, t)] for t in range(len(r.rewards))]
    return np.array(targets_by_windows(**record))[complete]


def _zero_where_short(**record):
    r = SimpleNamespace(**record)
    targets = targets_by_windows(**record)
    return [target if _full(r, t) else 0.0 for t, target in enumerate(targets)]


def _one_step_where_short(**record):
    r = SimpleNamespace(**record)
    one_step, targets = targets_by_windows(**{**record, "n": 1}), targets_by_windows(**record)
    short = [last_step(r, t) - t + 1 < r.n for t in range(len(r.rewards))]
    return np.where(short, one_step, targets)


def _means(r, t, last):
    return discounted_sum(r, t, last) / (last - t + 1)


def _ends_of_blocks(r, t):
    return last_step(SimpleNamespace(**{**vars(r), "n": r.n - t % r.n}), t)


MISTAKES = {
    "gamma for gamma^k": with_weight(lambda r, k: r.gamma),
    "value not discounted": with_weight(lambda r, k: 1.0),
    "gamma^n in short windows": with_weight(lambda r, k: r.gamma**r.n),
    "gamma^n at the record's end": changed_windows(tail=_tail_of_n),
    "gamma^(k-1)": with_weight(lambda r, k: r.gamma ** (k - 1)),
    "gamma^(k+1)": with_weight(lambda r, k: r.gamma ** (k + 1)),
    "over all ends": changed_windows(last=uncut_last),
    "over all ends, no mask": on_changed_record(
        lambda r: {"terminated": _never(r), "truncated": _never(r)}
    ),
    "over truncations": on_changed_record(lambda r: {"truncated": _never(r)}),
    "over terminations": changed_windows(
        last=lambda r, t: last_step(SimpleNamespace(**{**vars(r), "terminated": _never(r)}), t)
    ),
    "last flag": changed_windows(last=_last_flag),
    "terminations first": changed_windows(
        last=lambda r, t: _one_kind_first(r, t, r.terminated, r.truncated)
    ),
    "truncations first": changed_windows(
        last=lambda r, t: _one_kind_first(r, t, r.truncated, r.terminated)
    ),
    "flags from the second step": changed_windows(last=_from_the_second_step),
    "truncations on the way": changed_windows(
        last=_over_truncations, tail=_value_at_truncations_on_the_way
    ),
    "flags of the first step": changed_windows(
        last=lambda r, t: t if r.terminated[t] or r.truncated[t] else uncut_last(r, t),
        tail=lambda r, t, last: tail_value(r, t, last) if last == t else unmasked_tail(r, t, last),
    ),
    "flags of the first step, masked": changed_windows(
        last=lambda r, t: t if r.terminated[t] or r.truncated[t] else uncut_last(r, t)
    ),
    "mask of all n steps": with_tail_where(
        lambda r, t, last: not r.terminated[t : uncut_last(r, t) + 1].any()
    ),
    "mask of the first step": with_tail_where(lambda r, t, last: not r.terminated[t]),
    "bootstraps after termination": with_tail_where(lambda r, t, last: True),
    "truncation as termination": on_changed_record(
        lambda r: {"terminated": r.terminated | r.truncated}
    ),
    "nothing after the record": with_tail_where(
        lambda r, t, last: not r.terminated[last] and (last < len(r.rewards) - 1 or r.truncated[-1])
    ),
    "value behind full windows alone": with_tail_where(
        lambda r, t, last: not r.terminated[last] and last - t + 1 == r.n
    ),
    "value at truncations alone": with_tail_where(
        lambda r, t, last: r.truncated[last] and not r.terminated[last]
    ),
    "rewards alone": with_tail_where(lambda r, t, last: False),
    "flags swapped": on_changed_record(
        lambda r: {"terminated": r.truncated, "truncated": r.terminated}
    ),
    "truncation wins": on_changed_record(lambda r: {"terminated": r.terminated & ~r.truncated}),
    "flags of the next row": on_changed_record(
        lambda r: {
            "terminated": np.append(r.terminated[1:], False),
            "truncated": np.append(r.truncated[1:], False),
        }
    ),
    "one reward too many": on_changed_record(lambda r: {"n": r.n + 1}),
    "one reward too few": on_changed_record(lambda r: {"n": max(r.n - 1, 1)}),
    "n is 3": on_changed_record(lambda r: {"n": 3}),
    "n is 5": on_changed_record(lambda r: {"n": 5}),
    "stopped before the end": _stopped_before,
    "last reward left out": changed_windows(
        total=lambda r, t, last: discounted_sum(r, t, last - 1)
    ),
    "reward of the end left out": changed_windows(
        total=lambda r, t, last: discounted_sum(
            r, t, last - (r.terminated[last] or r.truncated[last])
        )
    ),
    "reward of the first step alone": changed_windows(total=lambda r, t, last: r.rewards[t]),
    "one step": on_changed_record(lambda r: {"n": 1}),
    "whole episodes": on_changed_record(lambda r: {"n": len(r.rewards)}),
    "unfinished windows left out": _ready,
    "full windows only": _full_windows_only,
    "zero where the record ends": _zero_where_short,
    "one step where the window is short": _one_step_where_short,
    "blocks": changed_windows(last=_ends_of_blocks),
    "wrapped": _wrapped,
    "not discounted": on_changed_record(lambda r: {"gamma": 1.0}),
    "rewards not discounted": with_reward_weights(lambda r, t, k: 1.0),
    "first reward discounted": with_reward_weights(lambda r, t, k: r.gamma ** (k - t + 1)),
    "gamma for every later reward": with_reward_weights(lambda r, t, k: 1.0 if k == t else r.gamma),
    "discounted from the start": with_reward_weights(lambda r, t, k: r.gamma**k),
    "discount not reset": _discount_not_reset,
    "weights turned round": with_reward_weights(lambda r, t, k: r.gamma ** (last_step(r, t) - k)),
    "value of the first step": with_value(lambda r, t, last: r.next_values[t]),
    "value of the next row": with_value(_next_row),
    "value of the row before": with_value(_row_before),
    "value of the last row": with_value(lambda r, t, last: r.next_values[-1]),
    "value of the uncut window": with_value(lambda r, t, last: r.next_values[uncut_last(r, t)]),
    "value at each step": changed_windows(tail=_values_at_each_step),
    "mean of the rewards": changed_windows(total=_means),
}
