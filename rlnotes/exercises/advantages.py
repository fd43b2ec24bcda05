"""Exercise: advantages from action values and a policy."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.base import Case, Exercise
from rlnotes.exercises.normalized import standardized


def _advantages_by_sum(q_values, policy):
    return q_values - (policy * q_values).sum(axis=1, keepdims=True)


def _advantages_by_loop(q_values, policy):
    answer = []
    for row, probs in zip(q_values, policy, strict=True):
        state_value = np.dot(probs, row)
        answer.append([q - state_value for q in row])
    return answer


def _minus(baseline: Callable) -> Callable:
    """Q minus another number than V: a function of Q and the policy."""
    return lambda q_values, policy: q_values - baseline(q_values, policy)


def _values(q_values, policy):
    return (policy * q_values).sum(axis=1)


def _value_of_the_likeliest(q_values, policy):
    return np.take_along_axis(q_values, policy.argmax(axis=1)[:, None], axis=1)


def _advantages_sign(q_values, policy):
    return -_advantages_by_sum(q_values, policy)


def _advantages_weighted(q_values, policy):
    return policy * _advantages_by_sum(q_values, policy)


def _advantages_policy_at_q(q_values, policy):
    return policy * q_values - _values(q_values, policy)[:, None]


def _advantages_standardized(q_values, policy):
    advantages = _advantages_by_sum(q_values, policy)
    return advantages / (advantages.std() + 1e-8)


def _advantages_standardized_by_row(q_values, policy):
    advantages = _advantages_by_sum(q_values, policy)
    return advantages / (advantages.std(axis=1, keepdims=True) + 1e-8)


def _batch_standardized(ddof: int) -> Callable:
    """The right advantages, standardized over all states and actions."""
    return lambda q_values, policy: standardized(_advantages_by_sum(q_values, policy), ddof=ddof)


def _standardized(q_values, policy):
    spread = q_values.std(axis=1, keepdims=True) + 1e-8
    return (q_values - q_values.mean(axis=1, keepdims=True)) / spread


def _advantages_ratio(q_values, policy):
    return q_values / _values(q_values, policy)[:, None]


def _advantages_relative(q_values, policy):
    return _advantages_ratio(q_values, policy) - 1


def _advantages_cut_off(q_values, policy):
    return np.maximum(_advantages_by_sum(q_values, policy), 0.0)


def _advantages_sizes(q_values, policy):
    return abs(_advantages_by_sum(q_values, policy))


EXERCISE = Exercise(
    name="advantages",
    cases=[
        Case(
            {
                "q_values": np.array([[1.0, 3.0], [8.0, 0.0]]),
                "policy": np.array([[0.25, 0.75], [0.75, 0.25]]),
            },
            [[-1.5, 0.5], [2.0, -6.0]],
            "V = (0.25 * 1 + 0.75 * 3, 0.75 * 8 + 0.25 * 0) = (2.5, 6).",
        ),
        Case(
            {
                "q_values": np.array([[-4.0, 0.5, 2.5], [6.0, -3.0, 3.0]]),
                "policy": np.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]),
            },
            [[-2.75, 1.75, 3.75], [3.75, -5.25, 0.75]],
            "V = (-2 + 0.125 + 0.625, 1.5 - 0.75 + 1.5) = (-1.25, 2.25).",
        ),
        Case(
            {"q_values": np.array([[2.0, 8.0, 5.0]]), "policy": np.array([[0.0, 1.0, 0.0]])},
            [[-6.0, 0.0, -3.0]],
            "a policy that always takes the second action has V = 8.",
        ),
        Case(
            {"q_values": np.array([[2.0, 8.0, 5.0]]), "policy": np.array([[1.0, 0.0, 0.0]])},
            [[0.0, 6.0, 3.0]],
            "a policy that always takes the first action has V = 2.",
        ),
        Case(
            {"q_values": np.array([[7.0], [-1.0]]), "policy": np.array([[1.0], [1.0]])},
            [[0.0], [0.0]],
            "where there is one action only, it is as good as the mean.",
        ),
    ],
    solutions=[_advantages_by_sum, _advantages_by_loop],
    wrong_answers={
        "minus the best": _minus(lambda q, policy: q.max(axis=1, keepdims=True)),
        "minus the worst": _minus(lambda q, policy: q.min(axis=1, keepdims=True)),
        "minus the plain mean": _minus(lambda q, policy: q.mean(axis=1, keepdims=True)),
        "minus the plain sum": _minus(lambda q, policy: q.sum(axis=1, keepdims=True)),
        "minus the likeliest action": _minus(_value_of_the_likeliest),
        "sum divided by A": _minus(lambda q, policy: (policy * q).mean(axis=1, keepdims=True)),
        "sum over states": _minus(lambda q, policy: (policy * q).sum(axis=0)),
        "plain mean over states": _minus(lambda q, policy: q.mean(axis=0)),
        "axis lost": _minus(_values),
        "axis forgotten": _minus(lambda q, policy: (policy * q).sum()),
        "mean over all": _minus(lambda q, policy: (policy * q).mean()),
        "minus the overall mean": _minus(lambda q, policy: q.mean()),
        "V of the first state": _minus(lambda q, policy: _values(q, policy)[0]),
        "sum forgotten": _minus(lambda q, policy: policy * q),
        "sum not started anew": _minus(lambda q, policy: _values(q, policy).cumsum()[:, None]),
        "V overwritten": _minus(lambda q, policy: (policy * q)[:, -1:]),
        "V not complete": _minus(lambda q, policy: (policy * q).cumsum(axis=1)),
        "minus the policy": _minus(lambda q, policy: policy),
        "policy inverted": _minus(lambda q, policy: _values(q, 1 - policy)[:, None]),
        "matrix product": _minus(lambda q, policy: policy @ q.T),
        "matrix product, not turned": _minus(lambda q, policy: policy @ q),
        "sign": _advantages_sign,
        "weighted by the policy": _advantages_weighted,
        "policy at Q": _advantages_policy_at_q,
        "standardized": _advantages_standardized,
        "standardized by row": _advantages_standardized_by_row,
        "standardized, mean too": _batch_standardized(ddof=0),
        "standardized, mean too, sample deviation": _batch_standardized(ddof=1),
        "values standardized": _standardized,
        "ratio": _advantages_ratio,
        "relative": _advantages_relative,
        "cut off at 0": _advantages_cut_off,
        "sizes": _advantages_sizes,
        "values only": _values,
        "values only, as a column": lambda q_values, policy: _values(q_values, policy)[:, None],
        "first state only": lambda q_values, policy: _advantages_by_sum(q_values, policy)[0],
        "Q itself": lambda q_values, policy: np.array(q_values),
        "products only": lambda q_values, policy: policy * q_values,
    },
    hints={
        "minus the best": "you compare with the best action. The advantage compares with "
        "what the policy does on average.",
        "minus the worst": "you compare with the worst action. Compare with what the policy "
        "does on average.",
        "minus the plain mean": "you weigh all actions alike. Weigh them with the policy.",
        "minus the plain sum": "V is a mean with the policy's weights, not the sum of the "
        "action values.",
        "minus the likeliest action": "you compare with the policy's likeliest action. V is the "
        "mean over all of its actions.",
        "sum divided by A": "the probabilities already sum to one: take the sum of "
        "policy * q_values, not its mean.",
        "sum over states": "the sum must run over the actions of one state, axis 1.",
        "plain mean over states": "you subtract a mean over the states. V is a mean over the "
        "actions of one state, axis 1, with the policy's weights.",
        "axis lost": "V has lost its axis, so it is subtracted from the columns instead of the "
        "rows: sum with keepdims=True.",
        "axis forgotten": "this V is summed over all states. Each state has its own: "
        "sum over axis 1, with keepdims=True.",
        "mean over all": "this is one mean over all states and actions. Each state has its own V: "
        "sum over axis 1, with keepdims=True.",
        "minus the overall mean": "you subtract one mean over all states; each has its own V.",
        "V of the first state": "you subtract the V of state 0 everywhere; each state has its own.",
        "sum forgotten": "policy * q_values must be summed over the actions before it is V.",
        "sum not started anew": "V runs on from one state to the next: start at 0 for each state.",
        "V overwritten": "only the last action counts in V, since the loop overwrites the others: "
        "add with +=.",
        "V not complete": "you subtract V before its sum is complete: add up all actions first.",
        "minus the policy": "you subtract the probabilities. Subtract V, the mean of Q under them.",
        "policy inverted": "V weighs each action with policy, not with 1 - policy.",
        "matrix product": "policy @ q_values.T mixes the states. V of a state uses its own row: "
        "multiply entry by entry and sum over axis 1.",
        "matrix product, not turned": "policy @ q_values mixes the states. Multiply entry by entry "
        "and sum over axis 1.",
        "sign": "the sign is turned round: A = Q - V, positive for a better action.",
        "weighted by the policy": "A = Q - V; the policy belongs into V only.",
        "policy at Q": "the policy stands at Q too; it belongs into V only.",
        "standardized": "you divide by the standard deviation. The advantage is the difference "
        "Q - V itself.",
        "standardized by row": "you divide each row by its standard deviation. The advantage is "
        "the difference Q - V itself.",
        "standardized, mean too": "the advantages are standardized over the batch. That comes "
        "later, if at all: return Q - V itself.",
        "standardized, mean too, sample deviation": "the advantages are standardized over the "
        "batch, dividing by n - 1. That comes later, if at all: return Q - V itself.",
        "values standardized": "you subtract the plain mean and divide by the standard deviation. "
        "The advantage is Q - V, with V under the policy.",
        "ratio": "you divide by V; the advantage is a difference.",
        "relative": "you divide the difference by V; the advantage is Q - V itself.",
        "cut off at 0": "you cut the negative advantages off; worse actions need them.",
        "sizes": "you take absolute values; a worse action has a negative advantage.",
        "values only": "this is V, one number per state. Subtract it from Q.",
        "values only, as a column": "this is V, as a column. Subtract it from Q.",
        "first state only": "this is state 0 alone. Does a return stand inside the loop?",
        "Q itself": "this is Q. Subtract V, the mean of Q under the policy.",
        "products only": "these are the terms of V: sum them over the actions, and subtract that "
        "from Q.",
    },
)
