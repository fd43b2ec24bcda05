"""Exercise: action values from state values, by the model."""

from collections.abc import Callable
from itertools import product

import numpy as np

from rlnotes.envs.maze import maze_2x3
from rlnotes.exact.mdp import policy_values, q_values
from rlnotes.exercises.base import Case, Exercise


def _q_by_matmul(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + gamma * transition_probs @ values


def _q_by_loops(transition_probs, expected_rewards, values, gamma):
    num_states, num_actions, _ = transition_probs.shape
    answer = np.zeros((num_states, num_actions))
    for state, action in product(range(num_states), range(num_actions)):
        expected = sum(p * v for p, v in zip(transition_probs[state, action], values, strict=True))
        answer[state, action] = expected_rewards[state, action] + gamma * expected
    return answer


def _next_value(mean: Callable) -> Callable:
    """The right sum, with another mean of the next values: a function of P and V."""

    def q_from_v(transition_probs, expected_rewards, values, gamma):
        return expected_rewards + gamma * mean(transition_probs, values)

    return q_from_v


def _q_without_gamma(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, expected_rewards, values, 1.0)


def _q_reward_discounted(transition_probs, expected_rewards, values, gamma):
    return gamma * _q_by_matmul(transition_probs, expected_rewards, values, 1.0)


def _q_gamma_on_the_reward(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, gamma * expected_rewards, values, 1.0)


def _q_without_reward(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, 0.0, values, gamma)


def _q_next_value_only(transition_probs, expected_rewards, values, gamma):
    return transition_probs @ values


def _q_reward_only(transition_probs, expected_rewards, values, gamma):
    return np.array(expected_rewards)


def _q_reward_in_the_sum(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, len(values) * expected_rewards, values, gamma)


def _q_subtracts(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, expected_rewards, values, -gamma)


def _q_minus_own_value(transition_probs, expected_rewards, values, gamma):
    answer = _q_by_matmul(transition_probs, expected_rewards, values, gamma)
    return answer - values[:, None]


def _q_without_sum(transition_probs, expected_rewards, values, gamma):
    return expected_rewards[:, :, None] + gamma * transition_probs * values


def _q_maximum(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, expected_rewards, values, gamma).max(axis=-1)


def _q_best_action(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, expected_rewards, values, gamma).argmax(axis=-1)


def _q_mean_of_actions(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, expected_rewards, values, gamma).mean(axis=-1)


def _sums_never_reset(probs, values):
    means = probs @ values
    return means.cumsum().reshape(means.shape)


def _best_reachable(probs, values):
    return np.where(probs > 0, values, -np.inf).max(axis=-1)


_MAZE = maze_2x3()
_MAZE_VALUES = policy_values(_MAZE, np.full((6, 4), 0.25), gamma=0.9)
_TWO_STATES = {
    "transition_probs": np.array([[[0.75, 0.25], [0.0, 1.0]], [[1.0, 0.0], [0.25, 0.75]]]),
    "expected_rewards": np.array([[1.0, 2.0], [3.0, 5.0]]),
    "values": np.array([8.0, 16.0]),
}

EXERCISE = Exercise(
    name="q_from_v",
    cases=[
        Case(
            {**_TWO_STATES, "gamma": 0.75},
            [[8.5, 14.0], [9.0, 15.5]],
            "Q(0,0) = 1 + 0.75 * (0.75 * 8 + 0.25 * 16) = 8.5, Q(0,1) = 2 + 0.75 * 16 = 14, "
            "Q(1,0) = 3 + 0.75 * 8 = 9, Q(1,1) = 5 + 0.75 * (0.25 * 8 + 0.75 * 16) = 15.5.",
        ),
        Case(
            {
                "transition_probs": np.array(_MAZE.transition_probs),
                "expected_rewards": np.array(_MAZE.expected_rewards),
                "values": _MAZE_VALUES,
                "gamma": 0.9,
            },
            q_values(_MAZE, _MAZE_VALUES, gamma=0.9),
            "the uniform policy on the 2x3 maze; going down from the start earns -10.",
        ),
        Case(
            {**_TWO_STATES, "gamma": 0.0},
            _TWO_STATES["expected_rewards"],
            "at gamma = 0 only the immediate reward counts.",
        ),
        Case(
            {
                "transition_probs": np.array([[[1.0]]]),
                "expected_rewards": np.array([[-2.5]]),
                "values": np.array([3.0]),
                "gamma": 1.0,
            },
            [[0.5]],
            "one state and one action: -2.5 + 1 * 3.",
        ),
    ],
    solutions=[_q_by_matmul, _q_by_loops],
    wrong_answers={
        "gamma forgotten": _q_without_gamma,
        "reward discounted too": _q_reward_discounted,
        "gamma on the reward": _q_gamma_on_the_reward,
        "reward forgotten": _q_without_reward,
        "reward and gamma forgotten": _q_next_value_only,
        "reward only": _q_reward_only,
        "reward in the sum": _q_reward_in_the_sum,
        "minus": _q_subtracts,
        "own value subtracted": _q_minus_own_value,
        "sum forgotten": _q_without_sum,
        "sum and axis forgotten": _next_value(lambda probs, values: probs * values),
        "maximum taken": _q_maximum,
        "index of the best": _q_best_action,
        "mean over actions": _q_mean_of_actions,
        "value of the same state": _next_value(lambda probs, values: values[:, None]),
        "sum over the wrong axis": _next_value(
            lambda probs, values: np.einsum("sat,s->ta", probs, values)
        ),
        "sum over the actions": _next_value(lambda probs, values: (probs * values).sum(axis=1)),
        "sum over the first axis": _next_value(lambda probs, values: (probs * values).sum(axis=0)),
        "product the other way round": _next_value(lambda probs, values: values @ probs),
        "likeliest landing": _next_value(lambda probs, values: values[probs.argmax(axis=-1)]),
        "best landing": _next_value(_best_reachable),
        "largest product": _next_value(lambda probs, values: (probs * values).max(axis=-1)),
        "best of all states": _next_value(lambda probs, values: values.max()),
        "mean for the sum": _next_value(lambda probs, values: (probs * values).mean(axis=-1)),
        "plain mean": _next_value(lambda probs, values: values.mean()),
        "plain mean of the reachable": _next_value(
            lambda probs, values: (probs > 0) @ values / (probs > 0).sum(axis=-1)
        ),
        "plain sum": _next_value(lambda probs, values: values.sum()),
        "loop overwrites": _next_value(lambda probs, values: probs[:, :, -1] * values[-1]),
        "sum not started anew": _next_value(_sums_never_reset),
    },
    hints={
        "gamma forgotten": "the next value arrives one step later: multiply it by gamma.",
        "reward discounted too": "the reward comes at once: only the next value is "
        "multiplied by gamma.",
        "gamma on the reward": "gamma stands at the reward; it belongs to the next value.",
        "reward forgotten": "the immediate reward is missing.",
        "reward and gamma forgotten": "this is the mean next value alone: multiply it by gamma "
        "and add the reward.",
        "reward only": "this is the immediate reward; what follows is missing.",
        "reward in the sum": "the reward is added once for each next state. Add it once, "
        "outside the sum over s'.",
        "minus": "the next value is added to the reward, not subtracted.",
        "own value subtracted": "you subtract V(s): this is an advantage. Q is the sum alone.",
        "sum forgotten": "one number per next state is too many: sum over s', the last axis.",
        "sum and axis forgotten": "transition_probs * values still has the axis s': use @, or "
        "sum over the last axis.",
        "maximum taken": "this is the best action's value, one per state. Q keeps one "
        "number per action.",
        "index of the best": "argmax names the best action; the values of all actions are wanted.",
        "mean over actions": "this is the mean over the actions, one number per state. Q keeps "
        "one number per action.",
        "value of the same state": "you use V(s), the state one leaves. "
        "Use V(s') and average it with P(s' | s, a).",
        "sum over the wrong axis": "the sum must run over s', the last axis of transition_probs; "
        "yours runs over s.",
        "sum over the actions": "you sum over axis 1, the actions; s' is the last axis.",
        "sum over the first axis": "you sum over axis 0, the states one leaves; s' is the last "
        "axis.",
        "product the other way round": "values @ transition_probs sums over the actions. "
        "With transition_probs @ values the sum runs over s', the last axis.",
        "likeliest landing": "you take the likeliest next state alone. Average the values of all "
        "of them with P(s' | s, a).",
        "best landing": "the agent does not choose where it lands: average over s' with "
        "P(s' | s, a), do not take the best.",
        "largest product": "add the products P(s' | s, a) * V(s') up; do not take the largest.",
        "best of all states": "you use the best value of all states. Use the next state's, "
        "averaged with P(s' | s, a).",
        "mean for the sum": "the probabilities already sum to one: take the sum of P * V over s', "
        "not its mean.",
        "plain mean": "you take the plain mean of all values. Weigh them with P(s' | s, a).",
        "plain mean of the reachable": "the states one can reach are not equally likely: "
        "weigh their values with P(s' | s, a).",
        "plain sum": "you add up the values of all states. Weigh them with P(s' | s, a).",
        "loop overwrites": "only the last next state counts, since the loop overwrites the "
        "others: add with +=.",
        "sum not started anew": "the sum over s' runs on from one action to the next: "
        "start at 0 for each (s, a).",
    },
)
