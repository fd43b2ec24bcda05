"""Exercise: the targets of a batch, DQN and Double DQN in one function."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _targets_by_index(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    best = next_q_online.argmax(axis=1)
    next_values = next_q_target[np.arange(len(best)), best]
    return rewards + gamma * np.where(terminated, 0.0, next_values)


def _targets_by_loop(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    targets = []
    for i in range(len(rewards)):
        best = max(range(len(next_q_online[i])), key=lambda a: next_q_online[i][a])
        targets.append(rewards[i] + gamma * (1 - terminated[i]) * next_q_target[i][best])
    return targets


def _no_mask(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    never = np.zeros_like(terminated)
    return _targets_by_index(rewards, next_q_online, next_q_target, never, truncated, gamma)


def _truncation_as_end(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    done = terminated | truncated
    return _targets_by_index(rewards, next_q_online, next_q_target, done, truncated, gamma)


def _plain_dqn(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    return _targets_by_index(rewards, next_q_target, next_q_target, terminated, truncated, gamma)


def _no_copy(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    return _targets_by_index(rewards, next_q_online, next_q_online, terminated, truncated, gamma)


def _roles_swapped(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    return _targets_by_index(rewards, next_q_target, next_q_online, terminated, truncated, gamma)


def _over_the_batch(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    best = next_q_online.argmax(axis=0)[0]
    next_values = next_q_target[best].max() * np.ones(len(rewards))
    return rewards + gamma * np.where(terminated, 0.0, next_values)


def _mask_inverted(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    return _targets_by_index(rewards, next_q_online, next_q_target, ~terminated, truncated, gamma)


def _reward_dropped(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    kept = np.where(terminated, 0.0, rewards)
    return _targets_by_index(kept, next_q_online, next_q_target, terminated, truncated, gamma)


def _stops_at_the_end(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    targets = []
    for i in range(len(rewards)):
        if terminated[i]:
            targets.append(rewards[i])
            break
        best = next_q_online[i].argmax()
        targets.append(rewards[i] + gamma * next_q_target[i][best])
    return targets


def _cut_wins(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    ended = terminated & ~truncated
    return _targets_by_index(rewards, next_q_online, next_q_target, ended, truncated, gamma)


def _column(rewards, next_q_online, next_q_target, terminated, truncated, gamma):
    best = next_q_online.argmax(axis=1)[:, None]
    next_values = np.take_along_axis(next_q_target, best, axis=1)  # [B, 1]: squeeze is missing
    return rewards + gamma * (1 - terminated) * next_values


EXERCISE = Exercise(
    name="dqn_targets",
    cases=[
        Case(
            {
                "rewards": np.array([1.0, 2.0, 3.0]),
                "next_q_online": np.array([[5.0, 1.0], [0.0, 4.0], [7.0, 2.0]]),
                "next_q_target": np.array([[2.0, 6.0], [8.0, 4.0], [9.0, 5.0]]),
                "terminated": np.array([False, False, True]),
                "truncated": np.array([False, False, False]),
                "gamma": 0.5,
            },
            [2.0, 4.0, 3.0],
            "row 0: online picks action 0, the copy says 2, 1 + 0.5 * 2; row 1: action 1, "
            "2 + 0.5 * 4; row 2 terminated, 3 alone.",
        ),
        Case(
            {
                "rewards": np.array([0.0, -1.0]),
                "next_q_online": np.array([[-3.0, -1.0, -2.0], [-1.0, -5.0, -4.0]]),
                "next_q_target": np.array([[-1.0, -10.0, 2.0], [-20.0, 3.0, 5.0]]),
                "terminated": np.array([False, False]),
                "truncated": np.array([False, True]),
                "gamma": 0.9,
            },
            [-9.0, -19.0],
            "row 1 was cut by the time limit: the task goes on after it, so its target keeps "
            "the next value, -1 + 0.9 * (-20).",
        ),
        Case(
            {
                "rewards": np.array([1.0, 1.0, 1.0]),
                "next_q_online": np.array([[2.0, 1.0], [1.0, 2.0], [2.0, 1.0]]),
                "next_q_target": np.array([[4.0, 8.0], [6.0, 10.0], [2.0, 5.0]]),
                "terminated": np.array([True, False, True]),
                "truncated": np.array([True, True, False]),
                "gamma": 0.5,
            },
            [1.0, 6.0, 1.0],
            "row 0 has both flags: it terminated, so nothing follows; row 1 was only cut and "
            "keeps 0.5 * 10.",
        ),
        Case(
            {
                "rewards": np.array([4.0]),
                "next_q_online": np.array([[1.0, 3.0]]),
                "next_q_target": np.array([[7.0, 2.0]]),
                "terminated": np.array([False]),
                "truncated": np.array([False]),
                "gamma": 1.0,
            },
            [6.0],
            "a batch of one is still a batch: online picks action 1, the copy says 2.",
        ),
    ],
    solutions=[_targets_by_index, _targets_by_loop],
    wrong_answers={
        "no mask": _no_mask,
        "truncation as end": _truncation_as_end,
        "plain DQN": _plain_dqn,
        "no copy": _no_copy,
        "roles swapped": _roles_swapped,
        "max over the batch": _over_the_batch,
        "mask inverted": _mask_inverted,
        "last reward dropped": _reward_dropped,
        "column": _column,
        "stops at the end": _stops_at_the_end,
        "both flags": _cut_wins,
    },
    hints={
        "no mask": "a terminated step has no next value: its target is the reward alone.",
        "truncation as end": "you cut the next value at a time limit too. Only termination "
        "ends the task; a truncated step bootstraps.",
        "plain DQN": "the copy both chooses and values the action: that is plain DQN. Let "
        "the online network choose.",
        "no copy": "the online network both chooses and values; the copy must value.",
        "roles swapped": "online chooses and the copy values, not the other way round.",
        "max over the batch": "the best action is looked for along the actions (axis 1), in "
        "each row, not along the batch (axis 0).",
        "mask inverted": "you keep the next value exactly where the episode terminated.",
        "last reward dropped": "the step that terminates has a reward too.",
        "stops at the end": "the rows are not steps in order: go on after a terminated one.",
        "both flags": "a step with both flags terminated; nothing follows it.",
        "column": "your next values have shape [B, 1]; with rewards [B] this makes [B, B] "
        "without an error. Squeeze axis 1.",
    },
)
