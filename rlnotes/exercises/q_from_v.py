"""Exercise: action values from state values, by the model."""

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


def _q_without_gamma(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + transition_probs @ values


def _q_with_own_value(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + gamma * values[:, None]


def _q_wrong_axis(transition_probs, expected_rewards, values, gamma):
    return expected_rewards + gamma * np.einsum("sat,s->ta", transition_probs, values)


def _q_reward_discounted(transition_probs, expected_rewards, values, gamma):
    return gamma * (expected_rewards + transition_probs @ values)


def _q_without_reward(transition_probs, expected_rewards, values, gamma):
    return gamma * transition_probs @ values


def _q_reward_only(transition_probs, expected_rewards, values, gamma):
    return np.array(expected_rewards)


def _q_without_sum(transition_probs, expected_rewards, values, gamma):
    return expected_rewards[:, :, None] + gamma * transition_probs * values


def _q_maximum(transition_probs, expected_rewards, values, gamma):
    return _q_by_matmul(transition_probs, expected_rewards, values, gamma).max(axis=-1)


_MAZE = maze_2x3()
_MAZE_VALUES = policy_values(_MAZE, np.full((6, 4), 0.25), gamma=0.9)
_TWO_STATES = {
    "transition_probs": np.array([[[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]),
    "expected_rewards": np.array([[1.0, 2.0], [3.0, 4.0]]),
    "values": np.array([10.0, 20.0]),
    "gamma": 0.5,
}

EXERCISE = Exercise(
    name="q_from_v",
    cases=[
        Case(
            _TWO_STATES,
            [[8.5, 12.0], [8.0, 14.0]],
            "Q(0,0) = 1 + 0.5 * (0.5 * 10 + 0.5 * 20) = 8.5, Q(0,1) = 2 + 0.5 * 20 = 12, "
            "Q(1,0) = 3 + 0.5 * 10 = 8, Q(1,1) = 4 + 0.5 * 20 = 14.",
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
    ],
    solutions=[_q_by_matmul, _q_by_loops],
    wrong_answers={
        "gamma forgotten": _q_without_gamma,
        "value of the same state": _q_with_own_value,
        "sum over the wrong axis": _q_wrong_axis,
        "reward discounted too": _q_reward_discounted,
        "reward forgotten": _q_without_reward,
        "maximum taken": _q_maximum,
        "reward only": _q_reward_only,
        "sum forgotten": _q_without_sum,
    },
    hints={
        "gamma forgotten": "the next value arrives one step later: multiply it by gamma.",
        "value of the same state": "you use V(s), the state one leaves. "
        "Use V(s') and average it with P(s' | s, a).",
        "sum over the wrong axis": "the sum must run over s', the last axis of transition_probs; "
        "yours runs over s.",
        "reward discounted too": "the reward comes at once: only the next value is "
        "multiplied by gamma.",
        "reward forgotten": "the immediate reward is missing.",
        "reward only": "this is the immediate reward; what follows is missing.",
        "sum forgotten": "one number per next state is too many: sum over s', the last axis.",
        "maximum taken": "this is the best action's value, one per state. Q keeps one "
        "number per action.",
    },
)
