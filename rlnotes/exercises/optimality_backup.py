"""Exercise: one sweep of the Bellman optimality backup."""

from collections.abc import Callable

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


def _action_values(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + gamma * transition_probs @ values


def _of_action_values(choose: Callable) -> Callable:
    """Something else than the largest of the right action values, which [S, A] is."""

    def backup(transition_probs, expected_rewards, values, gamma):
        return choose(_action_values(transition_probs, expected_rewards, values, gamma))

    return backup


def _next_value(mean: Callable) -> Callable:
    """The right backup of another mean of the next values: a function of P and V."""

    def backup(transition_probs, expected_rewards, values, gamma):
        return (expected_rewards + gamma * mean(transition_probs, values)).max(axis=1)

    return backup


def _chosen_by(score: Callable) -> Callable:
    """The value of the action with the best score: of R and the means of V."""

    def backup(transition_probs, expected_rewards, values, gamma):
        action_values = _action_values(transition_probs, expected_rewards, values, gamma)
        best = score(expected_rewards, transition_probs @ values).argmax(axis=1)
        return action_values[np.arange(len(best)), best]

    return backup


def _backup_no_gamma(transition_probs, expected_rewards, values, gamma):
    return _backup_by_matmul(transition_probs, expected_rewards, values, 1.0)


def _backup_reward_discounted(transition_probs, expected_rewards, values, gamma):
    return gamma * _backup_by_matmul(transition_probs, expected_rewards, values, 1.0)


def _backup_gamma_on_the_reward(transition_probs, expected_rewards, values, gamma):
    return _backup_by_matmul(transition_probs, gamma * expected_rewards, values, 1.0)


def _backup_no_reward(transition_probs, expected_rewards, values, gamma):
    return _backup_by_matmul(transition_probs, 0 * expected_rewards, values, gamma)


def _backup_next_value_only(transition_probs, expected_rewards, values, gamma):
    return (transition_probs @ values).max(axis=1)


def _backup_two_maxima(transition_probs, expected_rewards, values, gamma):
    return expected_rewards.max(axis=1) + gamma * (transition_probs @ values).max(axis=1)


def _backup_minus_old(transition_probs, expected_rewards, values, gamma):
    return _backup_by_matmul(transition_probs, expected_rewards, values, gamma) - values


def _backup_never_lower(transition_probs, expected_rewards, values, gamma):
    new = _backup_by_matmul(transition_probs, expected_rewards, values, gamma)
    return np.maximum(new, values)


def _in_place(order: Callable) -> Callable:
    """The states one after the other, each reading the values already changed."""

    def backup(transition_probs, expected_rewards, values, gamma):
        values = np.array(values)
        for state in order(range(len(values))):
            probs, rewards = transition_probs[state], expected_rewards[state]
            values[state] = (rewards + gamma * probs @ values).max()
        return values

    return backup


def _many_sweeps(transition_probs, expected_rewards, values, gamma):
    for _ in range(1000):
        values = _backup_by_matmul(transition_probs, expected_rewards, values, gamma)
    return values


def _best_reachable(probs, values):
    return np.where(probs > 0, values, -np.inf).max(axis=2)


def _softmax_mean(action_values):
    weights = np.exp(action_values - action_values.max(axis=1, keepdims=True))
    return (weights * action_values).sum(axis=1) / weights.sum(axis=1)


EXERCISE = Exercise(
    name="optimality_backup",
    cases=[
        Case(
            {
                "transition_probs": np.array(
                    [[[0.75, 0.25], [0.0, 1.0]], [[1.0, 0.0], [0.25, 0.75]]]
                ),
                "expected_rewards": np.array([[6.0, 2.0], [1.0, -0.5]]),
                "values": np.array([8.0, 16.0]),
                "gamma": 0.5,
            },
            [11.0, 6.5],
            "max(6 + 0.5 * 10, 2 + 0.5 * 16) = 11 and max(1 + 0.5 * 8, -0.5 + 0.5 * 14) = 6.5, "
            "where 10 = 0.75 * 8 + 0.25 * 16 and 14 = 0.25 * 8 + 0.75 * 16.",
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
        Case(
            {
                "transition_probs": np.array([[[1.0], [1.0]]]),
                "expected_rewards": np.array([[-3.0, -1.0]]),
                "values": np.array([-4.5]),
                "gamma": 1.0,
            },
            [-5.5],
            "all is bad here, and the best of it is max(-3 - 4.5, -1 - 4.5) = -5.5.",
        ),
        Case(
            {
                "transition_probs": np.array([[[0.0, 1.0]], [[1.0, 0.0]]]),
                "expected_rewards": np.array([[-1.0], [2.0]]),
                "values": np.array([5.0, 7.0]),
                "gamma": 0.0,
            },
            [-1.0, 2.0],
            "one action, and at gamma = 0 its reward alone.",
        ),
    ],
    solutions=[_backup_by_matmul, _backup_by_loops],
    wrong_answers={
        "maximum forgotten": _action_values,
        "mean over actions": _of_action_values(lambda q: q.mean(axis=1)),
        "sum over actions": _of_action_values(lambda q: q.sum(axis=1)),
        "softmax over actions": _of_action_values(_softmax_mean),
        "log of the sum of exp": _of_action_values(lambda q: np.log(np.exp(q).sum(axis=1))),
        "minimum": _of_action_values(lambda q: q.min(axis=1)),
        "index of the best": _of_action_values(lambda q: q.argmax(axis=1)),
        "maximum over states": _of_action_values(lambda q: q.max(axis=0)),
        "maximum over all": _of_action_values(lambda q: q.max()),
        "maximum over all, repeated": _of_action_values(lambda q: np.full(len(q), q.max())),
        "first state only": _of_action_values(lambda q: q[0].max()),
        "first action only": _of_action_values(lambda q: q[:, 0]),
        "last action only": _of_action_values(lambda q: q[:, -1]),
        "starts at 0": _of_action_values(lambda q: q.max(axis=1, initial=0.0)),
        "largest size": _of_action_values(lambda q: abs(q).max(axis=1)),
        "value of the same state": _next_value(lambda probs, values: values[:, None]),
        "best landing": _next_value(_best_reachable),
        "best of all states": _next_value(lambda probs, values: values.max()),
        "largest product": _next_value(lambda probs, values: (probs * values).max(axis=2)),
        "likeliest landing": _next_value(lambda probs, values: values[probs.argmax(axis=2)]),
        "mean for the sum": _next_value(lambda probs, values: (probs * values).mean(axis=2)),
        "sum over the wrong axis": _next_value(
            lambda probs, values: np.einsum("sat,s->ta", probs, values)
        ),
        "largest reward": _chosen_by(lambda rewards, means: rewards),
        "largest next value": _chosen_by(lambda rewards, means: means),
        "two maxima": _backup_two_maxima,
        "gamma forgotten": _backup_no_gamma,
        "reward discounted too": _backup_reward_discounted,
        "gamma on the reward": _backup_gamma_on_the_reward,
        "reward forgotten": _backup_no_reward,
        "reward and gamma forgotten": _backup_next_value_only,
        "old value subtracted": _backup_minus_old,
        "never lower": _backup_never_lower,
        "many sweeps": _many_sweeps,
        "in place": _in_place(iter),
        "in place, backwards": _in_place(reversed),
    },
    hints={
        "maximum forgotten": "these are the values of all actions. The best of each state is "
        "wanted: max over axis 1.",
        "mean over actions": "this is the value of the uniform policy; the optimality backup takes "
        "the best action.",
        "sum over actions": "you add the actions up; take the best of them.",
        "softmax over actions": "you weigh the actions with a softmax; take the best alone.",
        "log of the sum of exp": "this is a soft maximum, always too large; take max.",
        "minimum": "you take the worst action: max, not min.",
        "index of the best": "argmax names the action; its value is wanted.",
        "maximum over states": "the maximum must run over the actions of one state, axis 1.",
        "maximum over all": "this is one maximum over all states; each has its own: axis 1.",
        "maximum over all, repeated": "every state gets the best of all states; each has its own "
        "maximum, over axis 1.",
        "first state only": "this is state 0 alone. Does a return stand inside the loop?",
        "first action only": "this is the value of action 0. Take the best action of each state.",
        "last action only": "this is the value of the last action, perhaps since a loop overwrites "
        "the others. Take the best action of each state.",
        "starts at 0": "a maximum that starts at 0 never finds a negative value. Start it at minus "
        "infinity, or use max.",
        "largest size": "take the largest value, not the largest absolute value.",
        "value of the same state": "you use V(s), the state one leaves. "
        "Use V(s') and average it with P(s' | s, a).",
        "best landing": "the agent chooses the action, not where it lands: average over s' with "
        "P, then take the maximum over actions.",
        "best of all states": "the best of all values need not be in reach: average over s' with "
        "P, for each action.",
        "largest product": "you take the largest product P * V; add the products up over s', and "
        "take the maximum over actions only.",
        "likeliest landing": "you take the likeliest next state alone. Average the values of all "
        "of them with P(s' | s, a).",
        "mean for the sum": "the probabilities already sum to one: take the sum of P * V over s', "
        "not its mean.",
        "sum over the wrong axis": "the sum must run over s', the last axis of transition_probs; "
        "yours runs over s.",
        "largest reward": "you take the action with the largest reward; compare reward plus "
        "discounted next value.",
        "largest next value": "you take the action with the largest next value; compare reward "
        "plus discounted next value.",
        "two maxima": "you take the best reward and the best next value, perhaps of two different "
        "actions. Add them for each action, and take one maximum.",
        "gamma forgotten": "the next value arrives one step later: multiply it by gamma.",
        "reward discounted too": "the reward comes at once: only the next value is "
        "multiplied by gamma.",
        "gamma on the reward": "gamma stands at the reward; it belongs to the next value.",
        "reward forgotten": "the immediate reward is missing.",
        "reward and gamma forgotten": "this is the best next value alone: multiply the means by "
        "gamma and add the rewards, then take the maximum.",
        "old value subtracted": "this is the change; the new value itself is wanted.",
        "never lower": "a backup may lower a value: do not keep the larger of old and new.",
        "many sweeps": "you sweep until the values stand still: that is value iteration. One "
        "sweep is wanted, from the values given.",
        "in place": "you overwrite values while you still read them, so later states see new "
        "numbers. That also converges, but a sweep of T* reads the old values only.",
        "in place, backwards": "you overwrite values, from the last state on, while you still read "
        "them. That also converges, but a sweep of T* reads the old values only.",
    },
)
