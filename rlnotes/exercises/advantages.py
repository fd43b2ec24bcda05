"""Exercise: advantages from action values and a policy."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _advantages_by_sum(q_values, policy):
    return q_values - (policy * q_values).sum(axis=1, keepdims=True)


def _advantages_by_loop(q_values, policy):
    answer = []
    for row, probs in zip(q_values, policy, strict=True):
        state_value = np.dot(probs, row)
        answer.append([q - state_value for q in row])
    return answer


def _advantages_minus_best(q_values, policy):
    return q_values - q_values.max(axis=1, keepdims=True)


def _advantages_minus_plain_mean(q_values, policy):
    return q_values - q_values.mean(axis=1, keepdims=True)


def _advantages_sign(q_values, policy):
    return -_advantages_by_sum(q_values, policy)


def _advantages_wrong_axis(q_values, policy):
    return q_values - (policy * q_values).sum(axis=0, keepdims=True)


def _advantages_weighted(q_values, policy):
    return policy * _advantages_by_sum(q_values, policy)


def _advantages_lost_axis(q_values, policy):
    return q_values - (policy * q_values).sum(axis=1)


def _advantages_values_only(q_values, policy):
    return (policy * q_values).sum(axis=1)


def _advantages_minus_overall_mean(q_values, policy):
    return q_values - q_values.mean()


def _advantages_mean_of_products(q_values, policy):
    return q_values - (policy * q_values).mean(axis=1, keepdims=True)


EXERCISE = Exercise(
    name="advantages",
    cases=[
        Case(
            {
                "q_values": np.array([[1.0, 3.0], [8.0, 0.0]]),
                "policy": np.array([[0.5, 0.5], [0.75, 0.25]]),
            },
            [[-1.0, 1.0], [2.0, -6.0]],
            "V = (0.5 * 1 + 0.5 * 3, 0.75 * 8 + 0.25 * 0) = (2, 6).",
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
    ],
    solutions=[_advantages_by_sum, _advantages_by_loop],
    wrong_answers={
        "minus the best": _advantages_minus_best,
        "minus the plain mean": _advantages_minus_plain_mean,
        "sign": _advantages_sign,
        "mean over states": _advantages_wrong_axis,
        "weighted by the policy": _advantages_weighted,
        "sum divided by A": _advantages_mean_of_products,
        "axis lost": _advantages_lost_axis,
        "values only": _advantages_values_only,
        "minus the overall mean": _advantages_minus_overall_mean,
    },
    hints={
        "minus the best": "you compare with the best action. The advantage compares with "
        "what the policy does on average.",
        "minus the plain mean": "you weigh all actions alike. Weigh them with the policy.",
        "sign": "the sign is turned round: A = Q - V, positive for a better action.",
        "mean over states": "the sum must run over the actions of one state, axis 1.",
        "weighted by the policy": "A = Q - V; the policy belongs into V only.",
        "axis lost": "V has lost its axis, so it is subtracted from the columns instead of the "
        "rows: sum with keepdims=True.",
        "values only": "this is V, one number per state. Subtract it from Q.",
        "minus the overall mean": "you subtract one mean over all states; each has its own V.",
        "sum divided by A": "the probabilities already sum to one: take the sum of "
        "policy * q_values, not its mean.",
    },
)
