"""Exercise: one sweep of the Bellman optimality backup."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _backup_by_matmul(transition_probs, expected_rewards, values, gamma):
    return (expected_rewards + gamma * transition_probs @ values).max(axis=1)


def _backup_by_loops(transition_probs, expected_rewards, values, gamma):
    answer = []
    for probs_of_state, rewards_of_state in zip(transition_probs, expected_rewards, strict=True):
        candidates = [
            reward + gamma * sum(p * v for p, v in zip(probs, values, strict=True))
            for probs, reward in zip(probs_of_state, rewards_of_state, strict=True)
        ]
        answer.append(max(candidates))
    return answer


def _backup_mean(transition_probs, expected_rewards, values, gamma):
    return (expected_rewards + gamma * transition_probs @ values).mean(axis=1)


def _backup_min(transition_probs, expected_rewards, values, gamma):
    return (expected_rewards + gamma * transition_probs @ values).min(axis=1)


def _backup_argmax(transition_probs, expected_rewards, values, gamma):
    return (expected_rewards + gamma * transition_probs @ values).argmax(axis=1)


def _backup_over_states(transition_probs, expected_rewards, values, gamma):
    return (expected_rewards + gamma * transition_probs @ values).max(axis=0)


def _backup_no_gamma(transition_probs, expected_rewards, values, gamma):
    return (expected_rewards + transition_probs @ values).max(axis=1)


def _backup_best_landing(transition_probs, expected_rewards, values, gamma):
    reachable = np.where(transition_probs > 0, values, -np.inf)
    return (expected_rewards + gamma * reachable.max(axis=2)).max(axis=1)


def _backup_best_reward(transition_probs, expected_rewards, values, gamma):
    action_values = expected_rewards + gamma * transition_probs @ values
    return action_values[np.arange(len(values)), expected_rewards.argmax(axis=1)]


def _backup_in_place(transition_probs, expected_rewards, values, gamma):
    values = np.array(values, dtype=float)
    for state in range(len(values)):
        backed_up = expected_rewards[state] + gamma * transition_probs[state] @ values
        values[state] = backed_up.max()
    return values


EXERCISE = Exercise(
    name="optimality_backup",
    cases=[
        Case(
            {
                "transition_probs": np.array([[[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]),
                "expected_rewards": np.array([[6.0, 2.0], [3.0, 4.0]]),
                "values": np.array([10.0, 20.0]),
                "gamma": 0.5,
            },
            [13.5, 14.0],
            "max(6 + 0.5 * 15, 2 + 0.5 * 20) = 13.5 and max(3 + 0.5 * 10, 4 + 0.5 * 20) = 14.",
        ),
        Case(
            {
                "transition_probs": np.array([[[0.0, 1.0]] * 3, [[1.0, 0.0]] * 3]),
                "expected_rewards": np.array([[1.0, 3.0, 2.0], [0.0, -1.0, -2.0]]),
                "values": np.array([8.0, 4.0]),
                "gamma": 0.25,
            },
            [4.0, 2.0],
            "max(1, 3, 2) + 0.25 * 4 = 4 and max(0, -1, -2) + 0.25 * 8 = 2.",
        ),
        Case(
            {
                "transition_probs": np.array([[[1.0, 0.0], [0.0, 1.0]]] * 2),
                "expected_rewards": np.array([[3.0, 0.0], [3.0, 0.0]]),
                "values": np.array([0.0, 20.0]),
                "gamma": 0.5,
            },
            [10.0, 10.0],
            "max(3 + 0.5 * 0, 0 + 0.5 * 20) = 10 in both states.",
        ),
    ],
    solutions=[_backup_by_matmul, _backup_by_loops],
    wrong_answers={
        "mean over actions": _backup_mean,
        "minimum": _backup_min,
        "index of the best": _backup_argmax,
        "maximum over states": _backup_over_states,
        "gamma forgotten": _backup_no_gamma,
        "best landing": _backup_best_landing,
        "in place": _backup_in_place,
        "largest reward": _backup_best_reward,
    },
    hints={
        "mean over actions": "this is the value of the uniform policy; the optimality backup takes "
        "the best action.",
        "minimum": "you take the worst action: max, not min.",
        "index of the best": "argmax names the action; its value is wanted.",
        "maximum over states": "the maximum must run over the actions of one state, axis 1.",
        "gamma forgotten": "the next value arrives one step later: multiply it by gamma.",
        "best landing": "the agent chooses the action, not where it lands: average over s' with "
        "P, then take the maximum over actions.",
        "largest reward": "you take the action with the largest reward; compare reward plus "
        "discounted next value.",
        "in place": "you overwrite values while you still read them, so later states see new "
        "numbers. That also converges, but a sweep of T* reads the old values only.",
    },
)
