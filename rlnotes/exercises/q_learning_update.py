"""Exercise: one update of Q-learning."""

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


def _update_no_end(q_value, reward, next_q_values, terminated, alpha, gamma):
    return _update_by_error(q_value, reward, next_q_values, False, alpha, gamma)


def _update_replaces(q_value, reward, next_q_values, terminated, alpha, gamma):
    return _update_by_error(q_value, reward, next_q_values, terminated, 1.0, gamma)


def _update_adds_target(q_value, reward, next_q_values, terminated, alpha, gamma):
    return q_value + alpha * (reward + gamma * (0.0 if terminated else max(next_q_values)))


def _update_sign(q_value, reward, next_q_values, terminated, alpha, gamma):
    target = reward + gamma * (0.0 if terminated else max(next_q_values))
    return q_value + alpha * (q_value - target)


def _update_mean(q_value, reward, next_q_values, terminated, alpha, gamma):
    target = reward + gamma * (0.0 if terminated else np.mean(next_q_values))
    return q_value + alpha * (target - q_value)


def _update_no_gamma(q_value, reward, next_q_values, terminated, alpha, gamma):
    return _update_by_error(q_value, reward, next_q_values, terminated, alpha, 1.0)


def _update_alpha_swapped(q_value, reward, next_q_values, terminated, alpha, gamma):
    return _update_by_error(q_value, reward, next_q_values, terminated, 1 - alpha, gamma)


def _update_change_only(q_value, reward, next_q_values, terminated, alpha, gamma):
    return _update_by_error(q_value, reward, next_q_values, terminated, alpha, gamma) - q_value


def _update_largest_size(q_value, reward, next_q_values, terminated, alpha, gamma):
    return _update_by_error(q_value, reward, abs(next_q_values), terminated, alpha, gamma)


def _update_index(q_value, reward, next_q_values, terminated, alpha, gamma):
    target = reward + gamma * (0.0 if terminated else np.argmax(next_q_values))
    return q_value + alpha * (target - q_value)


def _update_drops_reward(q_value, reward, next_q_values, terminated, alpha, gamma):
    target = 0.0 if terminated else reward + gamma * max(next_q_values)
    return q_value + alpha * (target - q_value)


EXERCISE = Exercise(
    name="q_learning_update",
    cases=[
        Case(
            {
                "q_value": 0.0,
                "reward": 0.0,
                "next_q_values": np.array([2.0, 10.0, -3.0]),
                "terminated": False,
                "alpha": 0.5,
                "gamma": 0.9,
            },
            4.5,
            "the target is 0 + 0.9 * 10 = 9; half of the way from 0 to 9 is 4.5.",
        ),
        Case(
            {
                "q_value": 4.0,
                "reward": 1.0,
                "next_q_values": np.array([2.0, 5.0]),
                "terminated": False,
                "alpha": 0.25,
                "gamma": 0.6,
            },
            4.0,
            "the target is 1 + 0.6 * 5 = 4, which the value already is.",
        ),
        Case(
            {
                "q_value": 2.0,
                "reward": 10.0,
                "next_q_values": np.array([7.0, 3.0]),
                "terminated": True,
                "alpha": 0.25,
                "gamma": 0.9,
            },
            4.0,
            "nothing follows the end, so the target is 10: 2 + 0.25 * (10 - 2) = 4.",
        ),
        Case(
            {
                "q_value": 1.0,
                "reward": 1.0,
                "next_q_values": np.array([-6.0, -2.0]),
                "terminated": False,
                "alpha": 0.75,
                "gamma": 0.5,
            },
            0.25,
            "the best of two bad values is -2: target 1 - 0.5 * 2 = 0, and 1 + 0.75 * (0 - 1).",
        ),
    ],
    solutions=[_update_by_error, _update_by_mixture],
    wrong_answers={
        "end ignored": _update_no_end,
        "alpha ignored": _update_replaces,
        "old value not subtracted": _update_adds_target,
        "sign": _update_sign,
        "mean of the next values": _update_mean,
        "gamma ignored": _update_no_gamma,
        "last reward dropped": _update_drops_reward,
        "alpha on the old value": _update_alpha_swapped,
        "change only": _update_change_only,
        "largest size": _update_largest_size,
        "index of the best": _update_index,
    },
    hints={
        "end ignored": "where terminated is True nothing follows: the target is the reward alone.",
        "alpha ignored": "you jump to the target. Move only the share alpha of the way.",
        "old value not subtracted": "you add alpha times the target. Add alpha times the "
        "difference between the target and the old value.",
        "sign": "you move away from the target: it is target - old, not old - target.",
        "mean of the next values": "Q-learning looks at the best next action; the mean would be "
        "the value of the uniform policy.",
        "gamma ignored": "the next value must be multiplied by gamma.",
        "alpha on the old value": "alpha belongs to the target, 1 - alpha to the old value.",
        "change only": "this is the change; add it to the old value.",
        "largest size": "take the largest value, not the largest absolute value.",
        "index of the best": "argmax names the action; its value is wanted.",
        "last reward dropped": "the step that ends the episode has a reward too; only the next "
        "value falls away.",
    },
)
