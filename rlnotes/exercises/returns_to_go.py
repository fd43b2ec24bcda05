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


def _returns_reset_elsewhere(rewards, terminated, gamma):
    return _returns_backward(rewards, ~terminated, gamma)


def _returns_reset_too_early(rewards, terminated, gamma):
    return _returns_backward(rewards, np.append(terminated[1:], False), gamma)


def _returns_of_the_next_step(rewards, terminated, gamma):
    after = np.append(_returns_backward(rewards, terminated, gamma), 0.0)[1:]
    return np.where(terminated, 0.0, after)


def _returns_of_the_next_step_discounted(rewards, terminated, gamma):
    return gamma * _returns_of_the_next_step(rewards, terminated, gamma)


def _returns_last_reward_dropped(rewards, terminated, gamma):
    return _returns_backward(np.where(terminated, 0.0, rewards), terminated, gamma)


def _returns_from_the_past(rewards, terminated, gamma):
    returns, running = [], 0.0
    for reward, end in zip(rewards, terminated, strict=True):
        running = reward + gamma * running
        returns.append(running)
        running = 0.0 if end else running
    return returns


def _returns_first_reward_discounted(rewards, terminated, gamma):
    return gamma * _returns_backward(rewards, terminated, gamma)


def _returns_gamma_on_the_reward(rewards, terminated, gamma):
    return _returns_backward(gamma * rewards, terminated, 1.0)


def _returns_undiscounted(rewards, terminated, gamma):
    return _returns_backward(rewards, terminated, 1.0)


def _returns_discounted_from_the_start(rewards, terminated, gamma):
    weights = gamma ** np.arange(len(rewards))
    return _returns_backward(weights * rewards, terminated, 1.0)


def _returns_not_reversed(rewards, terminated, gamma):
    return _returns_backward(rewards, terminated, gamma)[::-1]


def _returns_only_immediate(rewards, terminated, gamma):
    return np.array(rewards)


def _returns_one_step(rewards, terminated, gamma):
    return rewards + gamma * np.where(terminated, 0.0, np.append(rewards[1:], 0.0))


def _returns_one_step_and_no_last(rewards, terminated, gamma):
    return np.append(_returns_one_step(rewards, terminated, gamma)[:-1], 0.0)


def _returns_with_one_more(rewards, terminated, gamma):
    return np.append(_returns_backward(rewards, terminated, gamma), 0.0)


def _returns_means(rewards, terminated, gamma):
    steps = _returns_backward(np.ones(len(rewards)), terminated, 1.0)
    return _returns_backward(rewards, terminated, gamma) / steps


def _starts(terminated):
    """The first step of each step's episode."""
    first = np.append(True, terminated[:-1])
    return np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))


def _returns_of_whole_episodes(rewards, terminated, gamma):
    return _returns_backward(rewards, terminated, gamma)[_starts(terminated)]


def _returns_discounted_from_the_episodes_start(rewards, terminated, gamma):
    weights = gamma ** (np.arange(len(rewards)) - _starts(terminated))
    return _returns_backward(weights * rewards, terminated, 1.0)


def _finished(terminated):
    """How many steps belong to episodes that the record holds to their end."""
    return len(terminated) - int(np.argmax(np.append(terminated[::-1], True)))


def _returns_of_finished_episodes(rewards, terminated, gamma):
    return _returns_backward(rewards, terminated, gamma)[: _finished(terminated)]


def _returns_zero_if_unfinished(rewards, terminated, gamma):
    counted = np.arange(len(rewards)) < _finished(terminated)
    return _returns_backward(rewards * counted, terminated, gamma)


def _returns_without_the_first_step(rewards, terminated, gamma):
    return np.append(0.0, _returns_backward(rewards, terminated, gamma)[1:])


def _returns_without_the_last_step(rewards, terminated, gamma):
    return np.append(_returns_backward(rewards[:-1], terminated[:-1], gamma), 0.0)


def _returns_of_the_first_step(rewards, terminated, gamma):
    return _returns_backward(rewards, terminated, gamma)[0]


EXERCISE = Exercise(
    name="returns_to_go",
    cases=[
        Case(
            {
                "rewards": np.array([1.0, 2.0, 8.0]),
                "terminated": np.array([False, False, True]),
                "gamma": 0.5,
            },
            [4.0, 6.0, 8.0],
            "8, then 2 + 0.5 * 8 = 6, then 1 + 0.5 * 6 = 4.",
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
                "rewards": np.array([2.0, 1.0, -3.0, -4.0]),
                "terminated": np.array([True, False, False, False]),
                "gamma": 0.9,
            },
            [2.0, -4.94, -6.6, -4.0],
            "the record stops inside its second episode: 2 | 1 - 0.9 * 6.6, -3 - 0.9 * 4, -4.",
        ),
        Case(
            {
                "rewards": np.array([3.0, -5.0]),
                "terminated": np.array([False, True]),
                "gamma": 0.0,
            },
            [3.0, -5.0],
            "at gamma = 0 only the immediate reward is left.",
        ),
        Case(
            {"rewards": np.array([-2.5]), "terminated": np.array([False]), "gamma": 1.0},
            [-2.5],
            "one step, and the record stops: its reward is all that it holds.",
        ),
    ],
    solutions=[_returns_backward, _returns_as_sums],
    wrong_answers={
        "no reset at the episode end": _returns_without_reset,
        "mask inverted": _returns_reset_elsewhere,
        "reset too early": _returns_reset_too_early,
        "stored before the update": _returns_of_the_next_step,
        "stored before the update, discounted": _returns_of_the_next_step_discounted,
        "last reward dropped": _returns_last_reward_dropped,
        "sums the past": _returns_from_the_past,
        "discounts the first reward": _returns_first_reward_discounted,
        "gamma on the reward only": _returns_gamma_on_the_reward,
        "undiscounted": _returns_undiscounted,
        "discounted from the start": _returns_discounted_from_the_start,
        "discounted from the episode's start": _returns_discounted_from_the_episodes_start,
        "order not restored": _returns_not_reversed,
        "immediate reward only": _returns_only_immediate,
        "one step only": _returns_one_step,
        "one step only, last step left out": _returns_one_step_and_no_last,
        "means": _returns_means,
        "whole episodes": _returns_of_whole_episodes,
        "unfinished episode left out": _returns_of_finished_episodes,
        "unfinished episode set to 0": _returns_zero_if_unfinished,
        "first step left out": _returns_without_the_first_step,
        "last step left out": _returns_without_the_last_step,
        "one return too many": _returns_with_one_more,
        "first return only": _returns_of_the_first_step,
    },
    hints={
        "no reset at the episode end": "the return runs on into the next episode. "
        "Where terminated is True, nothing follows.",
        "mask inverted": "you cut the future off at every step but the last of an episode: "
        "the condition on terminated is the wrong way round.",
        "reset too early": "you start again one step too early: the reward of an episode's last "
        "step never reaches the steps before it. Start again before you add that step, "
        "where terminated[t] is True.",
        "stored before the update": "this is the return from the next step: store it after "
        "rewards[t] is added, not before.",
        "stored before the update, discounted": "the reward of step t itself is missing: "
        "G_t = rewards[t] + gamma * G_(t+1), and you return the second part.",
        "last reward dropped": "terminated[t] means that nothing follows step t; "
        "the reward of step t itself still counts.",
        "sums the past": "you add up the rewards before t. A return looks ahead: "
        "go through the steps backwards.",
        "discounts the first reward": "the immediate reward has weight gamma^0 = 1, not gamma.",
        "gamma on the reward only": "gamma belongs to what follows, not to the reward of step t: "
        "rewards[t] + gamma * running.",
        "undiscounted": "gamma is not used: a reward k steps ahead has weight gamma^k.",
        "discounted from the start": "the weight counts from the step t itself, gamma^(k - t), "
        "not from the beginning of the record.",
        "discounted from the episode's start": "the weight counts from the step t itself, "
        "gamma^(k - t), not from the beginning of its episode.",
        "order not restored": "the numbers stand in reverse order: "
        "a list filled from the end must be turned round.",
        "immediate reward only": "this is the reward of each step; the discounted "
        "later rewards are missing.",
        "one step only": "you look one step ahead only: add gamma times the next return, not "
        "gamma times the next reward.",
        "one step only, last step left out": "you look one step ahead only, and the last step gets "
        "nothing: go backwards, and add gamma times the next return.",
        "means": "you divide by the number of steps; a return is a sum.",
        "whole episodes": "every step gets the return of its whole episode; "
        "count only what comes from step t on.",
        "unfinished episode left out": "steps of the episode that has no end in the record are "
        "missing: the last steps need a return, too.",
        "unfinished episode set to 0": "where the record stops in the middle of an episode, "
        "add up what it holds; do not put 0.",
        "first step left out": "step 0 gets no return: the loop stops one step too soon. "
        "reversed(range(T)) goes down to 0.",
        "last step left out": "the last step of the record is left out: start at T - 1.",
        "one return too many": "the 0 behind the last step is no return of a step: "
        "return the first T entries.",
        "first return only": "this is the return from step 0 alone; one number per step is wanted.",
    },
)
