"""Exercise: the discounted return from each step of a record of episodes."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _returns_backward(rewards, terminated, gamma):
    returns, running = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        running = rewards[t] + gamma * (0.0 if terminated[t] else running)
        returns[t] = running
    return returns


def _returns_as_sums(rewards, terminated, gamma):
    returns = []
    for t in range(len(rewards)):
        end = next((k for k in range(t, len(rewards)) if terminated[k]), len(rewards) - 1)
        returns.append(sum(gamma ** (k - t) * rewards[k] for k in range(t, end + 1)))
    return returns


def _returns_without_reset(rewards, terminated, gamma):
    return _returns_backward(rewards, [False] * len(rewards), gamma)


def _returns_from_the_past(rewards, terminated, gamma):
    returns, running = [], 0.0
    for reward, end in zip(rewards, terminated, strict=True):
        running = reward + gamma * running
        returns.append(running)
        running = 0.0 if end else running
    return returns


def _returns_first_reward_discounted(rewards, terminated, gamma):
    return gamma * _returns_backward(rewards, terminated, gamma)


def _returns_not_reversed(rewards, terminated, gamma):
    return _returns_backward(rewards, terminated, gamma)[::-1]


def _returns_next_reward_dropped(rewards, terminated, gamma):
    returns = _returns_backward(rewards, terminated, gamma)
    return [returns[t] if not terminated[t] else 0.0 for t in range(len(rewards))]


def _returns_reset_too_late(rewards, terminated, gamma):
    returns, running = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        running = rewards[t] + gamma * running
        returns[t] = running
        running = 0.0 if terminated[t] else running
    return returns


def _returns_undiscounted(rewards, terminated, gamma):
    return _returns_backward(rewards, terminated, 1.0)


def _returns_discounted_from_the_start(rewards, terminated, gamma):
    weights = gamma ** np.arange(len(rewards))
    return _returns_backward(weights * rewards, terminated, 1.0)


def _returns_only_immediate(rewards, terminated, gamma):
    return np.array(rewards)


EXERCISE = Exercise(
    name="returns_to_go",
    cases=[
        Case(
            {
                "rewards": np.array([0.0, 0.0, 10.0]),
                "terminated": np.array([False, False, True]),
                "gamma": 0.9,
            },
            [8.1, 9.0, 10.0],
            "10, then 0.9 * 10 = 9, then 0.9 * 9 = 8.1.",
        ),
        Case(
            {
                "rewards": np.array([1.0, 2.0, 4.0, 0.0, 4.0]),
                "terminated": np.array([False, False, True, False, True]),
                "gamma": 0.5,
            },
            [3.0, 4.0, 4.0, 2.0, 4.0],
            "two episodes: 1 + 0.5 * 4, 2 + 0.5 * 4, 4 | 0 + 0.5 * 4, 4.",
        ),
        Case(
            {
                "rewards": np.array([2.0, 1.0, 3.0]),
                "terminated": np.array([True, False, False]),
                "gamma": 0.5,
            },
            [2.0, 2.5, 3.0],
            "the record stops inside its second episode: 2 | 1 + 0.5 * 3, 3.",
        ),
        Case(
            {
                "rewards": np.array([3.0, 5.0]),
                "terminated": np.array([False, True]),
                "gamma": 0.0,
            },
            [3.0, 5.0],
            "at gamma = 0 only the immediate reward is left.",
        ),
    ],
    solutions=[_returns_backward, _returns_as_sums],
    wrong_answers={
        "no reset at the episode end": _returns_without_reset,
        "sums the past": _returns_from_the_past,
        "discounts the first reward": _returns_first_reward_discounted,
        "order not restored": _returns_not_reversed,
        "last reward dropped": _returns_next_reward_dropped,
        "immediate reward only": _returns_only_immediate,
        "reset after adding": _returns_reset_too_late,
        "undiscounted": _returns_undiscounted,
        "discounted from the start": _returns_discounted_from_the_start,
    },
    hints={
        "no reset at the episode end": "the return runs on into the next episode. "
        "Where terminated is True, nothing follows.",
        "sums the past": "you add up the rewards before t. A return looks ahead: "
        "go through the steps backwards.",
        "discounts the first reward": "the immediate reward has weight gamma^0 = 1, not gamma.",
        "order not restored": "the numbers stand in reverse order: "
        "a list filled from the end must be turned round.",
        "last reward dropped": "terminated[t] means that nothing follows step t; "
        "the reward of step t itself still counts.",
        "reset after adding": "you start again after the last step of an episode was added, so its "
        "reward never reaches the steps before it. Start again before you add it.",
        "undiscounted": "gamma is not used: a reward k steps ahead has weight gamma^k.",
        "discounted from the start": "the weight counts from the step t itself, gamma^(k - t), "
        "not from the beginning of the record.",
        "immediate reward only": "this is the reward of each step; the discounted "
        "later rewards are missing.",
    },
)
