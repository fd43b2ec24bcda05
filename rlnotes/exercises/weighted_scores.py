"""Policy gradients from weighted scores, right and wrong, for the exercises on them.

    estimate = sum over steps of weight times score, divided by the number of episodes

Everything here is told the right weights; the exercises know the mistakes in these.
"""

from collections.abc import Callable

import numpy as np

from rlnotes.exact.policy_gradients import softmax_policy


def add_up(logits, states, actions, weights, probs=None):
    """The estimate [S, A], with the policy's probabilities or with others."""
    gradient = np.zeros_like(logits)
    probs = softmax_policy(logits) if probs is None else probs
    for state, action, weight in zip(states.flat, actions.flat, weights.flat, strict=True):
        gradient[state] -= weight * probs[state]
        gradient[state, action] += weight
    return gradient / len(states)


def to_go(rewards):
    """Sum of the rewards from each step on, of each row."""
    return np.flip(np.flip(rewards, axis=1).cumsum(axis=1), axis=1)


def not_reset(rewards):
    """The same without a new start in each row: the sum runs on into the next one."""
    sums, running = np.zeros_like(rewards), 0.0
    for row, paid in enumerate(rewards):
        for t in reversed(range(len(paid))):
            running += paid[t]
            sums[row, t] = running
    return sums


def by_finite_differences(objective: Callable, logits, step=1e-5):
    """Gradient of a function of the logits, one entry at a time."""
    gradient = np.zeros_like(logits)
    for place in np.ndindex(logits.shape):
        nudge = np.zeros_like(logits)
        nudge[place] = step
        gradient[place] = (objective(logits + nudge) - objective(logits - nudge)) / (2 * step)
    return gradient


def _with_policy(probs_of):
    """Another policy in the score."""

    def estimate(logits, states, actions, weights):
        return add_up(logits, states, actions, weights, probs_of(logits))

    return estimate


def _softmax_over(axis):
    def probs(logits):
        weights = np.exp(logits)
        return weights / weights.sum(axis=axis, keepdims=True)

    return probs


def _one_hot_only(logits, states, actions, weights):
    return add_up(logits, states, actions, weights, np.zeros_like(logits))


def _taken_entry_only(logits, states, actions, weights):
    left = weights * (1 - softmax_policy(logits)[states, actions])
    return _one_hot_only(logits, states, actions, left)


def _of_probability(logits, states, actions, weights):
    return add_up(logits, states, actions, weights * softmax_policy(logits)[states, actions])


def _divided_by_probability(logits, states, actions, weights):
    return add_up(logits, states, actions, weights / softmax_policy(logits)[states, actions])


def _repeats_dropped(logits, states, actions, weights):
    gradient, probs = np.zeros_like(logits), softmax_policy(logits)
    gradient[states] += weights[..., None] * (np.eye(logits.shape[1])[actions] - probs[states])
    return gradient / len(states)


def _row_of_the_step(logits, states, actions, weights):
    steps = np.broadcast_to(np.arange(states.shape[1]), states.shape)
    return add_up(logits, steps, actions, weights)


def _sum_over_episodes(logits, states, actions, weights):
    return add_up(logits, states, actions, weights) * len(states)


def _mean_over_all(logits, states, actions, weights):
    return add_up(logits, states, actions, weights) / states.shape[1]


def _divided_by_steps(logits, states, actions, weights):
    return add_up(logits, states, actions, weights) * len(states) / states.shape[1]


def _mean_per_visit(logits, states, actions, weights):
    visits = np.bincount(states.ravel(), minlength=len(logits))
    return _sum_over_episodes(logits, states, actions, weights) / np.maximum(visits, 1)[:, None]


def _first_episode(logits, states, actions, weights):
    return add_up(logits, states[:1], actions[:1], weights[:1])


def _last_episode(logits, states, actions, weights):
    return add_up(logits, states[-1:], actions[-1:], weights[-1:])


def _sign(logits, states, actions, weights):
    return add_up(logits, states, actions, -weights)


def _new_logits(logits, states, actions, weights):
    return logits + add_up(logits, states, actions, weights)


def _moving(parts_of: Callable, each=1.0, at_the_end=1.0):
    """The logits move after each part of the batch.

    Args:
        parts_of: number of episodes and of steps -> list of index expressions.
        each: each move is divided by the number of episodes to this power.
        at_the_end: and so is their sum, by this power.
    """

    def estimate(logits, states, actions, weights):
        moved, num_episodes = logits.copy(), len(states)
        for part in parts_of(*states.shape):
            rows = (np.atleast_2d(array[part]) for array in (states, actions, weights))
            moved += add_up(moved, *rows) / num_episodes**each
        return (moved - logits) / num_episodes**at_the_end

    return estimate


def _steps(num_episodes, num_steps):
    return list(np.ndindex(num_episodes, num_steps))


def _episodes(num_episodes, num_steps):
    return list(range(num_episodes))


# name -> estimate from (logits, states, actions, weights) with right weights
MISTAKES = {
    "sign": _sign,
    "one-hot only": _one_hot_only,
    "taken entry only": _taken_entry_only,
    "gradient of the probability": _of_probability,
    "divided by the probability": _divided_by_probability,
    "softmax twice": _with_policy(lambda logits: softmax_policy(softmax_policy(logits))),
    "softmax over the states": _with_policy(_softmax_over(axis=0)),
    "softmax over the table": _with_policy(_softmax_over(axis=(0, 1))),
    "softmax of minus the logits": _with_policy(lambda logits: softmax_policy(-logits)),
    "not normalized": _with_policy(np.exp),
    "uniform policy": _with_policy(lambda logits: np.full(logits.shape, 1 / logits.shape[1])),
    "policy of state 0": _with_policy(
        lambda logits: np.tile(softmax_policy(logits)[0], (len(logits), 1))
    ),
    "mean of the logits": _with_policy(
        lambda logits: np.tile(softmax_policy(logits.mean(axis=0)), (len(logits), 1))
    ),
    "row of the step": _row_of_the_step,
    "repeats dropped": _repeats_dropped,
    "sum over episodes": _sum_over_episodes,
    "mean over time": _mean_over_all,
    "divided by the steps": _divided_by_steps,
    "mean per visit": _mean_per_visit,
    "first episode only": _first_episode,
    "last episode only": _last_episode,
    "new logits": _new_logits,
    "step after every step": _moving(_steps, at_the_end=0),
    "whole step after every step": _moving(_steps, each=0, at_the_end=0),
    "whole step after every step, then a mean": _moving(_steps, each=0),
    "step after every episode": _moving(_episodes, at_the_end=0),
    "whole step after every episode": _moving(_episodes, each=0, at_the_end=0),
    "whole step after every episode, then a mean": _moving(_episodes, each=0),
}

HINTS = {
    "sign": "this is the gradient of the loss. The gradient of J itself is wanted, "
    "which points uphill.",
    "one-hot only": "the score is one-hot minus probabilities: the part minus pi is missing.",
    "taken entry only": "only the logit of the action taken moves here. The others have a "
    "score, too: minus their probability.",
    "gradient of the probability": "the score is the gradient of log pi. You multiplied by "
    "pi once more, which gives the gradient of pi.",
    "divided by the probability": "you divide by the probability. The score, one-hot minus "
    "probabilities, is already the gradient of pi divided by pi.",
    "softmax twice": "you took the softmax of probabilities. The logits go into it once.",
    "softmax over the states": "the softmax runs over the states. Each row of logits is one "
    "state's policy: sum over the actions, axis 1.",
    "softmax over the table": "the softmax runs over the whole table. Each row of logits sums "
    "to one on its own.",
    "softmax of minus the logits": "a higher logit must mean a higher probability: the sign "
    "of the logits is turned round.",
    "not normalized": "exp(logit) must be divided by its sum over the actions of that state.",
    "uniform policy": "the score needs pi(a | s) from the logits; 1 / A is right only where "
    "all logits of a row are equal.",
    "policy of state 0": "each state has its own row of logits: use the policy of s_t.",
    "mean of the logits": "take the softmax of each row on its own; a mean over the states "
    "mixes their policies.",
    "row of the step": "you use row t at step t. The rows belong to states: row s_t.",
    "repeats dropped": "only the last visit to a state counts: `gradient[row] = ...` overwrites "
    "the others, and `gradient[states] += ...` drops repeated indices, too. Add step by step, or "
    "use np.add.at.",
    "sum over episodes": "divide by the number of episodes: the gradient is an expectation.",
    "mean over time": "you divide by the number of steps, too. Sum over the steps of an "
    "episode, mean over the episodes.",
    "divided by the steps": "you divide by the number of steps. Divide by that of the episodes.",
    "mean per visit": "each row is divided by the visits to its state. Divide all by the number "
    "of episodes.",
    "first episode only": "only the first episode counts. Does the loop return too early?",
    "last episode only": "only the last episode counts. Is the sum set to zero in each episode?",
    "new logits": "these are the logits after a step. Only the gradient is wanted.",
    "step after every step": "the logits move within the batch, so later scores belong to "
    "another policy than the one that acted. Add up first; a step comes after the batch.",
    "whole step after every step": "the logits move after every step, and the sum is not "
    "divided. Leave the logits as they are, add up, and divide by the number of episodes.",
    "whole step after every step, then a mean": "the logits move after every step, and a mean is "
    "taken at the end. The mean is right; compute every score with the logits given.",
    "whole step after every episode": "the logits move after each episode, and the sum is not "
    "divided. Leave the logits as they are, add up, and divide by the number of episodes.",
    "whole step after every episode, then a mean": "the logits move after each episode, and a mean "
    "is taken at the end. The mean is right; compute every score with the logits given.",
    "step after every episode": "the logits move after each episode. All episodes of the batch "
    "come from the same policy: compute every score with the logits given.",
}
