"""Exercise: one update of Q-learning."""

from collections.abc import Callable

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _update_by_error(q_value, reward, next_q_values, terminated, alpha, gamma):
    target = reward + gamma * (0.0 if terminated else max(next_q_values))
    return q_value + alpha * (target - q_value)


def _update_by_mixture(q_value, reward, next_q_values, terminated, alpha, gamma):
    target = reward
    if not terminated:
        target = reward + gamma * np.max(next_q_values)
    return (1 - alpha) * q_value + alpha * target


def _target(reward, next_q_values, terminated, gamma):
    return reward if terminated else reward + gamma * max(next_q_values)


def _moves(step: Callable) -> Callable:
    """Another step: a function of the old value, the right target, and alpha."""

    def update(q_value, reward, next_q_values, terminated, alpha, gamma):
        return step(q_value, _target(reward, next_q_values, terminated, gamma), alpha)

    return update


def _next_value(best: Callable) -> Callable:
    """The right update with another next value: a function of the row Q(s', .)."""

    def update(q_value, reward, next_q_values, terminated, alpha, gamma):
        next_value = 0.0 if terminated else best(next_q_values)
        return q_value + alpha * (reward + gamma * next_value - q_value)

    return update


def _at_the_end(answer: Callable) -> Callable:
    """Right until the end, where it is a function of the old value, r and alpha."""

    def update(q_value, reward, next_q_values, terminated, alpha, gamma):
        if terminated:
            return answer(q_value, reward, alpha)
        return _update_by_error(q_value, reward, next_q_values, terminated, alpha, gamma)

    return update


def _terms(formula: Callable) -> Callable:
    """A formula of the old value, r, the masked maximum of the row, alpha, gamma."""

    def update(q_value, reward, next_q_values, terminated, alpha, gamma):
        next_value = 0.0 if terminated else max(next_q_values)
        return formula(q_value, reward, next_value, alpha, gamma)

    return update


def _update_no_end(q_value, reward, next_q_values, terminated, alpha, gamma):
    return _update_by_error(q_value, reward, next_q_values, False, alpha, gamma)


def _update_mask_inverted(q_value, reward, next_q_values, terminated, alpha, gamma):
    return _update_by_error(q_value, reward, next_q_values, not terminated, alpha, gamma)


def _update_old_among_next(q_value, reward, next_q_values, terminated, alpha, gamma):
    among = [q_value, *next_q_values]
    return _update_by_error(q_value, reward, among, terminated, alpha, gamma)


EXERCISE = Exercise(
    name="q_learning_update",
    cases=[
        Case(
            {
                "q_value": 2.0,
                "reward": 3.0,
                "next_q_values": np.array([5.0, 6.0, -12.0, 3.0]),
                "terminated": False,
                "alpha": 0.75,
                "gamma": 0.8,
            },
            6.35,
            "the target is 3 + 0.8 * 6 = 7.8; three quarters of the way from 2 to it are 4.35.",
        ),
        Case(
            {
                "q_value": 6.0,
                "reward": -2.0,
                "next_q_values": np.array([7.0, 3.0]),
                "terminated": True,
                "alpha": 0.25,
                "gamma": 0.9,
            },
            4.0,
            "nothing follows the end, so the target is -2: 6 + 0.25 * (-2 - 6) = 4.",
        ),
        Case(
            {
                "q_value": -1.5,
                "reward": -0.5,
                "next_q_values": np.array([-6.0, -2.5]),
                "terminated": False,
                "alpha": 0.5,
                "gamma": 0.5,
            },
            -1.625,
            "the best of two bad values is -2.5: the target is -0.5 - 0.5 * 2.5 = -1.75, and half "
            "of the way from -1.5 to it is -0.125.",
        ),
        Case(
            {
                "q_value": 5.0,
                "reward": 1.5,
                "next_q_values": np.array([2.25]),
                "terminated": False,
                "alpha": 1.0,
                "gamma": 1.0,
            },
            3.75,
            "alpha 1 goes all the way to the target, 1.5 + 1 * 2.25.",
        ),
        Case(
            {
                "q_value": -3.0,
                "reward": 2.0,
                "next_q_values": np.array([8.0, 9.0]),
                "terminated": False,
                "alpha": 0.0,
                "gamma": 0.0,
            },
            -3.0,
            "alpha 0 learns nothing.",
        ),
    ],
    solutions=[_update_by_error, _update_by_mixture],
    wrong_answers={
        "end ignored": _update_no_end,
        "mask inverted": _update_mask_inverted,
        "reward at the end": _at_the_end(lambda q, reward, alpha: reward),
        "unchanged at the end": _at_the_end(lambda q, reward, alpha: q),
        "zero at the end": _at_the_end(lambda q, reward, alpha: 0.0),
        "reward added at the end": _at_the_end(lambda q, reward, alpha: q + alpha * reward),
        "last reward dropped": _at_the_end(lambda q, reward, alpha: q - alpha * q),
        "alpha ignored": _moves(lambda q, target, alpha: target),
        "old value not subtracted": _moves(lambda q, target, alpha: q + alpha * target),
        "old value left out": _moves(lambda q, target, alpha: alpha * target),
        "alpha missing at the target": _moves(lambda q, target, alpha: (1 - alpha) * q + target),
        "sign": _moves(lambda q, target, alpha: q + alpha * (q - target)),
        "alpha on the old value": _moves(lambda q, target, alpha: alpha * q + (1 - alpha) * target),
        "change only": _moves(lambda q, target, alpha: alpha * (target - q)),
        "error only": _moves(lambda q, target, alpha: target - q),
        "squared error": _moves(lambda q, target, alpha: (target - q) ** 2),
        "half the squared error": _moves(lambda q, target, alpha: (target - q) ** 2 / 2),
        "never goes down": _moves(lambda q, target, alpha: max(q, q + alpha * (target - q))),
        "mean of the next values": _next_value(np.mean),
        "sum of the next values": _next_value(sum),
        "minimum": _next_value(min),
        "first next value": _next_value(lambda row: row[0]),
        "last next value": _next_value(lambda row: row[-1]),
        "largest size": _next_value(lambda row: max(abs(row))),
        "index of the best": _next_value(np.argmax),
        "starts at 0": _next_value(lambda row: max(0.0, *row)),
        "maximum forgotten": _next_value(np.array),
        "old value among the next": _update_old_among_next,
        "gamma ignored": _terms(lambda q, r, best, alpha, gamma: q + alpha * (r + best - q)),
        "reward discounted too": _terms(
            lambda q, r, best, alpha, gamma: q + alpha * (gamma * (r + best) - q)
        ),
        "gamma on the reward": _terms(
            lambda q, r, best, alpha, gamma: q + alpha * (gamma * r + best - q)
        ),
        "gamma on the old value": _terms(
            lambda q, r, best, alpha, gamma: q + alpha * (r + gamma * (best - q))
        ),
        "reward forgotten": _terms(lambda q, r, best, alpha, gamma: q + alpha * (gamma * best - q)),
        "alpha and gamma exchanged": _terms(
            lambda q, r, best, alpha, gamma: q + gamma * (r + alpha * best - q)
        ),
        "brackets lost": _terms(lambda q, r, best, alpha, gamma: alpha * r + gamma * best),
        "brackets lost, nothing subtracted": _terms(
            lambda q, r, best, alpha, gamma: q + alpha * r + gamma * best
        ),
        "alpha not at the next value": _terms(
            lambda q, r, best, alpha, gamma: q + alpha * r + gamma * best - alpha * q
        ),
    },
    hints={
        "end ignored": "where terminated is True nothing follows: the target is the reward alone.",
        "mask inverted": "you use the next value exactly where the episode terminated: the "
        "condition is the wrong way round.",
        "reward at the end": "at the end the target is the reward, and the value moves only the "
        "share alpha of the way to it.",
        "unchanged at the end": "the step that ends the episode teaches, too: its target is the "
        "reward.",
        "zero at the end": "the terminal state has the value 0, not the last step: its target is "
        "the reward.",
        "reward added at the end": "at the end, too, add alpha times the difference between target "
        "and old value, not alpha times the reward.",
        "last reward dropped": "the step that ends the episode has a reward too; only the next "
        "value falls away.",
        "alpha ignored": "you jump to the target. Move only the share alpha of the way.",
        "old value not subtracted": "you add alpha times the target. Add alpha times the "
        "difference between the target and the old value.",
        "old value left out": "this is alpha times the target alone: (1 - alpha) times the old "
        "value is missing. Or did q + alpha * target - q lose a bracket?",
        "alpha missing at the target": "the weights of old value and target must sum to one: "
        "1 - alpha and alpha.",
        "sign": "you move away from the target: it is target - old, not old - target.",
        "alpha on the old value": "alpha belongs to the target, 1 - alpha to the old value.",
        "change only": "this is the change; add it to the old value.",
        "error only": "this is the TD error; multiply it by alpha and add it to the old value.",
        "squared error": "this is the squared TD error, a loss. The new value is wanted.",
        "half the squared error": "this is half the squared TD error, a loss. The new value is "
        "wanted.",
        "never goes down": "a value may go down: do not keep the larger of old and new.",
        "mean of the next values": "Q-learning looks at the best next action; the mean would be "
        "the value of the uniform policy.",
        "sum of the next values": "you add the next values up; take the best of them.",
        "minimum": "you take the worst next action: max, not min.",
        "first next value": "you take the first next value; take the best.",
        "last next value": "you take the last next value, perhaps since a loop overwrites the "
        "others; take the best.",
        "largest size": "take the largest value, not the largest absolute value.",
        "index of the best": "argmax names the action; its value is wanted.",
        "starts at 0": "a maximum that starts at 0 never finds a negative value. Start it at minus "
        "infinity, or use max.",
        "maximum forgotten": "you use the whole row Q(s', .); take its maximum.",
        "old value among the next": "the maximum runs over Q(s', .) only; the old Q(s, a) is not "
        "among them.",
        "gamma ignored": "the next value must be multiplied by gamma.",
        "reward discounted too": "the reward comes at once: only the next value is "
        "multiplied by gamma.",
        "gamma on the reward": "gamma stands at the reward; it belongs to the next value.",
        "gamma on the old value": "gamma belongs to the next value only, not to the old one: "
        "r + gamma * max - q.",
        "reward forgotten": "the reward is missing in the target.",
        "alpha and gamma exchanged": "alpha and gamma are exchanged: alpha is the step towards "
        "the target, gamma stands inside it.",
        "brackets lost": "alpha acts on the reward only: put the whole error into brackets, "
        "q + alpha * (r + gamma * max - q).",
        "brackets lost, nothing subtracted": "alpha acts on the reward only, and the old value is "
        "not subtracted: q + alpha * (r + gamma * max - q).",
        "alpha not at the next value": "alpha acts on the reward and on the old value, but not on "
        "the next value: put the whole error into brackets.",
    },
)
