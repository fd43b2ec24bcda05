"""Exercise: lambda-returns, the targets of a critic."""

import numpy as np

from rlnotes.exercises.base import Case, Exercise


def _targets_backward(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    targets, following = np.zeros(len(rewards)), next_values[-1]
    for t in reversed(range(len(rewards))):
        if terminated[t]:
            following = 0.0
        elif truncated[t]:
            following = next_values[t]
        else:
            following = (1 - gae_lambda) * next_values[t] + gae_lambda * following
        following = rewards[t] + gamma * following
        targets[t] = following
    return targets


def _targets_as_mixture(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    targets = []
    for t in range(len(rewards)):
        total, weight, partial = 0.0, 1.0, 0.0
        for k in range(t, len(rewards)):
            partial += gamma ** (k - t) * rewards[k]
            tail = 0.0 if terminated[k] else gamma ** (k - t + 1) * next_values[k]
            if terminated[k] or truncated[k] or k == len(rewards) - 1:
                total += weight * (partial + tail)
                break
            total += weight * (1 - gae_lambda) * (partial + tail)
            weight *= gae_lambda
        targets.append(total)
    return targets


def _targets_swapped(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    return _targets_backward(rewards, next_values, terminated, truncated, gamma, 1 - gae_lambda)


def _targets_one_step(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    return _targets_backward(rewards, next_values, terminated, truncated, gamma, 0.0)


def _targets_monte_carlo(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    return _targets_backward(rewards, next_values, terminated, truncated, gamma, 1.0)


def _targets_truncation_as_end(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    done = terminated | truncated
    return _targets_backward(rewards, next_values, done, truncated, gamma, gae_lambda)


def _targets_last_step_without_value(
    rewards, next_values, terminated, truncated, gamma, gae_lambda
):
    ended = terminated.copy()
    ended[-1] = True
    return _targets_backward(rewards, next_values, ended, truncated, gamma, gae_lambda)


def _targets_without_reset(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    never = np.zeros(len(rewards), dtype=bool)
    behind = np.where(terminated, 0.0, next_values)
    return _targets_backward(rewards, behind, never, never, gamma, gae_lambda)


def _targets_reset_at_terminations_alone(
    rewards, next_values, terminated, truncated, gamma, gae_lambda
):
    never = np.zeros(len(rewards), dtype=bool)
    return _targets_backward(rewards, next_values, terminated, never, gamma, gae_lambda)


def _targets_cut_with_a_share(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    share = np.where(truncated, (1 - gae_lambda) * next_values, next_values)
    return _targets_backward(rewards, share, terminated, truncated, gamma, gae_lambda)


def _targets_not_discounted(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    return _targets_backward(rewards, next_values, terminated, truncated, 1.0, gae_lambda)


def _targets_sum_without_one_minus(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    targets, following = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        done = terminated[t] or truncated[t] or t == len(rewards) - 1
        bootstrap = 0.0 if terminated[t] else gamma * next_values[t]
        following = rewards[t] + bootstrap + (0.0 if done else gamma * gae_lambda * following)
        targets[t] = following
    return targets


def _targets_bootstrap_after_the_end(
    rewards, next_values, terminated, truncated, gamma, gae_lambda
):
    never = np.zeros(len(rewards), dtype=bool)
    done = terminated | truncated
    return _targets_backward(rewards, next_values, never, done, gamma, gae_lambda)


def _targets_truncation_wins(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    ended = terminated & ~truncated
    return _targets_backward(rewards, next_values, ended, truncated, gamma, gae_lambda)


def _targets_nothing_later(rewards, next_values, terminated, truncated, gamma, gae_lambda):
    share = next_values.copy()
    if not (terminated[-1] or truncated[-1]):
        share[-1] *= 1 - gae_lambda
    return _targets_backward(rewards, share, terminated, truncated, gamma, gae_lambda)


def _case(rewards, next_values, ends, gamma, gae_lambda, expected, reason) -> Case:
    """`ends`: a letter per step, E terminated, C truncated, B both, or a dot."""
    return Case(
        {
            "rewards": np.array(rewards, dtype=float),
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
    name="lambda_targets",
    cases=[
        _case(
            *([0, 0, 1], [0.6, 0.8, 0.3], "..E", 1.0, 0.95),
            [0.9705, 0.99, 1.0],
            "step 1: .05 * .8 + .95 * 1 = .99. Step 0: .05 * .6 + .95 * .99 = .9705, which "
            "is A + V = .4705 + .5 of the same record.",
        ),
        _case(
            *([2, 4, 1], [6, 8, 2], ".C.", 0.5, 0.75),
            [5.75, 8.0, 2.0],
            "step 1 is truncated: 4 + .5 * 8 = 8. Step 0: 2 + .5 * (.25 * 6 + .75 * 8) = "
            "5.75. The last step bootstraps: 1 + .5 * 2 = 2.",
        ),
        _case(
            *([3, 1, 2], [9, 4, 9], "E.E", 0.5, 0.75),
            [3.0, 2.25, 2.0],
            "two episodes: 3 | 1 + .5 * (.25 * 4 + .75 * 2), 2.",
        ),
        _case(
            *([1, 2], [3, 8], "B.", 0.5, 0.5),
            [1.0, 6.0],
            "step 0 has both flags: the task has ended, so 1. Step 1 bootstraps: 2 + .5 * 8 = 6.",
        ),
    ],
    solutions=[_targets_backward, _targets_as_mixture],
    wrong_answers={
        "lambda swapped": _targets_swapped,
        "one-step targets": _targets_one_step,
        "lambda ignored, returns": _targets_monte_carlo,
        "truncation as termination": _targets_truncation_as_end,
        "last step without value": _targets_last_step_without_value,
        "no reset": _targets_without_reset,
        "no reset at a truncation": _targets_reset_at_terminations_alone,
        "share of the value at a cut": _targets_cut_with_a_share,
        "not discounted": _targets_not_discounted,
        "weights do not sum to one": _targets_sum_without_one_minus,
        "bootstraps after termination": _targets_bootstrap_after_the_end,
        "truncation wins": _targets_truncation_wins,
        "nothing after the last step": _targets_nothing_later,
    },
    hints={
        "lambda swapped": "lambda weighs the later return and 1 - lambda the value; "
        "yours are exchanged.",
        "one-step targets": "this is r + gamma * V(s'), the target of lambda = 0.",
        "lambda ignored, returns": "this is the discounted return, the target of lambda = 1.",
        "truncation as termination": "a truncated step lost the value behind it. The task goes "
        "on there; only terminated means that nothing follows.",
        "last step without value": "the last step of the record is not an end unless terminated "
        "says so: it bootstraps from next_values[-1].",
        "no reset": "the return of an episode runs on into the next one.",
        "no reset at a truncation": "the return behind a truncation runs into the step before "
        "it. A truncated step is followed by its next_values alone.",
        "share of the value at a cut": "behind a truncation there is no return to mix with, so "
        "the value has the whole weight, not 1 - lambda.",
        "not discounted": "what follows a step needs its gamma: r + gamma * (...).",
        "weights do not sum to one": "the value behind a step and the return behind it are mixed "
        "with weights 1 - lambda and lambda, which sum to one; yours counts the value fully.",
        "bootstraps after termination": "where terminated is True nothing follows: next_values "
        "must count as 0 there.",
        "truncation wins": "where both flags are True the task has ended: the end wins.",
        "nothing after the last step": "behind the last step no return is recorded to mix with, "
        "so its value has the whole weight: start from next_values[-1], not from 0.",
    },
)
