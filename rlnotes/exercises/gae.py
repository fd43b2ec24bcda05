"""Exercise: GAE of a record with episodes that terminate and that are truncated."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _gae_backward(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    advantages, running = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        bootstrap = 0.0 if terminated[t] else next_values[t]
        if terminated[t] or truncated[t]:
            running = 0.0
        running = rewards[t] + gamma * bootstrap - values[t] + gamma * gae_lambda * running
        advantages[t] = running
    return advantages


def _gae_as_sums(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    deltas = rewards + gamma * next_values * (1 - terminated) - values
    done = terminated | truncated
    advantages = []
    for t in range(len(deltas)):
        ends = np.flatnonzero(done[t:])
        stop = t + ends[0] + 1 if len(ends) else len(deltas)
        weights = (gamma * gae_lambda) ** np.arange(stop - t)
        advantages.append(weights @ deltas[t:stop])
    return advantages


def _gae_without_reset(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    never = np.zeros(len(rewards), dtype=bool)
    deltas = rewards + gamma * next_values * (1 - terminated) - values
    zero = 0 * values
    return _gae_backward(deltas, zero, zero, never, never, gamma, gae_lambda)


def _gae_reset_at_terminations_alone(
    rewards, values, next_values, terminated, truncated, gamma, gae_lambda
):
    never = np.zeros(len(rewards), dtype=bool)
    return _gae_backward(rewards, values, next_values, terminated, never, gamma, gae_lambda)


def _gae_truncation_as_end(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    return _gae_backward(
        rewards, values, next_values, terminated | truncated, truncated, gamma, gae_lambda
    )


def _gae_bootstraps_after_the_end(
    rewards, values, next_values, terminated, truncated, gamma, gae_lambda
):
    never = np.zeros(len(rewards), dtype=bool)
    return _gae_backward(
        rewards, values, next_values, never, terminated | truncated, gamma, gae_lambda
    )


def _gae_lambda_alone(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    deltas = rewards + gamma * next_values * (1 - terminated) - values
    zero = 0 * values
    return _gae_backward(deltas, zero, zero, terminated, truncated, 1.0, gae_lambda)


def _gae_next_row(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    shifted = np.append(values[1:], 0.0)
    return _gae_backward(rewards, values, shifted, terminated, truncated, gamma, gae_lambda)


def _gae_next_row_but_the_last(
    rewards, values, next_values, terminated, truncated, gamma, gae_lambda
):
    shifted = np.append(values[1:], next_values[-1])
    return _gae_backward(rewards, values, shifted, terminated, truncated, gamma, gae_lambda)


def _gae_last_step_not_bootstrapped(
    rewards, values, next_values, terminated, truncated, gamma, gae_lambda
):
    ended = terminated.copy()
    ended[-1] = True
    return _gae_backward(rewards, values, next_values, ended, truncated, gamma, gae_lambda)


def _gae_flags_of_the_next_row(
    rewards, values, next_values, terminated, truncated, gamma, gae_lambda
):
    ended, cut = (np.append(flags[1:], False) for flags in (terminated, truncated))
    return _gae_backward(rewards, values, next_values, ended, cut, gamma, gae_lambda)


def _gae_flags_swapped(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    return _gae_backward(rewards, values, next_values, truncated, terminated, gamma, gae_lambda)


def _gae_normalized(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    advantages = _gae_backward(
        rewards, values, next_values, terminated, truncated, gamma, gae_lambda
    )
    return (advantages - advantages.mean()) / (advantages.std() + 1e-8)


def _gae_plus_values(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    return values + _gae_backward(
        rewards, values, next_values, terminated, truncated, gamma, gae_lambda
    )


def _gae_discount_missing(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    deltas = rewards + next_values * (1 - terminated) - values
    zero = 0 * values
    return _gae_backward(deltas, zero, zero, terminated, truncated, gamma, gae_lambda)


def _gae_reset_too_late(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    deltas = rewards + gamma * next_values * (1 - terminated) - values
    advantages, running = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        running = deltas[t] + gamma * gae_lambda * running
        advantages[t] = running
        running = 0.0 if terminated[t] or truncated[t] else running
    return advantages


def _gae_truncation_wins(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    ended = terminated & ~truncated
    return _gae_backward(rewards, values, next_values, ended, truncated, gamma, gae_lambda)


def _gae_one_done(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    done = terminated | truncated
    shifted = np.append(values[1:], 0.0)
    return _gae_backward(rewards, values, shifted, done, done, gamma, gae_lambda)


def _gae_td_errors(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    return _gae_backward(rewards, values, next_values, terminated, truncated, gamma, 0.0)


def _gae_value_not_subtracted(
    rewards, values, next_values, terminated, truncated, gamma, gae_lambda
):
    zero = 0 * values
    return _gae_backward(rewards, zero, next_values, terminated, truncated, gamma, gae_lambda)


def _gae_reversed(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    return _gae_backward(rewards, values, next_values, terminated, truncated, gamma, gae_lambda)[
        ::-1
    ]


def _case(rewards, values, next_values, ends, gamma, gae_lambda, expected, reason) -> Case:
    """`ends`: a letter per step, E terminated, C truncated, B both, or a dot."""
    return Case(
        {
            "rewards": np.array(rewards, dtype=float),
            "values": np.array(values, dtype=float),
            "next_values": np.array(next_values, dtype=float),
            "terminated": np.array([letter in "EB" for letter in ends]),
            "truncated": np.array([letter in "CB" for letter in ends]),
            "gamma": gamma,
            "gae_lambda": gae_lambda,
        },
        expected,
        reason,
    )


EXERCISE = Exercise(
    name="gae",
    cases=[
        _case(
            *([0, 0, 1], [0.5, 0.6, 0.8], [0.6, 0.8, 0.3], "..E", 1.0, 0.95),
            [0.4705, 0.39, 0.2],
            "the TD errors are .1, .2, .2, and .1 + .95 * .2 + .95^2 * .2 = .4705.",
        ),
        _case(
            *([1, 2, 3, 4], [1, 1, 1, 1], [1, 8, 1, 2], ".C..", 0.5, 0.5),
            [1.75, 5.0, 3.5, 4.0],
            "step 1 is truncated before a state worth 8: 2 + .5 * 8 - 1 = 5, and nothing "
            "of step 2 reaches it. The last step bootstraps: 4 + .5 * 2 - 1 = 4.",
        ),
        _case(
            *([2, 1, 4], [1, 1, 2], [5, 2, 7], "E.E", 0.5, 1.0),
            [1.0, 2.0, 2.0],
            "two episodes: 2 - 1 | 1 + .5 * 2 - 1 + .5 * (4 - 2), 4 - 2.",
        ),
        _case(
            *([1, 1, 1], [3, 2, 1], [2, 1, 4], "..C", 0.5, 0.0),
            [-1.0, -0.5, 2.0],
            "at lambda = 0 each advantage is the TD error of its step.",
        ),
        _case(
            *([1, 2], [1, 1], [3, 8], "B.", 0.5, 0.5),
            [0.0, 5.0],
            "step 0 has both flags: the task has ended, so 1 + 0 - 1 = 0. Step 1 bootstraps: "
            "2 + .5 * 8 - 1 = 5.",
        ),
    ],
    solutions=[_gae_backward, _gae_as_sums],
    wrong_answers={
        "no reset": _gae_without_reset,
        "no reset at a truncation": _gae_reset_at_terminations_alone,
        "truncation as termination": _gae_truncation_as_end,
        "bootstraps after termination": _gae_bootstraps_after_the_end,
        "lambda without gamma": _gae_lambda_alone,
        "values of the next row": _gae_next_row,
        "values of the next row, but the last": _gae_next_row_but_the_last,
        "last step not bootstrapped": _gae_last_step_not_bootstrapped,
        "flags of the next row": _gae_flags_of_the_next_row,
        "flags swapped": _gae_flags_swapped,
        "normalized": _gae_normalized,
        "targets": _gae_plus_values,
        "value not discounted": _gae_discount_missing,
        "reset after adding": _gae_reset_too_late,
        "truncation wins": _gae_truncation_wins,
        "one flag for both": _gae_one_done,
        "TD errors alone": _gae_td_errors,
        "value not subtracted": _gae_value_not_subtracted,
        "reversed": _gae_reversed,
    },
    hints={
        "no reset": "the sum runs on into the next episode. It ends where terminated or "
        "truncated is True.",
        "no reset at a truncation": "the sum runs over a truncation into the next episode. "
        "A truncated step keeps its bootstrap value, but it too ends the sum.",
        "truncation as termination": "a truncated step lost its bootstrap value. The task goes "
        "on there; only terminated removes next_values.",
        "bootstraps after termination": "where terminated is True nothing follows: next_values "
        "must count as 0 there.",
        "lambda without gamma": "the weight of a later TD error is (gamma * lambda)^k: lambda "
        "alone forgets the discount.",
        "values of the next row": "you took values[t + 1] for the next state. At a truncation "
        "and at the last step that is another state, or none: use next_values.",
        "values of the next row, but the last": "you took values[t + 1] for the next state, "
        "except at the end of the record. At a truncation the next row is another episode: use "
        "next_values at every step.",
        "last step not bootstrapped": "the record stops there, but the episode goes on: a last "
        "step with neither flag keeps next_values.",
        "flags of the next row": "you read the flags of row t + 1. Here terminated[t] says what "
        "the action of step t led to.",
        "flags swapped": "the two flags are exchanged: terminated removes next_values, truncated "
        "keeps it.",
        "normalized": "GAE does not normalize. Return the advantages in units of reward.",
        "targets": "these are the value targets A + V. Asked is A.",
        "value not discounted": "the value of the next state needs its gamma: "
        "delta = r + gamma * V(s') - V(s).",
        "reset after adding": "you start again after an episode's last step was added, so its "
        "TD error never reaches the steps before it, and the next episode's does.",
        "truncation wins": "where both flags are True the task has ended: the end wins.",
        "one flag for both": "you treat both flags as one `done`, and take values[t + 1] for the "
        "next state, 0 after the last step. A truncated step and the last one keep next_values.",
        "TD errors alone": "these are the TD errors; add the later ones of the episode with "
        "weights (gamma * lambda)^k.",
        "value not subtracted": "V(s_t) is missing: delta = r + gamma * V(s') - V(s).",
        "reversed": "the numbers are right, their order is not: the loop runs backward, the "
        "answer forward.",
    },
)
