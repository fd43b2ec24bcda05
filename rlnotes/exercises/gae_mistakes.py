"""GAE, and the mistakes that people make in it, for the exercise of that name."""

from types import SimpleNamespace

import numpy as np

from rlnotes.exercises.normalized import standardized


def gae_backward(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    """The advantages, by one loop from the last step to the first."""
    advantages, running = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        bootstrap = 0.0 if terminated[t] else next_values[t]
        if terminated[t] or truncated[t]:
            running = 0.0
        running = rewards[t] + gamma * bootstrap - values[t] + gamma * gae_lambda * running
        advantages[t] = running
    return advantages


def _with(change):
    """A wrong answer: the right one for a changed record."""

    def gae(**record):
        return gae_backward(**{**record, **change(SimpleNamespace(**record))})

    return gae


def _result(change):
    """A wrong answer: the right one, changed."""

    def gae(**record):
        return change(gae_backward(**record), SimpleNamespace(**record))

    return gae


def _sums(deltas_of, stops_of=lambda r: r.terminated | r.truncated, decay_of=None):
    """A wrong answer: sums of other TD errors, with other ends or another decay."""

    def gae(**record):
        r = SimpleNamespace(**record)
        decay = r.gamma * r.gae_lambda if decay_of is None else decay_of(r)
        advantages, running = np.zeros(len(r.rewards)), 0.0
        for t in reversed(range(len(r.rewards))):
            running = deltas_of(r)[t] + decay * running * ~stops_of(r)[t]
            advantages[t] = running
        return advantages

    return gae


def _deltas(r):
    return r.rewards + r.gamma * r.next_values * (1 - r.terminated) - r.values


def _never(r):
    return np.zeros(len(r.rewards), dtype=bool)


def _next_row(numbers, last):
    return np.append(numbers[1:], last)


def _copied_loop(done_of, last_value_of=lambda r: r.next_values[-1]):
    """Flags and values of row t + 1, as in code whose flags say: row t starts anew."""

    def change(r):
        done = done_of(r)
        values = _next_row(r.values, last_value_of(r))
        return {"next_values": values, "terminated": done, "truncated": done}

    return _with(change)


def _forward(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    advantages, running = np.zeros(len(rewards)), 0.0
    for t in range(len(rewards)):
        goes_on = not (terminated[t] or truncated[t])
        delta = rewards[t] + gamma * next_values[t] * (not terminated[t]) - values[t]
        running = delta + gamma * gae_lambda * goes_on * running
        advantages[t] = running
    return advantages


def _forward_from_each_start(**record):
    r, running, advantages = SimpleNamespace(**record), 0.0, []
    for delta, end in zip(_deltas(r), r.terminated | r.truncated, strict=True):
        running = delta + r.gamma * r.gae_lambda * running
        advantages.append(running)
        running = 0.0 if end else running
    return advantages


def _reset_too_late(**record):
    r, running, advantages = SimpleNamespace(**record), 0.0, []
    for delta, end in zip(_deltas(r)[::-1], (r.terminated | r.truncated)[::-1], strict=True):
        running = delta + r.gamma * r.gae_lambda * running
        advantages.append(running)
        running = 0.0 if end else running
    return advantages[::-1]


def _truncated_rows_deleted(**record):
    r = SimpleNamespace(**record)
    kept = {
        name: value[~r.truncated] if np.ndim(value) else value for name, value in record.items()
    }
    return gae_backward(**kept)


def _last_value_spread(r):
    """What a sum adds that starts from the last next value in place of 0."""
    behind = np.zeros(len(r.rewards))
    behind[-1] = r.gamma * r.gae_lambda * r.next_values[-1]
    return gae_backward(
        behind, 0 * behind, 0 * behind, r.terminated, r.truncated, r.gamma, r.gae_lambda
    )


MISTAKES = {
    "no reset": _sums(_deltas, _never),
    "no reset at a truncation": _sums(_deltas, lambda r: r.terminated),
    "reset where both flags are True": _sums(_deltas, lambda r: r.terminated & r.truncated),
    "reset after adding": _reset_too_late,
    "truncation as termination": _with(lambda r: {"terminated": r.terminated | r.truncated}),
    "truncated step is zero": _result(lambda a, r: np.where(r.truncated, 0.0, a)),
    "truncated step dropped": _sums(lambda r: np.where(r.truncated, 0.0, _deltas(r))),
    "truncated step keeps its value": _with(
        lambda r: {"next_values": np.where(r.truncated, r.values, r.next_values)}
    ),
    "truncation counted twice": _with(
        lambda r: {"rewards": r.rewards + r.gamma * r.next_values * r.truncated}
    ),
    "truncation wins": _with(lambda r: {"terminated": r.terminated & ~r.truncated}),
    "bootstraps after termination": _with(
        lambda r: {"terminated": _never(r), "truncated": r.terminated | r.truncated}
    ),
    "no flags, next row": _copied_loop(_never),
    "flags swapped": _with(lambda r: {"terminated": r.truncated, "truncated": r.terminated}),
    "flags of the next row": _with(
        lambda r: {
            "terminated": _next_row(r.terminated, False),
            "truncated": _next_row(r.truncated, False),
        }
    ),
    "values of the next row": _with(lambda r: {"next_values": _next_row(r.values, 0.0)}),
    "values of the next row, but the last": _with(
        lambda r: {"next_values": _next_row(r.values, r.next_values[-1])}
    ),
    "own value bootstraps": _with(lambda r: {"next_values": r.values}),
    "one flag for both": _copied_loop(lambda r: r.terminated | r.truncated, lambda r: 0.0),
    "copied loop": _copied_loop(
        lambda r: _next_row(r.terminated | r.truncated, (r.terminated | r.truncated)[-1])
    ),
    "copied loop, end not a flag": _copied_loop(
        lambda r: _next_row(r.terminated | r.truncated, False)
    ),
    "copied loop, terminations alone": _copied_loop(
        lambda r: _next_row(r.terminated, r.terminated[-1])
    ),
    "copied loop, terminations alone, end not a flag": _copied_loop(
        lambda r: _next_row(r.terminated, False)
    ),
    "terminations alone, next row": _with(
        lambda r: {
            "next_values": _next_row(r.values, r.next_values[-1]),
            "truncated": _never(r),
        }
    ),
    "truncated rows deleted": _truncated_rows_deleted,
    "last step not bootstrapped": _with(
        lambda r: {"terminated": np.append(r.terminated[:-1], True)}
    ),
    "starts from a value": _result(
        lambda a, r: a + _last_value_spread(r) * ~(r.terminated | r.truncated)[-1]
    ),
    "mask on the reward": _with(lambda r: {"rewards": r.rewards * ~r.terminated}),
    "TD error of the end dropped": _sums(lambda r: _deltas(r) * ~r.terminated),
    "lambda without gamma": _sums(_deltas, decay_of=lambda r: r.gae_lambda),
    "gamma without lambda": _sums(_deltas, decay_of=lambda r: r.gamma),
    "one minus lambda": _with(lambda r: {"gae_lambda": 1 - r.gae_lambda}),
    "value not discounted": _sums(lambda r: r.rewards + r.next_values * ~r.terminated - r.values),
    "lambda on the value": _sums(
        lambda r: r.rewards + r.gae_lambda * r.next_values * ~r.terminated - r.values
    ),
    "value not subtracted": _with(lambda r: {"values": 0 * r.values}),
    "returns": _sums(lambda r: r.rewards, decay_of=lambda r: r.gamma),
    "returns minus values": lambda **record: (
        _sums(lambda r: r.rewards, decay_of=lambda r: r.gamma)(**record) - record["values"]
    ),
    "TD errors alone": _with(lambda r: {"gae_lambda": 0.0}),
    "targets": _result(lambda a, r: a + r.values),
    "scaled by 1 - lambda": _result(lambda a, r: (1 - r.gae_lambda) * a),
    "centred": _result(lambda a, r: a - a.mean()),
    "normalized": _result(lambda a, r: standardized(a)),
    "normalized, sample deviation": _result(lambda a, r: standardized(a, ddof=1)),
    "reversed": _result(lambda a, r: a[::-1]),
    "forward loop": _forward,
    "forward loop, reset after": _forward_from_each_start,
}

HINTS = {
    "no reset": "the sum runs on into the next episode. It ends where terminated or "
    "truncated is True.",
    "no reset at a truncation": "the sum runs over a truncation into the next episode. "
    "A truncated step keeps its bootstrap value, but it too ends the sum.",
    "reset where both flags are True": "the sum ends only where both flags are True. Either one "
    "is enough: `or`, not `and`.",
    "reset after adding": "you start again after an episode's last step was added, so its "
    "TD error never reaches the steps before it, and the next episode's does.",
    "truncation as termination": "a truncated step lost its bootstrap value. The task goes "
    "on there; only terminated removes next_values.",
    "truncated step is zero": "a truncated step has an advantage, too: its TD error.",
    "truncated step dropped": "the TD error of a truncated step is dropped. It was a step like "
    "any other, with a reward and a value behind it.",
    "truncated step keeps its value": "behind a truncation you took V(s_t). The value behind it "
    "stands in next_values.",
    "truncation counted twice": "the value behind a truncation is added to the reward and "
    "bootstrapped as well. Count it once.",
    "truncation wins": "where both flags are True the task has ended: the end wins.",
    "bootstraps after termination": "where terminated is True nothing follows: next_values "
    "must count as 0 there.",
    "no flags, next row": "neither flag is used, and values[t + 1] stands for the next state. At "
    "an end or a cut the next row is another episode.",
    "flags swapped": "the two flags are exchanged: terminated removes next_values, truncated "
    "keeps it.",
    "flags of the next row": "you read the flags of row t + 1. Here terminated[t] says what "
    "the action of step t led to.",
    "values of the next row": "you took values[t + 1] for the next state. At a truncation "
    "and at the last step that is another state, or none: use next_values.",
    "values of the next row, but the last": "you took values[t + 1] for the next state, "
    "except at the end of the record. At a truncation the next row is another episode: use "
    "next_values at every step.",
    "own value bootstraps": "you took values[t] for the next state: use next_values[t].",
    "one flag for both": "you treat both flags as one `done`, and take values[t + 1] for the "
    "next state, 0 after the last step. A truncated step and the last one keep next_values.",
    "copied loop": "done[t + 1] and values[t + 1] belong to code whose flag says that row t "
    "starts a new episode. Here the flags of row t belong to step t, a truncated step "
    "bootstraps, and next_values holds the value behind each step.",
    "copied loop, end not a flag": "you read done[t + 1] and values[t + 1], and none at the last "
    "step. Take row t of the flags and next_values[t] at every step.",
    "copied loop, terminations alone": "you read terminated[t + 1] and values[t + 1]. Take row t "
    "of both flags, and next_values[t].",
    "copied loop, terminations alone, end not a flag": "you read terminated[t + 1] and "
    "values[t + 1], and no flag at the last step. Take row t of both flags, and next_values[t].",
    "terminations alone, next row": "truncated is not used, and values[t + 1] stands for the next "
    "state. Behind a truncation that is another episode: use next_values, and end the sum there.",
    "truncated rows deleted": "truncated rows are deleted. They are steps like any other: one "
    "advantage for each row.",
    "last step not bootstrapped": "the record stops there, but the episode goes on: a last "
    "step with neither flag keeps next_values.",
    "starts from a value": "the sum starts from next_values[-1]. It is a sum of TD errors and "
    "starts from 0; the value is in the last of them.",
    "mask on the reward": "the step that ends an episode has a reward, too: only next_values is "
    "masked.",
    "TD error of the end dropped": "the whole TD error is 0 where terminated is True. There it "
    "is r - V(s_t): only the next value goes.",
    "lambda without gamma": "the weight of a later TD error is (gamma * lambda)^k: lambda "
    "alone forgets the discount.",
    "gamma without lambda": "the weight of a later TD error is (gamma * lambda)^k: lambda is "
    "missing.",
    "one minus lambda": "1 - lambda stands where lambda should: the weights are "
    "(gamma * lambda)^k.",
    "value not discounted": "the value of the next state needs its gamma: "
    "delta = r + gamma * V(s') - V(s).",
    "lambda on the value": "lambda stands before V(s') in place of gamma: "
    "delta = r + gamma * V(s') - V(s).",
    "value not subtracted": "V(s_t) is missing: delta = r + gamma * V(s') - V(s).",
    "returns": "these are discounted returns, without any value. Add up TD errors.",
    "returns minus values": "these are returns minus values, without a bootstrap. Add up TD "
    "errors with weights (gamma * lambda)^k.",
    "TD errors alone": "these are the TD errors; add the later ones of the episode with "
    "weights (gamma * lambda)^k.",
    "targets": "these are the value targets A + V. Asked is A.",
    "scaled by 1 - lambda": "the sum is multiplied by 1 - lambda. That belongs to the mean of the "
    "n-step advantages and has already been used up.",
    "centred": "the mean is subtracted. Return the advantages as they are.",
    "normalized": "GAE does not normalize. Return the advantages in units of reward.",
    "normalized, sample deviation": "the advantages are normalized, dividing by n - 1. GAE leaves "
    "them in units of reward.",
    "reversed": "the numbers are right, their order is not: the loop runs backward, the "
    "answer forward.",
    "forward loop": "the loop runs forward, so earlier TD errors reach later steps. Later ones "
    "belong to earlier steps: go backward.",
    "forward loop, reset after": "the loop runs forward from each start: it adds the past. Go "
    "backward, so that each step gets the TD errors after it.",
}
